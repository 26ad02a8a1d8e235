//! Accounts as a window knows them: who an account is of, and signing in to it once or again.
//!
//! What opens an account goes in and never comes out: no card, no failure and no event holds it.

use std::collections::BTreeMap;
use std::path::Path;

use offsync_adapters::cloud::{Asked, CloudAddress, Credential, usage};
use offsync_adapters::mailbox::{MailboxUrl, try_out_again};
use offsync_core::ports::{MailboxError, MailboxErrorKind};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zeroize::Zeroizing;

use crate::account_care::{AccountRequest, troubled};
use crate::accounts::{Accounts, KnownAccount};
use crate::address::lies_at;
use crate::app::App;
use crate::archives::KnownArchive;
use crate::failure::{AppError, Result, sentence};
use crate::offered::{SignInBy, answered, offering, offering_of, sign_in_by};
use crate::opened::mailbox_by_drive;

/// An account of this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AccountCard {
    /// What it is called on this computer; people are not shown it.
    pub name: String,
    /// What people call the service.
    pub service: String,
    /// Who it is of, as the service says it; absent where that is not known.
    pub whose: Option<String>,
    /// The server or the bucket; empty where the service has one place alone.
    pub place: String,
    /// Where mailboxes go in it, as people read an address: the server or the service first.
    pub lies_at: String,
    /// How it is signed in to.
    pub sign_in: SignInBy,
    /// Whether somebody signed in to it on this computer before; of another one a drive alone says where it is.
    pub is_known: bool,
    /// Whether this computer has what opens it.
    pub is_open: bool,
    /// Whether whoever is on the way to it can read what opens it.
    pub readable_on_the_way: bool,
    /// What all that is in it takes in bytes; absent where that was not asked, or the service does not say.
    #[ts(type = "number | null")]
    pub used_bytes: Option<u64>,
    /// What it may hold in bytes; absent likewise.
    #[ts(type = "number | null")]
    pub total_bytes: Option<u64>,
    /// What is to be known before others are let in to it; absent where the service is not one of the catalogue.
    pub handed_on: Option<HandedOnCard>,
}

/// What somebody has who has an invitation to an archive whose mailbox is in an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HandedOnCard {
    /// What they can do with the account, also if they stole it.
    pub can: String,
    /// How that is ended.
    pub end: String,
}

/// What is filled in to sign in to a service; what opens it comes beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SignInRequest {
    /// Which service of the catalogue.
    pub service: String,
    /// The answers to its questions, by their keys.
    pub answers: BTreeMap<String, String>,
    /// Who the account is of, where no question has that.
    pub id: Option<String>,
}

impl App {
    /// Lists the accounts that a mailbox can be put into: those that this computer can open, and that no invitation brought.
    pub fn account_cards(&self) -> std::result::Result<Vec<AccountCard>, AppError> {
        let accounts = Accounts::load(self.config_dir())?;
        let own = accounts
            .all
            .iter()
            .filter(|known| known.archive.is_none() && !known.waits);
        let cards = own.filter_map(|known| Some(self.card(&known.name, known, &known.address()?)));
        let cards = cards.collect::<Result<Vec<_>>>()?;
        Ok(cards.into_iter().filter(|card| card.is_open).collect())
    }

    /// Signs this computer in to an account of a service, once it was tried out; one that it has already is signed in to
    /// again.
    pub fn sign_in_to(
        &self,
        request: &SignInRequest,
        secret: Option<Zeroizing<String>>,
    ) -> std::result::Result<AccountCard, AppError> {
        let (url, user) = answered(offering(&request.service)?, &request.answers)?;
        let (address, credential) = self.opened_by(url, user.or_else(|| request.id.clone()), secret)?;
        let accounts = Accounts::load(self.config_dir())?;
        let mailbox = address.to_string();
        let is_same = |known: &&KnownAccount| known.archive.is_none() && known.mailbox == mailbox;
        let before = accounts.all.iter().find(is_same);
        let name = before.map_or_else(|| accounts.free_name(&request.service), |known| known.name.clone());
        let known = KnownAccount {
            name: name.clone(),
            mailbox,
            archive: None,
            service: Some(request.service.clone()),
            waits: false,
        };
        self.keep_account(known, Some(&credential))?;
        self.how_full(&name)
    }

