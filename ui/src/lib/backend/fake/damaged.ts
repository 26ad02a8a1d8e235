// Scenes in which files are damaged on this drive, or were edited by a program that left no trace of it.
import type { ArchiveStatus } from "../../types/ArchiveStatus";
import type { DamagedReport } from "../../types/DamagedReport";
import { one, type Scene, three } from "./scene";

const NAMES = [
  "2019/Lisbon/IMG_0041.jpg",
  "Music/Lluís Llach/L’estaca, from the concert in the Palau in 1976.mp3",
  "Letters/Grandfather 1962.tif",
];

/** Gives an archive in which these files are damaged, with something to send for each that was kept. */
export function withDamaged(status: ArchiveStatus, files: DamagedReport[]): ArchiveStatus {
  const [first] = files;
  const { entries, bytes } = status.local_changes;
  const what = `'${first?.path}'${files.length > 1 ? ` and ${files.length - 1} more are` : " is"} damaged on this drive`;
  const asked = files.every((file) => file.asked_for);
  const unsent = files.every((file) => file.unsent);
  return {
    ...status,
    damaged_files: files.length,
    headline: !first
      ? { kind: "unsent", entries, bytes }
      : unsent
        ? {
            kind: "needs_you",
            code: "damaged_unsent",
            message: `'${first.path}' is damaged on this drive, and what it held was not sent yet.`,
            hint: "No other home has it. Open it and look: keep it as it is now, and the next sync sends it.",
          }
        : asked
          ? {
              kind: "needs_you",
              code: "damage_asked_for",
              message: `${what}, and what lacks was asked for.`,
              hint: "The next sync of 'Anna’s home' sends it; sync here after that.",
            }
          : {
              kind: "needs_you",
              code: "damaged",
              message: `${what}.`,
              hint: "Another home may have it whole: check all files here, and ask for what lacks. If you changed it yourself, keep it as it is.",
            },
  };
}

function damaged(names: string[], asked_for: boolean): Scene {
  const files = names.map((path) => ({ path, asked_for, lost: false }));
  return one(withDamaged(three(), files), { damaged: files });
}

export const DAMAGED: Record<string, () => Scene> = {
  damaged: () => damaged(NAMES.slice(0, 1), false),
  "damaged-three": () => damaged(NAMES, false),
  "damaged-unsent": () => {
    const files = [{ path: NAMES[2]!, asked_for: false, lost: false, unsent: true }];
    return one(withDamaged(three(), files), { damaged: files });
  },
  "damage-asked-for": () => damaged(NAMES.slice(0, 1), true),
  "damaged-many": () => {
    const name = (_: unknown, i: number) => `2019/Lisbon/IMG_${String(i).padStart(4, "0")}.jpg`;
    return damaged(Array.from({ length: 1_204 }, name), false);
  },
};
