// Opens sealed objects and checks signatures. Nothing is decompressed or parsed before it is authentic, and nothing
// grows beyond the size that it declares.
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { Decompress } from "fzstd";
import { Damage, ensure } from "./wire.js";

const HEADER_BYTES = 30;
const TAG_BYTES = 16;
const FRAME_BYTES = 9;
const SIGNATURE_BYTES = 64;
const BODY_BYTES_MAX = 64n << 20n;
const WINDOW_BYTES_MAX = 2 ** 23;
const NOT_SEALED = "it was not sealed with this key under this name";

/** Gives the plaintext. */
export function decrypt(key, nonce, associated, ciphertext, why) {
  return Buffer.from(orDamage(() => xchacha20poly1305(key, nonce, associated).decrypt(ciphertext), why));
}

/** Gives the body of an object. */
export function open(keys, name, sealed) {
  ensure(sealed.length >= HEADER_BYTES + TAG_BYTES + FRAME_BYTES, "it is too short");
  const header = sealed.subarray(0, HEADER_BYTES);
  ensure(header.toString("latin1", 0, 4) === "OFSY" && header[4] > 0, "this is no object of Offsync");
  ensure(header[4] === 1, `a newer Offsync is needed (format ${header[4]})`);
  ensure(header[5] === name.kind, "it is of another kind than its name");
  const associated = Buffer.concat([header, keys.archiveId, Buffer.from(name.text)]);
  const framed = decrypt(keys.seal, header.subarray(6), associated, sealed.subarray(HEADER_BYTES), NOT_SEALED);
  const declared = framed.readBigUInt64LE(1);
  ensure(declared <= BODY_BYTES_MAX && framed[0] <= 1, "it declares what no body may be");
  const bytes = framed.subarray(FRAME_BYTES);
  const body = framed[0] === 0 ? bytes : decompress(bytes, Number(declared));
  ensure(body.length === Number(declared), "its body has another size than declared");
  return body;
}

/** Gives the content of a signed object once the key that `keyOf` finds has verified it. */
export function openSigned(keys, name, sealed, keyOf) {
  const body = open(keys, name, sealed);
  const [signature, content] = [body.subarray(0, SIGNATURE_BYTES), body.subarray(SIGNATURE_BYTES)];
  const about = [Buffer.from(`offsync v1 ${name.is}\0`), keys.archiveId, Buffer.from(`${name.text}\0`)];
  const key = Buffer.from(keyOf(content), "hex");
  const verify = () => ed25519.verify(signature, Buffer.concat([...about, content]), key, { zip215: false });
  ensure(orDamage(verify, "it has no signature"), "it was not signed by its author");
  return content;
}

/** Whatever a library throws at bytes is damage. */
function orDamage(work, why) {
  try {
    return work();
  } catch {
    throw new Damage(why);
  }
}

function decompress(frame, sizeMax) {
  const windowBytes = 2 ** (10 + (frame[5] >> 3)) * (1 + (frame[5] & 7) / 8);
  const hasWindow = (frame[4] & 0x20) === 0; // Else it is as large as the content.
  ensure(!hasWindow || windowBytes <= WINDOW_BYTES_MAX, "its zstd window is too large");
  const parts = [];
  let size = 0;
  const stream = new Decompress((part) => {
    ensure((size += part.length) <= sizeMax, "its body is larger than declared");
    parts.push(Buffer.from(part));
  });
  orDamage(() => stream.push(frame, true), "its zstd frame is damaged");
  return Buffer.concat(parts);
}
