// Signing in to where a mailbox lies: what is still to be filled in, which field a failure is about, which services a
// search finds.
import type { Failure } from "../types/Failure";
import type { OfferedQuestion } from "../types/OfferedQuestion";
import type { Offer } from "../types/Offer";
import type { SignInBy } from "../types/SignInBy";

export interface Typed {
  answers: Record<string, string>;
  id: string;
  secret: string;
}

/** The key of a question, or one of the two that are asked of everybody. */
export type FieldKey = string;

export const ID = "#id";
export const SECRET = "#secret";

const OF_THE_SECRET = ["sign_in_needed", "mailbox_denied", "another_account"];
const OF_THE_PLACE = ["mailbox_away", "mailbox_missing", "mailbox_broken", "bad_mailbox"];

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
  if (OF_THE_PLACE.includes(code) && asks.length > 0) {
    return asks[0]!.key;
  }
  return OF_THE_SECRET.includes(code) && by.by === "typed" ? SECRET : null;
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
