//! A mailbox in a folder of a server whose files are reached over a line: SSH, or FTP.
//!
//! Guarantees that an object is seen whole or not at all, and that one line serves all calls as long as it holds. A call that
//! the line fails is made again a few times, each on a new one, and then ends.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use offsync_core::ids::{ArchiveId, LocationId};
use offsync_core::ports::{Mailbox, MailboxError, ObjectInfo};

use super::archive_folder::{
    READ_BYTES_MAX, UNFINISHED, check_content, check_name, folder_name, object_of, unfinished_name,
};
use super::line::Line;
use crate::cloud::{Access, CloudAddress, Found, Trouble, folder_of};
use crate::waiting::wait_and_retry;

/// Unfinished objects that nothing was written to for so long are a crash's leftovers, whoever made them.
const UNFINISHED_KEPT: Duration = Duration::from_secs(48 * 3600);

/// The mailbox of one archive in a folder of a server.
pub struct FilesMailbox {
    place: Arc<Place>,
    /// Whose leftovers go with the next list, however young.
    swept: Arc<Mutex<Option<LocationId>>>,
    line: Arc<Mutex<Option<Arc<Line>>>>,
}

/// Where it is, and what opens it.
struct Place {
    address: CloudAddress,
    access: Access,
    base: String,
    folder: String,
}

impl std::fmt::Debug for FilesMailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FilesMailbox({})", self.place.folder)
    }
}

impl FilesMailbox {
    /// Opens the mailbox; makes no call yet.
    #[must_use]
    pub fn open(address: &CloudAddress, access: &Access, archive: &ArchiveId) -> Self {
        let base = folder_of(address);
        let name = folder_name(archive);
        let folder = match base.strip_suffix('/') {
            Some(top) => format!("{top}/{name}"),
            None => format!("{base}/{name}"),
        };
        Self {
            place: Arc::new(Place {
                address: address.clone(),
                access: access.clone(),
                base,
                folder,
            }),
            line: Arc::default(),
            swept: Arc::default(),
        }
    }

    /// Makes the mailbox's folder, and those around it; one that is there is taken as it is.
    pub fn make(&self) -> Result<(), MailboxError> {
        self.attempt(|line, place| async move { line.make_folder(&place.folder).await })
    }

    /// Takes the mailbox away again, if nothing was put into it: its archive did not come to be.
    pub fn forget_if_empty(&self) {
        // What cannot be taken away is in nobody's way.
        let _ = self.attempt(|line, place| async move {
            line.remove_folder(&place.folder).await;
            Ok(())
        });
    }

    /// Lets the next list remove what crashes of one writer left, however young: it would take the room that what it belongs to
    /// needs. Makes no call itself, since who merely looks at an archive waits for no server.
    ///
    /// For who holds that location's drive, so that nobody else writes for it.
    pub fn sweep_of(&self, writer: &LocationId) {
        *self.swept.lock().unwrap_or_else(PoisonError::into_inner) = Some(*writer);
    }

    /// Makes a call, and again on a new line if this one fails it.
    ///
    /// Each of a mailbox's calls may be made twice: what a put says is the same each time, and what is deleted stays so.
    fn attempt<T, F>(
        &self,
        call: impl Fn(Arc<Line>, Arc<Place>) -> F + Send + Sync + 'static,
    ) -> Result<T, MailboxError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Trouble>> + Send,
    {
        let (kept, place, call) = (self.line.clone(), self.place.clone(), Arc::new(call));
        let attempted = move || {
            let (kept, place, call) = (kept.clone(), place.clone(), call.clone());
            async move {
                let attempted = async {
                    let line = opened(&kept, &place).await?;
                    tokio::select! {
                        done = call(line.clone(), place.clone()) => done,
                        wrong = line.broken() => Err(wrong),
                    }
                };
                let done = tokio::select! {
                    // What may not go does not begin.
                    biased;
                    wrong = place.access.hindered() => Err(wrong),
                    done = attempted => done,
                };
                if done.as_ref().is_err_and(Trouble::is_worth_another) {
                    keep(&kept, None);
                }
                done
            }
        };
        wait_and_retry(attempted, Trouble::is_worth_another, MailboxError::from)
    }
}

