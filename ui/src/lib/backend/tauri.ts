// The real backend: commands and events of the desktop shell. Nothing else imports Tauri.
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Event } from "../types/Event";
import type { Backend } from "./backend";

const EVENTS = "offsync-event";
const CHOSEN = "offsync-chosen";

export const tauri: Backend = {
  overview: () => invoke("overview"),
  syncNow: (folder) => invoke("sync_now", { folder }),
  setUp: (request) => invoke("set_up", { request }),
  trySamples: () => invoke("try_samples"),
  plugInSample: (locationId) => invoke("plug_in_sample", { locationId }),
  removeSamples: () => invoke("remove_samples"),
  pickFolder: (title) => invoke("pick_folder", { title }),
  suggestedNames: () => invoke("suggested_names"),
  answerHeld: (folder, yes) => invoke("answer_held", { folder, yes }),
  answerSilent: (folder, locationId, wait) => invoke("answer_silent", { folder, locationId, wait }),
  lost: (folder) => invoke("lost", { folder }),
  giveUp: (folder, paths) => invoke("give_up", { folder, paths }),
  repair: (folder) => invoke("repair", { folder }),
  damaged: (folder) => invoke("damaged", { folder }),
  keepDamaged: (folder, file) => invoke("keep_damaged", { folder, file }),
  useMailbox: (folder, place, begin) => invoke("use_mailbox", { folder, place, begin }),
  useMailboxIn: (folder, account, begin) => invoke("use_mailbox_in", { folder, account, begin }),
  moveMailbox: (folder, place) => invoke("move_mailbox", { folder, place }),
  moveMailboxInto: (folder, account) => invoke("move_mailbox_into", { folder, account }),
  services: () => invoke("services"),
  accounts: () => invoke("accounts"),
  listedAccounts: () => invoke("listed_accounts"),
  removeAccount: (name) => invoke("remove_account", { name }),
  signIn: (request, secret) => invoke("sign_in", { request, secret }),
  signInAgain: (folder, id, secret) => invoke("sign_in_again", { folder, id, secret }),
  shownServer: (of) => invoke("shown_server", { ...of }),
  signInByKey: (of, hostKey) =>
    invoke("folder" in of ? "sign_in_again_by_key" : "sign_in_by_key", { ...of, hostKey }),
  pasteAddress: (address) => invoke("paste_address", { address }),
  giveUpSignIn: () => invoke("give_up_sign_in"),
  mailboxAccount: (folder) => invoke("mailbox_account", { folder }),
  accountUsage: (folder) => invoke("account_usage", { folder }),
  tryAccount: (folder) => invoke("try_account", { folder }),
  forget: (folder, told) => invoke("forget", { folder, told }),
  onEvent: (listener) => listen<Event>(EVENTS, (event) => listener(event.payload)),
  onChosen: (listener) => listen<string>(CHOSEN, (event) => listener(event.payload)),
};
