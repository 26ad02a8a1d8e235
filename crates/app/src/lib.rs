//! Composes engine and adapters for both shells: commands in, plain data and events out.
//!
//! The only place where failures become codes, sentences and hints, and where keys are
//! taken out of the keystore. Shells decide nothing.

mod alarm;
mod amounts;
mod apart;
mod app;
mod archives;
mod besides;
mod carried;
mod conflicts;
mod copy;
mod deletions;
mod demo;
mod elsewhere;
mod events;
mod exact_path;
mod failure;
mod forget;
mod full_drive;
mod headline;
mod holding;
mod init;
mod invite;
mod join;
mod keystore;
mod last_sent;
mod left_open;
mod lost;
mod mailboxes;
mod members;
mod naming;
mod narration;
mod notices;
mod on_screen;
mod opened;
mod outside;
mod photos;
mod receipt;
mod recovery;
mod rehearsal;
mod reports;
mod said_path;
mod samples;
mod schedule;
mod set_up;
mod silence;
mod stage;
mod sync;
mod threshold;
mod times;
mod trash;
#[cfg(test)]
mod typescript;
mod unfinished;
mod verify;
pub mod view;
mod views;
mod watch;
mod watch_line;
mod watched;
mod went_back;
mod wrong_drive;

pub use amounts::so_many_of;
pub use app::{App, AppOptions};
pub use conflicts::{ConflictView, ResolvedReport, SideKind, SideView};
pub use copy::{CopyReport, CopyRequest};
pub use deletions::{DeletionsReport, DeletionsRequest};
pub use demo::play as play_demo;
pub use events::EventSink;
pub use exact_path::{ListedPath, as_argument, as_typed};
pub use failure::{AppError, ExitClass};
pub use forget::{ForgetHeld, ForgetReport};
pub use init::{InitReport, InitRequest};
pub use invite::{InviteReport, InviteRequest};
pub use join::{JoinReport, JoinRequest};
pub use keystore::KeystoreKind;
pub use left_open::{DamagedReport, ServedReport};
pub use lost::{LostReport, LostView};
pub use mailboxes::{MailboxReport, MailboxSought, WaitingLocation};
pub use members::ReplaceRequest;
pub use naming::{namesakes, short_id};
pub use narration::{Narrator, Tone};
pub use offsync_core::guard::Threshold;
pub use offsync_core::limits::{ALLOWANCE_BYTES_MIN, HELD_DELETIONS_HIGHEST, PARK_AFTER_DAYS, PARK_AFTER_DAYS_MIN};
pub use offsync_engine::{ChangeCounts, Keep, size};
pub use on_screen::asks_to_type;
pub use receipt::{NoReceipt, Receipt};
pub use recovery::RecoveryReport;
pub use reports::{
    ConflictReport, DiffLine, FetchedReport, MadeOfDamageReport, PostedReport, PrunedReport, ScannedReport,
    SkippedReport, SyncReport, TooLateReport, WaitingReport,
};
pub use samples::{are_samples, make_samples, plug_in_sample, remove_samples};
pub use schedule::rhythm;
pub use set_up::SetUpRequest;
pub use sync::SyncRequest;
pub use threshold::many_deletions;
pub use times::ago;
pub use trash::{EmptiedReport, EmptyingHeld, RestoredView, TrashView};
pub use verify::{VerifyReport, VerifyRequest};
pub use watch_line::{DriveEvent, SyncEvent, WatchEvent, WatchLine};
pub use went_back::{MAILBOX_WENT_BACK, MENDED_INDEX};
