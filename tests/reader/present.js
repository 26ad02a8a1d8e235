// What a drive shows of the siblings: a folder beats a file, a change beats a deletion, and losers stand beside the
// winner as conflict copies. A pure function, so that every copy of an archive shows the same names.
import { contentTag } from "./keys.js";
import { fits, keyOf, nameOf, parentOf } from "./rel_path.js";
import { groupBy } from "./wire.js";

const NAME_BYTES_MAX = 255;
const EXTENSION_BYTES_MAX = 32;
const IMPLIED_FOLDER_MODE = 0o755;

/** Gives the values that stand in the archive's folder, each folder before what lies in it. */
export function present(siblings) {
  const childrenOf = gather(siblings.live());
  const below = ([key, value]) => (value.is === "folder" ? presentBelow(key, value.path) : []);
  const presentBelow = (key, path) => {
    return [...presentFolder(path, childrenOf.get(key) ?? [])].flatMap((child) => [child[1], ...below(child)]);
  };
  return presentBelow("", "");
}

/** Gives `[key, versions]` by the key of their folder, with a folder wherever something lives below. */
function gather(live) {
  const versionsAt = new Map(live);
  for (const [key, versions] of live) {
    const names = strongest(versions).path.split("/");
    for (let folder = parentOf(key); folder !== ""; folder = parentOf(folder)) {
      names.pop();
      const there = versionsAt.get(folder) ?? [];
      const implied = { is: "folder", path: names.join("/"), mode: IMPLIED_FOLDER_MODE, history: -1n, dot: "" };
      if (!there.some(({ is }) => is === "folder")) versionsAt.set(folder, [...there, implied]);
    }
  }
  return groupBy(versionsAt, ([key]) => parentOf(key));
}

/** Gives the values shown in a folder, by key. */
function presentFolder(folder, children) {
  const [shown, losers] = [new Map(), []];
  const pathOf = (name) => (folder === "" ? name : `${folder}/${name}`);
  const put = (value, name) => {
    const path = pathOf(name);
    if (fits(path)) shown.set(keyOf(path), { ...value, path });
  };
  for (const [key, versions] of children) {
    const ranked = strongestOfEach(versions);
    const winner = ranked.find(({ is }) => is === "folder") ?? ranked[0];
    put(winner, nameOf(winner.path));
    const beaten = ranked.filter((one) => one !== winner);
    losers.push(...beaten.map((value) => ({ value, order: `${key}\0${contentTag(value)}` })));
  }
  losers.sort((a, b) => (a.order < b.order ? -1 : 1));
  for (const { value } of losers) {
    const nameAt = (attempt) => copyName(nameOf(value.path), contentTag(value), attempt);
    const takenAt = (attempt) => shown.get(keyOf(pathOf(nameAt(attempt))));
    let attempt = 1;
    while (takenAt(attempt) && !sameContent(takenAt(attempt), value)) attempt++;
    if (!takenAt(attempt)) put(value, nameAt(attempt)); // Else the same content under that name absorbs the copy.
  }
  return shown;
}

/** `STEM (other version HASH8).EXT`; a second attempt at a taken name adds its number. */
function copyName(name, tag, attempt) {
  const mark = ` (other version ${tag.slice(0, 8)}${attempt > 1 ? ` ${attempt}` : ""})`;
  const dot = name.lastIndexOf(".");
  const stemBytes = dot > 0 && name.length - dot <= EXTENSION_BYTES_MAX ? dot : name.length;
  const extension = name.slice(stemBytes);
  let end = Math.min(stemBytes, NAME_BYTES_MAX - mark.length - extension.length);
  const isInsideLetter = () => end < stemBytes && (name.charCodeAt(end) & 0xc0) === 0x80;
  while (end > 0 && isInsideLetter()) end--;
  return name.slice(0, end) + mark + extension;
}

/** The strongest version of each content, the strongest content first. */
function strongestOfEach(versions) {
  const byStrength = [...versions].sort((a, b) => (isStronger(a, b) ? -1 : 1));
  return byStrength.filter((one, i) => byStrength.findIndex((other) => sameContent(one, other)) === i);
}

function sameContent(a, b) {
  return a.is === b.is && a.digest === b.digest && a.sizeBytes === b.sizeBytes && a.target === b.target;
}

const strongest = (versions) => versions.reduce((best, one) => (isStronger(one, best) ? one : best));
const isStronger = (a, b) => (a.history === b.history ? a.dot > b.dot : a.history > b.history);
