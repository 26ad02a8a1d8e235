// A backend for a plain browser: it plays one scene, named by `?scene=`, and keeps what is
// done to it until the page is left. Its events follow the same order as the engine's.
import type { ArchiveStatus } from "../types/ArchiveStatus";
import type { Event } from "../types/Event";
import type { Overview } from "../types/Overview";
import type { Backend } from "./backend";
import { cycle, type Tick } from "./fake/cycle";
import { scene } from "./fake/scenes";
import { archive, VERSION } from "./fake/parts";

const TICK_MS = 120;
const ANSWER_MS = 60;

export function fake(name: string | null): Backend {
  const played = scene(name);
  let archives: ArchiveStatus[] = played.archives;
  const syncing = new Set<string>();
  const listeners = new Set<(event: Event) => void>();

  if (played.syncing) {
    listenersReady(() => run(archives[0]!, played.syncing ?? 0));
  }

  return {
    overview: () =>
      soon<Overview>(() => {
        if (played.loadFails) {
          throw played.loadFails;
        }
        return { archives, activity: played.activity, syncing: [...syncing], version: VERSION };
      }),
    syncNow: async (archiveId) => {
      const found = archives.find((one) => one.archive_id === archiveId);
      if (found && !syncing.has(archiveId)) {
        run(found, 0);
      }
    },
    setUp: async (request) => {
      if (played.setUpFails) {
        await pause(600);
        throw played.setUpFails;
      }
      const made = archive({ ...request, files: 8412 });
      for (let done = 0; done <= 8412; done += 401) {
        tell({
          event: "progress",
          archive_id: made.archive_id,
          phase: "scanning",
          done,
          total: null,
          done_bytes: done * 2_400_000,
          total_bytes: null,
          path: `2024/Summer/IMG_${4000 + done}.jpg`,
        });
        await pause(TICK_MS);
      }
      return add(made);
    },
    trySamples: async () => {
      await pause(900);
      return add(scene("up-to-date").archives[0]!);
    },
    pickFolder: (title) =>
      soon(() =>
        title.toLowerCase().includes("mailbox")
          ? "/media/pep/Nextcloud/offsync-mailbox"
          : "/media/pep/Blue drive/Family photos",
      ),
    suggestedNames: () => soon(() => ({ person: "Pep", label: "Pep’s home" })),
    answerHeld: async (archiveId) => {
      await pause(ANSWER_MS);
      archives = archives.map((one) =>
        one.archive_id === archiveId
          ? { ...one, held: null, headline: { kind: "all_safe", homes: one.locations.length } }
          : one,
      );
      tell({ event: "status_changed", archive_id: archiveId });
    },
    onEvent: async (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };

  function tell(event: Event) {
    listeners.forEach((listener) => listener(event));
  }

  /** Holds a scene's first events back until somebody listens. */
  function listenersReady(begin: () => void) {
    const timer = setInterval(() => {
      if (listeners.size > 0) {
        clearInterval(timer);
        begin();
      }
    }, 20);
  }

  function add(made: ArchiveStatus): ArchiveStatus {
    archives = [...archives, made];
    tell({ event: "status_changed", archive_id: made.archive_id });
    return made;
  }

  function run(status: ArchiveStatus, from: number) {
    const id = status.archive_id;
    const ticks: Tick[] = cycle(status);
    let at = Math.floor(ticks.length * from);
    syncing.add(id);
    tell({ event: "sync_started", archive_id: id });
    const timer = setInterval(() => {
      const tick = ticks[at];
      at += 1;
      if (tick && !(played.syncFails && at > ticks.length / 3)) {
        tell({ event: "progress", archive_id: id, ...tick });
        return;
      }
      clearInterval(timer);
      syncing.delete(id);
      const error = played.syncFails ?? null;
      if (!error) {
        archives = archives.map((one) => (one.archive_id === id ? afterSync(one) : one));
      }
      tell({ event: "sync_finished", archive_id: id, error, safe_to_unplug: !error });
      tell({ event: "status_changed", archive_id: id });
    }, TICK_MS);
  }
}

function afterSync(status: ArchiveStatus): ArchiveStatus {
  const settled = status.headline.kind === "incoming" || status.headline.kind === "unsent";
  return {
    ...status,
    incoming: { changesets: 0, bytes: 0 },
    local_changes: { entries: 0, bytes: 0 },
    last_sync: new Date().toISOString(),
    safe_to_unplug: true,
    headline: settled ? { kind: "all_safe", homes: status.locations.length } : status.headline,
  };
}

async function soon<T>(answer: () => T): Promise<T> {
  await pause(ANSWER_MS);
  return answer();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
