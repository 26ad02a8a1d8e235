//! A person's browser, as far as signing in needs it.

/// How a person is led to a service to sign in to.
pub trait Browser: Send + Sync {
    /// Opens an address of a service, and shows it to whoever has the browser elsewhere.
    fn open(&self, service: &str, url: &str);
    /// Gives the address that the browser ended at, once somebody pasted it here; waits for nothing.
    fn pasted(&self) -> Option<String>;
}
