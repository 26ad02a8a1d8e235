// People and heads: who signs by which key, and what each location says that it knows.
import { Wire, ensure } from "./wire.js";

const [JOINED, SUCCEEDS] = [1, 2];

/** The key inside a statement, by which it is signed. */
export const authorKeyIn = (content) => new Wire(content).hash();

/** Reads a verified statement; `key` is that of its subject, null if untold; `isSelf` if one drive says it of itself. */
export function readPeople(name, content) {
  const wire = new Wire(content);
  const [authorKey, kind] = [wire.hash(), wire.byte()];
  if (kind !== JOINED && kind !== SUCCEEDS) return { ...name, authorKey, key: null, isSelf: false };
  const [old] = kind === SUCCEEDS ? [wire.id(), wire.uint()] : [name.author];
  const [, , key] = [wire.text(), wire.text(), wire.hash(), wire.int()];
  const [isJoined, hasOneKey] = [kind === JOINED, key === authorKey];
  if (isJoined) wire.vector();
  wire.end();
  const isSelf = isJoined ? name.author === name.subject : hasOneKey;
  return { ...name, authorKey, key: old === name.author && (isJoined || hasOneKey) ? key : null, isSelf };
}

/** Passes over what a head says of its drive. */
const readDrive = (wire) => [wire.byte(), wire.uint(), wire.uint(), wire.uint()];

/** Reads a verified head, as far as a reader uses it. */
export function readHead(name, content) {
  const wire = new Wire(content);
  const [, , , root] = [wire.byte(), wire.uint(), wire.raw(16), wire.hash(), wire.int(), wire.option(() => wire.int())];
  const [, , , vector] = [wire.uint(), wire.uint(), readDrive(wire), wire.vector()];
  wire.list(() => wire.id());
  wire.list(() => [wire.id(), wire.uint()]);
  wire.list(() => wire.hash());
  if (wire.left > 0) ensure(wire.byte() === 1, "a head ends otherwise");
  wire.end();
  return { ...name, root, vector };
}
