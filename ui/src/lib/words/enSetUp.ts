// English for the first run and the set-up: the part of the catalogue that is met once.
import type { Count } from "./plural";

export function enSetUp(count: Count) {
  return {
    first: {
      title: "Your files, safe in several homes",
      sub: "Offsync keeps the same files on drives in the homes of family and friends. They stay ordinary files, and nobody in between can read them.",
      setUp: "Set up my archive",
      setUpSub: "Choose a folder with your files. It takes about two minutes.",
      samples: "Try it with sample homes",
      samplesSub: "Three make-believe homes on this computer. Your own files are not touched.",
      samplesBusy: "Building three homes…",
    },

    setUp: {
      back: "Back",
      next: "Continue",
      choose: "Choose a folder",
      change: "Change",
      step: (n: number, of: number) => `Step ${n} of ${of}`,
      folderTitle: "Which files do you want to keep safe?",
      folderSub:
        "Choose the folder that holds them, on your drive or on this computer. They stay where they are.",
      folderPick: "Choose the folder with your files",
      namesTitle: "What shall we call things?",
      namesSub: "Family and friends will see these names.",
      archiveName: "This archive",
      archiveHint: "For example: Family photos",
      person: "You",
      personHint: "Your first name",
      label: "This home",
      labelHint: "For example: Home in Girona",
      mailboxTitle: "Where is the mailbox?",
      mailboxSub:
        "Changes wait there until every home has them. All homes have to reach it. Whatever lies in it is sealed: nobody in between can read it.",
      mailboxPick: "Choose a folder for the mailbox",
      summaryTitle: "Ready to begin?",
      summarySub:
        "Offsync reads through the folder once. Your files stay as they are; Offsync adds one hidden folder, .offsync.",
      folderRow: "Files",
      mailboxRow: "Mailbox",
      begin: "Set it up",
      workingTitle: "Getting to know your files",
      workingSub: "You may go on using them meanwhile.",
      doneTitle: (name: string) => `“${name}” is set up`,
      doneSub: (n: number) =>
        `${count(n, { one: "# file", other: "# files" })} found. Next, a second home makes them safe.`,
      open: "Open Offsync",
      needFolder: "Choose a folder to go on.",
      needPlace: "Choose where the mailbox is to go on.",
      needNames: "All three names are needed to go on.",
      sameFolder: "The mailbox cannot be the folder with your files. Choose another folder.",
      insideFolder:
        "The mailbox cannot lie inside the folder with your files. Choose a folder outside of it.",
      aroundFolder: "Your files lie inside that folder. Choose one that holds nothing else.",
    },

    keyring: {
      title: "This computer’s keyring cannot be used.",
      meaning:
        "The key to your archive is kept there. Nothing was set up yet: your files are untouched, and your answers stay.",
      locked: "Is it locked?",
      unlock: "Unlock it in your passwords app, or log out and in again. Then try again here.",
      missing: "Is there none?",
      install:
        "Install GNOME Keyring or KWallet and log in again. Your answers are still here then.",
    },
  };
}
