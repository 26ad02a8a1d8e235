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
use crate::refusals::given_up;

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
        let number = self.browser.ask();
        let _turn = held(&self.turn);
        if !self.browser.begin(number) {
            return Err(given_up());
        }
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    fn signing_in() -> Arc<SigningIn> {
        Arc::new(SigningIn::with(Arc::new(BrowserBeside::new(Arc::new(|_| {})))))
    }

    /// Signs in on a thread of its own; gives when it began, and a way to let it end.
    fn under_way(
        signing_in: &Arc<SigningIn>,
    ) -> (mpsc::Receiver<()>, mpsc::Sender<()>, impl FnOnce() -> Option<Failure>) {
        let (began, begins) = mpsc::channel();
        let (end, ends) = mpsc::channel();
        let all = signing_in.clone();
        let thread = std::thread::spawn(move || {
            let done = all.run(|| {
                // Whoever asked may be gone, and with them the other end.
                let _ = began.send(());
                let _ = ends.recv();
                Ok(())
            });
            done.err()
        });
        (begins, end, || thread.join().expect("it ends"))
    }

    fn wait_until_asked(signing_in: &SigningIn, number: u64) {
        while signing_in.browser.so_many_asked() < number {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn who_is_given_up_while_another_is_under_way_never_begins() {
        let signing_in = signing_in();
        let (begins, end, first) = under_way(&signing_in);
        begins.recv().expect("nobody is before it");
        let (queued, _end, second) = under_way(&signing_in);
        wait_until_asked(&signing_in, 2);
        signing_in.give_up();
        end.send(()).expect("it is waited for");
        assert_eq!(first(), None, "what was under way had its answer already");
        let failure = second().expect("it was given up");
        assert_eq!(failure.code, "given_up");
        assert!(queued.recv().is_err(), "it never began");

        let (begins, end, third) = under_way(&signing_in);
        begins.recv().expect("another one begins as ever");
        end.send(()).expect("it is waited for");
        assert_eq!(third(), None);
    }

    #[test]
    fn the_last_who_asks_takes_the_place_of_all_before() {
        let signing_in = signing_in();
        let (begins, end, first) = under_way(&signing_in);
        begins.recv().expect("nobody is before it");
        let (_, _end, second) = under_way(&signing_in);
        wait_until_asked(&signing_in, 2);
        let (begins, last, third) = under_way(&signing_in);
        wait_until_asked(&signing_in, 3);
        end.send(()).expect("it is waited for");
        last.send(()).expect("it is waited for");
        begins.recv().expect("it begins");
        assert_eq!((first(), third()), (None, None));
        assert_eq!(second().map(|failure| failure.code), Some("given_up".into()));
    }
}
