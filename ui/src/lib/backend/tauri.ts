// The real backend: commands and events of the desktop shell. Nothing else imports Tauri.
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Event } from "../types/Event";
import type { Backend } from "./backend";

const EVENTS = "offsync-event";

export const tauri: Backend = {
  overview: () => invoke("overview"),
  syncNow: (archiveId) => invoke("sync_now", { archiveId }),
  setUp: (request) => invoke("set_up", { request }),
  trySamples: () => invoke("try_samples"),
  pickFolder: (title) => invoke("pick_folder", { title }),
  suggestedNames: () => invoke("suggested_names"),
  answerHeld: (archiveId, yes) => invoke("answer_held", { archiveId, yes }),
  onEvent: (listener) => listen<Event>(EVENTS, (event) => listener(event.payload)),
};
