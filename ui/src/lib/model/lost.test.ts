import { expect, test } from "vitest";
import type { LostView } from "../types/LostView";
import { speak } from "../words/voice";
import { canGiveUp, rows, ROWS_MAX, ways } from "./lost";

const voice = speak("en");
const file = (path: string, parts: Partial<LostView> = {}): LostView => ({
  path,
  size_bytes: 3_000_000,
  by: "Anna’s home",
  damaged_here: false,
  ...parts,
});
const report = (files: LostView[], may_be_at: string[] = []) => ({
  files,
  may_be_at,
  given_up: false,
});
const kinds = (...args: Parameters<typeof report>) =>
  ways(report(...args), voice).map((way) => way.kind);

test("a file is told by its name, its folder, its size and who changed it last", () => {
  const [row] = rows([file("films/2019/wedding.mov")], voice);
  expect([row!.name, row!.folder, row!.by, row!.size]).toEqual([
    "wedding.mov",
    "films / 2019",
    "Anna’s home",
    "3\u00a0MB",
  ]);
  expect(rows([file("top.mov")], voice)[0]!.folder).toBe(null);
});

test("a great many are not all put on the screen, and none has the key of another", () => {
  const many = rows(Array(ROWS_MAX + 1).fill(file("a.txt")), voice);
  expect(new Set(many.map((row) => row.key)).size).toBe(ROWS_MAX);
});

test("what stands here damaged is never given up, and is said how to keep", () => {
  const damaged = file("b.mov", { damaged_here: true });
  expect(canGiveUp([file("a.mov"), damaged]).map((one) => one.path)).toEqual(["a.mov"]);
  expect(kinds([file("a.mov"), damaged])).toEqual(["elsewhere", "damaged", "otherwise"]);
  expect(kinds([damaged])).toEqual(["elsewhere", "damaged"]);
});

test("a home that is away brings files back by a sync there", () => {
  expect(kinds([file("a.mov")], ["Lyon"])).toEqual(["parked", "elsewhere", "otherwise"]);
  const [parked] = ways(report([file("a.mov")], ["Lyon", "Nice"]), voice);
  expect(parked!.when).toBe("Lyon and Nice may still have it");
  expect(parked!.what).toContain("A sync there brings back what is on their drives.");
});
