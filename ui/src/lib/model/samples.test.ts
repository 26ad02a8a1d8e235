import { expect, test } from "vitest";
import { archive, behind, home } from "../backend/fake/parts";
import { canPlugIn, chapter } from "./samples";

test("only drives that have something to get can be plugged in, and never one's own", () => {
  const anna = home({ label: "Anna’s home", person: "Anna" });
  const grandma = home({ label: "Grandma’s home", person: "Grandma", state: "invited" });
  const marc = { ...home({ label: "Figueres", person: "Marc" }), ...behind(1, 12) };
  const late = canPlugIn(archive({ locations: [anna, grandma, marc] }));
  expect(late.map((one) => one.person)).toEqual(["Grandma", "Marc"]);
});

test("the story goes from sending to plugging in to its end", () => {
  const late = { ...home({ label: "Anna’s home", person: "Anna" }), ...behind(1, 12) };
  const local_changes = { entries: 1, bytes: 12 };
  expect(chapter(archive({ locations: [late], local_changes }))).toBe("send");
  expect(chapter(archive({ locations: [late] }))).toBe("plug");
  expect(chapter(archive({}))).toBe("told");
});
