// A backend for a plain browser: it plays one scene, named by `?scene=`, and keeps what is
// done to it until the page is left. Its events follow the same order as the engine's.
import type { ArchiveActivity } from "../types/ArchiveActivity";
import type { ArchiveStatus } from "../types/ArchiveStatus";
import type { DamagedReport } from "../types/DamagedReport";
import type { Event } from "../types/Event";
import type { Failure } from "../types/Failure";
import type { LostReport } from "../types/LostReport";
import type { Overview } from "../types/Overview";
import type { Backend } from "./backend";
import { accounts, SERVICES } from "./fake/accounts";
import { cycle, type Tick } from "./fake/cycle";
import { scene } from "./fake/scenes";
import { withDamaged } from "./fake/damaged";
import { withLost } from "./fake/lost";
import { answered } from "./fake/silent";
import { archive, VERSION } from "./fake/parts";

const TICK_MS = 120;
const ANSWER_MS = 60;
const MOVE_MS = 4000;
const UP_TO_DATE = { state: "up_to_date" as const, behind: { changesets: 0, bytes: 0 } };
const NONE_LOST: LostReport = { files: [], may_be_at: [], given_up: false };
const LOST_CHANGED: Failure = {
  code: "lost_changed",
  message: "Other files are missing by now than those that you saw. Nothing was given up.",
  hint: "Look at the list again.",
};

const NOT_DAMAGED: Failure = {
  code: "not_damaged",
  message:
    "That file is not known to be damaged on this drive, so there is nothing to decide about it.",
  hint: "Look at the list again.",
};

const NOT_SILENT: Failure = {
  code: "not_silent",
  message: "It came meanwhile, or somebody else answered. Nothing was changed.",
  hint: "Look again.",
};

const NO_MAILBOX_THERE: Failure = {
  code: "mailbox_missing",
  message: "The mailbox cannot be used: that folder holds no mailbox of this archive.",
  hint: "Connect the drive or folder that holds the mailbox, then sync.",
};

