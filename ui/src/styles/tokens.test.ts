// Reads the tokens as they are shipped and checks what they promise about contrast (WCAG 2.2 AA).
import { expect, test } from "vitest";
import css from "./tokens.css?raw";

const TEXT_MIN = 4.5;
const SHAPE_MIN = 3;
const TEXT: [string, string[]][] = [
  ["ink", ["bg", "panel", "raised", "hover", "safe-bg", "wait-bg", "need-bg"]],
  ["soft", ["bg", "panel", "raised", "hover", "track"]],
  ["on-accent", ["accent", "accent-hover"]],
  ["accent", ["bg", "panel", "hover"]],
  ["safe-ink", ["bg", "panel", "safe-bg"]],
  ["wait-ink", ["bg", "panel", "wait-bg"]],
  ["need-ink", ["bg", "panel", "hover", "need-bg"]],
];
const SHAPES: [string, string[]][] = [
  ["safe", ["panel", "bg", "safe-bg"]],
  ["wait", ["panel", "bg", "wait-bg"]],
  ["need", ["panel", "bg", "need-bg"]],
  ["line-strong", ["panel", "bg"]],
];

const [light, dark] = css.split("@media (prefers-color-scheme: dark)").map(colours) as [
  Record<string, string>,
  Record<string, string>,
];

for (const [scheme, tokens] of Object.entries({ light, dark: { ...light, ...dark } })) {
  test(`words can be read everywhere they stand, ${scheme}`, () => holds(tokens, TEXT, TEXT_MIN));
  test(`shapes can be told from their ground, ${scheme}`, () => holds(tokens, SHAPES, SHAPE_MIN));
}

function holds(tokens: Record<string, string>, pairs: [string, string[]][], least: number) {
  for (const [front, grounds] of pairs) {
    for (const ground of grounds) {
      const found = contrast(tokens[front]!, tokens[ground]!);
      expect(found, `${front} on ${ground}`).toBeGreaterThanOrEqual(least);
    }
  }
}

function colours(part: string): Record<string, string> {
  return Object.fromEntries(
    [...part.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
  );
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(colour.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
