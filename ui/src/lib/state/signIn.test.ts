import { beforeEach, expect, test, vi } from "vitest";
import { fake } from "../backend/fake";
import { SERVICES } from "../backend/fake/accounts";
import { SECRET } from "../model/signIn";
import { speak } from "../words/voice";
import { Session } from "./session.svelte";
import { SignIn } from "./signIn.svelte";

beforeEach(() => void vi.useFakeTimers());

const service = (id: string) => SERVICES.find((one) => one.id === id)!;

function opened(id: string, scene = "first-run") {
  const backend = fake(scene);
  const signIn = new SignIn(new Session(backend, speak("en")), { service: service(id) });
  return { backend, signIn, sent: vi.spyOn(backend, "signIn") };
}

function filled(scene?: string) {
  const made = opened("nextcloud", scene);
  made.signIn.answers = { server: "cloud.example.org", user: "anna" };
  made.signIn.secret = "hunter2";
  return made;
}

test("what opens an account is sent once, and its field is empty at once", async () => {
  const { signIn, sent } = filled();
  const done = signIn.begin();
  expect([signIn.stage, signIn.secret]).toEqual(["trying", ""]);
  // A second press while it is tried out sends nothing twice.
  expect(await signIn.begin()).toBe(null);
  await vi.runAllTimersAsync();
  const account = await done;
  expect(account?.whose).toBe("anna");
  expect(JSON.stringify(account)).not.toContain("hunter2");
  const answers = { server: "cloud.example.org", user: "anna" };
  expect(sent.mock.calls).toEqual([[{ service: "nextcloud", answers, id: null }, "hunter2"]]);
});

test("an account that lets nobody in says so at its password, and keeps all else that was typed", async () => {
  const { signIn } = filled("wrong-password");
  const done = signIn.begin();
  await vi.runAllTimersAsync();
  expect(await done).toBe(null);
  expect([signIn.wrong, signIn.stage, signIn.secret]).toEqual([SECRET, "ask", ""]);
  expect(signIn.answers["server"]).toBe("cloud.example.org");
});

test("nothing is sent before all is filled in", async () => {
  const { signIn, sent } = opened("nextcloud");
  expect(await signIn.begin()).toBe(null);
  expect(sent).not.toHaveBeenCalled();
});

test("the browser is waited for, shows where it was sent, and what it brings is tried out", async () => {
  const { signIn } = opened("gdrive");
  const done = signIn.begin();
  await vi.advanceTimersByTimeAsync(100);
  expect(signIn.stage).toBe("browser");
  expect(signIn.url).toContain("https://");
  await vi.advanceTimersByTimeAsync(3000);
  expect([signIn.stage, signIn.url]).toEqual(["trying", null]);
  await vi.runAllTimersAsync();
  expect((await done)?.service).toBe("Google Drive");
});

test("an address that was pasted ends the waiting, and is sent without blanks", async () => {
  const { backend, signIn } = opened("gdrive");
  const pasted = vi.spyOn(backend, "pasteAddress");
  const done = signIn.begin();
  await vi.advanceTimersByTimeAsync(100);
  await signIn.paste(" http://127.0.0.1:5/?code=x ");
  await vi.advanceTimersByTimeAsync(1000);
  expect(pasted).toHaveBeenCalledWith("http://127.0.0.1:5/?code=x");
  expect((await done)?.is_open).toBe(true);
});

test("who gives up is told of no failure", async () => {
  const { signIn } = opened("gdrive");
  const done = signIn.begin();
  await vi.advanceTimersByTimeAsync(100);
  await signIn.giveUp();
  await vi.advanceTimersByTimeAsync(100);
  expect([await done, signIn.failure, signIn.stage]).toEqual([null, null, "ask"]);
});

test("a mailbox that is signed in to again asks for the password alone", async () => {
  const backend = fake("password-changed");
  const session = new Session(backend, speak("en"));
  const read = session.read();
  await vi.runAllTimersAsync();
  await read;
  const { folder, headline } = session.archive!;
  expect(headline.kind).toBe("needs_you");
  const card = (await backend.mailboxAccount(folder))!;
  const signIn = new SignIn(session, { folder, card });
  expect([signIn.asks, signIn.by]).toEqual([[], { by: "typed", id: null, secret: "Password" }]);
  const again = vi.spyOn(backend, "signInAgain");
  signIn.secret = "hunter3";
  const done = signIn.begin();
  await vi.runAllTimersAsync();
  await done;
  expect(again.mock.calls).toEqual([[folder, null, "hunter3"]]);
});

test("who leaves before the browser was asked for is led to none", async () => {
  const { backend, signIn, sent } = opened("gdrive");
  const given = vi.spyOn(backend, "giveUpSignIn");
  const done = signIn.begin();
  // The listener is not there yet: nothing was asked of the backend.
  const left = signIn.giveUp();
  await vi.runAllTimersAsync();
  await left;
  expect([await done, sent.mock.calls, signIn.failure]).toEqual([null, [], null]);
  expect(given).toHaveBeenCalled();
});
