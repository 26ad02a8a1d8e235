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
