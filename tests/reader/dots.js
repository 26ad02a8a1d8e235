// Dots, vectors, and what refers to tables. A dot is one string (location, sequence and ordinal at a fixed width), so
// that dots are compared and ordered as strings.
import { ensure, ensureRising } from "./wire.js";

export function makeDot(location, sequence, ordinal) {
  return `${location}.${String(sequence).padStart(20, "0")}.${String(ordinal).padStart(10, "0")}`;
}

/** Gives location, sequence and ordinal. */
export function dotParts(dot) {
  const [location, sequence, ordinal] = dot.split(".");
  return [location, BigInt(sequence), BigInt(ordinal)];
}

/** Tells whether all of `other` was folded into `vector`. */
export function covers(vector, other) {
  return [...other].every(([location, sequence]) => (vector.get(location) ?? 0n) >= sequence);
}

/** Reads a table of locations and the vector over it. */
export function readLocations(wire) {
  const locations = wire.list(() => wire.id());
  ensureRising(locations);
  return { locations, vector: new Map(locations.map((location) => [location, wire.uint()])) };
}

/** Reads all dots of three columns. */
export function readDots(wire, locations) {
  const [places, sequences, ordinals] = [wire.column(), wire.column(), wire.column()];
  const dots = [];
  for (let [sequence, ordinal] = [0n, -1n]; places.left > 0;) {
    const location = locations[places.number()];
    sequence = BigInt.asUintN(64, sequence + sequences.int());
    ordinal += 1n + ordinals.int();
    const isDot = location && sequence < 2n ** 64n - 1n && ordinal >= 0n && ordinal < 2n ** 32n;
    ensure(isDot, "it holds what is no dot");
    dots.push(makeDot(location, sequence, ordinal));
  }
  [sequences, ordinals].forEach((column) => column.end());
  return dots;
}

/** Gives a function that follows references: each is the distance from the place behind the last one. */
export function follower(items) {
  let next = 0n;
  return (distance) => {
    const place = next + distance;
    ensure(place >= 0n && place < items.length, "it refers to nothing");
    next = place + 1n;
    return Number(place);
  };
}
