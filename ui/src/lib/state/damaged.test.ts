import { expect, test, vi } from "vitest";
import { fake } from "../backend/fake";
import { speak } from "../words/voice";
import { DamagedFiles } from "./damaged.svelte";
import { Session } from "./session.svelte";

async function opened(scene = "damaged-three") {
  const backend = fake(scene);
  const session = new Session(backend, speak("en"));
  await session.read();
  const damaged = new DamagedFiles(session, session.archive!.folder);
  await damaged.read();
  return { backend, session, damaged };
}

test("one file is kept at a time, the one that was asked about, and it is sent as a change", async () => {
  const { backend, session, damaged } = await opened();
  const keep = vi.spyOn(backend, "keepDamaged");
  const [, second] = damaged.files!;
  await damaged.keep();
  expect(keep).not.toHaveBeenCalled();
  damaged.asked = second!;
  await Promise.all([damaged.keep(), damaged.keep()]);
  expect(keep).toHaveBeenCalledExactlyOnceWith(session.archive!.folder, second);
  expect([damaged.asked, damaged.working]).toEqual([null, false]);
  expect(damaged.kept).toBe("L’estaca, from the concert in the Palau in 1976.mp3");
  expect(damaged.files!.map((file) => file.path)).not.toContain(second!.path);
  expect(session.archive!.local_changes.entries).toBe(1);
});

test("a file that is damaged no more is refused, said, and nothing is kept", async () => {
  const { session, damaged } = await opened();
  damaged.asked = { path: "whole.jpg", asked_for: false, lost: false };
  await damaged.keep();
  expect([damaged.failure?.code, damaged.kept, damaged.asked]).toEqual(["not_damaged", null, null]);
  expect(damaged.files!.length).toBe(3);
  expect(session.archive!.headline.kind).toBe("needs_you");
});

test("once the last one is kept, nothing is damaged and there is something to send", async () => {
  const { session, damaged } = await opened("damaged");
  damaged.asked = damaged.files![0]!;
  await damaged.keep();
  expect(damaged.files).toEqual([]);
  expect(session.archive!.headline).toMatchObject({ kind: "unsent", entries: 1 });
});
