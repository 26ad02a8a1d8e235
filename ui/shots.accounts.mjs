// The states of a mailbox in an account: choosing one, signing in to it once and again, how it is.
import {
  press,
  chooseFolder,
  toMailbox,
  toForm,
  fillNextcloud,
  toAccount,
  toCompare,
  toLine,
} from "./shots.steps.mjs";

const toAccounts = async (page) => {
  await press("Mailbox")(page);
  await press("Accounts of this computer")(page);
  await page.getByText("Nextcloud").waitFor();
};
const remove = async (page, name) => {
  await toAccounts(page);
  await page.getByRole("button", { name }).click();
};

/** Name -> [scene, what to do before the picture is taken]. */
export const OF_ACCOUNTS = {
  "set-up-3-search": [
    "first-run",
    async (page) => {
      await toMailbox(page);
      await page.getByRole("searchbox").fill("s3");
    },
  ],
  "set-up-3-folder": [
    "first-run",
    async (page) => (await toMailbox(page), await chooseFolder(page)),
  ],
  "set-up-3-browser": ["first-run", (page) => toForm(page, "Google Drive")],
  "set-up-3-waiting": [
    "first-run",
    async (page) => {
      await toForm(page, "Google Drive");
      await press("Sign in with the browser")(page);
      await page.getByText("Did no browser open").click();
    },
  ],
  "set-up-3-form": ["first-run", (page) => toForm(page, "Nextcloud or ownCloud")],
  "set-up-3-long-form": ["first-run", (page) => toForm(page, "Amazon S3, or another")],
  "set-up-3-nas": ["first-run", (page) => toForm(page, "A NAS that speaks WebDAV")],
  "set-up-3-sftp": ["first-run", (page) => toForm(page, "A NAS or a server that speaks SFTP")],
  "set-up-3-sftp-compare": ["first-run", toCompare],
  "set-up-3-sftp-find": [
    "first-run",
    async (page) => {
      await toCompare(page);
      await page.getByText("Where do I find it there?").click();
    },
  ],
  "set-up-3-sftp-other": [
    "first-run",
    async (page) => (await toCompare(page), await press("It is another one")(page)),
  ],
  "set-up-3-sftp-line": ["first-run", toLine],
  "set-up-3-sftp-how": [
    "first-run",
    async (page) => {
      await toLine(page);
      await page.getByText("How is that done?").click();
    },
  ],
  "set-up-3-sftp-not-yet": [
    "first-run",
    async (page) => {
      await toLine(page);
      await press("I have put it there, try it")(page);
      await page.getByRole("alert").waitFor();
    },
  ],
  "set-up-3-sftp-account": [
    "first-run",
    async (page) => {
      await toLine(page);
      await press("I have put it there, try it")(page);
      await page.getByRole("alert").waitFor();
      await press("I have put it there, try it")(page);
      await page.getByText("The mailbox goes to").waitFor();
    },
  ],
  accounts: ["accounts", toAccounts],
  "accounts-sure": ["accounts", (page) => remove(page, /Remove Nextcloud/)],
  "accounts-removed": [
    "accounts",
    async (page) => {
      await remove(page, /Remove A NAS/);
      await press("Remove it")(page);
      await page.getByText("has forgotten").waitFor();
    },
  ],
  "accounts-none": [
    "others-behind",
    async (page) => {
      await press("Mailbox")(page);
      await press("Accounts of this computer")(page);
    },
  ],
  "drive-says": ["drive-says", press("Sign in again")],
  "drive-says-browser": [
    "drive-says-browser",
    async (page) => {
      await press("Sign in again")(page);
      await page.getByText("Do you know this place?").waitFor();
    },
  ],
  "in-no-account": [
    "in-no-account",
    async (page) => {
      await press("Sign in again")(page);
      await page.getByText("nothing to sign in to").waitFor();
    },
  ],
  "server-changed": ["server-changed"],
  "server-changed-mailbox": ["server-changed", press("Mailbox")],
  "server-changed-compare": [
    "server-changed",
    async (page) => {
      await press("Compare the two")(page);
      await page.getByText("The new one is right").waitFor();
    },
  ],
  "key-forgotten-line": [
    "key-forgotten",
    async (page) => {
      await press("Sign in again")(page);
      await page.getByText("Let this computer in").waitFor();
    },
  ],
  "set-up-3-trying": [
    "first-run",
    async (page) => {
      await toForm(page, "Nextcloud or ownCloud");
      await fillNextcloud(page);
      await press("Sign in")(page);
    },
  ],
  "set-up-3-account": ["first-run", toAccount],
  "set-up-4-account": [
    "first-run",
    async (page) => (await toAccount(page), await press("Continue")(page)),
  ],
  "set-up-3-wrong-password": [
    "wrong-password",
    async (page) => {
      await toForm(page, "Nextcloud or ownCloud");
      await fillNextcloud(page);
      await press("Sign in")(page);
      await page.getByText("is not accepted").waitFor();
    },
  ],
  "set-up-3-wrong-server": [
    "wrong-server",
    async (page) => {
      await toForm(page, "Nextcloud or ownCloud");
      await fillNextcloud(page);
      await press("Sign in")(page);
      await page.getByText("no such server").waitFor();
    },
  ],
  "set-up-3-has-account": ["has-account", toMailbox],
  "signed-out": ["signed-out"],
  "signed-out-browser": [
    "signed-out",
    async (page) => {
      await press("Sign in again")(page);
      await page.getByText("Waiting for the browser").first().waitFor();
      await page.getByText("Did no browser open").waitFor();
    },
  ],
  "signed-out-done": [
    "signed-out",
    async (page) => {
      await press("Sign in again")(page);
      await page.getByText("Trying it out").first().waitFor();
      await page.waitForTimeout(1600);
    },
  ],
  "signed-out-password": ["password-changed", press("Sign in again")],
  "mailbox-account": ["in-account", press("Mailbox")],
  "mailbox-account-handed-on": [
    "in-account",
    async (page) => {
      await press("Mailbox")(page);
      await page.getByText("What an invitation hands on").click();
    },
  ],
  "mailbox-signed-out": ["signed-out", press("Mailbox")],
  "mailbox-account-works": [
    "in-account",
    async (page) => {
      await press("Mailbox")(page);
      await press("Try it out")(page);
      await page.getByText("It works").waitFor();
    },
  ],
  "mailbox-account-refuses": [
    "account-refuses",
    async (page) => {
      await press("Mailbox")(page);
      await press("Try it out")(page);
      await page.getByRole("alert").waitFor();
    },
  ],
  "mailbox-move-to": [
    "others-behind",
    async (page) => {
      await press("Mailbox")(page);
      await press("Move it")(page);
    },
  ],
};
