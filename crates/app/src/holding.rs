//! Which homes hold all that is here, by one rule for all that says so; and the receipt of that, or why there is none.

use offsync_core::limits::DAY_NS;
use offsync_core::ports::Clock;
use offsync_engine::LocationStanding;

use crate::naming::is_same_label;
use crate::receipt::{NoReceipt, Receipt};
use crate::times::rfc3339;
use crate::view::{ArchiveStatus, LocationState, LocationView};

impl Receipt {
    /// Tells what can be relied on, or why nothing can yet; the standings are those of the status, in its order.
    pub(crate) fn of(
        status: &ArchiveStatus,
        standings: &[LocationStanding],
        damaged_files: u64,
        clock: &dyn Clock,
    ) -> Result<Self, NoReceipt> {
        if damaged_files > 0 {
            return Err(NoReceipt::Damaged { files: damaged_files });
        }
        let files = status.lacking.files;
        let own = status.locations.iter().find(|one| one.this);
        if files > 0 || own.is_none_or(|own| !holds_all(status, own)) {
            return Err(NoReceipt::Incomplete { files });
        }
        if status.local_changes.entries > 0 {
            let changes = status.local_changes.entries;
            return Err(NoReceipt::Unsent { changes });
        }
        let all = status.locations.iter().zip(standings);
        let holders: Vec<_> = all.filter(|(one, _)| holds_all(status, one)).collect();
        let named = holders.iter().map(|(one, _)| (one.person.as_str(), one.label.as_str()));
        let named: Vec<_> = named.collect();
        let checks: Vec<i64> = holders.iter().filter_map(|(_, one)| one.last_check_ns).collect();
        let oldest_ns = checks.iter().min().copied();
        let days = |since_ns: i64| clock.now_ns().saturating_sub(since_ns).max(0) / DAY_NS;
        Ok(Self {
            files: status.files,
            drives: holders.len() as u64,
            homes: homes(&named),
            verified: checks.len() as u64,
            oldest_check: oldest_ns.map(rfc3339),
            oldest_check_days: oldest_ns.and_then(|since_ns| u64::try_from(days(since_ns)).ok()),
        })
    }
}

/// Counts the homes that drives stand in, each with its person and its label, where no two may stand in one.
fn homes(drives: &[(&str, &str)]) -> Option<u64> {
    let may_be_one = |(person, label): &(&str, &str), (other, its_label): &(&str, &str)| {
        is_same_label(person, other) || is_same_label(label, its_label)
    };
    let is_apart = |n: usize| drives[..n].iter().all(|other| !may_be_one(&drives[n], other));
    let is_said = |(person, label): &(&str, &str)| !person.trim().is_empty() && !label.trim().is_empty();
    let are_apart = drives.iter().all(is_said) && (0..drives.len()).all(is_apart);
    are_apart.then_some(drives.len() as u64)
}

/// Tells whether a home is known to hold all that this one does, and just that: the one rule for "safe in so many homes".
pub(crate) fn holds_all(status: &ArchiveStatus, home: &LocationView) -> bool {
    let own = status.locations.iter().find(|one| one.this);
    home.state == LocationState::UpToDate && own.is_some_and(|own| own.root == home.root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_drive_of_a_person_of_its_own_stands_in_a_home_of_its_own() {
        assert_eq!(homes(&[("Pep", "Pep's home")]), Some(1));
        let three = [("Pep", "Pep's home"), ("Anna", "Anna's home"), ("Grandma", "Village")];
        assert_eq!(homes(&three), Some(3));
    }

    #[test]
    fn two_drives_of_one_person_or_one_name_may_stand_in_one_home() {
        assert_eq!(homes(&[("Pep", "Home"), ("Pep", "Office")]), None);
        assert_eq!(homes(&[("Pep", "Home"), (" pep", "Office")]), None);
        assert_eq!(homes(&[("Pep", "Our home"), ("Anna", "our home")]), None);
    }

    #[test]
    fn where_nobody_said_whose_a_drive_is_its_home_is_not_known() {
        assert_eq!(homes(&[("", "Home"), ("Anna", "Anna's home")]), None);
        assert_eq!(homes(&[("Pep", " "), ("Anna", "Anna's home")]), None);
    }

    #[test]
    fn a_home_that_its_person_has_no_name_for_but_its_own_is_one() {
        assert_eq!(homes(&[("Home", "Home"), ("Anna", "Anna's home")]), Some(2));
    }
}
