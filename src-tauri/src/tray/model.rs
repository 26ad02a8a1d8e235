//! What the tray says: a function of the last overview and of what runs, and of nothing else.

use offsync_app::view::{ArchiveStatus, Headline, Overview, Phase};

use crate::board::Running;
use crate::desk::may_sync;

/// One of the four pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Idle,
    Syncing,
    Attention,
    DriveAway,
}

/// What a line of the menu does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Shows the archive in this folder in the window; the line says how it stands.
    Look(String),
    Open,
    SyncNow,
    Quit,
}

/// A line of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrayItem {
    pub(crate) action: Action,
    pub(crate) text: String,
    pub(crate) enabled: bool,
}

/// All that the tray shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrayModel {
    pub(crate) sign: Sign,
    pub(crate) tooltip: String,
    /// How each archive stands.
    pub(crate) archives: Vec<TrayItem>,
    /// What can be done.
    pub(crate) actions: Vec<TrayItem>,
}

/// Says what the tray shows.
pub(crate) fn model(overview: Option<&Overview>, running: &Running) -> TrayModel {
    let archives = overview
        .map(|overview| overview.archives.as_slice())
        .unwrap_or_default();
    let lines: Vec<String> = archives
        .iter()
        .map(|archive| line(archive, archives, running))
        .collect();
    let may_sync = |archive: &ArchiveStatus| may_sync(archive) && !running.contains_key(&archive.folder);
    let item = |action, text: &str, enabled| TrayItem {
        action,
        text: text.to_owned(),
        enabled,
    };
    let looks = archives.iter().zip(&lines);
    let look = |archive: &ArchiveStatus| Action::Look(archive.folder.clone());
    TrayModel {
        sign: sign(archives, running),
        tooltip: match lines.as_slice() {
            [] => "Offsync".to_owned(),
            lines => lines.join("\n"),
        },
        archives: looks.map(|(archive, text)| item(look(archive), text, true)).collect(),
        actions: vec![
            item(Action::Open, "Open", true),
            item(Action::SyncNow, "Sync now", archives.iter().any(may_sync)),
            item(Action::Quit, "Quit", true),
        ],
    }
}

/// Chooses the picture: what moves first, then what asks, then what is missing.
fn sign(archives: &[ArchiveStatus], running: &Running) -> Sign {
    let asks = |archive: &ArchiveStatus| {
        !archive.busy
            && matches!(
                archive.headline,
                Headline::NeedsYou { .. } | Headline::Removed { .. } | Headline::Lost { .. } | Headline::Held { .. }
            )
    };
    if !running.is_empty() {
        Sign::Syncing
    } else if archives.iter().any(asks) {
        Sign::Attention
    } else if !archives.is_empty() && archives.iter().all(|archive| !archive.drive.present && !archive.busy) {
        Sign::DriveAway
    } else {
        Sign::Idle
    }
}

fn line(archive: &ArchiveStatus, all: &[ArchiveStatus], running: &Running) -> String {
    let sentence = match running.get(&archive.folder) {
        Some(phase) => doing(*phase).to_owned(),
        None if archive.busy => "Another Offsync is working on this drive.".to_owned(),
        // Said on a screen: what the engine’s own sentence sends to the terminal is in the window, too.
        None => archive.headline.clone().on_screen().sentence(),
    };
    // Two copies of one archive on one computer have one name.
    let is_alone = all.iter().filter(|other| other.name == archive.name).count() < 2;
    if is_alone {
        format!("{}: {sentence}", archive.name)
    } else {
        format!("{} ({}): {sentence}", archive.name, archive.label)
    }
}

fn doing(phase: Option<Phase>) -> &'static str {
    match phase {
        None => "Getting ready…",
        Some(Phase::Scanning) => "Looking through the drive…",
        Some(Phase::Fetching) => "Fetching from the mailbox…",
        Some(Phase::Applying) => "Putting files in place…",
        Some(Phase::Posting) => "Sending to the mailbox…",
        Some(Phase::Copying) => "Copying to the drive…",
        Some(Phase::Verifying) => "Checking what was written…",
        Some(Phase::Pruning) => "Tidying the mailbox…",
    }
}

#[cfg(test)]
mod tests {
    use offsync_app::view::{DriveView, HeldDirection, MailboxView, WayBack};

    use super::*;

    fn archive(name: &str, headline: Headline) -> ArchiveStatus {
        ArchiveStatus {
            archive_id: name.to_lowercase(),
            name: name.into(),
            folder: format!("/{}", name.to_lowercase()),
            drive: DriveView {
                present: headline != Headline::DriveAway,
                ..DriveView::default()
            },
            mailbox: MailboxView {
                reachable: true,
                ..MailboxView::default()
            },
            safe_to_unplug: true,
            headline,
            ..ArchiveStatus::default()
        }
    }

    fn shown(archives: Vec<ArchiveStatus>, running: &[(&str, Option<Phase>)]) -> TrayModel {
        let overview = Overview {
            archives,
            activity: Vec::new(),
            syncing: Vec::new(),
            samples: Vec::new(),
            version: String::new(),
        };
        let running = running.iter().map(|(id, phase)| ((*id).to_owned(), *phase)).collect();
        model(Some(&overview), &running)
    }

