// How an archive stands, in one of four signs: for the list of archives, and for the tray's twin.
import type { ArchiveStatus } from "../types/ArchiveStatus";

export type Standing = "safe" | "waiting" | "away" | "need";

export function standing(archive: ArchiveStatus): Standing {
  // What another Offsync holds, and was never seen before, asks for nothing but patience.
  if (archive.busy && archive.headline.kind === "needs_you") {
    return "waiting";
  }
  switch (archive.headline.kind) {
    case "needs_you":
    case "removed":
    case "lost":
    case "held":
      return "need";
    case "drive_away":
    case "mailbox_away":
      return "away";
    case "alone":
    case "incoming":
    case "incomplete":
    case "waits_for_room":
    case "unsent":
    case "more_to_come":
    case "others_behind":
      return "waiting";
    case "cannot_store":
      // Nobody waits; but what one home alone has is not safe.
      return archive.headline.safe_homes < 2 ? "waiting" : "safe";
    case "all_safe":
      return "safe";
  }
}
