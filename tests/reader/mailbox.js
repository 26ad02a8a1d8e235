// A mailbox on this computer: what the objects of one archive say. What does not open, verify or parse is named as
// trouble and counts as absent. A pack does not say what it holds: it is opened once to hash its chunks and again when
// they are wanted, so that memory does not grow with content.
import fs from "node:fs";
import { hash } from "./keys.js";
import { readManifest } from "./manifest.js";
import { authorKeyIn, readHead, readPeople } from "./members.js";
import { objectName } from "./object_name.js";
import { readContents } from "./rows.js";
import { open, openSigned } from "./seal.js";
import { joinStates, readState } from "./state.js";
import { attempt, ensure, filterWhileFewer, hex, Wire } from "./wire.js";

const OBJECT_BYTES_MAX = 4 << 20;

export class Mailbox {
  #openPack = null;
  /** Gives the content of a chunk, by id. */
  #chunks = new Map();

  /** `known` lists locations with public keys that are believed; `trouble(what, why)` hears what is wrong. */
  constructor(folder, keys, known, trouble) {
    const texts = fs.readdirSync(folder).sort();
    const names = texts.flatMap((text) => objectName(text) ?? []);
    Object.assign(this, { folder, keys, names, publicKeys: new Map(known), trouble });
    this.#learnPeople();
    this.manifests = this.#all("manifest", (name) => this.#manifest(name));
    this.heads = this.#all("head", (name) => readHead(name, this.#signed(name)));
    this.states = joinStates(this.#all("state", (name) => readState(this.#body(name))));
    this.#all("pack", (name) => this.#addPack(name));
    this.#all("want", (name) => this.#body(name));
  }

  hasChunk = (id) => this.#chunks.has(id);
  chunk = (id) => this.#chunks.get(id)();

  /** A statement is believed if its author is known, or is one drive's of itself and nobody else spoke; the first counts. */
  #learnPeople() {
    const read = (name) => readPeople(name, openSigned(this.keys, name, this.#sealed(name), authorKeyIn));
    const statements = this.#all("people", read);
    ensure(statements.length > 0, "Nobody's statement opens with this key: it is that of another archive.");
    const waiting = filterWhileFewer(statements, (people) => !this.#believe(people));
    waiting.forEach(({ text }) => this.trouble(text, "nobody introduced the one who says it"));
  }

  #believe({ subject, author, authorKey, key, isSelf }) {
    const keyOf = (id) => this.publicKeys.get(id);
    const isNobodyElse = isSelf && keyOf(author) === undefined && (keyOf(subject) ?? authorKey) === authorKey;
    if (keyOf(author) !== authorKey && !isNobodyElse) return false;
    if (key !== null) this.publicKeys = new Map([[subject, key]].concat([[author, authorKey]], [...this.publicKeys]));
    return true;
  }

  #manifest(name) {
    const manifest = readManifest(this.keys, name, this.#signed(name));
    for (const content of manifest.contents) this.#chunks.set(this.keys.digest(content), () => content);
    return { ...manifest, hash: hex(hash(undefined, this.#sealed(name))) };
  }

  #addPack(name) {
    this.#contents(name).forEach((content, i) => {
      this.#chunks.set(this.keys.digest(content), () => this.#contents(name)[i]);
    });
  }

  #contents(name) {
    if (this.#openPack?.name !== name) this.#openPack = { name, contents: readContents(new Wire(this.#body(name))) };
    return this.#openPack.contents;
  }

  /** Reads all objects of a kind that can be read. */
  #all(is, read) {
    const named = this.names.filter((name) => name.is === is);
    return named.flatMap((name) => attempt(() => read(name), name.text, this.trouble) ?? []);
  }

  #signed(name) {
    const key = this.publicKeys.get(name.author);
    ensure(key !== undefined, "nobody has said by which key its author signs");
    return openSigned(this.keys, name, this.#sealed(name), () => key);
  }

  #body = (name) => open(this.keys, name, this.#sealed(name));

  #sealed(name) {
    const sealed = fs.readFileSync(`${this.folder}/${name.text}`);
    ensure(sealed.length <= OBJECT_BYTES_MAX, "it is larger than any object");
    return sealed;
  }
}
