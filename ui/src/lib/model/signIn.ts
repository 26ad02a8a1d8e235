// Signing in to where a mailbox lies: what is still to be filled in, which field a failure is about, which services a
// search finds.
import type { Failure } from "../types/Failure";
import type { OfferedQuestion } from "../types/OfferedQuestion";
import type { Offer } from "../types/Offer";
import type { KeySignIn } from "../types/KeySignIn";
import type { ShownHostKey } from "../types/ShownHostKey";
import type { SignInBy } from "../types/SignInBy";
import type { Words } from "../words/voice";

/** `looking`, `compare` and `line` are of servers that know this computer by a key. */
export type Stage = "ask" | "browser" | "trying" | "looking" | "compare" | "line";

export interface Head {
  title: string;
  sub: string;
}

export interface Typed {
  answers: Record<string, string>;
  id: string;
  secret: string;
}

/** How far a sign-in has come. */
export interface Asked {
  stage: Stage;
  /** The key that the server shows; null until it was asked. */
  shown: ShownHostKey | null;
  /** The line that the server is to know; null until there is one. */
  stands: KeySignIn | null;
}

/** The key of a question, or one of the two that are asked of everybody. */
export type FieldKey = string;

export const ID = "#id";
export const SECRET = "#secret";

const OF_THE_SECRET = ["sign_in_needed", "mailbox_denied", "another_account"];
const OF_THE_PLACE = [
  "mailbox_away",
  "mailbox_missing",
  "mailbox_broken",
  "mailbox_untrusted",
  "bad_mailbox",
];
/** Where no password is asked for, only the folder can be one that lets nobody write. */
const OF_THE_FOLDER = ["mailbox_missing", "mailbox_denied"];

/** Whether every field has something in it. */
export function isFilled(asks: OfferedQuestion[], by: SignInBy, typed: Typed): boolean {
  const answered = asks.every(({ key }) => typed.answers[key]?.trim());
  if (by.by !== "typed") {
    return answered;
  }
  return answered && typed.secret.trim() !== "" && (by.id === null || typed.id.trim() !== "");
}

/** The field that a failure is about; null where it is about none of those that are shown. */
export function fieldOf({ code }: Failure, asks: OfferedQuestion[], by: SignInBy): FieldKey | null {
  const asked = (key: string) => asks.find((one) => one.key === key)?.key ?? null;
  if (by.by === "key" && OF_THE_FOLDER.includes(code)) {
    return asked("folder");
  }
  if (OF_THE_PLACE.includes(code) && asks.length > 0) {
    return by.by === "key" ? asked("server") : asks[0]!.key;
  }
  return OF_THE_SECRET.includes(code) && by.by === "typed" ? SECRET : null;
}

/** A fingerprint in parts that the eye can follow; together they are the whole. */
export function inGroups(fingerprint: string): string[] {
  const [kind, rest] = fingerprint.split(/(?<=:)/, 2);
  return rest === undefined ? [fingerprint] : [kind!, ...(rest.match(/.{1,4}/g) ?? [])];
}

/** Gives a name as it stands within a sentence: the catalogue's lists have "A NAS that…" and "One, or another". */
export function inSentence(service: string): string {
  return service.replace(/^A /, "a ").split(", or ")[0]!;
}

/** Services whose name or room holds what is searched for. */
export function found(services: Offer[], search: string): Offer[] {
  const wanted = search.trim().toLowerCase();
  return services.filter((one) => one.name.toLowerCase().includes(wanted));
}

/** What a sign-in asks now: its title, and what is to be known for it. */
export function head({ stage, shown, stands }: Asked, first: Head, { serverKey }: Words): Head {
  if (stage === "ask" || stage === "looking" || stage === "browser") {
    return first;
  }
  if (stands !== null && stands.account === null) {
    return { title: serverKey.letIn(stands.server), sub: serverKey.letInHint };
  }
  if (shown === null) {
    return first;
  }
  return isChanged(shown)
    ? { title: serverKey.changed(shown.server), sub: serverKey.changedHint }
    : { title: serverKey.same(shown.server), sub: serverKey.sameHint };
}

/** Whether a server shows another key than the one that was agreed on. */
export function isChanged({ agreed, fingerprint }: ShownHostKey): boolean {
  return agreed !== null && agreed !== fingerprint;
}
