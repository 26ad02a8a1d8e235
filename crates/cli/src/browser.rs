//! The browser of whoever sits at a terminal.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};

use offsync_app::{Browser, open_in_browser};

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
        open_in_browser(url);
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
