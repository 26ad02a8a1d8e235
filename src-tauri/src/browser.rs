//! The browser of whoever sits at the window: where it is sent, what is pasted from another one, and an end to waiting.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use offsync_app::view::Event;
use offsync_app::{Browser, open_in_browser};

use crate::board::{Tell, held};

/// A browser beside the window, or on another device.
///
/// Sign-ins are numbered as they are asked for: one that was given up while another one was still under way never begins.
pub(crate) struct BrowserBeside {
    tell: Tell,
    pasted: Mutex<Option<String>>,
    /// How many were asked for.
    asked: AtomicU64,
    /// Which one is under way.
    now: AtomicU64,
    /// This one and all before it were given up.
    given_up: AtomicU64,
}

impl BrowserBeside {
    pub(crate) fn new(tell: Tell) -> Self {
        Self {
            tell,
            pasted: Mutex::default(),
            asked: AtomicU64::new(0),
            now: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
        }
    }

    /// Gives the number of a sign-in that is asked for; all before it give way.
    pub(crate) fn ask(&self) -> u64 {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.given_up.fetch_max(number - 1, Ordering::SeqCst);
        number
    }

    #[cfg(test)]
    pub(crate) fn so_many_asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// Begins a sign-in anew: what was pasted before belongs to another one. Tells whether it is wanted still.
    pub(crate) fn begin(&self, number: u64) -> bool {
        *held(&self.pasted) = None;
        self.now.store(number, Ordering::SeqCst);
        !self.is_given_up()
    }

    /// Takes the address that another browser ended at.
    pub(crate) fn paste(&self, address: String) {
        *held(&self.pasted) = Some(address);
    }

    /// Ends the waiting, also of whoever has yet to begin.
    pub(crate) fn give_up(&self) {
        let all = self.asked.load(Ordering::SeqCst);
        self.given_up.fetch_max(all, Ordering::SeqCst);
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
        self.now.load(Ordering::SeqCst) <= self.given_up.load(Ordering::SeqCst)
    }

    fn came_back(&self) {
        (self.tell)(Event::SigningIn { url: None });
    }
}
