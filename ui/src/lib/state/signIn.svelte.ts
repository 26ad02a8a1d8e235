// One sign-in under way: what is typed, the browser that is waited for, the server that is compared, the trial, and how it
// ended. What opens the account goes from its field to the backend once; the field is empty from then on.
import type { AccountOf } from "../backend/backend";
import { type FieldKey, fieldOf, inSentence, isFilled, type Stage } from "../model/signIn";
import type { AccountCard } from "../types/AccountCard";
import type { Failure } from "../types/Failure";
import type { KeySignIn } from "../types/KeySignIn";
import type { OfferedQuestion } from "../types/OfferedQuestion";
import type { Offer } from "../types/Offer";
import type { ShownHostKey } from "../types/ShownHostKey";
import type { SignInBy } from "../types/SignInBy";
import type { Session } from "./session.svelte";

/** A service of the list, or the account of an archive's mailbox once more. */
export type Goal = { service: Offer } | { folder: string; card: AccountCard };

export class SignIn {
  stage = $state<Stage>("ask");
  answers = $state<Record<string, string>>({});
  id = $state("");
  secret = $state("");
  /** Where the browser was sent. */
  url = $state.raw<string | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** The key that the server shows; null until it was asked. */
  shown = $state.raw<ShownHostKey | null>(null);
  /** Whether a person found that it is not the server's. */
  isOther = $state(false);
  /** The line that the server is to know; null until it was asked for. */
  stands = $state.raw<KeySignIn | null>(null);
  /** Whether it was tried with that line and came to nothing. */
  isRefused = $state(false);

  readonly goal: Goal;
  readonly asks: OfferedQuestion[];
  readonly by: SignInBy;
  #session: Session;
  #isGivenUp = false;

  constructor(session: Session, goal: Goal) {
    this.#session = session;
    this.goal = goal;
    this.asks = "service" in goal ? goal.service.asks : [];
    this.by = "service" in goal ? goal.service.sign_in : goal.card.sign_in;
    if ("card" in goal) {
      this.id = goal.card.whose ?? "";
    }
  }

  ready = $derived.by(() => isFilled(this.asks, this.by, this));
  /** The field that the failure stands at; null for none. */
  wrong: FieldKey | null = $derived.by(
    () => this.failure && fieldOf(this.failure, this.asks, this.by),
  );
  service = $derived.by(() =>
    inSentence("service" in this.goal ? this.goal.service.name : this.goal.card.service),
  );

  /** Signs in and tries it out; gives the account, or null if that came to nothing. */
  async begin(): Promise<AccountCard | null> {
    if (this.stage !== "ask" || !this.ready) {
      return null;
    }
    this.failure = this.url = this.shown = this.stands = null;
    this.#isGivenUp = this.isOther = this.isRefused = false;
    if (this.by.by === "key") {
      return this.#look();
    }
    this.stage = this.by.by === "browser" ? "browser" : "trying";
    const secret = this.by.by === "typed" ? this.secret : null;
    this.secret = "";
    const stop = await this.#session.backend.onEvent((event) => {
      if (event.event === "signing_in") {
        this.url = event.url;
        this.stage = event.url === null ? "trying" : "browser";
      }
    });
    try {
      // Whoever left meanwhile is led to no browser.
      return this.#isGivenUp ? null : await this.#send(secret);
    } catch (thrown) {
      this.failure = this.#isGivenUp ? null : this.#session.failure(thrown);
      return null;
    } finally {
      stop();
      this.stage = "ask";
    }
  }

  /** The person knows the server by the key that it shows. */
  async agree(): Promise<AccountCard | null> {
    return this.stage === "compare" ? this.#tryKey() : null;
  }

  /** It is not the server's: nothing goes on. */
  differs() {
    this.stage = "ask";
    this.isOther = true;
  }

  /** The line is said to be on the server. */
  async tryAgain(): Promise<AccountCard | null> {
    if (this.stage !== "line") {
      return null;
    }
    const account = await this.#tryKey();
    this.isRefused = account === null && this.failure === null;
    return account;
  }

  /** One question back; false where there is none before. */
  back(): boolean {
    const isInside = this.stage === "compare" || this.stage === "line";
    if (isInside) {
      this.stage = "ask";
    }
    return isInside;
  }

  /** Ends the waiting for the browser. */
  async giveUp(): Promise<void> {
    this.#isGivenUp = true;
    if (this.stage === "browser") {
      await this.#session.backend.giveUpSignIn();
    }
  }

  /** Takes the address that a browser elsewhere ended at. */
  async paste(address: string): Promise<void> {
    await this.#session.backend.pasteAddress(address.trim());
  }

  async #look(): Promise<AccountCard | null> {
    this.stage = "looking";
    try {
      this.shown = await this.#session.backend.shownServer(this.#of());
    } catch (thrown) {
      this.#fail(thrown);
      return null;
    }
    if (this.#isGivenUp) {
      return null;
    }
    this.stage = "compare";
    return this.shown.agreed === this.shown.fingerprint ? this.#tryKey() : null;
  }

  async #tryKey(): Promise<AccountCard | null> {
    this.stage = "trying";
    this.failure = null;
    try {
      this.stands = await this.#session.backend.signInByKey(this.#of(), this.shown!.fingerprint);
      this.stage = this.stands.account === null ? "line" : "ask";
      return this.stands.account;
    } catch (thrown) {
      this.#fail(thrown);
      return null;
    }
  }

  #fail(thrown: unknown) {
    this.failure = this.#session.failure(thrown);
    this.stage = "ask";
  }

  #of(): AccountOf {
    const { goal } = this;
    return "folder" in goal
      ? { folder: goal.folder }
      : { request: { service: goal.service.id, answers: { ...this.answers }, id: null } };
  }

  #send(secret: string | null): Promise<AccountCard> {
    const { backend } = this.#session;
    const id = this.by.by === "typed" && this.by.id !== null ? this.id.trim() : null;
    if ("folder" in this.goal) {
      return backend.signInAgain(this.goal.folder, id, secret);
    }
    const answers = { ...this.answers };
    return backend.signIn({ service: this.goal.service.id, answers, id }, secret);
  }
}
