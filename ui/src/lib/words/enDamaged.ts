// English for files that read otherwise than they did, though nothing tells that anybody changed them.
import type { Count } from "./plural";

export function enDamaged(count: Count) {
  return {
    damaged: {
      repair: "Check and repair",
      repairTitle: "Reads all files again, and asks the other homes for what is damaged",
      see: "Did you change it yourself?",
      title: (n: number) =>
        count(n, { one: "A file is damaged here", other: "# files are damaged here" }),
      sub: (n: number) =>
        count(n, {
          one: "It reads otherwise than before, and nothing on the drive tells that anybody changed it. It is not sent to the other homes.",
          other:
            "They read otherwise than before, and nothing on the drive tells that anybody changed them. They are not sent to the other homes.",
        }),
      none: "No file is damaged here any more.",
      noneHint: "Whatever was damaged reads as before again, or was kept as it is.",
      ways: "What can be done",
      nobody: "If nobody changed it",
      nobodyHint:
        "Another home may have the content of before. What stands here goes to the trash when it has come.",
      nobodyUnsent:
        "No other home has what it held. Keep what is left of it as it is now, or delete it.",
      yourself: "If you changed it yourself",
      yourselfHint:
        "Some programs give a file its old time back when they change it, and then it looks like damage. Keep it as it is now, and the other homes get it as your change.",
      files: "Damaged files",
      asked: "Asked for",
      unsent: "Never sent: no other home has it",
      keep: "Keep it as it is now",
      keepNamed: (name: string) => `Keep “${name}” as it is now`,
      sure: (name: string) => `Keep “${name}” as it is now?`,
      sureHint:
        "The next sync sends it to the other homes, and the version before goes to their trash. Open the file first, and look whether it is right.",
      yes: "Keep it",
      kept: (name: string) =>
        `“${name}” stays as it is now. The next sync sends it to the other homes.`,
      more: (n: number) => count(n, { one: "and # more file", other: "and # more files" }),
      again: "Look again",
    },
  };
}