impl Mailbox for FilesMailbox {
    fn list(&self) -> Result<Vec<ObjectInfo>, MailboxError> {
        let swept = self.swept.clone();
        self.attempt(move |line, place| {
            let swept = *swept.lock().unwrap_or_else(PoisonError::into_inner);
            async move {
                let Some(found) = line.list(&place.folder).await? else {
                    refuse_absent(&line, &place).await?;
                    return Ok(Vec::new());
                };
                remove_unfinished(&line, &place, &found, swept).await;
                let objects = found.into_iter().map(|found| ObjectInfo {
                    name: found.name,
                    size_bytes: found.size_bytes,
                });
                Ok(objects.collect())
            }
        })
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, MailboxError> {
        check_name(name)?;
        let name = name.to_owned();
        self.attempt(move |line, place| {
            let path = format!("{}/{name}", place.folder);
            async move {
                let read = line.read(&path, READ_BYTES_MAX).await?;
                if read.is_none() {
                    refuse_absent(&line, &place).await?;
                }
                Ok(read)
            }
        })
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), MailboxError> {
        check_name(name)?;
        check_content(name, bytes)?;
        let (name, bytes) = (name.to_owned(), Arc::new(bytes.to_vec()));
        // A server may still be busy with what an attempt before asked for: each has a name of its own.
        let before = Arc::new(Mutex::new(None));
        self.attempt(move |line, place| {
            let (path, bytes) = (format!("{}/{name}", place.folder), bytes.clone());
            let beside = unfinished_name(&name).map(|unfinished| format!("{}/{unfinished}", place.folder));
            let left = beside.as_ref().ok().and_then(|beside| {
                let mut before = before.lock().unwrap_or_else(PoisonError::into_inner);
                before.replace(beside.clone())
            });
            async move {
                let beside = beside.map_err(|error| Trouble::new(error.kind(), error.to_string()))?;
                if let Some(left) = left {
                    line.delete(&left).await?;
                }
                if line.write(&path, &beside, &bytes).await? {
                    return Ok(());
                }
                // Somebody emptied the account: the mailbox's own folder is made again, and no other.
                refuse_absent(&line, &place).await?;
                line.make_one_folder(&place.folder).await?;
                match line.write(&path, &beside, &bytes).await? {
                    true => Ok(()),
                    false => Err(Trouble::no_folder(place.address.root())),
                }
            }
        })
    }

    fn delete(&self, name: &str) -> Result<(), MailboxError> {
        check_name(name)?;
        let name = name.to_owned();
        self.attempt(move |line, place| {
            let path = format!("{}/{name}", place.folder);
            async move {
                match line.delete(&path).await? {
                    true => Ok(()),
                    false => refuse_absent(&line, &place).await,
                }
            }
        })
    }
}

/// Gives the line that is open, or opens one.
async fn opened(kept: &Mutex<Option<Arc<Line>>>, place: &Place) -> Result<Arc<Line>, Trouble> {
    let open = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(line) = open.filter(|line| line.is_usable()) {
        return Ok(line);
    }
    let line = Arc::new(Line::to(&place.address, &place.access).await?);
    keep(kept, Some(line.clone()));
    Ok(line)
}

fn keep(kept: &Mutex<Option<Arc<Line>>>, line: Option<Arc<Line>>) {
    *kept.lock().unwrap_or_else(PoisonError::into_inner) = line;
}

/// Fails if the folder that the account's mailboxes lie in is not there: then it is not this mailbox that was emptied.
async fn refuse_absent(line: &Line, place: &Place) -> Result<(), Trouble> {
    match line.has_folder(&place.base).await? {
        true => Ok(()),
        false => Err(Trouble::no_folder(place.address.root())),
    }
}

/// Removes what crashes left: that of a writer, and what is so old that nobody can be about to write it.
///
/// How old something is, the newest file beside it tells: that has the server's clock, too, whatever those of homes say.
async fn remove_unfinished(line: &Line, place: &Place, found: &[Found], swept: Option<LocationId>) {
    let newest = found.iter().filter_map(|found| found.changed).max().unwrap_or_default();
    let is_old = |changed: u64| newest.saturating_sub(changed) > UNFINISHED_KEPT.as_secs();
    let is_left = |found: &&Found| {
        let by = object_of(&found.name).map(|object| *object.writer());
        found.name.starts_with(UNFINISHED) && (found.changed.is_some_and(is_old) || (by.is_some() && by == swept))
    };
    for unfinished in found.iter().filter(is_left) {
        // What stays is tried again with the next list.
        let _ = line.delete(&format!("{}/{}", place.folder, unfinished.name)).await;
    }
}
