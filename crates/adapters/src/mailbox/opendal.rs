//! A mailbox in whatever OpenDAL reaches, behind a face that waits.
//!
//! Guarantees that it can be called from anywhere, also from inside another tokio runtime:
//! the work runs on threads of its own. A call that a service or a line fails is made again a few
//! times, and then ends. Never uses rename, conditional writes or writers of several parts; every
//! object goes up in one shot.

use std::future::Future;

use ::opendal::{Error, ErrorKind, Operator};
use offsync_core::ids::ArchiveId;
use offsync_core::ports::{Mailbox, MailboxError, MailboxErrorKind, ObjectInfo};

use super::archive_folder::{check_content, check_name, folder_name, is_object_name};
use super::url::MailboxUrl;
use crate::cloud::{Access, CloudAddress, Protocol, Trouble, refuse_absent, store};
use crate::waiting::{wait_and_retry, wait_for};

/// The mailbox of one archive in a store of OpenDAL.
#[derive(Clone)]
pub struct OpendalMailbox {
    operator: Operator,
    folder: String,
    /// The account, where one was opened.
    account: Option<(CloudAddress, Access)>,
}

impl std::fmt::Debug for OpendalMailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The operator's own text may hold more than is good to log.
        write!(f, "OpendalMailbox({}, {})", self.operator.info().scheme(), self.folder)
    }
}

impl OpendalMailbox {
    /// Opens the mailbox at an address that needs no sign-in.
    pub fn open(url: &MailboxUrl, archive: &ArchiveId) -> Result<Self, MailboxError> {
        // Registers the services that were built in; more than once does no harm.
        ::opendal::init_default_registry();
        let operator = match url {
            MailboxUrl::Folder(folder) => {
                let pairs = [("root".to_owned(), folder.to_string_lossy().into_owned())];
                Operator::via_iter("fs", pairs)
            }
            MailboxUrl::Memory => Operator::via_iter("memory", []),
            MailboxUrl::Cloud(_) => return Err(broken("an account is opened with what it is signed in with")),
        };
        Self::on(operator.map_err(|error| from_opendal(&error))?, archive)
    }

    /// Opens the mailbox in an account; makes no call yet.
    pub fn in_cloud(address: &CloudAddress, access: &Access, archive: &ArchiveId) -> Result<Self, MailboxError> {
        let operator = store(address, access)?;
        let account = Some((address.clone(), access.clone()));
        Ok(Self {
            account,
            ..Self::on(operator, archive)?
        })
    }

    /// Makes the mailbox's folder, where its service knows folders; one that is there is taken as it is.
    pub fn make(&self) -> Result<(), MailboxError> {
        if !self.knows(Protocol::wants_folders) {
            // Elsewhere it comes with the first object. At S3, what stood for one would be an empty object, in the way of those
            // that are put below it at some servers.
            return self.list().map(|_| ());
        }
        let (operator, folder) = (self.operator.clone(), self.folder.clone());
        self.attempt(move || {
            let (operator, folder) = (operator.clone(), folder.clone());
            async move { operator.create_dir(&folder).await }
        })
    }

    /// Takes the mailbox away again, if nothing was put into it: its archive did not come to be.
    pub fn forget_if_empty(&self) {
        if !self.knows(Protocol::has_folders) || !self.list().is_ok_and(|objects| objects.is_empty()) {
            return;
        }
        let (operator, folder) = (self.operator.clone(), self.folder.clone());
        // What cannot be taken away is in nobody's way.
        let _ = wait_for(async move {
            let _ = operator.delete(&folder).await;
            Ok(())
        });
    }

    /// Uses a store that was set up elsewhere.
    pub fn on(operator: Operator, archive: &ArchiveId) -> Result<Self, MailboxError> {
        let folder = format!("{}/", folder_name(archive));
        Ok(Self {
            operator,
            folder,
            account: None,
        })
    }

    /// Tells something of the protocol; what needs no account is as files are.
    fn knows(&self, of: impl Fn(Protocol) -> bool) -> bool {
        self.account.as_ref().is_none_or(|(address, _)| of(address.protocol()))
    }

    fn path(&self, name: &str) -> Result<String, MailboxError> {
        check_name(name)?;
        Ok(format!("{}{name}", self.folder))
    }

