import { expect, test, vi } from "vitest";
import { fake } from "../backend/fake";
import { en } from "../words/en";
import { speak } from "../words/voice";
import { Session } from "./session.svelte";

async function opened(scene: string) {
  const backend = fake(scene);
  const session = new Session(backend, speak("en"));
  await session.read();
  return { backend, session, asked: () => session.archive!.silent.map((home) => home.label) };
}

test("of two silent homes each has its own answer, and the other is asked about still", async () => {
  const { backend, session, asked } = await opened("silent-two");
  const answer = vi.spyOn(backend, "answerSilent");
  const [grandma, invited] = session.archive!.silent;
  await session.answerSilent(grandma!.location_id, false);
  const { folder } = session.archive!;
  expect(answer).toHaveBeenCalledExactlyOnceWith(folder, grandma!.location_id, false);
  expect(asked()).toEqual([invited!.label]);
  const state = (id: string) =>
    session.archive!.locations.find((home) => home.location_id === id)?.state;
  expect(state(grandma!.location_id)).toBe("parked");
  await session.answerSilent(invited!.location_id, true);
  expect([asked(), state(invited!.location_id)]).toEqual([[], "invited"]);
});

test("an answer that came too late is said, and changes nothing", async () => {
  const { session, asked } = await opened("silent");
  await session.answerSilent("somebody", false);
  expect(session.trouble?.of).toBe("answer");
  expect(session.trouble?.why).toContain("Nothing was changed.");
  expect(asked()).toEqual(["Grandma’s home"]);
});

test("who never came is not said to be away, and each answer names its home aloud", () => {
  const { silent } = en("en");
  expect(silent.title("Grandma’s home", 1_204)).toBe("Grandma’s home has not come for 1,204 days.");
  expect(silent.never("Grandma’s home", 181)).toBe(
    "Grandma’s home was invited 181 days ago and has not come yet.",
  );
  for (const named of [silent.stopNamed, silent.keepNamed]) {
    expect(named("Grandma’s home")).toContain("Grandma’s home");
  }
});
