// Archives of every size: two homes, twelve, long names, several archives.
import { archive, behind, DAY, GB, home, MB } from "./parts";
import { activityOf, anna, grandma, marc, one, type Scene, three } from "./scene";

const TWELVE = [
  "Anna’s home",
  "Figueres",
  "Grandma’s home",
  "Joan’s flat",
  "Laia’s studio",
  "Lyon",
  "Núria’s home",
  "Office",
  "Olot",
  "The boat",
  "Uncle Ramon’s home",
];

export const FAMILIES: Record<string, () => Scene> = {
  "many-homes": () => {
    const homes = TWELVE.map((label, i) => ({
      ...home({ label, person: label.split("’")[0]!, seen: (i + 1) * DAY }),
      ...(i === 2 || i === 7 || i === 9 ? behind(4 + i, (i + 1) * 41 * MB) : {}),
      ...(i === 5 ? { state: "parked" as const, behind: { changesets: 88, bytes: 3 * GB } } : {}),
      ...(i === 8 ? { state: "invited" as const, last_seen: null } : {}),
    }));
    return one(
      archive({
        locations: homes,
        mailbox: {
          reachable: true,
          name: "Google Drive",
          used_bytes: 1.4 * GB,
          allowance_bytes: 5 * GB,
        },
        headline: {
          kind: "others_behind",
          safe_homes: 7,
          behind: [homes[2]!.label, homes[7]!.label, homes[9]!.label],
          changesets: 13,
        },
      }),
    );
  },
  "two-homes": () =>
    one(
      archive({
        locations: [grandma()],
        headline: { kind: "all_safe", homes: 2 },
        mailbox: { reachable: true, name: "USB stick", used_bytes: 21_300, allowance_bytes: null },
      }),
    ),
  "two-homes-behind": () =>
    one(
      archive({
        locations: [{ ...grandma(), ...behind(12, 340 * MB) }],
        headline: {
          kind: "others_behind",
          safe_homes: 1,
          behind: ["Grandma’s home"],
          changesets: 12,
        },
        mailbox: {
          reachable: true,
          name: "USB stick",
          used_bytes: 340 * MB,
          allowance_bytes: null,
        },
      }),
    ),
  "cannot-store": () =>
    one(
      archive({
        locations: [{ ...anna(), ...behind(0, 0), cannot_store: 2 }, grandma()],
        headline: {
          kind: "cannot_store",
          safe_homes: 2,
          homes: ["Anna’s home"],
          files: 2,
          only_here: false,
        },
      }),
    ),
  "stored-here-alone": () =>
    one(
      archive({
        locations: [{ ...anna(), ...behind(0, 0), cannot_store: 2 }],
        headline: {
          kind: "cannot_store",
          safe_homes: 1,
          homes: ["Anna’s home"],
          files: 2,
          only_here: true,
        },
      }),
    ),
  invited: () =>
    one(
      archive({
        locations: [
          home({ label: "Grandma’s home", person: "Montserrat", state: "invited", seen: null }),
          { ...anna(), state: "ahead" },
          { ...marc(), state: "parked", behind: { changesets: 44, bytes: GB } },
        ],
        incoming: { changesets: 1, bytes: 2.4 * MB },
        mailbox: {
          reachable: true,
          name: "Nextcloud folder",
          used_bytes: 2.4 * MB,
          allowance_bytes: 5 * GB,
        },
        safe_to_unplug: false,
        headline: { kind: "incoming", changesets: 1, bytes: 2.4 * MB },
      }),
    ),
  "long-names": () =>
    one(
      archive({
        name: "Photographs, letters and everything else that must not get lost",
        person: "Maria del Carme Puigdomènech",
        label: "The old farmhouse above Sant Llorenç de la Muga",
        folder:
          "/media/maria/An external drive with a long name/Photographs, letters and everything else",
        locations: [
          {
            ...home({
              label: "The holiday apartment in Llafranc by the sea",
              person: "Bartholomew Featherstonehaugh",
            }),
            ...behind(1204, 38.6 * GB),
          },
          home({
            label: "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch",
            person: "Gwenllian",
            seen: 400 * DAY,
          }),
        ],
        mailbox: {
          reachable: true,
          name: "A shared folder in the cloud drive of the whole extended family",
          used_bytes: 38.6 * GB,
          allowance_bytes: 40 * GB,
        },
        headline: {
          kind: "others_behind",
          safe_homes: 2,
          behind: ["The holiday apartment in Llafranc by the sea"],
          changesets: 1204,
        },
      }),
    ),
  "two-copies": () => {
    const attic = three();
    const office = archive({
      archive_id: attic.archive_id,
      folder: "/media/pep/Red drive/Family photos",
      label: "Office",
      locations: [anna(), grandma()],
      headline: { kind: "incoming", changesets: 2, bytes: 12 * MB },
      incoming: { changesets: 2, bytes: 12 * MB },
    });
    return { archives: [attic, office], activity: [activityOf(attic), activityOf(office)] };
  },
  several: () => {
    const photos = three();
    const papers = archive({
      name: "Papers",
      folder: "/media/pep/Blue drive/Papers",
      files: 1204,
      locations: [grandma()],
      drive: { present: false, free_bytes: 0, total_bytes: 0 },
      headline: { kind: "drive_away" },
    });
    const music = archive({
      name: "Music",
      locations: [{ ...marc(), ...behind(2, 91 * MB) }],
      headline: { kind: "others_behind", safe_homes: 1, behind: ["Figueres"], changesets: 2 },
    });
    const archives = [photos, papers, music];
    return {
      archives,
      activity: archives.map(activityOf),
    };
  },
};
