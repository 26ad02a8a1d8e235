// English for what a person can do about a copy, a mailbox or a file that needs it.
import type { WayBack } from "../types/WayBack";

export function enWays() {
  return {
    notNow: "Not now",

    removed: {
      ways: "What can be done",
      mistake: "If that was a mistake",
      mistakeHint: (by: string) =>
        `Ask the people of ${by} to let this home take part again. Once they have synced, look again here.`,
      look: "Look again",
      meant: "If it is meant to be so",
      meantHint: "Offsync can forget this copy. Its files stay on the drive, as ordinary files.",
      forget: "Forget this copy",
      sure: "Forget this copy?",
      sureHint: {
        sheet_or_words:
          "Every file stays where it is, and the key goes from this computer. To take part again, it needs its recovery sheet, or its invitation and the six words.",
        sheet:
          "Every file stays where it is, and the key goes from this computer. To take part again, it needs its recovery sheet.",
        words:
          "Every file stays where it is, and the key goes from this computer. To take part again, it needs its invitation and the six words.",
        nothing:
          "Every file stays where it is, and the key goes for good: no recovery sheet was written, and this copy has no six words. It can take part again only with a new invitation from another home.",
      } satisfies Record<WayBack, string>,
      yes: "Forget it",
    },

    mailbox: {
      name: "Mailbox",
      holds: (name: string, used: string, allowance: string | null) =>
        `Changes wait in “${name}” until every home has them: ${allowance ? `${used} of ${allowance}` : used} now.`,
      rests: "Plug in the drive to see what waits, and to say where the mailbox is.",
      move: "To move it to another place",
      moveHint:
        "Into another folder, or an account in the cloud. What waits comes along; the old one stays.",
      moveAct: "Move it",
      moveWhere: "Where is it to go?",
      pickMove: "Choose a folder for the mailbox",
      moving: (folder: string) => `Moving the mailbox to “${folder}”`,
      movingHint: "This takes a while where much waits. Until it is done, the old one is used.",
      moved: (name: string) => `The mailbox is in “${name}” now.`,
      movedHint: (others: number) =>
        others === 0
          ? "No other home uses the old one."
          : others === 1
            ? "Move it to the same place in the other home, too; leave the old one alone until then."
            : "Move it to the same place in each of the other homes, too; leave the old one alone until then.",
      movedPartly: (n: number) =>
        n === 1
          ? "One piece in the old one could not be read. What is missed of it, the homes ask each other for."
          : `${n} pieces in the old one could not be read. What is missed of them, the homes ask each other for.`,
      see: "Is the mailbox elsewhere, or lost?",
      find: "Find the mailbox",
      title: "Where is the mailbox?",
      sub: "Your files are untouched. What you change waits on this drive meanwhile.",
      ways: "What can be done",
      elsewhere: "If it is at another place now",
      elsewhereHint:
        "Choose the folder that holds it, or sign in to the account where it is now. Nothing in it is changed by that.",
      choose: "Show where it is",
      lookWhere: "Where is it now?",
      pick: "Choose the folder that holds the mailbox",
      lost: "If it was emptied or is lost for good",
      lostHint: "Begin a new one. What waited in the old one, the homes ask each other for.",
      begin: "Begin a new one",
      pickNew: "Choose a folder for the new mailbox",
      sure: (folder: string) => `Begin a new mailbox in “${folder}”?`,
      sureHint:
        "Do this only if the old one will not come back. Every home has to use the new one then.",
      notThere: (folder: string) => `“${folder}” does not hold the mailbox. Begin a new one there?`,
      yes: "Begin it",
      found: "The mailbox is there.",
      foundHint: "Sync, and everything goes on from where it stopped.",
      begun: "The new mailbox is ready.",
      begunHint:
        "Sync here, then let the other homes sync. Those that find it in another folder than before choose it there first.",
    },
  };
}
