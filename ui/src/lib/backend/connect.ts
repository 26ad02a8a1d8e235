// Chooses the backend once, at start: the desktop shell if it is there, else the fake one.
// Both are loaded on demand, so the shell never runs a line of the fake.
import type { Backend } from "./backend";

export async function connect(): Promise<Backend> {
  if ("__TAURI_INTERNALS__" in window) {
    return (await import("./tauri")).tauri;
  }
  const { fake } = await import("./fake");
  return fake(new URLSearchParams(location.search).get("scene"));
}
