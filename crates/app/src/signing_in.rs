//! Signing in to a service in the browser, and what is handed on to others of it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use offsync_adapters::cloud::{Access, Asked, Client, CloudAddress, Credential, Keeper, Protocol, SignIn, usage};
use offsync_adapters::mailbox::{MailboxUrl, try_out};
use offsync_core::ports::{MailboxError, MailboxErrorKind, SecretError};
use zeroize::Zeroizing;

use crate::app::App;
use crate::failure::{AppError, ExitClass, Result};
use crate::opened::{Opened, sign_in_hint};

impl App {
    /// Lets a person sign in in the browser.
    pub(crate) fn sign_in(&self, protocol: Protocol, client: Client) -> Result<Credential> {
        let service = match protocol.asks() {
            Asked::Browser { service } => service,
            Asked::Typed { .. } => protocol.scheme(),
        };
        let Some(browser) = self.browser() else {
            return Err(AppError::usage(format!(
                "Signing in to {service} takes a browser, and there is none here."
            )));
        };
        let wrong = |error: MailboxError| AppError {
            message: format!("Nobody is signed in to {service}: {error}."),
            hint: "Run the same command again, and sign in in the browser.".into(),
            ..(&error).into()
        };
        let sign_in = SignIn::begin(protocol, client).map_err(wrong)?;
        browser.open(service, sign_in.url());
        sign_in
            .wait(|| browser.pasted(), || self.cancel().load(Ordering::SeqCst))
            .map_err(wrong)
    }

    /// Gives what an invitation to an archive brings along for its mailbox; `None` where that needs nothing.
    ///
    /// Of a service that people sign in to in their browser, that is a sign-in of its own: one that two homes used would be
    /// renewed by each and good for the other no more, and could not be taken back from one alone.
    pub(crate) fn handed_on(&self, archive: &Opened) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let mailbox = archive.marker.mailbox.as_deref().unwrap_or_default();
        let Ok(MailboxUrl::Cloud(address)) = mailbox.parse() else {
            return Ok(None);
        };
        let Some(access) = &archive.access else {
            return Err(AppError::new(
                ExitClass::Mailbox,
                "sign_in_needed",
                format!("This computer is not signed in to {mailbox}, so the invitation could not open the mailbox."),
                sign_in_hint(archive.account.as_deref(), mailbox),
            ));
        };
        let Some(client) = access.credential().client() else {
            // One that is away is no reason not to invite; one that does not take what would be handed on is.
            return match archive.mailbox.as_ref().map(|mailbox| mailbox.list()) {
                Some(Err(error)) if error.kind() == MailboxErrorKind::SignIn => Err(archive.explained(error.into())),
                _ => Ok(Some(access.credential().pack())),
            };
        };
        let wrong = |error: MailboxError| archive.explained((&error).into());
        let (access, kept) = kept_here(self.sign_in(address.protocol(), client.clone())?);
        let id = usage(&address, &access).map_err(wrong)?.id.unwrap_or_default();
        if address.id().is_some_and(|owner| owner != id) {
            return Err(AppError::failed(
                "another_account",
                format!(
                    "The mailbox is in the account of {}, and the browser signed in as {id}.",
                    address.id().unwrap_or_default()
                ),
                "Run the same command again, and choose that account in the browser; sign out there first if it does not ask.",
            ));
        }
        Ok(Some(kept.now().called(id).pack()))
    }
}

/// Tries out what opens an account; gives what opens it after that: some services put another in its place.
pub(crate) fn tried_out(
    address: &CloudAddress,
    credential: Credential,
) -> std::result::Result<Credential, MailboxError> {
    let (access, kept) = kept_here(credential);
    try_out(address, &access)?;
    if !kept.now().id().is_empty() {
        return Ok(kept.now());
    }
    let id = usage(address, &access)?.id.unwrap_or_default();
    Ok(kept.now().called(id))
}

fn kept_here(credential: Credential) -> (Access, Arc<KeptHere>) {
    let kept = Arc::new(KeptHere(Mutex::new(credential.clone())));
    (Access::kept(credential, kept.clone()), kept)
}

/// Keeps what opens an account until it is known to be good.
struct KeptHere(Mutex<Credential>);

impl KeptHere {
    fn now(&self) -> Credential {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Keeper for KeptHere {
    fn turn(&self) -> Box<dyn Send> {
        // Nobody else knows of it yet.
        Box::new(())
    }

    fn read(&self) -> Option<Credential> {
        Some(self.now())
    }

    fn write(&self, credential: &Credential) -> std::result::Result<(), SecretError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = credential.clone();
        Ok(())
    }
}
