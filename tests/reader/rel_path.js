// Paths inside an archive and the folded keys by which entries are kept. A path is a string with one character for
// each byte (latin1): names that are not UTF-8 stay as they are, and strings are ordered as their bytes.
import { isUtf8 } from "node:buffer";
import { ensure } from "./wire.js";

/** Gives the path, or throws if it could leave the archive or is Offsync's own. */
export function checkedPath(path) {
  const names = path.split("/");
  const isBad = (name) => ["", ".", ".."].includes(name) || name.includes("\0") || name.length > 255;
  ensure(!names.some(isBad) && fits(path), "it holds a path that no archive may hold");
  ensure(!/^\.offsync$/i.test(names[0]), "it holds a path in Offsync's own folder");
  return path;
}

/** Tells whether a path is short and flat enough. */
export const fits = (path) => path.length <= 4096 && path.split("/").length <= 256;

export const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);

/** Gives the key of a path: its folded names, joined by NUL. */
export const keyOf = (path) => path.split("/").map(fold).join("\0");

/** Gives the key of the folder that holds this one; that of the archive's folder is empty. */
export const parentOf = (key) => key.slice(0, Math.max(0, key.lastIndexOf("\0")));

function fold(name) {
  const bytes = Buffer.from(name, "latin1");
  if (!isUtf8(bytes)) return name;
  const folded = Array.from(bytes.toString().normalize("NFD"), foldLetter).join("");
  return Buffer.from(folded.normalize("NFC")).toString("latin1");
}

/** Full case folding of Unicode 16.0: JavaScript knows upper and lower case, and here is where they differ. */
function foldLetter(letter) {
  const code = letter.codePointAt(0);
  const within = (from, to) => code >= from && code <= to;
  if (code === 0x1e9e) return "ss";
  if (within(0xab70, 0xabbf)) return String.fromCodePoint(code - 0xab70 + 0x13a0);
  if (within(0x13f8, 0x13fd)) return String.fromCodePoint(code - 8);
  const isNewer = [0xa7ce, 0xa7d2, 0xa7d4].includes(code) || within(0x16ea0, 0x16eb8);
  if (code === 0x131 || within(0x13a0, 0x13f5) || isNewer) return letter;
  return Array.from(letter.toUpperCase(), (upper) => upper.toLowerCase()).join("");
}
