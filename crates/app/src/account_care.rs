//! What people do with accounts: add, list, try, look how full they are, remove.

use std::sync::atomic::Ordering;

use offsync_adapters::cloud::{Asked, Credential, Protocol, Usage, authorized_line, usage};
use offsync_adapters::mailbox::{MailboxUrl, try_out, try_out_again};
use offsync_core::ports::{MailboxError, MailboxErrorKind as Kind};
use offsync_engine::size;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::accounts::{Accounts, KnownAccount, check_account_name};
use crate::address::account_url;
use crate::app::App;
use crate::clients::client_of;
use crate::failure::{AppError, ExitClass, Result, STRANGER_HINT, UNTRUSTED_HINT, stranger_hint};
use crate::opened::{compare_command, mailbox_by_drive, sign_in_command, sign_in_hint};
use crate::signing_in::tried_out;

/// What `account add` asks for.
#[derive(Default)]
pub struct AccountRequest {
    /// What to call it on this computer.
    pub name: String,
    /// Where in it mailboxes go: a URL without secrets.
    pub mailbox: String,
    /// Who the account is of; the one that the address names if nobody is.
    pub id: Option<String>,
    /// What opens it.
    pub secret: Option<Zeroizing<String>>,
    /// The fingerprint by which a person knows its server, where the protocol has such.
    pub host_key: Option<String>,
}

/// An account, and how it is.
#[derive(Clone, Debug, Serialize)]
pub struct AccountView {
    /// What it is called on this computer.
    pub name: String,
    /// How it is reached: the scheme of its address.
    pub service: String,
    /// Where in it mailboxes go.
    pub mailbox: String,
    /// Whether it can be used, as far as was looked.
    pub ok: bool,
    /// What all that is in it takes in bytes; `None` where that was not asked, or the service does not say.
    pub used_bytes: Option<u64>,
    /// What it may hold in bytes; `None` likewise.
    pub total_bytes: Option<u64>,
    /// That in one sentence.
    pub message: String,
    /// Names of the archives of this computer whose mailbox is in it.
    pub archives: Vec<String>,
}

impl App {
    /// Signs this computer in to an account, once it was tried out; one of that name and address is signed in to again.
    pub fn add_account(&self, request: &AccountRequest) -> std::result::Result<AccountView, AppError> {
        check_account_name(&request.name)?;
        let url = account_url(&request.mailbox)?;
        if let MailboxUrl::Folder(folder) = &url
            && !folder.is_dir()
        {
            return Err(AppError::failed(
                "no_such_folder",
                format!("There is no folder '{}'.", folder.display()),
                "Check the path, or connect what it is on.",
            ));
        }
        if let MailboxUrl::Cloud(address) = &url
            && let Asked::Key { .. } = address.protocol().asks()
        {
            return self.add_by_key(address, request);
        }
        self.refuse_other_of_that_name(&request.name, &url)?;
        let (url, credential) = self.tried(url.clone(), request, |error| self.not_added(&request.name, &url, error))?;
        // Who signed in in the browser is known just now.
        self.refuse_other_of_that_name(&request.name, &url)?;
        let accounts = Accounts::load(self.config_dir())?;
        let before = accounts.named(&request.name);
        let known = KnownAccount {
            name: request.name.clone(),
            mailbox: url.to_string(),
            archive: before.and_then(|known| known.archive.clone()),
            service: before.and_then(|known| known.service.clone()),
            waits: false,
        };
        self.keep_account(known.clone(), credential.as_ref())?;
        self.test(&known, Tested::JustNow)
    }

