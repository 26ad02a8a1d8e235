//! Which events a person hears of while no window is open. Rare by design: what is fine says nothing.

use std::sync::Arc;

use offsync_app::view::{Event, Overview};
use tauri::{AppHandle, Manager};
use tauri_plugin_notification::NotificationExt;

use crate::desk::Desk;
use crate::window;

/// A notification's two lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    title: String,
    body: String,
}

/// Shows a notification if the event is worth one and no window says it already.
pub(crate) fn show(handle: &AppHandle, event: &Event) {
    let overview = || handle.try_state::<Arc<Desk>>().and_then(|desk| desk.shown().0);
    if let Some(Notice { title, body }) = notice(event, overview)
        && !window::is_seen(handle)
    {
        // A desktop that shows none loses nothing: the tray and the window say the same.
        let _ = handle.notification().builder().title(title).body(body).show();
    }
}

fn notice(event: &Event, overview: impl FnOnce() -> Option<Overview>) -> Option<Notice> {
    let name = |folder: &str| {
        let archives = overview().map(|overview| overview.archives).unwrap_or_default();
        let archive = archives.into_iter().find(|archive| archive.folder == folder);
        archive.map_or_else(|| "Offsync".to_owned(), |archive| archive.name)
    };
    match event {
        Event::SyncFinished {
            folder,
            error: Some(error),
            ..
        } => Some(Notice {
            title: name(folder),
            body: error.clone(),
        }),
        Event::Notice { folder, message, .. } => Some(Notice {
            title: name(folder.as_deref().unwrap_or_default()),
            body: message.clone(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(error: Option<&str>) -> Event {
        Event::SyncFinished {
            archive_id: "a".into(),
            folder: "/a".into(),
            error: error.map(str::to_owned),
            safe_to_unplug: error.is_none(),
        }
    }

    #[test]
    fn a_sync_that_went_well_says_nothing() {
        assert_eq!(notice(&finished(None), || None), None);
    }

    #[test]
    fn a_sync_that_failed_says_what_happened() {
        let told = notice(&finished(Some("The drive is full.")), || None).expect("it is worth it");
        assert_eq!(
            (told.title.as_str(), told.body.as_str()),
            ("Offsync", "The drive is full.")
        );
    }
}
