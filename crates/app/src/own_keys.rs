//! Accounts that are opened by a key which this computer makes: `sftp://`.
//!
//! Never trusts a server by itself: its host key is what a person said it is.

use std::sync::atomic::Ordering;

use offsync_adapters::cloud::{Access, Asked, CloudAddress, Credential, authorized_line, host_key, new_key};
use offsync_adapters::entropy::OsEntropy;
use offsync_adapters::mailbox::{MailboxUrl, try_out};
use offsync_core::ports::{MailboxError, MailboxErrorKind as Kind};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::account_care::{AccountRequest, AccountView, Tested};
use crate::accounts::{Accounts, KnownAccount, check_account_name};
use crate::address::{account_url, bad_mailbox, lies_at, mailbox_url};
use crate::app::App;
use crate::failure::{AppError, ExitClass, Result};
use crate::opened::sign_in_command;

/// The code of an account whose server has to be told of its key first.
pub const KEY_NOT_LET_IN: &str = "key_not_let_in";

/// The host key that a server shows now, before anything is sent to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ShownHostKey {
    /// The server, with its port where it is not the usual one.
    pub server: String,
    /// Its fingerprint as `ssh-keygen -lf` shows it: `SHA256:...`.
    pub fingerprint: String,
    /// The one that was agreed on before; `None` the first time.
    pub agreed: Option<String>,
}

/// The public half of the key that opens an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountKeyView {
    /// What the account is called on this computer.
    pub name: String,
    /// The line that lets it in, for `authorized_keys` on its server.
    pub line: String,
}

impl App {
    /// Gives the public half of the key that opens an account.
    pub fn account_key(&self, name: &str) -> std::result::Result<AccountKeyView, AppError> {
        let known = self.known_account(name)?;
        let by_key = known
            .address()
            .filter(|address| matches!(address.protocol().asks(), Asked::Key { .. }));
        let credential = by_key.map(|_| self.credential(name)).transpose()?.flatten();
        match credential.as_ref().and_then(authorized_line) {
            Some(line) => Ok(AccountKeyView { name: known.name, line }),
            None => Err(AppError::failed(
                "no_account_key",
                format!("The account '{name}' is not opened by a key that this computer has."),
                "Accounts whose address begins with sftp:// have one: `offsync account list`.",
            )),
        }
    }

    /// Asks a server for its host key, so that a person can compare it.
    pub fn shown_host_key(&self, name: &str, mailbox: &str) -> std::result::Result<ShownHostKey, AppError> {
        check_account_name(name)?;
        let MailboxUrl::Cloud(address) = account_url(mailbox)? else {
            return Err(bad_mailbox(&format!("'{mailbox}' has no host key")));
        };
        let known = Accounts::load(self.config_dir())?;
        let known = known.named(name).and_then(KnownAccount::address);
        let known = known.filter(|known| known.place() == address.place());
        // What this computer knows counts over what somebody typed, or pasted from elsewhere.
        let agreed = known
            .as_ref()
            .and_then(CloudAddress::host_key)
            .or_else(|| address.host_key());
        shown_by(&address, agreed).map_err(|error| self.not_added(name, &MailboxUrl::Cloud(address), &error))
    }

    /// Adds an account that a key opens: the one that it has, or a new one, which its server may have to be told of first.
    pub(crate) fn add_by_key(&self, address: &CloudAddress, request: &AccountRequest) -> Result<AccountView> {
        let user = request.id.as_deref().or_else(|| address.id()).map(str::trim);
        let Some(user) = user.filter(|user| !user.is_empty()) else {
            return Err(AppError::new(
                ExitClass::Usage,
                "account_needs",
                "This account needs the name of the user whom its server lets in.",
                format!("Say it in the address: {}.", address.protocol().example()),
            ));
        };
        let address = address.clone().of(user);
        let agreed = request.host_key.as_deref().or_else(|| address.host_key());
        let address = match agreed.map(str::trim) {
            Some(agreed) => with_host_key(&address, agreed)?,
            None => address,
        };
        let url = MailboxUrl::Cloud(address.clone());
        self.refuse_other_of_that_name(&request.name, &url)?;
        let accounts = Accounts::load(self.config_dir())?;
        let before = accounts.named(&request.name);
        let known = KnownAccount {
            name: request.name.clone(),
            mailbox: url.to_string(),
            archive: before.and_then(|known| known.archive.clone()),
            service: before.and_then(|known| known.service.clone()),
            waits: before.is_none_or(|known| known.waits),
        };
        let TriedKey {
            known,
            credential,
            tried,
        } = self.try_key(&address, known, try_out, |error| {
            self.not_added(&request.name, &url, error)
        })?;
        match tried {
            Ok(()) => self.test(&known, Tested::JustNow),
            Err(error) => {
                if self.cancel().load(Ordering::SeqCst) {
                    return Err(AppError::failed(
                        "cancelled",
                        format!("Stopped. '{}' is kept, and was not tried to the end.", request.name),
                        "Run the same command again when you like.",
                    ));
                }
                let told = self.not_added(&request.name, &url, &error);
                Err(not_let_in(&address, &request.name, &credential, &error, told))
            }
        }
    }