    /// Gives the account that the mailbox of an archive is in; nothing for a folder. Calls nobody.
    pub fn mailbox_account(&self, folder: &Path) -> std::result::Result<Option<AccountCard>, AppError> {
        let Some(found) = self.account_of_archive(folder)? else {
            return Ok(None);
        };
        let card = self.card(&found.known.name, &found.known, &found.address)?;
        Ok(Some(AccountCard {
            is_known: found.is_known,
            ..card
        }))
    }

    /// Signs this computer in again to the account that the mailbox of an archive is in.
    pub fn sign_in_again(
        &self,
        folder: &Path,
        id: Option<String>,
        secret: Option<Zeroizing<String>>,
    ) -> std::result::Result<AccountCard, AppError> {
        let OfArchive { known, address, .. } = self.account_of_archive(folder)?.ok_or_else(no_account)?;
        if sign_in_by(address.protocol()) == SignInBy::Key {
            // Nothing is typed: whether its server lets the key in again is all that there is to see.
            return self.try_mailbox_account(folder);
        }
        let before = self.credential(&known.name)?;
        let said = id.filter(|id| !id.trim().is_empty());
        let id = said.or_else(|| before.map(|credential| credential.id().to_owned()));
        let (now, credential) = self.opened_by(MailboxUrl::Cloud(address.clone()), id, secret)?;
        if let (Some(owner), Some(other)) = (address.id(), now.id())
            && owner != other
        {
            return Err(AppError::failed(
                "another_account",
                format!("The mailbox is in the account of {owner}, and you signed in as {other}."),
                "Sign in as the first one; sign out in the browser before that if it does not ask.",
            ));
        }
        let name = known.name.clone();
        let mailbox = now.to_string();
        self.keep_account(KnownAccount { mailbox, ..known }, Some(&credential))?;
        self.how_full(&name)
    }

    /// Tries out whether the mailbox of an archive can be used: puts, lists, reads and deletes something small.
    pub fn try_mailbox_account(&self, folder: &Path) -> std::result::Result<AccountCard, AppError> {
        let OfArchive { known, address, .. } = self.account_of_archive(folder)?.ok_or_else(no_account)?;
        let access = self.access(&known.name)?.ok_or_else(signed_out)?;
        try_out_again(&address, &access).map_err(|error| refused(&address, &error))?;
        if known.waits {
            self.note_let_in(&known)?;
        }
        self.how_full(&known.name)
    }

    /// Tells how full the account is that the mailbox of an archive is in, where its service says so.
    pub fn mailbox_account_usage(&self, folder: &Path) -> std::result::Result<AccountCard, AppError> {
        let found = self.account_of_archive(folder)?.ok_or_else(no_account)?;
        self.how_full(&found.known.name)
    }

    /// Gives an account with what its service says of its room; where that cannot be asked, all else stands.
    pub(crate) fn how_full(&self, name: &str) -> Result<AccountCard> {
        let accounts = Accounts::load(self.config_dir())?;
        let known = accounts.named(name).ok_or_else(no_account)?;
        let address = known.address().ok_or_else(no_account)?;
        let card = self.card(name, known, &address)?;
        let access = self.access(name)?;
        let told = access
            .and_then(|access| usage(&address, &access).ok())
            .unwrap_or_default();
        Ok(AccountCard {
            used_bytes: told.used_bytes,
            total_bytes: told.total_bytes,
            ..card
        })
    }

