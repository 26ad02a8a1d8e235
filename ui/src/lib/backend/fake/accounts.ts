// Accounts as scenes play them: some services, who signed in where, and what refuses.
import type { AccountCard } from "../../types/AccountCard";
import type { Event } from "../../types/Event";
import type { Failure } from "../../types/Failure";
import type { KeySignIn } from "../../types/KeySignIn";
import type { ListedAccount } from "../../types/ListedAccount";
import type { Offer } from "../../types/Offer";
import type { SignInRequest } from "../../types/SignInRequest";
import type { AccountOf, Backend } from "../backend";
import { GB, MB } from "./parts";
import { one, type Scene, three } from "./scene";

const ANSWER_MS = 60;
const TRY_MS = 900;
/** The line is on the server when it was asked so often: once to learn of it, once too early. */
const TRIES = 3;
const BROWSER_MS = 3000;
const BROWSER = { by: "browser" as const };
const password = (id: string | null) => ({ by: "typed" as const, id, secret: "Password" });
const key = { by: "typed" as const, id: "Access key id", secret: "Secret access key" };

function service(id: string, name: string, free: string, more: Partial<Offer> = {}) {
  const help = "Make an app password in the settings, and give that one.";
  return { id, name, free, help, asks: [], sign_in: password("User"), ...more };
}

const asked = (key: string, label: string, example: string, hint = "") => ({
  key,
  label,
  example,
  hint,
});

const KEY = { by: "key" as const };
const MARK = "SHA256:n4cTfLmY0uXq8Wb1sHkPz7RgEoJv2DaNi5Cx9BtVyQw";
const OLD_MARK = "SHA256:Xk2pVb9Zc4LqTe7Rm1WsYj0HuGi8NdOa3FfQx6KzCyo";
const LINE =
  'restrict,command="internal-sftp" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK7mQv4pXc2bY9eWtRh0sLnZ8uJfDgVa1iToMk6CqEwP offsync';

const OWN_FOLDER =
  "You sign in in the browser. Offsync sees its own folder in Apps, and nothing else.";

export const SERVICES: Offer[] = [
  service("gdrive", "Google Drive", "15 GB, shared with mail and photos", {
    help: "You sign in in the browser. Offsync sees what it made itself, and nothing else of your drive.",
    sign_in: BROWSER,
  }),
  service("dropbox", "Dropbox", "2 GB", { help: OWN_FOLDER, sign_in: BROWSER }),
  service("onedrive", "OneDrive", "5 GB", { help: OWN_FOLDER, sign_in: BROWSER }),
  service("nextcloud", "Nextcloud or ownCloud", "As much as your server gives you", {
    help: "Make an app password in the settings, under Security, and give that one. It may see all your files there: a user of its own for Offsync sees less.",
    asks: [asked("server", "Server", "cloud.example.org"), asked("user", "User", "anna")],
    sign_in: password(null),
  }),
  service("koofr", "Koofr", "10 GB"),
  service("pcloud", "pCloud", "Up to 10 GB", {
    help: "The user is your e-mail address. It works without two-factor sign-in alone: an account of its own for Offsync is best.",
    asks: [
      asked(
        "server",
        "Server",
        "ewebdav.pcloud.com",
        "webdav.pcloud.com, or ewebdav.pcloud.com for accounts in Europe",
      ),
    ],
  }),
  service("yandex", "Yandex Disk", "5 GB"),
  service("sftp", "A NAS or a server that speaks SFTP", "As much as its disks hold", {
    asks: [
      asked("user", "User", "anna"),
      asked("server", "Server", "nas.local", "with its port where that is not 22"),
      asked(
        "folder",
        "Folder",
        "~/offsync",
        "~/ begins in the folder of that user, all else at the top",
      ),
    ],
    sign_in: KEY,
  }),
  service("nas", "A NAS that speaks WebDAV", "As much as its disks hold", {
    asks: [asked("server", "Server and port", "nas.example.org:5006")],
  }),
  service("r2", "Cloudflare R2", "10 GB", { sign_in: key }),
  service("b2", "Backblaze B2", "10 GB", { sign_in: key }),
  service(
    "s3",
    "Amazon S3, or another store that speaks S3",
    "By the store: a month of what waits costs cents",
    {
      help: "Make a bucket without versions, and an access key that may list, read, write and delete there alone.",
      asks: [
        asked("bucket", "Bucket", "pep-offsync"),
        asked("endpoint", "Endpoint", "https://s3.eu-central-1.amazonaws.com"),
        asked("region", "Region", "eu-central-1"),
      ],
      sign_in: key,
    },
  ),
];

const GOOGLE: AccountCard = {
  name: "gdrive",
  service: "Google Drive",
  whose: "pep@example.org",
  place: "",
  lies_at: "Google Drive/Offsync",
  is_known: true,
  sign_in: BROWSER,
  is_open: true,
  readable_on_the_way: false,
  used_bytes: 6.2 * GB,
  total_bytes: 15 * GB,
  handed_on: {
    can: "See how much waits, and delete it. Not read it, not forge it, not see your other files.",
    end: "Third-party apps in your Google account: it ends the access of all homes, and those that go on sign in again.",
  },
};