    /// Tries the key of an account at its server, whose address names its user: the one that it has, or a new one.
    ///
    /// It is kept though its server does not let it in yet, or else the next attempt would make another key. A server that was
    /// not reached changes nothing.
    pub(crate) fn try_key(
        &self,
        address: &CloudAddress,
        known: KnownAccount,
        trial: Trial,
        not_reached: impl Fn(&MailboxError) -> AppError,
    ) -> Result<TriedKey> {
        if !matches!(address.protocol().asks(), Asked::Key { .. }) {
            // Its private half would be sent there, as if it were a password.
            return Err(bad_mailbox(&format!("'{}' is not opened by a key", lies_at(address))));
        }
        let user = address.id().unwrap_or_default();
        let credential = match self.credential(&known.name)? {
            Some(kept) if kept.id() == user && authorized_line(&kept).is_some() => kept,
            _ => new_key(user, &OsEntropy),
        };
        let tried = trial(address, &Access::from(credential.clone()).over(self.traffic()?));
        if let Err(error) = &tried
            && [Kind::Away, Kind::Stranger].contains(&error.kind())
        {
            // Nothing is known of it that was not before.
            return Err(not_reached(error));
        }
        let known = KnownAccount {
            // One that worked is not begun anew because it does not work now.
            waits: known.waits && tried.is_err(),
            ..known
        };
        self.keep_account(known.clone(), Some(&credential))?;
        Ok(TriedKey {
            known,
            credential,
            tried,
        })
    }

    /// Notes that an account works which did not at first.
    pub(crate) fn note_let_in(&self, known: &KnownAccount) -> Result<KnownAccount> {
        let known = KnownAccount {
            waits: false,
            ..known.clone()
        };
        self.keep_account(known.clone(), None)?;
        Ok(known)
    }
}

/// How an account is tried out.
pub(crate) type Trial = fn(&CloudAddress, &Access) -> std::result::Result<(), MailboxError>;

/// What came of trying a key at its server.
pub(crate) struct TriedKey {
    /// The account, as it is kept now.
    pub(crate) known: KnownAccount,
    /// The key.
    pub(crate) credential: Credential,
    /// Whether the server lets it in, and lets it do what a mailbox asks for.
    pub(crate) tried: std::result::Result<(), MailboxError>,
}

/// Asks a server for its host key, beside the one that was agreed on.
pub(crate) fn shown_by(
    address: &CloudAddress,
    agreed: Option<&str>,
) -> std::result::Result<ShownHostKey, MailboxError> {
    Ok(ShownHostKey {
        server: address.place().to_owned(),
        fingerprint: host_key(address)?,
        agreed: agreed.map(str::to_owned),
    })
}

/// Gives the address with the host key by which its server is known.
pub(crate) fn with_host_key(address: &CloudAddress, fingerprint: &str) -> Result<CloudAddress> {
    // Read as if it had been typed there, so that it is checked.
    let url = mailbox_url(&address.clone().at_host_key(fingerprint).to_string()).map_err(|error| AppError {
        hint: "Say the fingerprint that whoever looks after the server sees there.".into(),
        ..error
    })?;
    match url {
        MailboxUrl::Cloud(address) => Ok(address),
        _ => Ok(address.clone()),
    }
}

/// Says what to do at the server: it alone can let a key in.
fn not_let_in(
    address: &CloudAddress,
    name: &str,
    credential: &Credential,
    error: &MailboxError,
    told: AppError,
) -> AppError {
    let address = address.clone().without_host_key();
    let again = format!(
        "Then run the same command again: {}.",
        sign_in_command(name, &address.to_string())
    );
    match error.kind() {
        Kind::SignIn => AppError {
            code: KEY_NOT_LET_IN,
            message: format!("'{name}' is not usable yet: {error}."),
            hint: format!(
                "On that server, put the line that `offsync account key {name}` shows into the file .ssh/authorized_keys of '{}': it lets this account see that user's files, and start nothing. {again}",
                credential.id(),
            ),
            ..told
        },
        Kind::Denied => AppError {
            message: format!("'{name}' is not usable yet: {error}."),
            hint: format!(
                "Let that user write there, or choose a folder that it may write into; one in its own folder begins with /~/. {again}"
            ),
            ..told
        },
        _ => AppError {
            message: format!("'{name}' is not usable yet: {error}."),
            hint: format!("{} {again}", told.hint),
            ..told
        },
    }
}
