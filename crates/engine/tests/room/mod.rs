//! Room: what a file needs on a drive while it arrives, to the byte.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use offsync_core::limits::{ALLOWANCE_BYTES_MIN, STAGED_TWICE_BYTES_MAX};
use offsync_core::ports::Disk;
use offsync_engine::{Emptied, Monitor, Phase, Progress, SkippedPath, SyncReport};
use offsync_testkit::{DiskOptions, Rng};

use crate::home::{Homes, path};

const FILM_BYTES: usize = 26_000_000;
/// More syncs than anything here takes.
const SYNCS_MAX: usize = 40;

/// Two homes; the drive of the second has so much room in all, beside what is left free on any drive.
fn pair(room_bytes: u64) -> Homes {
    let capacity_bytes = room_bytes * 100 / 99 + 1;
    Homes::on(&[DiskOptions::ext4(), DiskOptions::ext4().sized(capacity_bytes)])
}

fn film(seed: u64) -> Vec<u8> {
    Rng::new(seed).bytes(FILM_BYTES)
}

/// Tells whether both homes show the same; what they show is too long to be told.
fn is_equal(homes: &Homes) -> bool {
    homes.disk(1).hand().tree() == homes.disk(0).hand().tree()
}

fn arrives(homes: &mut Homes, mut sync: impl FnMut(&mut Homes, usize)) -> bool {
    for _ in 0..SYNCS_MAX {
        sync(homes, 0);
        sync(homes, 1);
        if is_equal(homes) {
            return true;
        }
    }
    false
}

#[test]
fn a_file_needs_room_for_itself_and_one_pack() {
    let needed = FILM_BYTES as u64 + STAGED_TWICE_BYTES_MAX;
    let mut homes = pair(needed);
    homes.hand(0).write(&path("film"), film(1)).expect("fits");
    homes.sync(0);
    let report = homes.sync(1);
    assert!(is_equal(&homes));
    assert_eq!((report.skipped.len(), report.applied.created), (0, 1), "{report:#?}");
    assert!(
        report.downloaded_bytes < FILM_BYTES as u64 * 11 / 10,
        "each pack is fetched once"
    );
    let peak = homes.disk(1).take_peak_bytes();
    assert!(peak <= needed, "{peak} of {needed}");
    assert!(homes.disk(1).hand().staging().is_empty());
}

#[test]
fn a_file_without_room_for_itself_and_one_pack_is_named_with_what_it_needs_and_not_fetched() {
    let needed = FILM_BYTES as u64 + STAGED_TWICE_BYTES_MAX;
    let mut homes = pair(needed - 100_000);
    homes.hand(0).write(&path("film"), film(1)).expect("fits");
    homes.sync(0);
    let report = homes.sync(1);
    assert!(report.downloaded_bytes < 100_000, "{report:#?}");
    assert_eq!(report.skipped.len(), 1);
    assert!(
        report.skipped[0].reason.contains("it needs 30.1 MB while"),
        "{report:#?}"
    );
}

#[test]
fn a_file_that_arrives_in_parts_needs_room_for_itself_and_a_few_packs() {
    let needed = FILM_BYTES as u64 + 2 * STAGED_TWICE_BYTES_MAX;
    let mut homes = pair(needed);
    homes.hand(0).write(&path("film"), film(1)).expect("fits");
    let mut downloaded = 0;
    let arrived = arrives(&mut homes, |homes, n| {
        let report = homes.sync_allowing(n, ALLOWANCE_BYTES_MIN);
        downloaded += report.downloaded_bytes;
    });
    assert!(arrived, "{:?}", homes.mail());
    assert!(downloaded < FILM_BYTES as u64 * 11 / 10, "{downloaded}");
    let peak = homes.disk(1).take_peak_bytes();
    assert!(peak <= FILM_BYTES as u64 + STAGED_TWICE_BYTES_MAX, "{peak} of {needed}");
}

#[test]
fn a_file_that_is_served_in_any_order_needs_no_more_room() {
    let needed = FILM_BYTES as u64 + STAGED_TWICE_BYTES_MAX;
    let mut homes = pair(needed);
    homes.hand(0).write(&path("film"), film(1)).expect("fits");
    homes.sync(0);
    let packs = homes.packs();
    assert!(packs.len() > 5);
    packs.iter().for_each(|name| homes.lose_objects(name));
    let arrived = arrives(&mut homes, |homes, n| drop(homes.sync(n)));
    assert!(arrived, "{:?}", homes.mail());
    let peak = homes.disk(1).take_peak_bytes();
    assert!(peak <= needed, "{peak} of {needed}");
}

