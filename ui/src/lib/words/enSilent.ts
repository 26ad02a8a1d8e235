// English for homes that have not come for long: whether all goes on waiting for them.
import type { Count } from "./plural";

export function enSilent(count: Count) {
  return {
    silent: {
      title: (home: string, days: number) =>
        count(days, {
          one: `${home} has not come for # day.`,
          other: `${home} has not come for # days.`,
        }),
      never: (home: string, days: number) =>
        count(days, {
          one: `${home} was invited # day ago and has not come yet.`,
          other: `${home} was invited # days ago and has not come yet.`,
        }),
      hint: "What waits for it keeps room in the mailbox. If you stop, the others get that room. When it comes, it gets everything it missed, and none of its own files is lost.",
      stop: "Stop waiting for now",
      stopNamed: (home: string) => `Stop waiting for ${home} for now`,
      keep: "Keep waiting",
      keepNamed: (home: string) => `Keep waiting for ${home}`,
    },
  };
}
