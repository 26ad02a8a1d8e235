//! Time, told from outside.

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Gives nanoseconds since 1970, UTC. May jump either way.
    fn now_ns(&self) -> i64;
}
