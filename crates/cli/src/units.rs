//! Sizes, times and numbers as people write and read them.

use std::time::Duration;

use offsync_app::HELD_DELETIONS_HIGHEST;
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

/// Reads how much goes in a second, with or without what says so: a size, or bits as those who sell lines count them.
pub(crate) fn parse_rate(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let amount = text.trim_end_matches("/s").trim_end_matches("ps");
    // "Mbps" are bits wherever lines are sold, and "MBps" bytes.
    let bits = match amount.strip_suffix("bit") {
        None if amount.len() < text.len() => amount
            .strip_suffix(['b'])
            .filter(|rest| rest.ends_with(['k', 'K', 'm', 'M', 'g', 'G'])),
        bits => bits,
    };
    let read = match bits {
        Some(bits) => parse_size(bits).map(|bits| bits / 8),
        None => parse_size(amount),
    };
    read.map_err(|_| format!("'{text}' is no rate; write one like 500kB or 2MB, which is meant for a second, or say --unlimited to take the limits away"))
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

/// The longest time that is taken for one: a year.
const BUDGET_SECONDS_MAX: u64 = 366 * 86_400;

/// Reads how long something may take.
pub(crate) fn parse_budget(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(budget) if budget.as_secs() <= BUDGET_SECONDS_MAX => Ok(budget),
        // What does not fit into a number is too long just as well.
        Err(_) | Ok(_) if is_number_and_unit(text) => Err(format!(
            "'{text}' is longer than a year; write one like 90s, 10m, 2h or 1d, or say --all to read everything"
        )),
        refused => refused,
    }
}

/// Reads how long nothing is to happen.
pub(crate) fn parse_pause(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err(format!(
            "'{text}' is no pause; write how long it is to be, or say --resume to end one"
        )),
        pause if pause.as_secs() > BUDGET_SECONDS_MAX => Err(format!("'{text}' is longer than a year")),
        pause => Ok(pause),
    }
}

fn is_number_and_unit(text: &str) -> bool {
    let unit = text.trim().trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < text.trim().len() && parse_duration(&format!("1{unit}")).is_ok()
}

/// Reads how many days.
pub(crate) fn parse_days(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| format!("'{text}' is no number of days; write one like 180"))
}

/// Reads how many lines to show at most.
pub(crate) fn parse_limit(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(lines) if lines > 0 => Ok(lines),
        _ => Err(format!(
            "'{text}' is no number of lines; write one like 10, or leave it out to see all"
        )),
    }
}

/// Reads how many files.
pub(crate) fn parse_files(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(files) if (1..=HELD_DELETIONS_HIGHEST).contains(&files) => Ok(files),
        _ => Err(format!(
            "'{text}' is no number of files; write one from 1 to {HELD_DELETIONS_HIGHEST}"
        )),
    }
}

/// Reads a percentage; the sign may be left out.
pub(crate) fn parse_percent(text: &str) -> Result<u8, String> {
    match text.strip_suffix('%').unwrap_or(text).trim_end().parse() {
        Ok(percent) if percent <= 100 => Ok(percent),
        _ => Err(format!("'{text}' is no percentage; write a number from 0 to 100")),
    }
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
    fn what_cannot_be_read_is_refused_with_what_can() {
        fn check<T: std::fmt::Debug>(read: fn(&str) -> Result<T, String>, refused: &[&str], words: &[&str]) {
            for text in refused {
                let Err(told) = read(text) else {
                    panic!("{text:?} was read")
                };
                assert!(words.iter().all(|word| told.contains(word)), "{text:?}: {told}");
            }
        }
        let size = "is no size; write one like 500MB, 2GiB or 1000000";
        check(parse_size, &["", "MB", "-1", "1 apple", "1.2.3"], &[size]);
        check(parse_size, &["99999999TB"], &["is too large a size"]);
        let duration = "is no duration; write one like 90s, 10m, 2h or 1d";
        let none = ["", "m", "-1s", "1.5h", "1 apple"];
        check(parse_duration, &none, &[duration]);
        let beyond = ["99999999999999999999d", "999999999999999999d"];
        check(parse_duration, &beyond, &[duration]);
        check(parse_budget, &["soon", "5 apples", "-5", ""], &[duration]);
        let too_long = ["367d", "999999999999h", "99999999999999999999s"];
        check(parse_budget, &too_long, &["longer than a year", "--all"]);
        let lines = "is no number of lines; write one like 10, or leave it out";
        check(parse_limit, &["0", "-1", "many", ""], &[lines]);
        check(parse_pause, &["0", "0h"], &["is no pause", "--resume"]);
        check(parse_pause, &["367d"], &["longer than a year"]);
        let days = "is no number of days; write one like 180";
        check(parse_days, &["-1", "1d", "soon", ""], &[days]);
        let files = "is no number of files; write one from 1 to 1000000000";
        check(parse_files, &["0", "-1", "1000000001", "all", ""], &[files]);
        let percent = "is no percentage; write a number from 0 to 100";
        check(parse_percent, &["101", "-1", "%", "0.5", "300", ""], &[percent]);
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
    }

    #[test]
    fn a_budget_is_no_longer_than_a_year() {
        assert_eq!(parse_budget("0s"), Ok(Duration::ZERO));
        assert_eq!(parse_budget("366d"), Ok(Duration::from_secs(BUDGET_SECONDS_MAX)));
    }

    #[test]
    fn numbers_of_lines_and_days_are_read() {
        assert_eq!((parse_limit("1"), parse_days("180")), (Ok(1), Ok(180)));
    }

    #[test]
    fn files_and_percentages_are_read() {
        assert_eq!(
            (parse_files("1"), parse_files("1000000000")),
            (Ok(1), Ok(1_000_000_000))
        );
        let read = ["0", "100", "25%", "25 %"].map(parse_percent);
        assert_eq!(read, [Ok(0), Ok(100), Ok(25), Ok(25)]);
    }

    #[test]
    fn rates_are_read_as_people_write_them() {
        for said in ["500kB", "500KB/s", "0.5MB", "500000", " 500 kBps"] {
            assert_eq!(parse_rate(said), Ok(500_000), "{said}");
        }
        for said in [
            "8Mbit", "8 Mbit/s", "8Mbps", "8mbps", "8Mb/s", "8000kbit", "1MB", "1MBps", "1mb",
        ] {
            assert_eq!(parse_rate(said), Ok(1_000_000), "{said}");
        }
        for said in ["", "fast", "-1", "/s", "1/min"] {
            assert!(
                parse_rate(said).is_err_and(|told| told.contains("500kB or 2MB")),
                "{said}"
            );
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
