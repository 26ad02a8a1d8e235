// Times as people say them. "Yesterday" means the calendar's yesterday, and a clock that
// runs ahead never makes something happen in the future without saying the exact time.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SKEW_MS_MAX = 5 * MINUTE_MS;

export function ago(time: string, now: Date, locale: string, justNow: string): string {
  const then = new Date(time);
  const passed = now.getTime() - then.getTime();
  if (Number.isNaN(passed) || passed < -SKEW_MS_MAX) {
    return exactly(time, locale);
  }
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  if (passed < MINUTE_MS) {
    return justNow;
  }
  if (passed < HOUR_MS) {
    return relative.format(-Math.floor(passed / MINUTE_MS), "minute");
  }
  const days = calendarDays(then, now);
  if (passed < DAY_MS && (days === 0 || passed < DAY_MS / 2)) {
    return relative.format(-Math.floor(passed / HOUR_MS), "hour");
  }
  if (days < 45) {
    return relative.format(-days, "day");
  }
  return days < 365
    ? relative.format(-Math.round(days / 30.4), "month")
    : relative.format(-Math.max(1, Math.floor(days / 365.25)), "year");
}

export function exactly(time: string, locale: string): string {
  const then = new Date(time);
  if (Number.isNaN(then.getTime())) {
    return time;
  }
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" }).format(then);
}

/** Midnights between two times, by the clock on the wall here. */
export function calendarDays(then: Date, now: Date): number {
  const midnight = (at: Date) => Date.UTC(at.getFullYear(), at.getMonth(), at.getDate());
  return Math.round((midnight(now) - midnight(then)) / DAY_MS);
}
