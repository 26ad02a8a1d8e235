// Picks the right form of a word for a number; every catalogue counts through this.
// "#" in a form is replaced by the number, written as the locale writes it.

export type Forms = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>;
export type Count = (n: number, forms: Forms) => string;

export function counter(locale: string): Count {
  const rules = new Intl.PluralRules(locale);
  const digits = new Intl.NumberFormat(locale);
  return (n, forms) => (forms[rules.select(n)] ?? forms.other).replace("#", digits.format(n));
}
