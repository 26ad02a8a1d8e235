// Reads the words of docs/format.md from bytes, front to back. Whatever the bytes, it answers with a value or throws
// `Damage`; it never reads behind the end. Ids and hashes are lowercase hexadecimal, as everywhere in this reader.

/** What was found is not what the format says. */
export class Damage extends Error {}

/** Gives what is made of the bytes of `what`; tells `trouble` and gives null where they are damaged. */
export function attempt(make, what, trouble) {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    trouble(what, error.message);
    return null;
  }
}

export function ensure(holds, why) {
  if (!holds) throw new Damage(why);
}

export function ensureRising(items) {
  ensure(!items.some((item, i) => i > 0 && item <= items[i - 1]), "what must rise does not");
}

export const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** Gives lists of items by key, in the order in which keys are met first. */
export function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  return groups;
}

/** Filters again and again as long as that leaves fewer; gives what is left. */
export function filterWhileFewer(items, isLeft) {
  const left = items.filter(isLeft);
  return left.length < items.length ? filterWhileFewer(left, isLeft) : left;
}

export class Wire {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  get left() {
    return this.#bytes.length - this.#at;
  }

  raw(length) {
    ensure(length <= this.left, "it ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A number of up to 64 bits in its shortest spelling, as a BigInt. */
  uint() {
    let number = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      number |= BigInt(byte & 0x7f) << shift;
      ensure(number < 2n ** 64n && (byte > 0 || shift === 0n), "a number has another spelling than its only one");
      if (byte < 0x80) return number;
    }
  }

  int() {
    const folded = this.uint();
    return (folded >> 1n) ^ -(folded & 1n);
  }

  /** A length or place, small enough to count with. */
  number(max = 2 ** 32 - 1) {
    const number = this.uint();
    ensure(number <= BigInt(max), "a number is too large");
    return Number(number);
  }

  /** No item is shorter than a byte, so a count is never believed beyond what is there. */
  list(item) {
    return Array.from({ length: this.number(this.left) }, item);
  }

  /** A map from location to sequence. */
  vector() {
    const pairs = this.list(() => [this.id(), this.uint()]);
    ensureRising(pairs.map(([location]) => location));
    return new Map(pairs);
  }

  /** Gives what `item` reads, or null. */
  option = (item) => (this.number(1) === 1 ? item() : null);
  byte = () => this.raw(1)[0];
  bytes = () => this.raw(this.number());
  text = () => this.bytes().toString();
  column = () => new Wire(this.bytes());
  id = () => hex(this.raw(16));
  hash = () => hex(this.raw(32));
  end = () => ensure(this.left === 0, "it goes on after its end");
}
