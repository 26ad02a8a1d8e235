import { expect, test } from "vitest";
import { archive, minutesAgo } from "../backend/fake/parts";
import { scene } from "../backend/fake/scenes";
import type { ArchiveStatus } from "../types/ArchiveStatus";
import type { Headline } from "../types/Headline";
import type { Turn } from "../types/Turn";
import { speak } from "../words/voice";
import { type Progress, STARTING } from "./progress";
import { sentence } from "./sentence";

const MB = 1_000_000;

function check(
  headline: Headline,
  title: string,
  parts: Partial<ArchiveStatus> = {},
  progress: Progress | null = null,
) {
  const status = archive({ headline, safe_to_unplug: false, ...parts });
  const said = sentence(status, progress, speak("en"), new Date());
  expect(said.title.replaceAll("\u00a0", " ")).toBe(title);
  return said;
}

test("all safe says in how many homes", () => {
  check({ kind: "all_safe", homes: 3 }, "Everything is safe in 3 homes.");
});

test("one home that counts alone is not called safe", () => {
  const alone = "All is here, and all other homes are parked: only this one counts.";
  check({ kind: "all_safe", homes: 1 }, alone);
  check({ kind: "all_safe", homes: 1 }, `${alone} You can unplug.`, { safe_to_unplug: true });
});

test("unplugging is offered only when it is safe, and never while a sync runs", () => {
  const safe = { safe_to_unplug: true };
  check({ kind: "all_safe", homes: 3 }, "Everything is safe in 3 homes. You can unplug.", safe);
  check({ kind: "all_safe", homes: 3 }, "Everything is safe in 3 homes.", safe, STARTING);
  const busy = { ...safe, busy: true };
  check({ kind: "all_safe", homes: 3 }, "Everything is safe in 3 homes.", busy);
});

test("a home that is behind is named", () => {
  check(
    { kind: "others_behind", safe_homes: 3, behind: ["Anna’s home"], changesets: 12 },
    "Everything is safe in 3 homes. Anna’s home will catch up when it syncs.",
  );
  check(
    { kind: "others_behind", safe_homes: 2, behind: ["Anna’s home", "Olot"], changesets: 12 },
    "Everything is safe in 2 homes. Anna’s home and Olot will catch up when they sync.",
  );
});

test("many homes that are behind are counted", () => {
  check(
    { kind: "others_behind", safe_homes: 2, behind: ["A", "B", "C"], changesets: 1 },
    "Everything is safe in 2 homes. 3 other homes will catch up when they sync.",
  );
});

test("one copy alone is never called safe", () => {
  check(
    { kind: "others_behind", safe_homes: 1, behind: ["Grandma’s home"], changesets: 12 },
    "Grandma’s home is 12 changes behind; they are waiting in the mailbox.",
  );
  check(
    { kind: "others_behind", safe_homes: 1, behind: ["A", "B"], changesets: 1 },
    "1 change has still to reach A and B; it is waiting in the mailbox.",
  );
  const alone = check({ kind: "alone" }, "Only this home has a copy so far.");
  expect(alone.detail).toContain("Nothing is sent until a second home joins.");
});

test("what a drive cannot store is said, and one copy alone is not called safe", () => {
  const unfit = (safe: number, homes: string[], files: number, title: string, only_here = false) =>
    check({ kind: "cannot_store", safe_homes: safe, homes, files, only_here }, title).detail;
  const safe = "Everything is safe in 2 homes. ";
  const lack = " cannot store everything: each lacks 3 files or links at most.";
  unfit(2, ["Olot"], 1, `${safe}The drive of Olot cannot store 1 file or link.`);
  unfit(2, ["A", "B"], 3, `${safe}The drives of A and B${lack}`);
  unfit(2, ["A", "B", "C"], 3, `${safe}The drives of 3 homes${lack}`);
  const one = "The drive of Olot cannot store 1 file or link.";
  expect(unfit(1, ["Olot"], 1, one, true)).toContain(
    "It is in this home only: make a copy on another kind of drive.",
  );
  const some = "Not every home has all files: make a copy on another kind of drive.";
  // Who is parked may have it, and of two homes each may have what the other lacks.
  expect(unfit(1, ["Olot"], 1, one)).toContain(some);
  const two = "The drives of A and B cannot store everything: each lacks 1 file or link at most.";
  expect(unfit(1, ["A", "B"], 1, two)).toContain(some);
});

test("what comes in says how long it will take, once that is known", () => {
  const headline: Headline = { kind: "incoming", changesets: 3, bytes: 340 * MB };
  check(headline, "340 MB are waiting for you in the mailbox.");
  check(headline, "340 MB are coming in.", {}, STARTING);
  check(headline, "340 MB are coming in, about 4 minutes.", {}, { ...STARTING, secondsLeft: 240 });
});

