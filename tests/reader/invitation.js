// Opens an invitation with its six words: the archive's key, and who is there already.
import { argon2id } from "@noble/hashes/argon2.js";
import { decrypt } from "./seal.js";
import { ensure, Wire } from "./wire.js";

const HEADER_BYTES = 57;
const ENVELOPE_BYTES_MAX = 1 << 20;
const WRONG_WORDS = "These are not the words of this invitation, or it is damaged.";

/** Gives `{ archiveId, archiveKey, known }`, the latter as `[location, public key]`. */
export function openInvitation(sealed, words) {
  const isWhole = sealed.length > HEADER_BYTES && sealed.length <= ENVELOPE_BYTES_MAX;
  ensure(isWhole && sealed.toString("latin1", 0, 4) === "OFSI", "This is not an invitation of Offsync.");
  ensure(sealed[4] === 1, "A newer Offsync is needed to open this invitation.");
  const header = sealed.subarray(0, HEADER_BYTES);
  const [m, t, p] = [5, 9, 13].map((at) => header.readUInt32LE(at));
  ensure(m <= 256 << 10 && t <= 16 && p <= 4, "This invitation asks for more work than is safe.");
  const phrase = words.trim().split(/\s+/).join(" ");
  const key = argon2id(Buffer.from(phrase), header.subarray(17, 33), { m, t, p, dkLen: 32 });
  const ciphertext = sealed.subarray(HEADER_BYTES);
  return readInvitation(decrypt(key, header.subarray(33), header, ciphertext, WRONG_WORDS));
}

function readInvitation(content) {
  const wire = new Wire(content);
  const [archiveId, , archiveKey] = [wire.id(), wire.text(), wire.raw(32)];
  [wire.id(), wire.text(), wire.text(), wire.hash(), wire.hash(), wire.text()]; // Who the newcomer is, and the mailbox.
  wire.option(() => wire.bytes());
  wire.option(() => wire.uint());
  wire.uint();
  const inviter = [wire.id(), wire.hash()];
  const people = wire.list(() => [wire.id(), wire.text(), wire.text(), wire.hash()]);
  wire.end();
  return { archiveId, archiveKey, known: [inviter, ...people.map(([location, , , key]) => [location, key])] };
}
