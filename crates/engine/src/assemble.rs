//! Putting files together in staging from chunks that are on this drive, verified as they are written.
//!
//! A staged chunk leaves as soon as the file holds it for good, so that a file needs room for itself and for one pack
//! while it is put together, however large it is. What it held then is noted, and a later cycle goes on from there.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use offsync_core::entry::FileContent;
use offsync_core::ids::{ChunkId, Digest};
use offsync_core::limits::STAGED_TWICE_BYTES_MAX;
use offsync_core::ports::{DiskError, DiskErrorKind, IndexWrite, NewFile, StagedName, TrashName};

use crate::content::{Gathered, GatheredFile, Stores};
use crate::engine::Engine;
use crate::error::Result;
use crate::journal::{Source, hex, plain_reason};
use crate::memory::{self, GROWN, Grown, Keeps, STAGED, StagedChunks, TRASH, TrashRecord, WasDamaged};
use crate::space::NotNow;

/// What came of a step that may go wrong for one file alone.
type Tried<T> = std::result::Result<T, NotNow>;

impl Engine<'_> {
    /// Makes a file's content ready: moved from the trash where just that file lies there, else staged.
    ///
    /// The inner error says why it cannot be had now.
    pub(crate) fn source_of(&mut self, file: &FileContent, stores: &mut Stores) -> Result<Tried<Source>> {
        if let Some(name) = stores.take_moved(file) {
            return Ok(Ok(Source::Trashed(name)));
        }
        let (name, held) = match stores.grown.remove(&file.digest) {
            Some((name, held)) => (StagedName(name), held),
            None => (StagedName(format!("c-{}", hex(&self.entropy.sixteen()))), 0),
        };
        match self.stage_file(&name, held, file, stores)? {
            Ok(()) => Ok(Ok(Source::Staged(name))),
            Err(reason) => {
                self.give_up_staged(&name, stores)?;
                Ok(Err(reason))
            }
        }
    }

    /// Lets go of a file that did not come to its place; what is noted of it stays for the next cycle.
    pub(crate) fn give_up_staged(&mut self, name: &StagedName, stores: &mut Stores) -> Result<()> {
        stores.gathered.files.remove(&name.0);
        if !stores.noted.contains(&name.0) {
            self.disk.drop_staged(name)?;
        }
        Ok(())
    }

    fn stage_file(
        &mut self,
        name: &StagedName,
        held: u64,
        file: &FileContent,
        stores: &mut Stores,
    ) -> Result<Tried<()>> {
        let mut whole = self.keys.digest_hasher();
        let begun = self.verified_beginning(name, held, file, |bytes| whole.update(bytes))?;
        if begun < held {
            self.commit(vec![note_of(&name.0, file.digest, begun)])?;
            let is_there = |offset: u64, len: u32| offset + u64::from(len) <= begun;
            stores.load = None;
            let staged = &mut stores.staged;
            staged.retain(|_, (holder, offset, len)| *holder != name.0 || is_there(*offset, *len));
        }
        let mut staged = match self.stage_on(name, begun)? {
            Ok(staged) => staged,
            Err(reason) => return Ok(Err(reason)),
        };
        for (chunk, offset, len) in file.pieces().into_iter().filter(|(_, offset, _)| *offset >= begun) {
            let twice = stores.alone(&chunk).map_or(0, |_| len);
            let is_enough = stores.gathered.bytes + twice > STAGED_TWICE_BYTES_MAX;
            if stores.gathered.bytes > 0 && (is_enough || self.lacks_room(len)?) {
                if let Err(reason) = finished(staged)? {
                    return Ok(Err(reason));
                }
                self.release(stores)?;
                staged = match self.stage_on(name, offset)? {
                    Ok(staged) => staged,
                    Err(reason) => return Ok(Err(reason)),
                };
            }
            if self.lacks_room(len)? {
                return Ok(Err(self.no_room_for(file.size_bytes - offset)?));
            }
            let Some(bytes) = self.read_chunk(&chunk, stores)? else {
                self.unreadable.insert(chunk);
                self.drop_unreadable(&chunk, stores)?;
                return Ok(Err("its content is not where it was; the next sync looks again".into()));
            };
            whole.update(&bytes);
            if let Err(error) = staged.write_all(&bytes) {
                return match error.kind() {
                    std::io::ErrorKind::StorageFull => Ok(Err(self.no_room_for(file.size_bytes - offset)?)),
                    _ => Ok(Err(format!("it could not be written ({error})").into())),
                };
            }
            stores.gather(name, file, (chunk, offset, len as u32));
        }
        if let Err(reason) = finished(staged)? {
            return Ok(Err(reason));
        }
        if whole.finish() != file.digest {
            self.commit(memory::forget_staged(&name.0))?;
            stores.forget_staged(&name.0);
            return Ok(Err(
                "its pieces do not make the whole that was promised; it is asked for again".into(),
            ));
        }
        Ok(Ok(()))
    }

    /// Reads what a file in the making is noted to hold; gives how much of it is as it should be.
    fn verified_beginning(
        &self,
        name: &StagedName,
        held: u64,
        file: &FileContent,
        mut each: impl FnMut(&[u8]),
    ) -> Result<u64> {
        let mut begun = 0;
        if held == 0 {
            return Ok(begun);
        }
        let mut staged = match self.disk.open_staged(name) {
            Ok(staged) => staged,
            Err(error) if error.kind() == DiskErrorKind::Gone => return Err(error.into()),
            Err(_) => return Ok(begun),
        };
        for (chunk, offset, len) in file.pieces() {
            let mut bytes = vec![0; len as usize];
            let is_held = offset + len <= held && staged.read_exact(&mut bytes).is_ok();
            if !is_held || self.keys.chunk_id(&bytes) != chunk {
                break;
            }
            each(&bytes);
            begun = offset + len;
        }
        Ok(begun)
    }

    fn stage_on(&self, name: &StagedName, keep_bytes: u64) -> Result<Tried<Box<dyn NewFile>>> {
        match self.disk.stage(name, keep_bytes) {
            Ok(staged) => Ok(Ok(staged)),
            Err(error) => not_now(error).map(Err),
        }
    }

    /// Tells whether so much cannot be written now. The room that is kept free on any drive is the index's, too.
    fn lacks_room(&self, len: u64) -> Result<bool> {
        let room = self.drive_room()?;
        Ok(room.taken(len) > room.spare_bytes)
    }

    fn no_room_for(&self, len: u64) -> Result<NotNow> {
        let room = self.drive_room()?;
        Ok(NotNow::NoRoom(room.taken(len), room.spare_bytes))
    }

    /// Lets staged chunks go that files in the making, or in their places, hold by now.
    fn release(&mut self, stores: &mut Stores) -> Result<()> {
        let Gathered { files, mut spent, .. } = std::mem::take(&mut stores.gathered);
        stores.load = None;
        // What is noted must not say more than a power cut leaves.
        self.disk.flush()?;
        let mut writes = Vec::new();
        for (name, file) in files {
            if file.spent.is_empty() {
                continue;
            }
            if let Some(chunks) = file.chunks {
                let kept = StagedChunks {
                    keeps: Keeps::WhileWanted,
                    staged_ns: self.clock.now_ns(),
                    chunks,
                };
                writes.push(memory::write(format!("{STAGED}{name}"), &kept));
                stores.noted.insert(name.clone());
            }
            let end = file.new.last().map_or(0, |(_, offset, len)| offset + u64::from(*len));
            writes.push(note_of(&name, file.digest, end));
            for (chunk, offset, len) in file.new {
                stores.staged.insert(chunk, (name.clone(), offset, len));
            }
            spent.extend(file.spent);
        }
        writes.extend(spent.iter().map(|name| memory::erase(format!("{STAGED}{name}"))));
        self.commit(writes)?;
        for name in spent {
            self.disk.drop_staged(&StagedName(name))?;
        }
        Ok(())
    }

    /// Tells whether a place in the trash that did not read as it should can be read at all.
    fn is_rotten_trash(&self, name: &str, offset: u64, len: u64) -> bool {
        let Ok(mut file) = self.disk.open_trashed(&TrashName(name.to_owned())) else {
            return false;
        };
        let mut bytes = vec![0; len as usize];
        file.seek_to(offset).is_ok() && file.read_exact(&mut bytes).is_ok()
    }

    /// Forgets a chunk in the trash or in staging that does not read as it should, so that it is fetched again; what lies
    /// beside it in staging stays.
    fn drop_unreadable(&mut self, chunk: &ChunkId, stores: &mut Stores) -> Result<()> {
        if let Some((name, offset, len)) = stores.trashed.get(chunk).cloned() {
            // It rotted before it was displaced, and nobody knew: it is kept, and stands for no content. What could not be
            // read at all may be read another time.
            let note = format!("{TRASH}{name}");
            if self.is_rotten_trash(&name, offset, len)
                && let Some(record) = memory::read::<TrashRecord>(self.index, &note)?
            {
                let found = |was| WasDamaged {
                    was,
                    dots: Vec::new(),
                    reads: None,
                };
                let record = TrashRecord {
                    was_damaged: record.content.map(found).or(record.was_damaged),
                    content: None,
                    ..record
                };
                self.commit(vec![memory::write(note, &record)])?;
            }
            stores.trashed.retain(|_, (holder, _, _)| *holder != name);
        }
        let Some((name, _, _)) = stores.staged.get(chunk).cloned() else {
            return Ok(());
        };
        let note = format!("{STAGED}{name}");
        if memory::read::<Grown>(self.index, &format!("{GROWN}{name}"))?.is_none()
            && let Some(mut kept) = memory::read::<StagedChunks>(self.index, &note)?
        {
            kept.chunks.retain(|(kept, _, _)| kept != chunk);
            if !kept.chunks.is_empty() {
                stores.staged.remove(chunk);
                stores.load = None;
                return self.commit(vec![memory::write(note, &kept)]);
            }
        }
        stores.forget_staged(&name);
        self.commit(memory::forget_staged(&name))?;
        self.disk.drop_staged(&StagedName(name))?;
        Ok(())
    }
}

