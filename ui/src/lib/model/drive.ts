// What the drive's card says: may it go, and what goes out once it is back.
import type { ArchiveStatus } from "../types/ArchiveStatus";
import type { Words } from "../words/voice";
import { isRemoved, toSend } from "./picture";

export interface DriveWords {
  state: string;
  /** What waits on the drive, where that is no reason to keep it plugged in. */
  next: string | null;
  /** The same where there is no room for a sentence. */
  short: string | null;
}

export function driveWords(archive: ArchiveStatus, syncing: boolean, words: Words): DriveWords {
  const told = words.drive;
  if (!archive.drive.present) {
    return { state: told.away, next: null, short: null };
  }
  if (syncing || archive.busy) {
    return { state: told.keep, next: null, short: null };
  }
  if (!archive.safe_to_unplug) {
    return { state: told.here, next: null, short: null };
  }
  const unsent = archive.local_changes.entries;
  // What waits for room in the mailbox does not go with the next sync, and the headline says when.
  const next = archive.waiting ? told.bitByBit : told.nextTime(unsent);
  return unsent > 0 && !isRemoved(archive)
    ? { state: told.unplug, next, short: toSend(archive, words) }
    : { state: told.unplug, next: null, short: null };
}
