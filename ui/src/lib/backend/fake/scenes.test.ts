import { expect, test } from "vitest";
import { picture } from "../../model/picture";
import { sentence } from "../../model/sentence";
import { speak } from "../../words/voice";
import { cycle } from "./cycle";
import { scene, SCENE_NAMES } from "./scenes";

const voice = speak("en");

test("every scene can be said and drawn without a hole", () => {
  for (const name of SCENE_NAMES) {
    for (const archive of scene(name).archives) {
      const said = JSON.stringify([
        sentence(archive, null, voice, new Date()),
        picture(archive, voice, new Date()),
      ]);
      expect(said, name).not.toMatch(/undefined|NaN/);
    }
  }
});

test("this home comes first and alone in every scene, as the engine promises", () => {
  const all = SCENE_NAMES.flatMap((name) => scene(name).archives);
  // Of a drive that was not here since the start no home is known.
  for (const archive of all.filter((one) => one.drive.present || one.locations.length > 0)) {
    expect(archive.locations.map((home) => home.this).indexOf(true)).toBe(0);
    expect(archive.locations.filter((home) => home.this)).toHaveLength(1);
  }
});

test("a make-believe sync never counts backwards within a phase", () => {
  const ticks = cycle(scene("receiving").archives[0]!);
  ticks.slice(1).forEach((tick, i) => {
    const before = ticks[i]!;
    if (tick.phase === before.phase) expect(tick.done).toBeGreaterThanOrEqual(before.done);
  });
});
