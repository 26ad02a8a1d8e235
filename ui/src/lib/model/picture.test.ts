import { expect, test } from "vitest";
import { archive, behind, GB, home, MB, minutesAgo } from "../backend/fake/parts";
import type { ArchiveStatus } from "../types/ArchiveStatus";
import type { Headline } from "../types/Headline";
import type { Turn } from "../types/Turn";
import { speak } from "../words/voice";
import { picture } from "./picture";

const anna = (parts = {}) => home({ label: "Anna’s home", person: "Anna", ...parts });
const olot = (parts = {}) => home({ label: "Olot", person: "Marc", ...parts });
const draw = (parts: Partial<ArchiveStatus>) => picture(archive(parts), speak("en"), new Date());
const lacks = (files: number, turn: Turn): Headline => ({
  kind: "incomplete",
  files,
  bytes: files * MB,
  turn,
  waits_for: [],
});

test("my home is never among the others", () => {
  const drawn = draw({ locations: [anna(), olot()] });
  expect(drawn.mine.mine).toBe(true);
  expect(drawn.others.map((other) => other.name)).toEqual(["Anna’s home", "Olot"]);
});

test("a ring is full only if nothing is missing, and then it is", () => {
  const [full, lacking] = draw({ locations: [anna(), olot(behind(1, 12))] }).others;
  expect(full!.share).toBe(1);
  expect(lacking!.share).toBeLessThan(0.95);
});

test("a home that lacks everything has an almost empty ring", () => {
  expect(draw({ locations: [anna(behind(40, 5000 * GB))] }).others[0]!.share).toBe(0);
});

test("the person is left out where the name says it already", () => {
  const [first, second] = draw({ locations: [anna(), olot()] }).others;
  expect(first!.person).toBe(null);
  expect(second!.person).toBe("Marc");
});

test("nothing waits for a parked home, so no line leads to it", () => {
  const drawn = draw({ locations: [anna({ ...behind(9, GB), state: "parked" })] });
  expect(drawn.others[0]!.waiting).toBe(null);
  expect(drawn.mailbox.waitsFor).toBe(null);
  expect(drawn.others[0]!.mood).toBe("away");
});

test("an invited home has an empty ring and was not seen", () => {
  const invited = draw({ locations: [anna({ state: "invited", seen: null })] }).others[0]!;
  expect([invited.share, invited.seen, invited.mood]).toEqual([0, "never", "invited"]);
});

test("before its first sync a home has not heard of the others, and does not call them new", () => {
  const said = (last_sync: string | null) =>
    draw({ last_sync, locations: [anna({ state: "invited", seen: null })] }).others[0]!.state;
  expect(said(null)).toBe("Not heard of yet");
  expect(said(minutesAgo(5))).toBe("Not synced yet");
});

test("what waits for a home that has not synced yet is said, and so is that it has not", () => {
  const late = draw({ locations: [anna({ ...behind(2, MB), state: "invited", seen: null })] });
  const home = late.others[0]!;
  expect([home.state, home.note, home.mood]).toEqual([
    "2 changes waiting",
    "not synced yet",
    "waiting",
  ]);
});

test("while nothing can be looked at, nobody is said to be missing", () => {
  const drive = { present: false, free_bytes: 0, total_bytes: 0 };
  const mailbox = { reachable: false, name: "NAS", used_bytes: 0, allowance_bytes: null };
  const away = picture({ ...archive({ drive, mailbox }), locations: [] }, speak("en"), new Date());
  expect(away.nobody.name).not.toBe(draw({}).nobody.name);
  expect(away.mailbox.detail).not.toContain("reached");
  expect(draw({ mailbox }).mailbox.detail).toBe("Cannot be reached");
});

test("a home that was taken out is not drawn", () => {
  expect(draw({ locations: [anna({ state: "removed" })] }).others).toEqual([]);
});

test("the mailbox names one home, counts several, and names me first", () => {
  const waits = (parts: Partial<ArchiveStatus>) => draw(parts).mailbox.waitsFor;
  const mine = { incoming: { changesets: 1, bytes: MB } };
  expect(waits({})).toBe(null);
  expect(waits({ locations: [anna(behind(1, MB))] })).toBe("Waits for Anna’s home");
  expect(waits({ locations: [anna(behind(1, MB)), olot(behind(1, MB))], ...mine })).toBe(
    "Waits for you and 2 homes",
  );
});

