//! The watch: what the oracle notes while the world runs, taken from calls that got through.
//!
//! Every commit and every put passes it. It never changes what it sees.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, Version};
use offsync_core::format::{Head, ObjectName, People, Statement, decode_pack};
use offsync_core::ids::{ChunkId, Digest, LocationId, PublicKey, Root};
use offsync_core::ports::{IndexStore, IndexWrite};
use offsync_core::rel_path::PathKey;
use offsync_core::seal::{ArchiveKey, ArchiveKeys, SigningKey, take_over};
use offsync_core::siblings::Siblings;
use offsync_core::version_vector::VersionVector;
use offsync_engine::Identity;
use offsync_testkit::{SimIndex, SimMailbox};

use crate::guard::{Off, Put};

/// New ids that a home may take without any cause that is counted: one whose first cycle died may have been heard, and its
/// computer did not remember it yet. Or one for each night that came back with the mailbox: with the next head of another home it
/// may hear that numbers of that id went on after that night, and nobody can tell which of two meanings they have. Whichever home
/// came back so, others may have folded what its numbers mean no more: those begin again who hold what fewer hold.
const IDS_TO_SPARE: u64 = 1;

/// A version as its author minted it.
#[derive(Clone, Debug)]
pub(crate) struct Minted {
    pub(crate) key: PathKey,
    pub(crate) version: Version,
    /// What stood there and was replaced by it.
    pub(crate) replaced: BTreeSet<Dot>,
    /// Which home minted it.
    home: usize,
    /// Whether anybody else can have seen it.
    is_public: bool,
}

/// A head as it was put.
pub(crate) struct SeenHead {
    pub(crate) counter: u64,
    pub(crate) at_ns: i64,
    /// The number of the call by which its location came, or came back after it had been silent for long enough to be parked.
    back_since_call: u64,
    /// What its location said that it had folded.
    vector: VersionVector,
}

/// What was seen so far.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) minted: BTreeMap<Dot, Minted>,
    roots: BTreeMap<VersionVector, (Root, usize)>,
    /// The first broken promise.
    pub(crate) trouble: Option<String>,
    /// By which keys homes sign.
    signers: Vec<SigningKey>,
    /// The archive keys that took the place of the first one.
    later_keys: Vec<ArchiveKey>,
    /// Indexes of all homes, with whether a backup was put back there.
    pub(crate) homes: Vec<(SimIndex, bool)>,
    /// The counter and time of the last head of each location, by the world's clock.
    pub(crate) heads: BTreeMap<LocationId, SeenHead>,
    /// Counts listings and heads, in the order in which they happen.
    calls: u64,
    /// When each home listed the mailbox last, counted so.
    listed: BTreeMap<usize, u64>,
    /// The largest object that each home put since that was last asked.
    largest_put: BTreeMap<usize, u64>,
    pub(crate) now_ns: i64,
    pub(crate) park_after_ns: i64,
    pub(crate) judges_prunes: bool,
    /// Whom the last head of each location counted.
    pub(crate) counts: BTreeMap<LocationId, Vec<LocationId>>,
    /// Which value a file's content is.
    pub(crate) values: BTreeMap<Digest, u64>,
    /// Values that a person took away from a place, by home.
    pub(crate) taken: BTreeSet<(usize, u64)>,
    /// What rotten files read as, and which value they were.
    pub(crate) rotten: BTreeMap<Digest, u64>,
    /// What of that somebody made their own word.
    pub(crate) meant: BTreeSet<Digest>,
    /// Ids of drives that were put back with their computer and the mailbox, each with the last number that was known then:
    /// nothing keeps them from using those above again, and only what comes of that is judged.
    may_say_twice: BTreeMap<LocationId, u64>,
    /// How often each home took a new id.
    ids_taken: BTreeMap<usize, u64>,
    /// How often there was cause for that.
    ids_due: BTreeMap<usize, u64>,
    /// How often some home came back with the mailbox as both were one night.
    burns: u64,
}

impl Notes {
    /// Lets an id use again the numbers above one.
    pub(crate) fn let_say_twice(&mut self, location: LocationId, known: u64) {
        let first = self.may_say_twice.entry(location).or_insert(known);
        *first = known.min(*first);
    }

    /// Gives what anybody ever said that a place holds.
    pub(crate) fn said_of(&self, key: &PathKey) -> Vec<Content> {
        let minted = self.minted.values().filter(|minted| minted.key == *key);
        minted.map(|minted| minted.version.value.content.clone()).collect()
    }

