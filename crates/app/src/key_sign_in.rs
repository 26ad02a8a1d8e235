//! Signing in by a key of this computer's, as a window leads to it: the server that is compared, the line that it has to
//! know, the trial.
//!
//! The private half of a key stays behind this door, and no server is taken for known because somebody else said so.

use std::collections::BTreeSet;
use std::path::Path;

use offsync_adapters::cloud::{CloudAddress, authorized_line};
use offsync_adapters::mailbox::{MailboxUrl, try_out, try_out_again};
use offsync_core::ports::MailboxErrorKind as Kind;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::account_card::{AccountCard, SignInRequest, no_account, refused};
use crate::accounts::{Accounts, KnownAccount};
use crate::app::App;
use crate::failure::{AppError, ExitClass, Result, sentence};
use crate::offered::{answered, offering};
use crate::own_keys::{ShownHostKey, Trial, TriedKey, shown_by, with_host_key};

/// How far signing in by a key has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KeySignIn {
    /// The account; absent as long as its server does not let the key in.
    pub account: Option<AccountCard>,
    /// The server, with its port where it is not the usual one.
    pub server: String,
    /// Whom it knows.
    pub user: String,
    /// The line that lets the key in, for that user's `authorized_keys`.
    pub line: String,
    /// Why the server does not let it in, as a sentence; empty where it does.
    pub refused: String,
}

impl App {
    /// Asks the server of a service for its host key, so that a person can compare it.
    pub fn shown_server(&self, request: &SignInRequest) -> std::result::Result<ShownHostKey, AppError> {
        let address = answered_address(request)?;
        let accounts = Accounts::load(self.config_dir())?;
        // One that came with an invitation was compared by somebody else.
        let own = accounts.all.iter().filter(|known| known.archive.is_none());
        let at_server = own.filter_map(KnownAccount::address);
        let at_server =
            at_server.filter(|known| known.protocol() == address.protocol() && known.place() == address.place());
        let agreed: BTreeSet<String> = at_server
            .filter_map(|known| known.host_key().map(str::to_owned))
            .collect();
        let mut shown = shown_by(&address, None).map_err(|error| refused(&address, &error))?;
        // Where accounts know the server by different keys, it was set up anew between them: one of these is compared once more,
        // and any other is another one than before.
        if agreed.len() == 1 || !agreed.contains(&shown.fingerprint) {
            shown.agreed = agreed.into_iter().next();
        }
        Ok(shown)
    }

    /// The same for the server of an archive's mailbox. What a drive says of its key counts for nothing.
    pub fn shown_server_again(&self, folder: &Path) -> std::result::Result<ShownHostKey, AppError> {
        let found = self.account_of_archive(folder)?.ok_or_else(no_account)?;
        let agreed = found.is_known.then(|| found.address.host_key()).flatten();
        shown_by(&found.address, agreed).map_err(|error| refused(&found.address, &error))
    }

    /// Signs this computer in by a key to an account of a service whose server a person knows by this host key.
    pub fn sign_in_by_key(&self, request: &SignInRequest, host_key: &str) -> std::result::Result<KeySignIn, AppError> {
        let address = agreed_on(&answered_address(request)?, host_key)?;
        let accounts = Accounts::load(self.config_dir())?;
        let is_same = |known: &&KnownAccount| {
            let there = known.address();
            let there = there.filter(|there| there.holds(&address) && there.root() == address.root());
            known.archive.is_none() && there.is_some()
        };
        let before = accounts.all.iter().find(is_same);
        let known = KnownAccount {
            name: before.map_or_else(|| accounts.free_name(&request.service), |known| known.name.clone()),
            mailbox: address.to_string(),
            archive: None,
            service: Some(request.service.clone()),
            waits: before.is_none_or(|known| known.waits),
        };
        self.by_key(&address, known, try_out)
    }

    /// The same for the account of an archive's mailbox: its server has another key by now, or does not let this one in.
    pub fn sign_in_again_by_key(&self, folder: &Path, host_key: &str) -> std::result::Result<KeySignIn, AppError> {
        let found = self.account_of_archive(folder)?.ok_or_else(no_account)?;
        let address = agreed_on(&found.address, host_key)?;
        let known = KnownAccount {
            mailbox: address.to_string(),
            ..found.known
        };
        // A folder that was there is not made anew: a share that is not mounted would hold a second mailbox.
        self.by_key(&address, known, try_out_again)
    }

    fn by_key(&self, address: &CloudAddress, known: KnownAccount, trial: Trial) -> Result<KeySignIn> {
        let user = address.id().map(str::trim).unwrap_or_default().to_owned();
        if user.is_empty() {
            return Err(AppError::new(
                ExitClass::Usage,
                "account_needs",
                "Whom the server is to let in is not said.",
                "Fill in the user, too.",
            ));
        }
        let TriedKey {
            known,
            credential,
            tried,
        } = self.try_key(address, known, trial, |error| refused(address, error))?;
        let stands = KeySignIn {
            account: None,
            server: address.place().to_owned(),
            user,
            line: authorized_line(&credential).unwrap_or_default(),
            refused: String::new(),
        };
        match tried {
            Ok(()) => Ok(KeySignIn {
                account: Some(self.how_full(&known.name)?),
                ..stands
            }),
            Err(error) if error.kind() == Kind::SignIn => Ok(KeySignIn {
                refused: sentence(&format!("{error}.")),
                ..stands
            }),
            Err(error) => Err(refused(address, &error)),
        }
    }
}

/// Gives an address with the host key that a person agreed on.
fn agreed_on(address: &CloudAddress, host_key: &str) -> Result<CloudAddress> {
    with_host_key(address, host_key.trim()).map_err(|_| {
        AppError::new(
            ExitClass::Usage,
            "bad_host_key",
            "That is no fingerprint of a server.",
            "Look at the server once more.",
        )
    })
}

/// Makes the address of what was filled in; its user is part of it.
fn answered_address(request: &SignInRequest) -> Result<CloudAddress> {
    match answered(offering(&request.service)?, &request.answers)? {
        (MailboxUrl::Cloud(address), user) => {
            let user = user.or_else(|| request.id.clone()).unwrap_or_default();
            Ok(address.of(user.trim()).without_host_key())
        }
        _ => Err(no_account()),
    }
}
