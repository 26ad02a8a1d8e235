//! Carries the engine's events to the page, the tray and, where nobody is looking, to the desktop's notifications.

use offsync_app::view::Event;
use tauri::{AppHandle, Emitter};

use crate::{notices, tray, window};

/// What the page listens on.
const CHANNEL: &str = "offsync-event";

/// Tells everybody. Called on the engine's threads.
pub(crate) fn forward(handle: &AppHandle, event: &Event) {
    // A page that is being torn down hears nothing more, and misses nothing.
    let _ = handle.emit_to(window::LABEL, CHANNEL, event);
    tray::refresh(handle);
    notices::show(handle, event);
}
