// The sample homes' story: what to do next, and whose drive can be plugged in.
import type { ArchiveStatus } from "../types/ArchiveStatus";
import type { LocationView } from "../types/LocationView";

/** The other homes that a sync of theirs would bring further. */
export function canPlugIn(archive: ArchiveStatus): LocationView[] {
  return archive.locations.filter(
    (home) => !home.this && (home.behind.changesets > 0 || home.state === "invited"),
  );
}

/** How far the story is: something to send, somebody to plug in, or all told. */
export function chapter(archive: ArchiveStatus): "send" | "plug" | "told" {
  if (archive.local_changes.entries > 0) {
    return "send";
  }
  return canPlugIn(archive).length > 0 ? "plug" : "told";
}
