// The siblings of every path: the versions that nobody has replaced yet. Folding a changeset and merging a state are
// all that ever changes them. A version is a value with its `dot` and its `history`.
import { covers, dotParts, makeDot } from "./dots.js";
import { keyOf } from "./rel_path.js";
import { ensure } from "./wire.js";

export class Siblings {
  /** Versions in order of dot, by key. */
  #byKey = new Map();
  /** The highest sequence folded, by location. */
  vector = new Map();

  at = (key) => this.#byKey.get(key) ?? [];
  sequenceOf = (location) => this.vector.get(location) ?? 0n;

  /** Tells whether a manifest is the next of its author and all that it builds on is here. */
  canFold({ author, sequence, context }) {
    return sequence === this.sequenceOf(author) + 1n && covers(this.vector, context);
  }

  fold(manifest) {
    const { author, sequence, history, entries } = manifest;
    const values = entries.map(({ value }) => this.#resolved(value, manifest));
    entries.forEach(({ replaces }, ordinal) => {
      const version = { ...values[ordinal], dot: makeDot(author, sequence, ordinal), history };
      const key = keyOf(version.path);
      this.#put(key, [...this.at(key).filter(({ dot }) => !replaces.includes(dot)), version]);
    });
    this.vector.set(author, sequence);
  }

  /** A moved value takes its content, and what else it does not say itself, from the version that it replaces. */
  #resolved(value, { replacedAt }) {
    if (value.is !== "moved") return value;
    const { dot: wanted, path } = replacedAt[value.place];
    const old = this.at(keyOf(path)).find(({ dot }) => dot === wanted);
    ensure(old?.is === "file", "it moves a content that is not at hand");
    return { ...old, ...value, is: "file" };
  }

  /** Keeps a version if both have it, or if one has it and the other has not seen it. */
  merge(state) {
    const isNew = (vector, dot) => !covers(vector, [dotParts(dot)]);
    const has = (versions, wanted) => versions.some(({ dot }) => dot === wanted);
    for (const key of new Set([...this.#byKey.keys(), ...state.siblings.keys()])) {
      const [mine, theirs] = [this.at(key), state.siblings.get(key) ?? []];
      const kept = mine.filter(({ dot }) => has(theirs, dot) || isNew(state.vector, dot));
      const added = theirs.filter(({ dot }) => !has(mine, dot) && isNew(this.vector, dot));
      this.#put(key, [...kept, ...added]);
    }
    for (const [location, sequence] of state.vector)
      if (sequence > this.sequenceOf(location)) this.vector.set(location, sequence);
  }

  /** Gives `[key, live versions]` in order of key, without paths at which nothing lives. */
  live() {
    const all = [...this.#byKey].map(([key, versions]) => [key, versions.filter(({ is }) => is !== "tombstone")]);
    return all.filter(([, versions]) => versions.length > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #put(key, versions) {
    versions.sort((a, b) => (a.dot < b.dot ? -1 : 1));
    this.#byKey.set(key, versions);
  }
}
