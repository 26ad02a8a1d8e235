// What the window asks of the engine, and nothing more. An archive is named by its folder: two
// copies of one archive on one computer share their id. Every failure arrives as a `Failure`:
// a sentence and the one thing to do.
import type { AccountCard } from "../types/AccountCard";
import type { ArchiveStatus } from "../types/ArchiveStatus";
import type { DamagedReport } from "../types/DamagedReport";
import type { Event } from "../types/Event";
import type { Failure } from "../types/Failure";
import type { KeySignIn } from "../types/KeySignIn";
import type { ListedAccount } from "../types/ListedAccount";
import type { LostReport } from "../types/LostReport";
import type { Offer } from "../types/Offer";
import type { Overview } from "../types/Overview";
import type { RemovedAccount } from "../types/RemovedAccount";
import type { SetUpRequest } from "../types/SetUpRequest";
import type { ShownHostKey } from "../types/ShownHostKey";
import type { SignInRequest } from "../types/SignInRequest";
import type { WayBack } from "../types/WayBack";

export interface SuggestedNames {
  person: string;
  label: string;
}

/** Which account is meant: one of a service, or the one of an archive's mailbox. */
export type AccountOf = { request: SignInRequest } | { folder: string };

export interface Backend {
  overview(): Promise<Overview>;
  /** Begins a sync; how it goes arrives as events. */
  syncNow(folder: string): Promise<void>;
  setUp(request: SetUpRequest): Promise<ArchiveStatus>;
  trySamples(): Promise<ArchiveStatus>;
  /** Acts out that somebody plugs a sample drive in; ends when it has synced. */
  plugInSample(locationId: string): Promise<void>;
  removeSamples(): Promise<void>;
  /** Null if the person chose nothing. */
  pickFolder(title: string): Promise<string | null>;
  suggestedNames(): Promise<SuggestedNames>;
  /** Yes lets the held deletions happen; no brings the files back. */
  answerHeld(folder: string, yes: boolean): Promise<void>;
  /** Goes on waiting for a home that has not come for long, or not until it comes: then it ends when that was synced. */
  answerSilent(folder: string, locationId: string, wait: boolean): Promise<void>;
  /** The files that no home that takes part has any more. */
  lost(folder: string): Promise<LostReport>;
  /** Gives up these of them; refused if others can be given up by now. */
  giveUp(folder: string, paths: string[]): Promise<void>;
  /** Reads all files again and has what is damaged from another home; ends when that is done, and tells of it as of a sync. */
  repair(folder: string): Promise<void>;
  /** The files that are known to be damaged on this drive. */
  damaged(folder: string): Promise<DamagedReport[]>;
  /** Takes one of them for an edit of this person, as it is now: the next sync sends it. */
  keepDamaged(folder: string, file: DamagedReport): Promise<void>;
  /** Lets an archive find its mailbox in another folder, or begin a new one there. */
  useMailbox(folder: string, place: string, begin: boolean): Promise<void>;
  /** The same in an account of this computer, by its name. */
  useMailboxIn(folder: string, account: string, begin: boolean): Promise<void>;
  /** Moves the mailbox into another folder, with what it holds; ends when that is done. Gives how many objects stayed
   *  behind, which nobody can use. */
  moveMailbox(folder: string, place: string): Promise<number>;
  /** The same into an account of this computer, by its name. */
  moveMailboxInto(folder: string, account: string): Promise<number>;
  /** The services that a mailbox can be with. */
  services(): Promise<Offer[]>;
  /** The accounts that this computer is signed in to. */
  accounts(): Promise<AccountCard[]>;
  /** All of them, with those that let nobody in yet or came with an invitation, and which archives each serves. */
  listedAccounts(): Promise<ListedAccount[]>;
  /** Lets this computer forget one; refused while an archive has its mailbox there. */
  removeAccount(name: string): Promise<RemovedAccount>;
  /** Signs in and tries it out. Where that is done in the browser, it ends when somebody did it there, or gave up. */
  signIn(request: SignInRequest, secret: string | null): Promise<AccountCard>;
  /** The same for the account of an archive's mailbox; a sync begins after it. */
  signInAgain(folder: string, id: string | null, secret: string | null): Promise<AccountCard>;
  /** The key that the server of an account shows, beside the one that was agreed on; sends it nothing. */
  shownServer(of: AccountOf): Promise<ShownHostKey>;
  /** Signs in by a key of this computer's to a server that a person knows by this host key. For the account of a mailbox a
   *  sync begins once it lets the key in. */
  signInByKey(of: AccountOf, hostKey: string): Promise<KeySignIn>;
  /** The address that a browser elsewhere ended at. */
  pasteAddress(address: string): Promise<void>;
  giveUpSignIn(): Promise<void>;
  /** The account that a mailbox is in, null for a folder; at once. */
  mailboxAccount(folder: string): Promise<AccountCard | null>;
  /** The same with what its service says of its room. */
  accountUsage(folder: string): Promise<AccountCard>;
  /** The same once it was tried out. */
  tryAccount(folder: string): Promise<AccountCard>;
  /** Lets this computer forget a copy that was taken out of its archive; its files stay. Refused if by now it comes back
   *  otherwise than the person was told. */
  forget(folder: string, told: WayBack): Promise<void>;
  /** Returns the function that stops listening. */
  onEvent(listener: (event: Event) => void): Promise<() => void>;
  /** An archive that was chosen outside of the window, by its folder. */
  onChosen(listener: (folder: string) => void): Promise<() => void>;
}

export function isFailure(thrown: unknown): thrown is Failure {
  return (
    typeof thrown === "object" &&
    thrown !== null &&
    "code" in thrown &&
    "message" in thrown &&
    "hint" in thrown
  );
}
