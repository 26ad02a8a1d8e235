//! Waiting for what talks to clouds, from anywhere: also from inside another tokio runtime.

use std::future::Future;
use std::sync::{Arc, OnceLock, mpsc};

use offsync_core::ports::{MailboxError, MailboxErrorKind};
use tokio::runtime::{Builder, Runtime};

/// Threads that talk to clouds; they wait more than they work.
const THREADS: usize = 2;

/// Runs a future on our own threads and waits for it.
pub(crate) fn wait_for<T: Send + 'static>(
    future: impl Future<Output = Result<T, MailboxError>> + Send + 'static,
) -> Result<T, MailboxError> {
    let (answer, answered) = mpsc::sync_channel(1);
    shared_runtime()?.spawn(async move {
        // Nobody listens any more only if the caller's thread is gone.
        let _ = answer.send(future.await);
    });
    answered
        .recv()
        .unwrap_or_else(|_| Err(broken("the mailbox gave no answer")))
}

/// Gives the one runtime of this process, made at the first use.
fn shared_runtime() -> Result<Arc<Runtime>, MailboxError> {
    static RUNTIME: OnceLock<Arc<Runtime>> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime.clone());
    }
    let made = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("offsync-mailbox")
        .enable_all()
        .build();
    let runtime = made.map_err(|error| broken(&format!("no threads for the mailbox: {error}")))?;
    // If two threads come first at once, one runtime is dropped, which is allowed here: this is no async context
    // of its own.
    Ok(RUNTIME.get_or_init(|| Arc::new(runtime)).clone())
}

fn broken(reason: &str) -> MailboxError {
    MailboxError::new(MailboxErrorKind::Broken, reason)
}
