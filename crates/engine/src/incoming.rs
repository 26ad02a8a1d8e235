//! Which of the listed changesets the next sync can take in: what nothing leads to, since one before it is not there any
//! more or cannot be read, comes by no sync here alone.

use std::collections::{BTreeMap, BTreeSet};

use offsync_core::format::ObjectName;
use offsync_core::ids::LocationId;
use offsync_core::ports::Mailbox;
use offsync_core::version_vector::VersionVector;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, GAP_CYCLES};
use crate::view::View;

/// A changeset: who made it, and its number.
type Changeset = (LocationId, u64);

/// What a changeset builds on.
enum Context {
    Known(VersionVector),
    /// A newer Offsync or another key tells: that is said where it is met.
    Newer,
    Unreadable,
}

impl Engine<'_> {
    /// Gives the listed changesets beyond what is folded that no sync here can take in as the mailbox is.
    ///
    /// Numbers alone tell it, unless one lacks or the last sync left something behind: only then is what is listed read.
    pub(crate) fn stuck(&mut self, mailbox: &dyn Mailbox, view: &View) -> Result<BTreeSet<Changeset>> {
        let me = self.me();
        let is_state = |name: &ObjectName| matches!(name, ObjectName::ServedState { reader, .. } if *reader == me);
        if view.names().any(is_state) {
            // That one leads to all that its author had folded.
            return Ok(BTreeSet::new());
        }
        let beyond: BTreeSet<Changeset> = view.names().filter_map(|name| self.beyond(name)).collect();
        let has_left_behind = memory::read::<u32>(self.index, GAP_CYCLES)?.unwrap_or(0) > 0;
        if beyond.is_empty() || !has_left_behind && self.led_to(&beyond, |_, _| true) == beyond {
            return Ok(BTreeSet::new());
        }
        let mut read = BTreeMap::new();
        for (author, sequence) in &beyond {
            read.insert((*author, *sequence), self.read_context(mailbox, (*author, *sequence))?);
        }
        let led_to = self.led_to(&beyond, |changeset, reached| match &read[changeset] {
            Context::Known(context) => reached.covers(context),
            Context::Newer => true,
            Context::Unreadable => false,
        });
        Ok(beyond.difference(&led_to).copied().collect())
    }

    /// Gives the changeset that a name is of, if that is not folded here yet.
    fn beyond(&self, name: &ObjectName) -> Option<Changeset> {
        match name {
            ObjectName::Manifest { author, sequence } if self.vector.get(author) < *sequence => {
                Some((*author, *sequence))
            }
            _ => None,
        }
    }

    /// Gives those that can be folded one after the other, from what is folded here on.
    fn led_to(
        &self,
        beyond: &BTreeSet<Changeset>,
        may_follow: impl Fn(&Changeset, &VersionVector) -> bool,
    ) -> BTreeSet<Changeset> {
        let (mut reached, mut led_to) = (self.vector.clone(), BTreeSet::new());
        loop {
            let is_next = |one: &&Changeset| one.1 == reached.get(&one.0) + 1 && may_follow(one, &reached);
            let Some(next) = beyond.iter().find(is_next).copied() else {
                return led_to;
            };
            reached.raise(next.0, next.1);
            led_to.insert(next);
        }
    }

    fn read_context(&mut self, mailbox: &dyn Mailbox, (author, sequence): Changeset) -> Result<Context> {
        let name = ObjectName::Manifest { author, sequence };
        Ok(match self.open_manifest(mailbox, &name, &author)? {
            Some(Ok(manifest)) => Context::Known(manifest.context),
            Some(Err(error)) if error.is_newer() => Context::Newer,
            _ => Context::Unreadable,
        })
    }
}
