//! The one window. Closing hides it and leaves the tray; where no tray is shown, closing ends Offsync.

use std::sync::Arc;
use std::time::Duration;

use tauri::async_runtime::spawn_blocking;
use tauri::{AppHandle, Emitter, Manager, Window, WindowEvent};

use crate::desk::Desk;
use crate::{ending, panel};

pub(crate) const LABEL: &str = "main";
/// A window that is entered again at once, as after a dialog, shows what it knows.
const SEEN_AGE_MIN: Duration = Duration::from_secs(5);
/// What the page listens on for an archive that was chosen outside of it.
const CHOSEN: &str = "offsync-chosen";

/// Brings the window before everything else.
pub(crate) fn show(handle: &AppHandle) {
    if let Some(window) = handle.get_webview_window(LABEL) {
        // Whatever of it a window system refuses, the rest is still worth it.
        let _ = window.show();
        let _ = window.unminimize();
        let _ = window.set_focus();
    }
}

/// Lets the page show the archive in this folder.
pub(crate) fn choose(handle: &AppHandle, folder: &str) {
    // A page that is being torn down shows nothing more.
    let _ = handle.emit_to(LABEL, CHOSEN, folder);
}

/// Tells whether somebody may be looking at the window.
pub(crate) fn is_seen(handle: &AppHandle) -> bool {
    let window = handle.get_webview_window(LABEL);
    window.is_some_and(|window| window.is_visible().unwrap_or(false) && !window.is_minimized().unwrap_or(false))
}

/// Tells whether somebody is at the window right now.
pub(crate) fn is_watched(handle: &AppHandle) -> bool {
    let window = handle.get_webview_window(LABEL);
    is_seen(handle) && window.is_some_and(|window| window.is_focused().unwrap_or(false))
}

/// Answers a wish to close, and has the archives looked at when somebody looks.
pub(crate) fn on_event(window: &Window, event: &WindowEvent) {
    match event {
        WindowEvent::CloseRequested { api, .. } => {
            api.prevent_close();
            let window = window.clone();
            spawn_blocking(move || close(&window));
        }
        WindowEvent::Focused(true) => {
            if let Some(desk) = window.try_state::<Arc<Desk>>() {
                let desk = desk.inner().clone();
                spawn_blocking(move || {
                    let is_old = desk.since_read().is_none_or(|age| age >= SEEN_AGE_MIN);
                    if is_old && !desk.is_working() {
                        // What it finds is told as events.
                        let _ = desk.refresh();
                    }
                });
            }
        }
        _ => {}
    }
}

fn close(window: &Window) {
    // One that cannot be hidden stays, and nothing is lost by it.
    if panel::shows_icons() {
        let _ = window.hide();
    } else {
        ending::quit(window.app_handle());
    }
}
