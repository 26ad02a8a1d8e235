// Where everything in the picture stands, for a width in pixels. No two tiles overlap,
// nothing leaves the frame, and no line crosses a label, with one home or with twelve.

export interface Point {
  x: number;
  y: number;
}

export interface Spot {
  x: number;
  y: number;
  r: number;
}

export interface Tile extends Spot {
  textX: number;
  textWidth: number;
  /** From the mailbox to the ring's edge. */
  path: string;
}

export interface Layout {
  height: number;
  mine: Spot & { textWidth: number };
  mailbox: { x: number; y: number; width: number; height: number; textWidth: number };
  /** Between my home and the mailbox, with room for a chip on either side; none where it would touch them. */
  link: { path: string; chips: { above: Point; below: Point } | null };
  tiles: Tile[];
  /** Few homes: room for lines that rest and for a third line of words. */
  roomy: boolean;
}

/** Sizes and gaps in pixels that go together. */
interface Scale {
  mineX: number;
  mineR: number;
  box: { width: number; height: number };
  boxX: number;
  /** From the mailbox to the first column of rings. */
  gap: number;
  captionWidth: number;
}

const PAD = 24;
const AIR = 10;
const HEIGHT_MIN = 320;
const Y_MAX = 216;
const ROOMY_MAX = 4;
const WIDE_PX = 880;
const COLUMN_PX_MIN = 200;
const STATE_ICON_PX = 19;
const STATE_LETTER_PX = 7;
const CHIP_PX = 96;
/** From a line to the middle of a chip beside it. */
const CHIP_OFF_PX = 24;

export function layout(width: number, others: number): Layout {
  const roomy = others <= ROOMY_MAX;
  const scale = scaleFor(width, roomy);
  const { mineX, mineR, box, boxX } = scale;
  const start = boxX + box.width / 2 + scale.gap;
  const columns = !roomy && width - PAD - start >= 2 * COLUMN_PX_MIN ? 2 : 1;
  const rows = Math.ceil(others / columns);
  const rowHeight = roomy ? 96 : columns === 2 ? 72 : 56;
  const stagger = columns === 2 ? rowHeight / 2 : 0;
  const lastIsLower = columns === 2 && others % 2 === 0;
  const extent = (rows - 1) * rowHeight + (lastIsLower ? stagger : 0);
  const height = Math.max(HEIGHT_MIN, extent + rowHeight + 2 * PAD);
  // A long row of homes runs on below; my home and the mailbox stay in sight.
  const y = Math.min(Math.round(height / 2) - 24, Y_MAX);
  const linkFrom = mineX + mineR + AIR;
  const linkTo = boxX - box.width / 2 - AIR;

  return {
    height,
    mine: { x: mineX, y, r: mineR, textWidth: 2 * (mineX - 16) },
    mailbox: { x: boxX, y, ...box, textWidth: scale.captionWidth },
    link: {
      path: `M${linkFrom} ${y}H${linkTo}`,
      chips: linkTo - linkFrom >= CHIP_PX ? chips((linkFrom + linkTo) / 2) : null,
    },
    tiles: Array.from({ length: others }, (_, i) => tile(i)),
    roomy,
  };

  function tile(i: number): Tile {
    const r = others === 1 ? mineR - 14 : roomy ? (mineR < 56 ? 26 : 30) : columns === 2 ? 20 : 18;
    const columnWidth = (width - PAD - start) / columns;
    const column = Math.floor(i / rows);
    const x = start + column * columnWidth + r;
    const tileY =
      others === 1 ? y : (height - extent) / 2 + (i % rows) * rowHeight + column * stagger;
    const textX = x + r + (roomy ? 16 : 12);
    const textEnd = start + (column + 1) * columnWidth - (columns === 2 ? 8 : 0);
    return { x, y: tileY, r, textX, textWidth: textEnd - textX, ...line(x - r - AIR, tileY) };
  }

  function chips(x: number) {
    return { above: { x, y: y - CHIP_OFF_PX }, below: { x, y: y + CHIP_OFF_PX } };
  }

  /** Leaves past the mailbox's caption, bends, then runs straight between the rows. */
  function line(toX: number, toY: number): Pick<Tile, "path"> {
    const fromX = boxX + box.width / 2 + AIR;
    const fromY = y + clamp((toY - y) * 0.15, box.height / 3);
    const leave = Math.max(fromX, boxX + scale.captionWidth / 2 + 4);
    const bend = start - AIR;
    const middle = (leave + bend) / 2;
    const curve = `M${fromX} ${fromY}H${leave}C${middle} ${fromY} ${middle} ${toY} ${bend} ${toY}`;
    return { path: toX > bend ? `${curve}H${toX}` : curve };
  }
}

/** Whether a state's words fit beside a ring, by the width that letters have at most times. */
export function fits(words: string, textWidth: number): boolean {
  return STATE_ICON_PX + words.length * STATE_LETTER_PX <= textWidth;
}

function scaleFor(width: number, roomy: boolean): Scale {
  if (width < WIDE_PX) {
    return {
      mineX: 88,
      mineR: 44,
      box: { width: 96, height: 72 },
      boxX: Math.round(width * 0.37),
      gap: 84,
      captionWidth: 152,
    };
  }
  return roomy
    ? {
        mineX: 128,
        mineR: 56,
        box: { width: 120, height: 88 },
        boxX: Math.round(width * 0.42),
        gap: 152,
        captionWidth: 208,
      }
    : {
        mineX: 112,
        mineR: 50,
        box: { width: 104, height: 78 },
        boxX: Math.round(width * 0.34),
        gap: 80,
        captionWidth: 168,
      };
}

function clamp(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}
