// English for a server that knows this computer by a key: comparing it, letting the key in, and one that has changed.

export function enKeys() {
  return {
    serverKey: {
      help: "Switch SFTP on there, and make a user for Offsync that may write into one folder. No password is needed: this computer gets a key of its own.",
      act: "Go on",
      looking: "Looking for the server…",
      lookingHint: "Nothing is sent to it yet.",
      same: (server: string) => `Does “${server}” show the same?`,
      sameHint:
        "Every server has a mark that no other can copy: its fingerprint. Compare it once. If it is the same there, nobody stands in between.",
      shows: "What arrives here",
      find: "Where do I find it there?",
      findNas: "On a NAS",
      findNasHint: "In its settings, near SSH or SFTP. Not every NAS shows it.",
      findServer: "On a server",
      findServerHint:
        "Whoever looks after it sees it with this line; what begins with SHA256 counts. If it is not the same, they look into the other files there that begin with ssh_host and end with key.pub, too.",
      findNothing: "If you find none",
      findNothingHint:
        "Where it stands in your own home, hardly anybody can be in between. Across the internet, ask whoever looks after it before you go on.",
      yes: "It is the same",
      no: "It is another one",
      other: "Nothing was sent to that server.",
      otherHint:
        "Check the name of the server, and ask whoever looks after it. Go on only where both show the same.",
      compare: "Compare the two",
      changed: (server: string) => `“${server}” shows another fingerprint than before`,
      changedHint:
        "The server may have been set up anew. Or another one stands in between, to catch what is sent. Nothing was sent to it, and your files are untouched.",
      before: "Until now",
      now: "Now",
      ask: "Ask whoever looks after the server which one it has now, or look there yourself.",
      accept: "The new one is right",
      leave: "Leave it for now",
      letIn: (server: string) => `Let this computer in at “${server}”`,
      letInHint:
        "It does so once it knows the line below. The line is no secret: the key that fits it never leaves this computer.",
      line: "The line for the server",
      copy: "Copy the line",
      copied: "Copied",
      put: (user: string) =>
        `Put it into the file “authorized_keys” in the folder “.ssh” of the user “${user}” there.`,
      how: "How is that done?",
      own: "If you look after it yourself",
      ownHint: (user: string) =>
        `Open the own folder of “${user}” on the server. Where it has no folder “.ssh”, make one, and in it a text file “authorized_keys” without an ending. The line goes in as one line, below what may be there already.`,
      somebody: "If somebody else does",
      somebodyHint: "Send them the line: whoever reads it can do nothing with it.",
      tried: "I have put it there, try it",
      notYet:
        "Is it in there as one single line, and are the names of the folder and of the file right? Some servers need a while.",
    },
  };
}
