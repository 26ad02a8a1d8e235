import { expect, test } from "vitest";
import { SERVICES } from "../backend/fake/accounts";
import { fieldOf, found, inSentence, isFilled, SECRET } from "./signIn";

const service = (id: string) => SERVICES.find((one) => one.id === id)!;
const failure = (code: string) => ({ code, message: "No.", hint: "Look." });
const typed = (more: object = {}) => ({ answers: {}, id: "", secret: "", ...more });

test("a form can be sent once every field that it shows has something in it", () => {
  const { asks, sign_in } = service("nextcloud");
  const answers = { server: "cloud.example.org", user: "anna" };
  expect(isFilled(asks, sign_in, typed({ answers, secret: "x" }))).toBe(true);
  expect(isFilled(asks, sign_in, typed({ answers, secret: "  " }))).toBe(false);
  expect(isFilled(asks, sign_in, typed({ answers: { server: "x" }, secret: "x" }))).toBe(false);
  const koofr = service("koofr");
  expect(isFilled(koofr.asks, koofr.sign_in, typed({ secret: "x" }))).toBe(false);
  expect(isFilled(koofr.asks, koofr.sign_in, typed({ id: "a", secret: "x" }))).toBe(true);
  expect(isFilled([], service("gdrive").sign_in, typed())).toBe(true);
  expect(isFilled([], { by: "key" }, typed())).toBe(true);
});

test("a failure stands at the field that it is about, or above them all", () => {
  const { asks, sign_in } = service("nextcloud");
  const check = (code: string, field: string | null) =>
    expect(fieldOf(failure(code), asks, sign_in), code).toBe(field);
  check("sign_in_needed", SECRET);
  check("mailbox_denied", SECRET);
  check("mailbox_away", "server");
  check("bad_mailbox", "server");
  check("mailbox_full", null);
  check("keystore", null);
  const { sign_in: browser } = service("gdrive");
  expect(fieldOf(failure("sign_in_needed"), [], browser)).toBe(null);
  expect(fieldOf(failure("mailbox_away"), [], browser)).toBe(null);
});

test("services are found by any part of their name", () => {
  const ids = (search: string) => found(SERVICES, search).map((one) => one.id);
  expect(ids(" drive ")).toEqual(["gdrive", "onedrive"]);
  expect(ids("")).toHaveLength(SERVICES.length);
  expect(ids("floppy")).toEqual([]);
});

test("a service is named in a sentence as one of its kind", () => {
  expect(SERVICES.map((one) => inSentence(one.name)).slice(-5)).toEqual([
    "a NAS or a server that speaks SFTP",
    "a NAS that speaks WebDAV",
    "Cloudflare R2",
    "Backblaze B2",
    "Amazon S3",
  ]);
});
