import { expect, test, vi } from "vitest";
import { fake } from "../backend/fake";
import { isFailure } from "../backend/backend";
import { speak } from "../words/voice";
import { LostFiles } from "./lost.svelte";
import { Session } from "./session.svelte";

async function opened(scene = "lost") {
  const backend = fake(scene);
  const session = new Session(backend, speak("en"));
  await session.read();
  const lost = new LostFiles(session, session.archive!.folder);
  await lost.read();
  return { backend, session, lost };
}

test("what is given up is what was shown, without what stands here damaged", async () => {
  const { backend, session, lost } = await opened();
  const giveUp = vi.spyOn(backend, "giveUp");
  expect(session.archive!.lost_files).toBe(lost.report!.files.length);
  const chosen = lost.chosen.map((file) => file.path);
  lost.asked = true;
  await lost.giveUp();
  expect(giveUp).toHaveBeenCalledExactlyOnceWith(session.archive!.folder, chosen);
  expect([lost.asked, lost.working, lost.givenUp]).toEqual([false, false, chosen.length]);
  expect(lost.report!.files.every((file) => file.damaged_here)).toBe(true);
  expect(session.archive!.lost_files).toBe(lost.report!.files.length);
});

test("nothing is given up twice, or where nothing was read", async () => {
  const { backend, session, lost } = await opened();
  const giveUp = vi.spyOn(backend, "giveUp");
  await Promise.all([lost.giveUp(), lost.giveUp()]);
  expect(giveUp).toHaveBeenCalledTimes(1);
  await new LostFiles(session, session.archive!.folder).giveUp();
  expect(giveUp).toHaveBeenCalledTimes(1);
});

test("a list that has changed meanwhile is refused, said, and shown as it was", async () => {
  const { backend, session, lost } = await opened();
  lost.report = { ...lost.report!, files: lost.report!.files.slice(1) };
  await lost.giveUp();
  expect(isFailure(lost.failure) && lost.failure.code).toBe("lost_changed");
  expect(lost.givenUp).toBe(null);
  expect(session.archive!.lost_files).toBe((await backend.lost(lost.folder)).files.length);
});