#[test]
fn a_file_of_which_half_is_here_needs_room_for_itself_and_one_pack() {
    let needed = FILM_BYTES as u64 + STAGED_TWICE_BYTES_MAX;
    let mut homes = pair(FILM_BYTES as u64 + needed);
    homes.hand(0).write(&path("film"), film(1)).expect("fits");
    assert!(arrives(&mut homes, |homes, n| drop(homes.sync(n))));
    homes.disk(1).take_peak_bytes();
    let mut edited = film(1);
    edited[FILM_BYTES / 4..FILM_BYTES * 3 / 4].copy_from_slice(&film(2)[..FILM_BYTES / 2]);
    homes.hand(0).write(&path("film"), edited).expect("fits");
    homes.sync(0);
    let report = homes.sync(1);
    assert!(is_equal(&homes));
    assert!(report.downloaded_bytes < FILM_BYTES as u64 * 2 / 3, "{report:#?}");
    let peak = homes.disk(1).take_peak_bytes();
    assert!(peak <= FILM_BYTES as u64 + needed, "{peak} of {needed}");
}

#[test]
fn many_photos_of_the_size_of_one_chunk_need_room_for_themselves_and_one_pack() {
    let needed = 26 * 1_000_000 + STAGED_TWICE_BYTES_MAX;
    let mut homes = pair(needed);
    for n in 0..26 {
        let photo = Rng::new(n).bytes(1_000_000);
        homes.hand(0).write(&path(&format!("{n}.jpg")), photo).expect("fits");
    }
    homes.sync(0);
    let report = homes.sync(1);
    assert!(is_equal(&homes));
    assert!(report.skipped.is_empty(), "{report:#?}");
    assert!(
        report.downloaded_bytes < 27_000_000,
        "nothing is fetched twice: {report:#?}"
    );
    let peak = homes.disk(1).take_peak_bytes();
    assert!(peak <= needed, "{peak} of {needed}");
}

#[test]
fn no_power_cut_lets_a_pack_be_fetched_again_that_was_noted() {
    for (seed, first, more) in [(1, 15, 3), (2, 30, 7), (3, 43, 19)] {
        let needed = FILM_BYTES as u64 + 2 * STAGED_TWICE_BYTES_MAX;
        let mut homes = pair(needed);
        homes.hand(0).write(&path("film"), film(seed)).expect("fits");
        homes.sync(0);
        let mut rng = Rng::new(seed);
        let mut noted: Vec<String> = Vec::new();
        let mut calls = first;
        let mut cuts = 0;
        loop {
            let (packs, report) = homes.sync_until(1, calls, &mut rng);
            let again: Vec<&String> = packs.iter().filter(|pack| noted.contains(pack)).collect();
            assert!(again.is_empty(), "cut {cuts} at call {calls}: {again:?}");
            // Only the last may have been cut off before it was noted.
            noted.extend(packs.iter().rev().skip(1).cloned());
            if report.is_some() {
                break;
            }
            let shown = homes.disk(1).hand().tree();
            let whole = homes.disk(0).hand().tree();
            assert!(shown.is_empty() || shown == whole, "nothing is shown by halves");
            (calls, cuts) = (calls + more, cuts + 1);
        }
        assert!(cuts >= 8, "{cuts}");
        assert!(is_equal(&homes));
        let peak = homes.disk(1).take_peak_bytes();
        assert!(peak <= needed, "{peak} of {needed}");
        homes.sync(1);
        assert!(homes.disk(1).hand().staging().is_empty());
    }
}

/// Stops once a third pack is about to be fetched.
#[derive(Default)]
struct Impatient {
    told: AtomicUsize,
}

impl Monitor for Impatient {
    fn progress(&self, progress: &Progress) {
        if progress.phase == Phase::Fetching {
            self.told.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn is_cancelled(&self) -> bool {
        // Once for the changeset, and for each pack.
        self.told.load(Ordering::Relaxed) > 2
    }
}

#[test]
fn a_person_can_stop_between_two_packs_and_what_came_is_kept() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("film"), film(1)).expect("fits");
    homes.sync(0);
    let staged = homes.sync_stopped(1, &Impatient::default());
    assert!((1..=10).contains(&staged), "{staged} chunks of two packs");
    let report = homes.sync(1);
    assert!(is_equal(&homes));
    assert!(report.downloaded_bytes < FILM_BYTES as u64 * 9 / 10, "{report:#?}");
}

