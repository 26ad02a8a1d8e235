// Homes around a mailbox, ready to be drawn, listed or read aloud: all three say the same.
// A ring is full only when nothing is missing; colour always comes with a word.
import type { ArchiveStatus } from "../types/ArchiveStatus";
import type { LocationView } from "../types/LocationView";
import type { Voice, Words } from "../words/voice";

export type Mood = "safe" | "waiting" | "away" | "invited";

export interface Home {
  id: string;
  mine: boolean;
  name: string;
  /** Who looks after it, unless the name says so already. */
  person: string | null;
  /** The rest of the second line: my home's label, or when another was seen. */
  note: string | null;
  state: string;
  mood: Mood;
  /** Share of the archive that is there, 0 to 1. */
  share: number;
  seen: string;
  seenExactly: string | null;
  /** What waits for it, as a size; null if nothing does. */
  waiting: string | null;
}

export interface MailboxPicture {
  name: string;
  detail: string;
  reachable: boolean;
  forMe: boolean;
  forOthers: boolean;
  /** Shares of the allowance, by whom they wait for; null if it is unlimited. */
  fill: { mine: number; others: number; rest: number } | null;
  waitsFor: string | null;
}

export interface Picture {
  mine: Home;
  others: Home[];
  /** What stands where no other home can be drawn: there is none, or none is known while the drive is away. */
  nobody: { name: string; hint: string };
  mailbox: MailboxPicture;
  incoming: string | null;
  outgoing: string | null;
}

/** What homes say of themselves stays in a mailbox that is empty otherwise; it is never more than this. */
const NOTES_BYTES_MAX = 1_000_000;
/** A gap that the eye can see, however little is missing. */
const GAP_MIN = 0.08;

export function picture(status: ArchiveStatus, voice: Voice, now: Date): Picture {
  const words = voice.words.picture;
  const locations = status.locations.filter((location) => location.state !== "removed");
  const others = locations
    .filter((location) => !location.this)
    .map((location) => other(location, status, voice, now));
  return {
    mine: mine(status, voice, now),
    others,
    nobody:
      status.locations.length > 0
        ? { name: words.nobody, hint: words.nobodyHint }
        : { name: words.notKnown, hint: words.notKnownHint },
    mailbox: mailbox(status, others, voice),
    incoming: status.incoming.changesets > 0 ? voice.size(status.incoming.bytes) : null,
    outgoing: outgoing(status, voice),
  };
}

/** The size on the line is that of the headline, where that speaks of what goes out. */
function outgoing(status: ArchiveStatus, voice: Voice): string | null {
  const { headline, local_changes } = status;
  const told = headline.kind === "waits_for_room" ? headline.bytes : local_changes.bytes;
  return local_changes.entries > 0 && !isRemoved(status) ? voice.size(told) : null;
}

/** A copy that was taken out of the archive sends and receives nothing. */
export function isRemoved(status: ArchiveStatus): boolean {
  return status.headline.kind === "removed";
}

/** What is to be sent, counted as the headline counts it: what waits for room, and what is newer. */
export function toSend(status: ArchiveStatus, words: Words): string {
  const { headline, local_changes } = status;
  return headline.kind === "waits_for_room"
    ? words.picture.forRoom(headline.entries, headline.newer)
    : words.picture.toSend(local_changes.entries);
}

function mine(status: ArchiveStatus, voice: Voice, now: Date): Home {
  const words = voice.words.picture;
  const incoming = status.incoming.changesets;
  const unsent = status.local_changes.entries;
  const lacking = status.lacking.files;
  const away = !status.drive.present;
  // The headline alone knows of what was not even told here yet.
  const { headline } = status;
  const incomplete = lacking > 0 || headline.kind === "incomplete";
  // What this drive cannot store does not come, and nobody waits for it.
  const unfit = headline.kind === "incomplete" && headline.turn === "nobody";
  const waiting = incoming > 0 || unsent > 0 || (incomplete && !unfit);
  const removed = isRemoved(status);
  return {
    id: status.location_id,
    mine: true,
    name: words.yours,
    person: null,
    note: status.label,
    state: away
      ? words.driveAway
      : removed
        ? words.removed
        : incoming > 0
          ? words.waitingHere(incoming)
          : lacking > 0
            ? unfit
              ? words.cannotStore(lacking)
              : words.toCome(lacking)
            : incomplete
              ? words.moreToCome
              : unsent > 0
                ? toSend(status, voice.words)
                : words.upToDate,
    mood: away || removed ? "away" : waiting ? "waiting" : unfit ? "away" : "safe",
    share: incomplete
      ? shareThere(1, status.lacking.bytes, status)
      : shareThere(incoming, status.incoming.bytes, status),
    seen: status.last_sync ? voice.ago(status.last_sync, now) : voice.words.never,
    seenExactly: status.last_sync && voice.exactly(status.last_sync),
    waiting: incoming > 0 ? voice.size(status.incoming.bytes) : null,
  };
}

