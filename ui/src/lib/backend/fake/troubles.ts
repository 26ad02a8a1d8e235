// States in which something is away, asks for an answer, or failed.
import { CALM } from "./calm";
import type { LocationView } from "../../types/LocationView";
import type { Turn } from "../../types/Turn";
import { DAY, GB, line, MB } from "./parts";
import { anna, grandma, type Scene, three, one } from "./scene";

/** Thirty-one files that Grandma put in are known here and not on the drive. */
function lacking(used_bytes: number, turn: Turn): Scene {
  const files = { files: 31, bytes: 214 * MB };
  const status = three({
    files: 41_182,
    lacking: files,
    mailbox: { reachable: true, name: "Nextcloud folder", used_bytes, allowance_bytes: 5 * GB },
    headline: { kind: "incomplete", ...files, turn, waits_for: ["Grandma’s home"] },
  });
  const [me, ...others] = status.locations as [LocationView, ...LocationView[]];
  me.state = "behind";
  const scene = one(status);
  const added = { created: 31, example: "Scans/Letters/0001.tif" };
  scene.activity[0]!.lines.splice(1, 1, line(others[1]!, 5 * DAY, 214 * MB, added, others));
  return scene;
}

export const TROUBLES: Record<string, () => Scene> = {
  "set-up-fails": () => ({
    archives: [],
    activity: [],
    setUpFails: {
      code: "mailbox_unwritable",
      message: "Nothing can be written into the mailbox folder. Your files are untouched.",
      hint: "Check that the cloud drive is running, or choose another folder.",
    },
  }),
  "keyring-locked": () => ({
    archives: [],
    activity: [],
    setUpFails: {
      code: "keystore",
      message: "The key of this archive could not be read or kept: the keyring is locked.",
      hint: "Unlock the keyring, or check the passphrase, and try again.",
    },
  }),
  busy: () => one(three({ busy: true })),
  "load-fails": () => ({
    archives: [],
    activity: [],
    loadFails: {
      code: "settings_unreadable",
      message: "Offsync’s settings cannot be read. Your files are not affected.",
      hint: "Restart the computer and open Offsync again.",
    },
  }),
  "drive-away": () =>
    one(
      three({
        drive: { present: false, free_bytes: 0, total_bytes: 0 },
        safe_to_unplug: false,
        headline: { kind: "drive_away" },
      }),
    ),
  "drive-away-unknown": () => {
    const status = three({
      drive: { present: false, free_bytes: 0, total_bytes: 0 },
      mailbox: { reachable: false, name: "Nextcloud folder", used_bytes: 0, allowance_bytes: null },
      files: 0,
      last_sync: null,
      headline: { kind: "drive_away" },
    });
    return { archives: [{ ...status, locations: [] }], activity: [] };
  },
  "mailbox-away": () =>
    one(
      three({
        mailbox: {
          reachable: false,
          name: "Nextcloud folder",
          used_bytes: 0,
          allowance_bytes: null,
        },
        local_changes: { entries: 2, bytes: 3.1 * MB },
        safe_to_unplug: false,
        headline: { kind: "mailbox_away", unsent: 2 },
      }),
    ),
  incomplete: () => lacking(2_100, "others"),
  "incomplete-come": () => lacking(216 * MB, "here"),
  "incomplete-untold": () =>
    one(
      three({
        locations: [{ ...anna(), state: "ahead" }, grandma()],
        mailbox: {
          reachable: true,
          name: "Nextcloud folder",
          used_bytes: 2_100,
          allowance_bytes: 5 * GB,
        },
        headline: {
          kind: "incomplete",
          files: 0,
          bytes: 0,
          turn: "others",
          waits_for: ["Anna’s home", "Grandma’s home"],
        },
      }),
    ),
  held: () =>
    one(
      three({
        files: 214,
        held: {
          reason: "many_deletions",
          direction: "remote",
          deletions: 61,
          of: 214,
          replaced: 0,
          kept: 0,
          sample: ["2019/Olot/IMG_0412.JPG", "2019/Olot/IMG_0413.JPG", "2019/Olot/IMG_0414.JPG"],
          by: "anna",
          by_label: "Anna’s home",
          other_homes: 2,
        },
        headline: { kind: "held", deletions: 61, of: 214, direction: "remote", by: "Anna’s home" },
      }),
    ),
  "held-local": () =>
    one(
      three({
        files: 153,
        held: {
          reason: "many_deletions",
          direction: "local",
          deletions: 61,
          of: 214,
          replaced: 0,
          kept: 0,
          sample: ["2019/Olot/IMG_0412.JPG", "2019/Olot/IMG_0413.JPG", "2019/Olot/IMG_0414.JPG"],
          by: null,
          by_label: null,
          other_homes: 2,
        },
        headline: { kind: "held", deletions: 61, of: 214, direction: "local", by: null },
      }),
    ),
  "held-again": () => {
    const [status] = TROUBLES.held!().archives;
    return one({ ...status!, held: { ...status!.held!, kept: 61 } });
  },
  "held-both": () => {
    const [status] = TROUBLES.held!().archives;
    const [local] = TROUBLES["held-local"]!().archives;
    return one({
      ...status!,
      also_held: { ...local!.held!, deletions: 12, of: 153, replaced: 12 },
    });
  },
  "held-alone": () => {
    const [status] = TROUBLES["held-local"]!().archives;
    const held = { ...status!.held!, other_homes: 0 };
    return one({ ...status!, held, locations: status!.locations.slice(0, 1) });
  },
  removed: () => {
    const scene = one(
      three({
        local_changes: { entries: 2, bytes: 3.1 * MB },
        headline: {
          kind: "removed",
          by: "Anna’s home",
          way_back: "sheet_or_words",
          message: "",
        },
      }),
    );
    scene.archives[0]!.locations[0]!.state = "removed";
    return scene;
  },
  "needs-you": () =>
    one(
      three({
        conflicts: 2,
        headline: {
          kind: "needs_you",
          code: "index_lost",
          message:
            "Offsync's index on this drive is gone. Your files are untouched, and nothing is taken for deleted.",
          hint: "This folder has to join the archive again; Offsync’s README says how.",
        },
      }),
    ),
  "wrong-drive": () =>
    one(
      three({
        drive: { present: false, free_bytes: 0, total_bytes: 0 },
        headline: {
          kind: "needs_you",
          code: "wrong_drive",
          message:
            "This is the drive of 'Grandma’s home', and the drive of 'Pep’s home' belongs here.",
          hint: "Plug in the drive of 'Pep’s home'. Nothing was changed or deleted anywhere.",
        },
      }),
    ),
  "mailbox-not-moved": () => ({
    ...CALM["others-behind"]!(),
    moveFails: {
      code: "mailbox_full",
      message:
        "The mailbox was not moved and is used where it was. There is no room left where it was to go.",
      hint: "Make room where it is to go, or name another place. What got there is no loss: doing the same again goes on from there.",
    },
  }),
  "mailbox-lost": () =>
    one(
      three({
        mailbox: {
          reachable: false,
          name: "Nextcloud folder",
          used_bytes: 0,
          allowance_bytes: null,
        },
        local_changes: { entries: 2, bytes: 3.1 * MB },
        headline: {
          kind: "needs_you",
          code: "mailbox_missing",
          message:
            "The mailbox cannot be used: /media/pep/Nextcloud holds no mailbox of this archive.",
          hint: "Connect the drive or folder that holds the mailbox, then sync. If it was emptied or is lost for good, begin a new one.",
        },
      }),
    ),
  conflicts: () => one(three({ conflicts: 2 })),
  "sync-failed": () => ({
    ...CALM["waiting"]!(),
    syncFails:
      "The connection to the mailbox broke off. Nothing is lost: the next sync goes on where this one stopped.",
    syncing: 0.8,
  }),
};
