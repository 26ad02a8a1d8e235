// The list of files that are damaged on this drive, as it was read, and which of them a person keeps as they are.
import { nameOf } from "../model/setUp";
import type { DamagedReport } from "../types/DamagedReport";
import type { Failure } from "../types/Failure";
import type { Session } from "./session.svelte";

export class DamagedFiles {
  files = $state.raw<DamagedReport[] | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** The one of which the person is asked if it is meant. */
  asked = $state.raw<DamagedReport | null>(null);
  working = $state(false);
  /** The name of the one that was kept just now. */
  kept = $state<string | null>(null);

  readonly session: Session;
  readonly folder: string;

  constructor(session: Session, folder: string) {
    this.session = session;
    this.folder = folder;
  }

  async read(): Promise<void> {
    this.failure = null;
    try {
      this.files = await this.session.backend.damaged(this.folder);
    } catch (thrown) {
      this.failure = this.session.failure(thrown);
    }
  }

  /** Keeps the one that was asked about, and nothing else. */
  async keep(): Promise<void> {
    const file = this.asked;
    if (!file || this.working) {
      return;
    }
    this.working = true;
    this.failure = this.kept = null;
    try {
      await this.session.backend.keepDamaged(this.folder, file);
      this.kept = nameOf(file.path);
      this.files = await this.session.backend.damaged(this.folder);
      await this.session.read();
    } catch (thrown) {
      this.failure = this.session.failure(thrown);
    }
    this.working = false;
    this.asked = null;
  }
}
