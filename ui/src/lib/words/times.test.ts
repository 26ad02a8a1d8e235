import { expect, test } from "vitest";
import { ago, exactly } from "./times";

const NOW = new Date(2026, 10, 20, 15, 0, 0);
const at = (year: number, month: number, day: number, hour: number, minute: number, second = 0) =>
  new Date(year, month, day, hour, minute, second).toISOString();
const told = (time: string) => ago(time, NOW, "en", "just now");

test("the last minute is just now", () => {
  expect(told(at(2026, 10, 20, 14, 59, 30))).toBe("just now");
});

test("minutes, hours and days are counted down, never up", () => {
  expect(told(at(2026, 10, 20, 14, 40))).toBe("20 minutes ago");
  expect(told(at(2026, 10, 20, 13, 1))).toBe("1 hour ago");
  expect(told(at(2026, 10, 8, 9, 0))).toBe("12 days ago");
});

test("yesterday is the calendar's, not 24 hours", () => {
  expect(told(at(2026, 10, 19, 1, 0))).toBe("yesterday");
  expect(told(at(2026, 10, 19, 23, 0))).toBe("yesterday");
  expect(told(at(2026, 10, 18, 23, 0))).toBe("2 days ago");
});

test("long absences are told in months and years", () => {
  expect(told(at(2026, 7, 1, 9, 0))).toBe("4 months ago");
  expect(told(at(2025, 10, 20, 9, 0))).toBe("last year");
  expect(told(at(2023, 1, 1, 9, 0))).toBe("3 years ago");
});

test("a clock that runs ahead is shown as it is, not as a time to come", () => {
  const ahead = at(2026, 10, 21, 9, 0);
  expect(told(ahead)).toBe(exactly(ahead, "en"));
  expect(told(at(2026, 10, 20, 15, 2))).toBe("just now");
});

test("what is no time is shown as it came", () => {
  expect(told("soon")).toBe("soon");
});
