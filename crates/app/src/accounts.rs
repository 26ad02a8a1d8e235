//! The accounts that this computer is signed in to: names and addresses in the settings, what opens them in the keystore.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use offsync_adapters::cloud::{Access, Asked, CloudAddress, Credential, Keeper, Protocol};
use offsync_adapters::mailbox::{KNOWN_SCHEMES, MailboxUrl};
use offsync_core::format::Invitation;
use offsync_core::ports::{SecretError, Secrets};
use serde::{Deserialize, Serialize};

use crate::address::{account_url, bad_mailbox, mailbox_url};
use crate::app::App;
use crate::failure::{AppError, ExitClass, Result};
use crate::settings_file;

/// What is said of an address that lies in several accounts.
pub(crate) const AMBIGUOUS_ACCOUNT: &str = "ambiguous_account";
/// Longest name of an account.
const NAME_BYTES_MAX: usize = 64;

/// An account as the settings know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownAccount {
    pub(crate) name: String,
    /// Where in it mailboxes go, without secrets.
    pub(crate) mailbox: String,
    /// The archive whose invitation brought it along, and which alone it serves: who invites to one cannot speak for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) archive: Option<String>,
    /// The service that was chosen for it in the catalogue: an address alone does not tell whose server it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<String>,
    /// Whether its server has yet to let it in.
    #[serde(default, skip_serializing_if = "is_no")]
    pub(crate) waits: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn is_no(flag: &bool) -> bool {
    !flag
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Accounts {
    #[serde(default, rename = "account")]
    pub(crate) all: Vec<KnownAccount>,
}

/// Where a mailbox is, and the account that a person named for it.
#[derive(Clone, Debug)]
pub(crate) struct MailboxPlace {
    pub(crate) url: MailboxUrl,
    pub(crate) account: Option<String>,
}

impl MailboxPlace {
    /// Gives the place around the folder of an archive, where somebody named that one.
    pub(crate) fn around(self, archive: &offsync_core::ids::ArchiveId) -> Self {
        Self {
            url: self.url.around(archive),
            ..self
        }
    }
}

impl Accounts {
    pub(crate) fn load(config_dir: &Path) -> Result<Self> {
        settings_file::load(&file(config_dir))
    }

    pub(crate) fn change(config_dir: &Path, change: impl FnOnce(&mut Self)) -> Result<()> {
        settings_file::change(&file(config_dir), change)
    }

    pub(crate) fn named(&self, name: &str) -> Option<&KnownAccount> {
        self.all.iter().find(|known| known.name == name)
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.all.iter().map(|known| known.name.as_str()).collect()
    }

    /// Makes a name that no account has, of what something is called.
    pub(crate) fn free_name(&self, called: &str) -> String {
        let base = as_name(called);
        std::iter::once(base.clone())
            .chain((2..).map(|n| format!("{base}-{n}")))
            .find(|name| self.named(name).is_none())
            .expect("there is always a further number")
    }

    /// Gives the accounts that an address lies in, those that name the most of it.
    fn holding(&self, address: &CloudAddress) -> Vec<&KnownAccount> {
        let holds = |known: &&KnownAccount| {
            known.archive.is_none() && known.address().is_some_and(|account| account.holds(address))
        };
        let all: Vec<&KnownAccount> = self.all.iter().filter(holds).collect();
        let depth = |known: &KnownAccount| known.mailbox.len();
        let deepest = all.iter().map(|known| depth(known)).max();
        all.into_iter().filter(|known| Some(depth(known)) == deepest).collect()
    }
}

impl KnownAccount {
    /// Gives its address; `None` for a folder.
    pub(crate) fn address(&self) -> Option<CloudAddress> {
        match self.mailbox.parse() {
            Ok(MailboxUrl::Cloud(address)) => Some(address),
            _ => None,
        }
    }
}

fn file(config_dir: &Path) -> PathBuf {
    config_dir.join("accounts.toml")
}

/// Gives the name under which the keystore keeps what opens an account.
fn secret_name(account: &str) -> String {
    format!("account.{account}")
}

impl App {
    /// Reads what a person says for a mailbox: an account with or without a folder in it, an address, or a folder's path.
    pub(crate) fn mailbox_place(&self, said: &str) -> Result<MailboxPlace> {
        if said.contains("://") || Path::new(said).is_absolute() {
            return self.place_of(mailbox_url(said)?, None);
        }
        let (name, folder) = said.split_once(':').unwrap_or((said, ""));
        let accounts = Accounts::load(self.config_dir())?;
        let Some(known) = accounts.named(name) else {
            return Err(no_such_account(said, name, &accounts));
        };
        let url = match mailbox_url(&known.mailbox)? {
            MailboxUrl::Cloud(address) => {
                MailboxUrl::Cloud(address.folder(folder).map_err(|error| bad_mailbox(&error))?)
            }
            MailboxUrl::Folder(base) if is_plain_folder(folder) => MailboxUrl::Folder(match folder {
                "" => base,
                folder => base.join(folder),
            }),
            _ => {
                return Err(bad_mailbox(&format!("'{folder}' is no folder in '{name}'")));
            }
        };
        self.place_of(url, Some(name.to_owned()))
    }

    /// Gives the place that an address names, with whose account it is in where it does not say that itself.
    fn place_of(&self, url: MailboxUrl, named: Option<String>) -> Result<MailboxPlace> {
        let MailboxUrl::Cloud(address) = &url else {
            return Ok(MailboxPlace { url, account: named });
        };
        let account = self.account_of(address, named.as_deref())?;
        let accounts = Accounts::load(self.config_dir())?;
        let known = account
            .as_deref()
            .and_then(|account| accounts.named(account)?.address());
        let url = match known.as_ref().and_then(CloudAddress::id) {
            Some(id) => MailboxUrl::Cloud(address.clone().of(id)),
            None => url,
        };
        Ok(MailboxPlace { url, account })
    }

    /// Gives what opens the account of a mailbox; `None` for one that needs nothing, or of which this computer knows nothing.
    pub(crate) fn access_for(&self, url: &MailboxUrl, account: Option<&str>) -> Result<Option<Access>> {
        let MailboxUrl::Cloud(address) = url else {
            return Ok(None);
        };
        match self.account_of(address, account)? {
            Some(name) => self.access(&name),
            None => Ok(None),
        }
    }

    /// Gives the account of an address: the one that was named for it, or the one that it lies in.
    pub(crate) fn account_of(&self, address: &CloudAddress, named: Option<&str>) -> Result<Option<String>> {
        let accounts = Accounts::load(self.config_dir())?;
        if let Some(known) = named.and_then(|name| accounts.named(name))
            && known.address().is_some_and(|account| account.holds(address))
        {
            return Ok(Some(known.name.clone()));
        }
        match accounts.holding(address).as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one.name.clone())),
            several => {
                let names: Vec<&str> = several.iter().map(|known| known.name.as_str()).collect();
                Err(AppError::new(
                    ExitClass::Usage,
                    AMBIGUOUS_ACCOUNT,
                    format!(
                        "Several accounts of this computer lead to {address}: {}.",
                        names.join(", ")
                    ),
                    format!(
                        "Name the account in place of the address, with the folder in it: {}:FOLDER.",
                        names[0]
                    ),
                ))
            }
        }
    }

    pub(crate) fn credential(&self, account: &str) -> Result<Option<Credential>> {
        let packed = self.secrets().get(&secret_name(account)).map_err(keystore)?;
        Ok(packed.and_then(|packed| Credential::unpack(&packed)))
    }

    /// Gives what opens an account; what a service puts in its place is kept there.
    pub(crate) fn access(&self, account: &str) -> Result<Option<Access>> {
        let Some(credential) = self.credential(account)? else {
            return Ok(None);
        };
        let keeper = AccountKeeper {
            secrets: self.shared_secrets(),
            name: secret_name(account),
            lock: self.config_dir().join(format!("{}.lock", secret_name(account))),
        };
        let accounts = Accounts::load(self.config_dir())?;
        let known = accounts.named(account).and_then(KnownAccount::address);
        let host_key = known.as_ref().and_then(CloudAddress::host_key).map(str::to_owned);
        let access = Access::kept(credential, Arc::new(keeper)).at_host_key(host_key);
        Ok(Some(access.over(self.traffic()?)))
    }

    /// Keeps an account; one of that name is replaced.
    pub(crate) fn keep_account(&self, known: KnownAccount, credential: Option<&Credential>) -> Result<()> {
        self.make_config_dir()?;
        if let Some(credential) = credential {
            let kept = self.secrets().set(&secret_name(&known.name), &credential.pack());
            kept.map_err(keystore)?;
        }
        Accounts::change(self.config_dir(), |accounts| {
            accounts.all.retain(|other| other.name != known.name);
            accounts.all.push(known);
            accounts.all.sort_by(|a, b| a.name.cmp(&b.name));
        })
    }

    /// Keeps the account that an invitation brings along, under a name made of its archive's; gives that name, or the one that
    /// served this home before.
    pub(crate) fn take_account(&self, invitation: &Invitation, before: Option<String>) -> Result<Option<String>> {
        let packed = invitation.mailbox_secret.as_ref();
        let url = invitation.mailbox.parse::<MailboxUrl>();
        let (Ok(MailboxUrl::Cloud(address)), Some(packed)) = (&url, packed) else {
            return Ok(before);
        };
        // What somebody signed in with since is newer than the invitation.
        if let Some(name) = before
            .as_deref()
            .and_then(|name| self.account_of(address, Some(name)).ok()?)
            && self.credential(&name)?.is_some()
        {
            return Ok(Some(name));
        }
        let Some(credential) = Credential::unpack(packed) else {
            return Err(AppError::failed(
                "newer_version_needed",
                "What opens the account of the mailbox was sealed by a newer Offsync, which this one cannot read.",
                "Install the newest Offsync on this computer.",
            ));
        };
        let accounts = Accounts::load(self.config_dir())?;
        for known in &accounts.all {
            let is_there = known.address().is_some_and(|account| account.holds(address));
            if is_there && self.credential(&known.name)?.as_ref() == Some(&credential) {
                return Ok(Some(known.name.clone()));
            }
        }
        let name = accounts.free_name(&invitation.archive_name);
        let mailbox = address.to_string();
        self.keep_account(
            KnownAccount {
                name: name.clone(),
                mailbox,
                archive: Some(invitation.archive_id.to_string()),
                service: None,
                waits: false,
            },
            Some(&credential),
        )?;
        Ok(Some(name))
    }

    /// Lets go of an account and what opens it.
    pub(crate) fn forget_account(&self, name: &str) -> Result<()> {
        self.secrets().delete(&secret_name(name)).map_err(keystore)?;
        Accounts::change(self.config_dir(), |accounts| {
            accounts.all.retain(|known| known.name != name);
        })
    }

    /// Lets go of the accounts that came with invitations to an archive.
    pub(crate) fn forget_accounts_of(&self, archive_id: &str) -> Result<()> {
        let accounts = Accounts::load(self.config_dir())?;
        let came = |known: &&KnownAccount| known.archive.as_deref() == Some(archive_id);
        accounts
            .all
            .iter()
            .filter(came)
            .try_for_each(|known| self.forget_account(&known.name))
    }

    /// Gives who the account of an address is of, where that names them: `webdav://anna@host`.
    pub fn named_id(&self, mailbox: &str) -> std::result::Result<Option<String>, AppError> {
        Ok(match account_url(mailbox)? {
            MailboxUrl::Cloud(address) => address.id().map(str::to_owned),
            _ => None,
        })
    }

    /// Tells what an account of this name and address asks people for; nothing for a folder.
    pub fn asked_for(&self, name: &str, mailbox: &str) -> std::result::Result<Option<Asked>, AppError> {
        check_account_name(name)?;
        let url = account_url(mailbox)?;
        self.refuse_other_of_that_name(name, &url)?;
        Ok(match url {
            MailboxUrl::Cloud(address) => Some(address.protocol().asks()),
            _ => None,
        })
    }
}

