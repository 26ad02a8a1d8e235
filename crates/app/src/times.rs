//! Times as text.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Gives nanoseconds since 1970 as RFC 3339 in UTC, to the second.
pub(crate) fn rfc3339(ns: i64) -> String {
    let seconds = ns.div_euclid(1_000_000_000);
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(super::rfc3339(1_000_000_000_500_000_000), "2001-09-09T01:46:40Z");
    }
}
