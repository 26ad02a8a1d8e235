// The set-up's questions, in order, and what is wrong with an answer. Answers are never thrown
// away by going back or leaving.
import type { SetUpRequest } from "../types/SetUpRequest";
import type { Words } from "../words/voice";

export type Step = "folder" | "names" | "mailbox" | "summary";

export const STEPS: readonly Step[] = ["folder", "names", "mailbox", "summary"];

export const BLANK: SetUpRequest = {
  folder: "",
  name: "",
  label: "",
  person: "",
  mailbox_folder: "",
  mailbox_account: null,
};

export function before(step: Step): Step | null {
  return STEPS[STEPS.indexOf(step) - 1] ?? null;
}

export function after(step: Step): Step | null {
  return STEPS[STEPS.indexOf(step) + 1] ?? null;
}

/** What keeps a step from being done, as a sentence; null if nothing does. */
export function problem(step: Step, answers: SetUpRequest, words: Words): string | null {
  switch (step) {
    case "folder":
      return answers.folder ? null : words.setUp.needFolder;
    case "names":
      return [answers.name, answers.person, answers.label].every((name) => name.trim())
        ? null
        : words.setUp.needNames;
    case "mailbox":
      return answers.mailbox_folder || answers.mailbox_account !== null
        ? misplaced(answers, words)
        : words.setUp.needPlace;
    case "summary":
      return misplaced(answers, words);
  }
}

/** The last part of a folder's path: a good first name for an archive. */
export function nameOf(folder: string): string {
  return parts(folder).at(-1) ?? "";
}

export function tidied(answers: SetUpRequest): SetUpRequest {
  return {
    ...answers,
    name: answers.name.trim(),
    label: answers.label.trim(),
    person: answers.person.trim(),
  };
}

function misplaced(answers: SetUpRequest, words: Words): string | null {
  if (answers.mailbox_account !== null) {
    return null;
  }
  const files = parts(answers.folder);
  const mailbox = parts(answers.mailbox_folder);
  const shared = files.every((part, i) => part === mailbox[i]);
  if (shared) {
    return files.length === mailbox.length ? words.setUp.sameFolder : words.setUp.insideFolder;
  }
  return mailbox.every((part, i) => part === files[i]) ? words.setUp.aroundFolder : null;
}

function parts(folder: string): string[] {
  return folder.split(/[\\/]+/).filter(Boolean);
}
