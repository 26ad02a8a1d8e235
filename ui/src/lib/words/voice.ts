// How the window speaks: one catalogue, and numbers, sizes and times in the locale's form.
// Pure: the time is always an argument.
import { ago, exactly } from "./times";
import { en } from "./en";
import { size } from "./sizes";

export type Words = ReturnType<typeof en>;

export interface Voice {
  words: Words;
  locale: string;
  number: (n: number) => string;
  size: (bytes: number) => string;
  ago: (time: string, now: Date) => string;
  exactly: (time: string) => string;
  list: (names: string[]) => string;
}

const CATALOGUES: Record<string, (locale: string) => Words> = { en };

/** The first language of the person that there is a catalogue for, else English. */
export function chooseLocale(wanted: readonly string[]): string {
  return wanted.find((tag) => tag.split("-")[0]! in CATALOGUES) ?? "en";
}

export function speak(locale: string): Voice {
  const words = (CATALOGUES[locale.split("-")[0]!] ?? en)(locale);
  const digits = new Intl.NumberFormat(locale);
  const names = new Intl.ListFormat(locale, { type: "conjunction" });
  return {
    words,
    locale,
    number: (n) => digits.format(n),
    size: (bytes) => size(bytes, locale),
    ago: (time, now) => ago(time, now, locale, words.justNow),
    exactly: (time) => exactly(time, locale),
    list: (all) => names.format(all),
  };
}
