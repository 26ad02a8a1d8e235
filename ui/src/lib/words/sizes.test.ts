import { expect, test } from "vitest";
import { size } from "./sizes";

const plain = (bytes: number, locale = "en") => size(bytes, locale).replaceAll("\u00a0", " ");

test("a size has one decimal at most, and none that says nothing", () => {
  expect(plain(340_000_000)).toBe("340 MB");
  expect(plain(1_234_000_000)).toBe("1.2 GB");
  expect(plain(48_300_000)).toBe("48.3 MB");
});

test("a size is never rounded up to a thousand of its unit", () => {
  expect(plain(999_960)).toBe("1 MB");
  expect(plain(999_949_999)).toBe("999.9 MB");
});

test("small sizes are counted in bytes", () => {
  expect(plain(0)).toBe("0 bytes");
  expect(plain(1)).toBe("1 byte");
  expect(plain(999)).toBe("999 bytes");
});

test("a size is written as the locale writes numbers", () => {
  expect(plain(1_250_000_000, "ca")).toBe("1,3 GB");
});

test("a number is never parted from its unit", () => {
  expect(size(5_000_000_000, "en")).not.toContain(" ");
});
