import { beforeEach, expect, test, vi } from "vitest";
import { fake } from "../backend/fake";
import { scene as sceneOf } from "../backend/fake/scenes";
import { speak } from "../words/voice";
import { Session } from "./session.svelte";
import { SignInAgain } from "./signInAgain.svelte";

beforeEach(() => void vi.useFakeTimers());

function opened(scene: string) {
  const backend = fake(scene);
  const { folder } = sceneOf(scene).archives[0]!;
  const again = new SignInAgain(new Session(backend, speak("en")), folder);
  return { backend, again, sent: vi.spyOn(backend, "signInAgain") };
}

async function settled<T>(done: Promise<T>): Promise<T> {
  await vi.runAllTimersAsync();
  return done;
}

test("an account that is known is signed in to at once where nothing is to be typed", async () => {
  const { again, sent } = opened("signed-out");
  expect((await settled(again.begin()))?.service).toBe("Google Drive");
  expect([sent.mock.calls.length, again.unknown]).toEqual([1, null]);
});

test("a place that a drive alone speaks of is named before anything is sent there", async () => {
  for (const scene of ["drive-says", "drive-says-browser", "drive-says-server"]) {
    const { backend, again, sent } = opened(scene);
    const [looked, byKey] = [vi.spyOn(backend, "shownServer"), vi.spyOn(backend, "signInByKey")];
    expect(await settled(again.begin()), scene).toBe(null);
    expect(again.unknown?.lies_at, scene).toContain("/");
    for (const called of [sent, looked, byKey]) {
      expect(called).not.toHaveBeenCalled();
    }
    expect(again.signIn?.stage).toBe("ask");
  }
});

test("where the mailbox is in no account, that is said", async () => {
  const { again, sent } = opened("in-no-account");
  expect(await settled(again.begin())).toBe(null);
  expect([again.isNone, again.signIn, sent.mock.calls]).toEqual([true, null, []]);
});

test("who leaves before the account is known is led to no browser", async () => {
  const { again, sent } = opened("signed-out");
  const done = again.begin();
  again.leave();
  expect(await settled(done)).toBe(null);
  expect([again.signIn, sent.mock.calls]).toEqual([null, []]);
});

test("who leaves while the browser is waited for is waited for no longer, and has opened nothing", async () => {
  const { backend, again } = opened("signed-out");
  const given = vi.spyOn(backend, "giveUpSignIn");
  const done = again.begin();
  await vi.advanceTimersByTimeAsync(100);
  expect(again.signIn?.stage).toBe("browser");
  again.leave();
  expect(await settled(done)).toBe(null);
  expect(given).toHaveBeenCalledTimes(1);
});
