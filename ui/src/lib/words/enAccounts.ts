// English for the accounts that a mailbox can be in: choosing a service, signing in to it once and again.

/** Only what is counted is given for nothing; all else depends. */
function free(room: string): string {
  return /\d/.test(room) ? `Free: ${room}` : room;
}

export function enAccounts() {
  return {
    places: {
      label: "Where the mailbox can be",
      folder: "Choose a folder",
      folderHint: "On a NAS, on a stick, or one that a cloud drive keeps in step",
      signedIn: "Signed in on this computer",
      services: "Sign in to an account",
      search: "Search services",
      none: (search: string) => `No service is called “${search}”. Many speak WebDAV or S3.`,
      free,
      another: "Choose another place",
    },

    signIn: {
      title: (service: string) => `Sign in to ${service}`,
      again: (service: string) => `Sign in to ${service} again`,
      againHint:
        "It does not let Offsync in any more: the password was changed, or the sign-in was taken back. Your files are untouched, and what waits goes on after this.",
      againAct: "Sign in again",
      somebodyElse: "If the account is somebody else’s, ask them what opens it now.",
      unknownTitle: "Do you know this place?",
      unknownHint:
        "This computer was never signed in there: the drive alone says that its mailbox lies there, and whoever had the drive could have written that. Sign in only if you know it.",
      unknownAt: "This drive says that its mailbox lies at",
      unknownUser: (user: string) => `for the user “${user}”`,
      noneTitle: "There is nothing to sign in to.",
      noneHint:
        "The mailbox of this archive is in no account any more. Somebody may have moved it meanwhile.",
      look: "Look again",
      act: "Sign in",
      inBrowser: "Sign in with the browser",
      example: (example: string) => `For example: ${example}`,
      kept: "It is kept in this computer’s keyring, and shown nowhere.",
      waiting: "Waiting for the browser…",
      waitingHint: "Sign in there and let Offsync in. It goes on here by itself.",
      cancel: "Cancel",
      elsewhere: "Did no browser open, or is it on another computer?",
      openThere: "Open this address in that browser:",
      copy: "Copy the address",
      copied: "Copied",
      pasteHere:
        "Then paste here the address of the page that it ends at, even if that shows nothing:",
      goOn: "Go on",
      trying: "Trying it out…",
      tryingHint: "Offsync writes, lists, reads and deletes something small there.",
    },

    accounts: {
      title: "Accounts of this computer",
      sub: "Where a mailbox can lie. One that holds none can be removed.",
      none: "This computer is signed in to no account.",
      used: (archives: string, n: number) =>
        n === 1
          ? `It holds the mailbox of ${archives}. To remove it, move that mailbox to another place first.`
          : `It holds the mailboxes of ${archives}. To remove it, move those to another place first.`,
      unused: "No archive of this computer has its mailbox there.",
      waits: "It has not worked yet.",
      remove: "Remove",
      removeThis: (account: string) => `Remove ${account}`,
      sure: (service: string) => `Remove ${service}?`,
      sureHint:
        "The sign-in leaves this computer. What lies there stays, and no other computer is signed out.",
      yes: "Remove it",
      removed: (service: string) => `This computer has forgotten the sign-in to ${service}.`,
      removedHint: "What lies there stays as it is.",
      end: "Where no other home needs it, the access can be ended at the service, too.",
      line: "The line that let this computer in",
    },

    account: {
      chosenTitle: (service: string) => `The mailbox goes to ${service}`,
      whose: (whose: string, place: string) => (place ? `${whose} at ${place}` : whose),
      used: (used: string, all: string | null) => (all ? `${used} of ${all} used` : `${used} used`),
      room: "How full the account is",
      works: "It works",
      worksHint: "Offsync can write, list, read and delete there.",
      tryOut: "Try it out",
      open: "Signed in",
      closed: "Not signed in",
      readable:
        "The line to it is not encrypted: whoever is on the way can read the password. If the server can encrypt it, sign in with that.",
      title: "Account",
      handedOn: "What an invitation hands on",
      handedOnHint: (service: string) =>
        `An invitation to this archive, with its six words, also opens the mailbox at ${service}. Give it only to whom you trust.`,
      can: "Who has both, or steals them, can",
      end: "How that is ended",
    },
  };
}
