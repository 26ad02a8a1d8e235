//! One whole cycle: recover, scan, fetch, settle, head, prune, post, head.
//!
//! A visit can use the room that its own acknowledgement frees. Whatever ends a cycle
//! early, the next one goes on from there.

use std::collections::BTreeSet;

use offsync_core::format::{ObjectName, People, Statement};
use offsync_core::ids::{ChunkId, LocationId};
use offsync_core::limits::{INDEX_PAGE_ROWS, OBJECT_BYTES_MAX};
use offsync_core::ports::{Mailbox, MailboxErrorKind};
use offsync_core::rel_path::{PathKey, RelPath};

use crate::consent::Consent;
use crate::counted::Counted;
use crate::engine::Engine;
use crate::error::{EngineError, Result};
use crate::memory::{self, AWAITS_STATE, CachedHead, GONE, HELD, LAST_CHECK, LAST_SYNC, SCANNED, STATEMENT, UNSETTLED};
use crate::options::SyncOptions;
use crate::post::Posting;
use crate::report::{Held, Outlook, SyncReport};
use crate::scan::{Depth, Trust};
use crate::serve::Serving;
use crate::space::Space;
use crate::view::View;

/// How often a post is tried again with less, where a mailbox is full without an allowance.
const FULL_TRIES: u32 = 6;

/// What a folder turned out to hold when it was adopted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adoption {
    /// Files that are there as they should be.
    pub adopted_files: u64,
    /// Files that should be there and are not: they are wanted.
    pub missing: Vec<RelPath>,
    /// Files that are there and differ, or are extra: they will be posted beside what the others have.
    pub differing: Vec<RelPath>,
}

