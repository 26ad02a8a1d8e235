//! Waiting for what talks to clouds, from anywhere: also from inside another tokio runtime.

use std::future::Future;
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use offsync_core::ports::{MailboxError, MailboxErrorKind};
use tokio::runtime::{Builder, Runtime};

/// Threads that talk to clouds; they wait more than they work.
const THREADS: usize = 2;
/// How often a call is made in all, where it is the line or the service that fails it.
const ATTEMPTS: u32 = 4;
/// How long is waited before the second attempt; before each next one, twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

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

/// Makes a call on our own threads and waits for it; again a few times if it fails with what may be otherwise right after.
pub(crate) fn wait_and_retry<T, E, F>(
    call: impl Fn() -> F + Send + 'static,
    is_worth_another: fn(&E) -> bool,
    told: fn(E) -> MailboxError,
) -> Result<T, MailboxError>
where
    T: Send + 'static,
    E: Send + 'static,
    F: Future<Output = Result<T, E>> + Send,
{
    wait_for(async move {
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            match call().await {
                Err(error) if is_worth_another(&error) => tokio::time::sleep(pause).await,
                done => return done.map_err(told),
            }
            pause *= 2;
        }
        call().await.map_err(told)
    })
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
