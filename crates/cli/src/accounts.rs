//! `account`: signing this computer in to where mailboxes lie. No secret is ever taken from an argument.

use clap::{Args, Subcommand};
use offsync_app::{AccountRequest, AccountView, App, AppError, Asked, KEY_NOT_LET_IN, ShownHostKey, offerings};
use zeroize::Zeroizing;

use crate::outcome::{HELD, Outcome, print_lines, show, usage_error, warn};
use crate::prompt;
use crate::text;

/// What names an account, where nobody can be asked.
const ID: &str = "OFFSYNC_ACCOUNT_ID";
/// What opens it.
const SECRET: &str = "OFFSYNC_ACCOUNT_SECRET";

/// By which fingerprint a server is known.
const HOST_KEY: &str = "OFFSYNC_HOST_KEY";

/// `account`.
#[derive(Args, Debug)]
pub(crate) struct Account {
    #[command(subcommand)]
    pub(crate) command: AccountCommand,
}

/// What can be done with accounts.
#[derive(Subcommand, Debug)]
pub(crate) enum AccountCommand {
    /// Sign this computer in, and try out whether a mailbox can lie there
    #[command(
        after_help = "Examples:\n  offsync account add pep-cloud webdav://cloud.example.org/remote.php/dav/files/pep/offsync\n  offsync account add box \"s3://pep-offsync?endpoint=https://s3.example.org&region=eu-central-1\"\n\nYou are asked for the user and the password, or for what the service has in their place: an app password, an access key and its secret. Where nobody can be asked, they are read from OFFSYNC_ACCOUNT_ID and OFFSYNC_ACCOUNT_SECRET. Said once more, it signs in again. `offsync account services` shows how the address of each service looks, those of Google Drive, Dropbox and OneDrive among them, where you sign in in the browser.\n\nA server that speaks SFTP (sftp://anna@nas.local/offsync) is asked for its host key, which you compare; where nobody can be asked, OFFSYNC_HOST_KEY says its fingerprint. A key is made for the account, and you are told where to put its public half."
    )]
    Add {
        /// What to call it on this computer
        name: String,
        /// Where in it mailboxes go: webdav://host/folder, sftp://user@host/folder, ftps://user@host/folder, s3://bucket/folder?endpoint=URL, azblob://account/container/folder, fs:///folder
        mailbox_url: String,
    },
    /// List the services that an account can be with, and what each asks for
    #[command(after_help = "Example:\n  offsync account services")]
    Services,
    /// List the accounts that this computer is signed in to
    #[command(after_help = "Example:\n  offsync account list")]
    List,
    /// Try out whether a mailbox can lie there: put, list, read and delete something small
    #[command(after_help = "Example:\n  offsync account test pep-cloud")]
    Test {
        /// What it is called on this computer; not needed where there is only one
        name: Option<String>,
    },
    /// Tell how full it is, where its service says so
    #[command(after_help = "Example:\n  offsync account usage pep-cloud")]
    Usage {
        /// What it is called on this computer; not needed where there is only one
        name: Option<String>,
    },
    /// Show the public half of the key that opens it: the line that its server has to know
    #[command(
        after_help = "Example:\n  offsync account key nas\n\nAccounts whose address begins with sftp:// are opened by a key of their own, whose private half stays in this computer's keystore. Its public half goes into .ssh/authorized_keys of the user on the server."
    )]
    Key {
        /// What it is called on this computer
        name: String,
    },
    /// Let this computer forget it and what opens it; nothing in it is touched
    #[command(after_help = "Example:\n  offsync account remove pep-cloud")]
    Remove {
        /// What it is called on this computer
        name: String,
    },
}

/// Does what is asked.
pub(crate) fn account(app: &App, command: &AccountCommand, json: bool) -> Outcome {
    let one = |view: AccountView| vec![view];
    let (all, tell): (_, fn(&AccountView) -> Vec<String>) = match command {
        AccountCommand::Services => {
            return show(&offerings(), json, |all| all.iter().flat_map(text::offering).collect());
        }
        AccountCommand::Key { name } => return show(&app.account_key(name)?, json, |key| vec![text::safe(&key.line)]),
        AccountCommand::Add { name, mailbox_url } => {
            let added = add(app, name, mailbox_url);
            if let Err(error) = &added
                && error.code == KEY_NOT_LET_IN
                && !json
            {
                print_lines(&[text::safe(&app.account_key(name)?.line)]);
            }
            let Some(added) = added? else { return Ok(HELD) };
            (one(added), text::account_added)
        }
        AccountCommand::List => (app.list_accounts()?, text::account),
        AccountCommand::Test { name } => {
            say_trying(name.as_deref().unwrap_or("the account"));
            (one(app.test_account(name.as_deref())?), text::account_told)
        }
        AccountCommand::Usage { name } => (one(app.account_usage(name.as_deref())?), text::account_told),
        AccountCommand::Remove { name } => (one(app.remove_account(name)?), text::account_removed),
    };
    show(&all, json, |all| {
        text::or_nothing(
            all,
            "This computer has no account. One is added by `offsync account add NAME MAILBOX_URL`; a folder needs none.",
            tell,
        )
    })
}