test("what lacks says whether it was asked for, and whose sync comes next", () => {
  const lacking = { kind: "incomplete", files: 2, bytes: 3 * MB } as const;
  const title = "2 files (3 MB to come) are not on this drive yet.";
  const told = (turn: Turn, waits_for: string[]) =>
    check({ ...lacking, turn, waits_for }, title).detail;
  expect(told("unknown", [])).toBe(
    "They arrive as the other homes sync, or once this drive has room.",
  );
  expect(told("others", ["Anna’s home"])).toBe(
    "What lacks was asked for. The next sync of Anna’s home sends it; sync here after that.",
  );
  expect(told("others", ["Anna’s home", "Olot"])).toContain("of Anna’s home or of another home");
  expect(told("others", [])).toContain("of another home that has it sends it");
  expect(told("here", ["Anna’s home"])).toBe("What was asked for has come. Sync to take it in.");
  const unfit: Headline = { ...lacking, turn: "nobody", waits_for: [] };
  expect(check(unfit, "2 files or links cannot be stored on this drive.").detail).toBe(
    "The other homes keep them.",
  );
});

test("one file that lacks is one, and many are counted as the language writes numbers", () => {
  const lacking = (files: number): Headline => ({
    kind: "incomplete",
    files,
    bytes: 3 * MB,
    turn: "unknown",
    waits_for: [],
  });
  const one = check(lacking(1), "1 file (3 MB to come) is not on this drive yet.");
  expect(one.detail).toMatch(/^It arrives/);
  check(lacking(1204), "1,204 files (3 MB to come) are not on this drive yet.");
});

test("who has not heard yet what there is is told whose sync tells it, and speaks of no files", () => {
  const title = "The other homes have more than is here yet.";
  const told = (turn: Turn, waits_for: string[]) =>
    check({ kind: "incomplete", files: 0, bytes: 0, turn, waits_for }, title).detail;
  expect(told("unknown", [])).toBe("Sync here, let another home sync, then sync here again.");
  expect(told("others", ["Anna’s home"])).toContain("The next sync of Anna’s home tells it;");
  expect(told("others", ["Olot", "Anna’s home"])).toContain("of Olot or of another home tells it;");
  expect(told("others", [])).toContain("The next sync of another home tells it;");
});

test("what waits for room says for how many visits of whom", () => {
  const waits = (visits: number | null, waits_on: string | null, newer = 0, of_each = false) =>
    check(
      {
        kind: "waits_for_room",
        entries: 120,
        newer,
        bytes: 41_000 * MB,
        visits,
        waits_on,
        of_each,
      },
      "120 changes (41 GB) wait for room in the mailbox.",
    ).detail;
  expect(waits(7, "Grandma’s home")).toBe(
    "About 7 more visits of Grandma’s home, and all has gone. You can unplug.",
  );
  expect(waits(1, "Grandma’s home")).toContain("About one more visit of Grandma’s home");
  expect(waits(7, null)).toBe(
    "About 7 more visits of each of the other homes, and all has gone. You can unplug.",
  );
  expect(waits(7, "Grandma’s home", 0, true)).toContain(
    "About 7 more visits of each of the other homes, of Grandma’s home first, and all has gone.",
  );
  expect(waits(null, "Grandma’s home")).toContain("The next sync of Grandma’s home makes some.");
  expect(waits(null, null)).toBe("They go as soon as there is room for them. You can unplug.");
  expect(waits(null, null, 24)).toBe(
    "They go as soon as there is room for them. 24 newer changes wait for the next sync. You can unplug.",
  );
  expect(waits(null, null, 1)).toContain(" 1 newer change waits for the next sync.");
});

test("what takes the room and is not Offsync's is said where something waits for it", () => {
  const mailbox = {
    reachable: true,
    name: "NAS",
    used_bytes: 16 * MB,
    allowance_bytes: 16 * MB,
    foreign: { files: 1, bytes: 15 * MB },
  };
  const inTheWay =
    "15 MB in the mailbox are not Offsync’s (1 file): take it out, and there is more room.";
  const waits = { kind: "waits_for_room" as const, entries: 1, newer: 0, bytes: 3 * MB };
  const mine = { ...waits, visits: null, waits_on: null };
  const theirs = { kind: "more_to_come" as const, from: ["Anna’s home"], behind: [] };
  for (const headline of [mine, theirs]) {
    const status = archive({ headline, mailbox });
    const said = sentence(status, null, speak("en"), new Date()).detail;
    expect(said.replaceAll("\u00a0", " ")).toContain(` ${inTheWay} You can unplug.`);
    const without = archive({ headline });
    expect(sentence(without, null, speak("en"), new Date()).detail).not.toContain("Offsync’s");
  }
});

