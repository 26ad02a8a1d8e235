// States in which something is away, asks for an answer, or failed.
import { CALM } from "./calm";
import { MB } from "./parts";
import { type Scene, three, one } from "./scene";

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
        headline: { kind: "mailbox_away" },
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
          sample: ["2019/Olot/IMG_0412.JPG", "2019/Olot/IMG_0413.JPG", "2019/Olot/IMG_0414.JPG"],
          by: "anna",
        },
        headline: { kind: "held", deletions: 61, of: 214, direction: "remote" },
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
          sample: ["2019/Olot/IMG_0412.JPG", "2019/Olot/IMG_0413.JPG", "2019/Olot/IMG_0414.JPG"],
          by: null,
        },
        headline: { kind: "held", deletions: 61, of: 214, direction: "local" },
      }),
    ),
  "needs-you": () =>
    one(
      three({
        conflicts: 2,
        headline: {
          kind: "needs_you",
          message: "This looks like a copied drive. Plug in the one that you used last.",
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
