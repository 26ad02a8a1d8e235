import { expect, test } from "vitest";
import { speak } from "../words/voice";
import { after, before, BLANK, nameOf, problem, STEPS, tidied } from "./setUp";

const { words } = speak("en");
const whole = {
  folder: "/media/pep/Drive/Photos",
  name: "Photos",
  person: "Pep",
  label: "Girona",
  mailbox_folder: "/media/pep/Cloud/mailbox",
  mailbox_account: null,
};
const mailbox = (mailbox_folder: string) => problem("mailbox", { ...whole, mailbox_folder }, words);

test("the way back is the way there", () => {
  for (const step of STEPS) {
    const following = after(step);
    if (following) expect(before(following)).toBe(step);
  }
  expect([before("folder"), after("summary")]).toEqual([null, null]);
});

test("no question can be passed without an answer", () => {
  expect(problem("folder", BLANK, words)).not.toBe(null);
  expect(problem("names", { ...whole, label: "  " }, words)).not.toBe(null);
  expect(problem("mailbox", { ...whole, mailbox_folder: "" }, words)).not.toBe(null);
});

test("good answers raise no question", () => {
  for (const step of STEPS) expect(problem(step, whole, words)).toBe(null);
});

test("the mailbox may not be, hold or lie in the folder with the files", () => {
  expect(mailbox("/media/pep/Drive/Photos/")).toBe(words.setUp.sameFolder);
  expect(mailbox("/media/pep/Drive/Photos/box")).toBe(words.setUp.insideFolder);
  expect(mailbox("/media/pep/Drive")).toBe(words.setUp.aroundFolder);
  expect(mailbox("/media/pep/Drive/Photos 2")).toBe(null);
});

test("a folder's last part is its name, on every system", () => {
  expect(nameOf("/media/pep/Drive/Photos/")).toBe("Photos");
  expect(nameOf("D:\\Photos\\Family")).toBe("Family");
});

test("names are sent without blanks around them", () => {
  expect(tidied({ ...whole, name: "  Photos " }).name).toBe("Photos");
});
