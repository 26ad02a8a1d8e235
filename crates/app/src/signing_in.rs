//! Signing in to a service in the browser, and what is handed on to others of it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use offsync_adapters::cloud::{
    Access, Asked, Client, CloudAddress, Credential, Keeper, Protocol, SignIn, Traffic, usage,
};
use offsync_adapters::mailbox::{MailboxUrl, try_out};
use offsync_core::ports::{MailboxError, MailboxErrorKind, SecretError};
use zeroize::Zeroizing;

use crate::app::App;
use crate::failure::{AppError, ExitClass, Result};
use crate::opened::{Opened, sign_in_hint};

/// How a new home reaches the mailbox.
pub(crate) struct HandedOn {
    /// By which address; empty if the archive has none.
    pub(crate) mailbox: String,
    /// With what.
    pub(crate) secret: Option<Zeroizing<Vec<u8>>>,
    /// What this computer calls the account.
    pub(crate) account: Option<String>,
}

impl App {
    /// Lets a person sign in in the browser.
    pub(crate) fn sign_in(&self, protocol: Protocol, client: Client) -> Result<Credential> {
        let service = match protocol.asks() {
            Asked::Browser { service } => service,
            Asked::Typed { .. } | Asked::Key { .. } => protocol.scheme(),
        };
        let Some(browser) = self.browser() else {
            return Err(AppError::usage(format!(
                "Signing in to {service} takes a browser, and there is none here."
            )));
        };
        let wrong = |error: MailboxError| AppError {
            message: format!("Nobody is signed in to {service}: {error}."),
            hint: "Try again, and sign in in the browser.".into(),
            ..(&error).into()
        };
        let sign_in = SignIn::begin(protocol, client).map_err(wrong)?;
        browser.open(service, sign_in.url());
        let is_over = || browser.is_given_up() || self.cancel().load(Ordering::SeqCst);
        let signed_in = sign_in.wait(|| browser.pasted(), is_over).map_err(wrong)?;
        browser.came_back();
        Ok(signed_in)
    }

    /// Gives what an invitation to an archive brings along for its mailbox: what opens the account that it is in, or another one
    /// that leads to it, `through` which the new home is to go.
    ///
    /// Of a service that people sign in to in their browser, that is a sign-in of its own: one that two homes used would be
    /// renewed by each and good for the other no more.
    pub(crate) fn handed_on(&self, archive: &Opened, through: Option<&str>) -> Result<HandedOn> {
        if let Some(said) = through {
            return self.handed_on_through(archive, said);
        }
        let mailbox = archive.marker.mailbox.clone().unwrap_or_default();
        let Ok(MailboxUrl::Cloud(address)) = mailbox.parse() else {
            return Ok(HandedOn {
                mailbox,
                secret: None,
                account: None,
            });
        };
        let Some(access) = &archive.access else {
            return Err(AppError::new(
                ExitClass::Mailbox,
                "sign_in_needed",
                format!("This computer is not signed in to {mailbox}, so the invitation could not open the mailbox."),
                sign_in_hint(
                    archive.account.as_deref(),
                    archive.account_mailbox.as_deref().unwrap_or(&mailbox),
                ),
            ));
        };
        // One that is away is no reason not to invite; one that does not take what would be handed on is.
        if access.credential().client().is_none()
            && let Some(Err(error)) = archive.mailbox.as_ref().map(|mailbox| mailbox.list())
            && error.kind() == MailboxErrorKind::SignIn
        {
            return Err(archive.explained(error.into()));
        }
        let secret = self.secret_for_another(&address, access)?;
        Ok(HandedOn {
            mailbox: access.known_by(address).to_string(),
            secret: Some(secret),
            account: archive.account.clone(),
        })
    }

    /// The same by another account, which has to lead to this archive's mailbox.
    fn handed_on_through(&self, archive: &Opened, said: &str) -> Result<HandedOn> {
        let place = self.mailbox_place(said)?.around(&archive.marker.archive_id);
        // Nothing may have been put yet where this home's own one is.
        if archive.marker.mailbox.as_deref() != Some(place.url.to_string().as_str()) {
            let found = self.find_mailbox(&place, &archive.marker.archive_id);
            found.map_err(|error| match error.code {
                // Whoever began another one there would part the homes.
                "mailbox_missing" => AppError {
                    hint: "Name an account that leads to the mailbox of this archive; `offsync mailbox show FOLDER` tells where that is.".into(),
                    ..error
                },
                _ => error,
            })?;
        }
        let (mailbox, secret) = match (&place.url, self.access_of(&place)?) {
            (MailboxUrl::Cloud(address), Some(access)) => (
                access.known_by(address.clone()).to_string(),
                Some(self.secret_for_another(address, &access)?),
            ),
            (url, _) => (url.to_string(), None),
        };
        Ok(HandedOn {
            mailbox,
            secret,
            account: place.account,
        })
    }

    fn secret_for_another(&self, address: &CloudAddress, access: &Access) -> Result<Zeroizing<Vec<u8>>> {
        let Some(client) = access.credential().client() else {
            return Ok(access.credential().pack());
        };
        let (access, kept) = kept_here(self.sign_in(address.protocol(), client.clone())?);
        let id = usage(address, &access)?.id.unwrap_or_default();
        if address.id().is_some_and(|owner| owner != id) {
            return Err(AppError::failed(
                "another_account",
                format!(
                    "The mailbox is in the account of {}, and the browser signed in as {id}.",
                    address.id().unwrap_or_default()
                ),
                "Try again, and choose that account in the browser; sign out there first if it does not ask.",
            ));
        }
        Ok(kept.now().called(id).pack())
    }
}

/// Tries out what opens an account; gives what opens it after that: some services put another in its place.
pub(crate) fn tried_out(
    address: &CloudAddress,
    credential: Credential,
    line: Arc<Traffic>,
) -> std::result::Result<Credential, MailboxError> {
    let (access, kept) = kept_here(credential);
    let access = access.over(line);
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