export function fake(name: string | null): Backend {
  const played = scene(name);
  let archives: ArchiveStatus[] = played.archives;
  let activity: ArchiveActivity[] = played.activity;
  let lost: LostReport = played.lost ?? NONE_LOST;
  let damaged: DamagedReport[] = played.damaged ?? [];
  const syncing = new Set<string>();
  const listeners = new Set<(event: Event) => void>();

  if (played.syncing) {
    listenersReady(() => run(archives[0]!, played.syncing ?? 0));
  }

  return {
    ...accounts(played, tell, (folder) => {
      change(folder, (one) => {
        const { entries, bytes } = one.local_changes;
        const mailbox = { ...one.mailbox, reachable: true };
        return { ...one, mailbox, headline: { kind: "unsent", entries, bytes } };
      });
      run(
        archives.find((one) => one.folder === folder)!,
        0,
      );
    }),
    overview: () =>
      soon<Overview>(() => {
        if (played.loadFails) {
          throw played.loadFails;
        }
        const samples = archives.map((one) => one.folder).filter((one) => isSample(one));
        return { archives, activity, syncing: [...syncing], samples, version: VERSION };
      }),
    syncNow: async (folder) => {
      const found = archives.find((one) => one.folder === folder);
      if (found && !syncing.has(folder)) {
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
          ...which(made),
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
      const samples = scene("samples");
      activity = [...activity, ...samples.activity];
      return add(samples.archives[0]!);
    },
    plugInSample: async (locationId) => {
      await pause(900);
      archives = archives.map((one) => (isSample(one.folder) ? caughtUp(one, locationId) : one));
      archives.forEach((one) => tell({ event: "status_changed", ...which(one) }));
    },
    removeSamples: async () => {
      await pause(ANSWER_MS);
      archives = archives.filter((one) => !isSample(one.folder));
    },
    pickFolder: (title) =>
      soon(() =>
        title.toLowerCase().includes("mailbox")
          ? "/media/pep/Nextcloud/offsync-mailbox"
          : "/media/pep/Blue drive/Family photos",
      ),
    suggestedNames: () => soon(() => ({ person: "Pep", label: "Pep’s home" })),
    answerHeld: async (folder) => {
      await pause(ANSWER_MS);
      change(folder, (one) => ({
        ...one,
        held: null,
        headline: { kind: "all_safe", homes: one.locations.length },
      }));
    },
    answerSilent: async (folder, locationId, wait) => {
      await pause(ANSWER_MS);
      if (!archives.some((one) => one.silent.some((home) => home.location_id === locationId))) {
        throw NOT_SILENT;
      }
      change(folder, (one) => answered(one, locationId, wait));
    },
    lost: (folder) => soon(() => lostOf(folder)),
    giveUp: async (folder, paths) => {
      await pause(ANSWER_MS);
      const can = lostOf(folder).files.filter((file) => !file.damaged_here);
      if (can.map((file) => file.path).join("\n") !== paths.join("\n")) {
        throw LOST_CHANGED;
      }
      lost = { ...lost, files: lost.files.filter((file) => file.damaged_here) };
      change(folder, (one) => withLost(one, lost));
    },
    repair: async (folder) => {
      const found = archives.find((one) => one.folder === folder);
      if (found && !syncing.has(folder)) {
        run(found, 0);
      }
    },
    damaged: () => soon(() => damaged),
    keepDamaged: async (folder, { path }) => {
      await pause(ANSWER_MS);
      if (!damaged.some((file) => file.path === path)) {
        throw NOT_DAMAGED;
      }
      damaged = damaged.filter((file) => file.path !== path);
      change(folder, (one) => {
        const { entries, bytes } = one.local_changes;
        const local_changes = { entries: entries + 1, bytes: bytes + 4_200_000 };
        return withDamaged({ ...one, local_changes }, damaged);
      });
    },
    useMailbox: async (folder, place, begin) => {
      await pause(ANSWER_MS);
      if (!begin) {
        throw NO_MAILBOX_THERE;
      }
      change(folder, (one) => withMailbox(one, place));
    },
    useMailboxIn: async (folder, account, begin) => {
      await pause(ANSWER_MS);
      if (!begin) {
        throw NO_MAILBOX_THERE;
      }
      const name = SERVICES.find((one) => one.id === account)?.name ?? account;
      change(folder, (one) => withMailbox(one, name));
    },
    moveMailbox: async (folder, place) => {
      await pause(MOVE_MS);
      if (played.moveFails) {
        throw played.moveFails;
      }
      change(folder, (one) => ({ ...one, mailbox: { ...one.mailbox, name: lastName(place) } }));
      return 0;
    },
    moveMailboxInto: async (folder, account) => {
      await pause(MOVE_MS);
      const name = SERVICES.find((one) => one.id === account)?.name ?? account;
      change(folder, (one) => ({ ...one, mailbox: { ...one.mailbox, name } }));
      return 0;
    },
    forget: async (folder) => {
      await pause(ANSWER_MS);
      archives = archives.filter((one) => one.folder !== folder);
    },
    onEvent: async (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onChosen: async () => () => {},
  };

  function lostOf(folder: string): LostReport {
    return archives.find((one) => one.folder === folder)?.lost_files ? lost : NONE_LOST;
  }

  function change(folder: string, to: (one: ArchiveStatus) => ArchiveStatus) {
    archives = archives.map((one) => (one.folder === folder ? to(one) : one));
    archives
      .filter((one) => one.folder === folder)
      .forEach((one) => tell({ event: "status_changed", ...which(one) }));
  }

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
    tell({ event: "status_changed", ...which(made) });
    return made;
  }

  function run(status: ArchiveStatus, from: number) {
    const { folder } = status;
    const ticks: Tick[] = cycle(status);
    let at = Math.floor(ticks.length * from);
    syncing.add(folder);
    tell({ event: "sync_started", ...which(status) });
    const timer = setInterval(() => {
      const tick = ticks[at];
      at += 1;
      if (tick && !(played.syncFails && at > ticks.length / 3)) {
        tell({ event: "progress", ...which(status), ...tick });
        return;
      }
      clearInterval(timer);
      syncing.delete(folder);
      const error = played.syncFails ?? null;
      if (!error) {
        archives = archives.map((one) => (one.folder === folder ? afterSync(one) : one));
      }
      tell({ event: "sync_finished", ...which(status), error, safe_to_unplug: !error });
      tell({ event: "status_changed", ...which(status) });
    }, TICK_MS);
  }
}

function which(status: ArchiveStatus) {
  return { archive_id: status.archive_id, folder: status.folder };
}

function withMailbox(status: ArchiveStatus, place: string): ArchiveStatus {
  const { entries, bytes } = status.local_changes;
  return {
    ...status,
    mailbox: { ...status.mailbox, reachable: true, name: lastName(place), used_bytes: 0 },
    headline:
      entries > 0
        ? { kind: "unsent", entries, bytes }
        : { kind: "all_safe", homes: status.locations.length },
  };
}

function lastName(place: string): string {
  return place.split("/").at(-1)!;
}

function isSample(folder: string): boolean {
  return folder.includes("Sample homes");
}

function caughtUp(status: ArchiveStatus, locationId: string): ArchiveStatus {
  const locations = status.locations.map((home) =>
    home.location_id === locationId
      ? { ...home, ...UP_TO_DATE, last_seen: new Date().toISOString() }
      : home,
  );
  const late = locations.filter((home) => home.state !== "up_to_date");
  const homes = locations.length;
  return {
    ...status,
    locations,
    mailbox: { ...status.mailbox, used_bytes: late.length > 0 ? status.mailbox.used_bytes : 0 },
    headline:
      status.local_changes.entries > 0
        ? status.headline
        : late.length > 0
          ? {
              kind: "others_behind",
              safe_homes: homes - late.length,
              behind: late.map((home) => home.label),
              changesets: 3,
            }
          : { kind: "all_safe", homes },
  };
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
