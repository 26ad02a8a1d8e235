//! Failures as people and scripts meet them: an exit class, a stable code, a sentence, the one thing to do.

use offsync_core::ports::{
    DiskError, DiskErrorKind, IndexError, IndexErrorKind, MailboxError, MailboxErrorKind, SecretError, SecretErrorKind,
    WitnessError,
};
use offsync_engine::EngineError;

use crate::view::Failure;

/// The exit codes of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitClass {
    /// 1: failed, nothing lost.
    Failed,
    /// 2: wrong usage.
    Usage,
    /// 4: another engine uses this archive.
    Busy,
    /// 6: the mailbox or its account is in trouble.
    Mailbox,
}

impl ExitClass {
    /// Gives the exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Busy => 4,
            Self::Mailbox => 6,
        }
    }
}

/// The code of what could not be done since the drive has no room.
pub(crate) const DRIVE_FULL: &str = "drive_full";

/// A command that could not be done. Nothing is lost by it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AppError {
    /// Which exit code.
    pub class: ExitClass,
    /// A stable word for scripts.
    pub code: &'static str,
    /// What happened and what it means.
    pub message: String,
    /// The one thing to do.
    pub hint: String,
}

impl AppError {
    pub(crate) fn new(
        class: ExitClass,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            class,
            code,
            message: sentence(&message.into()),
            hint: hint.into(),
        }
    }

    /// Says that a command line cannot be followed.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ExitClass::Usage, "usage", message, "See offsync --help.")
    }

    pub(crate) fn failed(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(ExitClass::Failed, code, message, hint)
    }

    /// Gives it as plain data.
    pub fn to_failure(&self) -> Failure {
        Failure {
            code: self.code.to_owned(),
            message: self.message.clone(),
            hint: self.hint.clone(),
        }
    }
}

/// Gives a text as a sentence: begun with a capital, and without the system's error numbers.
pub(crate) fn sentence(text: &str) -> String {
    let text = without_error_numbers(text);
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// Takes away ` (os error 28)`, which tells people nothing that the words before it do not.
pub(crate) fn without_error_numbers(text: &str) -> String {
    const OPENING: &str = " (os error ";
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPENING) {
        let end = after
            .find(')')
            .filter(|end| after[..*end].bytes().all(|byte| byte.is_ascii_digit()));
        plain.push_str(before);
        match end {
            Some(end) => rest = &after[end + 1..],
            None => {
                plain.push_str(OPENING);
                rest = after;
            }
        }
    }
    plain + rest
}

/// The result of a command.
pub(crate) type Result<T> = std::result::Result<T, AppError>;

impl From<EngineError> for AppError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Disk(error) => error.into(),
            EngineError::Index(error) => error.into(),
            EngineError::Mailbox(error) => error.into(),
            EngineError::Witness(error) => error.into(),
            EngineError::Cancelled => Self::failed(
                "cancelled",
                "Stopped. Nothing is lost.",
                "Sync again when you like; it goes on from here.",
            ),
            EngineError::NoIdentity => lost_index(),
            EngineError::DamagedNote { note } => Self::failed(
                "index_damaged",
                format!("Offsync's notes on this drive are damaged (at '{note}'). Your files are untouched."),
                "Move the folder .offsync out of the archive and run `offsync join FOLDER --as LOCATION`, or with `--recovery FILE` on another computer.",
            ),
            EngineError::Removed { by } => Self::failed(
                "removed",
                format!(
                    "'{by}' took this copy out of the archive. Its files stay as they are; nothing is sent or received any more."
                ),
                "If that was a mistake, ask for `offsync location unpark` at another home; then sync twice there and here.",
            ),
            EngineError::Outranked => Self::failed(
                "outranked",
                "Another home said something else about this, and in such a way that what this home says cannot replace it. Nothing was changed.",
                "Offsync itself never says it so: ask whoever looks after that home. A word from a third home may still count; try it there.",
            ),
            EngineError::DriveChanged => Self::failed(
                "drive_changed",
                "The drive was removed or changed while Offsync was looking at it. Nothing was deleted anywhere.",
                "Plug it in again and sync.",
            ),
        }
    }
}

