//! What stands at one path, as the archive would keep it, and whether its stat alone tells that it is unchanged.

use offsync_core::entry::{Content, Meta, Value};
use offsync_core::limits::DAY_NS;
use offsync_core::place::{Place, Stat};
use offsync_core::ports::{DiskEntry, EntryKind};
use offsync_core::rel_path::RelPath;

use crate::engine::Engine;
use crate::error::Result;
use crate::monitor::Phase;

/// A file that was written this shortly before it was read is read again next time.
const RACY_NS: u64 = 2_000_000_000;

/// Stands for the change time of a stat that was taken too soon after a write to tell of a later one; no file system gives it.
pub(crate) const UNTELLING_CTIME_NS: i64 = i64::MIN;

impl Engine<'_> {
    /// Looks at what stands at a path; `None` if it is nothing that is kept.
    pub(crate) fn observe(
        &mut self,
        path: &RelPath,
        entry: &DiskEntry,
        place: Option<&Place>,
    ) -> Result<Option<(Value, Stat)>> {
        let mut stat = entry.stat;
        let content = match entry.kind {
            EntryKind::Folder => Content::Folder,
            EntryKind::Symlink => Content::Symlink(self.disk.read_link(path)?),
            EntryKind::File => match self.read_content(path)? {
                Some((content, seen)) => {
                    stat = seen;
                    self.report.hashed_files += 1;
                    self.report.hashed_bytes += content.size_bytes;
                    self.tell_bytes(
                        Phase::Scanning,
                        self.report.scanned_files,
                        None,
                        self.report.hashed_bytes,
                        Some(path),
                    )?;
                    Content::File(content)
                }
                None => {
                    self.skip(path, "it was being changed while it was read; the next sync takes it");
                    self.unread_paths += 1;
                    return Ok(None);
                }
            },
            EntryKind::Other => {
                self.skip(
                    path,
                    "it is a pipe, socket, device or another mounted drive, which is not kept",
                );
                return Ok(None);
            }
        };
        // What a folder or link was meant to have says nothing of a file that took its place.
        let is_same_kind = |value: &&Value| kind_of(&value.content) == Some(entry.kind);
        let mut known = place.and_then(|place| Some((place.on_disk().filter(is_same_kind)?.meta, *place.stat()?)));
        let was = place.and_then(Place::on_disk);
        if let Some((meant, then)) = &mut known
            && stat.mtime_ns != then.mtime_ns
            && was.is_some_and(|was| was.content.same_as(&content))
            && self.disk.profile()?.has_local_times()
        {
            let is_shift = is_zone_shift(stat.mtime_ns, then.mtime_ns);
            if is_shift || is_out_of_reach(stat.mtime_ns, meant.mtime_ns, self.clock.now_ns()) {
                then.mtime_ns = stat.mtime_ns;
            }
        }
        let meta = meta_of(&content, &stat, known);
        if matches!(content, Content::File(_)) && self.clock.now_ns().abs_diff(stat.mtime_ns) < RACY_NS {
            // Written within the clock's grain of being read: the stat alone will not show a later write.
            stat.ctime_ns = UNTELLING_CTIME_NS;
        }
        Ok(Some((
            Value {
                path: path.clone(),
                content,
                meta,
            },
            stat,
        )))
    }
}

/// Tells whether a file, link or folder needs no second reading.
pub(crate) fn looks_unread(known: &Stat, now: &Stat, kind: EntryKind) -> bool {
    match kind {
        EntryKind::Folder => known.mode == now.mode,
        EntryKind::File => known == now,
        EntryKind::Symlink | EntryKind::Other => known.mtime_ns == now.mtime_ns && known.inode == now.inode,
    }
}

/// Tells whether two times differ as the local times of two zones do, or of summer and winter. They may be any: of what
/// has no date, some drives say that it is of 1601.
pub(crate) fn is_zone_shift(now_ns: i64, then_ns: i64) -> bool {
    const QUARTER_NS: u64 = 15 * 60 * 1_000_000_000;
    const QUARTERS_MAX: u64 = 26 * 4;
    let difference_ns = now_ns.abs_diff(then_ns);
    difference_ns != 0 && difference_ns.is_multiple_of(QUARTER_NS) && difference_ns / QUARTER_NS <= QUARTERS_MAX
}

/// Tells whether a time was meant that drives with local times cannot hold, and another one is one that they show instead.
///
/// They count from 1980 to 2107. A file that is to be older is of the first day then, and one that is to be newer of some time
/// to come; either only once the drive was plugged in again, since the system remembers what was asked for.
fn is_out_of_reach(now_ns: i64, meant_ns: i64, clock_ns: i64) -> bool {
    const FIRST_NS: i64 = 3_652 * DAY_NS;
    const END_NS: i64 = 50_403 * DAY_NS;
    let is_first_day = now_ns.abs_diff(FIRST_NS) <= 2 * DAY_NS as u64;
    meant_ns < FIRST_NS + 2 * DAY_NS && is_first_day || meant_ns > END_NS - 2 * DAY_NS && now_ns > clock_ns + DAY_NS
}

/// Gives the metadata of what stands there; what the drive merely rounded stays as it was meant.
fn meta_of(content: &Content, stat: &Stat, known: Option<(Meta, Stat)>) -> Meta {
    let keep = |now: i64, then: i64, meant: i64| if now == then { meant } else { now };
    let (meant, then) = known.unwrap_or((
        Meta {
            mode: stat.mode,
            mtime_ns: stat.mtime_ns,
        },
        *stat,
    ));
    let mode = if stat.mode == then.mode { meant.mode } else { stat.mode };
    match content {
        Content::File(_) => Meta {
            mode,
            mtime_ns: keep(stat.mtime_ns, then.mtime_ns, meant.mtime_ns),
        },
        Content::Folder => Meta { mode, mtime_ns: 0 },
        Content::Symlink(_) | Content::Tombstone => Meta::default(),
    }
}

/// Gives the kind of a content; a deletion has none.
pub(crate) fn kind_of(content: &Content) -> Option<EntryKind> {
    match content {
        Content::File(_) => Some(EntryKind::File),
        Content::Folder => Some(EntryKind::Folder),
        Content::Symlink(_) => Some(EntryKind::Symlink),
        Content::Tombstone => None,
    }
}
