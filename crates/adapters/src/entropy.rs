//! The operating system's randomness.
//!
//! Never falls back to anything weaker.

use offsync_core::ports::Entropy;

/// Gives random bytes of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("an operating system without randomness cannot keep secrets");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        let entropy: &dyn Entropy = &OsEntropy;
        assert_ne!(entropy.sixteen(), entropy.sixteen());
    }
}
