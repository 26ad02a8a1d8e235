import { expect, test } from "vitest";
import { scene } from "../backend/fake/scenes";
import { mailboxWays } from "./mailbox";

const waysOf = (name: string, isSample = false) => mailboxWays(scene(name).archives[0]!, isSample);

test("a mailbox that answers can be moved, and one that does not is found or begun anew", () => {
  expect(waysOf("others-behind")).toEqual(["move", "elsewhere"]);
  expect(waysOf("mailbox-away")).toEqual(["elsewhere", "lost"]);
  expect(waysOf("mailbox-lost")).toEqual(["elsewhere", "lost"]);
});

test("whose server shows another key is not led to throw the mailbox away", () => {
  expect(waysOf("server-changed")).toEqual(["elsewhere"]);
});

test("nothing is offered that could not be done, or would leave the sample homes behind", () => {
  expect(waysOf("drive-away")).toEqual([]);
  expect(waysOf("removed")).toEqual([]);
  expect(waysOf("samples", true)).toEqual([]);
});
