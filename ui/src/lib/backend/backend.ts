// What the window asks of the engine, and nothing more. Every failure arrives as a `Failure`:
// a sentence and the one thing to do.
import type { ArchiveStatus } from "../types/ArchiveStatus";
import type { Event } from "../types/Event";
import type { Failure } from "../types/Failure";
import type { Overview } from "../types/Overview";
import type { SetUpRequest } from "../types/SetUpRequest";

export interface SuggestedNames {
  person: string;
  label: string;
}

export interface Backend {
  overview(): Promise<Overview>;
  /** Begins a sync; how it goes arrives as events. */
  syncNow(archiveId: string): Promise<void>;
  setUp(request: SetUpRequest): Promise<ArchiveStatus>;
  trySamples(): Promise<ArchiveStatus>;
  /** Null if the person chose nothing. */
  pickFolder(title: string): Promise<string | null>;
  suggestedNames(): Promise<SuggestedNames>;
  /** Yes lets the held deletions happen; no brings the files back. */
  answerHeld(archiveId: string, yes: boolean): Promise<void>;
  /** Returns the function that stops listening. */
  onEvent(listener: (event: Event) => void): Promise<() => void>;
}

export function isFailure(thrown: unknown): thrown is Failure {
  return (
    typeof thrown === "object" &&
    thrown !== null &&
    "code" in thrown &&
    "message" in thrown &&
    "hint" in thrown
  );
}
