// One make-believe sync as a row of progress events: look, fetch, write, send, check, tidy.
import type { ArchiveStatus } from "../../types/ArchiveStatus";
import type { Phase } from "../../types/Phase";

export interface Tick {
  phase: Phase;
  done: number;
  total: number | null;
  done_bytes: number;
  total_bytes: number | null;
  path: string | null;
}

const STEPS: Record<Phase, number> = {
  scanning: 10,
  fetching: 420,
  applying: 30,
  posting: 160,
  copying: 0,
  verifying: 12,
  pruning: 4,
};

export function cycle(status: ArchiveStatus): Tick[] {
  const incoming = status.incoming;
  const unsent = status.local_changes;
  return [
    ...phase("scanning", status.files, null),
    ...(incoming.changesets ? phase("fetching", 214, incoming.bytes) : []),
    ...(incoming.changesets ? phase("applying", 214, incoming.bytes) : []),
    ...(unsent.entries ? phase("posting", unsent.entries, unsent.bytes) : []),
    ...(incoming.changesets ? phase("verifying", 214, incoming.bytes) : []),
    ...phase("pruning", 3, null),
  ];
}

function phase(name: Phase, items: number, bytes: number | null): Tick[] {
  const steps = STEPS[name];
  return Array.from({ length: steps }, (_, i) => {
    const share = (i + 1) / steps;
    const done = Math.round(items * share);
    return {
      phase: name,
      done,
      total: items,
      done_bytes: Math.round((bytes ?? 0) * share),
      total_bytes: bytes,
      path: name === "pruning" ? null : `2026/Pyrenees in spring/IMG_${4200 + done}.jpg`,
    };
  });
}
