import { expect, test } from "vitest";
import { scene, SCENE_NAMES } from "../backend/fake/scenes";
import { en } from "./en";
import { counter } from "./plural";
import { chooseLocale, speak } from "./voice";

const NEVER =
  /sync state|replica|changeset|conflict resolution|quota|authenticat|repository|vault|\bnode\b|\bpeer\b|\bdevice\b|\berror\b/i;

test("the first language that there are words for is spoken, else English", () => {
  expect(chooseLocale(["xx-YY", "en-GB"])).toBe("en-GB");
  expect(chooseLocale(["xx"])).toBe("en");
});

test("a form is chosen by the language's own rules for numbers", () => {
  expect(counter("en")(1, { one: "# home", other: "# homes" })).toBe("1 home");
  expect(counter("en")(1204, { one: "# home", other: "# homes" })).toBe("1,204 homes");
  expect(counter("pl")(3, { one: "a", few: "b", many: "c", other: "d" })).toBe("b");
});

test("names are joined as the language joins them", () => {
  expect(speak("en").list(["Anna", "Marc", "Grandma"])).toBe("Anna, Marc, and Grandma");
});

test("no word of experts is in the catalogue", () => {
  for (const said of everything(en("en"))) {
    expect(said).not.toMatch(NEVER);
  }
});

test("nobody is told to type anything", () => {
  const TYPED = /`|OFFSYNC_|fs:\/\/|\boffsync [a-z]|(^|[\s('])--\w/;
  for (const typed of ["Run offsync sync.", "Add --new.", "`join`", "fs:///mnt"]) {
    expect(typed).toMatch(TYPED);
  }
  for (const said of everything(en("en"))) {
    expect(said).not.toMatch(TYPED);
  }
  for (const name of SCENE_NAMES) {
    const { archives, setUpFails, loadFails, syncFails } = scene(name);
    const headlines = archives.map((one) => one.headline);
    expect(JSON.stringify([headlines, setUpFails, loadFails, syncFails]), name).not.toMatch(TYPED);
  }
});

test("no message is empty, and none keeps a mark that was to be replaced", () => {
  for (const said of everything(en("en"))) {
    expect(said).not.toBe("");
    expect(said).not.toMatch(/#|undefined|NaN/);
  }
});

/** Every message, with arguments of the kinds that messages take. */
function everything(words: unknown): string[] {
  if (typeof words === "string") {
    return [words];
  }
  if (typeof words === "function") {
    return [1, 2].map((n) => String((words as (...args: unknown[]) => unknown)(n, n, n)));
  }
  return Object.values(words as object).flatMap(everything);
}
