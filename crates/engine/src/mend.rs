//! An index in which a row is not as it was written is mended where it lies: before anything is planned from that row, and
//! before any head says a root of it.
//!
//! What such a row said is lost, and is not guessed. The other homes know what an entry was, so its home begins again and
//! is told; the drive knows what stands at a place, so that is looked at anew. To mend it touches not a byte of a file.
//!
//! What each place showed is kept aside until then: of what the others saw and have no more, it was deleted, moved or edited
//! elsewhere while this drive lay in a drawer. To send that as new would bring it back everywhere.

use std::collections::BTreeSet;

use offsync_core::dot::Dot;
use offsync_core::format::marker::Marker;
use offsync_core::limits::INDEX_PAGE_ROWS;
use offsync_core::place::{Place, Shown};
use offsync_core::ports::{Disk, IndexErrorKind, IndexStore, IndexWrite};
use offsync_core::rel_path::PathKey;

use crate::engine::Engine;
use crate::error::{EngineError, Result};
use crate::memory::{
    self, AWAITS_STATE, CHECK, FOLDER_HASH, FOLDER_HASHES_KEPT, GONE, Gone, HEARD, HELD, IDENTITY, Identity, JOURNAL,
    LAST_CHECK, LOG, MENDED, MENDING, VECTOR, WAS_GONE, WAS_SHOWN,
};

/// Lets go of damaged notes before an engine is opened on them to sync: what it is opened with may be among them.
///
/// Of most notes nobody can tell what follows from their loss, so the home begins again as it does without an entry. Who it is
/// tells the marker.
pub fn mend_notes(index: &mut dyn IndexStore, disk: &dyn Disk) -> Result<()> {
    let was_mending = !matches!(memory::read::<bool>(index, MENDING), Ok(None));
    match index.check_notes() {
        Err(error) if error.kind() == IndexErrorKind::DamagedRow => {}
        // What a pulled cable left of this: which notes went is not known any more.
        Ok(()) if was_mending => return go_on_without(index),
        sound => return Ok(sound?),
    }
    let mut writes = vec![memory::write(MENDING, &true)];
    let is_nameless = !matches!(index.note(IDENTITY), Ok(Some(_)));
    if is_nameless {
        let marker = disk.read_marker()?.ok_or(EngineError::NoIdentity)?;
        let marker = Marker::parse(&String::from_utf8_lossy(&marker)).map_err(|_| EngineError::NoIdentity)?;
        writes.push(memory::write(
            IDENTITY,
            &Identity::new(marker.archive_id, marker.location),
        ));
    }
    index.commit(writes)?;
    let dropped = index.drop_damaged_notes()?;
    let is_derived = |name: &String| DERIVED.iter().any(|prefix| name.starts_with(prefix));
    match !was_mending && !is_nameless && dropped.iter().all(is_derived) {
        true => Ok(index.commit(vec![memory::erase(MENDING)])?),
        false => go_on_without(index),
    }
}

/// Lets a home that lost notes hear all once more, before its next cycle begins again.
fn go_on_without(index: &mut dyn IndexStore) -> Result<()> {
    let mut writes = vec![
        // Who else there is may be among them: it is not concluded that nobody is.
        memory::write(AWAITS_STATE, &true),
        // What was known to be damaged may be, too: this drive was not checked.
        memory::erase(LAST_CHECK),
        memory::erase(CHECK),
    ];
    // Statements that are lost are read once more, and so are those of which it was noted that they were.
    let heard = index.notes(HEARD)?.into_iter().map(|(name, _)| memory::erase(name));
    writes.extend(heard);
    Ok(index.commit(writes)?)
}

/// Notes that are made anew from others, or tell people what was.
const DERIVED: [&str; 4] = [FOLDER_HASH, FOLDER_HASHES_KEPT, HEARD, LOG];

