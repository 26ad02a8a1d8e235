// The bricks that scenes are made of: an archive, a home, a line of history, with fitting defaults.
import type { ArchiveStatus } from "../../types/ArchiveStatus";
import type { ChangeSummary } from "../../types/ChangeSummary";
import type { LocationView } from "../../types/LocationView";
import type { LogLine } from "../../types/LogLine";

export const VERSION = "0.1.0";
const MINUTE_MS = 60_000;
export const HOUR = 60;
export const DAY = 24 * HOUR;
export const MB = 1_000_000;
export const GB = 1_000_000_000;

let next = 1;
export function id(): string {
  return (next++).toString(16).padStart(32, "0");
}

export function minutesAgo(minutes: number): string {
  return new Date(Date.now() - minutes * MINUTE_MS).toISOString();
}

type HomeParts = Partial<LocationView> & { label: string; person: string; seen?: number | null };

export function home({ seen = DAY, ...parts }: HomeParts): LocationView {
  return {
    location_id: id(),
    this: false,
    state: "up_to_date",
    behind: { changesets: 0, bytes: 0 },
    cannot_store: 0,
    waits_for_room: false,
    last_seen: seen === null ? null : minutesAgo(seen),
    last_check: seen === null ? null : minutesAgo(seen),
    root: null,
    ...parts,
  };
}

export function behind(changesets: number, bytes: number): Partial<LocationView> {
  return { state: "behind", behind: { changesets, bytes } };
}

export function archive(parts: Partial<ArchiveStatus>): ArchiveStatus {
  const location_id = parts.location_id ?? id();
  const label = parts.label ?? "Home in Girona";
  const person = parts.person ?? "Pep";
  const mine = home({
    location_id,
    label,
    person,
    this: true,
    seen: 20,
    last_check: minutesAgo(3 * DAY),
  });
  const { locations, ...rest } = parts;
  return {
    archive_id: id(),
    name: "Family photos",
    folder: `/media/pep/Blue drive/${parts.name ?? "Family photos"}`,
    location_id,
    label,
    person,
    drive: { present: true, free_bytes: 812 * GB, total_bytes: 2000 * GB },
    mailbox: { reachable: true, name: "Nextcloud folder", used_bytes: 0, allowance_bytes: 5 * GB },
    local_changes: { entries: 0, bytes: 0 },
    incoming: { changesets: 0, bytes: 0 },
    lacking: { files: 0, bytes: 0 },
    waiting: null,
    skipped: [],
    warnings: [],
    ignored: [],
    ignored_paths: 0,
    busy: false,
    conflicts: 0,
    lost_files: 0,
    damaged_files: 0,
    files: 41_213,
    safe_to_unplug: true,
    last_sync: minutesAgo(20),
    held: null,
    also_held: null,
    silent: [],
    headline: { kind: "alone" },
    ...rest,
    locations: [mine, ...(locations ?? [])],
  };
}

export function line(
  author: LocationView,
  minutes: number,
  bytes: number,
  summary: Partial<ChangeSummary>,
  appliedBy: LocationView[],
): LogLine {
  const counted = { created: 0, modified: 0, deleted: 0, renamed: 0, metadata: 0, ...summary };
  return {
    author: author.location_id,
    author_label: author.label,
    sequence: Math.max(1, 100_000 - minutes),
    created: minutesAgo(minutes),
    entries:
      counted.created + counted.modified + counted.deleted + counted.renamed + counted.metadata,
    bytes,
    summary: { example: null, ...counted },
    applied_by: appliedBy.map((one) => one.location_id),
    pruned: false,
  };
}