impl Stores {
    /// Gives the trash file that moved out of its place in this settling and holds just this content.
    pub(crate) fn take_moved(&mut self, file: &FileContent) -> Option<TrashName> {
        let alike = self.moved.get_mut(&file.digest)?;
        let at = alike.iter().rposition(|(_, content)| content == file)?;
        Some(alike.swap_remove(at).0)
    }

    /// Forgets a file that left the trash with this content.
    pub(crate) fn forget_trashed(&mut self, name: &TrashName, file: &FileContent) {
        for (chunk, _, _) in file.pieces() {
            if self.trashed.get(&chunk).is_some_and(|(holder, _, _)| *holder == name.0) {
                self.trashed.remove(&chunk);
            }
        }
    }

    /// Notes that a file in the making holds a chunk now.
    fn gather(&mut self, name: &StagedName, file: &FileContent, chunk: (ChunkId, u64, u32)) {
        let alone = self.alone(&chunk.0).map(|(holder, len)| (holder.to_owned(), len));
        let all = || {
            let pieces = file.pieces().into_iter();
            pieces.map(|(id, offset, len)| (id, offset, len as u32)).collect()
        };
        let (files, noted) = (&mut self.gathered.files, &self.noted);
        let gathered = files.entry(name.0.clone()).or_insert_with(|| GatheredFile {
            digest: file.digest,
            chunks: (!noted.contains(&name.0)).then(all),
            new: Vec::new(),
            spent: BTreeSet::new(),
        });
        gathered.new.push(chunk);
        if let Some((holder, len)) = alone
            && gathered.spent.insert(holder)
        {
            self.gathered.bytes += len;
        }
    }

    /// Forgets a staged file that stands in its place now; gives whether anything was noted of it.
    pub(crate) fn placed(&mut self, name: &StagedName) -> bool {
        if let Some(file) = self.gathered.files.remove(&name.0) {
            self.gathered.spent.extend(file.spent);
        }
        let was_noted = self.noted.contains(&name.0);
        if was_noted {
            self.forget_staged(&name.0);
        }
        was_noted
    }

    fn forget_staged(&mut self, name: &str) {
        self.noted.remove(name);
        self.load = None;
        self.staged.retain(|_, (holder, _, _)| holder != name);
    }
}

fn note_of(name: &str, digest: Digest, len_bytes: u64) -> IndexWrite {
    memory::write(format!("{GROWN}{name}"), &Grown { digest, len_bytes })
}

fn finished(staged: Box<dyn NewFile>) -> Result<Tried<()>> {
    match staged.finish() {
        Ok(()) => Ok(Ok(())),
        Err(error) => not_now(error).map(Err),
    }
}

fn not_now(error: DiskError) -> Result<NotNow> {
    if error.kind() == DiskErrorKind::Gone {
        return Err(error.into());
    }
    Ok(plain_reason(&error).into())
}