    /// Tells whether all that came of a version is deletions in other homes: of those that only deleted it, or that sent nothing
    /// else with them, neither an edit nor a move.
    pub(crate) fn is_only_deleted(&self, at: usize, dot: &Dot, deleted_at: impl Fn(usize) -> bool) -> bool {
        let is_deletion = |minted: &Minted| minted.version.value.content == Content::Tombstone;
        let mut after = self.minted.iter().filter(|(_, minted)| minted.replaced.contains(dot));
        after.all(|(by, minted)| {
            let sent = |other: &Dot| (other.location, other.sequence) == (by.location, by.sequence);
            let with_it = self.minted.iter().filter(|(other, _)| sent(other));
            let with_it: Vec<&Minted> = with_it.map(|(_, other)| other).collect();
            // What comes with a deletion under the same name counts as the same file, moved and edited; what holds the same was moved.
            let content = self.minted.get(dot).map(|known| &known.version.value.content);
            let is_it = |other: &Minted| {
                let is_same = content.is_some_and(|content| other.version.value.content.same_as(content));
                !is_deletion(other) && (is_same || other.key.name() == minted.key.name())
            };
            let is_moved = with_it.iter().any(|other| is_it(other));
            let is_outright = !is_moved && deleted_at(minted.home) || with_it.iter().all(|other| is_deletion(other));
            minted.home != at && is_deletion(minted) && is_outright
        })
    }

    /// Tells whether a dot may stand for two versions.
    pub(crate) fn may_mean_two(&self, dot: &Dot) -> bool {
        let known = self.may_say_twice.get(&dot.location);
        known.is_some_and(|known| dot.sequence > *known)
    }

    /// Tells whether who folded that may have folded something else than another who did.
    fn may_be_two(&self, folded: &VersionVector) -> bool {
        self.may_say_twice
            .iter()
            .any(|(location, known)| folded.get(location) > *known)
    }
}

/// Notes that are shared by everything that watches.
#[derive(Clone)]
pub(crate) struct Watch {
    notes: Arc<Mutex<Notes>>,
    keys: ArchiveKeys,
    mailbox: SimMailbox,
}

impl Watch {
    pub(crate) fn new(keys: ArchiveKeys, mailbox: SimMailbox) -> Self {
        Self {
            notes: Arc::default(),
            keys,
            mailbox,
        }
    }

    pub(crate) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a broken promise; the first is the one that is told.
    pub(crate) fn complain(&self, what: String) {
        self.notes().trouble.get_or_insert(what);
    }

    /// Gives the archive's keys, with all that any home has handed over.
    fn keys(&self) -> ArchiveKeys {
        self.keys.with_later(&self.notes().later_keys, None)
    }

    /// Hears by which key a home signs: what is handed over to it can be opened here.
    pub(crate) fn see_signer(&self, signer: &SigningKey) {
        let mut notes = self.notes();
        if notes.signers.iter().all(|known| known.public() != signer.public()) {
            notes.signers.push(signer.clone());
        }
    }

    /// Sees keys that are handed over, before anything is sealed with them.
    fn see_keys(&self, writes: &[IndexWrite]) {
        for write in writes {
            let IndexWrite::Note(note, Some(bytes)) = write else {
                continue;
            };
            let Some(Ok(name)) = note.strip_prefix("statement/").map(str::parse::<ObjectName>) else {
                continue;
            };
            let sealed: Vec<u8> = postcard::from_bytes(bytes).unwrap_or_default();
            let said = People::decode(&self.keys, &name, &sealed).map(|people| people.statement);
            let Ok(Statement::Keyed { handed, .. }) = said else {
                continue;
            };
            let mut notes = self.notes();
            let archive = self.keys.archive();
            let opened = notes
                .signers
                .iter()
                .find_map(|signer| take_over(&handed, signer, archive));
            let new = opened.filter(|key| !notes.later_keys.contains(key));
            notes.later_keys.extend(new);
        }
    }

    /// Sees a commit before it is done.
    pub(crate) fn see_commit(&self, home: usize, index: &SimIndex, writes: &[IndexWrite]) {
        self.see_keys(writes);
        self.see_identity(home, index, writes);
        let entries = writes.iter().filter_map(|write| match write {
            IndexWrite::Entry(key, siblings) => Some((key, siblings)),
            _ => None,
        });
        let versions = entries.clone().flat_map(|(_, siblings)| siblings.iter());
        // What is made anew elsewhere in the same changeset was moved, or is a conflict copy that somebody touched.
        let arriving: BTreeSet<Content> = versions.map(|(_, version)| version.value.content.clone()).collect();
        for (key, siblings) in entries {
            let before = index.entry(key).unwrap_or_default();
            self.see_entry(home, index, key, &before, siblings, &arriving);
        }
    }

