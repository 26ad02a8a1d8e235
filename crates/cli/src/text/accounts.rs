//! Accounts, as people read them.

use offsync_app::{AccountView, Offering};

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

/// Tells what a service asks for, and what its invitations can be misused for.
pub(crate) fn offering(service: &Offering) -> Vec<String> {
    let asks = service.asks.iter();
    let asks = asks.map(|asked| format!("    {{{}}}  {}, such as {}", asked.key, asked.label, asked.example));
    let mut lines = vec![
        format!("{} (free: {})", service.name, first_small(&service.free)),
        format!("  {}", quoted(&service.address)),
    ];
    lines.extend(asks);
    lines.push(format!("  First: {}", service.help));
    lines.push(format!("  Who has an invitation and its words can: {}", service.stolen));
    lines.push(format!("  That is ended so: {}", service.revoke));
    lines.push(String::new());
    lines
}

/// Puts an address that a shell would cut in two into quotes.
fn quoted(address: &str) -> String {
    match address.contains(['?', '&']) {
        true => format!("\"{address}\""),
        false => address.to_owned(),
    }
}

/// Lets a text go on in the middle of a sentence; names stay as they are.
fn first_small(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}
