//! A person's browser, as far as signing in needs it.

use std::process::{Command, Stdio};

/// How a person is led to a service to sign in to.
pub trait Browser: Send + Sync {
    /// Opens an address of a service, and shows it to whoever has the browser elsewhere.
    fn open(&self, service: &str, url: &str);
    /// Gives the address that the browser ended at, once somebody pasted it here; waits for nothing.
    fn pasted(&self) -> Option<String>;
    /// Tells whether whoever was to sign in does not want to any more.
    fn is_given_up(&self) -> bool {
        false
    }
    /// Hears that the browser has come back, and that what it brought is tried out now.
    fn came_back(&self) {}
}

/// Opens an address in the browser of this system; where there is none, nobody is told.
pub fn open_in_browser(url: &str) {
    let _ = browser(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}

/// Gives what opens an address on this system.
fn browser(url: &str) -> Command {
    let mut command = match std::env::var_os("BROWSER").filter(|browser| !browser.is_empty()) {
        Some(browser) => Command::new(browser),
        None if cfg!(target_os = "macos") => Command::new("open"),
        None if cfg!(windows) => {
            let mut command = Command::new("rundll32");
            command.arg("url.dll,FileProtocolHandler");
            command
        }
        None => Command::new("xdg-open"),
    };
    command.arg(url);
    command
}
