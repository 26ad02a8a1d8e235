// Files that no home has any more, ready to be shown: where they may still be, and which can be given up.
import type { LostReport } from "../types/LostReport";
import type { LostView } from "../types/LostView";
import type { Voice } from "../words/voice";

export interface LostRow {
  key: string;
  name: string;
  folder: string | null;
  path: string;
  by: string | null;
  size: string;
  damaged: boolean;
}

export interface Way {
  kind: "elsewhere" | "parked" | "damaged" | "otherwise";
  when: string;
  what: string;
}

/** So many are shown one by one; the others are counted. */
export const ROWS_MAX = 500;

export function rows(files: LostView[], voice: Voice): LostRow[] {
  return files.slice(0, ROWS_MAX).map((file, i) => {
    const parts = file.path.split("/");
    return {
      key: `${i} ${file.path}`,
      name: parts.at(-1) ?? file.path,
      folder: parts.length > 1 ? parts.slice(0, -1).join(" / ") : null,
      path: file.path,
      by: file.by,
      size: voice.size(file.size_bytes),
      damaged: file.damaged_here,
    };
  });
}

/** What is left of a damaged file is for its person to decide, in the file itself. */
export function canGiveUp(files: LostView[]): LostView[] {
  return files.filter((file) => !file.damaged_here);
}

export function ways(report: LostReport, voice: Voice): Way[] {
  const words = voice.words.lost;
  const n = report.files.length;
  const away = report.may_be_at;
  const parked = {
    kind: "parked" as const,
    when: words.mayBeAt(n, voice.list(away)),
    what: words.parked(away.length > 1),
  };
  const damaged = report.files.some((file) => file.damaged_here);
  return [
    ...(away.length > 0 ? [parked] : []),
    { kind: "elsewhere", when: words.elsewhere(n), what: words.elsewhereHint(n) },
    ...(damaged
      ? [{ kind: "damaged" as const, when: words.damaged, what: words.damagedHint }]
      : []),
    ...(canGiveUp(report.files).length > 0
      ? [{ kind: "otherwise" as const, when: words.otherwise, what: words.otherwiseHint(n) }]
      : []),
  ];
}
