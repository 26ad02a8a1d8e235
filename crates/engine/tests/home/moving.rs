//! A mailbox that moves: homes turn to another one, with what the old one held or without.

use offsync_core::ports::MailboxErrorKind;
use offsync_engine::CarriedOver;
use offsync_testkit::{CallKind, FailNth, MailboxOptions, RecordingMailbox, SimMailbox};

use super::Homes;

impl Homes {
    /// Gives the mailbox that homes begin with.
    pub(crate) fn mailbox(&self) -> &SimMailbox {
        &self.mailbox
    }

    /// Makes another mailbox, which nobody uses yet.
    pub(crate) fn another_mailbox() -> SimMailbox {
        SimMailbox::new(MailboxOptions::default(), 11)
    }

    /// Puts what a home's mailbox holds into another one, until a call to that fails; gives what was put if none did.
    pub(crate) fn carry_over(&mut self, n: usize, to: &SimMailbox, calls: u64) -> Option<CarriedOver> {
        let to = FailNth::new(to.handle(format!("home {n}")), calls, MailboxErrorKind::Away);
        self.with_engine(n, |engine| engine.carry_over(&to)).ok()
    }

    /// Puts what a home's mailbox holds into another one; gives the names in the order in which they were put.
    pub(crate) fn carry_over_recorded(&mut self, n: usize, to: &SimMailbox) -> (CarriedOver, Vec<String>) {
        let to = RecordingMailbox::new(to.handle(format!("home {n}")));
        let carried = self.with_engine(n, |engine| engine.carry_over(&to));
        let puts = to.take().into_iter().filter(|call| call.kind == CallKind::Put);
        (carried.expect("nothing fails"), puts.map(|call| call.name).collect())
    }

    /// Lets a home find its mailbox elsewhere from now on.
    pub(crate) fn turn_to(&mut self, n: usize, to: &SimMailbox) {
        self.homes[n].mailbox = to.handle(format!("home {n}"));
    }

    /// Lets nobody reach the mailbox of before any more.
    pub(crate) fn leave_old_mailbox(&mut self, to: &SimMailbox) {
        self.mailbox = to.clone();
    }
}