function other(location: LocationView, status: ArchiveStatus, voice: Voice, now: Date): Home {
  const words = voice.words.picture;
  const seen = location.last_seen ? voice.ago(location.last_seen, now) : voice.words.never;
  const invited = location.state === "invited";
  // A parked home is not waited for: nothing is kept in the mailbox for it.
  const parked = location.state === "parked";
  const waits = location.behind.changesets > 0 && !parked;
  const unfit = location.cannot_store > 0;
  return {
    id: location.location_id,
    mine: false,
    name: location.label,
    person: location.label.includes(location.person) ? null : location.person,
    // Who has never synced may not have heard of those who have been there for long.
    note: location.last_seen
      ? words.seen(seen)
      : waits && status.last_sync !== null
        ? words.notSynced
        : null,
    state: stateWords(location, status, voice),
    mood: parked || unfit ? "away" : waits ? "waiting" : invited ? "invited" : "safe",
    share: invited
      ? 0
      : unfit
        ? shareThere(1, 0, status)
        : shareThere(location.behind.changesets, location.behind.bytes, status),
    seen,
    seenExactly: location.last_seen && voice.exactly(location.last_seen),
    waiting: waits ? voice.size(location.behind.bytes) : null,
  };
}

function stateWords(location: LocationView, status: ArchiveStatus, voice: Voice): string {
  const words = voice.words.picture;
  switch (location.state) {
    case "up_to_date":
      return words.upToDate;
    case "behind":
      return location.cannot_store > 0
        ? words.cannotStore(location.cannot_store)
        : words.waiting(location.behind.changesets);
    case "ahead":
      // What it sent may be gone from the mailbox again: then it has to be told once more.
      return status.incoming.changesets > 0 ? words.somethingForYou : words.hasMore;
    case "parked":
      return words.parked;
    case "invited":
      return location.behind.changesets > 0
        ? words.waiting(location.behind.changesets)
        : status.last_sync === null
          ? words.unheard
          : words.invited;
    case "removed":
      return words.removed;
  }
}

/**
 * The part of the archive that a home has. What the drive holds in all stands for the archive's
 * size, so a small lack is drawn as the smallest gap that can be seen.
 */
function shareThere(changesets: number, bytes: number, status: ArchiveStatus): number {
  if (changesets === 0) {
    return 1;
  }
  const held = status.drive.total_bytes - status.drive.free_bytes;
  const lacks = held > 0 ? bytes / Math.max(held, bytes) : 0;
  return 1 - Math.max(GAP_MIN, Math.min(1, lacks));
}

function mailbox(status: ArchiveStatus, others: Home[], voice: Voice): MailboxPicture {
  const words = voice.words.picture;
  const { name, reachable, used_bytes, allowance_bytes } = status.mailbox;
  const { headline } = status;
  const hasCome = headline.kind === "incomplete" && headline.turn === "here";
  const forMe = status.incoming.changesets > 0 || hasCome;
  const waiting = others.filter((home) => home.waiting !== null).map((home) => home.name);
  const named = waiting.length > 1 ? [voice.words.homes(waiting.length)] : waiting;
  const all = forMe ? [words.you, ...named] : named;
  const used = voice.size(used_bytes);
  return {
    name,
    detail: !reachable
      ? status.drive.present
        ? words.unreachable
        : words.notLooked
      : used_bytes === 0
        ? words.nothingInIt
        : all.length === 0 && used_bytes < NOTES_BYTES_MAX
          ? words.nothingWaits
          : allowance_bytes !== null
            ? words.usedOf(used, voice.size(allowance_bytes))
            : words.used(used),
    // What was not looked at is not drawn as if it were gone.
    reachable: reachable || !status.drive.present,
    forMe,
    forOthers: waiting.length > 0,
    fill: allowance_bytes ? fill(status, allowance_bytes, waiting.length > 0) : null,
    waitsFor: all.length > 0 ? words.waitsFor(voice.list(all)) : null,
  };
}

function fill(status: ArchiveStatus, allowance: number, forOthers: boolean) {
  const used = Math.min(status.mailbox.used_bytes, allowance);
  const mine = Math.min(status.incoming.bytes, used);
  const rest = (used - mine) / allowance;
  return {
    mine: mine / allowance,
    others: forOthers ? rest : 0,
    rest: forOthers ? 0 : rest,
  };
}