const NEXTCLOUD: AccountCard = {
  ...GOOGLE,
  name: "nextcloud",
  service: "Nextcloud or ownCloud",
  whose: "pep",
  place: "cloud.example.org",
  lies_at: "cloud.example.org/remote.php/dav/files/pep/offsync",
  sign_in: password(null),
  handed_on: {
    can: "What that user may: see, change and delete all of its files there. What waits for the homes nobody reads or forges.",
    end: "Delete the app password in the settings, under Security.",
  },
};

const AT_NAS: AccountCard = {
  ...GOOGLE,
  name: "sftp",
  service: "A NAS or a server that speaks SFTP",
  whose: "anna",
  place: "nas.local",
  lies_at: "nas.local/~/offsync",
  sign_in: KEY,
  used_bytes: 812 * GB,
  total_bytes: 4000 * GB,
  handed_on: {
    can: "What that user may, with files alone: see, change and delete them. What waits for the homes nobody reads or forges.",
    end: "Delete that line from .ssh/authorized_keys: it ends the access of all homes that have this key.",
  },
};

const REFUSED: Failure = {
  code: "sign_in_needed",
  message: "The password is not accepted.",
  hint: "Check what you typed. Many services want an app password, made in their settings for this purpose, in place of the one that people sign in with.",
};

const AWAY: Failure = {
  code: "mailbox_away",
  message: "It cannot be reached: no such server was found.",
  hint: "Check the address and the network, and try again.",
};

const signedOut = (account: AccountCard): Scene =>
  one(
    three({
      mailbox: {
        reachable: false,
        name: account.place || account.service,
        used_bytes: 0,
        allowance_bytes: null,
      },
      local_changes: { entries: 2, bytes: 3.1 * MB },
      headline: {
        kind: "needs_you",
        code: "sign_in_needed",
        message: "The mailbox cannot be used: the sign-in has expired or was taken back.",
        hint: "Sign in again, and all goes on from where it stopped. If the account is somebody else’s, ask them what opens it now.",
      },
    }),
    { account },
  );

const inUse = (archive: string): Failure => ({
  code: "account_in_use",
  message: `The mailbox of '${archive}' lies in that account.`,
  hint: "Move that mailbox to another place first.",
});

const STRANGER: Failure = {
  code: "mailbox_stranger",
  message: `The mailbox cannot be used: 'nas.local' shows the host key ${MARK}, and the one agreed on is ${OLD_MARK}: somebody may be in between.`,
  hint: "Nothing was sent to it. Compare its key with what whoever looks after the server sees there, before anything goes on.",
};

/** An archive whose mailbox lies at a server that shows another key by now. */
const changed = (): Scene => {
  const { archives, ...more } = signedOut(AT_NAS);
  const headline = { kind: "needs_you" as const, ...STRANGER };
  return { ...more, archives: archives.map((one) => ({ ...one, headline })), agreed: OLD_MARK };
};

const inAccount = (account: AccountCard, more: Partial<Scene> = {}): Scene => {
  const mailbox = {
    reachable: true,
    name: account.place || account.service,
    used_bytes: 0,
    allowance_bytes: null,
  };
  return one(three({ mailbox: { ...mailbox, used_bytes: 214 * MB } }), { account, ...more });
};

export const ACCOUNTS: Record<string, () => Scene> = {
  "signed-out": () => signedOut(GOOGLE),
  "password-changed": () => signedOut(NEXTCLOUD),
  "in-account": () => inAccount(GOOGLE),
  "account-refuses": () => inAccount(NEXTCLOUD, { accountFails: REFUSED }),
  "server-changed": changed,
  accounts: () => inAccount(GOOGLE, { accounts: [GOOGLE, NEXTCLOUD, AT_NAS] }),
  "has-account-lost": () => ({ ...signedOut(NEXTCLOUD), accounts: [NEXTCLOUD, GOOGLE] }),
  "drive-says": () =>
    signedOut({
      ...NEXTCLOUD,
      place: "cloud.example.net",
      lies_at: "cloud.example.net/remote.php/dav/files/pep/offsync",
      is_known: false,
      is_open: false,
    }),
  "drive-says-browser": () => signedOut({ ...GOOGLE, is_known: false, is_open: false }),
  "drive-says-server": () => signedOut({ ...AT_NAS, is_known: false, is_open: false }),
  "in-no-account": () => ({ ...signedOut(GOOGLE), account: undefined }),
  "key-forgotten": () => ({ ...signedOut(AT_NAS), agreed: MARK }),
  "key-known": () => ({ archives: [], activity: [], agreed: MARK }),
  "has-account": () => ({ archives: [], activity: [], accounts: [GOOGLE, NEXTCLOUD] }),
  "wrong-server": () => ({ archives: [], activity: [], signInFails: AWAY }),
  "wrong-password": () => ({ archives: [], activity: [], signInFails: REFUSED }),
};