/// Counts how often each of some packs was fetched.
fn times_fetched(packs: &[String]) -> BTreeMap<&str, usize> {
    packs.iter().fold(BTreeMap::new(), |mut times, pack| {
        *times.entry(pack.as_str()).or_default() += 1;
        times
    })
}

#[test]
fn small_files_that_fit_come_first_and_no_pack_is_fetched_twice() {
    let mut homes = pair(11_500_000);
    homes
        .hand(0)
        .write(&path("film"), Rng::new(9).bytes(14 << 20))
        .expect("fits");
    homes.sync(0);
    for n in 0..8 {
        let photo = Rng::new(n).bytes(1_000_000);
        homes.hand(0).write(&path(&format!("{n}.jpg")), photo).expect("fits");
    }
    homes.sync(0);
    let (packs, report) = homes.sync_recorded(1);
    assert_eq!(report.applied.created, 8, "{report:#?}");
    let said: Vec<_> = report.skipped.iter().map(|line| line.path.to_string()).collect();
    assert_eq!(said, ["film"]);
    let reason = &report.skipped[0].reason;
    assert!(
        reason.contains("it needs 18.8 MB while it is put together, and there are 3.5 MB; free 15.3 MB and sync again"),
        "{reason}"
    );
    let of_photos = 2;
    assert_eq!(packs.len(), of_photos, "what has no room is not fetched: {packs:?}");
    assert!(times_fetched(&packs).values().all(|times| *times == 1), "{packs:?}");
    // Nothing is fetched in vain by the next one either.
    let (packs, report) = homes.sync_recorded(1);
    assert_eq!((packs.len(), report.skipped.len()), (0, 1), "{report:#?}");
}

#[test]
fn all_that_fits_in_slices_comes_in_one_sync_and_each_pack_once() {
    // Small files share what is staged of them, which stands twice: there is room for a slice at a time.
    let small = 600;
    let mut homes = pair(small * 10_000 + 600_000);
    for n in 0..small {
        let bytes = Rng::new(n).bytes(10_000);
        homes.hand(0).write(&path(&format!("{n}.txt")), bytes).expect("fits");
    }
    homes.sync(0);
    let listed = homes.packs().len();
    let (packs, report) = homes.sync_recorded(1);
    assert!(is_equal(&homes));
    assert_eq!(
        (report.applied.created, report.skipped.len()),
        (small, 0),
        "{report:#?}"
    );
    assert_eq!(packs.len(), listed);
    assert!(times_fetched(&packs).values().all(|times| *times == 1), "{packs:?}");
}

#[test]
fn blocks_are_counted_and_what_fits_is_kept() {
    const BLOCK_BYTES: u64 = 32 << 10;
    let room_bytes: u64 = 100 * BLOCK_BYTES;
    let drive = DiskOptions::exfat().sized(room_bytes * 100 / 99 + 1);
    let mut homes = Homes::on(&[DiskOptions::ext4(), drive.in_blocks(BLOCK_BYTES)]);
    for folder in 0..3 {
        homes.hand(0).mkdir(&path(&format!("folder {folder}"))).expect("fits");
    }
    for n in 0..300 {
        let name = format!("folder {}/{n:03}.txt", n % 3);
        homes
            .hand(0)
            .write(&path(&name), Rng::new(n).bytes(1_000))
            .expect("fits");
    }
    homes.sync(0);
    let (packs, report) = homes.sync_recorded(1);
    assert_eq!(packs.len(), 1, "{packs:?}");
    // Three blocks are of the folders; the last is what is staged of the last file.
    assert_eq!(report.applied.created, 96, "{report:#?}");
    let (all, of_files) = report.skipped.split_last().expect("the rest is said");
    assert_eq!(of_files.len(), 204);
    let is_said = |line: &SkippedPath| line.reason.starts_with("the drive is too full for it: it needs ");
    assert!(of_files.iter().all(is_said), "{report:#?}");
    assert!(all.path.is_root());
    assert_eq!(
        all.reason,
        "the drive is too full for 204 files; free 6.7 MB on it and sync again. Nothing is lost"
    );
    assert!(homes.disk(1).hand().staging().is_empty());
}

