//! Chunking: content-defined cuts, so that an edit changes the chunks it touches and no others.
//!
//! FastCDC (Xia et al., 2020) with frozen parameters: all locations must cut alike, for ever.
//! A file that fits one chunk is one chunk.

use fastcdc::v2020::{FastCDC, Normalization};

use crate::limits::{CHUNK_BYTES_AVERAGE, CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, SINGLE_CHUNK_BYTES_MAX};

const NORMALIZATION: Normalization = Normalization::Level1;

/// Gives the ends of all chunks of a content, in order; none for an empty one.
pub fn boundaries(content: &[u8]) -> Vec<usize> {
    let is_cut = content.len() as u64 > SINGLE_CHUNK_BYTES_MAX;
    let (mut ends, mut end) = (Vec::new(), 0);
    while end < content.len() {
        end += if is_cut {
            first_cut(&content[end..])
        } else {
            content.len()
        };
        ends.push(end);
    }
    ends
}

/// Cuts a content that is fed piece by piece.
///
/// Holds at most [`CHUNK_BYTES_MAX`] bytes between calls.
#[derive(Clone, Debug, Default)]
pub struct Cutter {
    pending: Vec<u8>,
    is_cutting: bool,
}

impl Cutter {
    /// Begins a content.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and hands each chunk that is complete to `chunk`.
    pub fn push(&mut self, bytes: &[u8], mut chunk: impl FnMut(Vec<u8>)) {
        for piece in bytes.chunks(CHUNK_BYTES_MIN) {
            self.pending.extend_from_slice(piece);
            self.is_cutting |= self.pending.len() as u64 > SINGLE_CHUNK_BYTES_MAX;
            while self.pending.len() >= CHUNK_BYTES_MAX {
                chunk(self.cut());
            }
        }
    }

    /// Ends the content and hands the last chunks to `chunk`.
    pub fn finish(mut self, mut chunk: impl FnMut(Vec<u8>)) {
        while !self.pending.is_empty() {
            chunk(self.cut());
        }
    }

    fn cut(&mut self) -> Vec<u8> {
        let len = if self.is_cutting {
            first_cut(&self.pending)
        } else {
            self.pending.len()
        };
        let rest = self.pending.split_off(len);
        std::mem::replace(&mut self.pending, rest)
    }
}

fn first_cut(content: &[u8]) -> usize {
    let cdc = FastCDC::with_level(
        content,
        CHUNK_BYTES_MIN,
        CHUNK_BYTES_AVERAGE,
        CHUNK_BYTES_MAX,
        NORMALIZATION,
    );
    cdc.cut(0, content.len()).1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives bytes that look random, the same in every run.
    fn noise(seed: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        blake3::Hasher::new()
            .update(&seed.to_le_bytes())
            .finalize_xof()
            .fill(&mut bytes);
        bytes
    }

    fn cut_in_steps(content: &[u8], step: usize) -> Vec<Vec<u8>> {
        let (mut cutter, mut chunks) = (Cutter::new(), Vec::new());
        for piece in content.chunks(step) {
            cutter.push(piece, |chunk| chunks.push(chunk));
            assert!(cutter.pending.capacity() <= 2 * CHUNK_BYTES_MAX);
        }
        cutter.finish(|chunk| chunks.push(chunk));
        chunks
    }

    #[test]
    fn the_cuts_of_a_known_content_never_change() {
        assert_eq!(boundaries(&noise(1, 12 << 20)), GOLDEN_NOISE);
        assert_eq!(boundaries(&vec![0; 8 << 20]), GOLDEN_ZEROS);
    }

    #[test]
    fn small_contents_are_one_chunk_and_empty_ones_none() {
        assert_eq!(boundaries(&[]), Vec::<usize>::new());
        assert_eq!(boundaries(b"x"), [1]);
        let most = SINGLE_CHUNK_BYTES_MAX as usize;
        assert_eq!(boundaries(&noise(2, most)), [most]);
        assert_eq!(cut_in_steps(&noise(2, most), 1 << 16).len(), 1);
    }

    #[test]
    fn an_insertion_changes_the_chunks_around_it_alone() {
        let old = noise(3, 12 << 20);
        let new = [&old[..5 << 20], b"inserted", &old[5 << 20..]].concat();
        let (before, after) = (cut_in_steps(&old, 1 << 16), cut_in_steps(&new, 1 << 16));
        let changed = after.iter().filter(|chunk| !before.contains(chunk)).count();
        assert!(changed <= 2, "{changed} of {}", after.len());
    }

    #[test]
    fn chunks_keep_their_bounds() {
        let chunks = cut_in_steps(&noise(4, 24 << 20), 100_000);
        let (last, others) = chunks.split_last().expect("not empty");
        assert!(
            others
                .iter()
                .all(|chunk| (CHUNK_BYTES_MIN..=CHUNK_BYTES_MAX).contains(&chunk.len()))
        );
        assert!(last.len() <= CHUNK_BYTES_MAX);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn it_does_not_matter_how_a_content_is_fed(seed: u64, len in 0usize..6 << 20, step in 1_000usize..4 << 20) {
            let content = noise(seed, len);
            let chunks = cut_in_steps(&content, step);
            let ends: Vec<usize> = chunks.iter().scan(0, |end, chunk| { *end += chunk.len(); Some(*end) }).collect();
            prop_assert_eq!(ends, boundaries(&content));
            prop_assert_eq!(chunks.concat(), content);
        }
    }

    const GOLDEN_NOISE: [usize; 9] = [
        491952, 1541586, 2193165, 2725819, 5866170, 7769422, 9037855, 10804598, 12582912,
    ];
    const GOLDEN_ZEROS: [usize; 3] = [3145728, 6291456, 8388608];
}
