// Rebuilds what an archive holds: changesets in causal order, states where changesets are gone, and every head as a
// witness that nothing is lacking.
import { covers } from "./dots.js";
import { merkleRoot } from "./merkle.js";
import { Siblings } from "./siblings.js";
import { attempt, filterWhileFewer } from "./wire.js";

/** Gives the siblings, and names as trouble whatever shows that they are not all. */
export function rebuild({ manifests, states, heads, trouble }) {
  const siblings = new Siblings();
  let waiting = foldAll(siblings, manifests, trouble);
  for (const state of states.filter(({ vector }) => !covers(siblings.vector, vector))) {
    siblings.merge(state);
    waiting = foldAll(siblings, waiting, trouble);
  }
  waiting.forEach(({ text }) => trouble(text, "it builds on changesets that are not in this mailbox"));
  const hashes = new Map(manifests.map(({ author, sequence, hash }) => [`${author}.${sequence}`, hash]));
  for (const { text, author, sequence, predecessor } of manifests) {
    const before = hashes.get(`${author}.${sequence - 1n}`) ?? predecessor;
    if (before !== predecessor) trouble(text, "it follows on another changeset than the one in this mailbox");
  }
  for (const { text, root, vector } of heads) {
    if (!covers(siblings.vector, vector)) trouble(text, "it knows of changesets that are not in this mailbox");
    else if (covers(vector, siblings.vector) && root !== merkleRoot(siblings.live()))
      trouble(text, "it knows the same changesets, but its Merkle root is another");
  }
  return siblings;
}

/** Folds what can be folded, again and again; gives what is left. */
function foldAll(siblings, manifests, trouble) {
  return filterWhileFewer(manifests, (manifest) => {
    if (siblings.canFold(manifest)) attempt(() => siblings.fold(manifest), manifest.text, trouble);
    return manifest.sequence > siblings.sequenceOf(manifest.author);
  });
}
