// The one thing to do about an archive: what the main button does.
import type { ArchiveStatus } from "../types/ArchiveStatus";

/** `none` where a sync would be refused and what is left to do is no one step. */
export type NextStep = "sync" | "repair" | "mailbox" | "sign-in" | "compare" | "none";

const MAILBOX_TROUBLES = ["mailbox_missing", "mailbox_away"];

/** What every sync answers until a person has done something about it elsewhere. */
const REFUSALS = [
  "index_lost",
  "index_damaged",
  "marker_damaged",
  "not_an_archive",
  "no_key",
  "wrong_drive",
  "newer_version_needed",
];

/** Files on this drive read otherwise than they did, whether another home can have them, was asked for them or not. */
export function isDamaged({ headline }: ArchiveStatus): boolean {
  return (
    headline.kind === "needs_you" &&
    ["damaged", "damaged_unsent", "damage_asked_for"].includes(headline.code)
  );
}

/** A mailbox whose drive is connected again asks for nothing but a sync. */
export function syncsToo(step: NextStep): boolean {
  return step === "mailbox";
}

export function nextStep({ headline }: ArchiveStatus): NextStep {
  if (headline.kind === "removed") {
    return "none";
  }
  if (headline.kind !== "needs_you") {
    return "sync";
  }
  if (headline.code === "damaged") {
    return "repair";
  }
  if (headline.code === "sign_in_needed") {
    return "sign-in";
  }
  // A server that is known by another key than before.
  if (headline.code === "mailbox_stranger") {
    return "compare";
  }
  if (REFUSALS.includes(headline.code)) {
    return "none";
  }
  return MAILBOX_TROUBLES.includes(headline.code) ? "mailbox" : "sync";
}