test("a mailbox in which only the homes' own notes lie has nothing waiting", () => {
  const mailbox = (used_bytes: number) => ({
    mailbox: { reachable: true, name: "NAS", used_bytes, allowance_bytes: null },
  });
  const detail = (parts: Partial<ArchiveStatus>) => draw(parts).mailbox.detail;
  expect(detail(mailbox(0))).toBe("Empty");
  expect(detail(mailbox(1700))).toBe("Nothing is waiting");
  expect(detail(mailbox(40 * MB))).toContain("in it");
  expect(detail({ ...mailbox(1700), locations: [anna(behind(1, 900))] })).toContain("in it");
});

test("the mailbox's bar never adds up to more than it holds", () => {
  const fill = draw({
    incoming: { changesets: 1, bytes: 9 * GB },
    locations: [anna(behind(1, 9 * GB))],
    mailbox: { reachable: true, name: "NAS", used_bytes: 6 * GB, allowance_bytes: 5 * GB },
  }).mailbox.fill!;
  expect(fill.mine + fill.others + fill.rest).toBeLessThanOrEqual(1);
});

test("a mailbox without a limit has no bar", () => {
  const mailbox = { reachable: true, name: "NAS", used_bytes: GB, allowance_bytes: null };
  expect(draw({ mailbox }).mailbox.fill).toBe(null);
});

test("my home is waiting while changes are to be received or sent, and away without its drive", () => {
  const mood = (parts: Partial<ArchiveStatus>) => draw(parts).mine.mood;
  expect(mood({})).toBe("safe");
  expect(mood({ incoming: { changesets: 1, bytes: 1 } })).toBe("waiting");
  expect(mood({ local_changes: { entries: 1, bytes: 1 } })).toBe("waiting");
  expect(mood({ drive: { present: false, free_bytes: 0, total_bytes: 0 } })).toBe("away");
});

test("my home is not whole while files are still to come, whatever else is there", () => {
  const lacking = { files: 31, bytes: 2 * GB };
  const mine = draw({ lacking, local_changes: { entries: 1, bytes: 1 } }).mine;
  expect([mine.state, mine.mood]).toEqual(["31 files to come", "waiting"]);
  expect(mine.share).toBeLessThan(0.95);
  const untold = lacks(0, "others");
  const unknowing = draw({ headline: untold }).mine;
  expect([unknowing.state, unknowing.mood]).toEqual(["More to come", "waiting"]);
  expect(unknowing.share).toBeLessThan(0.95);
});

test("what was asked for and has come waits for me in the mailbox", () => {
  const waits = (turn: "here" | "others") => {
    return draw({ headline: lacks(1, turn), lacking: { files: 1, bytes: MB } }).mailbox;
  };
  expect([waits("here").waitsFor, waits("here").forMe]).toEqual(["Waits for you", true]);
  expect(waits("others").waitsFor).toBe(null);
});

test("who has more is said to have sent it only while it is in the mailbox", () => {
  const locations = [anna({ state: "ahead" })];
  const state = (parts: Partial<ArchiveStatus>) => draw({ locations, ...parts }).others[0]!.state;
  expect(state({ incoming: { changesets: 1, bytes: MB } })).toBe("Sent something for you");
  expect(state({})).toBe("Has more for you");
});

test("what waits for room is counted and sized as the sentence says it", () => {
  const headline = {
    kind: "waits_for_room" as const,
    entries: 1_180,
    newer: 24,
    bytes: 41 * GB,
    visits: 7,
    waits_on: null,
  };
  const drawn = draw({ headline, local_changes: { entries: 1_204, bytes: 43 * GB } });
  expect(drawn.mine.state).toBe("1,180 wait for room, 24 new");
  expect(drawn.outgoing).toBe("41\u00a0GB");
  expect(draw({ local_changes: { entries: 3, bytes: MB } }).mine.state).toBe("3 to send");
});

test("what a drive cannot store leaves a gap that nobody waits for, at either home", () => {
  const theirs = draw({ locations: [anna({ ...behind(0, 0), cannot_store: 2 })] }).others[0]!;
  expect([theirs.state, theirs.mood, theirs.waiting]).toEqual(["Cannot store 2", "away", null]);
  expect(theirs.share).toBeLessThan(0.95);
  const mine = draw({ headline: lacks(1, "nobody"), lacking: { files: 1, bytes: MB } }).mine;
  expect([mine.state, mine.mood]).toEqual(["Cannot store 1", "away"]);
});
