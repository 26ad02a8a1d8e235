import { expect, test } from "vitest";
import { speak } from "../words/voice";
import { advance, direction, type Progress, shareDone, STARTING, timeLeft } from "./progress";

const MB = 1_000_000;
const event = (done_bytes: number, phase: "fetching" | "posting" = "fetching") => ({
  event: "progress" as const,
  archive_id: "a",
  folder: "/a",
  phase,
  done: 1,
  total: 10,
  done_bytes,
  total_bytes: 100 * MB,
  path: null,
});
const after = (...steps: [number, number][]) =>
  steps.reduce<Progress>((p, [atMs, bytes]) => advance(p, event(bytes), atMs), STARTING);

test("no time is promised before there is a second to judge by", () => {
  expect(after([0, 0], [900, 9 * MB]).secondsLeft).toBe(null);
});

test("the time left follows from the rate of the last seconds", () => {
  const progress = after([0, 0], [2000, 20 * MB]);
  expect(progress.bytesPerSecond).toBe(10 * MB);
  expect(progress.secondsLeft).toBe(8);
});

test("what was fast long ago is forgotten", () => {
  const progress = after([0, 0], [1000, 50 * MB], [10_000, 51 * MB], [12_000, 53 * MB]);
  expect(progress.bytesPerSecond).toBe(1 * MB);
});

test("a new phase starts a new measurement", () => {
  const fetched = after([0, 0], [2000, 20 * MB]);
  expect(advance(fetched, event(1, "posting"), 2100).bytesPerSecond).toBe(null);
});

test("bytes that stand still promise nothing", () => {
  expect(after([0, MB], [3000, MB]).secondsLeft).toBe(null);
});

test("the share comes from bytes, else from items, else is unknown", () => {
  expect(shareDone(after([0, 25 * MB]))).toBe(0.25);
  expect(shareDone({ ...STARTING, done: 1, total: 10 })).toBe(0.1);
  expect(shareDone(STARTING)).toBe(null);
});

test("lines move only in the phases that move bytes", () => {
  const moving = (phase: Progress["phase"]) => direction({ ...STARTING, phase });
  expect([moving("fetching"), moving("posting"), moving("scanning"), moving(null)]).toEqual([
    "in",
    "out",
    null,
    null,
  ]);
  expect(direction(null)).toBe(null);
});

test("time left is told roughly", () => {
  const { words } = speak("en");
  expect(timeLeft(null, words)).toBe(null);
  expect(timeLeft(2, words)).toBe("about 5 seconds");
  expect(timeLeft(58, words)).toBe("about 1 minute");
  expect(timeLeft(240, words)).toBe("about 4 minutes");
  expect(timeLeft(7000, words)).toBe("about 2 hours");
});
