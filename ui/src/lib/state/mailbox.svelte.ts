// Where the mailbox is to be: the folder that a person chose, and whether it is found, moved or begun there.
import { nameOf } from "../model/setUp";
import type { AccountCard } from "../types/AccountCard";
import type { Failure } from "../types/Failure";
import type { Session } from "./session.svelte";

/** What the place that was chosen is asked about: null while nothing is. */
export interface Asked {
  /** The folder, or what people call the service of the account. */
  folder: string;
  /** The name of the account; absent for a folder. */
  account?: string;
  /** Whether it was looked for there first, and not found. */
  looked: boolean;
}

const NOT_THERE = "mailbox_missing";

export class MailboxSearch {
  asked = $state.raw<Asked | null>(null);
  failure = $state.raw<Failure | null>(null);
  working = $state(false);
  /** How it ended; null until then. */
  ended = $state<"found" | "begun" | "moved" | null>(null);
  /** The name of the folder that it is being moved to; null while it is not. */
  moving = $state<string | null>(null);
  /** Objects that nobody can use and stayed behind. */
  leftBehind = $state(0);

  readonly session: Session;
  readonly folder: string;

  constructor(session: Session, folder: string) {
    this.session = session;
    this.folder = folder;
  }

  /** Looks for the mailbox in a folder that the person chooses; where it is not, asks whether to begin one. */
  async choose(): Promise<void> {
    const { backend, voice } = this.session;
    await this.#work(async () => {
      const picked = await backend.pickFolder(voice.words.mailbox.pick);
      if (picked === null) {
        return;
      }
      try {
        await backend.useMailbox(this.folder, picked, false);
        await this.#end("found");
      } catch (thrown) {
        if (this.session.failure(thrown).code !== NOT_THERE) {
          throw thrown;
        }
        this.asked = { folder: picked, looked: true };
      }
    });
  }

  /** The same in an account of this computer. */
  async lookIn(account: AccountCard): Promise<void> {
    await this.#work(async () => {
      try {
        await this.session.backend.useMailboxIn(this.folder, account.name, false);
        await this.#end("found");
      } catch (thrown) {
        if (this.session.failure(thrown).code !== NOT_THERE) {
          throw thrown;
        }
        this.asked = { folder: account.service, account: account.name, looked: true };
      }
    });
  }

  /** Moves the mailbox, with all that waits in it, into a folder that the person chooses. */
  async move(): Promise<void> {
    const { backend, voice } = this.session;
    await this.#work(async () => {
      const picked = await backend.pickFolder(voice.words.mailbox.pickMove);
      if (picked === null) {
        return;
      }
      this.moving = nameOf(picked);
      this.leftBehind = await backend.moveMailbox(this.folder, picked);
      await this.#end("moved");
    });
  }

  /** Moves it into an account of this computer. */
  async moveInto(account: AccountCard): Promise<void> {
    await this.#work(async () => {
      this.moving = account.service;
      this.leftBehind = await this.session.backend.moveMailboxInto(this.folder, account.name);
      await this.#end("moved");
    });
  }

  /** Lets the person choose a folder for a new mailbox, and asks once whether it is meant. */
  async chooseNew(): Promise<void> {
    const { backend, voice } = this.session;
    await this.#work(async () => {
      const picked = await backend.pickFolder(voice.words.mailbox.pickNew);
      this.asked = picked === null ? null : { folder: picked, looked: false };
    });
  }

  /** Begins a new mailbox at the place that was asked about. */
  async begin(): Promise<void> {
    const { asked } = this;
    if (!asked) {
      return;
    }
    await this.#work(async () => {
      const { backend } = this.session;
      await (asked.account === undefined
        ? backend.useMailbox(this.folder, asked.folder, true)
        : backend.useMailboxIn(this.folder, asked.account, true));
      await this.#end("begun");
    });
  }

  async #end(how: "found" | "begun" | "moved"): Promise<void> {
    this.ended = how;
    await this.session.read();
  }

  async #work(run: () => Promise<void>): Promise<void> {
    if (this.working) {
      return;
    }
    this.working = true;
    this.failure = this.asked = null;
    try {
      await run();
    } catch (thrown) {
      this.failure = this.session.failure(thrown);
    }
    this.working = false;
    this.moving = null;
  }
}
