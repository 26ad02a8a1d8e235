// Renders every icon file from the SVG sources here: run `npm run icons` in ui/.
// The tray sources are written too, so that their eight files never drift apart.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const { Resvg } = createRequire(join(here, "../ui/package.json"))("@resvg/resvg-js");

const svg = (name) => readFileSync(join(here, name), "utf8");
const png = (source, width) =>
  new Resvg(source, { fitTo: { mode: "width", value: width } }).render().asPng();
const write = (name, bytes) => writeFileSync(join(here, name), bytes);

const large = svg("offsync.svg");
const small = svg("offsync-small.svg");
const app = (width) => png(width <= 24 ? small : large, width);

/** Windows: a directory of 16 bytes an image, then the PNGs. */
function ico(widths) {
  const images = widths.map((width) => ({ width, bytes: app(width) }));
  const head = Buffer.alloc(6 + 16 * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  images.forEach(({ width, bytes }, i) => {
    const at = 6 + 16 * i;
    head.writeUInt8(width % 256, at);
    head.writeUInt8(width % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(bytes.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += bytes.length;
  });
  return Buffer.concat([head, ...images.map((image) => image.bytes)]);
}

/** macOS: a magic word and a length, then (type, length, PNG) blocks. */
function icns(types) {
  const blocks = Object.entries(types).map(([type, width]) => {
    const bytes = app(width);
    const head = Buffer.alloc(8);
    head.write(type, 0, "latin1");
    head.writeUInt32BE(bytes.length + 8, 4);
    return Buffer.concat([head, bytes]);
  });
  const body = Buffer.concat(blocks);
  const head = Buffer.alloc(8);
  head.write("icns", 0, "latin1");
  head.writeUInt32BE(body.length + 8, 4);
  return Buffer.concat([head, body]);
}

const HOUSE = "M11 3.2 19.2 10.2H17.400V17.600A1.400 1.4 0 0 1 16 19H6A1.400 1.4 0 0 1 4.6 17.6V10.200H2.800Z";
const solid = (cut) =>
  `<mask id="cut"><rect width="22" height="22" fill="#fff"/><rect x="7" y="10.5" width="8" height="2" rx="1" fill="#000"/>${cut}</mask>
  <path d="${HOUSE}" fill="INK" stroke="INK" stroke-width="1.2" stroke-linejoin="round" mask="url(#cut)"/>`;
const away = `<path d="${HOUSE}" fill="none" stroke="INK" stroke-width="1.6" stroke-linejoin="round"/>`;
const hole = `<circle cx="16.5" cy="16.5" r="6.2" fill="#000"/>`;

/** What a state looks like: the shape tells it, colour only underlines. */
const STATES = {
  idle: solid(""),
  syncing: `${solid(hole)}
  <path d="M12.700 16.5a3.800 3.8 0 0 1 6.6-2.6M20.300 16.5a3.800 3.8 0 0 1-6.6 2.6" fill="none" stroke="INK" stroke-width="1.5" stroke-linecap="round"/>
  <path d="M20.300 11.9v2.800h-2.8ZM12.700 21.1v-2.8h2.800Z" fill="INK" stroke="INK" stroke-width=".6" stroke-linejoin="round"/>`,
  attention: `${solid(hole)}
  <circle cx="16.5" cy="16.5" r="5" fill="MARK"/>
  <path d="M16.500 13.8v3" stroke="ON" stroke-width="1.7" stroke-linecap="round"/><circle cx="16.5" cy="19.2" r="1" fill="ON"/>`,
  "drive-away": away,
};
const PANELS = {
  light: { INK: "#1b2424", MARK: "#b35c00", ON: "#ffffff" },
  dark: { INK: "#f2f5f4", MARK: "#ffb547", ON: "#2b1c00" },
};

mkdirSync(join(here, "tray"), { recursive: true });
for (const [state, shape] of Object.entries(STATES)) {
  for (const [panel, colours] of Object.entries(PANELS)) {
    const drawn = shape.replace(/INK|MARK|ON/g, (word) => colours[word]);
    const source = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 22 22">\n  ${drawn}\n</svg>\n`;
    write(`tray/${state}-${panel}.svg`, source);
    for (const width of [22, 32, 44]) write(`tray/${state}-${panel}-${width}.png`, png(source, width));
  }
}

write("32x32.png", app(32));
write("128x128.png", app(128));
write("128x128@2x.png", app(256));
write("icon.png", app(512));
write("icon.ico", ico([16, 24, 32, 48, 64, 256]));
write("icon.icns", icns({ icp4: 16, icp5: 32, icp6: 64, ic07: 128, ic08: 256, ic09: 512, ic10: 1024, ic11: 32, ic12: 64, ic13: 256, ic14: 512 }));
