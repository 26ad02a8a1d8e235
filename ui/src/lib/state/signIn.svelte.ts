// One sign-in under way: what is typed, the browser that is waited for, the trial, and how it ended. What opens the account
// goes from its field to the backend once; the field is empty from then on.
import { type FieldKey, fieldOf, inSentence, isFilled } from "../model/signIn";
import type { AccountCard } from "../types/AccountCard";
import type { Failure } from "../types/Failure";
import type { OfferedQuestion } from "../types/OfferedQuestion";
import type { Offer } from "../types/Offer";
import type { SignInBy } from "../types/SignInBy";
import type { Session } from "./session.svelte";

export type Stage = "ask" | "browser" | "trying";

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
    this.failure = this.url = null;
    this.#isGivenUp = false;
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
      return await this.#send(secret);
    } catch (thrown) {
      this.failure = this.#isGivenUp ? null : this.#session.failure(thrown);
      return null;
    } finally {
      stop();
      this.stage = "ask";
    }
  }

  /** Ends the waiting for the browser. */
  async giveUp(): Promise<void> {
    if (this.stage === "browser") {
      this.#isGivenUp = true;
      await this.#session.backend.giveUpSignIn();
    }
  }

  /** Takes the address that a browser elsewhere ended at. */
  async paste(address: string): Promise<void> {
    await this.#session.backend.pasteAddress(address.trim());
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
