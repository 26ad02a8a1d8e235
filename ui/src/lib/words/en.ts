// English, written by hand. Other catalogues have the same shape: `Words` in voice.ts.
// No sentence here may claim more than the status it is made from.
import type { Phase } from "../types/Phase";
import { enAccounts } from "./enAccounts";
import { enDamaged } from "./enDamaged";
import { enKeys } from "./enKeys";
import { enLost } from "./enLost";
import { enSamples } from "./enSamples";
import { enSetUp } from "./enSetUp";
import { enSilent } from "./enSilent";
import { enWays } from "./enWays";
import { counter } from "./plural";

const phases: Record<Phase, string> = {
  scanning: "Looking through the drive",
  fetching: "Fetching from the mailbox",
  applying: "Putting files in place",
  posting: "Sending to the mailbox",
  copying: "Copying to the drive",
  verifying: "Checking what was written",
  pruning: "Tidying the mailbox",
};

export function en(locale: string) {
  const count = counter(locale);
  const files = (n: number) => count(n, { one: "# file", other: "# files" });
  const changes = (n: number) => count(n, { one: "# change", other: "# changes" });
  const homes = (n: number) => count(n, { one: "# home", other: "# homes" });
  const filesOrLinks = (n: number) =>
    count(n, { one: "# file or link", other: "# files or links" });
  const part = (n: number, of: number) =>
    n === of
      ? count(n, { one: "The only file is", other: "All # files are" })
      : `${files(n)} of ${count(of, { other: "#" })} ${count(n, { one: "is", other: "are" })}`;
  const them = (n: number) => count(n, { one: "it", other: "them" });

  return {
    files,
    changes,
    homes,
    justNow: "just now",
    never: "never",

    headline: {
      driveAway: (archive: string) => `The drive with “${archive}” is not plugged in.`,
      removed: (by: string) => `${by} took this copy out of the archive.`,
      heldLocal: (n: number) =>
        count(n, {
          one: "# file was deleted here. Did you mean to?",
          other: "# files were deleted here. Did you mean to?",
        }),
      heldRemote: (n: number, by: string | null) =>
        count(n, {
          one: `${by ?? "Another home"} deleted # file. Should it go here too?`,
          other: `${by ?? "Other homes"} deleted # files. Should they go here too?`,
        }),
      heldAll: (n: number) =>
        count(n, {
          one: "The only file is gone from this drive. Did you mean to delete it?",
          other: "All # files are gone from this drive. Did you mean to delete them?",
        }),
      mailboxAway: "The mailbox cannot be reached right now.",
      needs: {
        mailbox_missing: "The mailbox is not in its folder any more.",
        mailbox_away: "Another drive lies where the mailbox was.",
        mailbox_stranger: "The server of the mailbox shows another fingerprint than before.",
      } as Record<string, string>,
      signIn: (service: string) => `Sign in to ${service} again.`,
      empty: "This archive is empty so far.",
      alone: "Only this home has a copy so far.",
      waitingForYou: (size: string) => `${size} are waiting for you in the mailbox.`,
      comingIn: (size: string, left: string | null) =>
        left ? `${size} are coming in, ${left}.` : `${size} are coming in.`,
      incomplete: (n: number, size: string) =>
        n === 0
          ? "The other homes have more than is here yet."
          : count(n, {
              one: `# file (${size} to come) is not on this drive yet.`,
              other: `# files (${size} to come) are not on this drive yet.`,
            }),
      cannotHold: (n: number) =>
        count(n, {
          one: "# file or link cannot be stored on this drive.",
          other: "# files or links cannot be stored on this drive.",
        }),
      waitsForRoom: (n: number, size: string) =>
        count(n, {
          one: `# change (${size}) waits for room in the mailbox.`,
          other: `# changes (${size}) wait for room in the mailbox.`,
        }),
      unsent: (n: number) =>
        count(n, {
          one: "# change made here has not been sent yet.",
          other: "# changes made here have not been sent yet.",
        }),
      goingOut: (n: number, left: string | null) => {
        const told = count(n, {
          one: "# change is on its way to the mailbox",
          other: "# changes are on their way to the mailbox",
        });
        return left ? `${told}, ${left}.` : `${told}.`;
      },
      moreToCome: (names: string, n: number) =>
        `${names} ${count(n, { one: "has", other: "have" })} changes to send that wait for room in the mailbox.`,
      oneBehind: (home: string, n: number) =>
        `${home} is ${changes(n)} behind; ${count(n, { one: "it is", other: "they are" })} waiting in the mailbox.`,
      someBehind: (names: string, n: number) =>
        n === 1
          ? `1 change has still to reach ${names}; it is waiting in the mailbox.`
          : `${names} are up to ${changes(n)} behind; they are waiting in the mailbox.`,
      safeIn: (n: number) => `Everything is safe in ${homes(n)}.`,
      driveCannotStore: (home: string, n: number) =>
        `The drive of ${home} cannot store ${filesOrLinks(n)}.`,
      drivesCannotStore: (names: string, n: number) =>
        `The drives of ${names} cannot store everything: each lacks ${filesOrLinks(n)} at most.`,
      onlyHere: "All is here, and all other homes are parked: only this one counts.",
      oneCatchesUp: (home: string) => `${home} will catch up when it syncs.`,
      someCatchUp: (names: string) => `${names} will catch up when they sync.`,
      manyCatchUp: (n: number) =>
        count(n, {
          one: "# other home will catch up when it syncs.",
          other: "# other homes will catch up when they sync.",
        }),
      unplug: "You can unplug.",
    },

    detail: {
      plugIn: "Plug it in and sync, and it catches up.",
      removed: "Its files stay as they are; nothing is sent or received any more.",
      heldHere: "Nothing is deleted in the other homes until you answer. Everything else goes on.",
      heldAlone: "Nothing is given up until you answer. Everything else goes on.",
      heldElsewhere: "Nothing is deleted here until you answer. Everything else goes on.",
      mailboxAway: (unsent: number) =>
        unsent === 0
          ? "Your files are untouched. What you change waits on this drive until it answers."
          : `${count(unsent, {
              one: "# change made here has not been sent yet: it waits",
              other: "# changes made here have not been sent yet: they wait",
            })} on this drive until it answers.`,
      empty: "Put files into its folder, then sync.",
      alone: "Nothing is sent until a second home joins.",
      incomplete: (n: number) =>
        n === 0
          ? "Sync here, let another home sync, then sync here again."
          : `${count(n, { one: "It arrives", other: "They arrive" })} as the other homes sync, or once this drive has room.`,
      cannotHold: (n: number) =>
        count(n, {
          one: "The other homes keep it.",
          other: "The other homes keep them.",
        }),
      onlyHereStored: (n: number) =>
        `${count(n, { one: "It is", other: "They are" })} in this home only: make a copy on another kind of drive.`,
      notEveryHome: "Not every home has all files: make a copy on another kind of drive.",
      askedOf: (home: string | null) =>
        home === null
          ? "What lacks was asked for. The next sync of another home that has it sends it; sync here after that."
          : `What lacks was asked for. The next sync of ${home} sends it; sync here after that.`,
      askedOfOneOf: (home: string) =>
        `What lacks was asked for. The next sync of ${home} or of another home sends it; sync here after that.`,
      tellsMore: (home: string | null) =>
        `They were asked what it is. The next sync of ${home ?? "another home"} tells it; sync here after that.`,
      tellsMoreOneOf: (home: string) =>
        `They were asked what it is. The next sync of ${home} or of another home tells it; sync here after that.`,
      hasCome: "What was asked for has come. Sync to take it in.",
      pressToReceive: (n: number) => `${changes(n)} from other homes. Sync to receive ${them(n)}.`,
      roomComes: (n: number, visits: number | null, home: string | null, ofEach: boolean) => {
        if (visits === null) {
          return home === null
            ? `${count(n, { one: "It goes", other: "They go" })} as soon as there is room for ${them(n)}.`
            : `The next sync of ${home} makes some.`;
        }
        const each = "each of the other homes";
        const whose = home !== null && ofEach ? `${each}, of ${home} first` : (home ?? each);
        return count(visits, {
          one: `About one more visit of ${whose}, and all has gone.`,
          other: `About # more visits of ${whose}, and all has gone.`,
        });
      },
      moreAsRoomIsMade: (names: string, n: number) =>
        `More of it comes as room is made: sync at ${n === 1 ? names : "each of them"} and here in turn.`,
      foreign: (n: number, size: string) =>
        `${size} in the mailbox are not Offsync’s (${files(n)}): take ${them(n)} out, and there is more room.`,
      roomOnce: (names: string, n: number) =>
        `There is room once ${names} ${count(n, { one: "has", other: "have" })} synced.`,
      newer: (n: number) =>
        count(n, {
          one: "# newer change waits for the next sync.",
          other: "# newer changes wait for the next sync.",
        }),
      unplug: "You can unplug.",
      pressToSend: (n: number, size: string) => `${size}. Sync to put ${them(n)} into the mailbox.`,
      lastSynced: (ago: string) => `Last synced ${ago}.`,
      neverSynced: "Not synced yet.",
      filesHere: (n: number) => `${files(n)} here.`,
    },

    sync: {
      now: "Sync now",
      busy: "Syncing…",
      title: "Sync now (S)",
      needsDrive: "Plug the drive in to sync",
      needsTurn: "Another Offsync is working on this drive",
      starting: "Getting ready",
      failed: {
        sync: "The last sync did not finish.",
        repair: "The check and repair did not finish.",
        forget: "This copy was not forgotten.",
        answer: "Your answer was not carried out.",
      },
      again: "Try again",
      dismiss: "Dismiss",
      of: (done: string, total: string) => `${done} of ${total}`,
      rate: (size: string) => `${size} a second`,
      seconds: (n: number) => count(n, { one: "about # second", other: "about # seconds" }),
      minutes: (n: number) => count(n, { one: "about # minute", other: "about # minutes" }),
      hours: (n: number) => count(n, { one: "about # hour", other: "about # hours" }),
      phases,
    },

    picture: {
      title: "Homes and mailbox",
      yours: "Your home",
      mailbox: "Mailbox",
      nobody: "Nobody else yet",
      notKnown: "The other homes",
      notKnownHint: "Shown once the drive is here.",
      nobodyHint: "A second home makes it safe.",
      upToDate: "Up to date",
      waiting: (n: number) => count(n, { one: "# change waiting", other: "# changes waiting" }),
      waitingHere: (n: number) => count(n, { other: "# to receive" }),
      toCome: (n: number) => count(n, { one: "# file to come", other: "# files to come" }),
      moreToCome: "More to come",
      cannotStore: (n: number) => count(n, { other: "Cannot store #" }),
      toSend: (n: number) => count(n, { other: "# to send" }),
      forRoom: (n: number, newer: number) => {
        const waits = count(n, { one: "# waits for room", other: "# wait for room" });
        return newer === 0 ? waits : `${waits}, ${count(newer, { other: "# new" })}`;
      },
      somethingForYou: "Sent something for you",
      hasMore: "Has more for you",
      parked: "Away for long",
      invited: "Not synced yet",
      unheard: "Not heard of yet",
      notSynced: "not synced yet",
      removed: "No longer takes part",
      driveAway: "Not plugged in",
      seen: (ago: string) => `seen ${ago}`,
      unreachable: "Cannot be reached",
      notLooked: "Not looked at yet",
      used: (used: string) => `${used} in it`,
      usedOf: (used: string, all: string) => `${used} of ${all}`,
      nothingInIt: "Empty",
      nothingWaits: "Nothing is waiting",
      waitsFor: (names: string) => `Waits for ${names}`,
      you: "you",
    },

    lately: {
      title: "Lately",
      from: "From",
      who: "Who has it",
      size: "Size",
      you: "You",
      everyone: "Everyone",
      someOf: (has: number, all: number) =>
        count(all, { one: `${has} of # home`, other: `${has} of # homes` }),
      notYet: (names: string) => `Not yet: ${names}`,
      andMore: (n: number) => count(n, { one: "# more", other: "# more" }),
      nothingSent: "nothing sent",
      empty: "Nothing has happened yet. Changes show here once a sync has found them.",
      notLooked: "What happened lately is shown once the drive is here.",
      all: "All activity",
      added: (n: number) => count(n, { one: "Added a file", other: "Added # files" }),
      changed: (n: number) => count(n, { one: "Changed a file", other: "Changed # files" }),
      deleted: (n: number) => count(n, { one: "Deleted a file", other: "Deleted # files" }),
      moved: (n: number) =>
        count(n, { one: "Moved a file or folder", other: "Moved # files or folders" }),
      touched: (n: number) =>
        count(n, { one: "Updated a file’s date", other: "Updated dates of # files" }),
      content: "Sent content for what comes later",
      alsoAdded: (n: number) => count(n, { one: "added #", other: "added #" }),
      alsoChanged: (n: number) => count(n, { one: "changed #", other: "changed #" }),
      alsoDeleted: (n: number) => count(n, { one: "deleted #", other: "deleted #" }),
      alsoMoved: (n: number) => count(n, { one: "moved #", other: "moved #" }),
      alsoTouched: (n: number) => count(n, { one: "updated # date", other: "updated # dates" }),
      into: (place: string) => `in ${place}`,
    },

    held: {
      local: (n: number, of: number) =>
        `${part(n, of)} gone from this drive. The other homes still have ${them(n)}.`,
      localAlone: (n: number, of: number) =>
        `${part(n, of)} gone from this drive, and no other home has a copy.`,
      putBack: (n: number) =>
        `If that was not meant, plug in the right drive, or put ${them(n)} back from elsewhere and sync.`,
      remote: (n: number, of: number, by: string | null) =>
        `${by ?? (n === 1 ? "Another home" : "Other homes")} deleted ${n === of ? count(n, { one: "the only file", other: "all # files" }) : `${files(n)} of ${count(of, { other: "#" })}`}. Here ${count(n, { one: "it is", other: "they are" })} still in place.`,
      among: (names: string) => `Among them: ${names}.`,
      keptBefore: (n: number, all: boolean) =>
        all
          ? `You said no to losing ${count(n, { one: "it", other: "them" })} before. Another home deleted ${count(n, { one: "it", other: "them" })}, so you are asked again.`
          : count(n, {
              one: "You said no to losing one of them before. Another home deleted it, so you are asked again.",
              other:
                "You said no to losing # of them before. Another home deleted them, so you are asked again.",
            }),
      replaced: (n: number, all: boolean) =>
        all
          ? `Something else takes ${count(n, { one: "its name", other: "their names" })}, and waits, too.`
          : count(n, {
              one: "Something else takes the name of one of them, and waits, too.",
              other: "Something else takes the names of # of them, and waits, too.",
            }),
      keep: (n: number) => count(n, { one: "Keep it", other: "Keep them" }),
      remove: (n: number) =>
        count(n, { one: "Delete it everywhere", other: "Delete them everywhere" }),
      removeAlone: (n: number) => count(n, { one: "Yes, it can go", other: "Yes, they can go" }),
      removeHere: (n: number) => count(n, { one: "Delete it here", other: "Delete them here" }),
      trash: "Deleted files stay in the trash on each drive for a while.",
      too: "The answer that you give above holds for these, too.",
    },

    busy: "Another Offsync is working on this drive.",
    busyHint:
      "This is how it stood before. It is looked at again as soon as the other one is done.",

    conflicts: (n: number) =>
      count(n, {
        one: "A file was changed in two homes at once. Both versions are kept, side by side.",
        other:
          "Files were changed in several homes at once: # other versions are kept beside them.",
      }),
    conflictsHint: "Look for “other version” in the name, and delete the one that you do not need.",

    drive: {
      here: "Plugged in",
      away: "Not plugged in",
      unplug: "Safe to unplug",
      keep: "Keep it plugged in",
      nextTime: (n: number) =>
        count(n, {
          one: "# change goes out at the next sync.",
          other: "# changes go out at the next sync.",
        }),
      bitByBit: "Changes go out as the mailbox has room.",
      free: (free: string, all: string) => `${free} free of ${all}`,
      checked: (ago: string) => `Checked ${ago}`,
      title: "Drive",
    },

    nav: {
      home: "Home",
      activity: "Activity",
      archives: "Archives",
      archive: "Archive",
      add: "Add an archive",
      main: "Main",
      standing: {
        safe: "Safe",
        waiting: "Waiting",
        away: "Not reachable now",
        need: "Needs you",
      },
    },

    activity: { title: "Activity", sub: "Every change, and which homes have it." },

    ...enAccounts(),
    ...enKeys(),
    ...enDamaged(count),
    ...enLost(count),
    ...enSetUp(count),
    ...enSamples(),
    ...enSilent(count),
    ...enWays(),

    trouble: {
      load: "Your archives cannot be shown right now.",
      unknown: "Something went wrong that Offsync has no name for.",
      unknownHint: "Your files are not affected. Try again; if it happens again, restart Offsync.",
    },
  };
}