impl Engine<'_> {
    /// Runs one cycle; without a mailbox it looks at the drive and settles what it can.
    ///
    /// An index with rows that are not as they were written is mended first.
    pub fn sync(&mut self, options: &SyncOptions) -> Result<SyncReport> {
        self.mend_on()?;
        self.mending(|engine| engine.cycle(options))
    }

    fn cycle(&mut self, options: &SyncOptions) -> Result<SyncReport> {
        self.report = SyncReport::default();
        self.held.clear();
        self.replaced_unsaid.clear();
        self.lacks_key = false;
        self.unread_paths = 0;
        self.space = Space::default();
        let had_held = !self.shown_held()?.is_empty();
        let is_new = !self.has_synced()? || self.awaits_state()?;
        self.recover()?;
        match options.trust() {
            Trust::Own => self.show_again()?,
            // Of a copied folder nobody knows what it shows.
            Trust::Adopted => self.forget_what_was_shown()?,
        }
        self.match_marker()?;
        self.learn_drive()?;
        let scanned_ns = self.clock.now_ns();
        let left_out = self.scan(if options.deep { Depth::Deep } else { Depth::Quick }, options.trust())?;
        if options.deep && self.report.skipped.is_empty() {
            // Every file was read and is what it was, or what somebody made of it.
            let now_ns = self.clock.now_ns();
            self.commit(vec![memory::write(LAST_CHECK, &now_ns)])?;
        }
        if options.refuse_deletions {
            self.refuse_held()?;
        }
        // After a no: what is to stay does not leave the archive.
        self.tell_moved_out(&left_out)?;
        let consent = self.consent(options, had_held)?;
        self.hold_what_was_found(&consent)?;
        let mut missing = match self.mailbox {
            Some(mailbox) => self.exchange(mailbox, options, &consent)?,
            None => self.stay_offline(options, &consent)?,
        };
        if consent == Consent::RefusedUnasked && !self.held.is_empty() {
            // What is found to be deleted here only beside what arrived.
            let held = std::mem::take(&mut self.held);
            self.commit(vec![memory::write(HELD, &held)])?;
            self.refuse_held()?;
            missing = self.settle(&consent)?;
        }
        self.tell_kept();
        self.say_what_has_no_room()?;
        self.drop_spent_staging()?;
        self.tidy_leftovers()?;
        let aged = self.expire_trash()?;
        self.close_report(&missing)?;
        let told = self.tell_threshold(is_new)?;
        let silences = self.tell_silence(options)?;
        let went_back = self.tell_that_it_went_back()?;
        let now_ns = self.clock.now_ns();
        let held = if self.held.is_empty() {
            memory::erase(HELD)
        } else {
            for set in &mut self.held {
                set.told.clone_from(&set.dots);
            }
            memory::write(HELD, &self.held)
        };
        let mut writes = vec![memory::write(LAST_SYNC, &now_ns), held, aged];
        writes.extend(self.tell_mended()?);
        // Where something could not be read, what is missing may go unnoticed: the time of before tells more.
        writes.extend((self.unread_paths == 0).then(|| memory::write(SCANNED, &scanned_ns)));
        writes.extend(self.forget_refused(options.park_after_ns())?);
        writes.extend(self.forget_fates()?);
        writes.extend(told);
        writes.extend(silences);
        writes.extend(went_back);
        writes.extend(self.tell_lost_edits()?);
        writes.extend(self.tell_made_of_damage()?);
        self.commit(writes)?;
        Ok(std::mem::take(&mut self.report))
    }

    /// Takes a folder for what it holds: nothing that lacks was deleted, nothing that differs replaces anything.
    pub fn adopt(&mut self) -> Result<Adoption> {
        self.recover()?;
        self.match_marker()?;
        let mut before = BTreeSet::new();
        let mut after: Option<PathKey> = None;
        loop {
            let page = self.index.places_after(after.as_ref(), INDEX_PAGE_ROWS)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            before.extend(page.iter().filter_map(|(_, place)| place.path().cloned()));
        }
        self.scan(Depth::Quick, Trust::Adopted)?;
        self.settle(&Consent::None)?;
        let mut adoption = Adoption {
            missing: Vec::new(),
            ..Adoption::default()
        };
        for (_, place) in self.index.changed_places()? {
            adoption.differing.extend(
                place
                    .on_disk()
                    .filter(|value| !value.content.is_folder())
                    .map(|value| value.path.clone()),
            );
        }
        for path in before {
            if self.index.place(&path.key())?.is_none() {
                adoption.missing.push(path);
            }
        }
        adoption.adopted_files = self
            .index
            .count_files()?
            .saturating_sub(adoption.differing.len() as u64);
        Ok(adoption)
    }

    /// Looks at the drive and gives dots to what nobody waits for; puts nothing anywhere.
    fn stay_offline(&mut self, options: &SyncOptions, consent: &Consent) -> Result<BTreeSet<ChunkId>> {
        self.refuse_if_removed()?;
        let may_mint = self.check_identity_offline()?;
        let missing = self.settle(consent)?;
        let counted = self.counted(options.patience(), &missing)?;
        if may_mint && self.may_post(&counted)? {
            let posting = Posting {
                mailbox: None,
                counted: &counted,
                consent,
                allowance_bytes: None,
            };
            let mut view = View::default();
            while self.post_one(&mut view, &posting)? {}
        }
        Ok(missing)
    }

    fn exchange(
        &mut self,
        mailbox: &dyn Mailbox,
        options: &SyncOptions,
        consent: &Consent,
    ) -> Result<BTreeSet<ChunkId>> {
        let mut view = self.list(mailbox)?;
        self.learn_people(mailbox, &view)?;
        self.refuse_if_removed()?;
        self.match_marker()?;
        let mut own = self.learn_heads(mailbox, &view)?;
        self.begin_again_if_needed(mailbox, &mut view, own.as_ref())?;
        self.check_identity(&view, own.as_ref())?;
        if self.report.took_new_id {
            own = None;
        }
        let has_turned = self.has_turned()?;
        let was_wiped = self.was_wiped(mailbox, &view, own.as_ref())?;
        self.look_whether_it_went_back(own.as_ref(), was_wiped)?;
        self.succeed_forgotten(mailbox, &view)?;
        self.hand_over_keys()?;
        // Without room nothing is said now; what is folded and pruned below makes some, and the next cycle says it.
        unless_full(self.put_statements(mailbox, &mut view))?;
        unless_full(self.clear_outbox(mailbox, &mut view))?;
        let mut missing = self.take_in(mailbox, &mut view, consent)?;
        if unless_full(self.take_over_strays(mailbox, &mut view, options))?.unwrap_or(true) {
            missing = self.take_in(mailbox, &mut view, consent)?;
        }
        self.heed_divergence(mailbox, &view)?;
        let unkept = self.keep_parts(mailbox, &view)?;
        self.keep_served_by_the_departed(mailbox, &view)?;
        let mut lacking: BTreeSet<ChunkId> = missing.union(&unkept).copied().collect();
        let counted = self.counted(options.patience(), &lacking)?;
        if let Some(head) = unless_full(self.write_head(mailbox, &mut view, own.as_ref(), &lacking, &counted))? {
            own = Some(head);
        }
        let (mut view, counted) = self.prune(mailbox, &view, options.patience(), &lacking)?;
        self.drop_strays(mailbox, &mut view, &counted, options.allowance_bytes)?;
        if self.keep_what_came_back(&counted)? | self.heed_new_rules()? {
            missing = self.settle(consent)?;
            lacking = missing.union(&unkept).copied().collect();
        }
        // What the archive leaves out may have come in this very cycle.
        self.end_waiting_for_state()?;
        if self.may_post(&counted)? {
            let posting = Posting {
                mailbox: Some(mailbox),
                counted: &counted,
                consent,
                allowance_bytes: options.allowance_bytes,
            };
            self.found_no_room = None;
            if self.post_all(mailbox, &mut view, &posting)? {
                missing = self.settle(consent)?;
                lacking = missing.union(&unkept).copied().collect();
            }
        }
        self.take_back_attempt(mailbox, &mut view)?;
        self.note_pace(&counted, options.allowance_bytes)?;
        self.tell_what_waits_in_vain();
        // Whatever finds no room ends nothing: what was done is told, and that the rest is still to be said.
        self.found_no_room = None;
        if self.end_waiting_in_vain(&view, &missing, &counted, options)? {
            missing = self.settle(consent)?;
            lacking = missing.union(&unkept).copied().collect();
        }
        let is_said = unless_full(self.write_want(mailbox, &mut view, &missing))?.is_some();
        self.note_asked_back(&missing, is_said)?;
        let serving = Serving {
            mailbox,
            allowance_bytes: options.allowance_bytes,
            patience: options.patience(),
            lacking: &lacking,
            counted: &counted,
            was_wiped,
            has_turned,
        };
        unless_full(self.serve(&mut view, &serving))?;
        unless_full(self.write_head(mailbox, &mut view, own.as_ref(), &lacking, &counted))?;
        if let Some((_, most)) = self.found_no_room.take() {
            let reason = format!(
                "the mailbox is full: not all that is to be said from here found room, so that the others go on waiting for it; make room there for {} at least, and sync again",
                kilobytes(most)
            );
            self.skip(&RelPath::root(), reason);
        }
        self.note_emptied(&view, &missing)?;
        self.note_lost(&view, &missing, &counted)?;
        Ok(lacking)
    }

    /// Says how much room the next piece of what waits needs, where nothing went and no visit of another home makes room.
    fn tell_what_waits_in_vain(&mut self) {
        let waits_on_nobody = |outlook: &Outlook| outlook.visits.is_none() && outlook.waits_on.is_none();
        let is_stuck = self.report.posted_changesets == 0 && self.report.outlook.as_ref().is_some_and(waits_on_nobody);
        if let Some((least, _)) = self.found_no_room.take().filter(|_| is_stuck) {
            let reason = format!(
                "nothing of what waits for room could go: the next piece of it takes {}, and the mailbox lies where less is free; make room there, and sync again",
                kilobytes(least)
            );
            self.warn(&RelPath::root(), reason);
        }
    }

    /// Posts until nothing is left or there is no room; tells whether anything was posted.
    ///
    /// A mailbox that turns out to be full is taken for one that allows what it held then: what is small goes first,
    /// and what is large in parts.
    fn post_all(&mut self, mailbox: &dyn Mailbox, view: &mut View, posting: &Posting<'_>) -> Result<bool> {
        let mut posted = false;
        let mut allowance_bytes = posting.allowance_bytes;
        for _ in 0..FULL_TRIES {
            let posting = Posting {
                allowance_bytes,
                ..*posting
            };
            if unless_full(self.post_while_there_is_room(view, &posting, &mut posted))?.is_some() {
                return Ok(posted);
            }
            let held = view.used_bytes();
            // Heads and wants find some room.
            self.take_back_attempt(mailbox, view)?;
            self.tell_what_waits()?;
            // What it holds at most is not told: between what it held, and that with the object that did not fit.
            let guess = allowance_bytes.unwrap_or(held + OBJECT_BYTES_MAX as u64) / 2;
            allowance_bytes = Some(guess.max(held / 10 * 9));
        }
        Ok(posted)
    }

    fn post_while_there_is_room(&mut self, view: &mut View, posting: &Posting<'_>, posted: &mut bool) -> Result<()> {
        if let Some(mailbox) = posting.mailbox {
            *posted |= self.finish_attempt(mailbox, view, posting)?;
        }
        while self.post_one(view, posting)? {
            *posted = true;
        }
        Ok(())
    }

    /// Folds what is listed and brings the drive up to it; fetches content that still lacks.
    fn take_in(&mut self, mailbox: &dyn Mailbox, view: &mut View, consent: &Consent) -> Result<BTreeSet<ChunkId>> {
        self.fetch_changesets(mailbox, view)?;
        self.fetch_states(mailbox, view)?;
        self.show_again()?;
        self.end_waiting_for_state()?;
        let mut missing = self.settle(consent)?;
        if self.let_trash_give_way(mailbox, view, &missing)? {
            missing = self.settle(consent)?;
        }
        let mut carried = Vec::new();
        loop {
            match (
                self.fetch_slice(mailbox, view, &missing, &mut carried)?,
                carried.is_empty(),
            ) {
                (true, _) => self.unreadable.clear(),
                (false, true) if self.space.pass_over(&missing) => {}
                (false, true) => break,
                (false, false) if self.make_way()? => {}
                // There is no room for it after all: a later sync fetches it again.
                (false, false) => self.space.put_away(&std::mem::take(&mut carried)),
            }
            missing = self.settle(consent)?;
            if !carried.is_empty() {
                // What was put together leaves staging, and makes room for the next slice.
                self.drop_spent_staging()?;
            }
        }
        Ok(missing)
    }

    /// Tells what is said about people at once: who joins by an invitation is known from its first sync on, whether or not this
    /// location has synced by then. Gives whether the mailbox could be reached and had room.
    pub fn tell_people(&mut self) -> Result<bool> {
        let Some(mailbox) = self.mailbox else { return Ok(false) };
        let told = self
            .list(mailbox)
            .and_then(|mut view| self.put_statements(mailbox, &mut view));
        match told {
            Err(EngineError::Mailbox(_)) => Ok(false),
            told => told.map(|()| true),
        }
    }

    /// Puts statements about people that the mailbox does not hold: new ones, all after it was wiped, and those that
    /// are damaged there.
    fn put_statements(&mut self, mailbox: &dyn Mailbox, view: &mut View) -> Result<()> {
        for (name, sealed) in memory::read_all::<Vec<u8>>(self.index, STATEMENT)? {
            if let Ok(name) = name.parse::<ObjectName>()
                && (!view.contains(&name) || self.unusable.contains(&name))
            {
                self.put_object(mailbox, view, &name, &sealed)?;
                self.unusable.remove(&name);
            }
        }
        self.introduce_myself(mailbox, view)
    }

    /// Says who this location is where nobody has: whoever invited it may be gone, or may not have synced since.
    ///
    /// Who does not hear it cannot say either that its word lies damaged in the mailbox, or says so under a key that has yet
    /// to come: whoever may be unheard reads its own word there.
    fn introduce_myself(&mut self, mailbox: &dyn Mailbox, view: &mut View) -> Result<()> {
        let me = self.me();
        let is_about_me = |name: &&ObjectName| matches!(name, ObjectName::People { subject, .. } if *subject == me);
        let (may_be_unheard, mut is_introduced, mut unkept) = (self.may_be_unheard()?, false, Vec::new());
        for name in view.names().filter(is_about_me).cloned().collect::<Vec<_>>() {
            match memory::read::<Vec<u8>>(self.index, &format!("{STATEMENT}{name}"))? {
                Some(sealed) if self.introduces(&name, &sealed) => {
                    is_introduced = true;
                    if may_be_unheard && self.lies_damaged(mailbox, &name)? {
                        self.put_object(mailbox, view, &name, &sealed)?;
                    }
                }
                Some(_) => {}
                None => unkept.push(name),
            }
        }
        if is_introduced {
            return Ok(());
        }
        // What says nothing new here was not kept.
        for name in unkept {
            if let Some(sealed) = self.get(mailbox, &name)?
                && self.introduces(&name, &sealed)
            {
                return Ok(());
            }
        }
        self.say_who_i_am(mailbox, view)
    }

    /// Tells whether somebody's last word leaves it open that they heard who this location is.
    fn may_be_unheard(&self) -> Result<bool> {
        let (me, heads, departed) = (self.me(), self.heads()?, self.departed()?);
        let is_unheard_of = |cached: &CachedHead| {
            let said_by = &cached.head.location;
            *said_by != me && !departed.contains(said_by) && !cached.head.counts.contains(&me)
        };
        Ok(self.lacks_key || heads.values().any(is_unheard_of))
    }

    fn lies_damaged(&mut self, mailbox: &dyn Mailbox, name: &ObjectName) -> Result<bool> {
        match self.get(mailbox, name)? {
            Some(sealed) => self.is_damaged(name, &sealed),
            None => Ok(self.unusable.remove(name)),
        }
    }

    /// Tells whether a statement about this location says who it is. What it is called, where it stands and which keys it was
    /// handed does not: nobody believes that of whom nobody introduced. Nor does what is damaged; a newer Offsync's words may.
    fn introduces(&self, name: &ObjectName, sealed: &[u8]) -> bool {
        match People::decode(&self.keys, name, sealed) {
            Ok(said) => said.statement.introduced_key().is_some(),
            Err(error) => error.is_newer(),
        }
    }

    /// Says who this location is, as far as it knows.
    pub(crate) fn say_who_i_am(&mut self, mailbox: &dyn Mailbox, view: &mut View) -> Result<()> {
        let me = self.me();
        let Some(person) = self.people()?.remove(&me) else {
            return Ok(());
        };
        let statement = Statement::Joined {
            label: person.label,
            person: person.person,
            key: person.key,
            created_ns: self.clock.now_ns(),
            holds: person.holds,
        };
        let (people, sealed) = self.word(me, statement);
        self.commit(vec![memory::write(format!("{STATEMENT}{}", people.name()), &sealed)])?;
        self.put_object(mailbox, view, &people.name(), &sealed)
    }

    /// Tells whether own changes may go out: not before a location that joined from nothing knows the archive.
    pub(crate) fn may_post(&self, counted: &Counted) -> Result<bool> {
        let awaits_state = memory::read::<bool>(self.index, AWAITS_STATE)?.unwrap_or(false);
        Ok(!awaits_state && !counted.0.is_empty())
    }

    fn end_waiting_for_state(&mut self) -> Result<()> {
        let is_waiting = memory::read::<bool>(self.index, AWAITS_STATE)?.unwrap_or(false);
        let me = self.me();
        let (heads, departed) = (self.heads()?, self.departed()?);
        let is_other = |location: &LocationId| *location != me && !departed.contains(location);
        // Whoever is alone has nobody to wait for.
        let is_alone = !self.people()?.keys().any(is_other);
        let is_informed = is_alone || (heads.keys().any(is_other) && self.covers_all_heads()?);
        if is_waiting && is_informed && !self.awaits_rules()? {
            self.forget_what_was_shown()?;
            self.commit(vec![memory::erase(AWAITS_STATE)])?;
        }
        Ok(())
    }

    fn close_report(&mut self, missing: &BTreeSet<ChunkId>) -> Result<()> {
        self.report.missing_chunks = missing.len() as u64;
        self.report.lost = self.lost()?;
        self.report.conflicts = self.conflicts()?;
        self.tell_unfitting()?;
        self.tell_escaped()?;
        self.report.awaits_state = self.awaits_state()?;
        let mut root = self.root()?;
        if !self.diverged(root)?.is_empty() {
            // Before the alarm: the hashes that were kept may be what is wrong.
            root = self.hash_all()?;
        }
        self.report.root = Some(root);
        self.report.alarms = self.alarms()?;
        (self.report.held, self.report.also_held) = self.held_for_report();
        let covers_all = self.covers_all_heads()? && !self.sees_strangers && self.report.alarms.is_empty();
        let is_unposted = !self.index.changed_places()?.is_empty() || !self.index.notes(GONE)?.is_empty();
        let is_waiting = self.report.waiting_entries > 0 || self.report.held.is_some();
        let is_settled = self.index.notes(UNSETTLED)?.is_empty();
        let is_read = self.unread_paths == 0;
        self.report.up_to_date =
            covers_all && is_read && missing.is_empty() && !is_unposted && !is_waiting && is_settled;
        Ok(())
    }

    fn held_for_report(&self) -> (Option<Held>, Option<Held>) {
        let mut all = self.held.iter().map(|set| set.held.clone());
        (all.next(), all.next())
    }

    /// Tells whether every head of an id that still lives is folded in.
    pub(crate) fn covers_all_heads(&self) -> Result<bool> {
        let departed = self.departed()?;
        let heads = self.heads()?;
        let mut living = heads.iter().filter(|(location, _)| !departed.contains(location));
        Ok(living.all(|(_, cached)| self.vector.covers(&cached.head.vector)))
    }
}

/// Gives a size as people read it, never too little.
fn kilobytes(bytes: u64) -> String {
    format!("{} kB", bytes.div_ceil(1_000))
}

/// Takes "no room in the mailbox" for "not now"; any other trouble stays trouble.
fn unless_full<T>(done: Result<T>) -> Result<Option<T>> {
    match done {
        Err(EngineError::Mailbox(error)) if error.kind() == MailboxErrorKind::NoRoom => Ok(None),
        done => done.map(Some),
    }
}
