import { beforeEach, expect, test, vi } from "vitest";
import { fake } from "../backend/fake";
import { speak } from "../words/voice";
import { Session } from "./session.svelte";
import { SetUp } from "./setUp.svelte";

beforeEach(() => {
  vi.useFakeTimers();
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
});

test("a keyring that is locked keeps every answer, and the next try may go well", async () => {
  const backend = fake("keyring-locked");
  const setUp = new SetUp(new Session(backend, speak("en")));
  const answers = {
    folder: "/photos",
    name: "Photos",
    label: "Home",
    person: "Pep",
    mailbox_folder: "/mailbox",
    mailbox_account: null,
  };
  setUp.answers = answers;
  setUp.step = "summary";
  const tried = setUp.next();
  await vi.runAllTimersAsync();
  await tried;
  expect([setUp.failure?.code, setUp.step, setUp.working]).toEqual(["keystore", "summary", null]);
  expect({ ...setUp.answers }).toEqual(answers);

  backend.setUp = fake("first-run").setUp;
  const again = setUp.next();
  await vi.runAllTimersAsync();
  await again;
  expect([setUp.failure, setUp.made?.name]).toEqual([null, "Photos"]);
});

test("an account takes the place of a folder, and a folder that of an account", async () => {
  const backend = fake("has-account");
  const setUp = new SetUp(new Session(backend, speak("en")));
  const read = setUp.readPlaces();
  await vi.runAllTimersAsync();
  await read;
  setUp.step = "mailbox";
  expect(setUp.problem).not.toBe(null);
  setUp.takeAccount(setUp.places.accounts[0]!);
  expect([setUp.problem, setUp.account?.service]).toEqual([null, "Google Drive"]);
  const picked = setUp.pick("mailbox_folder", "the mailbox");
  await vi.runAllTimersAsync();
  await picked;
  expect([setUp.answers.mailbox_account, setUp.account]).toEqual([null, null]);
  setUp.takeAccount(setUp.places.accounts[1]!);
  expect(setUp.answers.mailbox_folder).toBe("");
});

test("an account that is gone by the next start is chosen anew", async () => {
  localStorage.setItem("offsync.set-up", JSON.stringify({ mailbox_account: "gone" }));
  const setUp = new SetUp(new Session(fake("has-account"), speak("en")));
  expect(setUp.answers.mailbox_account).toBe("gone");
  const read = setUp.readPlaces();
  await vi.runAllTimersAsync();
  await read;
  expect(setUp.answers.mailbox_account).toBe(null);
});

test("the way back from a sign-in leads to the list, and ends the waiting for the browser", async () => {
  const backend = fake("first-run");
  const setUp = new SetUp(new Session(backend, speak("en")));
  const read = setUp.readPlaces();
  await vi.runAllTimersAsync();
  await read;
  setUp.step = "mailbox";
  setUp.places.choose(setUp.places.services[0]!);
  const signIn = setUp.places.signIn!;
  const gaveUp = vi.spyOn(backend, "giveUpSignIn");
  const done = signIn.begin();
  await vi.advanceTimersByTimeAsync(100);
  expect(setUp.back()).toBe(true);
  expect([setUp.step, setUp.places.signIn]).toEqual(["mailbox", null]);
  expect(gaveUp).toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(100);
  await done;
  expect(setUp.back()).toBe(true);
  expect(setUp.step).toBe("names");
});
