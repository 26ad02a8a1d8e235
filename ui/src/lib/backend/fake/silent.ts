// Homes that have not come for long, and what becomes of a person's answer.
import type { ArchiveStatus } from "../../types/ArchiveStatus";
import type { LocationView } from "../../types/LocationView";
import type { SilentView } from "../../types/SilentView";
import { archive, behind, DAY, GB, home, MB, minutesAgo } from "./parts";
import { anna, marc, one, type Scene } from "./scene";

function silent(home: LocationView, days: number): SilentView {
  const { location_id, label, person, last_seen } = home;
  const since = minutesAgo(days * DAY);
  return { location_id, label, person, since, days, has_come: last_seen !== null };
}

function grandma(): LocationView {
  const seen = 200 * DAY;
  const waits = behind(31, 2.1 * GB);
  return home({ label: "Grandma’s home", person: "Montserrat", seen, ...waits });
}

function withSilent(homes: LocationView[], asked: SilentView[]): Scene {
  return one(
    archive({
      locations: [anna(), ...homes],
      silent: asked,
      mailbox: {
        reachable: true,
        name: "Nextcloud folder",
        used_bytes: 2.1 * GB + 40 * MB,
        allowance_bytes: 5 * GB,
      },
      headline: {
        kind: "others_behind",
        safe_homes: 4 - asked.length,
        behind: asked.map((home) => home.label),
        changesets: 31,
      },
    }),
  );
}

export const SILENT: Record<string, () => Scene> = {
  silent: () => {
    const hers = grandma();
    return withSilent([marc(), hers], [silent(hers, 200)]);
  },
  "silent-two": () => {
    const hers = grandma();
    const invited = home({
      label: "The house in the mountains",
      person: "Aunt Carme",
      seen: null,
      state: "invited",
      behind: { changesets: 31, bytes: 2.1 * GB },
    });
    return withSilent([invited, hers], [silent(hers, 1_204), silent(invited, 181)]);
  },
};

/** A status after a person's answer about one of them: parked, or waited for still. */
export function answered(status: ArchiveStatus, locationId: string, wait: boolean): ArchiveStatus {
  const asked = status.silent.filter((home) => home.location_id !== locationId);
  if (wait) {
    return { ...status, silent: asked };
  }
  const park = (home: LocationView) =>
    home.location_id === locationId ? { ...home, state: "parked" as const } : home;
  const locations = status.locations.map(park);
  const late = locations.filter((home) => home.state === "behind" || home.state === "invited");
  const homes = locations.filter((home) => home.state === "up_to_date").length;
  return {
    ...status,
    silent: asked,
    locations,
    mailbox: {
      ...status.mailbox,
      used_bytes: late.length > 0 ? status.mailbox.used_bytes : 40 * MB,
    },
    headline: late.length > 0 ? status.headline : { kind: "all_safe", homes },
  };
}
