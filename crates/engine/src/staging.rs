//! Staging: content waits there until it is put together. What does not fit is not begun; what fits later comes in slices.
//!
//! Small contents stand twice while they are put together, so as much as is staged of them is kept free. Large chunks
//! stand in files of their own, which go as soon as a file in the making holds them. Files that cannot be put together
//! beside the others on this drive take no room from those (`space`).

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use offsync_core::format::{Manifest, ObjectName};
use offsync_core::ids::ChunkId;
use offsync_core::limits::DAY_NS;
use offsync_core::ports::{DiskErrorKind, IndexWrite, Mailbox, StagedName};
use offsync_core::rel_path::RelPath;

use crate::content::Stores;
use crate::engine::Engine;
use crate::error::Result;
use crate::journal::hex;
use crate::load::{Load, stands_alone};
use crate::memory::{self, Keeps, STAGED, StagedChunks, UNKEPT, UNSETTLED, UnkeptPack};
use crate::monitor::Phase;
use crate::report::SkippedPath;
use crate::space::DriveRoom;
use crate::view::View;

/// Chunks and what they hold.
type Contents = Vec<(ChunkId, Vec<u8>)>;

/// A part whose entry never came is dropped after this time; the entry, if it comes, asks for it again.
const PART_KEPT_NS: i64 = 180 * DAY_NS;
/// Left free on any drive: this part of it, and never more than the bytes below.
const MARGIN_PART: u64 = 100;
const MARGIN_BYTES_MAX: u64 = 64 << 20;