    fn see_identity(&self, home: usize, index: &SimIndex, writes: &[IndexWrite]) {
        let is_identity = |write: &IndexWrite| match write {
            IndexWrite::Note(name, Some(note)) if name == "identity" => postcard::from_bytes::<Identity>(note).ok(),
            _ => None,
        };
        let (before, after) = (identity_of(index), writes.iter().find_map(is_identity));
        if before
            .zip(after)
            .is_none_or(|(before, after)| before.location == after.location)
        {
            return;
        }
        let mut notes = self.notes();
        let taken = notes.ids_taken.entry(home).or_default();
        *taken += 1;
        let (taken, due) = (*taken, notes.ids_due.get(&home).copied().unwrap_or(0));
        if taken > due + IDS_TO_SPARE.max(notes.burns) {
            let text = format!("ids are taken without need: home {home} took {taken}, and {due} times there was cause");
            notes.trouble.get_or_insert(text);
        }
    }

    /// Notes that some home comes back with the mailbox as both were one night.
    pub(crate) fn note_burn(&self) {
        self.notes().burns += 1;
    }

    /// Notes that something happened to a home for which it takes a new id: it was put back, or cloned.
    pub(crate) fn expect_new_id(&self, home: usize) {
        *self.notes().ids_due.entry(home).or_default() += 1;
    }

    /// Notes that a home takes itself for level with all others: a cause for which it took no new id by then is none for a
    /// later one, if it is level.
    ///
    /// It goes by the heads that it knows. After a fire these are of an older night, all that is left in the mailbox and on
    /// its drive, and what shows that its numbers were used before comes with the next head of another home.
    pub(crate) fn spend_causes(&self, home: usize) {
        let mut notes = self.notes();
        let folded = vector_of(&notes.homes[home].0);
        if !notes.homes.iter().all(|(index, _)| folded.covers(&vector_of(index))) {
            return;
        }
        let taken = notes.ids_taken.get(&home).copied().unwrap_or(0);
        if let Some(due) = notes.ids_due.get_mut(&home) {
            *due = taken.min(*due);
        }
    }

    fn see_entry(
        &self,
        home: usize,
        index: &SimIndex,
        key: &PathKey,
        before: &Siblings,
        after: &Siblings,
        arriving: &BTreeSet<Content>,
    ) {
        let mut notes = self.notes();
        for (dot, version) in after.iter() {
            let notes = &mut *notes;
            let may_mean_two = notes.may_mean_two(dot);
            match notes.minted.get_mut(dot) {
                Some(known) if known.version == *version && known.key == *key => {
                    known.is_public |= known.home != home;
                }
                Some(known) if known.is_public && may_mean_two => {
                    known.key = key.clone();
                    known.version = version.clone();
                    let left = before.iter().map(|(dot, _)| *dot);
                    known.replaced.extend(left.filter(|dot| after.get(dot).is_none()));
                }
                Some(known) if known.is_public => {
                    let text = format!("a dot was minted twice: {dot:?} at {key:?} and {:?}", known.key);
                    notes.trouble.get_or_insert(text);
                }
                _ => {
                    let evidence = evidence_lacks(notes, home, before, after, version, arriving);
                    let evidence = evidence.filter(|(buried, content, value)| {
                        !lives_elsewhere(index, key, content)
                            && !stood_for_anothers(notes, home, key, content, *value)
                            && !buried_by_anothers(notes, home, key, *buried)
                    });
                    if let Some((_, _, value)) = evidence {
                        let text = format!("a deletion that nobody made: home {home} buries v{value} at {key:?}");
                        notes.trouble.get_or_insert(text);
                    }
                    if let Content::File(file) = &version.value.content
                        && let Some(value) = notes.rotten.get(&file.digest)
                        && !notes.meant.contains(&file.digest)
                    {
                        let text =
                            format!("damage travels as an edit: home {home} posts what v{value} rotted to at {key:?}");
                        notes.trouble.get_or_insert(text);
                    }
                    let left = before.iter().map(|(dot, _)| *dot);
                    let minted = Minted {
                        key: key.clone(),
                        version: version.clone(),
                        replaced: left.filter(|dot| after.get(dot).is_none()).collect(),
                        home,
                        is_public: false,
                    };
                    notes.minted.insert(*dot, minted);
                }
            }
        }
    }

    /// Changes an object on its way out, if a guard is off.
    pub(crate) fn change_put(&self, off: Off, signer: &SigningKey, name: &str, bytes: &[u8]) -> Put {
        off.change_put(&self.keys(), signer, &self.mailbox, name, bytes)
    }