/// Two homes with a letter; the second's trash holds two photos, displaced a day apart, beside so much room.
fn pair_with_trash(room_bytes: u64, photo_bytes: usize) -> Homes {
    let mut homes = pair(room_bytes + 2 * photo_bytes as u64);
    for name in ["letter", "old-1", "old-2"] {
        let len = if name == "letter" { 10 } else { photo_bytes };
        let bytes = Rng::new(name.len() as u64 + u64::from(name.as_bytes()[name.len() - 1])).bytes(len);
        homes.hand(0).write(&path(name), bytes).expect("fits");
    }
    homes.round(2);
    for name in ["old-1", "old-2"] {
        homes.pass_days(1);
        homes.hand(0).remove(&path(name)).expect("is there");
        homes.round(2);
    }
    assert_eq!(trashed(&mut homes), ["old-2", "old-1"]);
    homes
}

/// What lies in the trash of the second home, the newest first.
fn trashed(homes: &mut Homes) -> Vec<String> {
    let lines = homes.trash(1).into_iter();
    lines.map(|line| line.path.to_string()).collect()
}

fn reasons(report: &SyncReport) -> Vec<(String, &str)> {
    let lines = report.skipped.iter();
    lines
        .map(|line| (line.path.to_string(), line.reason.as_str()))
        .collect()
}

/// What a photo of 3 MB needs while it arrives, and a little for what is beside it.
const PHOTO_NEEDS: u64 = 2 * 3_000_000 + 200_000;

fn photo() -> Vec<u8> {
    Rng::new(5).bytes(3_000_000)
}

#[test]
fn the_oldest_of_the_trash_gives_way_to_what_arrives_once_it_is_not_young() {
    let mut homes = pair_with_trash(PHOTO_NEEDS - 1_500_000, 2_000_000);
    homes.hand(0).write(&path("photo"), photo()).expect("fits");
    homes.sync(0);
    let report = homes.sync(1);
    let said = reasons(&report);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].0 == "photo"
            && said[0].1.starts_with("the drive is too full for it: it needs 6.0 MB")
            && said[0].1.ends_with(
                "and sync again. Nothing is lost; the trash on this drive holds 4.0 MB, which `offsync trash empty FOLDER` frees"
            ),
        "{said:?}"
    );
    assert_eq!(trashed(&mut homes), ["old-2", "old-1"], "what is young stays");
    homes.pass_days(7);
    let report = homes.sync(1);
    assert!(report.skipped.is_empty(), "{report:#?}");
    assert!(is_equal(&homes));
    assert_eq!(trashed(&mut homes), ["old-2"], "no more goes than is needed");
}

#[test]
fn no_trash_gives_way_to_what_would_have_no_room_without_it_either() {
    let mut homes = pair_with_trash(PHOTO_NEEDS - 1_500_000, 2_000_000);
    let film = Rng::new(6).bytes(6_000_000);
    homes.hand(0).write(&path("film"), film).expect("fits");
    homes.sync(0);
    for _ in 0..3 {
        homes.pass_days(3);
        homes.sync(0);
        let report = homes.sync(1);
        assert_eq!(reasons(&report).len(), 1, "{report:#?}");
    }
    assert_eq!(trashed(&mut homes), ["old-2", "old-1"]);
}

#[test]
fn no_trash_gives_way_to_what_is_nowhere_yet() {
    let mut homes = pair_with_trash(PHOTO_NEEDS - 1_500_000, 2_000_000);
    homes.hand(0).write(&path("photo"), photo()).expect("fits");
    homes.sync(0);
    homes.sync(1);
    homes.lose_objects("out.");
    homes.pass_days(7);
    let report = homes.sync(1);
    assert_eq!(reasons(&report).len(), 1, "{report:#?}");
    assert_eq!(trashed(&mut homes), ["old-2", "old-1"]);
    // It was asked for, is served, and comes.
    homes.sync(0);
    homes.sync(1);
    assert!(is_equal(&homes));
    assert_eq!(trashed(&mut homes), ["old-2"]);
}

#[test]
fn the_trash_gives_way_to_a_film_that_comes_in_parts() {
    let mut homes = pair_with_trash(FILM_BYTES as u64 - 5_000_000, 8_000_000);
    homes.pass_days(7);
    homes.round(1);
    homes.hand(0).write(&path("film"), film(1)).expect("fits");
    let arrived = arrives(&mut homes, |homes, n| {
        drop(homes.sync_allowing(n, ALLOWANCE_BYTES_MIN));
    });
    assert!(arrived, "{:?}", homes.mail());
    assert!(homes.trash(1).is_empty());
}

