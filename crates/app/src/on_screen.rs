//! What a screen says where a terminal names a command: the same facts, and what can be done with the hand.
//!
//! Nothing that leaves here tells anybody to type: no command, no flag, no variable. The window and the tray show
//! nothing else.

use crate::failure::AppError;
use crate::opened::DRIVE_SAYS;
use crate::view::{Failure, Headline};

/// What is said where nothing better is known.
const OTHERWISE: &str = "Offsync’s README says what can be done.";

impl AppError {
    /// Gives it as plain data in the words of a screen.
    pub fn on_screen(&self) -> Failure {
        let Failure { code, message, hint } = self.to_failure();
        Failure {
            hint: hint_on_screen(&code, hint),
            message: match code.as_str() {
                // Its subject is the flag that a terminal was given.
                "bad_name" => "A name must be 1 to 100 characters on one line.".into(),
                // It says where as an address.
                "same_mailbox" => "The mailbox is there already.".into(),
                _ => message,
            },
            code,
        }
    }
}

impl Headline {
    /// Gives it in the words of a screen.
    #[must_use]
    pub fn on_screen(self) -> Self {
        match self {
            Self::NeedsYou { code, message, hint } => Self::NeedsYou {
                hint: hint_on_screen(&code, hint),
                code,
                message,
            },
            Self::Removed { by, way_back, .. } => Self::Removed {
                way_back,
                message: format!(
                    "{by} took this copy out of the archive. Its files stay as they are; nothing is sent or received."
                ),
                by,
            },
            Self::Lost { files, example, .. } => Self::Lost {
                files,
                example,
                message: match files {
                    1 => "A file is missing. Open Offsync to see what can be done.".into(),
                    n => format!("{n} files are missing. Open Offsync to see what can be done."),
                },
            },
            other => other,
        }
    }
}

fn hint_on_screen(code: &str, hint: String) -> String {
    if !asks_to_type(&hint) {
        return hint;
    }
    match code {
        "damaged" => {
            "Another home may have it whole: check all files here, and ask for what lacks. If you changed it yourself, keep it as it is."
        }
        "damaged_unsent" => {
            "No other home has it. Open it and look: keep it as it is now, and the next sync sends it."
        }
        "damaged_here" => "Keep what is left of it as it is now, or delete it; then sync.",
        "not_damaged" => "Look at the list again.",
        "changed_since" => "Check all files here once more, and look at the list again.",
        "reads_well" => "Check all files here once more. A drive that reads now so and now so is best replaced.",
        "cannot_be_kept" => "Check and repair asks another home for the content of before.",
        "removed" => {
            "If that was a mistake, ask them to let this home take part again; once they have synced, look again here."
        }
        "index_lost" | "index_damaged" | "marker_damaged" => {
            "This folder has to join the archive again; Offsync’s README says how."
        }
        "not_an_archive" => {
            "If these are the files of this archive, the folder has to join it again, and Offsync’s README says how; if not, plug in the right drive."
        }
        "no_key" => {
            "It comes with the six words of the drive, or with its recovery sheet; Offsync’s README says how to join with them."
        }
        "mailbox_away" => "Try again when it can be reached. If it is elsewhere now, or lost for good, say so here.",
        "mailbox_paused" => "It goes on by itself then.",
        "mailbox_missing" => {
            "Connect the drive or folder that holds the mailbox, then sync. If it was emptied or is lost for good, begin a new one."
        }
        // Where a drive alone says where its mailbox lies, that is what is to be read first.
        "sign_in_needed" if hint.starts_with(DRIVE_SAYS) => return without_typing(&hint),
        "sign_in_needed" => {
            "Sign in again, and all goes on from where it stopped. If the account is somebody else’s, ask them what opens it now."
        }
        "mailbox_stranger" => {
            "Nothing was sent to it. Compare its key with what whoever looks after the server sees there, before anything goes on."
        }
        "mailbox_untrusted" => {
            "Check its address, and this computer’s clock. If it is a server of your own, whoever looks after it can let this computer trust its certificate."
        }
        "keystore" => "Start the desktop’s keyring, or unlock it, and try again.",
        "settings" => "Check that your home folder can be written, and try again.",
        "settings_inside" | "inside_an_archive" | "bad_mailbox" | "same_mailbox" => "Choose another folder.",
        "other_drive" => "Sync first: that looks at all that is there.",
        _ => return without_typing(&hint),
    }
    .to_owned()
}

/// Leaves out the sentences that ask to type something.
fn without_typing(text: &str) -> String {
    let sentences = text.split_inclusive(". ").filter(|sentence| !asks_to_type(sentence));
    let left: String = sentences.collect();
    match left.trim() {
        "" => OTHERWISE.to_owned(),
        left => left.to_owned(),
    }
}