    fn held() -> Headline {
        Headline::Held {
            deletions: 9,
            of: 12,
            direction: HeldDirection::Local,
            by: None,
        }
    }

    fn texts(items: &[TrayItem]) -> Vec<(&str, bool)> {
        items.iter().map(|item| (item.text.as_str(), item.enabled)).collect()
    }

    #[test]
    fn before_anything_is_known_there_is_nothing_to_sync() {
        let model = model(None, &Running::new());
        assert_eq!((model.sign, model.tooltip.as_str()), (Sign::Idle, "Offsync"));
        assert_eq!(
            texts(&model.actions),
            [("Open", true), ("Sync now", false), ("Quit", true)]
        );
    }

    #[test]
    fn each_archive_says_its_sentence() {
        let model = shown(
            vec![
                archive("Photos", Headline::AllSafe { homes: 3 }),
                archive("Films", Headline::DriveAway),
            ],
            &[],
        );
        let lines = [
            ("Photos: Everything is safe in 3 homes. You can unplug.", true),
            ("Films: The drive is not here. Plug it in to sync.", true),
        ];
        assert_eq!(texts(&model.archives), lines);
        assert_eq!(model.tooltip, format!("{}\n{}", lines[0].0, lines[1].0));
        assert_eq!(model.sign, Sign::Idle);
    }

    #[test]
    fn what_asks_for_a_person_names_no_command() {
        let lost = |files| Headline::Lost {
            files,
            example: "film.mov".into(),
            message: "`offsync lost FOLDER` says what can be done.".into(),
        };
        let removed = Headline::Removed {
            way_back: WayBack::Words,
            by: "Anna’s home".into(),
            message: "Ask for `offsync location unpark`.".into(),
        };
        let all = [("Photos", lost(3)), ("Films", lost(1)), ("Music", removed)];
        let model = shown(all.map(|(name, headline)| archive(name, headline)).into(), &[]);
        let lines = [
            (
                "Photos: 3 files are missing. Open Offsync to see what can be done.",
                true,
            ),
            ("Films: A file is missing. Open Offsync to see what can be done.", true),
            (
                "Music: Anna’s home took this copy out of the archive. Its files stay as they are; nothing is sent or received.",
                true,
            ),
        ];
        assert_eq!(texts(&model.archives), lines);
        assert_eq!(model.sign, Sign::Attention);
    }

    #[test]
    fn while_it_syncs_it_says_what_it_does_and_cannot_be_asked_again() {
        let model = shown(
            vec![archive("Photos", Headline::AllSafe { homes: 3 })],
            &[("/photos", Some(Phase::Posting))],
        );
        assert_eq!(texts(&model.archives), [("Photos: Sending to the mailbox…", true)]);
        assert_eq!(texts(&model.actions)[1], ("Sync now", false));
        assert_eq!(model.sign, Sign::Syncing);
    }

    #[test]
    fn another_archive_may_sync_meanwhile() {
        let archives = vec![archive("Photos", Headline::Alone), archive("Films", Headline::Alone)];
        let model = shown(archives, &[("/photos", None)]);
        assert_eq!(texts(&model.actions)[1], ("Sync now", true));
        assert_eq!(texts(&model.archives)[0].0, "Photos: Getting ready…");
    }

    #[test]
    fn two_copies_of_one_archive_are_told_apart() {
        let copy = |label: &str| ArchiveStatus {
            folder: format!("/{label}"),
            label: label.into(),
            ..archive("Photos", Headline::Alone)
        };
        let model = shown(
            vec![copy("Attic"), copy("Office")],
            &[("/Office", Some(Phase::Posting))],
        );
        assert!(model.archives[0].text.starts_with("Photos (Attic): Your files"));
        assert_eq!(model.archives[1].text, "Photos (Office): Sending to the mailbox…");
        assert_eq!(model.archives[1].action, Action::Look("/Office".into()));
        assert_eq!(texts(&model.actions)[1], ("Sync now", true));
    }

    #[test]
    fn what_another_offsync_works_on_says_so_and_asks_for_nobody() {
        let busy = ArchiveStatus {
            busy: true,
            ..archive(
                "Photos",
                Headline::NeedsYou {
                    code: String::new(),
                    message: String::new(),
                    hint: String::new(),
                },
            )
        };
        let model = shown(vec![busy], &[]);
        assert_eq!(
            model.archives[0].text,
            "Photos: Another Offsync is working on this drive."
        );
        assert_eq!(model.sign, Sign::Idle);
    }

    #[test]
    fn what_asks_goes_before_what_is_away() {
        let asks = shown(
            vec![archive("Photos", Headline::DriveAway), archive("Films", held())],
            &[],
        );
        assert_eq!(asks.sign, Sign::Attention);
        let away = shown(vec![archive("Photos", Headline::DriveAway)], &[]);
        assert_eq!(away.sign, Sign::DriveAway);
        assert_eq!(texts(&away.actions)[1], ("Sync now", false));
    }
}