    /// Warns of a line on which what is typed for an account can be read; nothing is said of one on which it cannot.
    pub fn readable_line(&self, mailbox: &str) -> std::result::Result<Option<&'static str>, AppError> {
        Ok(match account_url(mailbox)? {
            MailboxUrl::Cloud(address) if address.is_readable_on_the_way() => Some(READABLE),
            _ => None,
        })
    }

    /// Says why an account was not added; somebody who stopped it knows.
    pub(crate) fn not_added(&self, name: &str, url: &MailboxUrl, error: &MailboxError) -> AppError {
        if self.cancel().load(Ordering::SeqCst) {
            return AppError::failed(
                "cancelled",
                format!("Stopped. '{name}' was not added."),
                "Add it again when you like.",
            );
        }
        let told = match url {
            MailboxUrl::Cloud(address) => troubled(name, address.protocol(), error),
            _ => error.into(),
        };
        AppError {
            message: format!("'{name}' was not added. {}", told.message),
            ..told
        }
    }

    /// The same for one that worked before: nobody typed anything now.
    fn known_troubled(&self, known: &KnownAccount, error: &MailboxError) -> AppError {
        if self.cancel().load(Ordering::SeqCst) {
            return AppError::failed("cancelled", "Stopped. Nothing is lost.", "Ask again when you like.");
        }
        let told = match known.address() {
            Some(address) => troubled(&known.name, address.protocol(), error),
            None => error.into(),
        };
        match error.kind() {
            Kind::SignIn => AppError {
                hint: sign_in_hint(Some(&known.name), &known.mailbox),
                ..told
            },
            Kind::Stranger => AppError {
                hint: stranger_hint(&compare_command(&known.name, &known.mailbox)),
                ..told
            },
            _ => told,
        }
    }

    /// Refuses the name of another account.
    pub(crate) fn refuse_other_of_that_name(&self, name: &str, url: &MailboxUrl) -> Result<()> {
        let accounts = Accounts::load(self.config_dir())?;
        let Some(known) = accounts.named(name) else {
            return Ok(());
        };
        let is_same = match (known.address(), url) {
            // One that never worked may have been mistyped, and its server may know its key by now.
            (Some(there), MailboxUrl::Cloud(address)) if known.waits => there.around_all().holds(address),
            (Some(known), MailboxUrl::Cloud(address)) => known.holds(address) && known.root() == address.root(),
            _ => known.mailbox == url.to_string(),
        };
        if is_same {
            return Ok(());
        }
        Err(AppError::failed(
            "account_exists",
            format!("There is an account '{name}' already, at {}.", known.mailbox),
            format!("Choose another name, or remove that one first: `offsync account remove {name}`."),
        ))
    }

    /// Lists the accounts of this computer, and calls none of them.
    pub fn list_accounts(&self) -> std::result::Result<Vec<AccountView>, AppError> {
        let accounts = Accounts::load(self.config_dir())?;
        accounts.all.iter().map(|known| self.account_view(known)).collect()
    }

    /// Tries an account out: puts, lists, reads and deletes something small. With no name, the only one is meant.
    pub fn test_account(&self, name: Option<&str>) -> std::result::Result<AccountView, AppError> {
        self.test(&self.meant_account(name)?, Tested::No)
    }

    /// Tells how full an account is. With no name, the only one is meant.
    pub fn account_usage(&self, name: Option<&str>) -> std::result::Result<AccountView, AppError> {
        let known = self.meant_account(name)?;
        let view = self.account_view(&known)?;
        let (Some(address), Some(access)) = (known.address(), self.access(&known.name)?) else {
            return Ok(view);
        };
        let usage = usage(&address, &access).map_err(|error| self.known_troubled(&known, &error))?;
        Ok(AccountView {
            message: match (told_usage(&usage), usage.total_bytes) {
                (None, _) => "The service does not say how full it is.".into(),
                (Some(told), Some(_)) => told,
                (Some(told), None) => format!("{told} How much there may be, the service does not say."),
            },
            used_bytes: usage.used_bytes,
            total_bytes: usage.total_bytes,
            ..view
        })
    }

    /// Lets this computer forget an account; nothing in it is touched.
    pub fn remove_account(&self, name: &str) -> std::result::Result<AccountView, AppError> {
        let known = self.known_account(name)?;
        let view = self.account_view(&known)?;
        if !view.archives.is_empty() {
            let archives: Vec<String> = view.archives.iter().map(|archive| format!("'{archive}'")).collect();
            return Err(AppError::failed(
                "account_in_use",
                format!("The mailbox of {} is in '{name}'.", archives.join(", ")),
                "Move it first: `offsync mailbox move FOLDER MAILBOX`; or let this computer forget the archive: `offsync forget FOLDER`.",
            ));
        }
        let line = self.credential(name)?.as_ref().and_then(authorized_line);
        self.forget_account(name)?;
        let asks = known.address().map(|address| address.protocol().asks());
        let message = match (asks, &known.archive) {
            (None, _) => "The folder and what is in it stay as they are.",
            (_, Some(_)) => {
                "This computer has forgotten what opens it. Whoever it belongs to can take that back at the service."
            }
            (Some(Asked::Typed { .. }), _) => {
                "This computer has forgotten what opens it. At the service, the app password or key can be deleted, once no other home goes in by it: one that was invited or copied from here may."
            }
            (Some(Asked::Key { .. }), _) => {
                "This computer has forgotten its key. On the server, the line that this was can be taken out of .ssh/authorized_keys now, unless other homes were invited with it:"
            }
            (Some(Asked::Browser { .. }), _) => {
                "This computer has forgotten the sign-in. Once no home needs it any more, Offsync can be taken off the apps that may use the account, at the service."
            }
        };
        // Many servers know several such lines, which differ in the middle alone.
        let line = line.filter(|_| known.archive.is_none()).map(|line| format!("\n{line}"));
        Ok(AccountView {
            message: format!("{message}{}", line.unwrap_or_default()),
            ..view
        })
    }

    /// Tells that an account works, once that was tried.
    pub(crate) fn test(&self, known: &KnownAccount, tested: Tested) -> Result<AccountView> {
        let view = self.account_view(known)?;
        let (Some(address), Some(access)) = (known.address(), self.access(&known.name)?) else {
            return Ok(view);
        };
        if tested == Tested::No {
            let try_out = if known.waits { try_out } else { try_out_again };
            try_out(&address, &access).map_err(|error| self.known_troubled(known, &error))?;
        }
        let view = match known.waits {
            true => self.account_view(&self.note_let_in(known)?)?,
            false => view,
        };
        // Where there is no answer to this, all else worked.
        let usage = usage(&address, &access).unwrap_or_default();
        let how_full = told_usage(&usage).map(|told| format!(" {told}")).unwrap_or_default();
        Ok(AccountView {
            message: match address.is_readable_on_the_way() {
                true => format!("It works.{how_full} {READABLE}"),
                false => format!("It works.{how_full}"),
            },
            used_bytes: usage.used_bytes,
            total_bytes: usage.total_bytes,
            ..view
        })
    }

    fn meant_account(&self, name: Option<&str>) -> Result<KnownAccount> {
        if let Some(name) = name {
            return self.known_account(name);
        }
        let accounts = Accounts::load(self.config_dir())?;
        match accounts.all.as_slice() {
            [] => Err(AppError::failed(
                "no_such_account",
                "This computer has no account.",
                "Add one: `offsync account add NAME MAILBOX_URL`.",
            )),
            [one] => Ok(one.clone()),
            _ => Err(AppError::new(
                ExitClass::Usage,
                "no_such_account",
                "This computer has several accounts, and none was named.",
                format!("It has {}.", accounts.names().join(", ")),
            )),
        }
    }

    pub(crate) fn known_account(&self, name: &str) -> Result<KnownAccount> {
        let accounts = Accounts::load(self.config_dir())?;
        accounts.named(name).cloned().ok_or_else(|| {
            AppError::failed(
                "no_such_account",
                format!("This computer has no account '{name}'."),
                match accounts.names().as_slice() {
                    [] => "Add it: `offsync account add NAME MAILBOX_URL`.".to_owned(),
                    names => format!("It has {}.", names.join(", ")),
                },
            )
        })
    }

    /// Gives the names of the archives whose mailbox is in an account.
    pub(crate) fn archives_in(&self, known: &KnownAccount) -> Result<Vec<String>> {
        let archives = self.archives()?.all.into_iter().filter(|archive| {
            match mailbox_by_drive(archive).as_deref().map(str::parse) {
                Some(Ok(MailboxUrl::Cloud(address))) => self
                    .account_of(&address, archive.account.as_deref())
                    .is_ok_and(|account| account.as_ref() == Some(&known.name)),
                _ => false,
            }
        });
        Ok(archives.map(|archive| archive.name).collect())
    }

    fn account_view(&self, known: &KnownAccount) -> Result<AccountView> {
        let is_open = known.address().is_none() || self.credential(&known.name)?.is_some();
        Ok(AccountView {
            name: known.name.clone(),
            service: known
                .address()
                .map_or("fs", |address| address.protocol().scheme())
                .to_owned(),
            mailbox: known.mailbox.clone(),
            ok: is_open && !known.waits,
            used_bytes: None,
            total_bytes: None,
            message: match is_open {
                _ if known.address().is_none() => "It is a folder: nothing has to open it.".into(),
                true if known.waits => format!(
                    "It has not worked yet: {} says what is to be done.",
                    sign_in_command(&known.name, &known.mailbox)
                ),
                // Whether the service still takes that, a call alone would tell.
                true => "This computer has what opens it.".into(),
                false => format!(
                    "This computer's keystore does not have what opens it: sign in again with {}.",
                    sign_in_command(&known.name, &known.mailbox)
                ),
            },
            archives: self.archives_in(known)?,
        })
    }
}

