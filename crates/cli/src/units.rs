//! Sizes as people write and read them.

use std::time::Duration;

pub(crate) use offsync_app::size;

/// Reads a size: bytes, or a number with kB, MB, GB, TB, KiB, MiB, GiB, TiB.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return Err(format!("'{text}' is no size; write one like 500MB, 2GiB or 1000000")),
    };
    let number: f64 = number
        .parse()
        .map_err(|_| format!("'{text}' is no size; write one like 500MB, 2GiB or 1000000"))?;
    let bytes = (number * scale).round();
    if !(0.0..=9e18).contains(&bytes) {
        return Err(format!("'{text}' is too large a size"));
    }
    Ok(bytes as u64)
}

/// Reads a duration: seconds, or a number with s, m, h, d.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let refused = || format!("'{text}' is no duration; write one like 90s, 10m, 2h or 1d");
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(refused()),
    };
    let number: u64 = number.parse().map_err(|_| refused())?;
    number.checked_mul(scale).map(Duration::from_secs).ok_or_else(refused)
}

/// Gives a count with its noun.
pub(crate) fn count(n: u64, one: &str, more: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {more}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("0", 0),
            ("1000", 1000),
            ("10MB", 10_000_000),
            ("4GiB", 4 << 30),
            ("1.5 kB", 1500),
            ("2tib", 2 << 40),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused_with_an_example() {
        for text in ["", "MB", "-1", "1 apple", "1.2.3", "99999999TB"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("0", 0),
            ("90", 90),
            ("90s", 90),
            ("10m", 600),
            ("2 h", 7_200),
            ("1d", 86_400),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "m",
            "-1s",
            "1.5h",
            "1 apple",
            "99999999999999999999d",
            "999999999999999999d",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_shown_with_one_decimal() {
        assert_eq!(
            [size(0), size(999), size(1000), size(340_000_000)],
            ["0 bytes", "999 bytes", "1.0 kB", "340.0 MB"]
        );
    }
}
