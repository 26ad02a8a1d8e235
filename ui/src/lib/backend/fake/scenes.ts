// Every state that the window must show well, by name. Used by hand, by the screenshots and by tests.
import { ACCOUNTS } from "./accounts";
import { CALM } from "./calm";
import { DAMAGED } from "./damaged";
import { FAMILIES } from "./families";
import { LOST } from "./lost";
import type { Scene } from "./scene";
import { SILENT } from "./silent";
import { TROUBLES } from "./troubles";

const SCENES: Record<string, () => Scene> = {
  ...CALM,
  ...TROUBLES,
  ...DAMAGED,
  ...LOST,
  ...FAMILIES,
  ...SILENT,
  ...ACCOUNTS,
};

export const SCENE_NAMES = Object.keys(SCENES);

export function scene(name: string | null): Scene {
  return (SCENES[name ?? ""] ?? CALM["others-behind"]!)();
}