/// Whether an account was tried out a moment ago.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tested {
    JustNow,
    No,
}

impl App {
    /// Tries out what opens an account; gives that, and the address with whose account it is in it.
    pub(crate) fn tried(
        &self,
        url: MailboxUrl,
        request: &AccountRequest,
        wrong: impl Fn(&MailboxError) -> AppError,
    ) -> Result<(MailboxUrl, Option<Credential>)> {
        let (MailboxUrl::Cloud(address), Some(first)) = (&url, self.credential_by(&url, request)?) else {
            return Ok((url, None));
        };
        let credential = tried_out(address, first, self.traffic()?).map_err(|error| wrong(&error))?;
        let url = MailboxUrl::Cloud(address.clone().of(credential.id()));
        Ok((url, Some(credential)))
    }

    /// Gives what opens an account: as it was typed, or as the browser brings it.
    fn credential_by(&self, url: &MailboxUrl, request: &AccountRequest) -> Result<Option<Credential>> {
        let MailboxUrl::Cloud(address) = url else {
            return Ok(None);
        };
        let (asked_id, asked_secret) = match address.protocol().asks() {
            Asked::Typed { id, secret } => (id, secret),
            // Made by `add_by_key`.
            Asked::Key { .. } => return Ok(None),
            Asked::Browser { service } => {
                let client = client_of(self.config_dir(), address.protocol(), service)?;
                return self.sign_in(address.protocol(), client).map(Some);
            }
        };
        let id = request.id.as_deref().or_else(|| address.id()).map(str::trim);
        let secret = request.secret.as_ref().map(|secret| secret.trim());
        match (id, secret) {
            (Some(id), Some(secret)) if !id.is_empty() && !secret.is_empty() => Ok(Some(Credential::new(id, secret))),
            _ => Err(AppError::new(
                ExitClass::Usage,
                "account_needs",
                format!(
                    "This account needs two things: {} and {}.",
                    lower(asked_id),
                    lower(asked_secret)
                ),
                "Type them when asked, or set OFFSYNC_ACCOUNT_ID and OFFSYNC_ACCOUNT_SECRET.",
            )),
        }
    }
}