/// Tells whether a text names a command, a flag, an address or a variable of the terminal.
pub fn asks_to_type(text: &str) -> bool {
    let is_flag = |word: &str| word.trim_start_matches(['\'', '(', '`']).starts_with("--");
    let is_command = |pair: &[&str]| {
        pair[0].trim_start_matches(['\'', '(']) == "offsync"
            && pair[1].starts_with(|first: char| first.is_ascii_lowercase())
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    text.contains('`')
        || ["OFFSYNC_", "SSL_CERT_FILE", "fs://"]
            .iter()
            .any(|typed| text.contains(typed))
        || words.iter().any(|word| is_flag(word))
        || words.windows(2).any(is_command)
}

#[cfg(test)]
mod tests {
    use offsync_core::ports::{
        IndexError, IndexErrorKind, MailboxError, MailboxErrorKind, SecretError, SecretErrorKind,
    };
    use offsync_engine::EngineError;

    use super::*;
    use crate::view::WayBack;

    #[test]
    fn what_asks_to_type_is_told_from_words() {
        for typed in [
            "Run `offsync sync`.",
            "See offsync --help.",
            "say offsync sync now",
            "with --new, if it is lost",
            "(--repair)",
            "set OFFSYNC_KEYSTORE=plain",
            "Give a folder as fs:///full/path.",
        ] {
            assert!(asks_to_type(typed), "{typed}");
        }
        for plain in [
            "Install the newest Offsync on this computer.",
            "Begin again - that helps.",
            "The folder .offsync is lost.",
            "",
        ] {
            assert!(!asks_to_type(plain), "{plain}");
        }
    }

    #[test]
    fn no_failure_asks_to_type_on_a_screen() {
        let mailbox = |kind| AppError::from(MailboxError::new(kind, "x"));
        let secret = |kind| AppError::from(SecretError::new(kind, "x"));
        let index = |kind| AppError::from(IndexError::new(kind, "x"));
        let note = String::from("x");
        let all = [
            mailbox(MailboxErrorKind::Stranger),
            mailbox(MailboxErrorKind::Untrusted),
            mailbox(MailboxErrorKind::Away),
            mailbox(MailboxErrorKind::Paused),
            mailbox(MailboxErrorKind::Missing),
            secret(SecretErrorKind::NoKeystore),
            secret(SecretErrorKind::Locked),
            secret(SecretErrorKind::Full),
            index(IndexErrorKind::Damaged),
            index(IndexErrorKind::DamagedRow),
            EngineError::NoIdentity.into(),
            EngineError::DamagedNote { note }.into(),
            EngineError::Removed { by: "Anna".into() }.into(),
            EngineError::Outranked.into(),
            AppError::usage("no"),
            AppError::failed("of_another_day", "It broke.", "Wait a while. Or run `offsync mend`."),
            AppError::failed("bad_name", "--name must be short.", "Choose a short one."),
            AppError::failed("not_an_archive", "x", "Run `offsync join`."),
            AppError::failed("same_mailbox", "It is at fs:///nas.", "Run `offsync mailbox`."),
            AppError::failed("no_key", "x", "Run `offsync join`."),
            AppError::failed("damaged_here", "x", "Run `offsync verify`."),
        ];
        for error in all {
            let Failure { message, hint, code } = error.on_screen();
            assert!(
                !asks_to_type(&message) && !asks_to_type(&hint),
                "{code}: {message} {hint}"
            );
            assert!(!hint.is_empty(), "{code} leaves people without a next step");
        }
        let other = AppError::failed("of_another_day", "x", "Wait a while. Or run `offsync mend`.");
        assert_eq!(other.on_screen().hint, "Wait a while.", "the rest of it stays");
        let plain = AppError::failed("drive_full", "x", "Make some room on the drive.");
        assert_eq!(plain.on_screen(), plain.to_failure());
    }

    #[test]
    fn no_headline_asks_to_type_on_a_screen() {
        let lost = |files| Headline::Lost {
            files,
            example: "film.mov".into(),
            message: "`offsync lost FOLDER` says what can be done.".into(),
        };
        let removed = Headline::Removed {
            by: "Anna’s home".into(),
            way_back: WayBack::Words,
            message: "Ask for `offsync location unpark`.".into(),
        };
        let damaged = Headline::NeedsYou {
            code: "damaged".into(),
            message: "'a.jpg' is damaged on this drive.".into(),
            hint: "`offsync verify FOLDER --repair` has it again.".into(),
        };
        for (headline, said) in [
            (lost(3), "3 files are missing. Open Offsync to see what can be done."),
            (lost(1), "A file is missing. Open Offsync to see what can be done."),
            (
                removed,
                "Anna’s home took this copy out of the archive. Its files stay as they are; nothing is sent or received.",
            ),
            (
                Headline::NeedsYou {
                    code: "damaged_unsent".into(),
                    message: "'a.jpg' is damaged on this drive, and what it held was not sent yet.".into(),
                    hint: "`offsync verify FOLDER --keep a.jpg` lets it stay as it is now.".into(),
                },
                "'a.jpg' is damaged on this drive, and what it held was not sent yet. No other home has it. Open it and look: keep it as it is now, and the next sync sends it.",
            ),
            (
                damaged,
                "'a.jpg' is damaged on this drive. Another home may have it whole: check all files here, and ask for what lacks. If you changed it yourself, keep it as it is.",
            ),
        ] {
            assert_eq!(headline.on_screen().sentence(), said);
        }
    }
}
