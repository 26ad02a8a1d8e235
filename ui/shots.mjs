// Takes a picture of every state, light and dark, in two sizes, into shots/: `npm run build && npm run shots [name...]`.
// Serves dist/ under the strict policy of the desktop shell, and fails if the page breaks it, logs an error,
// or lets anything run out of the window sideways.
import { createServer } from "node:http";
import { mkdirSync, readFileSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";
import { OF_ACCOUNTS } from "./shots.accounts.mjs";
import {
  press,
  chooseFolder,
  toSetUp,
  toNames,
  toMailbox,
  toMove,
  toSummary,
  toWorking,
  toDone,
} from "./shots.steps.mjs";

const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'";
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
const SIZES = { wide: [1200, 800], small: [800, 600] };
const NARROW = [
  "others-behind",
  "lost-list",
  "damaged-sure",
  "receiving",
  "held",
  "removed-sure",
  "mailbox-sure",
  "mailbox-well",
  "mailbox-moving",
  "silent-two",
  "many-homes",
  "first-run",
  "set-up-2-names",
  "set-up-3-mailbox",
  "set-up-3-waiting",
  "set-up-3-sftp-find",
  "set-up-3-sftp-how",
  "server-changed-compare",
  "accounts-sure",
  "set-up-3-wrong-password",
  "signed-out-password",
  "mailbox-account-works",
  "mailbox-account-handed-on",
  "mailbox-move-to",
];
const AT_ONCE = 4;
const ARGS =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

const settle = (page) => page.waitForTimeout(250);

/** Name -> [scene, what to do before the picture is taken]. */
const SHOTS = {
  "first-run": ["first-run"],
  "set-up-1-folder": ["first-run", toSetUp],
  "set-up-1-folder-chosen": [
    "first-run",
    async (page) => (await toSetUp(page), await chooseFolder(page)),
  ],
  "set-up-2-names": ["first-run", toNames],
  "set-up-3-mailbox": ["first-run", toMailbox],
  "set-up-4-summary": ["first-run", toSummary],
  "set-up-5-working": ["first-run", toWorking],
  "set-up-6-done": ["first-run", toDone],
  "set-up-fails": [
    "set-up-fails",
    async (page) => {
      await toSummary(page);
      await press("Set it up")(page);
      await page.getByRole("alert").waitFor();
    },
  ],
  "set-up-no-keyring": [
    "keyring-locked",
    async (page) => {
      await toSummary(page);
      await press("Set it up")(page);
      await page.getByRole("alert").waitFor();
    },
  ],
  samples: ["samples"],
  "samples-remove": ["samples", press("Remove the samples")],
  "samples-plugged-in": [
    "samples",
    async (page) => {
      await press("Plug in Grandma’s drive")(page);
      await page.waitForTimeout(1500);
    },
  ],
  busy: ["busy"],
  "two-copies": ["two-copies"],
  empty: ["empty"],
  alone: ["alone"],
  "up-to-date": ["up-to-date"],
  "others-behind": ["others-behind"],
  waiting: ["waiting"],
  receiving: ["receiving", (page) => page.waitForTimeout(2500)],
  unsent: ["unsent"],
  tight: ["tight"],
  sending: ["sending", (page) => page.waitForTimeout(1800)],
  "drive-away": ["drive-away"],
  "drive-away-unknown": ["drive-away-unknown"],
  "mailbox-away": ["mailbox-away"],
  incomplete: ["incomplete"],
  "incomplete-come": ["incomplete-come"],
  "incomplete-untold": ["incomplete-untold"],
  held: ["held"],
  "held-local": ["held-local"],
  "held-again": ["held-again"],
  "held-both": ["held-both"],
  "held-alone": ["held-alone"],
  "needs-you": ["needs-you"],
  removed: ["removed"],
  "removed-sure": ["removed", press("Forget this copy")],
  damaged: ["damaged"],
  "damaged-list": ["damaged-three", press("Did you change it yourself?")],
  "damaged-sure": [
    "damaged-three",
    async (page) => {
      await press("Did you change it yourself?")(page);
      await press("Keep “IMG_0041.jpg” as it is now")(page);
      await page.getByRole("alert").scrollIntoViewIfNeeded();
    },
  ],
  "damaged-kept": [
    "damaged",
    async (page) => {
      await press("Did you change it yourself?")(page);
      await press("Keep “IMG_0041.jpg” as it is now")(page);
      await press("Keep it")(page);
      await page.getByRole("status").waitFor();
    },
  ],
  "damaged-many": ["damaged-many", press("Did you change it yourself?")],
  "damage-asked-for": ["damage-asked-for"],
  "damaged-unsent": ["damaged-unsent"],
  "damaged-unsent-list": ["damaged-unsent", press("Did you change it yourself?")],
  silent: ["silent"],
  "silent-two": ["silent-two"],
  "silent-stopped": [
    "silent",
    async (page) => {
      await press("Stop waiting for Grandma’s home for now")(page);
      await page.getByText("Stop waiting for now").waitFor({ state: "detached" });
    },
  ],
  "mailbox-well": ["others-behind", press("Mailbox")],
  "mailbox-samples": ["samples", press("Mailbox")],
  "mailbox-drive-away": ["drive-away", press("Mailbox")],
  "mailbox-moving": [
    "others-behind",
    async (page) => {
      await press("Mailbox")(page);
      await toMove(page);
      await page.getByRole("progressbar").waitFor();
      await page.waitForTimeout(400);
    },
  ],
  "mailbox-moved": [
    "others-behind",
    async (page) => {
      await press("Mailbox")(page);
      await toMove(page);
      await page.getByText("The mailbox is in").waitFor();
    },
  ],
  "mailbox-not-moved": [
    "mailbox-not-moved",
    async (page) => {
      await press("Mailbox")(page);
      await toMove(page);
      await page.getByRole("alert").waitFor();
    },
  ],
  "mailbox-lost": ["mailbox-lost"],
  "mailbox-find": ["mailbox-away", press("Is the mailbox elsewhere, or lost?")],
  "mailbox-sure": [
    "mailbox-lost",
    async (page) => {
      await press("Find the mailbox")(page);
      await press("Show where it is")(page);
      await page.getByRole("button", { name: /Choose a folder/ }).click();
      await page.getByRole("alert").waitFor();
    },
  ],
  "mailbox-elsewhere": [
    "has-account-lost",
    async (page) => {
      await press("Mailbox")(page);
      await press("Show where it is")(page);
      await page.getByText("Where is it now?").waitFor();
    },
  ],
  "mailbox-not-in-account": [
    "has-account-lost",
    async (page) => {
      await press("Mailbox")(page);
      await press("Show where it is")(page);
      await page.getByRole("button", { name: /pep at cloud/ }).click();
      await page.getByRole("alert").waitFor();
    },
  ],
  "mailbox-begun": [
    "mailbox-lost",
    async (page) => {
      await press("Find the mailbox")(page);
      await press("Begin a new one")(page);
      await press("Begin it")(page);
      await page.getByText("The new mailbox is ready.").waitFor();
    },
  ],
  lost: ["lost"],
  "lost-list": ["lost", press("See the files")],
  "lost-sure": [
    "lost",
    async (page) => {
      await press("See the files")(page);
      await press("Give these 3 files up")(page);
      await page.getByRole("alert").scrollIntoViewIfNeeded();
    },
  ],
  "lost-done": [
    "lost-one",
    async (page) => {
      await press("See the file")(page);
      await press("Give this file up")(page);
      await press("Give it up")(page);
      await page.getByRole("status").waitFor();
    },
  ],
  "lost-many": ["lost-many", press("See the files")],
  conflicts: ["conflicts"],
  "many-homes": ["many-homes"],
  "two-homes": ["two-homes"],
  "two-homes-behind": ["two-homes-behind"],
  "cannot-store": ["cannot-store"],
  "stored-here-alone": ["stored-here-alone"],
  invited: ["invited"],
  "long-names": ["long-names"],
  "sync-failed": ["sync-failed", (page) => page.getByRole("alert").waitFor()],
  several: ["several"],
  "load-fails": ["load-fails"],
  activity: ["others-behind", press("Activity")],
  "activity-many": ["many-homes", press("Activity")],
  focus: [
    "others-behind",
    async (page) => {
      for (let i = 0; i < 6; i++) await page.keyboard.press("Tab");
    },
  ],
  ...OF_ACCOUNTS,
};

const server = createServer((request, response) => {
  const path = normalize(new URL(request.url, "http://localhost").pathname).replace(
    /^\/$/,
    "/index.html",
  );
  try {
    const body = readFileSync(join("dist", path));
    response.writeHead(200, {
      "content-type": TYPES[extname(path)] ?? "text/plain",
      "content-security-policy": POLICY,
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const wanted = process.argv.slice(2);
const names = Object.keys(SHOTS).filter(
  (name) => wanted.length === 0 || wanted.some((part) => name.startsWith(part)),
);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ARGS.split(" "),
});
const complaints = [];
mkdirSync("shots", { recursive: true });

const jobs = ["light", "dark"].flatMap((colorScheme) =>
  Object.entries(SIZES).flatMap(([size, [width, height]]) =>
    names.map((name) => [name, size, { width, height }, colorScheme]),
  ),
);
for (const name of names.filter((name) => NARROW.includes(name))) {
  jobs.push([name, "narrow", { width: 420, height: 760 }, "light"]);
}
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) await shoot(...job);
  }),
);
await browser.close();
server.close();
console.log(`${names.length} states`);
if (complaints.length > 0) {
  console.error(complaints.join("\n"));
  process.exitCode = 1;
}

