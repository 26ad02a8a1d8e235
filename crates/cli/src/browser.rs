//! The browser of whoever sits at a terminal.

use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};

use offsync_app::Browser;

use crate::outcome::warn;
use crate::prompt;

/// A browser beside a terminal, or on another device.
#[derive(Default)]
pub(crate) struct BrowserBeside {
    lines: Mutex<Option<Receiver<String>>>,
}

impl Browser for BrowserBeside {
    fn open(&self, service: &str, url: &str) {
        warn(&format!(
            "Sign in to {service} in the browser that opens now. If none does, or it is on another device, open this address there:\n\n  {url}\n"
        ));
        // Nobody is told where there is none: the address stands above.
        let _ = browser(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        if !prompt::is_possible() {
            return;
        }
        warn(
            "On another device the last page cannot be shown: copy its address from the browser, paste it here, and press Enter.",
        );
        let (send, lines) = channel();
        *self.lines.lock().unwrap_or_else(PoisonError::into_inner) = Some(lines);
        // It ends with the program: a line that is waited for cannot be given up.
        std::thread::spawn(move || {
            while let Some(line) = prompt::line("") {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
    }

    fn pasted(&self) -> Option<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.as_ref()?.try_recv().ok().filter(|line| !line.is_empty())
    }
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
