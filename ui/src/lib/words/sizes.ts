// Sizes as people read them: decimal units, one decimal at most, in the locale's form.

const UNITS = ["kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"] as const;

export function size(bytes: number, locale: string): string {
  if (bytes < 1000) {
    return unit(bytes, "byte", locale, "long");
  }
  let value = bytes / 1000;
  let at = 0;
  // 999.95 would round up to "1,000 kB": it belongs to the next unit.
  while (value >= 999.95 && at < UNITS.length - 1) {
    value /= 1000;
    at += 1;
  }
  return unit(value, UNITS[at]!, locale, "short");
}

function unit(value: number, name: string, locale: string, unitDisplay: "long" | "short"): string {
  const form = new Intl.NumberFormat(locale, {
    style: "unit",
    unit: name,
    unitDisplay,
    maximumFractionDigits: 1,
  });
  // A number is never parted from its unit at the end of a line.
  return form.format(value).replace(/\s/g, "\u00a0");
}
