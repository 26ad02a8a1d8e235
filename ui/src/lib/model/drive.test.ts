import { expect, test } from "vitest";
import { archive } from "../backend/fake/parts";
import type { ArchiveStatus } from "../types/ArchiveStatus";
import { speak } from "../words/voice";
import { driveWords } from "./drive";
import { picture } from "./picture";

const { words } = speak("en");
const told = (parts: Partial<ArchiveStatus>, syncing = false) =>
  Object.values(driveWords(archive(parts), syncing, words));

test("a drive with unsent changes may go, and what happens to them is said", () => {
  expect(told({ local_changes: { entries: 1, bytes: 3 } })).toEqual([
    "Safe to unplug",
    "1 change goes out at the next sync.",
    "1 to send",
  ]);
  expect(told({})).toEqual(["Safe to unplug", null, null]);
  const waiting = { entries: 9, bytes: 3, visits: 7, waits_on: "Anna" };
  expect(told({ local_changes: { entries: 9, bytes: 3 }, waiting })[1]).toBe(
    "Changes go out as the mailbox has room.",
  );
});

test("a drive that somebody works on is never safe to unplug", () => {
  expect(told({}, true)[0]).toBe("Keep it plugged in");
  expect(told({ busy: true })[0]).toBe("Keep it plugged in");
  expect(told({ safe_to_unplug: false })[0]).toBe("Plugged in");
});

test("a drive that is away promises nothing", () => {
  const drive = { present: false, free_bytes: 0, total_bytes: 0 };
  expect(told({ drive, local_changes: { entries: 1, bytes: 3 } })).toEqual([
    "Not plugged in",
    null,
    null,
  ]);
});

test("what waits for room is counted as the sentence counts it, and what is newer apart", () => {
  const waiting = { entries: 1_180, bytes: 3, visits: 7, waits_on: "Anna" };
  const short = (entries: number) => {
    const newer = entries - waiting.entries;
    const headline = { kind: "waits_for_room" as const, ...waiting, newer };
    return told({ local_changes: { entries, bytes: 5 }, waiting, headline })[2];
  };
  expect(short(1_204)).toBe("1,180 wait for room, 24 new");
  expect(short(1_180)).toBe("1,180 wait for room");
});

test("a copy that was taken out of the archive promises to send nothing", () => {
  const headline = {
    kind: "removed" as const,
    by: "Anna’s home",
    way_back: "words" as const,
    message: "",
  };
  const status = archive({ local_changes: { entries: 1, bytes: 3 }, headline });
  const said = driveWords(status, false, words);
  expect(said).toEqual({ state: "Safe to unplug", next: null, short: null });
  const { mine, outgoing } = picture(status, speak("en"), new Date());
  expect([mine.state, mine.mood, outgoing]).toEqual(["No longer takes part", "away", null]);
});
