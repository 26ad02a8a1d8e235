// The one true sentence, and the quieter one under it. Says what is, what it means for the
// files, and the one thing to do; never more than the status knows.
import type { ArchiveStatus } from "../types/ArchiveStatus";
import type { Headline } from "../types/Headline";
import type { Voice } from "../words/voice";
import { type Progress, timeLeft } from "./progress";

export interface Sentence {
  title: string;
  detail: string;
}

const NAMED_HOMES_MAX = 2;

export function sentence(
  status: ArchiveStatus,
  progress: Progress | null,
  voice: Voice,
  now: Date,
): Sentence {
  return {
    title: title(status, progress, voice),
    detail: detail(status, voice, now),
  };
}

function title(status: ArchiveStatus, progress: Progress | null, voice: Voice): string {
  const words = voice.words.headline;
  const headline = status.headline;
  switch (headline.kind) {
    case "drive_away":
      return words.driveAway(status.name);
    case "needs_you":
      if (headline.code === "sign_in_needed") {
        return words.signIn(status.mailbox.name);
      }
      // What is told with a path to a terminal has a plainer name here.
      return words.needs[headline.code] ?? headline.message;
    case "removed":
      return words.removed(headline.by);
    case "lost":
      return voice.words.lost.headline(headline.files, headline.example.split("/").at(-1)!);
    case "held":
      if (headline.direction === "remote") {
        return words.heldRemote(headline.deletions, headline.by);
      }
      return headline.deletions === headline.of
        ? words.heldAll(headline.deletions)
        : words.heldLocal(headline.deletions);
    case "mailbox_away":
      return words.mailboxAway;
    case "alone":
      return status.files === 0 ? words.empty : words.alone;
    case "incoming":
      return progress
        ? words.comingIn(voice.size(headline.bytes), remaining(progress, voice))
        : words.waitingForYou(voice.size(headline.bytes));
    case "incomplete":
      return headline.turn === "nobody"
        ? words.cannotHold(headline.files)
        : words.incomplete(headline.files, voice.size(headline.bytes));
    case "waits_for_room":
      return words.waitsForRoom(headline.entries, voice.size(headline.bytes));
    case "unsent":
      return progress
        ? words.goingOut(headline.entries, remaining(progress, voice))
        : words.unsent(headline.entries);
    case "more_to_come":
      return words.moreToCome(named(headline.from, voice), headline.from.length);
    case "others_behind":
      return othersBehind(headline, voice);
    case "cannot_store":
      return cannotStore(headline, voice);
    case "all_safe":
      return status.safe_to_unplug && !progress && !status.busy
        ? `${allSafe(headline.homes, voice)} ${words.unplug}`
        : allSafe(headline.homes, voice);
  }
}

function allSafe(homes: number, voice: Voice): string {
  const words = voice.words.headline;
  // Nothing waits for the parked, and nobody knows what they hold: one home alone is not "safe".
  return homes === 1 ? words.onlyHere : words.safeIn(homes);
}

/** Few homes are named, many are counted. */
function named(labels: string[], voice: Voice): string {
  return labels.length <= NAMED_HOMES_MAX ? voice.list(labels) : voice.words.homes(labels.length);
}

function othersBehind(
  headline: Extract<Headline, { kind: "others_behind" }>,
  voice: Voice,
): string {
  const words = voice.words.headline;
  const { behind, changesets, safe_homes } = headline;
  const few = behind.length <= NAMED_HOMES_MAX;
  // One home alone is not "safe": say who lacks what instead.
  if (safe_homes < 2) {
    const names = named(behind, voice);
    return behind.length === 1
      ? words.oneBehind(names, changesets)
      : words.someBehind(names, changesets);
  }
  const rest =
    behind.length === 1
      ? words.oneCatchesUp(behind[0]!)
      : few
        ? words.someCatchUp(voice.list(behind))
        : words.manyCatchUp(behind.length);
  return `${words.safeIn(safe_homes)} ${rest}`;
}