#[test]
fn a_whole_file_in_the_trash_stays_while_the_one_in_its_place_is_known_to_be_damaged() {
    let mut homes = Homes::new(2);
    for name in ["a", "b"] {
        homes.hand(0).write(&path(name), photo()).expect("fits");
    }
    homes.round(2);
    homes.hand(0).remove(&path("a")).expect("is there");
    homes.round(2);
    assert_eq!(trashed(&mut homes), ["a"]);
    homes.hand(1).rot(&path("b")).expect("is there");
    assert_eq!(homes.verify_repairing(1).damaged.len(), 1);
    assert_eq!(
        homes.empty_trash(1),
        Emptied {
            files: 0,
            bytes: 0,
            kept: 1
        }
    );
}

#[test]
fn what_waits_in_the_mailbox_for_a_drive_without_room_is_not_put_there_twice() {
    let mut homes = pair(12_000_000);
    homes
        .hand(0)
        .write(&path("ballast"), film(3)[..6_000_000].to_vec())
        .expect("fits");
    homes.hand(0).write(&path("letter"), "a letter").expect("fits");
    homes.round(2);
    homes
        .hand(0)
        .write(&path("film"), film(4)[..7_000_000].to_vec())
        .expect("fits");
    homes
        .hand(0)
        .write(&path("note"), "small enough to come within a changeset")
        .expect("fits");
    homes.sync(0);
    let objects = |homes: &Homes| -> Vec<(String, usize)> {
        let names = homes.mail().into_iter().filter(|name| !name.starts_with("head."));
        names.map(|name| (name.clone(), homes.object(&name).len())).collect()
    };
    let before = objects(&homes);
    let packs = before.iter().filter(|(name, _)| name.ends_with(".pack"));
    assert_eq!(packs.clone().count(), 2, "{before:?}");
    let bytes: usize = packs.map(|(_, bytes)| bytes).sum();
    assert!((7_000_000..7_010_000).contains(&bytes), "{bytes}");
    for _ in 0..3 {
        let report = homes.sync(1);
        assert_eq!(reasons(&report).len(), 1, "{report:#?}");
        assert_eq!(objects(&homes), before, "nothing is asked for");
        let report = homes.sync(0);
        assert!(report.served.is_empty(), "{report:#?}");
        assert_eq!(objects(&homes), before, "nothing is put there");
    }
    // What the mailbox lost since is asked for, and served once.
    homes.lose_objects(
        &before
            .iter()
            .find(|(name, _)| name.ends_with(".pack"))
            .expect("a pack")
            .0,
    );
    homes.sync(1);
    homes.sync(0);
    let names = homes.mail().into_iter();
    assert_eq!(
        names.filter(|name| name.ends_with(".pack")).count(),
        2,
        "{:?}",
        homes.mail()
    );
    homes.hand(1).remove(&path("ballast")).expect("is there");
    homes.round(2);
    assert!(is_equal(&homes));
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn what_is_old_in_the_trash_of_a_full_drive_makes_room_for_notes() {
    let mut homes = pair_with_trash(PHOTO_NEEDS, 2_000_000);
    let fill = |homes: &Homes| {
        let free = homes.disk(1).facts().expect("a sound drive").free_bytes;
        let ballast = Rng::new(9).bytes(usize::try_from(free).expect("a small drive"));
        homes.disk(1).hand().write(&path("ballast"), ballast)
    };
    fill(&homes).expect("fits to the byte");
    let has_room =
        |homes: &mut Homes| homes.with_engine(1, |engine| engine.has_room_for_notes().expect("a sound drive"));
    let make_room =
        |homes: &mut Homes| homes.with_engine(1, |engine| engine.make_room_for_notes().expect("a sound drive"));
    assert!(!has_room(&mut homes));
    assert!(!make_room(&mut homes), "what is young stays");
    assert_eq!(trashed(&mut homes), ["old-2", "old-1"]);
    homes.pass_days(7);
    assert!(make_room(&mut homes) && has_room(&mut homes));
    assert!(
        !trashed(&mut homes).contains(&"old-1".to_owned()),
        "the oldest goes first"
    );
    homes.sync(1);
}
