//! Guards: many deletions at once wait for a person's yes.

use serde::{Deserialize, Serialize};

use crate::limits::{HELD_DELETIONS_HIGHEST, HELD_DELETIONS_MAX, HELD_DELETIONS_MIN, HELD_DELETIONS_PERCENT};

/// From when on deletions are many: what people said of an archive, or what holds where nobody said anything.
///
/// However high it is, all there is waits ([`is_all`]): there is always a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    least: u64,
    percent: u8,
    most: u64,
}

/// More of a hundred files than this are nearly all of them, if nothing is left of their names and contents.
const REWRITTEN_PERCENT: u8 = 50;

/// Numbers that make no threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// No number of files, or more than anybody has.
    #[error("a number of files is from 1 to {HELD_DELETIONS_HIGHEST}")]
    Files,
    /// No percentage.
    #[error("a percentage is from 0 to 100")]
    Percent,
    /// Deletions would be too few to be many and too many not to be.
    #[error("the highest number is lower than the lowest one")]
    Order,
}

impl Default for Threshold {
    fn default() -> Self {
        Self {
            least: HELD_DELETIONS_MIN,
            percent: HELD_DELETIONS_PERCENT,
            most: HELD_DELETIONS_MAX,
        }
    }
}

impl Threshold {
    /// Makes a threshold: at least `least` files and more than `percent` of the archive, or more than `most`.
    ///
    /// There is 1 at least, 100 percent at most, and `most` is not below `least`.
    pub fn new(least: u64, percent: u8, most: u64) -> Result<Self, ThresholdError> {
        let is_number = |files| (1..=HELD_DELETIONS_HIGHEST).contains(&files);
        match () {
            () if !is_number(least) || !is_number(most) => Err(ThresholdError::Files),
            () if percent > 100 => Err(ThresholdError::Percent),
            () if most < least => Err(ThresholdError::Order),
            () => Ok(Self { least, percent, most }),
        }
    }

    /// Takes whatever numbers for the threshold that is nearest to them, alike wherever they are read.
    pub fn nearest(least: u64, percent: u64, most: u64) -> Self {
        let least = least.clamp(1, HELD_DELETIONS_HIGHEST);
        Self {
            least,
            percent: u8::try_from(percent).unwrap_or(100).min(100),
            most: most.clamp(least, HELD_DELETIONS_HIGHEST),
        }
    }

    /// Fewer deletions than this are not many.
    pub fn least(&self) -> u64 {
        self.least
    }

    /// So many of a hundred files, or fewer, are not many.
    pub fn percent(&self) -> u8 {
        self.percent
    }

    /// More deletions than this are many, of however many files.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Tells whether deleting `deletions` of `files` files must wait for a yes, since it is many.
    ///
    /// Renames and folders do not count.
    pub fn is_many(&self, deletions: u64, files: u64) -> bool {
        let is_large_part = u128::from(deletions) * 100 > u128::from(files) * u128::from(self.percent);
        (deletions >= self.least && is_large_part) || deletions > self.most
    }

    /// Tells whether deletions that were held and shown go on waiting, though they may not be many any more beside all files.
    ///
    /// They do as long as what was shown, `(deletions, files)`, would be held today, however few are left of it since others
    /// edited those files: that answers for nothing else. Where a person `put_back` some of them, the others wait only if they
    /// are not few by themselves. What was `all` there was waits, whatever came to stand beside it.
    pub fn stays_held(&self, deletions: u64, shown: (u64, u64), all: bool, put_back: bool) -> bool {
        let was_many = self.is_many(shown.0, shown.1);
        let is_enough = deletions > 0 && (!put_back || deletions >= self.least);
        (is_enough && was_many) || (deletions > 0 && all)
    }
}

/// Tells whether deleting `deletions` files must wait for a yes, since it is all there is, however few: `others` stay or
/// take their places.
///
/// An archive that is emptied looks just like a drive that was.
pub fn is_all(deletions: u64, others: u64) -> bool {
    deletions > 0 && others == 0
}

