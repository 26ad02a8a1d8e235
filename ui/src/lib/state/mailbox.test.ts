import { expect, test, vi } from "vitest";
import { fake } from "../backend/fake";
import { speak } from "../words/voice";
import { MailboxSearch } from "./mailbox.svelte";
import { Session } from "./session.svelte";

const THERE = "/media/pep/Nextcloud/offsync-mailbox";

async function opened(scene = "mailbox-lost") {
  const backend = fake(scene);
  const session = new Session(backend, speak("en"));
  await session.read();
  const useMailbox = vi.spyOn(backend, "useMailbox");
  return { backend, useMailbox, search: new MailboxSearch(session, session.archive!.folder) };
}

test("a mailbox that is in the folder that was chosen is used, and nobody is asked", async () => {
  const { useMailbox, search } = await opened();
  useMailbox.mockImplementation(async () => {});
  await search.choose();
  expect(useMailbox.mock.calls).toEqual([[search.folder, THERE, false]]);
  expect([search.ended, search.asked]).toEqual(["found", null]);
});

test("a new mailbox is begun only where it was asked about, and after the answer", async () => {
  const { useMailbox, search } = await opened();
  await search.begin();
  expect(useMailbox).not.toHaveBeenCalled();
  await search.choose();
  expect(search.asked).toEqual({ folder: THERE, looked: true });
  expect([search.failure, search.ended]).toEqual([null, null]);
  await search.begin();
  expect(useMailbox).toHaveBeenLastCalledWith(search.folder, THERE, true);
  expect([search.ended, search.asked]).toEqual(["begun", null]);
  expect(search.session.archive!.mailbox.reachable).toBe(true);
});

test("who wants a new one is asked about the folder before anything is looked for", async () => {
  const { useMailbox, search } = await opened();
  await search.chooseNew();
  expect(search.asked).toEqual({ folder: THERE, looked: false });
  expect(useMailbox).not.toHaveBeenCalled();
});

test("a folder that cannot be used is said, and asks nothing", async () => {
  const { useMailbox, search } = await opened();
  const failure = { code: "mailbox_inside", message: "It lies inside.", hint: "Choose another." };
  useMailbox.mockRejectedValue(failure);
  await search.choose();
  expect([search.failure, search.asked, search.working]).toEqual([failure, null, false]);
});

test("a mailbox is moved into the folder that was chosen, and says so while it goes and when it is there", async () => {
  const { backend, search } = await opened("others-behind");
  let arrive = (_: number) => {};
  const moveMailbox = vi.spyOn(backend, "moveMailbox");
  moveMailbox.mockImplementation(() => new Promise((resolve) => (arrive = resolve)));
  const done = search.move();
  await vi.waitFor(() => expect(search.moving).toBe("offsync-mailbox"));
  expect([search.working, search.ended]).toEqual([true, null]);
  // A second press while it goes moves nothing twice.
  await search.move();
  expect(search.moving).toBe("offsync-mailbox");
  arrive(2);
  await done;
  expect(moveMailbox.mock.calls).toEqual([[search.folder, THERE]]);
  expect([search.moving, search.working]).toEqual([null, false]);
  expect([search.ended, search.leftBehind]).toEqual(["moved", 2]);
});

test("a mailbox that could not be moved is where it was, and why is said", async () => {
  const { backend, search } = await opened("others-behind");
  const failure = { code: "mailbox_full", message: "It was not moved.", hint: "Make room." };
  vi.spyOn(backend, "moveMailbox").mockRejectedValue(failure);
  await search.move();
  expect([search.failure, search.ended, search.moving]).toEqual([failure, null, null]);
  expect(search.working).toBe(false);
});

test("who chooses nothing is left where they were", async () => {
  const { backend, useMailbox, search } = await opened();
  vi.spyOn(backend, "pickFolder").mockResolvedValue(null);
  await search.choose();
  await search.chooseNew();
  await search.move();
  expect([search.asked, search.failure, search.ended, search.moving]).toEqual([
    null,
    null,
    null,
    null,
  ]);
  expect(useMailbox).not.toHaveBeenCalled();
});

test("a mailbox is moved into an account without a folder being asked for", async () => {
  const { backend, search } = await opened("in-account");
  const picked = vi.spyOn(backend, "pickFolder");
  const moved = vi.spyOn(backend, "moveMailboxInto").mockResolvedValue(0);
  await search.moveInto((await backend.mailboxAccount(search.folder))!);
  expect(moved.mock.calls).toEqual([[search.folder, "gdrive"]]);
  expect([search.ended, picked.mock.calls]).toEqual(["moved", []]);
});

test("a mailbox is found in an account that is at another address now", async () => {
  const { backend, search } = await opened("has-account-lost");
  const [account] = await backend.accounts();
  const used = vi.spyOn(backend, "useMailboxIn").mockResolvedValue();
  await search.lookIn(account!);
  expect(used.mock.calls).toEqual([[search.folder, account!.name, false]]);
  expect([search.ended, search.asked]).toEqual(["found", null]);
});

test("where an account does not hold it, a new one is begun only after the answer", async () => {
  const { backend, search } = await opened("has-account-lost");
  const [account] = await backend.accounts();
  const used = vi.spyOn(backend, "useMailboxIn");
  await search.lookIn(account!);
  expect(search.asked).toEqual({ folder: account!.service, account: account!.name, looked: true });
  expect(search.ended).toBe(null);
  await search.begin();
  expect(used).toHaveBeenLastCalledWith(search.folder, account!.name, true);
  expect(search.ended).toBe("begun");
});
