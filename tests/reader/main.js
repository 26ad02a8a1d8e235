// Rebuilds an archive from a mailbox and a key, without Offsync. Says on standard error what is not in the mailbox or
// does not open, each by name, and then ends with 1; never changes the mailbox.
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { openInvitation } from "./invitation.js";
import { ArchiveKeys } from "./keys.js";
import { Mailbox } from "./mailbox.js";
import { present } from "./present.js";
import { rebuild } from "./rebuild.js";
import { writeTree } from "./tree.js";
import { attempt, ensure } from "./wire.js";

const USAGE = `usage: node main.js MAILBOX OUTPUT --invitation FILE --words FILE
       node main.js MAILBOX OUTPUT --key FILE     (64 hexadecimal digits)`;

/** Gives the archive's key, and as far as it is known its id and who is there. */
function readKey({ key, invitation, words }) {
  if (invitation) return openInvitation(fs.readFileSync(invitation), fs.readFileSync(words, "utf8"));
  const archiveKey = Buffer.from(fs.readFileSync(key, "utf8").trim(), "hex");
  ensure(archiveKey.length === 32, `${key} is no key of 64 hexadecimal digits.`);
  return { archiveId: null, archiveKey, known: [] };
}

function run({ mailbox: folder, output, ...secrets }) {
  let troubles = 0;
  const trouble = (what, why) => {
    troubles++;
    console.error(`${what}: ${why}`);
  };
  fs.mkdirSync(output, { recursive: true });
  ensure(fs.readdirSync(output).length === 0, `${output} is not empty: nothing is ever written over.`);
  const { archiveId, archiveKey, known } = readKey(secrets);
  const found = /^offsync-v1-([0-9a-f]{32})$/.exec(path.basename(path.resolve(folder)))?.[1];
  ensure(found && found === (archiveId ?? found), `${folder} is not called offsync-v1-ID, after the archive's id.`);
  const mailbox = new Mailbox(folder, new ArchiveKeys(archiveKey, found), known, trouble);
  const written = writeTree(output, present(rebuild(mailbox)), mailbox);
  console.log(`${written} files, folders and links were rebuilt.`);
  if (troubles > 0) console.error(`Not everything could be rebuilt: ${troubles} troubles, each named above.`);
  return troubles > 0 ? 1 : 0;
}

const options = { invitation: { type: "string" }, words: { type: "string" }, key: { type: "string" } };
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const [mailbox, output] = positionals;
const isAsked = positionals.length === 2 && (values.key || (values.invitation && values.words));
if (!isAsked) console.error(USAGE);
const tell = (what, why) => console.error(why);
process.exitCode = isAsked ? (attempt(() => run({ mailbox, output, ...values }), mailbox, tell) ?? 1) : 2;
