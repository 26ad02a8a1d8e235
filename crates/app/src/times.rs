//! Times as text.

use offsync_adapters::clock::SystemClock;
use offsync_core::ports::Clock;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub(crate) const SECOND_NS: i64 = 1_000_000_000;
const MINUTE_SECONDS: i64 = 60;
const HOUR_SECONDS: i64 = 60 * MINUTE_SECONDS;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;
/// A clock elsewhere that runs ahead by no more is taken for right.
const SKEW_SECONDS_LEAST: i64 = -5 * MINUTE_SECONDS;

/// Gives nanoseconds since 1970 as RFC 3339 in UTC, to the second.
pub(crate) fn rfc3339(ns: i64) -> String {
    let seconds = ns.div_euclid(SECOND_NS);
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(&Rfc3339).unwrap_or_default()
}

/// Says how long ago an RFC 3339 time was: exactly, where it cannot be read or a clock elsewhere runs ahead.
pub fn ago(time: &str) -> String {
    ago_at(time, SystemClock.now_ns())
}

/// Hours and days are those that passed: what the calendar called them there, nobody can tell here.
fn ago_at(time: &str, now_ns: i64) -> String {
    let Ok(then) = OffsetDateTime::parse(time, &Rfc3339) else {
        return time.to_owned();
    };
    let passed = now_ns.div_euclid(SECOND_NS) - then.unix_timestamp();
    let many = |n: i64, one: &str| match n {
        1 => format!("1 {one} ago"),
        n => format!("{n} {one}s ago"),
    };
    match passed {
        SKEW_SECONDS_LEAST..MINUTE_SECONDS => "just now".to_owned(),
        MINUTE_SECONDS..HOUR_SECONDS => many(passed / MINUTE_SECONDS, "minute"),
        HOUR_SECONDS..DAY_SECONDS => many(passed / HOUR_SECONDS, "hour"),
        DAY_SECONDS.. => many(passed / DAY_SECONDS, "day"),
        _ => time.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_was_is_said_by_how_long_ago_it_was() {
        let check = |passed: i64, said: &str| {
            let now_ns = (1_000_000_000 + passed) * 1_000_000_000;
            assert_eq!(super::ago_at("2001-09-09T01:46:40Z", now_ns), said);
        };
        check(0, "just now");
        check(59, "just now");
        check(60, "1 minute ago");
        check(3_599, "59 minutes ago");
        check(3_600, "1 hour ago");
        check(86_399, "23 hours ago");
        check(86_400, "1 day ago");
        check(12 * 86_400, "12 days ago");
        // Clocks differ a little; one that runs ahead is not hidden.
        check(-300, "just now");
        check(-301, "2001-09-09T01:46:40Z");
        assert_eq!(super::ago_at("soon", 0), "soon");
    }

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(super::rfc3339(1_000_000_000_500_000_000), "2001-09-09T01:46:40Z");
    }
}
