//! Posts that are cut off: what arrived is not sent again, and what nobody needs any more leaves the mailbox.

use std::sync::atomic::{AtomicU64, Ordering};

use offsync_engine::{Monitor, Phase, Progress};

use crate::home::{Homes, noise, path};

/// Three packs and a bit.
const FILM_BYTES: usize = 14 << 20;
/// What lies around content in the mailbox: manifests, heads, people.
const SPARE_BYTES: u64 = 64 << 10;

/// Stops a post after some calls.
struct StopsAfter {
    calls: AtomicU64,
}

impl Monitor for StopsAfter {
    fn progress(&self, progress: &Progress) {
        if progress.phase == Phase::Posting {
            let left = self.calls.load(Ordering::Relaxed);
            self.calls.store(left.saturating_sub(1), Ordering::Relaxed);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.calls.load(Ordering::Relaxed) == 0
    }
}

/// Three homes, of which the first was cut off while it posted a film; with the packs that it had put.
fn cut_off() -> (Homes, Vec<String>) {
    for calls in 1_u64.. {
        let mut homes = Homes::new(3);
        homes.hand(0).write(&path("a.txt"), "a").expect("fits");
        homes.round(3);
        homes.hand(0).write(&path("film"), noise(FILM_BYTES)).expect("fits");
        homes.sync_stopped(0, &StopsAfter { calls: calls.into() });
        let left = homes.packs();
        if left.len() >= 2 {
            return (homes, left);
        }
    }
    unreachable!("it ends before it has put all")
}

fn bytes_of(homes: &Homes, names: &[String]) -> u64 {
    names.iter().map(|name| homes.object(name).len() as u64).sum()
}

#[test]
fn what_was_put_before_a_post_was_cut_off_is_not_put_again() {
    let (mut homes, left) = cut_off();
    let there = bytes_of(&homes, &left);
    assert!(there > FILM_BYTES as u64 / 4, "{there} bytes were put");
    let report = homes.sync(0);
    assert!(
        report.uploaded_bytes + there < FILM_BYTES as u64 + SPARE_BYTES,
        "{} and {there}",
        report.uploaded_bytes
    );
    assert!(
        left.iter().all(|name| homes.packs().contains(name)),
        "it was posted as it was"
    );
    homes.round(3);
    homes.assert_all_equal();
    assert_eq!(homes.read_bytes(1, "film"), noise(FILM_BYTES));
    assert_eq!(homes.packs(), [""; 0]);
}

#[test]
fn what_was_put_of_a_file_that_is_gone_leaves_with_the_next_sync() {
    let (mut homes, _) = cut_off();
    homes.hand(0).remove(&path("film")).expect("is there");
    homes.sync(0);
    assert_eq!(homes.packs(), [""; 0]);
    homes.round(2);
    homes.assert_all_equal();
}

#[test]
fn what_was_put_before_somebody_was_taken_out_is_put_again_under_the_new_key() {
    let (mut homes, left) = cut_off();
    let third = homes.location(2);
    homes.remove(0, third);
    homes.sync(0);
    let now = homes.packs();
    assert!(
        !now.is_empty() && now.iter().all(|name| !homes.first_key_opens(name)),
        "{now:?}"
    );
    assert!(
        left.iter().all(|name| !now.contains(name)),
        "what is sealed with the old key went"
    );
    homes.sync(1);
    homes.sync(1);
    assert_eq!(homes.read_bytes(1, "film"), noise(FILM_BYTES));
}

#[test]
fn a_pack_that_did_not_arrive_whole_is_put_again() {
    let (mut homes, left) = cut_off();
    let whole = homes.object(&left[0]);
    homes.forge(&left[0], whole[..whole.len() / 2].to_vec());
    homes.sync(0);
    assert!(!homes.packs().contains(&left[0]));
    homes.round(3);
    homes.assert_all_equal();
    assert_eq!(homes.read_bytes(1, "film"), noise(FILM_BYTES));
    assert_eq!(homes.packs(), [""; 0]);
}
