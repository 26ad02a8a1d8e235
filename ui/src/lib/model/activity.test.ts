import { expect, test } from "vitest";
import { archive, behind, DAY, home, line, minutesAgo } from "../backend/fake/parts";
import type { LogLine } from "../types/LogLine";
import { speak } from "../words/voice";
import { days, row } from "./activity";

const anna = home({ label: "Anna’s home", person: "Anna", ...behind(1, 1) });
const olot = home({ label: "Olot", person: "Marc" });
const status = archive({ locations: [anna, olot] });
const me = status.locations[0]!;
const told = (change: LogLine) => row(change, status, speak("en"), new Date());
const added = (n: number, by: (typeof me)[]) =>
  line(me, 20, 338_000_000, { created: n, example: "2026/Pyrenees/IMG_1.jpg" }, by);

test("who has a change is counted, and who lacks it is named", () => {
  const change = told(added(214, [me, olot]));
  expect([change.everyone, change.who, change.notYet]).toEqual([
    false,
    "2 of 3 homes",
    "Not yet: Anna’s home",
  ]);
});

test("the author has what it made, even before it says so", () => {
  expect(told(added(1, [anna, olot])).who).toBe("Everyone");
});

test("a home that is up to date lacks nothing, whatever was counted before", () => {
  const locations = [me, olot, { ...anna, ...behind(0, 0), state: "up_to_date" as const }];
  const change = row(added(1, []), { ...status, locations }, speak("en"), new Date());
  expect(change.everyone).toBe(true);
});

test("a home that has all but what its drive cannot store is waited for with nothing", () => {
  const fat = { ...anna, ...behind(0, 0), cannot_store: 2 };
  const change = row(
    added(1, []),
    { ...status, locations: [me, olot, fat] },
    speak("en"),
    new Date(),
  );
  expect([change.everyone, change.notYet]).toEqual([true, null]);
});

test("what has left the mailbox is with everyone", () => {
  expect(told({ ...added(1, []), pruned: true }).everyone).toBe(true);
});

test("what has left the mailbox is not claimed for a parked home", () => {
  const parked = { ...status, locations: [me, olot, { ...anna, state: "parked" as const }] };
  const change = row({ ...added(1, []), pruned: true }, parked, speak("en"), new Date());
  expect(change.notYet).toBe("Not yet: Anna’s home");
});

test("an invited home counts from the first change that waits for it", () => {
  const told = (parts: Partial<typeof anna>) => {
    const locations = [me, olot, { ...anna, ...parts, state: "invited" as const }];
    return row(added(1, [me, olot]), { ...status, locations }, speak("en"), new Date());
  };
  expect(told({}).notYet).toBe("Not yet: Anna’s home");
  expect(told(behind(0, 0)).everyone).toBe(true);
});

test("many changes name their folder, a single one its file", () => {
  expect(told(added(214, []))).toMatchObject({ what: "Added 214 files", where: "2026 / Pyrenees" });
  expect(told(added(1, []))).toMatchObject({
    what: "Added a file",
    where: "2026 / Pyrenees / IMG_1.jpg",
  });
});

test("several kinds of change are all told", () => {
  const change = line(olot, 5, 1200, { modified: 3, deleted: 1 }, []);
  expect(told(change)).toMatchObject({
    what: "Changed 3 files, deleted 1",
    where: null,
    from: "Olot",
  });
});

test("my own changes come from you", () => {
  expect(told(added(1, [])).from).toBe("You");
});

test("days are in order and named once", () => {
  const now = new Date();
  const lines = [added(1, []), line(olot, 5 * DAY, 0, { renamed: 1 }, [])];
  const found = days(lines, status, speak("en"), now);
  expect(found).toHaveLength(2);
  expect(new Date(minutesAgo(20)).getDate() === now.getDate() ? "Today" : "Yesterday").toBe(
    found[0]!.title,
  );
});