    pub(crate) fn card(&self, name: &str, known: &KnownAccount, address: &CloudAddress) -> Result<AccountCard> {
        let credential = self.credential(name)?;
        let chosen = known.service.as_deref().and_then(|id| offering(id).ok());
        let chosen = chosen.or_else(|| offering_of(address.protocol()));
        let service = match (chosen, address.protocol().asks()) {
            (Some(chosen), _) => chosen.name.clone(),
            (None, Asked::Browser { service }) => service.to_owned(),
            (None, Asked::Typed { .. } | Asked::Key { .. }) => address.place().to_owned(),
        };
        let id = address.id().map(str::to_owned);
        let id = id.or_else(|| credential.as_ref().map(|credential| credential.id().to_owned()));
        Ok(AccountCard {
            name: name.to_owned(),
            lies_at: lies_at(address),
            is_known: true,
            service,
            whose: id.filter(|id| !id.is_empty()),
            place: address.place().to_owned(),
            sign_in: match sign_in_by(address.protocol()) {
                // Whose it is stays, where the address says it.
                SignInBy::Typed { secret, .. } if address.id().is_some() => SignInBy::Typed { id: None, secret },
                other => other,
            },
            is_open: credential.is_some(),
            readable_on_the_way: address.is_readable_on_the_way(),
            used_bytes: None,
            total_bytes: None,
            handed_on: chosen.map(|chosen| HandedOnCard {
                can: chosen.stolen.clone(),
                end: chosen.revoke.clone(),
            }),
        })
    }

    /// Gives the account of an archive's mailbox; of one that this computer forgot, as it would be kept.
    pub(crate) fn account_of_archive(&self, folder: &Path) -> Result<Option<OfArchive>> {
        let archives = self.archives()?;
        let Some(known) = archives.at(folder) else {
            return Ok(None);
        };
        let Some(Ok(MailboxUrl::Cloud(address))) = mailbox_by_drive(known).as_deref().map(str::parse) else {
            return Ok(None);
        };
        let KnownArchive {
            name,
            archive_id,
            key_name,
            ..
        } = known;
        let named = archives.account_of(folder, key_name);
        let accounts = Accounts::load(self.config_dir())?;
        let found = self.account_of(&address, named.as_deref())?;
        if let Some(known) = found.and_then(|name| accounts.named(&name).cloned())
            && let Some(address) = known.address()
        {
            return Ok(Some(OfArchive {
                known,
                address,
                is_known: true,
            }));
        }
        let known = KnownAccount {
            name: accounts.free_name(name),
            mailbox: address.to_string(),
            // Whoever invited to this archive cannot speak for others.
            archive: named.is_some().then(|| archive_id.clone()),
            service: None,
            waits: false,
        };
        Ok(Some(OfArchive {
            known,
            address,
            is_known: false,
        }))
    }

    /// Tries out what opens an account, in the words of a window.
    fn opened_by(
        &self,
        url: MailboxUrl,
        id: Option<String>,
        secret: Option<Zeroizing<String>>,
    ) -> Result<(CloudAddress, Credential)> {
        let MailboxUrl::Cloud(address) = &url else {
            return Err(no_account());
        };
        let address = address.clone();
        let request = AccountRequest {
            id,
            secret,
            ..AccountRequest::default()
        };
        match self.tried(url, &request, |error| refused(&address, error))? {
            (MailboxUrl::Cloud(address), Some(credential)) => Ok((address, credential)),
            _ => Err(no_account()),
        }
    }
}

/// The account of an archive's mailbox.
pub(crate) struct OfArchive {
    /// As this computer keeps it, or would.
    pub(crate) known: KnownAccount,
    /// Where it is.
    pub(crate) address: CloudAddress,
    /// Whether this computer has it, and not the drive alone says where it is.
    pub(crate) is_known: bool,
}

/// Says why an account was not let in to, without a name that nobody gave it.
pub(crate) fn refused(address: &CloudAddress, error: &MailboxError) -> AppError {
    let told = troubled("", address.protocol(), error);
    let sign_in = sign_in_by(address.protocol());
    AppError {
        message: sentence(&format!("{error}.")),
        hint: match (error.kind(), sign_in) {
            (MailboxErrorKind::SignIn, SignInBy::Browser) => "Sign in again in the browser.".into(),
            (MailboxErrorKind::SignIn, SignInBy::Key) => {
                "Whoever looks after the server can let that key in again; then try it once more.".into()
            }
            _ => told.hint,
        },
        ..told
    }
}

fn signed_out() -> AppError {
    MailboxError::new(MailboxErrorKind::SignIn, "this computer is not signed in to it").into()
}

pub(crate) fn no_account() -> AppError {
    AppError::failed(
        "no_such_account",
        "The mailbox of this archive is in no account.",
        "Look again.",
    )
}
