//! The use cases of Offsync over its ports: scan, post, fetch, settle, prune, and how a location begins.
//!
//! Synchronous and deterministic: the same calls to the same ports give the same result.
//! One path's trouble never ends a cycle; it is named in the report.

mod assemble;
mod begin;
mod carry_over;
mod change_counts;
mod conflicts;
mod consent;
mod content;
mod counted;
mod crossed;
mod cycle;
mod damaged_reading;
mod engine;
mod error;
mod fetch;
mod fit;
mod fold;
mod followed;
mod full;
mod head;
mod identity;
mod ignore;
mod journal;
mod keep;
mod leftover;
mod load;
mod lookalike;
mod lost;
mod made_of_damage;
mod membership;
mod memory;
mod monitor;
mod moved_out;
mod moves;
mod observe;
mod options;
mod outgoing;
mod overlay;
mod pace;
mod plan;
mod post;
mod prune;
mod recover;
mod report;
mod resolve;
mod room;
mod root;
mod scan;
mod serve;
mod settle;
mod silent;
mod space;
mod spare;
mod staging;
mod standing;
mod stray;
mod suggested;
mod superseded;
mod survey;
mod threshold;
mod touched;
mod trash;
mod turns;
mod twice;
mod twin;
mod unit;
mod unshown;
mod verify;
mod view;

pub use begin::{Beginning, Companion};
pub use carry_over::CarriedOver;
pub use change_counts::ChangeCounts;
pub use conflicts::Side;
pub use cycle::Adoption;
pub use engine::{Engine, Ports};
pub use error::EngineError;
pub use fit::{LeftBehind, reason_elsewhere};
pub use ignore::{IGNORE_FILE, is_clutter};
pub use keep::{NotKept, WhyNotKept};
pub use memory::{CachedPerson, Identity, LogRecord, TrashRecord};
pub use monitor::{Monitor, Phase, Progress, Silent};
pub use options::{DAY_NS, SyncOptions};
pub use report::{
    Alarm, AlarmKind, ConflictLine, HeardThreshold, Held, HeldDirection, IgnoreRule, IgnoredPath, LostFile,
    MadeOfDamage, Outlook, Served, SkippedPath, SyncReport,
};
pub use resolve::Keep;
pub use space::size;
pub use standing::{LocationStanding, LocationState};
pub use suggested::Suggestions;
pub use survey::{Difference, DifferenceKind, MailboxStanding, Survey};
pub use trash::{Emptied, TrashLine};
pub use unshown::Unshown;
pub use verify::{DamagedFile, VerifyOptions, VerifyReport};
