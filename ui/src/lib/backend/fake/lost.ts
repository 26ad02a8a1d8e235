// Scenes in which no home has the content of some files any more.
import type { ArchiveStatus } from "../../types/ArchiveStatus";
import type { LostReport } from "../../types/LostReport";
import type { LostView } from "../../types/LostView";
import { DAY, GB, home, MB } from "./parts";
import { anna, grandma, one, type Scene, three } from "./scene";

const FILES: LostView[] = [
  ["2019/Lisbon/The old tram, from the window.mov", 1.4 * GB, "Anna’s home", false],
  ["2019/Lisbon/IMG_0041.jpg", 4.2 * MB, "Anna’s home", false],
  ["Letters/Grandfather 1962.tif", 88 * MB, "Grandma’s home", true],
  ["Notes.txt", 2_140, null, false],
].map(
  ([path, size_bytes, by, damaged_here]) => ({ path, size_bytes, by, damaged_here }) as LostView,
);

/** Gives an archive in which these files are missing, and nothing is amiss once none is. */
export function withLost(status: ArchiveStatus, lost: LostReport): ArchiveStatus {
  const [first] = lost.files;
  const files = lost.files.length;
  return {
    ...status,
    lost_files: files,
    headline: first
      ? { kind: "lost", files, example: first.path, message: "" }
      : { kind: "all_safe", homes: 2 },
  };
}

function missing(files: LostView[], may_be_at: string[]): Scene {
  const lost = { files, may_be_at, given_up: false };
  const parked = home({ label: "Olot", person: "Marc", state: "parked", seen: 400 * DAY });
  const locations = [anna(), grandma(), parked];
  return one(withLost(three({ locations }), lost), { lost });
}

export const LOST: Record<string, () => Scene> = {
  lost: () => missing(FILES, ["Olot"]),
  "lost-one": () => missing(FILES.slice(0, 1), []),
  "lost-many": () => {
    const name = (i: number) => `2019/Lisbon/IMG_${String(i).padStart(4, "0")}.jpg`;
    const photo = (_: unknown, i: number) => ({ ...FILES[1]!, path: name(i) });
    return missing(Array.from({ length: 1_204 }, photo), ["Olot"]);
  },
};