/** Nobody is behind; but one home alone is not "safe". */
function cannotStore(headline: Extract<Headline, { kind: "cannot_store" }>, voice: Voice): string {
  const words = voice.words.headline;
  const { homes, files, safe_homes } = headline;
  const few = homes.length <= NAMED_HOMES_MAX;
  const said =
    homes.length === 1
      ? words.driveCannotStore(homes[0]!, files)
      : words.drivesCannotStore(few ? voice.list(homes) : voice.words.homes(homes.length), files);
  return safe_homes < 2 ? said : `${words.safeIn(safe_homes)} ${said}`;
}

function detail(status: ArchiveStatus, voice: Voice, now: Date): string {
  const words = voice.words.detail;
  const here = words.filesHere(status.files);
  const synced = status.last_sync
    ? words.lastSynced(voice.ago(status.last_sync, now))
    : words.neverSynced;
  switch (status.headline.kind) {
    case "drive_away":
      // After a restart nobody knows when that was.
      return status.last_sync ? `${synced} ${words.plugIn}` : words.plugIn;
    case "needs_you":
      return status.headline.hint || `${here} ${synced}`;
    case "removed":
      return words.removed;
    case "held":
      if (status.headline.direction === "remote") {
        return words.heldElsewhere;
      }
      return status.held?.other_homes === 0 ? words.heldAlone : words.heldHere;
    case "mailbox_away":
      return words.mailboxAway(status.headline.unsent);
    case "alone":
      return status.files === 0 ? words.empty : `${here} ${words.alone}`;
    case "incoming":
      return words.pressToReceive(status.headline.changesets);
    case "incomplete":
      return incomplete(status.headline, voice);
    case "waits_for_room": {
      const { entries, visits, waits_on, of_each = false, newer } = status.headline;
      const more = newer > 0 ? [words.newer(newer)] : [];
      const comes = words.roomComes(entries, visits, waits_on, of_each);
      return [comes, ...more, ...foreign(status, voice), words.unplug].join(" ");
    }
    case "more_to_come": {
      const { from, behind } = status.headline;
      const next =
        behind.length === 0
          ? words.moreAsRoomIsMade(named(from, voice), from.length)
          : words.roomOnce(named(behind, voice), behind.length);
      return [next, ...foreign(status, voice), words.unplug].join(" ");
    }
    case "unsent":
      return words.pressToSend(status.headline.entries, voice.size(status.headline.bytes));
    case "cannot_store":
      return status.headline.safe_homes < 2
        ? `${status.headline.only_here ? words.onlyHereStored(status.headline.files) : words.notEveryHome} ${synced}`
        : `${here} ${synced}`;
    default:
      return `${here} ${synced}`;
  }
}

/** What takes room in the mailbox that nobody but a person can make. */
function foreign(status: ArchiveStatus, voice: Voice): string[] {
  const there = status.mailbox.foreign;
  return there ? [voice.words.detail.foreign(there.files, voice.size(there.bytes))] : [];
}

function incomplete(headline: Extract<Headline, { kind: "incomplete" }>, voice: Voice): string {
  const words = voice.words.detail;
  switch (headline.turn) {
    case "here":
      return words.hasCome;
    case "others": {
      const [first, ...rest] = headline.waits_for;
      // Who does not know yet what lacks was not asked for files, but for what there is.
      const [of, ofOneOf] =
        headline.files === 0
          ? [words.tellsMore, words.tellsMoreOneOf]
          : [words.askedOf, words.askedOfOneOf];
      return first !== undefined && rest.length > 0 ? ofOneOf(first) : of(first ?? null);
    }
    case "nobody":
      return words.cannotHold(headline.files);
    case "unknown":
      return words.incomplete(headline.files);
  }
}

function remaining(progress: Progress, voice: Voice): string | null {
  return timeLeft(progress.secondsLeft, voice.words);
}
