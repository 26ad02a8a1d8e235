//! The accounts of this computer as a window lists them, and letting go of one.
//!
//! One that an archive's mailbox lies in is never let go of.

use offsync_adapters::cloud::authorized_line;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::account_card::AccountCard;
use crate::accounts::Accounts;
use crate::app::App;
use crate::failure::{AppError, Result};

/// An account, with what depends on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ListedAccount {
    /// The account.
    pub account: AccountCard,
    /// Names of the archives of this computer whose mailbox is in it.
    pub archives: Vec<String>,
    /// Whether its server has yet to let it in.
    pub waits: bool,
}

/// What is left to do about an account that this computer forgot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RemovedAccount {
    /// What people call the service.
    pub service: String,
    /// How what opened it is taken back there; empty where that is not known, and where it is somebody else's.
    pub end: String,
    /// The line by which its server knew this computer; absent where it is no such server, or somebody else's account.
    pub line: Option<String>,
}

impl App {
    /// Lists all accounts but folders: also those that let nobody in yet, and those that came with an invitation.
    pub fn listed_accounts(&self) -> std::result::Result<Vec<ListedAccount>, AppError> {
        let accounts = Accounts::load(self.config_dir())?;
        let cards = accounts.all.iter().filter_map(|known| {
            let address = known.address()?;
            Some(self.card(&known.name, known, &address).and_then(|account| {
                Ok(ListedAccount {
                    account,
                    archives: self.archives_in(known)?,
                    waits: known.waits,
                })
            }))
        });
        cards.collect::<Result<Vec<_>>>()
    }

    /// Lets this computer forget an account; nothing in it is touched.
    pub fn remove_listed(&self, name: &str) -> std::result::Result<RemovedAccount, AppError> {
        let known = self.known_account(name)?;
        let archives = self.archives_in(&known)?;
        if let Some(archive) = archives.first() {
            return Err(AppError::failed(
                "account_in_use",
                format!("The mailbox of '{archive}' lies in that account."),
                "Move that mailbox to another place first.",
            ));
        }
        let address = known.address().ok_or_else(crate::account_card::no_account)?;
        let card = self.card(name, &known, &address)?;
        let line = self.credential(name)?.as_ref().and_then(authorized_line);
        self.forget_account(name)?;
        let is_own = known.archive.is_none();
        let end = card.handed_on.map(|handed_on| handed_on.end);
        Ok(RemovedAccount {
            service: card.service,
            end: end.filter(|_| is_own).unwrap_or_default(),
            line: line.filter(|_| is_own),
        })
    }
}
