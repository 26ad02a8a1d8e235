// What the window knows, by the archives' folders: the last overview, the syncs under way and how they ended, and where
// the person is. It decides nothing; it asks the backend and remembers the answers.
import type { Backend } from "../backend/backend";
import { isFailure } from "../backend/backend";
import { advance, type Progress, STARTING } from "../model/progress";
import type { ArchiveStatus } from "../types/ArchiveStatus";
import type { Event } from "../types/Event";
import type { Failure } from "../types/Failure";
import type { LogLine } from "../types/LogLine";
import type { Overview } from "../types/Overview";
import type { WayBack } from "../types/WayBack";
import type { Voice } from "../words/voice";

export type View =
  "accounts" | "home" | "activity" | "damaged" | "lost" | "mailbox" | "set-up" | "sign-in";

/** What a person asked for and did not get, and why. */
export interface Trouble {
  of: "sync" | "repair" | "forget" | "answer";
  why: string;
}

const CLOCK_MS = 20_000;

export class Session {
  overview = $state.raw<Overview | null>(null);
  loadFailure = $state.raw<Failure | null>(null);
  view = $state<View>("home");
  now = $state.raw(new Date());
  #notice = $state.raw<{ folder: string | null; message: string } | null>(null);
  #chosen = $state<string | null>(null);
  #progress = $state.raw<Record<string, Progress>>({});
  #errors = $state.raw<Record<string, Trouble>>({});
  /** Repairs under way: what is heard of them is heard as of a sync. */
  #repairs = new Set<string>();
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
    this.archives.find((one) => one.folder === this.#chosen) ?? this.archives[0] ?? null,
  );
  lines: LogLine[] = $derived(
    this.overview?.activity.find((one) => one.folder === this.archive?.folder)?.lines ?? [],
  );
  progress: Progress | null = $derived(
    this.archive && (this.#progress[this.archive.folder] ?? null),
  );
  trouble: Trouble | null = $derived(this.archive && (this.#errors[this.archive.folder] ?? null));

  /** What was told of this archive, or of none in particular. */
  notice: string | null = $derived(
    this.#notice && [null, this.archive?.folder].includes(this.#notice.folder)
      ? this.#notice.message
      : null,
  );

  /** Listens and reads once; returns the function that stops. */
  async start(): Promise<() => void> {
    const stop = await this.backend.onEvent((event) => this.#hear(event));
    const stopChoosing = await this.backend.onChosen((folder) => this.choose(folder));
    const clock = setInterval(() => (this.now = new Date()), CLOCK_MS);
    await this.read();
    return () => {
      stop();
      stopChoosing();
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
    await this.#run("sync", (folder) => this.backend.syncNow(folder));
  }

  /** Reads all files again and has what is damaged from another home; it shows as a sync does. */
  async repair(): Promise<void> {
    await this.#run("repair", (folder) => this.backend.repair(folder));
  }

  async #run(of: Trouble["of"], begin: (folder: string) => Promise<void>): Promise<void> {
    const archive = this.archive;
    if (!archive?.drive.present || archive.busy || this.progress) {
      return;
    }
    const { folder } = archive;
    this.#setError(folder, null);
    this.#setProgress(folder, STARTING);
    if (of === "repair") {
      this.#repairs.add(folder);
    }
    try {
      await begin(folder);
    } catch (thrown) {
      this.#setProgress(folder, null);
      this.#setError(folder, { of, why: this.sentence(thrown) });
    } finally {
      this.#repairs.delete(folder);
    }
  }

  /** Lets this computer forget the copy that is shown, which takes part no longer. */
  async forget(told: WayBack): Promise<void> {
    const folder = this.archive?.folder;
    if (!folder) {
      return;
    }
    try {
      await this.backend.forget(folder, told);
      this.#setError(folder, null);
      await this.read();
    } catch (thrown) {
      this.#setError(folder, { of: "forget", why: this.sentence(thrown) });
    }
  }

  async answerHeld(yes: boolean): Promise<void> {
    await this.#answer((folder) => this.backend.answerHeld(folder, yes));
  }

  /** Answers whether a home that has not come for long is waited for still. */
  async answerSilent(locationId: string, wait: boolean): Promise<void> {
    await this.#answer((folder) => this.backend.answerSilent(folder, locationId, wait));
  }

  async #answer(give: (folder: string) => Promise<void>): Promise<void> {
    const folder = this.archive?.folder;
    if (!folder) {
      return;
    }
    try {
      await give(folder);
      await this.read();
    } catch (thrown) {
      this.#setError(folder, { of: "answer", why: this.sentence(thrown) });
    }
  }

  choose(folder: string) {
    this.#chosen = folder;
    // What is missing in one archive, or where its mailbox is, says nothing of another.
    if (this.view !== "home" && this.view !== "activity") {
      this.view = "home";
    }
  }

  syncing(folder: string): boolean {
    return folder in this.#progress;
  }

  isSample(archive: ArchiveStatus): boolean {
    return this.overview?.samples.includes(archive.folder) ?? false;
  }

  /** What to call an archive: with its home, where two copies of one archive are on this computer. */
  nameOf(archive: ArchiveStatus): string {
    return this.isTwice(archive) ? `${archive.name} · ${archive.label}` : archive.name;
  }

  isTwice(archive: ArchiveStatus): boolean {
    return this.archives.filter((one) => one.name === archive.name).length > 1;
  }

  forgetNotice() {
    this.#notice = null;
  }

  forgetError() {
    if (this.archive) {
      this.#setError(this.archive.folder, null);
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
    for (const folder of overview.syncing) {
      if (!this.syncing(folder)) {
        this.#setProgress(folder, STARTING);
      }
    }
  }

  #hear(event: Event) {
    switch (event.event) {
      case "sync_started":
        this.#setError(event.folder, null);
        this.#setProgress(event.folder, STARTING);
        return;
      case "progress": {
        // Only a sync that began is shown here; the set-up follows its own progress.
        const before = this.#progress[event.folder];
        if (before) {
          this.#setProgress(event.folder, advance(before, event, performance.now()));
        }
        return;
      }
      case "sync_finished":
        this.#finished += 1;
        this.#setProgress(event.folder, null);
        this.#setError(
          event.folder,
          event.error === null
            ? null
            : { of: this.#repairs.has(event.folder) ? "repair" : "sync", why: event.error },
        );
        void this.read();
        return;
      case "status_changed":
        void this.read();
        return;
      case "notice":
        this.#notice = { folder: event.folder, message: event.message };
    }
  }

  #setProgress(folder: string, progress: Progress | null) {
    const { [folder]: _, ...rest } = this.#progress;
    this.#progress = progress ? { ...rest, [folder]: progress } : rest;
  }

  #setError(folder: string, error: Trouble | null) {
    const { [folder]: _, ...rest } = this.#errors;
    this.#errors = error ? { ...rest, [folder]: error } : rest;
  }
}
