// What a scene is made of, and the family that most of them share.
import type { AccountCard } from "../../types/AccountCard";
import type { ArchiveActivity } from "../../types/ArchiveActivity";
import type { ArchiveStatus } from "../../types/ArchiveStatus";
import type { DamagedReport } from "../../types/DamagedReport";
import type { Failure } from "../../types/Failure";
import type { LocationView } from "../../types/LocationView";
import type { LostReport } from "../../types/LostReport";
import type { LogLine } from "../../types/LogLine";
import { archive, DAY, GB, home, HOUR, line, MB } from "./parts";

export interface Scene {
  archives: ArchiveStatus[];
  activity: ArchiveActivity[];
  /** Where in a sync the scene begins, 0 to 1; absent if none runs. */
  syncing?: number;
  syncFails?: string;
  setUpFails?: Failure;
  moveFails?: Failure;
  signInFails?: Failure;
  accountFails?: Failure;
  /** The accounts of this computer, and the one that the mailbox is in. */
  accounts?: AccountCard[];
  account?: AccountCard | undefined;
  /** The key by which the server of an account was known so far. */
  agreed?: string;
  loadFails?: Failure;
  /** The files that no home has; of one archive at most. */
  lost?: LostReport;
  /** The files that are damaged here; of one archive at most. */
  damaged?: DamagedReport[];
}

export const anna = () =>
  home({ location_id: "anna", label: "Anna’s home", person: "Anna", seen: 12 * DAY });
export const grandma = () => home({ label: "Grandma’s home", person: "Montserrat", seen: DAY });
export const marc = () => home({ label: "Figueres", person: "Marc", seen: 5 * DAY });

export function one(status: ArchiveStatus, more: Partial<Scene> = {}): Scene {
  return {
    archives: [status],
    activity: [activityOf(status)],
    ...more,
  };
}

export function activityOf(status: ArchiveStatus): ArchiveActivity {
  return { archive_id: status.archive_id, folder: status.folder, lines: history(status) };
}

export function history(status: ArchiveStatus): LogLine[] {
  const [me, ...others] = status.locations as [LocationView, ...LocationView[]];
  const friend = others[others.length - 1] ?? me;
  const upToDate = status.locations.filter(
    (all) => all.state !== "behind" && all.state !== "invited",
  );
  return [
    line(me, 20, 338 * MB, { created: 214, example: "2026/Pyrenees/IMG_2210.jpg" }, upToDate),
    line(
      friend,
      5 * DAY,
      0,
      { renamed: 31, example: "Scans/Family archive/0001.tif" },
      status.locations,
    ),
    line(
      me,
      9 * DAY,
      1.2 * MB,
      { modified: 3, deleted: 1, example: "House/Renovation/Budget.ods" },
      status.locations,
    ),
    line(
      friend,
      9 * DAY + HOUR,
      4.1 * GB,
      { created: 1, example: "Films/Wedding.mp4" },
      status.locations,
    ),
    line(
      me,
      40 * DAY,
      4200,
      { metadata: 12, example: "2019/Lisbon/IMG_0041.jpg" },
      status.locations,
    ),
  ];
}

export const three = (parts: Partial<ArchiveStatus> = {}) =>
  archive({ locations: [anna(), grandma()], headline: { kind: "all_safe", homes: 3 }, ...parts });
