import { expect, test, vi } from "vitest";
import type { Backend } from "../backend/backend";
import { fake } from "../backend/fake";
import { archive } from "../backend/fake/parts";
import type { Event } from "../types/Event";
import type { Overview } from "../types/Overview";
import { speak } from "../words/voice";
import { Session } from "./session.svelte";

const ATTIC = archive({ archive_id: "a", folder: "/attic", label: "Attic" });
const OFFICE = archive({ archive_id: "a", folder: "/office", label: "Office" });

async function session(parts: Partial<Overview> = {}) {
  let hear: (event: Event) => void = () => {};
  let choose: (folder: string) => void = () => {};
  const overview: Overview = {
    archives: [ATTIC, OFFICE],
    activity: [],
    syncing: [],
    samples: [],
    version: "",
    ...parts,
  };
  const backend: Backend = {
    ...fake(null),
    overview: async () => overview,
    syncNow: vi.fn(async () => {}),
    setUp: async () => ATTIC,
    trySamples: async () => ATTIC,
    plugInSample: async () => {},
    removeSamples: async () => {},
    pickFolder: async () => null,
    suggestedNames: async () => ({ person: "", label: "" }),
    lost: async () => ({ files: [], may_be_at: [], given_up: false }),
    giveUp: async () => {},
    answerHeld: vi.fn(async () => {}),
    answerSilent: vi.fn(async () => {}),
    repair: vi.fn(async () => {}),
    damaged: async () => [],
    keepDamaged: async () => {},
    useMailbox: async () => {},
    moveMailbox: async () => 0,
    forget: vi.fn(async () => {}),
    onEvent: async (listener) => ((hear = listener), () => {}),
    onChosen: async (listener) => ((choose = listener), () => {}),
  };
  const made = new Session(backend, speak("en"));
  const stop = await made.start();
  stop();
  return { session: made, backend, hear: (event: Event) => hear(event), choose };
}

test("two copies of one archive are chosen, named and synced apart", async () => {
  const { session: seen, backend } = await session();
  expect(seen.archives.map((one) => seen.nameOf(one))).toEqual([
    "Family photos · Attic",
    "Family photos · Office",
  ]);
  seen.choose("/office");
  expect(seen.archive?.label).toBe("Office");
  await seen.sync();
  expect(backend.syncNow).toHaveBeenCalledWith("/office");
  expect([seen.syncing("/office"), seen.syncing("/attic")]).toEqual([true, false]);
});

test("how one copy's sync goes and ends is not said of the other", async () => {
  const { session: seen, hear } = await session();
  hear({ event: "sync_started", archive_id: "a", folder: "/office" });
  expect(seen.progress).toBe(null);
  const error = "The drive is full.";
  const ended = { archive_id: "a", folder: "/office", error, safe_to_unplug: false };
  hear({ event: "sync_finished", ...ended });
  expect(seen.trouble).toBe(null);
  seen.choose("/office");
  expect([seen.progress, seen.trouble]).toEqual([null, { of: "sync", why: error }]);
});

test("a notice about one copy is not shown with the other", async () => {
  const { session: seen, hear } = await session();
  hear({ event: "notice", archive_id: "a", folder: "/office", message: "Hello." });
  expect(seen.notice).toBe(null);
  seen.choose("/office");
  expect(seen.notice).toBe("Hello.");
  seen.forgetNotice();
  expect(seen.notice).toBe(null);
});

test("each copy has its own history", async () => {
  const lines = [{ author: "x" }] as unknown as Overview["activity"][0]["lines"];
  const activity = [
    { archive_id: "a", folder: "/attic", lines: [] },
    { archive_id: "a", folder: "/office", lines },
  ];
  const { session: seen } = await session({ activity });
  expect(seen.lines).toHaveLength(0);
  seen.choose("/office");
  expect(seen.lines).toHaveLength(1);
});

test("an archive that was chosen in the tray is shown", async () => {
  const { session: seen, choose } = await session();
  seen.view = "lost";
  choose("/office");
  expect(seen.archive?.folder).toBe("/office");
  expect(seen.view).toBe("home");
});

test("what another Offsync works on cannot be synced here", async () => {
  const { session: seen, backend } = await session({ archives: [{ ...ATTIC, busy: true }] });
  await seen.sync();
  expect(backend.syncNow).not.toHaveBeenCalled();
});

test("samples are told from the archives that are one's own", async () => {
  const { session: seen } = await session({ samples: ["/office"] });
  expect(seen.archives.map((one) => seen.isSample(one))).toEqual([false, true]);
});

test("a repair shows as a sync does, and runs once", async () => {
  const { session: seen, backend, hear } = await session();
  await Promise.all([seen.repair(), seen.repair()]);
  expect(backend.repair).toHaveBeenCalledExactlyOnceWith("/attic");
  expect(seen.syncing("/attic")).toBe(true);
  const which = { archive_id: "a", folder: "/attic" };
  hear({ event: "sync_finished", ...which, error: null, safe_to_unplug: false });
  expect(seen.syncing("/attic")).toBe(false);
});

test("the copy that is shown is forgotten, and a refusal is said", async () => {
  const { session: seen, backend } = await session();
  seen.choose("/office");
  await seen.forget("words");
  expect(backend.forget).toHaveBeenCalledExactlyOnceWith("/office", "words");
  backend.forget = async () => {
    throw { code: "takes_part", message: "It takes part.", hint: "Look again." };
  };
  await seen.forget("words");
  expect(seen.trouble).toEqual({ of: "forget", why: "It takes part. Look again." });
});

test("what failed is called what it was", async () => {
  const { session: seen, backend, hear } = await session();
  const away = { code: "mailbox_away", message: "It is away.", hint: "Wait." };
  const finished = { archive_id: "a", folder: "/attic", safe_to_unplug: false };
  backend.repair = async () => {
    hear({ event: "sync_finished", ...finished, error: "It is away. Wait." });
    expect(seen.trouble?.of).toBe("repair");
    throw away;
  };
  await seen.repair();
  expect(seen.trouble).toEqual({ of: "repair", why: "It is away. Wait." });
  hear({ event: "sync_finished", ...finished, error: "The drive is full." });
  expect(seen.trouble).toEqual({ of: "sync", why: "The drive is full." });
  backend.answerHeld = async () => {
    throw away;
  };
  await seen.answerHeld(true);
  expect(seen.trouble?.of).toBe("answer");
});
