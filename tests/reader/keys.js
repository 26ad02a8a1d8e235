// The keys that follow from an archive's key and id, and all that is hashed.
import { blake3 } from "@noble/hashes/blake3.js";
import { hex } from "./wire.js";

/** A BLAKE3 hasher: keyed by 32 bytes, by the name of a purpose, or not at all. */
export function hasher(key) {
  return blake3.create(typeof key === "string" ? { context: Buffer.from(key) } : { key });
}

export const hash = (key, ...parts) => parts.reduce((hashing, part) => hashing.update(part), hasher(key)).digest();

export class ArchiveKeys {
  constructor(archiveKey, archiveId) {
    this.archiveId = Buffer.from(archiveId, "hex");
    this.seal = hash("offsync v1 object seal key", archiveKey, this.archiveId);
    this.content = hash("offsync v1 content hash key", archiveKey, this.archiveId);
  }

  /** The digest of a file and the id of a chunk. */
  digest(content) {
    return hex(hash(this.content, content));
  }
}

/** 32 bytes in hexadecimal that tell contents apart, in the names of conflict copies and in Merkle roots. */
export function contentTag({ is, digest, target }) {
  if (is === "link") return hex(hash("offsync v1 symlink tag", Buffer.from(target, "latin1")));
  return is === "file" ? digest : "00".repeat(32);
}