type Part = Pick<
  Backend,
  | "services"
  | "accounts"
  | "signIn"
  | "signInAgain"
  | "listedAccounts"
  | "removeAccount"
  | "shownServer"
  | "signInByKey"
  | "pasteAddress"
  | "giveUpSignIn"
  | "mailboxAccount"
  | "accountUsage"
  | "tryAccount"
>;

/** What a backend answers about accounts; `opened` is what becomes of an archive that was signed in for again. */
export function accounts(
  played: Scene,
  tell: (event: Event) => void,
  opened: (folder: string) => void,
): Part {
  let known = [...(played.accounts ?? [])];
  let account = played.account ?? null;
  /** How often the server was asked to let the key in: the line is there by the third time. */
  let asked = 0;
  /** Ends what waits for the browser: with an address, or without one. */
  let end = (_: boolean) => {};

  async function browser(): Promise<void> {
    tell({
      event: "signing_in",
      url: "https://accounts.example.org/o/oauth2/auth?client_id=offsync",
    });
    const isDone = await new Promise<boolean>((resolve) => {
      end = resolve;
      setTimeout(() => resolve(true), BROWSER_MS);
    });
    if (!isDone) {
      throw REFUSED;
    }
    tell({ event: "signing_in", url: null });
  }

  async function signIn(by: Offer["sign_in"]): Promise<void> {
    if (by.by === "browser") {
      await browser();
    }
    await pause(TRY_MS);
    if (played.signInFails) {
      throw played.signInFails;
    }
  }

  /** The archive of a scene has its mailbox in the account that the scene names. */
  const listed = (one: AccountCard): ListedAccount => ({
    account: { ...one, used_bytes: null, total_bytes: null },
    archives: one.name === account?.name ? played.archives.map((all) => all.name) : [],
    waits: false,
  });

  return {
    services: async () => (await pause(ANSWER_MS), SERVICES),
    accounts: async () => (await pause(ANSWER_MS), known),
    signIn: async (request) => {
      const chosen = SERVICES.find((one) => one.id === request.service)!;
      await signIn(chosen.sign_in);
      const made = cardOf(chosen, request);
      known = [...known.filter((one) => one.name !== made.name), made];
      return made;
    },
    signInAgain: async (folder) => {
      await signIn(account!.sign_in);
      account = { ...account!, is_open: true };
      opened(folder);
      return account;
    },
    listedAccounts: async () => (await pause(ANSWER_MS), known.map(listed)),
    removeAccount: async (name) => {
      await pause(ANSWER_MS);
      const one = listed(known.find((one) => one.name === name)!);
      if (one.archives.length > 0) {
        throw inUse(one.archives[0]!);
      }
      known = known.filter((one) => one.name !== name);
      const { service, sign_in, handed_on } = one.account;
      return { service, end: handed_on?.end ?? "", line: sign_in.by === "key" ? LINE : null };
    },
    shownServer: async (of) => {
      await pause(TRY_MS);
      if (played.signInFails) {
        throw played.signInFails;
      }
      return { server: serverOf(of), fingerprint: MARK, agreed: played.agreed ?? null };
    },
    signInByKey: async (of) => {
      await pause(TRY_MS);
      asked += 1;
      const [server, user] = [serverOf(of), userOf(of)];
      const stands: KeySignIn = { account: null, server, user, line: LINE, refused: "" };
      if (asked < TRIES && played.agreed === undefined) {
        return {
          ...stands,
          refused: `'${server}' does not let '${user}' in with this account's key.`,
        };
      }
      if ("folder" in of) {
        if (asked < 2 && played.agreed === MARK) {
          return {
            ...stands,
            refused: `'${server}' does not let '${user}' in with this account's key.`,
          };
        }
        opened(of.folder);
        return { ...stands, account };
      }
      const made = { ...AT_NAS, whose: user, place: server };
      known = [...known.filter((one) => one.name !== made.name), made];
      return { ...stands, account: made };
    },
    pasteAddress: async () => end(true),
    giveUpSignIn: async () => end(false),
    mailboxAccount: async () => account && { ...account, used_bytes: null, total_bytes: null },
    accountUsage: async () => (await pause(ANSWER_MS), account!),
    tryAccount: async () => {
      await pause(TRY_MS);
      if (played.accountFails) {
        throw played.accountFails;
      }
      return account!;
    },
  };
}

const serverOf = (of: AccountOf) =>
  ("request" in of ? of.request.answers["server"] : null) || AT_NAS.place;
const userOf = (of: AccountOf) =>
  ("request" in of ? of.request.answers["user"] : null) || AT_NAS.whose!;

function cardOf(chosen: Offer, request: SignInRequest): AccountCard {
  return {
    ...GOOGLE,
    name: chosen.id,
    service: chosen.name,
    whose: request.answers["user"] ?? request.id ?? GOOGLE.whose,
    place: request.answers["server"] ?? "",
    sign_in: chosen.sign_in,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
