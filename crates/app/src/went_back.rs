//! What is said where a mailbox, or a drive, is in an earlier state than it was, or an index is not as it was written.

use crate::reports::SyncReport;

/// Said once each time that a mailbox went back.
pub const MAILBOX_WENT_BACK: &str =
    "The mailbox went back to an earlier state. Nothing is lost: everything is sent again where it lacks.";

const DRIVE_WENT_BACK: &str = "This drive was put back to an earlier state, or is a copy of another one. Nothing is lost: it goes on as a home of its own.";

/// Said until a drive whose index was damaged goes on from there.
pub const MENDED_INDEX: &str = "Offsync's index on this drive was damaged, and is made anew from the files here and from what the other homes know. No file is lost; what was deleted here and not sent yet may come back.";

impl SyncReport {
    /// Gives what a screen says of a mailbox or a drive that went back, and of a damaged index, each in a finished sentence.
    ///
    /// Who brought the drive back knows that it was; and one whose index is made anew was not put back.
    pub fn went_back_on_screen(&self) -> Vec<&'static str> {
        let drive = (self.took_new_id && !self.came_back && !self.mended_index).then_some(DRIVE_WENT_BACK);
        let mailbox = self.mailbox_went_back.then_some(MAILBOX_WENT_BACK);
        let index = self.mended_index.then_some(MENDED_INDEX);
        mailbox.into_iter().chain(drive).chain(index).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_that_went_back_is_told_from_a_drive_that_did() {
        let said = |mailbox_went_back: bool, took_new_id: bool, came_back: bool| {
            let report = SyncReport {
                mailbox_went_back,
                took_new_id,
                came_back,
                ..SyncReport::default()
            };
            report.went_back_on_screen()
        };
        assert_eq!(said(true, false, false), [MAILBOX_WENT_BACK]);
        assert_eq!(said(false, true, false), [DRIVE_WENT_BACK]);
        assert!(said(false, true, true).is_empty() && said(false, false, false).is_empty());
    }

    #[test]
    fn a_damaged_index_is_no_drive_that_went_back() {
        for took_new_id in [false, true] {
            let report = SyncReport {
                mended_index: true,
                took_new_id,
                ..SyncReport::default()
            };
            assert_eq!(report.went_back_on_screen(), [MENDED_INDEX]);
        }
    }
}
