// Progress of one sync, folded from events. Rates come from the last few seconds only,
// and no time left is promised before there is something to judge by.
import type { Event } from "../types/Event";
import type { Phase } from "../types/Phase";
import type { Words } from "../words/voice";

export interface Progress {
  phase: Phase | null;
  done: number;
  total: number | null;
  doneBytes: number;
  totalBytes: number | null;
  path: string | null;
  bytesPerSecond: number | null;
  secondsLeft: number | null;
  samples: Sample[];
}

interface Sample {
  atMs: number;
  bytes: number;
}

type ProgressEvent = Extract<Event, { event: "progress" }>;

const WINDOW_MS = 5_000;
const SPAN_MS_MIN = 1_000;

export const STARTING: Progress = {
  phase: null,
  done: 0,
  total: null,
  doneBytes: 0,
  totalBytes: null,
  path: null,
  bytesPerSecond: null,
  secondsLeft: null,
  samples: [],
};

export function advance(before: Progress, event: ProgressEvent, atMs: number): Progress {
  const kept = before.phase === event.phase ? before.samples : [];
  const samples = [...kept, { atMs, bytes: event.done_bytes }].filter(
    (sample) => atMs - sample.atMs <= WINDOW_MS,
  );
  const bytesPerSecond = rate(samples);
  return {
    phase: event.phase,
    done: event.done,
    total: event.total,
    doneBytes: event.done_bytes,
    totalBytes: event.total_bytes,
    path: event.path,
    bytesPerSecond,
    secondsLeft:
      bytesPerSecond && event.total_bytes !== null
        ? Math.max(0, event.total_bytes - event.done_bytes) / bytesPerSecond
        : null,
    samples,
  };
}

/** Which way bytes move between this home and the mailbox, if they do. */
export function direction(progress: Progress | null): "in" | "out" | null {
  switch (progress?.phase) {
    case "fetching":
    case "applying":
      return "in";
    case "posting":
      return "out";
    default:
      return null;
  }
}

/** Share done, from bytes where they are known, else from items; null if nothing is. */
export function shareDone(progress: Progress): number | null {
  if (progress.totalBytes) {
    return Math.min(1, progress.doneBytes / progress.totalBytes);
  }
  return progress.total ? Math.min(1, progress.done / progress.total) : null;
}

export function timeLeft(seconds: number | null, words: Words): string | null {
  if (seconds === null) {
    return null;
  }
  if (seconds < 55) {
    return words.sync.seconds(Math.max(5, Math.round(seconds / 5) * 5));
  }
  if (seconds < 55 * 60) {
    return words.sync.minutes(Math.max(1, Math.round(seconds / 60)));
  }
  return words.sync.hours(Math.max(1, Math.round(seconds / 3600)));
}

function rate(samples: Sample[]): number | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.atMs - first.atMs < SPAN_MS_MIN || last.bytes <= first.bytes) {
    return null;
  }
  return ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs);
}