/// Adds one; `None` if its server is not the one that was meant.
fn add(app: &App, name: &str, mailbox: &str) -> Result<Option<AccountView>, AppError> {
    let mut request = AccountRequest {
        name: name.to_owned(),
        mailbox: mailbox.to_owned(),
        ..AccountRequest::default()
    };
    let (id, secret) = match app.asked_for(name, mailbox)? {
        None | Some(Asked::Browser { .. }) => return app.add_account(&request).map(Some),
        Some(Asked::Key { id }) => {
            request.id = meant_id(app, mailbox, id)?;
            say_trying(name);
            let agreed = match said(HOST_KEY) {
                None => agreed_host_key(&app.shown_host_key(name, mailbox)?)?,
                said => said,
            };
            if agreed.is_none() {
                return Ok(None);
            }
            request.host_key = agreed;
            return app.add_account(&request).map(Some);
        }
        Some(Asked::Typed { id, secret }) => (id, secret),
    };
    if let Some(warning) = app.readable_line(mailbox)?
        && prompt::is_possible()
    {
        warn(warning);
    }
    request.id = meant_id(app, mailbox, id)?;
    request.secret = match said(SECRET) {
        Some(secret) => Some(Zeroizing::new(secret)),
        None => prompt::secret(&format!("{secret} (it is not shown): ")),
    };
    if request.secret.is_none() && !prompt::is_possible() {
        return Err(usage_error(format!(
            "Nobody can be asked for the {} here: set {ID} and {SECRET}, or run it in a terminal.",
            secret.to_lowercase()
        )));
    }
    say_trying(name);
    app.add_account(&request).map(Some)
}

/// Reads what a variable of the environment says; what is empty says nothing.
fn said(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|said| !said.is_empty())
}

/// Gives who the account is of, as the address or the environment says, or else somebody who is asked for it.
fn meant_id(app: &App, mailbox: &str, asked: &str) -> Result<Option<String>, AppError> {
    match (app.named_id(mailbox)?, said(ID)) {
        (Some(named), Some(said)) if named != said => Err(usage_error(format!(
            "The address names '{}', and {ID} says '{}'. Say the same twice, or say it once.",
            text::safe(&named),
            text::safe(&said)
        ))),
        (None, None) => Ok(prompt::line(&format!("{asked}: "))),
        (named, said) => Ok(named.or(said)),
    }
}

/// Tells whoever sits there that an answer is waited for: some servers take a minute to say nothing.
fn say_trying(name: &str) {
    if prompt::is_possible() {
        warn(&format!("Trying {}...", text::safe(name)));
    }
}

/// Lets a person compare the key that a server shows; one that was agreed on before is not asked for again. `None` if it is not
/// the one.
fn agreed_host_key(shown: &ShownHostKey) -> Result<Option<String>, AppError> {
    let ShownHostKey {
        server, fingerprint, ..
    } = shown;
    let (server, question) = (
        text::safe(server),
        match &shown.agreed {
            Some(agreed) if agreed == fingerprint => return Ok(Some(fingerprint.clone())),
            Some(agreed) => format!(
                "'{}' shows another host key than before. It was\n  {}\nand is now\n  {fingerprint}\nSomebody may be in between; go on only if the server was set up anew, and whoever looks after it names that key. Go on with it?",
                text::safe(server),
                text::safe(agreed),
            ),
            None => format!(
                "'{}' shows this host key:\n  {fingerprint}\nAt the server, `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` shows the same if nobody is in between; on one without such a key, another file there that begins with ssh_host and ends with key.pub. Is it the same?",
                text::safe(server),
            ),
        },
    );
    match prompt::yes(&question) {
        Some(true) => Ok(Some(fingerprint.clone())),
        Some(false) => {
            print_lines(&[format!("Nothing was added, and nothing was sent to '{server}'.")]);
            Ok(None)
        }
        None => Err(usage_error(format!(
            "Nobody can be asked here whether the host key of '{server}' is {fingerprint}: compare it, and set {HOST_KEY} to the right one, or run it in a terminal."
        ))),
    }
}
