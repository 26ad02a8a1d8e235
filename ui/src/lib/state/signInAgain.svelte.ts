// Signing in again to the account of an archive's mailbox: what is known of it, and the sign-in. Whoever has left is led to
// no browser.
import type { AccountCard } from "../types/AccountCard";
import type { Failure } from "../types/Failure";
import type { Session } from "./session.svelte";
import { SignIn } from "./signIn.svelte";

export class SignInAgain {
  signIn = $state.raw<SignIn | null>(null);
  /** Whether the mailbox is in no account, as far as this computer knows. */
  isNone = $state(false);
  failure = $state.raw<Failure | null>(null);
  #session: Session;
  #folder: string;
  #hasLeft = false;

  constructor(session: Session, folder: string) {
    this.#session = session;
    this.#folder = folder;
  }

  /** An account that a drive alone speaks of; null where somebody signed in to it on this computer. */
  unknown: AccountCard | null = $derived.by(() => {
    const goal = this.signIn?.goal;
    return goal && "card" in goal && !goal.card.is_known ? goal.card : null;
  });

  /** Learns of the account, and signs in at once where nothing is to be typed; gives the account once it is open. */
  async begin(): Promise<AccountCard | null> {
    const folder = this.#folder;
    try {
      const card = await this.#session.backend.mailboxAccount(folder);
      if (this.#hasLeft) {
        return null;
      }
      if (card === null) {
        this.isNone = true;
        return null;
      }
      const signIn = new SignIn(this.#session, { folder, card });
      this.signIn = signIn;
      // The press that led here was the one that it takes, where the place is known.
      const isAtOnce = card.is_known && card.sign_in.by !== "typed";
      const opened = isAtOnce ? await signIn.begin() : null;
      return this.#hasLeft ? null : opened;
    } catch (thrown) {
      this.failure = this.#session.failure(thrown);
      return null;
    }
  }

  leave() {
    this.#hasLeft = true;
    void this.signIn?.giveUp();
  }
}