    /// Gives the largest object that each home put since this was last asked: it may have been taken back since.
    pub(crate) fn take_largest_put(&self) -> BTreeMap<usize, u64> {
        std::mem::take(&mut self.notes().largest_put)
    }

    /// Sees an object that was put.
    pub(crate) fn see_put(&self, home: usize, signer: &PublicKey, name: &str, bytes: &[u8]) {
        let mut notes = self.notes();
        let largest = notes.largest_put.entry(home).or_default();
        *largest = bytes.len().max(*largest as usize) as u64;
        drop(notes);
        match name.parse::<ObjectName>() {
            Ok(name @ ObjectName::Head(_)) => self.see_head(home, signer, &name, bytes),
            Ok(ObjectName::Manifest { author, sequence }) => {
                let mut notes = self.notes();
                let from = Dot {
                    location: author,
                    sequence,
                    ordinal: 0,
                };
                let to = Dot {
                    ordinal: u32::MAX,
                    ..from
                };
                notes
                    .minted
                    .range_mut(from..=to)
                    .for_each(|(_, minted)| minted.is_public = true);
            }
            _ => {}
        }
    }

    fn see_head(&self, home: usize, signer: &PublicKey, name: &ObjectName, bytes: &[u8]) {
        let Ok(head) = Head::decode(&self.keys(), name, bytes, |_| Some(*signer)) else {
            return self.complain(format!("home {home} put a head that nobody can read"));
        };
        let mut notes = self.notes();
        let now_ns = notes.now_ns;
        notes.calls += 1;
        let before = notes.heads.get(&head.location);
        let went_on = before.filter(|seen| now_ns - seen.at_ns < notes.park_after_ns);
        let back_since_call = went_on.map_or(notes.calls, |seen| seen.back_since_call);
        let seen = SeenHead {
            counter: head.counter,
            at_ns: now_ns,
            back_since_call,
            vector: head.vector.clone(),
        };
        notes.heads.insert(head.location, seen);
        notes.counts.insert(head.location, head.counts.clone());
        let (root, other) = *notes.roots.entry(head.vector.clone()).or_insert((head.root, home));
        if root != head.root && !notes.may_be_two(&head.vector) {
            let text = format!(
                "equal vectors and unequal roots in the heads of homes {other} and {home}: {:?}",
                head.vector
            );
            notes.trouble.get_or_insert(text);
        }
    }

    /// Sees that a home lists the mailbox.
    pub(crate) fn see_list(&self, home: usize) {
        let mut notes = self.notes();
        notes.calls += 1;
        let calls = notes.calls;
        notes.listed.insert(home, calls);
    }

    /// Sees an object before it is deleted.
    pub(crate) fn see_delete(&self, home: usize, name: &str) {
        let (Ok(parsed), Some(sealed)) = (name.parse::<ObjectName>(), self.mailbox.object(name)) else {
            return;
        };
        let (author, sequence) = match &parsed {
            ObjectName::Manifest { author, sequence } | ObjectName::Pack { author, sequence, .. } => {
                (author, *sequence)
            }
            _ => return,
        };
        let keys = self.keys();
        let notes = self.notes();
        if !notes.judges_prunes {
            return;
        }
        let waiting: Vec<usize> = (0..notes.homes.len())
            .filter(|at| waits_for(&notes, &self.mailbox, home, *at, author, sequence))
            .collect();
        let Some(at) = waiting.first() else { return };
        let trouble = match &parsed {
            ObjectName::Manifest { .. } => Some(format!("which home {at} has not folded")),
            // An attempt without a changeset is nobody's to wait for.
            _ if vector_of(&notes.homes[home].0).get(author) < sequence => None,
            // What nobody needs any more may leave before. Who is about to fold it asks for it until it reads what replaced it.
            _ => decode_pack(&keys, &parsed, &sealed).ok().and_then(|chunks| {
                let needs = |at: &usize| {
                    let (index, _) = &notes.homes[*at];
                    // What a clone's head says that never spoke is its original's.
                    let has_folded = identity_of(index).is_some_and(|identity| {
                        let head = notes.heads.get(&identity.location);
                        head.is_some_and(|head| head.counter == identity.counter && head.vector.get(author) >= sequence)
                    });
                    (*at == home || has_folded) && chunks.iter().any(|(chunk, _)| has_version_with(index, chunk))
                };
                let needing = (0..notes.homes.len()).find(needs)?;
                Some(format!(
                    "which home {at} has not folded, and of which home {needing} has a version"
                ))
            }),
        };
        drop(notes);
        if let Some(trouble) = trouble {
            self.complain(format!("pruned early: home {home} deletes {name}, {trouble}"));
        }
    }
}

