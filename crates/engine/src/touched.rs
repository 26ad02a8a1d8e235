//! Stats of one place, compared: whether it was touched, by Offsync or by somebody else.

use offsync_core::place::Stat;
use offsync_core::ports::{DiskEntry, EntryKind};

use crate::observe::{UNTELLING_CTIME_NS, looks_unread};

/// Why a file is left alone that is no longer what the scan saw.
pub(crate) const CHANGED_SINCE: &str = "it changed since it was looked at; the next sync takes it";

/// Gives the stat after a move; if somebody saved meanwhile, the one from before, marked so that the next scan reads again.
///
/// A move changes the change time, so that size, time, mode and inode must do.
pub(crate) fn as_trusted(before: &Stat, now: Stat) -> Stat {
    if is_same_but_moved(before, &now) {
        now
    } else {
        Stat {
            ctime_ns: UNTELLING_CTIME_NS,
            ..*before
        }
    }
}

/// Tells whether two stats differ in nothing but what a move changes, the change time.
pub(crate) fn is_same_but_moved(before: &Stat, now: &Stat) -> bool {
    was_left_alone(before, now) && before.inode == now.inode
}

/// Tells whether nothing was saved in a move, as far as all drives can tell.
pub(crate) fn was_left_alone(before: &Stat, now: &Stat) -> bool {
    let telling = |stat: &Stat| (stat.size_bytes, stat.mtime_ns, stat.mode);
    telling(before) == telling(now)
}

/// Gives the stat after times and mode were set; if somebody saved meanwhile, one that the next scan does not believe.
pub(crate) fn retouched(before: &Stat, now: Stat) -> Stat {
    let but_meta = Stat {
        mtime_ns: before.mtime_ns,
        mode: before.mode,
        ..now
    };
    Stat {
        mtime_ns: now.mtime_ns,
        mode: now.mode,
        ..as_trusted(before, but_meta)
    }
}

/// Tells whether a place still looks as it did, as far as a stat that was taken too soon can tell.
pub(crate) fn looks_same(before: &Stat, entry: &DiskEntry) -> bool {
    let is_untelling = before.ctime_ns == UNTELLING_CTIME_NS;
    let ctime_ns = if is_untelling {
        UNTELLING_CTIME_NS
    } else {
        entry.stat.ctime_ns
    };
    let now = Stat { ctime_ns, ..entry.stat };
    match entry.kind {
        EntryKind::Folder => before.mode == now.mode,
        kind => looks_unread(before, &now, kind),
    }
}
