// First steps and everyday states: nothing here is wrong.
import { anna, grandma, marc, one, type Scene, three } from "./scene";
import { archive, behind, GB, home, MB, minutesAgo } from "./parts";

export const CALM: Record<string, () => Scene> = {
  "first-run": () => ({ archives: [], activity: [] }),
  alone: () => ({ archives: [archive({ files: 8412 })], activity: [] }),
  empty: () => ({ archives: [archive({ files: 0, last_sync: null })], activity: [] }),
  "up-to-date": () => one(three()),
  "others-behind": () =>
    one(
      archive({
        locations: [{ ...anna(), ...behind(12, 340 * MB) }, marc(), grandma()],
        mailbox: {
          reachable: true,
          name: "Google Drive",
          used_bytes: 340 * MB,
          allowance_bytes: 5 * GB,
        },
        headline: { kind: "others_behind", safe_homes: 3, behind: ["Anna’s home"], changesets: 12 },
      }),
    ),
  waiting: () =>
    one(
      three({
        incoming: { changesets: 3, bytes: 340 * MB },
        safe_to_unplug: false,
        headline: { kind: "incoming", changesets: 3, bytes: 340 * MB },
        mailbox: {
          reachable: true,
          name: "Nextcloud folder",
          used_bytes: 351 * MB,
          allowance_bytes: 5 * GB,
        },
      }),
    ),
  receiving: () => {
    const scene = CALM["waiting"]!();
    return { ...scene, syncing: 0.3 };
  },
  unsent: () =>
    one(
      three({
        local_changes: { entries: 26, bytes: 48.3 * MB },
        headline: { kind: "unsent", entries: 26, bytes: 48.3 * MB },
      }),
    ),
  tight: () =>
    one(
      archive({
        locations: [anna(), marc(), grandma()].map((home) => ({
          ...home,
          ...behind(38, 4.7 * GB),
        })),
        local_changes: { entries: 1_204, bytes: 41.2 * GB },
        waiting: { entries: 1_180, bytes: 41 * GB, visits: 7, waits_on: null },
        headline: {
          kind: "waits_for_room",
          entries: 1_180,
          newer: 24,
          bytes: 41 * GB,
          visits: 7,
          waits_on: null,
        },
        mailbox: {
          reachable: true,
          name: "Nextcloud folder",
          used_bytes: 4.7 * GB,
          allowance_bytes: 5 * GB,
        },
      }),
    ),
  samples: () => {
    const status = archive({
      folder: "/media/pep/Blue drive/Sample homes/Pep’s drive/Family photos",
      label: "Pep’s home",
      files: 10,
      local_changes: { entries: 1, bytes: 24_300 },
      locations: [
        home({ label: "Anna’s home", person: "Anna", seen: 0 }),
        home({
          label: "Grandma’s home",
          person: "Grandma",
          seen: null,
          state: "invited",
          behind: { changesets: 2, bytes: 21_800 },
        }),
      ],
      mailbox: { reachable: true, name: "Mailbox", used_bytes: 31_900, allowance_bytes: null },
      headline: { kind: "unsent", entries: 1, bytes: 24_300 },
      last_sync: minutesAgo(0),
    });
    return one(status);
  },
  sending: () => ({ ...CALM["unsent"]!(), syncing: 0.4 }),
};
