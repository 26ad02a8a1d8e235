//! Accounts at the desk: the services to choose from, signing in to them, and how the one of a mailbox is.
//!
//! Nothing here opens an archive, so nothing waits for its turn: a person may take long in the browser, and all syncs go
//! on meanwhile.

use std::path::Path;

use offsync_app::view::Failure;
use offsync_app::{AccountCard, App, Offer, SignInRequest};

use super::Desk;
use crate::signing_in::Secret;

impl Desk {
    /// Lists the services that a mailbox can lie with.
    pub(crate) fn services(&self) -> Vec<Offer> {
        self.own.offered_services()
    }

    /// Lists the accounts of this computer that a mailbox can be put into.
    pub(crate) fn accounts(&self) -> Result<Vec<AccountCard>, Failure> {
        self.own.account_cards().map_err(|error| error.on_screen())
    }

    /// Signs in to a service, once it was tried out; may wait for a person in their browser.
    pub(crate) fn sign_in(&self, request: &SignInRequest, secret: Option<Secret>) -> Result<AccountCard, Failure> {
        let secret = secret.map(Secret::typed);
        self.signing_in.run(|| self.own.sign_in_to(request, secret))
    }

    /// Signs in again to the account of an archive's mailbox.
    pub(crate) fn sign_in_again(
        &self,
        folder: &str,
        id: Option<String>,
        secret: Option<Secret>,
    ) -> Result<AccountCard, Failure> {
        let secret = secret.map(Secret::typed);
        let again = |app: &App| app.sign_in_again(Path::new(folder), id, secret);
        self.signing_in.run(|| again(&self.own))
    }

    /// Takes the address that a browser elsewhere ended at.
    pub(crate) fn paste(&self, address: String) {
        self.signing_in.paste(address);
    }

    /// Ends the waiting for a browser.
    pub(crate) fn give_up_sign_in(&self) {
        self.signing_in.give_up();
    }

    /// Gives the account that the mailbox of an archive is in; calls nobody.
    pub(crate) fn mailbox_account(&self, folder: &str) -> Result<Option<AccountCard>, Failure> {
        let found = self.own.mailbox_account(Path::new(folder));
        found.map_err(|error| error.on_screen())
    }

    /// Asks how full that account is.
    pub(crate) fn account_usage(&self, folder: &str) -> Result<AccountCard, Failure> {
        let told = self.own.mailbox_account_usage(Path::new(folder));
        told.map_err(|error| error.on_screen())
    }

    /// Tries that account out.
    pub(crate) fn try_account(&self, folder: &str) -> Result<AccountCard, Failure> {
        let tried = self.own.try_mailbox_account(Path::new(folder));
        tried.map_err(|error| error.on_screen())
    }
}

#[cfg(test)]
mod files_over_http;
#[cfg(test)]
mod tests;
