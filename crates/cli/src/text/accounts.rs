//! Accounts, as people read them.

use offsync_app::AccountView;

use super::safe;

/// Tells one of several in two lines.
pub(crate) fn account(view: &AccountView) -> Vec<String> {
    let archives: Vec<String> = view.archives.iter().map(|name| format!("'{}'", safe(name))).collect();
    let used = match archives.as_slice() {
        [] => String::new(),
        archives => format!(" It holds the mailbox of {}.", archives.join(", ")),
    };
    vec![
        format!("{}: {}", safe(&view.name), safe(&view.mailbox)),
        format!("  {}{used}", view.message),
    ]
}

/// Tells what is known of one that was asked about.
pub(crate) fn account_told(view: &AccountView) -> Vec<String> {
    vec![format!("{}: {}", safe(&view.name), view.message)]
}

/// Tells that one was added, and what to do with it.
pub(crate) fn account_added(view: &AccountView) -> Vec<String> {
    let name = safe(&view.name);
    vec![
        format!("Added '{name}'. {}", view.message),
        format!("Wherever a MAILBOX is asked for, say {name}, or {name}:FOLDER for a folder in it."),
    ]
}

/// Tells that one was removed.
pub(crate) fn account_removed(view: &AccountView) -> Vec<String> {
    vec![format!("Removed '{}'. {}", safe(&view.name), view.message)]
}