impl Engine<'_> {
    /// Runs something that reads the index, and once more with a mended index if it finds a damaged row.
    pub fn mending<T>(&mut self, run: impl Fn(&mut Self) -> Result<T>) -> Result<T> {
        match run(self) {
            Err(EngineError::Index(error)) if error.kind() == IndexErrorKind::DamagedRow => {
                self.mend()?;
                run(self)
            }
            done => done,
        }
    }

    /// Ends what a pulled cable left half mended.
    pub(crate) fn mend_on(&mut self) -> Result<()> {
        if memory::read::<bool>(self.index, MENDING)?.is_none() {
            return Ok(());
        }
        // Which rows went before is not known any more, nor whether any did.
        self.index.drop_damaged()?;
        self.let_go_of_what_is_not_known()
    }

    /// Lets go of damaged rows, and of all entries if one of those was damaged.
    ///
    /// One alone cannot be asked for: who covers it and does not have it says that it was deleted.
    fn mend(&mut self) -> Result<()> {
        self.commit(vec![memory::write(MENDING, &true)])?;
        let dropped = self.index.drop_damaged()?;
        self.unreadable.clear();
        self.stuck_spellings.clear();
        if dropped.entries > 0 {
            return self.let_go_of_what_is_not_known();
        }
        // What stands at a place without a row is looked at as if it had just been put there; what does not stand there is
        // put there again, and nothing else would ask for it.
        if dropped.places > 0 {
            self.unsettle_all()?;
        }
        self.commit(vec![memory::erase(MENDING), memory::write(MENDED, &true)])?;
        self.take_up_what_is_noted()
    }

    /// Lets each folder be looked at anew that should show anything.
    fn unsettle_all(&mut self) -> Result<()> {
        let mut after: Option<PathKey> = None;
        loop {
            let page = self.index.entries_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            let live = page.iter().filter(|(_, siblings)| siblings.is_live());
            let folders: BTreeSet<PathKey> = live.filter_map(|(key, _)| key.parent()).collect();
            self.commit(folders.iter().map(memory::unsettle).collect())?;
        }
    }

    fn let_go_of_what_is_not_known(&mut self) -> Result<()> {
        match self.is_alone()? {
            // Nobody else has heard of a number: those that follow are as good as new ones.
            true => self.forget_all_entries()?,
            false => {
                self.keep_what_was_shown()?;
                self.let_go_of_all()?;
            }
        }
        self.commit(vec![
            // What it names is looked at with all else.
            memory::erase(JOURNAL),
            memory::erase(FOLDER_HASHES_KEPT),
            memory::erase(MENDING),
            memory::write(MENDED, &true),
        ])?;
        self.take_up_what_is_noted()
    }

    /// Keeps aside what places show and which deletions wait. What a mend kept that was cut off stays as it is.
    ///
    /// Deletions that people are asked about are let go of: what was answered is of them as they were.
    fn keep_what_was_shown(&mut self) -> Result<()> {
        let is_asked = self.index.note(HELD)?.is_some();
        let mut after: Option<PathKey> = None;
        loop {
            let page = self.index.places_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            let kept = |(key, place): (PathKey, Place)| {
                let shown = place.shown?;
                Some(memory::write(memory::of_key(WAS_SHOWN, &key), &(key, shown)))
            };
            self.commit(page.into_iter().filter_map(kept).collect())?;
        }
        let gone = memory::read_all::<Gone>(self.index, GONE)?.into_values();
        let kept = gone
            .filter(|_| !is_asked)
            .map(|gone| memory::write(memory::of_key(WAS_GONE, &gone.path.key()), &gone));
        self.commit(kept.collect())
    }

    /// Shows again what was shown before the index was mended, as far as somebody has told what became of it.
    ///
    /// Where nothing is noted of a place by now, it is no deletion: what is left out, or was never on this drive, has no row.
    pub(crate) fn show_again(&mut self) -> Result<()> {
        let mut writes = Vec::new();
        for (name, (key, shown)) in memory::read_all::<(PathKey, Shown)>(self.index, WAS_SHOWN)? {
            if !self.are_told(shown.refs.iter().flat_map(|one| &one.dots)) {
                continue;
            }
            writes.push(memory::erase(format!("{WAS_SHOWN}{name}")));
            if let Some((None, Some(there))) = self.index.place(&key)?.map(Place::into_parts) {
                writes.extend(key.parent().as_ref().map(memory::unsettle));
                writes.push(IndexWrite::Place(key, Place::new(Some(shown), Some(there))));
            }
        }
        for (name, mut gone) in memory::read_all::<Gone>(self.index, WAS_GONE)? {
            let all: BTreeSet<Vec<Dot>> = std::mem::take(&mut gone.shown);
            let (told, untold) = all.into_iter().partition(|dots| self.are_told(dots.iter()));
            gone.shown = untold;
            writes.push(match gone.shown.is_empty() {
                true => memory::erase(format!("{WAS_GONE}{name}")),
                false => memory::write(format!("{WAS_GONE}{name}"), &gone),
            });
            gone.shown = told;
            if let Some(known) = memory::read::<Gone>(self.index, &format!("{GONE}{name}"))? {
                gone.shown.extend(known.shown);
            }
            if !gone.shown.is_empty() {
                writes.push(memory::write(format!("{GONE}{name}"), &gone));
            }
        }
        self.commit(writes)
    }

    /// Tells whether somebody who told this location what there is had seen all of some versions.
    fn are_told<'d>(&self, mut dots: impl Iterator<Item = &'d Dot>) -> bool {
        // A folder that is only there for what is in it shows no version.
        !self.vector.is_empty() && dots.all(|dot| self.vector.covers_dot(dot))
    }

    /// Lets go of what was kept aside, once this home knows all that anybody says: of the rest nobody has heard, and it goes
    /// out as new.
    pub(crate) fn forget_what_was_shown(&mut self) -> Result<()> {
        let mut writes = Vec::new();
        for prefix in [WAS_SHOWN, WAS_GONE] {
            let notes = self.index.notes(prefix)?.into_iter();
            writes.extend(notes.map(|(name, _)| memory::erase(name)));
        }
        self.commit(writes)
    }

    fn is_alone(&self) -> Result<bool> {
        // Who is out may be taken back, and has what is let go of here: what a vector covers and no entry shows was deleted.
        let me = self.me();
        Ok(!self.awaits_state()? && self.people()?.keys().all(|location| *location == me))
    }

    /// Knows again what the index says: a cycle that ended early may have been ahead of it.
    fn take_up_what_is_noted(&mut self) -> Result<()> {
        self.identity = memory::read(self.index, IDENTITY)?.ok_or(EngineError::NoIdentity)?;
        self.vector = memory::read(self.index, VECTOR)?.unwrap_or_default();
        Ok(())
    }

    /// Says that the index was mended, until this home has gone on from there.
    pub(crate) fn tell_mended(&mut self) -> Result<Option<IndexWrite>> {
        self.report.mended_index = memory::read::<bool>(self.index, MENDED)?.is_some();
        let is_over = self.report.mended_index && !self.is_brought_back()?;
        Ok(is_over.then(|| memory::erase(MENDED)))
    }
}