/// The keystore, for what opens one account.
struct AccountKeeper {
    secrets: Arc<dyn Secrets>,
    name: String,
    lock: PathBuf,
}

impl Keeper for AccountKeeper {
    fn turn(&self) -> Box<dyn Send> {
        let file = std::fs::File::create(&self.lock).and_then(|file| file.lock().map(|()| file));
        // Where there is no turn to wait for, two programs at worst sign in with the same.
        Box::new(file.ok())
    }

    fn read(&self) -> Option<Credential> {
        let packed = self.secrets.get(&self.name).ok()??;
        Credential::unpack(&packed)
    }

    fn write(&self, credential: &Credential) -> std::result::Result<(), SecretError> {
        self.secrets.set(&self.name, &credential.pack())
    }
}

/// Checks the name that a person gives an account: it stands in commands, with a folder after a colon.
pub(crate) fn check_account_name(name: &str) -> Result<()> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    // A slip such as `webdav:photos` is to be told as one.
    let is_scheme = KNOWN_SCHEMES.contains(&name) || Protocol::of_scheme(name).is_some();
    let is_good = name.chars().all(is_plain) && !name.starts_with(['-', '.']);
    let (message, hint) = if is_scheme {
        (
            format!("'{name}' cannot be the name of an account: addresses begin with it."),
            "Choose another one, such as pep-drive.".to_owned(),
        )
    } else if !name.is_empty() && name.len() <= NAME_BYTES_MAX && is_good {
        return Ok(());
    } else {
        (
            format!("'{}' cannot be the name of an account.", name.escape_debug()),
            "Use letters, digits, - and _ alone, such as pep-drive.".to_owned(),
        )
    };
    Err(AppError::new(ExitClass::Usage, "bad_account_name", message, hint))
}

