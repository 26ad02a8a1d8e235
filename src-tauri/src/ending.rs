//! The end: what runs comes to a safe point first, but nobody waits for ever.

use std::sync::Arc;
use std::time::Duration;

use tauri::async_runtime::spawn_blocking;
use tauri::{AppHandle, Manager};

use crate::desk::Desk;

/// After that the next start mends what was cut off.
const PATIENCE: Duration = Duration::from_secs(10);

/// Ends Offsync.
pub(crate) fn quit(handle: &AppHandle) {
    let handle = handle.clone();
    spawn_blocking(move || {
        if let Some(desk) = handle.try_state::<Arc<Desk>>() {
            desk.stop(PATIENCE);
        }
        handle.exit(0);
    });
}