test("what another home has still to send says whose sync lets it come", () => {
  const title = "Anna’s home has changes to send that wait for room in the mailbox.";
  const more = (behind: string[]) =>
    check({ kind: "more_to_come", from: ["Anna’s home"], behind }, title).detail;
  expect(more([])).toBe(
    "More of it comes as room is made: sync at Anna’s home and here in turn. You can unplug.",
  );
  expect(more(["Olot"])).toBe("There is room once Olot has synced. You can unplug.");
  expect(more(["Olot", "Avinyó"])).toContain("once Olot and Avinyó have synced.");
});

test("what was not sent yet says so, and how much it is", () => {
  const said = check(
    { kind: "unsent", entries: 1, bytes: 3 * MB },
    "1 change made here has not been sent yet.",
  );
  expect(said.detail).toBe("3\u00a0MB. Sync to put it into the mailbox.");
});

test("held deletions ask where they would happen, and promise only that place", () => {
  const local = check(
    { kind: "held", deletions: 61, of: 214, direction: "local", by: null },
    "61 files were deleted here. Did you mean to?",
  );
  expect(local.detail).toContain("in the other homes");
  const remote = check(
    { kind: "held", deletions: 1, of: 5, direction: "remote", by: null },
    "Another home deleted 1 file. Should it go here too?",
  );
  check(
    { kind: "held", deletions: 6, of: 13, direction: "remote", by: "Pep’s home" },
    "Pep’s home deleted 6 files. Should they go here too?",
  );
  check(
    { kind: "held", deletions: 13, of: 13, direction: "local", by: null },
    "All 13 files are gone from this drive. Did you mean to delete them?",
  );
  expect(remote.detail).toContain("Nothing is deleted here");
});

test("a drive that is away says when it was last here", () => {
  const said = check({ kind: "drive_away" }, "The drive with “Family photos” is not plugged in.", {
    last_sync: minutesAgo(40),
  });
  expect(said.detail).toBe("Last synced 40 minutes ago. Plug it in and sync, and it catches up.");
});

test("what needs the person is said in the engine's own words, and what to do under it", () => {
  const headline: Headline = {
    kind: "needs_you",
    code: "damaged",
    message: "A file is damaged.",
    hint: "Check all files.",
  };
  expect(check(headline, "A file is damaged.").detail).toBe("Check all files.");
  check({ ...headline, code: "mailbox_missing" }, "The mailbox is not in its folder any more.");
  expect(check({ ...headline, hint: "" }, "A file is damaged.").detail).toContain("Last synced");
});

test("a mailbox that is away says that the files are untouched", () => {
  const away = (unsent: number) =>
    check({ kind: "mailbox_away", unsent }, "The mailbox cannot be reached right now.").detail;
  expect(away(0)).toContain("untouched");
  expect(away(1)).toBe(
    "1 change made here has not been sent yet: it waits on this drive until it answers.",
  );
  expect(away(2)).toContain("2 changes made here have not been sent yet: they wait");
});

test("files that no home has are named without a word of the terminal", () => {
  const message = "'a/film.mov' is lost. `offsync lost FOLDER` says what can be done.";
  const lost = (files: number): Headline => ({
    kind: "lost",
    files,
    example: "a/film.mov",
    message,
  });
  check(lost(1), "“film.mov” is missing: no home that takes part has it any more.");
  check(lost(3), "3 files are missing: no home that takes part has them any more.");
});

test("a copy that was taken out says by whom, and that its files stay", () => {
  const headline: Headline = {
    kind: "removed",
    by: "Anna’s home",
    way_back: "words",
    message: "`offsync …`",
  };
  const said = check(headline, "Anna’s home took this copy out of the archive.");
  expect(said.detail).toContain("Its files stay as they are; nothing is sent or received");
  // Whom to ask stands with the button that looks again.
  const { mistakeHint } = speak("en").words.removed;
  expect(mistakeHint("Anna’s home")).toContain("people of Anna’s home to let this home take part");
});

test("where no other home is, none is spoken of while deletions wait", () => {
  const status = scene("held-alone").archives[0]!;
  const said = sentence(status, null, speak("en"), new Date());
  expect(`${said.title} ${said.detail}`).not.toContain("home");
  const among = scene("held-local").archives[0]!;
  expect(sentence(among, null, speak("en"), new Date()).detail).toContain("the other homes");
});

test("an account that lets nobody in is named, and the step that helps", () => {
  const [status] = scene("signed-out").archives;
  check(status!.headline, "Sign in to Google Drive again.", status);
});