fn lower(asked: &str) -> String {
    let mut letters = asked.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Warns of a line on which a password can be read.
const READABLE: &str = "The line to it is not encrypted: whoever is on the way can read what opens it. If the server can do that, add it with webdav://, ftps:// or an endpoint of https://.";

fn told_usage(usage: &Usage) -> Option<String> {
    match (usage.used_bytes, usage.total_bytes) {
        (Some(used), Some(total)) => Some(format!("{} of {} are used.", size(used), size(total))),
        (Some(used), None) => Some(format!("{} are used.", size(used))),
        _ => None,
    }
}

/// Says what is wrong with an account that no archive is concerned by.
pub(crate) fn troubled(name: &str, protocol: Protocol, error: &MailboxError) -> AppError {
    let told: AppError = error.into();
    let hint = match error.kind() {
        Kind::Away => "Check the address and the network, and try again.",
        Kind::Paused => "`offsync bandwidth --resume` lets it go on now.",
        Kind::Missing => "Check the address.",
        Kind::SignIn => match protocol {
            Protocol::Gdrive | Protocol::Dropbox | Protocol::Onedrive => "Sign in again in the browser.",
            Protocol::S3 => "Check the access key, its secret and the bucket's name, and to whom the key belongs.",
            Protocol::Azblob => "Check the storage account's name and its access key.",
            Protocol::Sftp | Protocol::Ftps | Protocol::Ftp => "Check what you typed.",
            Protocol::Webdav | Protocol::WebdavPlain => {
                "Check what you typed. Many services want an app password, made in their settings for this purpose, in place of the one that people sign in with."
            }
        },
        Kind::Denied => "Check what this sign-in may do there: it has to list, read, write and delete.",
        Kind::Stranger => STRANGER_HINT,
        Kind::Untrusted => UNTRUSTED_HINT,
        Kind::NoRoom => "Make room in it.",
        Kind::Broken => match protocol {
            Protocol::Webdav | Protocol::WebdavPlain => {
                "Check the address: it may be that of a page for people, and not the one for programs."
            }
            _ => "Check the address, and ask whoever looks after the server.",
        },
    };
    AppError {
        message: format!("The account '{name}' cannot be used: {error}."),
        hint: hint.into(),
        ..told
    }
}
