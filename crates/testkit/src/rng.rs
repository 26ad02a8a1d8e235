//! The one source of chance in a simulation: equal seeds give equal streams, on every machine, for ever.

use std::ops::Range;

/// A small generator (xoshiro256**, seeded by SplitMix64); good for schedules, never for keys.
///
/// Source: Blackman and Vigna, <https://prng.di.unimi.it/>.
#[derive(Clone, Debug)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// Starts a stream from a seed.
    pub fn new(seed: u64) -> Self {
        let mut counter = seed;
        let mut next = || {
            counter = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(counter)
        };
        Self {
            state: [next(), next(), next(), next()],
        }
    }

    /// Splits off a stream of its own, so that what one part draws never shifts another part's.
    pub fn fork(&mut self) -> Self {
        Self::new(self.next_u64())
    }

    /// Gives the next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let result = self.state[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = self.state[1] << 17;
        self.state[2] ^= self.state[0];
        self.state[3] ^= self.state[1];
        self.state[1] ^= self.state[2];
        self.state[0] ^= self.state[3];
        self.state[2] ^= shifted;
        self.state[3] = self.state[3].rotate_left(45);
        result
    }

    /// Gives a number below `limit`; 0 if `limit` is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        // Multiply-shift: the bias is below 2^-32 for every limit that a schedule uses.
        u64::try_from((u128::from(self.next_u64()) * u128::from(limit)) >> 64).expect("a product's upper half fits")
    }

    /// Gives a position in something of `len` parts; 0 if it has none.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).expect("below a usize")
    }

    /// Gives a number within a half-open range; its start if the range is empty.
    pub fn range(&mut self, range: Range<u64>) -> u64 {
        range.start + self.below(range.end.saturating_sub(range.start))
    }

    /// Says yes in so many of a hundred cases.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < u64::from(percent)
    }

    /// Chooses one; `None` if there is none.
    pub fn choose<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let at = self.index(from.len());
        from.get(at)
    }

    /// Chooses one by weight; `None` if all weights are 0.
    pub fn weighted<'a, T>(&mut self, from: &'a [(u32, T)]) -> Option<&'a T> {
        let sum = from.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let mut left = self.below(sum);
        for (weight, choice) in from {
            if left < u64::from(*weight) {
                return Some(choice);
            }
            left -= u64::from(*weight);
        }
        None
    }

    /// Brings a slice into a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.index(last + 1);
            items.swap(last, other);
        }
    }

    /// Gives so many random bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len + 8);
        while bytes.len() < len {
            bytes.extend_from_slice(&self.next_u64().to_le_bytes());
        }
        bytes.truncate(len);
        bytes
    }
}

/// Mixes 64 bits so that each input has its own output (SplitMix64's finalizer, a bijection).
pub(crate) fn mix(input: u64) -> u64 {
    let mut z = input;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_replays() {
        let (mut one, mut two) = (Rng::new(7), Rng::new(7));
        assert_eq!(one.bytes(100), two.bytes(100));
        assert_ne!(Rng::new(7).next_u64(), Rng::new(8).next_u64());
    }

    #[test]
    fn a_stream_never_changes_between_releases() {
        let mut rng = Rng::new(0);
        assert_eq!(
            [rng.next_u64(), rng.next_u64()],
            [0x99ec_5f36_cb75_f2b4, 0xbf6e_1f78_4956_452a]
        );
    }

    #[test]
    fn weights_are_kept_and_zero_is_never_chosen() {
        let mut rng = Rng::new(1);
        let mut seen = [0; 3];
        for _ in 0..4000 {
            seen[*rng.weighted(&[(1, 0), (0, 1), (3, 2)]).expect("some weight")] += 1;
        }
        assert_eq!(seen[1], 0);
        assert!((700..1300).contains(&seen[0]), "{seen:?}");
        assert_eq!(rng.weighted(&[(0, 1)]), None);
    }

    #[test]
    fn nothing_to_choose_is_no_panic() {
        let mut rng = Rng::new(1);
        assert_eq!(rng.choose::<u8>(&[]), None);
        assert_eq!(rng.range(5..5), 5);
        assert_eq!(rng.below(0), 0);
    }

    #[test]
    fn shuffling_keeps_all() {
        let mut items: Vec<u32> = (0..50).collect();
        Rng::new(3).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