    /// Makes a call, and again if the line or the service fails it.
    ///
    /// Each of a mailbox's calls may be made twice: what a put says is the same each time, and what is deleted stays so.
    fn attempt<T, F>(&self, call: impl Fn() -> F + Send + 'static) -> Result<T, MailboxError>
    where
        T: Send + 'static,
        F: Future<Output = ::opendal::Result<T>> + Send,
    {
        wait_and_retry(call, is_worth_another, |error| from_opendal(&error))
    }
}

impl Mailbox for OpendalMailbox {
    fn list(&self) -> Result<Vec<ObjectInfo>, MailboxError> {
        let (operator, folder, account) = (self.operator.clone(), self.folder.clone(), self.account.clone());
        self.attempt(move || {
            let (operator, folder, account) = (operator.clone(), folder.clone(), account.clone());
            async move {
                let objects = list(&operator, &folder).await?;
                if objects.is_empty() {
                    refuse_absent_of(account.as_ref()).await?;
                }
                Ok(objects)
            }
        })
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, MailboxError> {
        let (operator, path) = (self.operator.clone(), self.path(name)?);
        self.attempt(move || {
            let (operator, path) = (operator.clone(), path.clone());
            async move {
                match operator.read(&path).await {
                    Ok(bytes) => Ok(Some(bytes.to_vec())),
                    Err(error) if is_absence(&error) => Ok(None),
                    Err(error) => Err(error),
                }
            }
        })
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), MailboxError> {
        check_content(name, bytes)?;
        let (operator, folder, path) = (self.operator.clone(), self.folder.clone(), self.path(name)?);
        let bytes = ::opendal::Buffer::from(bytes.to_vec());
        let (wants_folders, account) = (self.knows(Protocol::wants_folders), self.account.clone());
        self.attempt(move || {
            let (operator, folder) = (operator.clone(), folder.clone());
            let (path, bytes, account) = (path.clone(), bytes.clone(), account.clone());
            async move {
                match operator.write(&path, bytes.clone()).await {
                    Ok(_) => Ok(()),
                    // Somebody emptied the account: its folder is made again, and not looked for before each put.
                    Err(error) if wants_folders && Trouble::inside(&error).is_none() => {
                        refuse_absent_of(account.as_ref()).await?;
                        operator.create_dir(&folder).await?;
                        operator.write(&path, bytes).await.map(|_| ())
                    }
                    Err(error) => Err(error),
                }
            }
        })
    }

    fn delete(&self, name: &str) -> Result<(), MailboxError> {
        let (operator, path) = (self.operator.clone(), self.path(name)?);
        self.attempt(move || {
            let (operator, path) = (operator.clone(), path.clone());
            async move {
                match operator.delete(&path).await {
                    Err(error) if !is_absence(&error) => Err(error),
                    _ => Ok(()),
                }
            }
        })
    }
}

async fn list(operator: &Operator, folder: &str) -> ::opendal::Result<Vec<ObjectInfo>> {
    let entries = match operator.list(folder).await {
        // An account in which nothing was put yet, or that was emptied.
        Err(error) if is_absence(&error) => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut objects = Vec::new();
    for entry in entries {
        let name = entry.name().to_owned();
        if !entry.metadata().mode().is_file() {
            continue;
        }
        // Some services list names alone; no object is empty, so 0 means "not said".
        let size_bytes = match entry.metadata().content_length() {
            0 if is_object_name(&name) => match operator.stat(entry.path()).await {
                Ok(meta) => meta.content_length(),
                Err(error) if is_absence(&error) => continue,
                Err(error) => return Err(error),
            },
            known => known,
        };
        objects.push(ObjectInfo { name, size_bytes });
    }
    Ok(objects)
}

/// Fails if the folder that an account's mailboxes lie in is not there: then it is not this mailbox that was emptied.
async fn refuse_absent_of(account: Option<&(CloudAddress, Access)>) -> ::opendal::Result<()> {
    match account {
        Some((address, access)) => refuse_absent(address, access).await.map_err(Trouble::carried),
        None => Ok(()),
    }
}

fn is_absence(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound && Trouble::inside(error).is_none()
}

/// Tells whether the same call may go well now. Who asks to wait was waited for already.
fn is_worth_another(error: &Error) -> bool {
    match Trouble::inside(error) {
        Some(trouble) => trouble.is_worth_another(),
        None => error.is_temporary(),
    }
}

fn broken(reason: &str) -> MailboxError {
    MailboxError::new(MailboxErrorKind::Broken, reason)
}

/// Says what failed by its kind alone: the texts of OpenDAL may hold URLs with tokens.
fn from_opendal(error: &Error) -> MailboxError {
    if let Some(trouble) = Trouble::inside(error) {
        return trouble.clone().into();
    }
    let (kind, why) = match error.kind() {
        ErrorKind::NotFound => (MailboxErrorKind::Missing, "it is not there"),
        ErrorKind::PermissionDenied => (MailboxErrorKind::Denied, "it is not allowed"),
        ErrorKind::RateLimited => (MailboxErrorKind::Away, "the cloud asks to wait"),
        _ if error.is_temporary() => (MailboxErrorKind::Away, "it cannot be reached now"),
        ErrorKind::ConfigInvalid => (MailboxErrorKind::Broken, "it is not set up rightly"),
        ErrorKind::Unsupported => (MailboxErrorKind::Broken, "it cannot do that"),
        _ => (MailboxErrorKind::Broken, "the answer makes no sense"),
    };
    Trouble::new(kind, why).into()
}