/// Makes a name for an account of what something is called.
fn as_name(called: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c } else { '-' };
    let name: String = called.to_lowercase().chars().map(plain).take(40).collect();
    let parts: Vec<&str> = name.split('-').filter(|part| !part.is_empty()).collect();
    match parts.is_empty() {
        true => "mailbox".into(),
        false => parts.join("-"),
    }
}

fn is_plain_folder(folder: &str) -> bool {
    Path::new(folder)
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_)))
}

fn no_such_account(said: &str, name: &str, accounts: &Accounts) -> AppError {
    let known = match accounts.names().as_slice() {
        [] => "this computer has no account yet".to_owned(),
        names => format!("this computer has {}", names.join(", ")),
    };
    AppError::new(
        ExitClass::Usage,
        "bad_mailbox",
        format!(
            "'{said}' is no mailbox: there is no account '{name}' ({known}), and an address begins with a scheme such as fs:// or webdav://."
        ),
        "Give a folder as fs:///full/path/of/the/folder, or add the account first: `offsync account add NAME MAILBOX_URL`. `offsync account services` tells how addresses look.",
    )
}

/// Says that the keystore failed for an account: whose key it is not.
fn keystore(error: SecretError) -> AppError {
    let told: AppError = error.into();
    AppError {
        message: told
            .message
            .replace("The key of this archive", "What opens the account"),
        ..told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_named_after_what_it_is_for() {
        for (called, name) in [
            ("Family photos", "family-photos"),
            ("  Fotos de l'àvia!", "fotos-de-l-àvia"),
            ("...", "mailbox"),
        ] {
            assert_eq!(as_name(called), name);
            check_account_name(name).expect("it is good");
        }
        for bad in ["", "a b", "a:b", "a/b", "-a", "../a", "webdav", "fs", "http"] {
            assert!(check_account_name(bad).is_err(), "{bad}");
        }
    }
}
