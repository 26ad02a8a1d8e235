// The accounts of this computer, which archives each serves, and letting go of one that serves none.
import type { Failure } from "../types/Failure";
import type { ListedAccount } from "../types/ListedAccount";
import type { RemovedAccount } from "../types/RemovedAccount";
import type { Session } from "./session.svelte";

export class AccountList {
  /** Null until it was read. */
  all = $state.raw<ListedAccount[] | null>(null);
  /** The name of the one that is asked about; null while none is. */
  asked = $state<string | null>(null);
  /** What became of the last one that was removed. */
  removed = $state.raw<RemovedAccount | null>(null);
  failure = $state.raw<Failure | null>(null);
  working = $state(false);
  #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async read(): Promise<void> {
    try {
      this.all = await this.#session.backend.listedAccounts();
    } catch (thrown) {
      this.failure = this.#session.failure(thrown);
    }
  }

  ask(name: string) {
    this.failure = this.removed = null;
    this.asked = name;
  }

  /** Removes the one that was asked about. */
  async remove(): Promise<void> {
    const name = this.asked;
    if (name === null || this.working) {
      return;
    }
    this.working = true;
    try {
      this.removed = await this.#session.backend.removeAccount(name);
    } catch (thrown) {
      this.failure = this.#session.failure(thrown);
    }
    this.asked = null;
    // Also where it was refused: by now an archive may use it.
    await this.read();
    this.working = false;
  }
}