async function shoot(name, size, viewport, colorScheme) {
  const [scene, act] = SHOTS[name];
  const where = `${name}-${size}-${colorScheme}`;
  const context = await browser.newContext({
    viewport,
    colorScheme,
    locale: "en-GB",
    timezoneId: "Europe/Madrid",
  });
  const page = await context.newPage();
  page.on(
    "console",
    (message) => message.type() === "error" && complaints.push(`${where}: ${message.text()}`),
  );
  page.on("pageerror", (error) => complaints.push(`${where}: ${error}`));
  await page.goto(`${origin}/?scene=${scene}`);
  await page.waitForSelector("h1");
  await page.evaluate(() => document.fonts.ready);
  try {
    await act?.(page);
  } catch (error) {
    complaints.push(`${where}: ${String(error).split("\n")[0]}`);
  }
  await settle(page);
  const wide = await page.evaluate(() =>
    [...document.querySelectorAll("html, main, nav")]
      .filter((el) => el.scrollWidth > el.clientWidth + 1)
      .map((el) => `${el.tagName} ${el.scrollWidth} > ${el.clientWidth}`),
  );
  if (wide.length > 0) complaints.push(`${where}: runs out of the window sideways: ${wide}`);
  await page.screenshot({ path: `shots/${where}.png` });
  await context.close();
}
