// English for files that no home has any more.
import type { Count } from "./plural";

export function enLost(count: Count) {
  const it = (n: number) => count(n, { one: "it", other: "them" });
  return {
    lost: {
      title: (n: number) => count(n, { one: "A file is missing", other: "# files are missing" }),
      none: "No file is missing any more.",
      noneHint: "Whatever was missing is back, or was given up.",
      sub: (n: number) =>
        count(n, {
          one: "No home that takes part has its content any more. Everything else goes on.",
          other: "No home that takes part has their content any more. Everything else goes on.",
        }),
      headline: (n: number, name: string) =>
        count(n, {
          one: `“${name}” is missing: no home that takes part has it any more.`,
          other: "# files are missing: no home that takes part has them any more.",
        }),
      detail: (n: number) =>
        `Everything else goes on. If you have ${it(n)} elsewhere, ${count(n, { one: "it", other: "they" })} can come back.`,
      see: (n: number) => count(n, { one: "See the file", other: "See the files" }),
      afterSync: "The list is shown as soon as the sync has ended.",
      back: "Back to the homes",
      ways: "What can be done",
      elsewhere: (n: number) => `If you have ${it(n)} elsewhere`,
      elsewhereHint: (n: number) =>
        `Put ${it(n)} into the archive’s folder, under any name, and sync. ${count(n, { one: "It comes", other: "They come" })} back in every home.`,
      mayBeAt: (n: number, homes: string) => `${homes} may still have ${it(n)}`,
      parked: (many: boolean) =>
        many
          ? "They have been away for long, so nothing waits for them. A sync there brings back what is on their drives."
          : "It has been away for long, so nothing waits for it. A sync there brings back what is on its drive.",
      damaged: "If what stands here is damaged",
      damagedHint: "Keep what is left of it as it is now, or delete the file. Then sync.",
      otherwise: "If nobody has a copy",
      otherwiseHint: (n: number) =>
        `Give ${it(n)} up, and no home waits for ${it(n)} any more. Where an older version stands, that one stays.`,
      files: "Missing files",
      name: "File",
      by: "Last changed in",
      size: "Size",
      damagedHere: "Damaged here",
      all: (n: number) => count(n, { other: "Show all #" }),
      more: (n: number) => count(n, { one: "and # more file", other: "and # more files" }),
      giveUp: (n: number) => count(n, { one: "Give this file up", other: "Give these # files up" }),
      sure: (n: number) =>
        count(n, { one: "Give this file up for good?", other: "Give these # files up for good?" }),
      sureHint: (n: number) =>
        `The next sync tells the other homes, and nobody looks for ${it(n)} any more.`,
      keep: "Keep waiting",
      yes: (n: number) => `Give ${it(n)} up`,
      givenUp: (n: number) =>
        count(n, {
          one: "The file was given up. The next sync tells the other homes.",
          other: "# files were given up. The next sync tells the other homes.",
        }),
      again: "Look again",
    },
  };
}
