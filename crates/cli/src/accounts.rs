//! `account`: signing this computer in to where mailboxes lie. No secret is ever taken from an argument.

use clap::{Args, Subcommand};
use offsync_app::{AccountRequest, AccountView, App, Asked, offerings};
use zeroize::Zeroizing;

use crate::outcome::{Outcome, show, usage_error};
use crate::prompt;
use crate::text;

/// What names an account, where nobody can be asked.
const ID: &str = "OFFSYNC_ACCOUNT_ID";
/// What opens it.
const SECRET: &str = "OFFSYNC_ACCOUNT_SECRET";

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
        after_help = "Examples:\n  offsync account add pep-cloud webdav://cloud.example.org/remote.php/dav/files/pep/offsync\n  offsync account add box \"s3://pep-offsync?endpoint=https://s3.example.org&region=eu-central-1\"\n\nYou are asked for the user and the password, or for what the service has in their place: an app password, an access key and its secret. Where nobody can be asked, they are read from OFFSYNC_ACCOUNT_ID and OFFSYNC_ACCOUNT_SECRET. Said once more, it signs in again."
    )]
    Add {
        /// What to call it on this computer
        name: String,
        /// Where in it mailboxes go: webdav://host/folder, s3://bucket/folder?endpoint=URL, fs:///folder
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
        AccountCommand::Add { name, mailbox_url } => (one(add(app, name, mailbox_url)?), text::account_added),
        AccountCommand::List => (app.list_accounts()?, text::account),
        AccountCommand::Test { name } => (one(app.test_account(name.as_deref())?), text::account_told),
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

fn add(app: &App, name: &str, mailbox: &str) -> Result<AccountView, offsync_app::AppError> {
    let mut request = AccountRequest {
        name: name.to_owned(),
        mailbox: mailbox.to_owned(),
        ..AccountRequest::default()
    };
    let (id, secret) = match app.asked_for(name, mailbox)? {
        None | Some(Asked::Browser { .. }) => return app.add_account(&request),
        Some(Asked::Typed { id, secret }) => (id, secret),
    };
    let said = |variable: &str| std::env::var(variable).ok().filter(|said| !said.is_empty());
    request.id = match said(ID) {
        None if !app.names_id(mailbox)? => prompt::line(&format!("{id}: ")),
        said => said,
    };
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
    app.add_account(&request)
}
