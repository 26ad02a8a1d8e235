// The account that the mailbox of an archive is in: whose it is, how full, and whether it works.
import type { AccountCard } from "../types/AccountCard";
import type { Failure } from "../types/Failure";
import type { Session } from "./session.svelte";

export class MailboxAccount {
  /** Null for a folder, and until it is known. */
  card = $state.raw<AccountCard | null>(null);
  trying = $state(false);
  works = $state(false);
  failure = $state.raw<Failure | null>(null);

  readonly session: Session;
  readonly folder: string;

  constructor(session: Session, folder: string) {
    this.session = session;
    this.folder = folder;
  }

  /** Shows what this computer knows at once, and how full it is once its service has said so. */
  async read(): Promise<void> {
    const { backend } = this.session;
    try {
      this.card = await backend.mailboxAccount(this.folder);
      if (this.card?.is_open) {
        this.card = await backend.accountUsage(this.folder);
      }
    } catch (thrown) {
      this.failure = this.session.failure(thrown);
    }
  }

  /** Lets the service write, list, read and delete something small. */
  async tryOut(): Promise<void> {
    if (this.trying) {
      return;
    }
    this.trying = true;
    this.works = false;
    this.failure = null;
    try {
      this.card = await this.session.backend.tryAccount(this.folder);
      this.works = true;
    } catch (thrown) {
      this.failure = this.session.failure(thrown);
    }
    this.trying = false;
  }
}
