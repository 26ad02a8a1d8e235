// Lines of history as a person reads them: what happened, from whom, and who has it by now.
import type { ArchiveStatus } from "../types/ArchiveStatus";
import type { ChangeSummary } from "../types/ChangeSummary";
import type { LogLine } from "../types/LogLine";
import type { Voice } from "../words/voice";
import { calendarDays } from "../words/times";

export interface Row {
  key: string;
  what: string;
  where: string | null;
  from: string;
  ago: string;
  exactly: string;
  everyone: boolean;
  who: string;
  /** Names of the homes that lack it, if any. */
  notYet: string | null;
  size: string;
}

export interface Day {
  title: string;
  rows: Row[];
}

const NAMED_MAX = 3;

export function row(line: LogLine, status: ArchiveStatus, voice: Voice, now: Date): Row {
  const words = voice.words.lately;
  const homes = status.locations.filter(
    (home) => home.state !== "removed" && (home.state !== "invited" || home.behind.changesets > 0),
  );
  // A home that is up to date has all of it, though it may not have been counted at each change yet. So has one
  // that has all but what its drive cannot store.
  const lacking = homes.filter(
    (home) =>
      home.state !== "up_to_date" &&
      home.cannot_store === 0 &&
      !has(home.location_id) &&
      !leftBehind(home.state),
  );
  const names = lacking.map((home) => home.label);
  return {
    key: `${line.author}.${line.sequence}`,
    what: whatHappened(line.summary, voice),
    where: place(line),
    from: line.author === status.location_id ? words.you : line.author_label,
    ago: voice.ago(line.created, now),
    exactly: voice.exactly(line.created),
    everyone: lacking.length === 0,
    who:
      lacking.length === 0
        ? words.everyone
        : words.someOf(homes.length - lacking.length, homes.length),
    notYet: names.length > 0 ? words.notYet(shortList(names, voice)) : null,
    size: line.bytes === 0 ? words.nothingSent : voice.size(line.bytes),
  };

  function has(id: string): boolean {
    return id === line.author || line.applied_by.includes(id);
  }

  /** What has left the mailbox had reached everyone that it waited for. */
  function leftBehind(state: string): boolean {
    return line.pruned && state !== "parked";
  }
}

export function days(lines: LogLine[], status: ArchiveStatus, voice: Voice, now: Date): Day[] {
  const relative = new Intl.RelativeTimeFormat(voice.locale, { numeric: "auto" });
  const found = new Map<string, Row[]>();
  for (const line of lines) {
    const title = dayTitle(new Date(line.created));
    found.set(title, [...(found.get(title) ?? []), row(line, status, voice, now)]);
  }
  return [...found].map(([title, rows]) => ({ title, rows }));

  function dayTitle(then: Date): string {
    const passed = calendarDays(then, now);
    if (passed >= 0 && passed <= 1) {
      return capital(relative.format(-passed, "day"), voice.locale);
    }
    return new Intl.DateTimeFormat(voice.locale, {
      weekday: "long",
      day: "numeric",
      month: "long",
      ...(then.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }),
    }).format(then);
  }
}

/** The most telling change first, the others after it. */
export function whatHappened(summary: ChangeSummary, voice: Voice): string {
  const words = voice.words.lately;
  const kinds = [
    { n: summary.created, first: words.added, also: words.alsoAdded },
    { n: summary.modified, first: words.changed, also: words.alsoChanged },
    { n: summary.deleted, first: words.deleted, also: words.alsoDeleted },
    { n: summary.renamed, first: words.moved, also: words.alsoMoved },
    { n: summary.metadata, first: words.touched, also: words.alsoTouched },
  ].filter((kind) => kind.n > 0);
  const [main, ...rest] = kinds;
  if (!main) {
    // It went ahead of the changes that it is of, for which the mailbox had no room yet.
    return words.content;
  }
  return [main.first(main.n), ...rest.map((kind) => kind.also(kind.n))].join(", ");
}

/** The file itself if there is one, else the folder that an example lies in. */
function place(line: LogLine): string | null {
  const parts = line.summary.example?.split("/").filter(Boolean) ?? [];
  const shown = line.entries === 1 ? parts : parts.slice(0, -1);
  return shown.length > 0 ? shown.join(" / ") : null;
}

function shortList(names: string[], voice: Voice): string {
  const shown = names.length > NAMED_MAX + 1 ? names.slice(0, NAMED_MAX) : names;
  const more = names.length - shown.length;
  return voice.list(more > 0 ? [...shown, voice.words.lately.andMore(more)] : shown);
}

function capital(text: string, locale: string): string {
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}