/// Says that the marker is there and the index is not.
pub(crate) fn lost_index() -> AppError {
    AppError::failed(
        "index_lost",
        "Offsync's index on this drive is gone. Your files are untouched, and nothing is taken for deleted.",
        "Run `offsync join FOLDER --as LOCATION` to let this folder become that location again, or with `--recovery FILE` on another computer.",
    )
}

impl From<DiskError> for AppError {
    fn from(error: DiskError) -> Self {
        let at = if error.path().is_root() {
            "the archive's folder".to_owned()
        } else {
            format!("'{}'", error.path())
        };
        let why = error.reason();
        match error.kind() {
            DiskErrorKind::Locked => Self::new(
                ExitClass::Busy,
                "busy",
                "Another Offsync is using this archive right now.",
                "Wait until it has finished, or close the other Offsync.",
            ),
            DiskErrorKind::Full => Self::failed(
                DRIVE_FULL,
                format!("The drive is full: {at} could not be written. Nothing is lost."),
                "Free at least 1 MB on the drive and try again.",
            ),
            DiskErrorKind::ReadOnly => Self::failed(
                "drive_read_only",
                "The drive cannot be written: it is locked against writing or was mounted read-only.",
                "Make it writable and try again.",
            ),
            DiskErrorKind::Denied => Self::failed(
                "not_allowed",
                format!("Offsync may not use {at}: {why}."),
                "Give yourself the permission to read and write it, and try again.",
            ),
            DiskErrorKind::Gone => Self::failed(
                "drive_gone",
                format!("The drive went away or answers with errors at {at}: {why}. Nothing was deleted anywhere."),
                "Plug it in again and sync.",
            ),
            _ => Self::failed(
                "drive_error",
                format!("{at} could not be used: {why}."),
                "Check the drive and try again.",
            ),
        }
    }
}

impl From<IndexError> for AppError {
    fn from(error: IndexError) -> Self {
        match error.kind() {
            IndexErrorKind::Newer => Self::failed(
                "newer_version_needed",
                "This drive was last used by a newer Offsync, which this one cannot read. Nothing was changed.",
                "Install the newest Offsync on this computer.",
            ),
            IndexErrorKind::Damaged => Self::failed(
                "index_damaged",
                "Offsync's index on this drive is damaged. Your files are untouched.",
                "Move the folder .offsync out of the archive and run `offsync join FOLDER --as LOCATION`, or with `--recovery FILE` on another computer.",
            ),
            IndexErrorKind::DamagedRow => Self::failed(
                "index_row_damaged",
                "A note in Offsync's index on this drive is damaged. Your files are untouched.",
                "Sync: what it said is learned anew from the files here and from the other homes.",
            ),
            IndexErrorKind::Full => Self::failed(
                DRIVE_FULL,
                "The drive is full: Offsync cannot note on it what it does. Nothing is lost.",
                "Free at least 1 MB on the drive and try again.",
            ),
            IndexErrorKind::ReadOnly => Self::failed(
                "drive_read_only",
                "The drive cannot be written: it is locked against writing or was mounted read-only.",
                "Make it writable and try again.",
            ),
            IndexErrorKind::Gone => Self::failed(
                "drive_gone",
                "The drive went away or answers with errors. Nothing was deleted anywhere.",
                "Plug it in again and sync.",
            ),
            IndexErrorKind::Other => Self::failed(
                "index_error",
                format!("{error}."),
                "Try again; if it stays, check the drive.",
            ),
        }
    }
}

impl From<MailboxError> for AppError {
    fn from(error: MailboxError) -> Self {
        (&error).into()
    }
}

/// What to do about a server that shows another key than the one agreed on.
pub(crate) const STRANGER_HINT: &str = "Nothing was sent to it. Ask whoever looks after the server for the fingerprint of its host key; if that is the one that it shows now, `offsync account add NAME MAILBOX_URL` asks whether to go on with it.";

/// The same where it is known whose server that is; the command is the one that asks for its key again.
pub(crate) fn stranger_hint(command: &str) -> String {
    STRANGER_HINT.replace("`offsync account add NAME MAILBOX_URL`", command)
}

