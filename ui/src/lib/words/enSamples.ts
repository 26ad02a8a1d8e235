// English for the sample homes.

export function enSamples() {
  return {
    samples: {
      mark: "Sample",
      named: (archive: string) => `${archive} (sample)`,
      title: "These homes are make-believe.",
      send: "You are Pep, with a new photo on the drive. Sync to send it to the others.",
      plug: "Plug in the others’ drives, and see the mailbox empty itself.",
      told: "Everybody has everything, so nothing waits in the mailbox any more.",
      plugIn: (person: string) => `Plug in ${person}’s drive`,
      syncing: "Syncing…",
      removeAll: "Remove the samples",
      sure: "Remove the sample homes?",
      sureHint:
        "Their folders and all that is in them are deleted. Your own archives are not touched.",
      remove: "Remove them",
      keep: "Keep them",
    },
  };
}
