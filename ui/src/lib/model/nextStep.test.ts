import { expect, test } from "vitest";
import { scene } from "../backend/fake/scenes";
import { isDamaged, nextStep, syncsToo } from "./nextStep";

test("the main button does what helps, and is not there where nothing one presses does", () => {
  const step = (name: string) => nextStep(scene(name).archives[0]!);
  expect(step("up-to-date")).toBe("sync");
  expect(step("removed")).toBe("none");
  expect(step("damaged")).toBe("repair");
  expect(step("damaged-unsent")).toBe("sync");
  expect(step("mailbox-lost")).toBe("mailbox");
  expect(step("needs-you")).toBe("none");
  expect(step("wrong-drive")).toBe("none");
  expect(step("mailbox-away")).toBe("sync");
  expect(step("held")).toBe("sync");
  expect(step("signed-out")).toBe("sign-in");
  expect(step("server-changed")).toBe("compare");
});

test("damage leads to its list also where it was asked for already", () => {
  const leads = (name: string) => isDamaged(scene(name).archives[0]!);
  expect(["damaged", "damaged-unsent", "damage-asked-for", "needs-you", "lost"].map(leads)).toEqual(
    [true, true, true, false, false],
  );
});

test("where the mailbox lacks, a sync is offered beside the way to find it", () => {
  expect(syncsToo(nextStep(scene("mailbox-lost").archives[0]!))).toBe(true);
  expect(syncsToo(nextStep(scene("wrong-drive").archives[0]!))).toBe(false);
});
