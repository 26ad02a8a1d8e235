//! Homes that have not come for long, as both shells show them.

use offsync_core::limits::DAY_NS;
use offsync_engine::SilentHome;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::times::rfc3339;

/// A home that has not come for longer than the archive waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SilentView {
    /// Hexadecimal location id.
    pub location_id: String,
    /// What people call it.
    pub label: String,
    /// Who looks after it.
    pub person: String,
    /// RFC 3339 time at which this home last heard anything new of it, by this computer's clock.
    pub since: String,
    /// Days since then.
    #[ts(type = "number")]
    pub days: u64,
    /// Whether it ever came; else it was invited then.
    pub has_come: bool,
}

impl SilentView {
    pub(crate) fn of(home: &SilentHome, now_ns: i64) -> Self {
        let days = now_ns.saturating_sub(home.since_ns) / DAY_NS;
        Self {
            location_id: home.location.to_string(),
            label: home.label.clone(),
            person: home.person.clone(),
            since: rfc3339(home.since_ns),
            days: u64::try_from(days).unwrap_or(0),
            has_come: home.has_come,
        }
    }

    /// Says that it was set aside for its silence, and what ends that.
    pub fn set_aside_sentence(&self) -> String {
        let (label, days) = (&self.label, self.days);
        let days = match days {
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        };
        let silent = match self.has_come {
            true => format!("'{label}' has not synced for {days}"),
            false => format!("'{label}' was invited {days} ago and has not synced yet"),
        };
        format!(
            "{silent}, so nothing waits for it any more. Nothing of it is lost: it gets all that it missed once it syncs again."
        )
    }
}

#[cfg(test)]
mod tests {
    use offsync_core::ids::LocationId;

    use super::*;

    #[test]
    fn who_is_set_aside_is_said_with_what_it_misses_and_for_how_long() {
        let said = |days: i64, has_come: bool| {
            let home = SilentHome {
                location: LocationId::new([1; 16]),
                label: "Grandma's home".into(),
                person: "Grandma".into(),
                since_ns: 5,
                has_come,
            };
            SilentView::of(&home, 5 + days * DAY_NS).set_aside_sentence()
        };
        let end = ", so nothing waits for it any more. Nothing of it is lost: it gets all that it missed once it syncs again.";
        for (told, begin) in [
            (said(200, true), "'Grandma's home' has not synced for 200 days"),
            (said(1, true), "'Grandma's home' has not synced for 1 day"),
            (
                said(181, false),
                "'Grandma's home' was invited 181 days ago and has not synced yet",
            ),
            // The clock was put back since.
            (said(-3, true), "'Grandma's home' has not synced for 0 days"),
        ] {
            assert_eq!(told, format!("{begin}{end}"));
        }
    }
}
