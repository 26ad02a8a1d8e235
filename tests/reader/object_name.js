// The names of objects: what each is, and who wrote it. What is spelled in any other way is no object.
const id = (part) => `(?<${part}>[0-9a-f]{32})`;
const number = (part) => `(?<${part}>0|[1-9][0-9]{0,19})`;
const RANDOM = "[0-9a-f]{16}";
const SHAPES = [
  ["head", 1, ["head", id("author")]],
  ["people", 2, ["people", id("subject"), id("author"), number("number")]],
  ["pack", 3, ["out", id("author"), number("sequence"), RANDOM, "pack"]],
  ["manifest", 4, ["out", id("author"), number("sequence"), "manifest"]],
  ["want", 5, ["want", id("author")]],
  ["pack", 6, ["for", id("reader"), id("author"), RANDOM, "pack"]],
  ["state", 7, ["for", id("reader"), id("author"), RANDOM, "state"]],
];

/** Gives `{ text, is, kind, author, subject, sequence }`, as far as the name tells them, or null. */
export function objectName(text) {
  for (const [is, kind, parts] of SHAPES) {
    const found = new RegExp(`^${parts.join("\\.")}$`).exec(text)?.groups;
    const isNumber = BigInt(found?.sequence ?? found?.number ?? 0) < 2n ** 64n;
    if (found && isNumber) return { text, is, kind, ...found, sequence: BigInt(found.sequence ?? 0) };
  }
  return null;
}
