import { beforeEach, expect, test, vi } from "vitest";
import { fake } from "../backend/fake";
import { SERVICES } from "../backend/fake/accounts";
import { head, inGroups, isChanged } from "../model/signIn";
import { speak } from "../words/voice";
import { Places } from "./places.svelte";
import { Session } from "./session.svelte";
import { SignIn } from "./signIn.svelte";

beforeEach(() => void vi.useFakeTimers());

const { words } = speak("en");
const FIRST = { title: "first", sub: "" };

async function settled<T>(done: Promise<T>): Promise<T> {
  await vi.runAllTimersAsync();
  return done;
}

function opened(scene = "first-run") {
  const backend = fake(scene);
  const places = new Places(new Session(backend, speak("en")));
  places.choose(SERVICES.find((one) => one.id === "sftp")!);
  const signIn = places.signIn!;
  signIn.answers = { user: "anna", server: "nas.local", folder: "~/offsync" };
  return { places, signIn, sent: vi.spyOn(backend, "signInByKey") };
}

async function again(scene: string) {
  const backend = fake(scene);
  const session = new Session(backend, speak("en"));
  await settled(session.read());
  const { folder } = session.archive!;
  const card = (await backend.mailboxAccount(folder))!;
  return { signIn: new SignIn(session, { folder, card }), sent: vi.spyOn(backend, "signInByKey") };
}

test("a server is compared, told of the key, and tried until it lets it in", async () => {
  const { signIn, sent } = opened();
  expect(await settled(signIn.begin())).toBe(null);
  expect([signIn.stage, sent.mock.calls]).toEqual(["compare", []]);
  expect(head(signIn, FIRST, words).title).toBe("Does “nas.local” show the same?");

  expect(await settled(signIn.agree())).toBe(null);
  const request = { service: "sftp", answers: signIn.answers, id: null };
  expect(sent.mock.calls).toEqual([[{ request }, signIn.shown!.fingerprint]]);
  // That a server does not know a new key is no failure.
  expect([signIn.stage, signIn.isRefused, signIn.failure]).toEqual(["line", false, null]);
  expect(signIn.stands?.line).toMatch(/^restrict,.*ssh-ed25519 /);
  expect(head(signIn, FIRST, words).title).toBe("Let this computer in at “nas.local”");

  expect(await settled(signIn.tryAgain())).toBe(null);
  expect([signIn.stage, signIn.isRefused]).toEqual(["line", true]);
  expect((await settled(signIn.tryAgain()))?.whose).toBe("anna");
});

test("where the server shows another key than it has, nothing is sent to it", async () => {
  const { signIn, sent } = opened();
  await settled(signIn.begin());
  signIn.differs();
  expect([signIn.stage, signIn.isOther, sent.mock.calls]).toEqual(["ask", true, []]);
  expect(await signIn.agree()).toBe(null);
  expect(await signIn.tryAgain()).toBe(null);
  expect(sent).not.toHaveBeenCalled();
  // Another attempt begins with nothing of the one before.
  await settled(signIn.begin());
  expect([signIn.stage, signIn.isOther]).toEqual(["compare", false]);
});

test("a server that is known already is not compared twice", async () => {
  const { signIn, sent } = opened("key-known");
  expect((await settled(signIn.begin()))?.place).toBe("nas.local");
  expect(sent).toHaveBeenCalledTimes(1);
});

test("one question back leads to what was filled in, and from there to the list", async () => {
  const { places, signIn } = opened();
  await settled(signIn.begin());
  expect([places.back(), signIn.stage, signIn.answers["server"]]).toEqual([
    true,
    "ask",
    "nas.local",
  ]);
  expect([places.back(), places.signIn, places.back()]).toEqual([true, null, false]);
});

test("a server that cannot be reached is said at its field, and no key is made", async () => {
  const { signIn, sent } = opened("wrong-server");
  expect(await settled(signIn.begin())).toBe(null);
  expect([signIn.stage, signIn.wrong]).toEqual(["ask", "server"]);
  expect(sent).not.toHaveBeenCalled();
});

test("a server that shows another key than before is asked about before anything is sent", async () => {
  const { signIn, sent } = await again("server-changed");
  await settled(signIn.begin());
  expect([signIn.stage, isChanged(signIn.shown!)]).toEqual(["compare", true]);
  expect(head(signIn, FIRST, words).title).toContain("another fingerprint than before");
  expect(sent).not.toHaveBeenCalled();
  expect((await settled(signIn.agree()))?.place).toBe("nas.local");
  expect(sent.mock.calls[0]![1]).toBe(signIn.shown!.fingerprint);
});

test("a server that forgot the key is given its line again", async () => {
  const { signIn } = await again("key-forgotten");
  expect(await settled(signIn.begin())).toBe(null);
  expect([signIn.stage, signIn.isRefused]).toEqual(["line", false]);
  expect((await settled(signIn.tryAgain()))?.is_open).toBe(true);
});

test("a fingerprint is shown whole, in parts that the eye can follow", () => {
  const mark = "SHA256:abcdEFGH123";
  expect(inGroups(mark)).toEqual(["SHA256:", "abcd", "EFGH", "123"]);
  expect(inGroups(mark).join("")).toBe(mark);
  expect(inGroups("odd")).toEqual(["odd"]);
});
