//! `mailbox`: what it holds, and where this computer finds it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use offsync_app::{App, MailboxSought};

use crate::outcome::{Outcome, show};
use crate::text;

/// `mailbox`.
#[derive(Args, Debug)]
pub(crate) struct Mailbox {
    #[command(subcommand)]
    pub(crate) command: MailboxCommand,
}

/// What can be asked of a mailbox.
#[derive(Subcommand, Debug)]
pub(crate) enum MailboxCommand {
    /// Tell what it holds, and for whom
    #[command(after_help = "Example:\n  offsync mailbox show /media/pep/Photos")]
    Show {
        /// The archive's folder, or any folder in it
        folder: PathBuf,
    },
    /// Find the same mailbox at another address from now on, or begin a new one where that is lost
    #[command(
        after_help = "Examples:\n  offsync mailbox use /media/anna/Photos fs:///media/anna/STICK/offsync      (the same stick has another path here)\n  offsync mailbox use /media/pep/Photos fs:///mnt/nas/offsync --new      (it was emptied, or is on a new NAS)"
    )]
    Use {
        /// The archive's folder, or any folder in it
        folder: PathBuf,
        /// Where the mailbox is on this computer: fs:///folder, or an account
        mailbox: String,
        /// Begin a new mailbox there if the archive has none there: what nobody has of the old one, homes ask each other for
        #[arg(long)]
        new: bool,
    },
    /// Move it to another address, with all it holds
    #[command(
        after_help = "Examples:\n  offsync mailbox move /media/pep/Photos fs:///mnt/nas/offsync      (from a stick to a NAS)\n  offsync mailbox move /media/anna/Photos fs:///mnt/diskstation/offsync      (in each other home, too, with its path there)\n\nThe old mailbox stays as it is. Delete it once each home was told."
    )]
    Move {
        /// The archive's folder, or any folder in it
        folder: PathBuf,
        /// Where it is to be: fs:///folder, or an account
        mailbox: String,
    },
}

/// Does what is asked.
pub(crate) fn mailbox(app: &App, command: &MailboxCommand, json: bool) -> Outcome {
    let report = match command {
        MailboxCommand::Show { folder } => app.mailbox(folder)?,
        MailboxCommand::Use { folder, mailbox, new } => {
            let sought = match new {
                true => MailboxSought::ThereOrNew,
                false => MailboxSought::There,
            };
            app.use_mailbox(folder, mailbox, sought)?
        }
        MailboxCommand::Move { folder, mailbox } => app.move_mailbox(folder, mailbox)?,
    };
    show(&report, json, text::mailbox)
}
