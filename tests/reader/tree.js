// Writes what an archive shows into an empty folder: contents, modes, times, links. Never writes outside of that
// folder, and leaves out each file whose content is not complete. Times to the nanosecond need `touch` and `xargs`.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { attempt, ensure } from "./wire.js";

const NANOS = 1_000_000_000n;

/** Writes all values; gives how many. */
export function writeTree(output, values, mailbox) {
  const [times, folders] = [[], []];
  let written = 0;
  for (const value of values) {
    const path = Buffer.from(value.path, "latin1");
    const place = Buffer.concat([Buffer.from(`${output}/`), path]);
    if (value.is === "folder") {
      fs.mkdirSync(place, { mode: 0o700 });
      folders.unshift({ place, mode: value.mode });
    } else if (value.is === "link") fs.symlinkSync(Buffer.from(value.target, "latin1"), place);
    else if (attempt(() => writeFile(place, value, mailbox), path.toString(), mailbox.trouble))
      times.push(timeOf(value.mtimeNs), place, Buffer.from("\0"));
    else continue;
    written++;
  }
  const touched = spawnSync("xargs", ["-0", "-r", "-n", "2", "touch", "-c", "-m"], { input: Buffer.concat(times) });
  if (touched.status !== 0) throw new Error(`touch could not set times: ${touched.stderr ?? touched.error}`);
  folders.forEach(({ place, mode }) => fs.chmodSync(place, mode));
  return written;
}

function writeFile(place, { digest, chunks, mode }, { keys, hasChunk, chunk }) {
  const lacking = chunks.filter((id) => !hasChunk(id)).length;
  ensure(lacking === 0, `its content is not in this mailbox (${lacking} of ${chunks.length} chunks are missing)`);
  const content = Buffer.concat(chunks.map(chunk));
  ensure(keys.digest(content) === digest, "its chunks do not make up its digest");
  fs.writeFileSync(place, content, { flag: "wx", mode: 0o600 });
  fs.chmodSync(place, mode);
  return true;
}

/** A decimal number of seconds, as `touch` takes it. */
function timeOf(mtimeNs) {
  const [sign, nanos] = mtimeNs < 0n ? ["-", -mtimeNs] : ["", mtimeNs];
  return Buffer.from(`--date=@${sign}${nanos / NANOS}.${String(nanos % NANOS).padStart(9, "0")}\0`);
}
