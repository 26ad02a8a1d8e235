// The list of files that no home has any more, as it was read, and the answer of the person to it.
import { canGiveUp } from "../model/lost";
import type { Failure } from "../types/Failure";
import type { LostReport } from "../types/LostReport";
import type { Session } from "./session.svelte";

export class LostFiles {
  report = $state.raw<LostReport | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Whether the person is asked if it is meant. */
  asked = $state(false);
  working = $state(false);
  /** How many were given up just now. */
  givenUp = $state<number | null>(null);

  readonly session: Session;
  readonly folder: string;

  constructor(session: Session, folder: string) {
    this.session = session;
    this.folder = folder;
  }

  chosen = $derived(canGiveUp(this.report?.files ?? []));

  async read(): Promise<void> {
    this.failure = null;
    try {
      this.report = await this.session.backend.lost(this.folder);
    } catch (thrown) {
      this.failure = this.session.failure(thrown);
    }
  }

  /** Gives up what was shown and nothing else: the backend refuses if it is another list by now. */
  async giveUp(): Promise<void> {
    const { report, chosen } = this;
    if (!report || chosen.length === 0 || this.working) {
      return;
    }
    this.working = true;
    this.failure = null;
    try {
      const paths = chosen.map((file) => file.path);
      await this.session.backend.giveUp(this.folder, paths);
      this.givenUp = chosen.length;
      const left = report.files.filter((file) => file.damaged_here);
      this.report = { ...report, files: left };
      await this.session.read();
    } catch (thrown) {
      this.failure = this.session.failure(thrown);
    }
    this.working = this.asked = false;
  }
}
