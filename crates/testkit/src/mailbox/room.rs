//! What lies in a simulated mailbox, what lay in it before, and who wrote what.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use offsync_core::limits::OBJECT_BYTES_MAX;
use offsync_core::ports::{MailboxErrorKind, ObjectInfo};

use super::{MailboxCalls, MailboxFaults, MailboxOptions, TwoWriters};
use crate::rng::Rng;

/// Objects by name.
pub(super) type Objects = BTreeMap<String, Arc<Vec<u8>>>;

/// Earlier states that are remembered for stale listings and for going back.
const HISTORY: usize = 12;
/// "Short": what every provider holds.
const NAME_BYTES_MAX: usize = 200;

/// The state behind all handles.
pub(super) struct Room {
    pub(super) options: MailboxOptions,
    pub(super) faults: MailboxFaults,
    pub(super) trouble: Option<MailboxErrorKind>,
    pub(super) calls: MailboxCalls,
    pub(super) peak_bytes: u64,
    pub(super) violations: Vec<String>,
    pub(super) rng: Rng,
    objects: Arc<Objects>,
    history: VecDeque<Arc<Objects>>,
    /// For each immutable name ever put: who put it first, and what (by length and hash).
    authors: BTreeMap<String, (String, (usize, u64))>,
    /// For each head and want: who put it last.
    owners: BTreeMap<String, String>,
}

impl Room {
    pub(super) fn new(options: MailboxOptions, rng: Rng) -> Self {
        Self {
            options,
            faults: MailboxFaults::default(),
            trouble: None,
            calls: MailboxCalls::default(),
            peak_bytes: 0,
            violations: Vec::new(),
            rng,
            objects: Arc::default(),
            history: VecDeque::new(),
            authors: BTreeMap::new(),
            owners: BTreeMap::new(),
        }
    }

    pub(super) fn objects(&self) -> &Objects {
        &self.objects
    }

    pub(super) fn object(&self, name: &str) -> Option<Arc<Vec<u8>>> {
        self.objects.get(name).cloned()
    }

    pub(super) fn used_bytes(&self) -> u64 {
        self.objects.values().map(|bytes| bytes.len() as u64).sum()
    }

    /// Changes the objects and remembers how they were.
    pub(super) fn change(&mut self, act: impl FnOnce(&mut Objects)) {
        self.history.push_back(self.objects.clone());
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
        act(Arc::make_mut(&mut self.objects));
        self.peak_bytes = self.peak_bytes.max(self.used_bytes());
    }

    pub(super) fn roll_back(&mut self, changes: usize) -> usize {
        let changes = changes.min(self.history.len());
        if changes > 0 {
            let at = self.history.len() - changes;
            self.objects = self.history[at].clone();
            self.history.truncate(at);
        }
        changes
    }

    /// Gives a listing as this caller sees it: now and then of an earlier state, or with gaps.
    pub(super) fn view(&mut self, who: &str) -> Vec<ObjectInfo> {
        let mut seen = self.objects.clone();
        if self.rng.percent(self.faults.stale_list)
            && let Some(old) = self.rng.choose(self.history.make_contiguous())
        {
            seen = old.clone();
        }
        let is_partial = self.rng.percent(self.faults.partial_list);
        let own: Vec<_> = self.owned_heads(who).collect();
        let mut lines: Vec<_> = seen.iter().filter(|(name, _)| !own.contains(name)).map(info).collect();
        if is_partial {
            lines.retain(|_| self.rng.percent(70));
        }
        lines.extend(
            own.into_iter()
                .filter_map(|name| self.objects.get_key_value(&name))
                .map(info),
        );
        self.rng.shuffle(&mut lines);
        lines
    }

    /// Gives an object as this caller sees it: heads and wants of others may be old.
    pub(super) fn read(&mut self, who: &str, name: &str) -> Option<Arc<Vec<u8>>> {
        let is_others = is_overwritable(name) && self.owners.get(name).is_none_or(|owner| owner != who);
        if is_others && self.rng.percent(self.faults.stale_get) {
            let olds: Vec<_> = self.history.iter().filter_map(|old| old.get(name)).cloned().collect();
            if let Some(old) = self.rng.choose(&olds) {
                return Some(old.clone());
            }
        }
        self.object(name)
    }

    /// Checks the rules of a put; panics where an engine breaks them.
    pub(super) fn check_put(&mut self, who: &str, name: &str, bytes: &[u8]) {
        check_name(name);
        assert!(!bytes.is_empty(), "{who} puts an empty object: {name}");
        assert!(
            bytes.len() <= OBJECT_BYTES_MAX,
            "{who} puts {} bytes, more than one upload holds: {name}",
            bytes.len()
        );
        if is_overwritable(name) {
            self.owners.insert(name.to_owned(), who.to_owned());
            return;
        }
        let print = fingerprint(bytes);
        match self.authors.get(name) {
            None => _ = self.authors.insert(name.to_owned(), (who.to_owned(), print)),
            Some((_, first)) if *first == print => {}
            Some((author, _)) => {
                let said =
                    format!("two writers of one object: {author} wrote {name}, and {who} puts other bytes there");
                assert_eq!(self.options.two_writers, TwoWriters::Note, "{said}");
                self.violations.push(said);
            }
        }
    }

    fn owned_heads(&self, who: &str) -> impl Iterator<Item = String> {
        let is_own = move |(name, owner): &(&String, &String)| owner.as_str() == who && name.starts_with("head.");
        self.owners
            .iter()
            .filter(is_own)
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
            .into_iter()
    }
}

/// Tells whether a name may be overwritten, by its owner alone.
fn is_overwritable(name: &str) -> bool {
    name.starts_with("head.") || name.starts_with("want.")
}

/// Panics unless every provider can hold that name.
pub(super) fn check_name(name: &str) {
    let is_good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    assert!(
        !name.is_empty() && name.len() <= NAME_BYTES_MAX && !name.starts_with('.') && name.bytes().all(is_good),
        "a name that not every provider holds: {name:?}"
    );
}

/// Tells contents apart; the hasher has fixed keys, so it replays.
fn fingerprint(bytes: &[u8]) -> (usize, u64) {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    (bytes.len(), hasher.finish())
}

pub(super) fn info((name, bytes): (&String, &Arc<Vec<u8>>)) -> ObjectInfo {
    ObjectInfo {
        name: name.clone(),
        size_bytes: bytes.len() as u64,
    }
}