/// What to do about a server whose certificate this computer does not trust.
pub(crate) const UNTRUSTED_HINT: &str = "Check the address, and this computer's clock. The certificate of a server of your own is trusted once it is among those that this computer trusts; on Linux, the variable SSL_CERT_FILE can name a file that is looked into in place of these, and has to hold all that are needed.";

impl From<&MailboxError> for AppError {
    fn from(error: &MailboxError) -> Self {
        let (code, hint) = match error.kind() {
            MailboxErrorKind::Away => (
                "mailbox_away",
                "Try again when it can be reached. If it is at another place or on another drive now, say so: `offsync mailbox use FOLDER MAILBOX`; with --new, if it is lost for good.",
            ),
            MailboxErrorKind::Paused => (
                "mailbox_paused",
                "It goes on by itself then; `offsync bandwidth --resume` lets it go on now.",
            ),
            MailboxErrorKind::Missing => (
                "mailbox_missing",
                "Connect the drive or folder that holds the mailbox, then sync again. If it was emptied or is lost for good, begin a new one: `offsync mailbox use FOLDER MAILBOX --new`.",
            ),
            MailboxErrorKind::NoRoom => (
                "mailbox_full",
                "Make room where the mailbox lies, or let the others sync first.",
            ),
            MailboxErrorKind::SignIn => (
                "sign_in_needed",
                "Sign in to the account again: `offsync account add NAME MAILBOX_URL`, with the name and the address that `offsync account list` and `offsync mailbox show FOLDER` tell.",
            ),
            MailboxErrorKind::Denied => ("mailbox_denied", "Check that you may read and write there."),
            MailboxErrorKind::Stranger => ("mailbox_stranger", STRANGER_HINT),
            MailboxErrorKind::Untrusted => ("mailbox_untrusted", UNTRUSTED_HINT),
            MailboxErrorKind::Broken => ("mailbox_broken", "Try again later; if it stays, check the account."),
        };
        let message = match error.kind() {
            // Which object found none is nobody's business.
            MailboxErrorKind::NoRoom => {
                "The mailbox is full: there is no room left where it lies. Nothing is lost.".into()
            }
            _ => format!("The mailbox cannot be used: {error}."),
        };
        Self::new(ExitClass::Mailbox, code, message, hint)
    }
}

impl From<SecretError> for AppError {
    fn from(error: SecretError) -> Self {
        let hint = match error.kind() {
            SecretErrorKind::NoKeystore => {
                "Start the desktop's keyring, or choose a key file: OFFSYNC_KEYSTORE=file (sealed) or OFFSYNC_KEYSTORE=plain."
            }
            SecretErrorKind::Locked => "Unlock the keyring, or check the passphrase, and try again.",
            SecretErrorKind::Full => "Make room where Offsync's settings lie, and try again: nothing was changed.",
            SecretErrorKind::Other => "Check the keyring and try again.",
        };
        Self::failed(
            "keystore",
            format!("The key of this archive could not be read or kept: {error}."),
            hint,
        )
    }
}

impl From<WitnessError> for AppError {
    fn from(error: WitnessError) -> Self {
        Self::failed(
            "settings",
            format!("{error}."),
            "Check that Offsync's settings folder can be written.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_home_said_for_good_is_told_with_the_next_step() {
        let error = AppError::from(EngineError::Outranked);
        assert_eq!(error.code, "outranked");
        assert_eq!(
            error.message,
            "Another home said something else about this, and in such a way that what this home says cannot replace it. \
             Nothing was changed."
        );
        assert_eq!(
            error.hint,
            "Offsync itself never says it so: ask whoever looks after that home. A word from a third home may still count; \
             try it there."
        );
    }

    #[test]
    fn errors_become_sentences_without_numbers() {
        for (error, told) in [
            (
                "cannot open x: No such file (os error 2).",
                "Cannot open x: No such file.",
            ),
            ("a (os error 2): b (os error 28).", "A: b."),
            ("a file (os error of mine).", "A file (os error of mine)."),
            ("", ""),
        ] {
            assert_eq!(sentence(error), told);
        }
    }
}
