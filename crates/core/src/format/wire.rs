//! The alphabet of all formats: varints, byte strings and ids, written once and read with care.
//!
//! A [`Reader`] is total: it never reads past the end, never overflows, and a count never makes
//! it reserve more than the bytes that are left could fill. Varints have one spelling.

use crate::ids::LocationId;
use crate::version_vector::VersionVector;

/// Bytes that are not what the format says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {what} makes no sense")]
pub struct WireError {
    what: &'static str,
}

impl WireError {
    /// Names the part that makes no sense.
    pub const fn new(what: &'static str) -> Self {
        Self { what }
    }
}

/// Collects the bytes of a body.
#[derive(Clone, Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Writes one byte.
    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Writes bytes whose number the reader knows.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Writes a number as LEB128: seven bits a byte, lowest first, the high bit set on all but the last.
    pub fn uint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// Writes a signed number, zigzagged: 0, -1, 1, -2 become 0, 1, 2, 3.
    pub fn int(&mut self, number: i64) {
        self.uint(((number << 1) ^ (number >> 63)) as u64);
    }

    /// Writes how many follow.
    pub fn count(&mut self, count: usize) {
        self.uint(count as u64);
    }

    /// Writes a length and the bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    /// Writes a vector: how many, then each location with its sequence, in order of id.
    pub fn vector(&mut self, vector: &VersionVector) {
        self.count(vector.iter().count());
        for (location, sequence) in vector.iter() {
            self.raw(location.as_bytes());
            self.uint(sequence);
        }
    }

    /// Gives what was written.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads a body from front to back.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Begins at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Tells how many bytes are left.
    pub fn left(&self) -> usize {
        self.0.len()
    }

    /// Reads one byte.
    pub fn byte(&mut self, what: &'static str) -> Result<u8, WireError> {
        Ok(self.array::<1>(what)?[0])
    }

    /// Reads as many bytes as asked for.
    pub fn raw(&mut self, len: usize, what: &'static str) -> Result<&'a [u8], WireError> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(WireError::new(what))?;
        self.0 = rest;
        Ok(bytes)
    }

    /// Reads a fixed number of bytes.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], WireError> {
        let (bytes, rest) = self.0.split_first_chunk::<N>().ok_or(WireError::new(what))?;
        self.0 = rest;
        Ok(*bytes)
    }

    /// Reads a number in its only spelling.
    pub fn uint(&mut self, what: &'static str) -> Result<u64, WireError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(what)?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 || shift > 0 && byte == 0 {
                return Err(WireError::new(what));
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(WireError::new(what))
    }

    /// Reads a number of at most 32 bits.
    pub fn uint32(&mut self, what: &'static str) -> Result<u32, WireError> {
        self.uint(what)?.try_into().map_err(|_| WireError::new(what))
    }

    /// Reads a zigzagged number.
    pub fn int(&mut self, what: &'static str) -> Result<i64, WireError> {
        let folded = self.uint(what)?;
        Ok((folded >> 1) as i64 ^ -((folded & 1) as i64))
    }

    /// Reads how many follow, each at least `least_bytes` long: more than could be there is refused.
    pub fn count(&mut self, least_bytes: usize, what: &'static str) -> Result<usize, WireError> {
        let count = usize::try_from(self.uint(what)?).map_err(|_| WireError::new(what))?;
        if count.checked_mul(least_bytes).is_none_or(|bytes| bytes > self.left()) {
            return Err(WireError::new(what));
        }
        Ok(count)
    }

    /// Reads a yes or no.
    pub fn flag(&mut self, what: &'static str) -> Result<bool, WireError> {
        match self.byte(what)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError::new(what)),
        }
    }

    /// Reads whether something follows, and if so that.
    pub fn option<T>(
        &mut self,
        what: &'static str,
        mut item: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Option<T>, WireError> {
        if self.flag(what)? {
            item(self).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Reads how many follow, then each, at least `least_bytes` long.
    pub fn list<T>(
        &mut self,
        least_bytes: usize,
        what: &'static str,
        mut item: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
        let count = self.count(least_bytes, what)?;
        (0..count).map(|_| item(self)).collect()
    }

    /// Reads a length and that many bytes.
    pub fn bytes(&mut self, what: &'static str) -> Result<&'a [u8], WireError> {
        let len = self.count(1, what)?;
        self.raw(len, what)
    }

    /// Reads a length and that much UTF-8.
    pub fn text(&mut self, what: &'static str) -> Result<String, WireError> {
        let bytes = self.bytes(what)?;
        std::str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|_| WireError::new(what))
    }

    /// Reads a vector: ids in rising order, no sequence 0.
    pub fn vector(&mut self, what: &'static str) -> Result<VersionVector, WireError> {
        let count = self.count(17, what)?;
        let (mut vector, mut last) = (VersionVector::default(), None);
        for _ in 0..count {
            let location = LocationId::new(self.array(what)?);
            let sequence = self.uint(what)?;
            if sequence == 0 || last.is_some_and(|last| last >= location) {
                return Err(WireError::new(what));
            }
            vector.raise(location, sequence);
            last = Some(location);
        }
        Ok(vector)
    }

    /// Ends: nothing may be left.
    pub fn finish(self, what: &'static str) -> Result<(), WireError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(WireError::new(what))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_survive(unsigned: u64, signed: i64) {
            let mut out = Writer::default();
            out.uint(unsigned);
            out.int(signed);
            let bytes = out.finish();
            let mut read = Reader::new(&bytes);
            prop_assert_eq!(read.uint("n"), Ok(unsigned));
            prop_assert_eq!(read.int("n"), Ok(signed));
            prop_assert_eq!(read.finish("end"), Ok(()));
        }

        #[test]
        fn a_number_that_reads_is_written_the_same(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            let mut read = Reader::new(&bytes);
            if let Ok(number) = read.uint("n") {
                let mut out = Writer::default();
                out.uint(number);
                prop_assert_eq!(&out.finish()[..], &bytes[..bytes.len() - read.left()]);
            }
        }
    }

    #[test]
    fn a_number_has_one_spelling() {
        for bad in [&[0x80, 0x00][..], &[0xff; 10], &[0x80], &[]] {
            assert!(Reader::new(bad).uint("n").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_count_beyond_the_end_is_refused_before_anything_is_reserved() {
        let mut out = Writer::default();
        out.uint(u64::MAX);
        let bytes = out.finish();
        assert!(Reader::new(&bytes).count(1, "n").is_err());
        assert!(Reader::new(&[2, 0]).count(1, "n").is_err());
        assert!(Reader::new(&[1, 0]).count(1, "n").is_ok());
    }

    #[test]
    fn a_vector_has_one_spelling() {
        let (a, b) = ([1; 16], [2; 16]);
        let twice = [&[2][..], &a, &[1], &a, &[1]].concat();
        let falling = [&[2][..], &b, &[1], &a, &[1]].concat();
        let nothing = [&[1][..], &a, &[0]].concat();
        for bad in [twice, falling, nothing] {
            assert!(Reader::new(&bad).vector("vector").is_err());
        }
    }
}
