//! Signing in, one person at a time.
//!
//! What is typed to open an account goes through here once and is wiped. Never printed, never sent back.

use std::sync::{Arc, Mutex};

use offsync_app::AppError;
use offsync_app::view::Failure;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::board::held;
use crate::browser::BrowserBeside;

/// What a person typed to open an account.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(crate) struct Secret(Zeroizing<String>);

impl From<String> for Secret {
    fn from(typed: String) -> Self {
        Self(Zeroizing::new(typed))
    }
}

impl Secret {
    pub(crate) fn typed(self) -> Zeroizing<String> {
        self.0
    }
}

/// Who signs in now.
pub(crate) struct SigningIn {
    browser: Arc<BrowserBeside>,
    turn: Mutex<()>,
}

impl SigningIn {
    pub(crate) fn with(browser: Arc<BrowserBeside>) -> Self {
        Self {
            browser,
            turn: Mutex::default(),
        }
    }

    /// Signs in, once whoever else waits for a browser has given way: a window that was closed waits for nobody.
    pub(crate) fn run<T>(&self, sign_in: impl FnOnce() -> Result<T, AppError>) -> Result<T, Failure> {
        self.browser.give_up();
        let _turn = held(&self.turn);
        self.browser.begin();
        sign_in().map_err(|error| error.on_screen())
    }

    /// Takes the address that a browser elsewhere ended at.
    pub(crate) fn paste(&self, address: String) {
        self.browser.paste(address);
    }

    /// Ends the waiting for a browser.
    pub(crate) fn give_up(&self) {
        self.browser.give_up();
    }
}
