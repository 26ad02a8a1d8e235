// A manifest: one location's changeset, read after its signature was verified.
import { follower, readDots, readLocations } from "./dots.js";
import { objectName } from "./object_name.js";
import { readColumns, readContents, readHashes, readRows } from "./rows.js";
import { ensure, Wire } from "./wire.js";

const [HAS_PREDECESSOR, DELETIONS_CONFIRMED] = [1, 2];
const ENTRIES_MAX = 20_000;

/** Gives the name's parts, `replacedAt` with each replaced dot and its path, and what the names below say. */
export function readManifest(keys, name, content) {
  const wire = new Wire(content);
  const flags = wire.byte();
  ensure(flags <= (HAS_PREDECESSOR | DELETIONS_CONFIRMED) && name.sequence > 0n, "its flags are unknown");
  const predecessor = flags & HAS_PREDECESSOR ? wire.hash() : null;
  wire.int(); // The time when it was made tells people something, a reader nothing.
  const { locations, vector: context } = readLocations(wire);
  const counts = wire.column();
  const dots = readDots(wire, locations);
  const columns = readColumns(wire);
  const packs = wire.list(() => readPack(wire));
  const contents = readContents(wire);
  const inside = contents.map((bytes) => keys.digest(bytes));
  const hashes = readHashes(wire, inside);
  wire.end();
  packs.flat().forEach(follower(hashes)); // Which chunk lies where is found by opening packs.
  const owners = readOwners(counts, dots.length, columns.kinds.length);
  const values = readRows(columns, hashes, owners);
  const entries = values.map((value) => ({ value, replaces: [] }));
  dots.forEach((dot, i) => entries[owners[i]].replaces.push(dot));
  const replacedAt = dots.map((dot, i) => ({ dot, path: values[owners[i]].path }));
  return { ...name, predecessor, context, history: historyOf(name, context), contents, entries, replacedAt };
}

/** Gives for each replaced dot the row that replaces it. */
function readOwners(counts, dots, rows) {
  const owners = [];
  for (let row = 0; row < rows; row++) {
    for (let count = counts.number(dots - owners.length); count > 0; count--) owners.push(row);
  }
  counts.end();
  ensure(owners.length === dots && rows <= ENTRIES_MAX, "its entries are not as many as it says");
  return owners;
}

/** Gives the references to its chunks. */
function readPack(wire) {
  const isOther = wire.option(() => objectName(wire.text())?.is ?? "none");
  ensure(isOther === null || isOther === "pack", "it names a pack that is none");
  if (isOther === null) wire.raw(8);
  wire.uint();
  return wire.list(() => wire.int());
}

/** The sum of the context, the author taken at the sequence before this one at least. */
function historyOf({ author, sequence }, context) {
  const before = new Map(context);
  if ((context.get(author) ?? 0n) < sequence - 1n) before.set(author, sequence - 1n);
  return [...before.values()].reduce((sum, n) => sum + n, 0n);
}
