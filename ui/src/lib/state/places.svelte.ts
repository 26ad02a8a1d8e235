// The places that a mailbox can be at: what there is to choose from, and the sign-in to the one that was chosen.
import type { AccountCard } from "../types/AccountCard";
import type { Offer } from "../types/Offer";
import type { Session } from "./session.svelte";
import { SignIn } from "./signIn.svelte";

export class Places {
  services = $state.raw<Offer[]>([]);
  accounts = $state.raw<AccountCard[]>([]);
  /** Null while none is under way. */
  signIn = $state.raw<SignIn | null>(null);
  isRead = $state(false);
  #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async read(): Promise<void> {
    const { backend } = this.#session;
    try {
      [this.services, this.accounts] = await Promise.all([backend.services(), backend.accounts()]);
    } catch {
      // A folder can be chosen all the same.
    }
    this.isRead = true;
  }

  choose(service: Offer) {
    this.signIn = new SignIn(this.#session, { service });
  }

  /** Takes the account that was signed in to. */
  take(account: AccountCard) {
    this.signIn = null;
    this.accounts = [...this.accounts.filter((one) => one.name !== account.name), account];
  }

  /** One question back, to the list at last; false if it is shown already. */
  back(): boolean {
    const { signIn } = this;
    if (signIn?.back()) {
      return true;
    }
    this.signIn = null;
    void signIn?.giveUp();
    return signIn !== null;
  }
}
