import { beforeEach, expect, test, vi } from "vitest";
import { fake } from "../backend/fake";
import { speak } from "../words/voice";
import { AccountList } from "./accountList.svelte";
import { Session } from "./session.svelte";

beforeEach(() => void vi.useFakeTimers());

async function settled<T>(done: Promise<T>): Promise<T> {
  await vi.runAllTimersAsync();
  return done;
}

async function opened(scene: string) {
  const backend = fake(scene);
  const list = new AccountList(new Session(backend, speak("en")));
  await settled(list.read());
  return { list, sent: vi.spyOn(backend, "removeAccount") };
}

const names = (list: AccountList) => list.all?.map((one) => one.account.name);

test("an account is removed once, after it was asked about, and what is left to do is said", async () => {
  const { list, sent } = await opened("accounts");
  await list.remove();
  expect(sent).not.toHaveBeenCalled();
  list.ask("nextcloud");
  const done = list.remove();
  // A second press while it goes removes nothing twice.
  await list.remove();
  await settled(done);
  expect(sent.mock.calls).toEqual([["nextcloud"]]);
  expect([list.asked, list.removed?.service, list.failure]).toEqual([
    null,
    "Nextcloud or ownCloud",
    null,
  ]);
  expect(names(list)).not.toContain("nextcloud");
});

test("an account that an archive uses stays, and which one is said", async () => {
  const { list } = await opened("accounts");
  const used = list.all!.find((one) => one.archives.length > 0)!;
  list.ask(used.account.name);
  await settled(list.remove());
  expect([list.failure?.code, list.removed, list.asked]).toEqual(["account_in_use", null, null]);
  expect(list.failure?.message).toContain(used.archives[0]);
  expect(names(list)).toContain(used.account.name);
});

test("a computer without accounts has an empty list", async () => {
  expect((await opened("others-behind")).list.all).toEqual([]);
});