/// Tells whether a home is one that has to be waited for, and has not folded a changeset.
fn waits_for(
    notes: &Notes,
    mailbox: &SimMailbox,
    pruner: usize,
    at: usize,
    author: &LocationId,
    sequence: u64,
) -> bool {
    let (index, was_restored) = &notes.homes[at];
    let Some(identity) = identity_of(index) else {
        return false;
    };
    let head = notes.heads.get(&identity.location);
    let is_recent = |at_ns: i64| notes.now_ns - at_ns < notes.park_after_ns;
    let listed = notes.listed.get(&pruner).copied().unwrap_or(0);
    let speaks = mailbox.object(&format!("head.{}", identity.location)).is_some()
        && head.is_some_and(|head| {
            // Who was parked and came back since the pruner's last listing is served state.
            let came_back = head.back_since_call > listed;
            head.counter == identity.counter && is_recent(head.at_ns) && !came_back
        });
    // Whoever came between the pruner's listing and its deletion is served state.
    let known = notes.homes[pruner].0.note(&format!("person/{}", identity.location));
    !was_restored && matches!(known, Ok(Some(_))) && speaks && vector_of(index).get(author) < sequence
}

fn has_version_with(index: &SimIndex, chunk: &ChunkId) -> bool {
    index
        .versions_with_chunk(chunk)
        .is_ok_and(|versions| !versions.is_empty())
}

/// Gives a version and its value that a new tombstone buries although no person took it away at that home.
fn evidence_lacks(
    notes: &Notes,
    home: usize,
    before: &Siblings,
    after: &Siblings,
    new: &Version,
    arriving: &BTreeSet<Content>,
) -> Option<(Dot, Content, u64)> {
    if new.value.content.is_live() {
        return None;
    }
    let buried = before.live().filter(|(dot, _)| after.get(dot).is_none());
    let values = buried.filter_map(|(dot, version)| match &version.value.content {
        content if arriving.contains(content) => None,
        content @ Content::File(file) => Some((*dot, content.clone(), notes.values.get(&file.digest).copied()?)),
        _ => None,
    });
    let mut lacking = values.filter(|(_, _, value)| !notes.taken.contains(&(home, *value)));
    lacking.next()
}

/// Tells whether a content also is a live version of another path: a place that showed both stands for that one now.
fn lives_elsewhere(index: &SimIndex, key: &PathKey, content: &Content) -> bool {
    let others = index.all_entries().into_iter().filter(|(other, _)| other != key);
    others
        .into_iter()
        .any(|(_, siblings)| siblings.live().any(|(_, version)| version.value.content == *content))
}

/// Tells whether somebody else minted the same content for the same path, and took that away: a place that showed both
/// stood for that one.
fn stood_for_anothers(notes: &Notes, home: usize, key: &PathKey, content: &Content, value: u64) -> bool {
    let is_same = |minted: &&Minted| minted.key == *key && minted.version.value.content == *content;
    let mut others = notes
        .minted
        .values()
        .filter(|minted| minted.home != home)
        .filter(is_same);
    others.any(|minted| notes.taken.contains(&(minted.home, value)))
}

/// Tells whether somebody else posted a tombstone that buries that very version: who says a stray anew says it for them.
///
/// Their own evidence was judged when they minted it. What they replaced between the two does not count for less.
fn buried_by_anothers(notes: &Notes, home: usize, key: &PathKey, buried: Dot) -> bool {
    let is_tombstone = |minted: &&Minted| {
        minted.is_public && minted.home != home && minted.key == *key && !minted.version.value.content.is_live()
    };
    notes.minted.values().filter(is_tombstone).any(|minted| {
        let (mut seen, mut todo) = (BTreeSet::new(), Vec::from_iter(minted.replaced.iter().copied()));
        while let Some(dot) = todo.pop() {
            if seen.insert(dot) {
                todo.extend(notes.minted.get(&dot).into_iter().flat_map(|minted| &minted.replaced));
            }
        }
        seen.contains(&buried)
    })
}

/// Reads who a location is.
pub(crate) fn identity_of(index: &SimIndex) -> Option<Identity> {
    postcard::from_bytes(&index.note("identity").ok()??).ok()
}

/// Reads what a location folded.
pub(crate) fn vector_of(index: &SimIndex) -> VersionVector {
    let note = index.note("vector").ok().flatten();
    note.and_then(|note| postcard::from_bytes(&note).ok())
        .unwrap_or_default()
}