impl Engine<'_> {
    /// Tells what room there is on the drive.
    pub(crate) fn drive_room(&self) -> Result<DriveRoom> {
        let facts = self.disk.facts()?;
        let margin = (facts.total_bytes / MARGIN_PART).min(MARGIN_BYTES_MAX);
        Ok(DriveRoom {
            spare_bytes: facts.free_bytes.saturating_sub(margin),
            block_bytes: facts.block_bytes,
        })
    }

    /// Gives the room on the drive to the files that wait, beside folders that are about to be made.
    pub(crate) fn share_room(&mut self, stores: &Stores, new_folders: u64) -> Result<()> {
        if !self.space.has_waiting() {
            self.space.share(
                &DriveRoom {
                    spare_bytes: 0,
                    block_bytes: 0,
                },
                0,
            );
            return Ok(());
        }
        let room = self.drive_room()?;
        // What is staged goes when it is put together, and parts give way.
        let there = room.spare_bytes.saturating_add(staged_bytes(stores, &room));
        let folders = new_folders.saturating_mul(room.of_folder());
        self.space.share(&room, there.saturating_sub(folders));
        Ok(())
    }

    /// Names in the report what this drive has no room for.
    pub(crate) fn say_what_has_no_room(&mut self) -> Result<()> {
        let trash_bytes = match self.space.is_short() || self.space.is_tight {
            true => self.trash_bytes()?,
            false => 0,
        };
        let said = self.space.sentences(trash_bytes).into_iter();
        // Each is named once: no need to look for it among so many.
        let lines: Vec<SkippedPath> = said.map(|(path, reason)| SkippedPath::new(path, reason)).collect();
        self.report.no_room_files = lines.iter().filter(|line| line.path != RelPath::root()).count() as u64;
        self.report.skipped.extend(lines);
        Ok(())
    }

    /// Drops parts whose entry has not come, since somebody waits for their room; tells whether there were any.
    ///
    /// What nobody can put to use yet gives way to what somebody waits for; its entry asks for it again.
    pub(crate) fn make_way(&mut self) -> Result<bool> {
        let mut made = false;
        for (file, staged) in self.staged_chunks()? {
            let is_used = staged.chunks.iter().any(|(chunk, _, _)| self.space.admits(chunk));
            if staged.keeps == Keeps::UntilEntry && !is_used {
                self.drop_noted(file)?;
                made = true;
            }
        }
        Ok(made)
    }

    /// Tells whether content came, or lies in the mailbox, whose entry has not come yet.
    pub(crate) fn awaits_entries(&self) -> Result<bool> {
        let is_part = |staged: &StagedChunks| staged.keeps == Keeps::UntilEntry;
        let staged = memory::read_all::<StagedChunks>(self.index, STAGED)?;
        Ok(staged.values().any(is_part) || !self.index.notes(UNKEPT)?.is_empty())
    }

    /// Drops a staged file and what is noted of it.
    fn drop_noted(&mut self, file: String) -> Result<()> {
        self.commit(memory::forget_staged(&file))?;
        self.disk.drop_staged(&StagedName(file))?;
        Ok(())
    }

    /// Notes which packs of a part are not here: they are lacked, as content of an entry is, until there is room.
    pub(crate) fn note_unkept(&mut self, manifest: &Manifest, stores: &Stores) -> Result<Vec<IndexWrite>> {
        let mut writes = Vec::new();
        // What cannot be used will never be kept: it is asked for when the entry comes that it is a part of.
        let usable = manifest.packs.iter().filter(|pack| !self.unusable.contains(&pack.name));
        for pack in usable {
            let unkept = UnkeptPack {
                name: pack.name.to_string(),
                chunks: self.missing_of(&pack.chunks, stores)?,
            };
            if !unkept.chunks.is_empty() {
                writes.push(memory::write(format!("{UNKEPT}{}", unkept.name), &unkept));
            }
        }
        Ok(writes)
    }

    /// Makes the writes that let go of parts whose entry has come: from then on they are wanted as what it needs, if anybody
    /// needs it still, and not for their own sake.
    pub(crate) fn parts_of(&self, manifest: &Manifest) -> Result<Vec<IndexWrite>> {
        let parts = memory::read_all::<UnkeptPack>(self.index, UNKEPT)?;
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        let contents = manifest.entries.iter().map(|entry| &entry.value.content);
        let came: BTreeSet<ChunkId> = contents.flat_map(|content| content.chunk_ids()).collect();
        let is_theirs = |part: &UnkeptPack| {
            part.name
                .parse()
                .is_ok_and(|name: ObjectName| *name.writer() == manifest.author)
        };
        let mut writes = Vec::new();
        for (note, mut part) in parts.into_iter().filter(|(_, part)| is_theirs(part)) {
            let before = part.chunks.len();
            part.chunks.retain(|chunk| !came.contains(chunk));
            let note = format!("{UNKEPT}{note}");
            match part.chunks.is_empty() {
                true => writes.push(memory::erase(note)),
                false if part.chunks.len() < before => writes.push(memory::write(note, &part)),
                false => {}
            }
        }
        Ok(writes)
    }

    /// Fetches packs of parts that had no room before; gives the chunks that still lack while they are listed.
    pub(crate) fn keep_parts(&mut self, mailbox: &dyn Mailbox, view: &View) -> Result<BTreeSet<ChunkId>> {
        let mut lacking = BTreeSet::new();
        let parts = memory::read_all::<UnkeptPack>(self.index, UNKEPT)?;
        if parts.is_empty() {
            return Ok(lacking);
        }
        let mut stores = self.stores()?;
        for (note, unkept) in parts {
            let name = unkept.name.parse().ok().filter(|name| view.contains(name));
            let mut left = self.missing_of(&unkept.chunks, &stores)?;
            // Its entry is here, and it has no room: that asks for it again.
            left.retain(|chunk| !self.space.refuses(chunk));
            if let Some(name) = &name
                && !left.is_empty()
                && !self.space.fetched.contains(name)
            {
                self.tell(Phase::Fetching, self.report.fetched_changesets, None, None)?;
                let has_room = self.has_room_for_part(view.size_of(name), &mut stores)?;
                let without_room = if has_room {
                    let chunks = self.fetch_pack(mailbox, name)?;
                    self.keep_chunks(chunks, &mut stores, Keeps::UntilEntry)?
                } else {
                    Vec::new()
                };
                self.space.is_tight |= !has_room || !without_room.is_empty();
                left = self.missing_of(&left, &stores)?;
            }
            let is_usable = name.as_ref().is_some_and(|name| !self.unusable.contains(name));
            if left.is_empty() || !is_usable {
                self.commit(vec![memory::erase(format!("{UNKEPT}{note}"))])?;
            } else {
                lacking.extend(left);
            }
        }
        Ok(lacking)
    }

    /// Keeps what somebody served this location who was given up since, though no entry is known here that needs it.
    ///
    /// Nobody serves it again, and it takes the room of the state that tells what it is for.
    pub(crate) fn keep_served_by_the_departed(&mut self, mailbox: &dyn Mailbox, view: &View) -> Result<()> {
        let me = self.me();
        let is_mine = |name: &&ObjectName| matches!(name, ObjectName::ServedPack { reader, .. } if *reader == me);
        let served: Vec<ObjectName> = view.names().filter(is_mine).cloned().collect();
        if served.is_empty() || self.covers_all_heads()? {
            return Ok(());
        }
        let (departed, mut stores) = (self.departed()?, self.stores()?);
        for name in served {
            let is_left = departed.contains(name.writer()) && !self.space.packs.contains_key(&name);
            if !is_left || !self.has_room_for_part(view.size_of(&name), &mut stores)? {
                continue;
            }
            let chunks = self.fetch_pack(mailbox, &name)?;
            let held = chunks.iter().map(|(chunk, _)| *chunk).collect();
            if self.keep_chunks(chunks, &mut stores, Keeps::UntilEntry)?.is_empty() {
                self.space.packs.insert(name, held);
            }
        }
        Ok(())
    }

    /// Tells whether a pack of a part may be fetched, by its size. The oldest of the trash gives way to it: whoever sends the
    /// file waits for this room.
    fn has_room_for_part(&mut self, size_bytes: u64, stores: &mut Stores) -> Result<bool> {
        let room = self.drive_room()?;
        let mut load = load_of(stores, &room);
        load.add_single(size_bytes, &room);
        let lacks = load.lacks_bytes(Keeps::UntilEntry, &room);
        if lacks == 0 || !self.free_by_trash(lacks)? {
            return Ok(lacks == 0);
        }
        // What stood in the trash alone, and was wanted by nobody, may be a part again.
        *stores = self.stores()?;
        let room = self.drive_room()?;
        let mut load = load_of(stores, &room);
        load.add_single(size_bytes, &room);
        Ok(load.fits(Keeps::UntilEntry, &room))
    }

    /// Keeps chunks in staging that are not on this drive yet and have their turn; gives back those without room now.
    pub(crate) fn keep_chunks(&mut self, chunks: Contents, stores: &mut Stores, keeps: Keeps) -> Result<Contents> {
        let mut known = BTreeSet::new();
        let mut new = Vec::new();
        for (id, bytes) in chunks {
            if !self.space.refuses(&id) && known.insert(id) && !self.missing_of(&[id], stores)?.is_empty() {
                new.push((id, bytes));
            }
        }
        if new.is_empty() {
            return Ok(new);
        }
        let room = self.drive_room()?;
        let load = load_of(stores, &room);
        let (fitting, mut left) = split_by_room(new, keeps, load, &room);
        // A large chunk stands alone, so that it goes as soon as a file in the making holds it.
        let (mut single, mut packed): (Vec<_>, Vec<_>) = fitting
            .into_iter()
            .partition(|(_, bytes)| stands_alone(bytes.len() as u64));
        if packed.len() == 1 {
            single.append(&mut packed);
        }
        let files = single
            .into_iter()
            .map(|chunk| vec![chunk])
            .chain((!packed.is_empty()).then_some(packed));
        let (mut kept, mut is_full) = (Vec::new(), false);
        for chunks in files {
            let name = format!("p-{}", hex(&self.entropy.sixteen()));
            is_full = is_full || !self.stage_chunks(&StagedName(name.clone()), &chunks)?;
            if is_full {
                left.extend(chunks);
                continue;
            }
            let mut offset = 0;
            let place = |(id, bytes): (ChunkId, Vec<u8>)| {
                let at = (id, offset, bytes.len() as u32);
                offset += bytes.len() as u64;
                at
            };
            let staged = StagedChunks {
                keeps,
                staged_ns: self.clock.now_ns(),
                chunks: chunks.into_iter().map(place).collect(),
            };
            kept.push((name, staged));
        }
        if kept.is_empty() {
            return Ok(left);
        }
        // The note of what is there is about to be kept, and must not say more than a power cut leaves.
        self.disk.flush()?;
        let note = |(name, staged): &(String, StagedChunks)| memory::write(format!("{STAGED}{name}"), staged);
        self.commit(kept.iter().map(note).collect())?;
        add_kept(stores, &kept, load, &room);
        Ok(left)
    }

    /// Writes a file of chunks into staging; tells whether there was room. What has none is simply not at hand.
    fn stage_chunks(&mut self, name: &StagedName, chunks: &[(ChunkId, Vec<u8>)]) -> Result<bool> {
        let root = RelPath::root();
        let written = self.disk.stage(name, 0).and_then(|mut file| {
            for (_, bytes) in chunks {
                file.write_all(bytes)
                    .map_err(|error| crate::content::read_error(&root, &error))?;
            }
            file.finish()
        });
        match written {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == DiskErrorKind::Full => {
                self.disk.drop_staged(name)?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Drops staged files of which nothing is waited for any more.
    pub(crate) fn drop_spent_staging(&mut self) -> Result<()> {
        let is_settled = self.index.notes(UNSETTLED)?.is_empty();
        let damages = self.damages()?;
        let bad: BTreeSet<ChunkId> = damages.values().flat_map(|damage| damage.bad.iter().copied()).collect();
        for (file, staged) in self.staged_chunks()? {
            let age_ns = self.clock.now_ns().saturating_sub(staged.staged_ns);
            let is_part = staged.keeps == Keeps::UntilEntry && age_ns < PART_KEPT_NS;
            let mut is_spent = is_settled && !is_part;
            if !is_spent {
                is_spent = true;
                for (chunk, _, _) in &staged.chunks {
                    let is_placed = !bad.contains(chunk) && !self.index.places_with_chunk(chunk)?.is_empty();
                    is_spent &= is_placed || self.space.refuses(chunk);
                }
            }
            if is_spent {
                self.drop_noted(file)?;
            }
        }
        Ok(())
    }
}

/// Gives what staging takes now; counted anew only where more than this has changed it.
fn load_of(stores: &mut Stores, room: &DriveRoom) -> Load {
    if let Some(load) = stores.load {
        return load;
    }
    let mut load = Load::default();
    for (holder, _, len) in stores.staged.values() {
        let is_single = stores.singles.contains(holder);
        if is_single || !stores.noted.contains(holder) {
            load.add_there(u64::from(*len), is_single, room);
        }
    }
    stores.load = Some(load);
    load
}

/// Adds files that were staged just now, with what they take.
fn add_kept(stores: &mut Stores, kept: &[(String, StagedChunks)], mut load: Load, room: &DriveRoom) {
    for (name, staged) in kept {
        stores.add_staged(name, staged);
        let lens: Vec<u32> = staged.chunks.iter().map(|(_, _, len)| *len).collect();
        load.add_file(&lens, room);
    }
    stores.load = Some(load);
}

/// Splits chunks into those that may be staged now and the others. A part's come together or not at all.
fn split_by_room(chunks: Contents, keeps: Keeps, mut load: Load, room: &DriveRoom) -> (Contents, Contents) {
    let (fitting, left): (Vec<_>, Vec<_>) = chunks.into_iter().partition(|(_, bytes)| {
        let mut more = load;
        more.add(bytes.len() as u64, room);
        let fits = more.fits(keeps, room);
        if fits {
            load = more;
        }
        fits
    });
    if keeps == Keeps::UntilEntry && !left.is_empty() {
        return (Vec::new(), fitting.into_iter().chain(left).collect());
    }
    (fitting, left)
}

/// Gives what all staged files take.
fn staged_bytes(stores: &Stores, room: &DriveRoom) -> u64 {
    let mut files: BTreeMap<&str, u64> = BTreeMap::new();
    for (holder, _, len) in stores.staged.values() {
        *files.entry(holder).or_default() += u64::from(*len);
    }
    files
        .into_values()
        .map(|len| len.next_multiple_of(room.block_bytes.max(1)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: DriveRoom = DriveRoom {
        spare_bytes: 1 << 30,
        block_bytes: 4_096,
    };

    /// Stages files of chunks of these lengths one after the other; the one at `other` by somebody who keeps nothing up.
    fn staged(files: &[&[u32]], other: usize) -> Stores {
        let mut stores = Stores::default();
        let mut id = 0_u8;
        for (n, lens) in files.iter().enumerate() {
            let mut chunk = |len: &u32| {
                id += 1;
                (ChunkId::new([id; 32]), 0, *len)
            };
            let file = StagedChunks {
                chunks: lens.iter().map(&mut chunk).collect(),
                ..StagedChunks::default()
            };
            let load = load_of(&mut stores, &ROOM);
            match n == other {
                true => stores.add_staged(&n.to_string(), &file),
                false => add_kept(&mut stores, &[(n.to_string(), file)], load, &ROOM),
            }
        }
        stores
    }

    #[test]
    fn what_staging_takes_is_the_same_kept_up_or_counted_anew() {
        let files: [&[u32]; 5] = [&[600_000], &[10, 4_096, 5_000], &[1], &[300_000, 7], &[500_000]];
        for other in 0..=files.len() {
            let mut stores = staged(&files, other);
            assert_eq!(stores.load.is_some(), other + 1 != files.len(), "{other}");
            let kept_up = load_of(&mut stores, &ROOM);
            stores.load = None;
            assert_eq!(kept_up, load_of(&mut stores, &ROOM), "{other}");
        }
    }
}
