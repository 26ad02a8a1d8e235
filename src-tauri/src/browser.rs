//! The browser of whoever sits at the window: where it is sent, what is pasted from another one, and an end to waiting.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use offsync_app::view::Event;
use offsync_app::{Browser, open_in_browser};

use crate::board::{Tell, held};

/// A browser beside the window, or on another device.
pub(crate) struct BrowserBeside {
    tell: Tell,
    pasted: Mutex<Option<String>>,
    is_given_up: AtomicBool,
}

impl BrowserBeside {
    pub(crate) fn new(tell: Tell) -> Self {
        Self {
            tell,
            pasted: Mutex::default(),
            is_given_up: AtomicBool::new(false),
        }
    }

    /// Begins anew: what was pasted or given up before belongs to another sign-in.
    pub(crate) fn begin(&self) {
        *held(&self.pasted) = None;
        self.is_given_up.store(false, Ordering::SeqCst);
    }

    /// Takes the address that another browser ended at.
    pub(crate) fn paste(&self, address: String) {
        *held(&self.pasted) = Some(address);
    }

    /// Ends the waiting.
    pub(crate) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::SeqCst);
    }
}

impl Browser for BrowserBeside {
    fn open(&self, _: &str, url: &str) {
        (self.tell)(Event::SigningIn { url: Some(url.into()) });
        // Nobody's own browser is opened by a test.
        if !cfg!(test) {
            open_in_browser(url);
        }
    }

    fn pasted(&self) -> Option<String> {
        held(&self.pasted).take()
    }

    fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::SeqCst)
    }

    fn came_back(&self) {
        (self.tell)(Event::SigningIn { url: None });
    }
}
