// The Merkle root that heads carry. Equal vectors give equal roots, so it proves that the siblings here are those of
// whoever wrote the head.
import { dotParts } from "./dots.js";
import { contentTag, hash, hasher } from "./keys.js";
import { groupBy, hex } from "./wire.js";

/** Gives the root, in hexadecimal, of `[key, live versions]` in order of key. */
export function merkleRoot(live) {
  const entries = live.map(([key, versions]) => ({ names: key.split("\0"), versions }));
  return hex(folderHash(entries, 0));
}

/** Hashes the entries below a folder, all of which share their first `depth` names. */
function folderHash(entries, depth) {
  const folder = hasher("offsync v1 merkle folder");
  for (const [name, some] of groupBy(entries, ({ names }) => names[depth])) {
    const bytes = Buffer.from(name, "latin1");
    const put = (kind, below) =>
      [Buffer.from(kind), u64le(bytes.length), bytes, below].forEach((part) => folder.update(part));
    const below = some.filter(({ names }) => names.length > depth + 1);
    if (below.length < some.length) put("e", entryHash(some[0].versions));
    if (below.length > 0) put("f", folderHash(below, depth + 1));
  }
  return folder.digest();
}

function entryHash(versions) {
  const parts = versions.flatMap((version) => {
    const [location, sequence, ordinal] = dotParts(version.dot);
    const dot = [Buffer.from(location, "hex"), u64le(sequence), u64le(ordinal).subarray(0, 4)];
    const content = [Buffer.from(contentTag(version), "hex"), u64le(version.sizeBytes ?? 0)];
    const path = Buffer.from(version.path, "latin1");
    const meta = [u64le(version.mode ?? 0).subarray(0, 4), u64le(version.mtimeNs ?? 0)];
    return [...dot, ...content, u64le(path.length), path, ...meta, u64le(version.history)];
  });
  return hash("offsync v1 merkle entry", ...parts);
}

function u64le(number) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(number)));
  return bytes;
}
