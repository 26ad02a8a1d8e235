//! Putting files together in staging from chunks that are on this drive, verified as they are written.

use std::io::Write;

use offsync_core::entry::FileContent;
use offsync_core::ports::{DiskErrorKind, StagedName, TrashName};

use crate::content::Stores;
use crate::engine::Engine;
use crate::error::Result;
use crate::journal::{Source, hex};

impl Engine<'_> {
    /// Makes a file's content ready: moved from the trash where just that file lies there, else staged.
    ///
    /// The inner error is the sentence that says why it cannot be had now.
    pub(crate) fn source_of(
        &mut self,
        file: &FileContent,
        stores: &mut Stores,
    ) -> Result<std::result::Result<Source, String>> {
        if let Some(name) = stores.take_moved(file) {
            return Ok(Ok(Source::Trashed(name)));
        }
        let name = StagedName(format!("c-{}", hex(&self.entropy.sixteen())));
        match self.stage_file(&name, file, stores) {
            Ok(Ok(())) => Ok(Ok(Source::Staged(name))),
            Ok(Err(reason)) => {
                self.disk.drop_staged(&name)?;
                Ok(Err(reason))
            }
            Err(error) => Err(error),
        }
    }

    fn stage_file(
        &mut self,
        name: &StagedName,
        file: &FileContent,
        stores: &Stores,
    ) -> Result<std::result::Result<(), String>> {
        let full = |error: &std::io::Error| {
            let is_full = error.kind() == std::io::ErrorKind::StorageFull;
            if is_full {
                "the drive is full; make room and sync again".to_owned()
            } else {
                format!("it could not be written ({error})")
            }
        };
        let mut staged = match self.disk.stage(name) {
            Ok(staged) => staged,
            Err(error) if error.kind() == DiskErrorKind::Gone => return Err(error.into()),
            Err(error) => return Ok(Err(format!("it could not be written ({})", error.reason()))),
        };
        let mut whole = self.keys.digest_hasher();
        for (chunk, _, _) in file.pieces() {
            let Some(bytes) = self.read_chunk(&chunk, stores)? else {
                self.unreadable.insert(chunk);
                return Ok(Err("its content is not where it was; the next sync looks again".into()));
            };
            whole.update(&bytes);
            if let Err(error) = staged.write_all(&bytes) {
                return Ok(Err(full(&error)));
            }
        }
        match staged.finish() {
            Ok(()) => {}
            Err(error) if error.kind() == DiskErrorKind::Gone => return Err(error.into()),
            Err(error) => return Ok(Err(format!("it could not be written ({})", error.reason()))),
        }
        if whole.finish() != file.digest {
            return Ok(Err(
                "its pieces do not make the whole that was promised; it is asked for again".into(),
            ));
        }
        Ok(Ok(()))
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
}
