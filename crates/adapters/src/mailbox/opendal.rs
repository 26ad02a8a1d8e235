//! A mailbox in whatever OpenDAL reaches, behind a face that waits.
//!
//! Guarantees that it can be called from anywhere, also from inside another tokio runtime:
//! the work runs on threads of its own. Never uses rename, conditional writes or writers of
//! several parts; every object goes up in one shot.

use std::future::Future;
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};

use ::opendal::{Error, ErrorKind, Operator};
use offsync_core::ids::ArchiveId;
use offsync_core::ports::{Mailbox, MailboxError, MailboxErrorKind, ObjectInfo};
use tokio::runtime::{Builder, Runtime};

use super::archive_folder::{check_content, check_name, folder_name};
use super::url::MailboxUrl;

/// Threads that talk to clouds; they wait more than they work.
const THREADS: usize = 2;

/// The mailbox of one archive in a store of OpenDAL.
#[derive(Clone)]
pub struct OpendalMailbox {
    operator: Operator,
    folder: String,
    runtime: Arc<Runtime>,
}

impl std::fmt::Debug for OpendalMailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The operator's own text may hold more than is good to log.
        write!(f, "OpendalMailbox({}, {})", self.operator.info().scheme(), self.folder)
    }
}

impl OpendalMailbox {
    /// Opens the mailbox at an address.
    pub fn open(url: &MailboxUrl, archive: &ArchiveId) -> Result<Self, MailboxError> {
        // Registers the services that were built in; more than once does no harm.
        ::opendal::init_default_registry();
        let operator = match url {
            MailboxUrl::Folder(folder) => {
                let pairs = [("root".to_owned(), folder.to_string_lossy().into_owned())];
                Operator::via_iter("fs", pairs)
            }
            MailboxUrl::Memory => Operator::via_iter("memory", []),
        };
        Self::on(
            operator.map_err(|error| from_opendal("open the mailbox", &error))?,
            archive,
        )
    }

    /// Uses a store that was set up elsewhere.
    pub fn on(operator: Operator, archive: &ArchiveId) -> Result<Self, MailboxError> {
        let folder = format!("{}/", folder_name(archive));
        Ok(Self {
            operator,
            folder,
            runtime: shared_runtime()?,
        })
    }

    fn path(&self, name: &str) -> Result<String, MailboxError> {
        check_name(name)?;
        Ok(format!("{}{name}", self.folder))
    }

    /// Runs a future on our own threads and waits for it.
    fn wait<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T, MailboxError>> + Send + 'static,
    ) -> Result<T, MailboxError> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.runtime.spawn(async move {
            // Nobody listens any more only if the caller's thread is gone.
            let _ = answer.send(future.await);
        });
        answered
            .recv()
            .unwrap_or_else(|_| Err(broken("the mailbox gave no answer")))
    }
}

impl Mailbox for OpendalMailbox {
    fn list(&self) -> Result<Vec<ObjectInfo>, MailboxError> {
        let (operator, folder) = (self.operator.clone(), self.folder.clone());
        self.wait(async move {
            list(&operator, &folder)
                .await
                .map_err(|error| from_opendal("list", &error))
        })
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, MailboxError> {
        let (operator, path) = (self.operator.clone(), self.path(name)?);
        self.wait(async move {
            match operator.read(&path).await {
                Ok(bytes) => Ok(Some(bytes.to_vec())),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(from_opendal("get an object", &error)),
            }
        })
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), MailboxError> {
        check_content(name, bytes)?;
        let (operator, path, bytes) = (self.operator.clone(), self.path(name)?, bytes.to_vec());
        self.wait(async move {
            let put = operator.write(&path, bytes).await;
            put.map(|_| ()).map_err(|error| from_opendal("put an object", &error))
        })
    }

    fn delete(&self, name: &str) -> Result<(), MailboxError> {
        let (operator, path) = (self.operator.clone(), self.path(name)?);
        self.wait(async move {
            match operator.delete(&path).await {
                Ok(()) => Ok(()),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) => Err(from_opendal("delete an object", &error)),
            }
        })
    }
}

async fn list(operator: &Operator, folder: &str) -> ::opendal::Result<Vec<ObjectInfo>> {
    let mut objects = Vec::new();
    for entry in operator.list(folder).await? {
        let name = entry.name().to_owned();
        if !entry.metadata().mode().is_file() {
            continue;
        }
        // Some services list names alone; no object is empty, so 0 means "not said".
        let size_bytes = match entry.metadata().content_length() {
            0 => match operator.stat(entry.path()).await {
                Ok(meta) => meta.content_length(),
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            },
            known => known,
        };
        objects.push(ObjectInfo { name, size_bytes });
    }
    Ok(objects)
}

/// Gives the one runtime of this process, made at the first use.
fn shared_runtime() -> Result<Arc<Runtime>, MailboxError> {
    static RUNTIME: OnceLock<Arc<Runtime>> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime.clone());
    }
    let made = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("offsync-mailbox")
        .enable_all()
        .build();
    let runtime = made.map_err(|error| broken(&format!("no threads for the mailbox: {error}")))?;
    // If two threads come first at once, one runtime is dropped, which is allowed here: this is no async context
    // of its own.
    Ok(RUNTIME.get_or_init(|| Arc::new(runtime)).clone())
}

fn broken(reason: &str) -> MailboxError {
    MailboxError::new(MailboxErrorKind::Broken, reason)
}

/// Says what failed by its kind alone: the texts of OpenDAL may hold URLs with tokens.
fn from_opendal(doing: &str, error: &Error) -> MailboxError {
    let (kind, why) = match error.kind() {
        ErrorKind::NotFound => (MailboxErrorKind::Missing, "it is not there"),
        ErrorKind::PermissionDenied => (MailboxErrorKind::Denied, "it is not allowed"),
        ErrorKind::RateLimited => (MailboxErrorKind::Away, "the cloud asks to wait"),
        _ if error.is_temporary() => (MailboxErrorKind::Away, "it cannot be reached now"),
        ErrorKind::ConfigInvalid => (MailboxErrorKind::Broken, "it is not set up rightly"),
        ErrorKind::Unsupported => (MailboxErrorKind::Broken, "it cannot do that"),
        _ => (MailboxErrorKind::Broken, "the answer makes no sense"),
    };
    MailboxError::new(kind, format!("cannot {doing}: {why}"))
}
