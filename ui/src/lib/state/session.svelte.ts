// What the window knows: the last overview, the syncs under way and how they ended, and where
// the person is. It decides nothing; it asks the backend and remembers the answers.
import type { Backend } from "../backend/backend";
import { isFailure } from "../backend/backend";
import { advance, type Progress, STARTING } from "../model/progress";
import type { ArchiveStatus } from "../types/ArchiveStatus";
import type { Event } from "../types/Event";
import type { Failure } from "../types/Failure";
import type { LogLine } from "../types/LogLine";
import type { Overview } from "../types/Overview";
import type { Voice } from "../words/voice";

export type View = "home" | "activity" | "set-up";

const CLOCK_MS = 20_000;

export class Session {
  overview = $state.raw<Overview | null>(null);
  loadFailure = $state.raw<Failure | null>(null);
  view = $state<View>("home");
  now = $state.raw(new Date());
  notice = $state<string | null>(null);
  #chosen = $state<string | null>(null);
  #progress = $state.raw<Record<string, Progress>>({});
  #errors = $state.raw<Record<string, string>>({});
  #reading = false;
  #stale = false;
  /** Syncs heard to have ended. */
  #finished = 0;

  readonly backend: Backend;
  readonly voice: Voice;

  constructor(backend: Backend, voice: Voice) {
    this.backend = backend;
    this.voice = voice;
  }

  archives = $derived(this.overview?.archives ?? []);
  archive: ArchiveStatus | null = $derived(
    this.archives.find((one) => one.archive_id === this.#chosen) ?? this.archives[0] ?? null,
  );
  lines: LogLine[] = $derived(
    this.overview?.activity.find((one) => one.archive_id === this.archive?.archive_id)?.lines ?? [],
  );
  progress: Progress | null = $derived(
    this.archive && (this.#progress[this.archive.archive_id] ?? null),
  );
  syncError: string | null = $derived(
    this.archive && (this.#errors[this.archive.archive_id] ?? null),
  );

  /** Listens and reads once; returns the function that stops. */
  async start(): Promise<() => void> {
    const stop = await this.backend.onEvent((event) => this.#hear(event));
    const clock = setInterval(() => (this.now = new Date()), CLOCK_MS);
    await this.read();
    return () => {
      stop();
      clearInterval(clock);
    };
  }

  /** Reads the overview again; calls that come while one runs become one more. */
  async read(): Promise<void> {
    if (this.#reading) {
      this.#stale = true;
      return;
    }
    this.#reading = true;
    do {
      this.#stale = false;
      try {
        const heard = this.#finished;
        const overview = await this.backend.overview();
        // An answer that was under way when a sync ended may still call it running: ask once more.
        const isLate = heard !== this.#finished;
        this.#stale ||= isLate;
        this.#take(isLate ? { ...overview, syncing: [] } : overview);
      } catch (thrown) {
        this.loadFailure = this.failure(thrown);
      }
    } while (this.#stale);
    this.#reading = false;
  }

  async sync(): Promise<void> {
    const archive = this.archive;
    if (!archive?.drive.present || this.progress) {
      return;
    }
    const id = archive.archive_id;
    this.#setError(id, null);
    this.#setProgress(id, STARTING);
    try {
      await this.backend.syncNow(id);
    } catch (thrown) {
      this.#setProgress(id, null);
      this.#setError(id, this.sentence(thrown));
    }
  }

  async answerHeld(yes: boolean): Promise<void> {
    const id = this.archive?.archive_id;
    if (!id) {
      return;
    }
    try {
      await this.backend.answerHeld(id, yes);
      await this.read();
    } catch (thrown) {
      this.#setError(id, this.sentence(thrown));
    }
  }

  choose(archiveId: string) {
    this.#chosen = archiveId;
    if (this.view === "set-up") {
      this.view = "home";
    }
  }

  syncing(archiveId: string): boolean {
    return archiveId in this.#progress;
  }

  forgetError() {
    if (this.archive) {
      this.#setError(this.archive.archive_id, null);
    }
  }

  failure(thrown: unknown): Failure {
    const { unknown, unknownHint } = this.voice.words.trouble;
    return isFailure(thrown) ? thrown : { code: "unknown", message: unknown, hint: unknownHint };
  }

  sentence(thrown: unknown): string {
    const { message, hint } = this.failure(thrown);
    return `${message} ${hint}`;
  }

  #take(overview: Overview) {
    this.overview = overview;
    this.loadFailure = null;
    this.now = new Date();
    // A window that opens in the middle of a sync has heard no event of it yet.
    for (const id of overview.syncing) {
      if (!this.syncing(id)) {
        this.#setProgress(id, STARTING);
      }
    }
  }

  #hear(event: Event) {
    switch (event.event) {
      case "sync_started":
        this.#setError(event.archive_id, null);
        this.#setProgress(event.archive_id, STARTING);
        return;
      case "progress": {
        // Only a sync that began is shown here; the set-up follows its own progress.
        const before = this.#progress[event.archive_id];
        if (before) {
          this.#setProgress(event.archive_id, advance(before, event, performance.now()));
        }
        return;
      }
      case "sync_finished":
        this.#finished += 1;
        this.#setProgress(event.archive_id, null);
        this.#setError(event.archive_id, event.error);
        void this.read();
        return;
      case "status_changed":
        void this.read();
        return;
      case "notice":
        this.notice = event.message;
    }
  }

  #setProgress(id: string, progress: Progress | null) {
    const { [id]: _, ...rest } = this.#progress;
    this.#progress = progress ? { ...rest, [id]: progress } : rest;
  }

  #setError(id: string, error: string | null) {
    const { [id]: _, ...rest } = this.#errors;
    this.#errors = error ? { ...rest, [id]: error } : rest;
  }
}
