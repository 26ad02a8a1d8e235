//! A mailbox that may hold little, looked at from beside it while homes sync, and what it takes until nothing waits.
//!
//! A look never counts more than was there at one moment, and never fails because an object goes while it is looked at.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::world::{Home, World};

/// The least that a mailbox may be allowed to hold.
pub(crate) const LEAST_ALLOWANCE: u64 = 16 << 20;
/// Of an allowance, what is never exceeded.
const PERCENT_MAX: u64 = 95;
/// A carrying that takes longer is stuck.
const ROUNDS_MAX: usize = 80;

/// A mailbox folder and what it may hold, with all that lies there.
pub(crate) struct Thimble {
    folder: PathBuf,
    allowance_bytes: u64,
    /// The most that any look has found.
    pub(crate) highest_bytes: u64,
}

/// What homes did until nothing waited.
pub(crate) struct Carried {
    /// The reports of each home, in the order of its visits.
    pub(crate) reports: Vec<Vec<Value>>,
}

/// Ends the looking when it goes, if by a panic: a test that fails never hangs.
struct Looking<'a>(&'a AtomicBool);

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The objects of one listing: which file each name is, and its size.
type Listing = BTreeMap<PathBuf, (u64, u64)>;

impl Thimble {
    pub(crate) fn of(world: &World, allowance_bytes: u64) -> Self {
        Self {
            folder: world.mailbox(),
            allowance_bytes,
            highest_bytes: 0,
        }
    }

    /// Syncs while the mailbox is looked at again and again, and once more afterwards; gives the one report.
    pub(crate) fn sync(&mut self, home: &Home) -> Value {
        let is_done = AtomicBool::new(false);
        let (report, highest_bytes) = std::thread::scope(|scope| {
            let folder = &self.folder;
            let watch = scope.spawn(|| {
                let mut highest_bytes = 0;
                while !is_done.load(Ordering::Relaxed) {
                    highest_bytes = look(folder).max(highest_bytes);
                    // Who looks all the time takes the sync's own time.
                    std::thread::sleep(Duration::from_millis(1));
                }
                look(folder).max(highest_bytes)
            });
            let looking = Looking(&is_done);
            let output = home.json(["sync", home.at()]);
            drop(looking);
            let highest_bytes = watch.join().expect("looking never fails");
            output.expect_code(0);
            (output.only_report(), highest_bytes)
        });
        self.note(highest_bytes, &report);
        report
    }

    /// Syncs and looks at the mailbox afterwards only, which is quicker; gives the one report.
    pub(crate) fn sync_unwatched(&mut self, home: &Home) -> Value {
        let report = home.sync();
        self.note(look(&self.folder), &report);
        report
    }

    fn note(&mut self, found_bytes: u64, report: &Value) {
        self.highest_bytes = self.highest_bytes.max(found_bytes);
        let most = self.allowance_bytes * PERCENT_MAX / 100;
        assert!(
            found_bytes <= most,
            "{found_bytes} bytes in a mailbox for {}, of which {most} may be filled: {report:#}",
            self.allowance_bytes
        );
    }

    /// Lets all homes sync in turn, round after round, until none of them has anything to say or to hear.
    pub(crate) fn carry(&mut self, homes: &[&Home]) -> Carried {
        let mut reports: Vec<Vec<Value>> = homes.iter().map(|_| Vec::new()).collect();
        for _ in 0..ROUNDS_MAX {
            let mut is_quiet = true;
            for (home, reports) in homes.iter().zip(&mut reports) {
                let report = self.sync(home);
                is_quiet &= is_idle(&report);
                reports.push(report);
            }
            if is_quiet {
                return Carried { reports };
            }
        }
        panic!(
            "something waits after {ROUNDS_MAX} rounds: {:#?}",
            reports.iter().map(|all| all.last()).collect::<Vec<_>>()
        );
    }
}

impl Carried {
    /// Gives how many rounds it took, the last one, in which nothing happened, among them.
    pub(crate) fn rounds(&self) -> usize {
        self.reports[0].len()
    }

    /// Gives what all homes together put into the mailbox, heads and all.
    pub(crate) fn uploaded_bytes(&self) -> u64 {
        let all = self.reports.iter().flatten();
        all.map(|report| figure(report, "posted", "uploaded_bytes")).sum()
    }
}

/// Gives a figure of a report.
pub(crate) fn figure(report: &Value, part: &str, name: &str) -> u64 {
    report[part][name]
        .as_u64()
        .unwrap_or_else(|| panic!("no {part}.{name} in {report:#}"))
}

/// Tells whether a sync neither said nor heard nor tidied anything, and nothing waits.
fn is_idle(report: &Value) -> bool {
    let applied = report["applied"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, count)| count.clone());
    let did = [
        ("posted", "changesets"),
        ("fetched", "changesets"),
        ("fetched", "part_bytes"),
        ("pruned", "objects"),
        ("waiting", "entries"),
    ];
    let did = did.map(|(part, name)| figure(report, part, name));
    did == [0; 5] && applied.into_iter().all(|count| count == 0) && report["up_to_date"] == true
}

/// Gives what lies in a folder and below, in bytes, at one moment: what two listings show was there between them.
fn look(folder: &Path) -> u64 {
    let [first, second] = [(); 2].map(|()| {
        let mut listing = Listing::new();
        list(folder, &mut listing);
        listing
    });
    // An object is written under another name first: it is one file under two names then.
    let first: BTreeMap<u64, u64> = first.into_values().collect();
    let second: BTreeMap<u64, u64> = second.into_values().collect();
    let both = second
        .iter()
        .filter_map(|(file, size)| Some(first.get(file)?.min(size)));
    both.sum()
}

fn list(folder: &Path, listing: &mut Listing) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        match path.symlink_metadata() {
            Ok(meta) if meta.is_dir() => list(&path, listing),
            Ok(meta) => drop(listing.insert(path, (meta.ino(), meta.len()))),
            // It went meanwhile.
            Err(_) => {}
        }
    }
}
