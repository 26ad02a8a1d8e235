// Rows in ten columns: what stands at the paths of a manifest or a state. Gives values of the form
// `{ is: "tombstone" | "folder" | "file" | "link", path, mode, mtimeNs, digest, sizeBytes, chunks, target }`, or
// `{ is: "moved", path, place, mode, mtimeNs }` where the content is that of the replaced version at that place.
import { follower } from "./dots.js";
import { checkedPath } from "./rel_path.js";
import { ensure } from "./wire.js";

const [TOMBSTONE, FOLDER, FILE, CHUNKED, LINK, MOVED, MOVED_AND_TOUCHED] = [0, 1, 2, 3, 4, 5, 6];
const COLUMNS = ["shared", "dropped", "tails", "moves", "modes", "sizes", "references", "texts", "times"];
const CHUNKS_MAX = 2 ** 20;
const NANOS = 1_000_000_000n;

/** Takes the columns apart; the hashes that they refer to come later in an object. */
export function readColumns(wire) {
  const kinds = wire.bytes();
  return Object.fromEntries([["kinds", kinds], ...COLUMNS.map((name) => [name, wire.column()])]);
}

/** Reads all rows; `owners` tells for each replaced dot which row replaces it. */
export function readRows(columns, hashes, owners) {
  const isTimed = (kind) => [FILE, CHUNKED, MOVED_AND_TOUCHED].includes(kind);
  const times = readTimes(columns.times, columns.kinds.filter(isTimed).length).values();
  const [followMove, followHash] = [follower(owners), follower(hashes)];
  const rows = [];
  const mode = () => columns.modes.number(0o777);
  const meta = () => ({ mode: mode(), mtimeNs: times.next().value });
  const hash = () => hashes[followHash(columns.references.int())];
  for (const kind of columns.kinds) {
    const isMoved = kind === MOVED || kind === MOVED_AND_TOUCHED;
    const place = isMoved ? followMove(columns.moves.int()) : null;
    const path = readPath(columns, rows.at(-1)?.path ?? "", isMoved ? (rows[owners[place]]?.path ?? "") : null);
    if (isMoved) rows.push({ is: "moved", path, place, ...(kind === MOVED ? {} : meta()) });
    else if (kind === TOMBSTONE) rows.push({ is: "tombstone", path });
    else if (kind === FOLDER) rows.push({ is: "folder", path, mode: mode() });
    else if (kind === FILE) rows.push({ is: "file", path, ...meta(), ...readWhole(columns, hash) });
    else if (kind === CHUNKED) rows.push({ is: "file", path, ...meta(), ...readChunked(columns, hash) });
    else if (kind === LINK) rows.push({ is: "link", path, target: readText(columns, columns.sizes.number()) });
    else ensure(false, "it holds an entry of unknown kind");
  }
  COLUMNS.forEach((name) => columns[name].end());
  return rows;
}

const readText = (columns, length) => columns.texts.raw(length).toString("latin1");

/** `last` is the path of the row before, `beside` that of which the end is shared, or null. */
function readPath(columns, last, beside) {
  const shared = last.slice(0, columns.shared.number(last.length));
  const tail = readText(columns, columns.tails.number());
  return checkedPath(shared + tail + (beside?.slice(columns.dropped.number(beside.length)) ?? ""));
}

/** A file of one chunk has its digest as chunk, an empty one has none. */
function readWhole(columns, hash) {
  const [digest, sizeBytes] = [hash(), columns.sizes.uint()];
  return { digest, sizeBytes, chunks: sizeBytes === 0n ? [] : [digest] };
}

function readChunked(columns, hash) {
  const [digest, chunks, count] = [hash(), [], columns.sizes.number(CHUNKS_MAX)];
  let sizeBytes = 0n;
  for (let i = 0; i < count; i++) {
    sizeBytes += columns.sizes.uint();
    chunks.push(hash());
  }
  return { digest, sizeBytes, chunks };
}

function readTimes(wire, count) {
  const [earliest, width] = [wire.int(), wire.byte()];
  ensure(width <= 5, "its times are too wide");
  const planes = Array.from({ length: width + 4 }, () => wire.raw(count));
  const number = (some, row) => some.reduceRight((sum, plane) => (sum << 8n) | BigInt(plane[row]), 0n);
  return Array.from({ length: count }, (_, row) => {
    const nanos = number(planes.slice(width), row);
    ensure(nanos < NANOS, "it holds what is no time");
    return (earliest + number(planes.slice(0, width), row)) * NANOS + nanos;
  });
}

/** Reads the table of hashes, which begins with those that were found in the object itself. */
export const readHashes = (wire, found) => [...found, ...wire.list(() => wire.hash())];

/** Reads lengths, then the contents one after the other. */
export const readContents = (wire) => wire.list(() => wire.number()).map((length) => wire.raw(length));
