//! Simulated entropy: replays from a seed, and never gives the same sixteen bytes twice.

use std::sync::{Arc, Mutex};

use offsync_core::ports::Entropy;

use crate::lock::held;
use crate::rng::{Rng, mix};

/// Random bytes from a seed; clones draw from the same stream, as all computers of one world do.
#[derive(Clone, Debug)]
pub struct SimEntropy(Arc<Mutex<Stream>>);

#[derive(Debug)]
struct Stream {
    seed: u64,
    count: u64,
    rng: Rng,
}

impl SimEntropy {
    /// Starts a world's entropy.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0xe47e_0417);
        Self(Arc::new(Mutex::new(Stream {
            seed: rng.next_u64(),
            count: 0,
            rng,
        })))
    }
}

impl Entropy for SimEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        let mut stream = held(&self.0);
        for part in buffer.chunks_mut(16) {
            part.copy_from_slice(&stream.block()[..part.len()]);
        }
    }
}

impl Stream {
    /// Gives sixteen bytes; the first eight are a bijection of a counter and so never repeat.
    fn block(&mut self) -> [u8; 16] {
        self.count += 1;
        let unique = mix(self.seed.wrapping_add(self.count));
        let mut block = [0; 16];
        block[..8].copy_from_slice(&unique.to_le_bytes());
        block[8..].copy_from_slice(&self.rng.next_u64().to_le_bytes());
        block
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn id(entropy: &SimEntropy) -> [u8; 16] {
        (entropy as &dyn Entropy).sixteen()
    }

    #[test]
    fn no_id_is_given_twice() {
        let (one, two) = (SimEntropy::new(1), SimEntropy::new(1).clone());
        let other = one.clone();
        let ids: BTreeSet<_> = (0..5_000).flat_map(|_| [id(&one), id(&other)]).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.contains(&id(&two)), "equal seeds give equal streams");
    }

    #[test]
    fn odd_lengths_are_filled() {
        let mut long = [0; 40];
        SimEntropy::new(2).fill(&mut long);
        assert!(long[32..].iter().any(|b| *b != 0));
    }
}