/// Tells whether files that got other names and other contents at once, `rewritten` of `files`, must wait for a yes: they are
/// more than half of all, and as many as many deletions are.
///
/// That is what it looks like when a program encrypts a drive in place.
pub fn is_all_over(rewritten: u64, files: u64, threshold: Threshold) -> bool {
    let is_large_part = u128::from(rewritten) * 100 > u128::from(files) * u128::from(REWRITTEN_PERCENT);
    rewritten >= threshold.least() && is_large_part
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn threshold(least: u64, percent: u8, most: u64) -> Threshold {
        Threshold::new(least, percent, most).expect("a threshold")
    }

    #[test]
    fn few_deletions_pass_and_many_wait() {
        for (deletions, files, held) in [
            (0, 0, false),
            (4, 4, false),
            (5, 19, true),
            (5, 20, false),
            (1_000, 9_000, false),
            (1_001, 1 << 20, true),
        ] {
            assert_eq!(
                Threshold::default().is_many(deletions, files),
                held,
                "{deletions} of {files}"
            );
        }
    }

    #[test]
    fn an_archive_has_a_threshold_of_its_own() {
        let (strict, lax) = (threshold(2, 10, 3), threshold(50, 90, 2_000));
        for (deletions, files, by_strict, by_lax) in [
            (1, 1, false, false),
            (2, 19, true, false),
            (2, 20, false, false),
            (4, 1_000, true, false),
            (49, 49, true, false),
            (50, 55, true, true),
            (50, 56, true, false),
            (2_001, u64::MAX, true, true),
        ] {
            let told = (strict.is_many(deletions, files), lax.is_many(deletions, files));
            assert_eq!(told, (by_strict, by_lax), "{deletions} of {files}");
        }
    }

    #[test]
    fn the_strictest_one_asks_for_each_file_and_goes_on_asking() {
        let each = threshold(1, 0, 1);
        assert!(!each.is_many(0, 100) && each.is_many(1, u64::MAX));
        assert!(each.stays_held(1, (2, 1_000), false, true) && !each.stays_held(0, (2, 1_000), true, false));
        assert!(
            threshold(1, 0, 1_000).is_many(1, 1 << 40),
            "whatever the highest number is"
        );
    }

    #[test]
    fn all_there_is_waits_and_goes_on_waiting() {
        for (deletions, others, held) in [(0, 0, false), (1, 0, true), (4, 0, true), (4, 1, false)] {
            assert_eq!(is_all(deletions, others), held, "{deletions} beside {others}");
        }
        for (deletions, all, put_back, stays) in [
            (0, true, false, false),
            (1, true, false, true),
            (4, false, true, false),
            (4, false, false, true),
            (5, false, true, true),
            (0, false, false, false),
        ] {
            let stayed = Threshold::default().stays_held(deletions, (8, 8), all, put_back);
            assert_eq!(stayed, stays, "{deletions}, all: {all}, put back: {put_back}");
        }
        let highest = threshold(HELD_DELETIONS_HIGHEST, 100, HELD_DELETIONS_HIGHEST);
        assert!(
            highest.stays_held(3, (3, 3), true, false),
            "no threshold switches that off"
        );
    }

    #[test]
    fn more_than_half_of_all_under_other_names_with_other_contents_wait() {
        for (rewritten, files, held) in [
            (0, 0, false),
            (4, 4, false),
            (5, 9, true),
            (5, 10, false),
            (6, 10, true),
        ] {
            let waits = is_all_over(rewritten, files, Threshold::default());
            assert_eq!(waits, held, "{rewritten} of {files}");
        }
        assert!(!is_all_over(6, 6, threshold(7, 0, 7)), "fewer than many are");
    }

    #[test]
    fn what_was_shown_stays_held_as_long_as_it_would_be_held_today() {
        let shown = (6, 20);
        for (today, stays) in [
            (Threshold::default(), true),
            (threshold(2, 10, 1_000), true),
            (threshold(5, 30, 1_000), false),
            (threshold(7, 25, 1_000), false),
            (threshold(5, 50, 5), true),
        ] {
            assert_eq!(today.stays_held(5, shown, false, true), stays, "{today:?}");
        }
    }

    #[test]
    fn numbers_that_make_no_threshold_are_refused_and_taken_for_the_nearest_where_they_are_read() {
        let (highest, files) = (HELD_DELETIONS_HIGHEST, Err(ThresholdError::Files));
        for (least, percent, most, made, nearest) in [
            (0, 25, 9, files, threshold(1, 25, 9)),
            (0, 25, 0, files, threshold(1, 25, 1)),
            (5, 101, 9, Err(ThresholdError::Percent), threshold(5, 100, 9)),
            (5, 25, 4, Err(ThresholdError::Order), threshold(5, 25, 5)),
            (5, 25, highest + 1, files, threshold(5, 25, highest)),
            (u64::MAX, 0, 1, files, threshold(highest, 0, highest)),
            (1, 0, 1, Ok(threshold(1, 0, 1)), threshold(1, 0, 1)),
        ] {
            assert_eq!(Threshold::new(least, percent, most), made, "{least} {percent} {most}");
            assert_eq!(Threshold::nearest(least, percent.into(), most), nearest);
        }
        assert_eq!(Threshold::nearest(5, u64::MAX, 9), threshold(5, 100, 9));
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_a_threshold_and_a_threshold_is_read_as_it_is(least: u64, percent: u64, most: u64) {
            let read = Threshold::nearest(least, percent, most);
            prop_assert_eq!(Threshold::new(read.least, read.percent, read.most), Ok(read));
            prop_assert_eq!(Threshold::nearest(read.least, read.percent.into(), read.most), read);
        }

        #[test]
        fn more_deletions_are_never_fewer(least in 1u64..50, percent in 0u8..=100, above in 0u64..50, deletions in 0u64..200, files in 0u64..200) {
            let threshold = threshold(least, percent, least + above);
            prop_assert!(!threshold.is_many(deletions, files) || threshold.is_many(deletions + 1, files));
        }
    }
}
