// What can be done about a mailbox: moved where it is well, found or begun anew where it is not.
import { nextStep } from "./nextStep";
import type { ArchiveStatus } from "../types/ArchiveStatus";

export type MailboxWay = "move" | "elsewhere" | "lost";

/** The ways that are open, the likeliest first; none where the drive is away, or the copy takes part no longer. */
export function mailboxWays(archive: ArchiveStatus, isSample: boolean): MailboxWay[] {
  if (!archive.drive.present || archive.headline.kind === "removed") {
    return [];
  }
  // A server that shows another key answers: whoever compares it goes on with the mailbox that it holds.
  if (nextStep(archive) === "compare") {
    return ["elsewhere"];
  }
  if (!archive.mailbox.reachable) {
    return ["elsewhere", "lost"];
  }
  // The other homes of the samples look for it where it was made.
  return isSample ? [] : ["move", "elsewhere"];
}
