// State: all that a location knew, served in parts to one that lost the thread.
import { readDots, readLocations } from "./dots.js";
import { keyOf } from "./rel_path.js";
import { readColumns, readHashes, readRows } from "./rows.js";
import { ensure, ensureRising, groupBy, Wire } from "./wire.js";

/** Reads one part: `{ id, part, parts, vector, siblings }`, the latter a list of `[key, versions]`. */
export function readState(body) {
  const wire = new Wire(body);
  const [id, part, parts] = [wire.id(), wire.number(), wire.number()];
  const { locations, vector } = readLocations(wire);
  const [counts, histories] = [wire.column(), wire.column()];
  const dots = readDots(wire, locations);
  const columns = readColumns(wire);
  const values = readRows(columns, readHashes(wire, []), []);
  wire.end();
  ensure(values.length === dots.length, "its versions are not as many as its dots");
  let history = 0n;
  const versions = values.map((value, i) => {
    history = BigInt.asUintN(64, history + histories.int());
    return { ...value, dot: dots[i], history };
  });
  histories.end();
  return { id, part, parts, vector, siblings: group(versions, counts) };
}

/** Gives the states of which all parts are at hand, put together. */
export function joinStates(parts) {
  const byId = [...groupBy(parts, ({ id }) => id).values()];
  const isWhole = (some) => new Set(some.map(({ part }) => part)).size === some[0].parts;
  const join = (some) => ({ vector: some[0].vector, siblings: new Map(some.flatMap(({ siblings }) => siblings)) });
  return byId.filter(isWhole).map(join);
}

function group(versions, counts) {
  const groups = [];
  let at = 0;
  while (counts.left > 0) {
    const some = versions.slice(at, (at += counts.number()));
    ensure(new Set(some.map(({ path }) => keyOf(path))).size === 1, "it mixes versions of several paths");
    groups.push([keyOf(some[0].path), some]);
  }
  ensure(at === versions.length, "its versions are not as many as it says");
  ensureRising(groups.map(([key]) => key));
  return groups;
}
