import { beforeEach, expect, test, vi } from "vitest";
import { fake } from "../backend/fake";
import { speak } from "../words/voice";
import { MailboxAccount } from "./mailboxAccount.svelte";
import { Session } from "./session.svelte";

beforeEach(() => void vi.useFakeTimers());

async function opened(scene: string) {
  const account = new MailboxAccount(new Session(fake(scene), speak("en")), "/photos");
  await settled(account.read());
  return account;
}

async function settled(done: Promise<void>) {
  await vi.runAllTimersAsync();
  await done;
}

test("an account is shown at once, and how full it is once its service has said so", async () => {
  const account = new MailboxAccount(new Session(fake("in-account"), speak("en")), "/photos");
  const done = account.read();
  await vi.advanceTimersByTimeAsync(0);
  expect([account.card?.service, account.card?.used_bytes]).toEqual(["Google Drive", null]);
  await settled(done);
  expect(account.card?.total_bytes).toBe(15_000_000_000);
});

test("a mailbox in a folder has no account", async () => {
  const account = await opened("others-behind");
  expect([account.card, account.failure]).toEqual([null, null]);
});

test("an account is tried out once at a time, and says how that went", async () => {
  const account = await opened("in-account");
  const done = account.tryOut();
  expect([account.trying, account.works]).toEqual([true, false]);
  await settled(done);
  expect([account.trying, account.works, account.failure]).toEqual([false, true, null]);
  const refused = await opened("account-refuses");
  await settled(refused.tryOut());
  expect([refused.works, refused.failure?.code]).toEqual([false, "sign_in_needed"]);
  expect(refused.card?.whose).toBe("pep");
});
