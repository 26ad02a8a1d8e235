//! What is said where a mailbox, or a drive, is in an earlier state than it was.

use crate::reports::SyncReport;

/// Said once each time that a mailbox went back.
pub const MAILBOX_WENT_BACK: &str =
    "The mailbox went back to an earlier state. Nothing is lost: everything is sent again where it lacks.";

const DRIVE_WENT_BACK: &str = "This drive was put back to an earlier state, or is a copy of another one. Nothing is lost: it goes on as a home of its own.";

impl SyncReport {
    /// Gives what a screen says of a mailbox or a drive that went back, each in a finished sentence.
    ///
    /// Who brought the drive back knows that it was.
    pub fn went_back_on_screen(&self) -> Vec<&'static str> {
        let drive = (self.took_new_id && !self.came_back).then_some(DRIVE_WENT_BACK);
        let mailbox = self.mailbox_went_back.then_some(MAILBOX_WENT_BACK);
        mailbox.into_iter().chain(drive).collect()
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
}
