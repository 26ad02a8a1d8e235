//! Accounts at the desk: the services to choose from, signing in to them, and how the one of a mailbox is.
//!
//! Nothing here opens an archive, so nothing waits for its turn: a person may take long in the browser, and all syncs go
//! on meanwhile.

use std::path::Path;

use offsync_app::view::Failure;
use offsync_app::{AccountCard, App, KeySignIn, ListedAccount, Offer, RemovedAccount, ShownHostKey, SignInRequest};

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

    /// Lists all accounts of this computer, and which archives each serves.
    pub(crate) fn listed_accounts(&self) -> Result<Vec<ListedAccount>, Failure> {
        self.own.listed_accounts().map_err(|error| error.on_screen())
    }

    /// Lets this computer forget an account that serves no archive.
    pub(crate) fn remove_account(&self, name: &str) -> Result<RemovedAccount, Failure> {
        self.own.remove_listed(name).map_err(|error| error.on_screen())
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

    /// Asks the server of a service for the key that it is known by; sends it nothing.
    pub(crate) fn shown_server(&self, request: &SignInRequest) -> Result<ShownHostKey, Failure> {
        self.own.shown_server(request).map_err(|error| error.on_screen())
    }

    /// The same for the server of an archive's mailbox.
    pub(crate) fn shown_server_again(&self, folder: &str) -> Result<ShownHostKey, Failure> {
        let shown = self.own.shown_server_again(Path::new(folder));
        shown.map_err(|error| error.on_screen())
    }

    /// Signs in to a service by a key of this computer's, whose server a person knows by this host key.
    pub(crate) fn sign_in_by_key(&self, request: &SignInRequest, host_key: &str) -> Result<KeySignIn, Failure> {
        self.signing_in.run(|| self.own.sign_in_by_key(request, host_key))
    }

    /// The same for the account of an archive's mailbox.
    pub(crate) fn sign_in_again_by_key(&self, folder: &str, host_key: &str) -> Result<KeySignIn, Failure> {
        let again = || self.own.sign_in_again_by_key(Path::new(folder), host_key);
        self.signing_in.run(again)
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
#[cfg(all(test, unix))]
mod files_over_ssh;
#[cfg(all(test, unix))]
mod key_tests;
#[cfg(test)]
mod tests;
