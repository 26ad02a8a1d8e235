// The set-up under way: where the person is, what was answered, how it goes. Answers are kept
// in the browser's storage at once, so leaving and coming back loses nothing.
import { after, before, BLANK, nameOf, problem, type Step, tidied } from "../model/setUp";
import { advance, type Progress, STARTING } from "../model/progress";
import type { AccountCard } from "../types/AccountCard";
import type { ArchiveStatus } from "../types/ArchiveStatus";
import type { Failure } from "../types/Failure";
import type { SetUpRequest } from "../types/SetUpRequest";
import { Places } from "./places.svelte";
import type { Session } from "./session.svelte";

const KEPT_AS = "offsync.set-up";

export class SetUp {
  step = $state<Step>("folder");
  answers = $state<SetUpRequest>(remembered());
  working = $state.raw<Progress | null>(null);
  made = $state.raw<ArchiveStatus | null>(null);
  failure = $state.raw<Failure | null>(null);
  readonly places: Places;
  #session: Session;

  constructor(session: Session) {
    this.#session = session;
    this.places = new Places(session);
  }

  /** The account that was chosen for the mailbox; null for none, and for one that this computer has no more. */
  account: AccountCard | null = $derived.by(
    () => this.places.accounts.find((one) => one.name === this.answers.mailbox_account) ?? null,
  );

  problem: string | null = $derived.by(() =>
    problem(this.step, this.answers, this.#session.voice.words),
  );

  /** Fills names that are still blank with what this computer suggests. */
  async suggest(): Promise<void> {
    try {
      const { person, label } = await this.#session.backend.suggestedNames();
      this.answers.person ||= person;
      this.answers.label ||= label;
    } catch {
      // A suggestion is a courtesy: without one the fields stay blank.
    }
  }

  /** Learns where a mailbox can be. An account that is gone since it was chosen has to be chosen anew. */
  async readPlaces(): Promise<void> {
    await this.places.read();
    if (this.account === null) {
      this.answers.mailbox_account = null;
    }
  }

  /** Lets the mailbox go into an account. */
  takeAccount(account: AccountCard) {
    this.places.take(account);
    this.failure = null;
    this.answers.mailbox_account = account.name;
    this.answers.mailbox_folder = "";
  }

  /** Back to the choice of where the mailbox is. */
  chooseAgain() {
    this.failure = null;
    this.answers.mailbox_account = null;
    this.answers.mailbox_folder = "";
  }

  async pick(field: "folder" | "mailbox_folder", title: string): Promise<void> {
    try {
      const folder = await this.#session.backend.pickFolder(title);
      if (folder !== null) {
        this.#take(field, folder);
      }
    } catch (thrown) {
      this.failure = this.#session.failure(thrown);
    }
  }

  /** One step on, if nothing is missing; the last one does the work. */
  async next(): Promise<void> {
    if (this.problem || this.working) {
      return;
    }
    const following = after(this.step);
    if (!following) {
      return this.#work();
    }
    this.#go(following);
  }

  /** One step back; false if this was the first. */
  back(): boolean {
    const earlier = before(this.step);
    if (this.step === "mailbox" && this.places.back()) {
      return true;
    }
    if (this.working || !earlier) {
      return false;
    }
    this.#go(earlier);
    return true;
  }

  keep() {
    localStorage.setItem(KEPT_AS, JSON.stringify(this.answers));
  }

  #go(step: Step) {
    this.step = step;
    this.failure = null;
  }

  #take(field: "folder" | "mailbox_folder", folder: string) {
    this.failure = null;
    this.answers[field] = folder;
    if (field === "mailbox_folder") {
      this.answers.mailbox_account = null;
    } else {
      this.answers.name ||= nameOf(folder);
    }
  }

  async #work(): Promise<void> {
    this.failure = null;
    this.working = STARTING;
    const stop = await this.#session.backend.onEvent((event) => {
      // An archive that was there before may be syncing meanwhile.
      const isOther = (folder: string) =>
        this.#session.archives.some((one) => one.folder === folder);
      if (event.event === "progress" && this.working && !isOther(event.folder)) {
        this.working = advance(this.working, event, performance.now());
      }
    });
    try {
      this.made = await this.#session.backend.setUp(tidied(this.answers));
      localStorage.removeItem(KEPT_AS);
    } catch (thrown) {
      this.failure = this.#session.failure(thrown);
    }
    stop();
    this.working = null;
  }
}

function remembered(): SetUpRequest {
  try {
    return { ...BLANK, ...(JSON.parse(localStorage.getItem(KEPT_AS) ?? "{}") as object) };
  } catch {
    return { ...BLANK };
  }
}
