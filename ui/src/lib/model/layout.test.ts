import { expect, test } from "vitest";
import { type Layout, layout } from "./layout";

const WIDTHS = [640, 664, 720, 879, 880, 904, 1000, 1040];
const COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 16];
const CAPTION_TOP = 12;
const CAPTION_HEIGHT = 84;

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function everywhere(promise: (placed: Layout, width: number, where: string) => void) {
  for (const width of WIDTHS) {
    for (const count of COUNTS) {
      promise(layout(width, count), width, `${count} homes at ${width} px`);
    }
  }
}

test("nothing leaves the frame", () => {
  everywhere((placed, width, where) => {
    for (const box of boxes(placed)) {
      expect(box.left, where).toBeGreaterThanOrEqual(0);
      expect(box.top, where).toBeGreaterThanOrEqual(0);
      expect(box.right, where).toBeLessThanOrEqual(width);
      expect(box.bottom, where).toBeLessThanOrEqual(placed.height);
    }
  });
});

test("nothing overlaps", () => {
  everywhere((placed, _, where) => {
    const all = boxes(placed);
    all.forEach((a, i) =>
      all.slice(i + 1).forEach((b) => expect(overlap(a, b), where).toBe(false)),
    );
  });
});

test("no line crosses a label", () => {
  everywhere((placed, _, where) => {
    const labels = boxes(placed);
    for (const tile of placed.tiles) {
      for (const point of along(tile.path)) {
        const crossed = labels.some((box) => inside(point, box));
        expect(crossed, `${where}, line at ${point.x},${point.y}`).toBe(false);
      }
    }
  });
});

test("a size beside the way to the mailbox hides nothing of it, and nothing else", () => {
  const half = { x: 44, y: 12 };
  everywhere((placed, _, where) => {
    for (const { x, y } of Object.values(placed.link.chips ?? {})) {
      const chip = { left: x - half.x, right: x + half.x, top: y - half.y, bottom: y + half.y };
      const line = { x, y: placed.mine.y };
      expect(inside(line, chip), where).toBe(false);
      const rings = boxes(placed).filter((_, i) => i !== 1 && i !== 3);
      for (const box of rings) expect(overlap(chip, box), where).toBe(false);
    }
  });
});

test("every label has room for a name", () => {
  everywhere((placed, _, where) => {
    for (const tile of placed.tiles) expect(tile.textWidth, where).toBeGreaterThanOrEqual(130);
  });
});

test("my home is larger than any other, and left of all", () => {
  everywhere((placed) => {
    for (const tile of placed.tiles) {
      expect(tile.r).toBeLessThan(placed.mine.r);
      expect(tile.x).toBeGreaterThan(placed.mailbox.x);
    }
    expect(placed.mine.x).toBeLessThan(placed.mailbox.x);
  });
});

test("my home is in sight at the top, however many homes there are", () => {
  everywhere((placed) => expect(placed.mine.y).toBeLessThanOrEqual(220));
});

/** Rings with their words, my home with its caption, the mailbox with its own. */
function boxes({ mine, mailbox, tiles, roomy }: Layout): Box[] {
  const half = roomy ? 31 : 21;
  const caption = (x: number, width: number, top: number, bottom: number): Box => ({
    left: x - width / 2,
    right: x + width / 2,
    top: top + CAPTION_TOP,
    bottom: bottom + CAPTION_TOP + CAPTION_HEIGHT,
  });
  const boxBottom = mailbox.y + mailbox.height / 2;
  return [
    {
      left: mine.x - mine.r,
      right: mine.x + mine.r,
      top: mine.y - mine.r,
      bottom: mine.y + mine.r,
    },
    caption(mine.x, mine.textWidth, mine.y + mine.r, mine.y + mine.r),
    {
      left: mailbox.x - mailbox.width / 2,
      right: mailbox.x + mailbox.width / 2,
      top: mailbox.y - mailbox.height / 2 - 16,
      bottom: boxBottom,
    },
    caption(mailbox.x, mailbox.textWidth, boxBottom, boxBottom),
    ...tiles.map((tile) => ({
      left: tile.x - tile.r,
      right: tile.textX + tile.textWidth,
      top: tile.y - Math.max(tile.r, half),
      bottom: tile.y + Math.max(tile.r, half),
    })),
  ];
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function inside({ x, y }: { x: number; y: number }, box: Box): boolean {
  return x > box.left && x < box.right && y > box.top && y < box.bottom;
}

/** Points on a path of the form `Mx yHxCx1 y1 x2 y2 x yHx`. */
function along(path: string): { x: number; y: number }[] {
  const [from, y0, x0, x1, y1, x2, y2, x3, y3, end] = path
    .match(/-?[\d.]+/g)!
    .map(Number) as number[];
  const curve = Array.from({ length: 41 }, (_, i) => {
    const t = i / 40;
    const at = (a: number, b: number, c: number, d: number) =>
      a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t * t * (1 - t) + d * t ** 3;
    return { x: at(x0!, x1!, x2!, x3!), y: at(y0!, y1!, y2!, y3!) };
  });
  return [...straight(from!, x0!, y0!), ...curve, ...straight(x3!, end ?? x3!, y3!)];
}

function straight(from: number, to: number, y: number): { x: number; y: number }[] {
  return Array.from({ length: 20 }, (_, i) => ({ x: from + ((to - from) * i) / 19, y }));
}
