//! A column of times: seconds above the earliest and nanoseconds, byte by byte across all rows.
//!
//! The high bytes of near times are alike and compress away; the low ones never would, and are
//! kept apart from them.

use super::wire::{Reader, WireError, Writer};

const NANOS: i64 = 1_000_000_000;
const NANOS_BYTES: usize = 4;
const SECONDS_BYTES_MAX: usize = 5;

/// Writes times: the earliest second, how many bytes a second takes, then the planes.
pub(super) fn write_times(out: &mut Writer, times_ns: &[i64]) {
    let seconds = || times_ns.iter().map(|time| time.div_euclid(NANOS));
    let base = seconds().min().unwrap_or(0);
    let highest = seconds().max().unwrap_or(0).abs_diff(base);
    let width = (64 - highest.leading_zeros()).div_ceil(8) as usize;
    out.int(base);
    out.byte(width as u8);
    for plane in 0..width {
        seconds().for_each(|second| out.byte((second.abs_diff(base) >> (8 * plane)) as u8));
    }
    for plane in 0..NANOS_BYTES {
        times_ns
            .iter()
            .for_each(|time| out.byte((time.rem_euclid(NANOS) >> (8 * plane)) as u8));
    }
}

/// Reads `count` times; nothing may follow.
pub(super) fn read_times(mut read: Reader<'_>, count: usize) -> Result<Vec<i64>, WireError> {
    const WRONG: WireError = WireError::new("column of times");
    let base = read.int("earliest time")?;
    let width = usize::from(read.byte("width of times")?);
    let planes_bytes = (width + NANOS_BYTES).checked_mul(count).ok_or(WRONG)?;
    if width > SECONDS_BYTES_MAX || read.left() != planes_bytes {
        return Err(WRONG);
    }
    let planes = read.raw(planes_bytes, "column of times")?;
    let number = |from: usize, width: usize, row: usize| {
        (0..width).rev().fold(0, |sum, plane| {
            sum << 8 | i64::from(planes[(from + plane) * count + row])
        })
    };
    let time = |row| {
        let nanos = number(width, NANOS_BYTES, row);
        let seconds = base.checked_add(number(0, width, row))?;
        let at_second = i128::from(seconds) * i128::from(NANOS);
        i64::try_from(at_second + i128::from(nanos))
            .ok()
            .filter(|_| nanos < NANOS)
    };
    (0..count).map(|row| time(row).ok_or(WRONG)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn times_survive(times in prop::collection::vec(any::<i64>(), 0..20)) {
            let mut out = Writer::default();
            write_times(&mut out, &times);
            let bytes = out.finish();
            prop_assert_eq!(read_times(Reader::new(&bytes), times.len()), Ok(times));
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..40), count in 0usize..9) {
            let _ = read_times(Reader::new(&bytes), count);
        }
    }

    #[test]
    fn the_earliest_and_the_latest_time_survive_together() {
        let times = vec![i64::MIN, -1, 0, 1, i64::MAX];
        let mut out = Writer::default();
        write_times(&mut out, &times);
        assert_eq!(read_times(Reader::new(&out.finish()), 5), Ok(times));
    }
}
