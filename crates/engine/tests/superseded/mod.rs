//! Superseded content: a home that was away for long fetches the last version alone, and the mailbox does not fill with those
//! before it.

use offsync_core::limits::{ALLOWANCE_BYTES_MIN, INLINE_CONTENT_BYTES_MAX};
use offsync_testkit::{DiskOptions, Rng};

use crate::home::{Homes, path};

const FILM_BYTES: usize = 3_000_000;
/// Heads, statements and the changesets themselves, without any content in packs.
const WORDS_BYTES: u64 = 60_000;

fn film(seed: u64) -> Vec<u8> {
    Rng::new(seed).bytes(FILM_BYTES)
}

fn write_film(homes: &Homes, seed: u64) {
    homes.hand(0).write(&path("film"), film(seed)).expect("fits");
}

/// Some objects of the mailbox, to put them there again.
fn kept(homes: &Homes, names: &[String]) -> Vec<(String, Vec<u8>)> {
    names.iter().map(|name| (name.clone(), homes.object(name))).collect()
}

fn put_back(homes: &Homes, objects: Vec<(String, Vec<u8>)>) {
    for (name, bytes) in objects {
        homes.forge(&name, bytes);
    }
}

/// Just too large to travel inside a changeset.
fn clip(seed: u64) -> Vec<u8> {
    Rng::new(seed).bytes(INLINE_CONTENT_BYTES_MAX + 1)
}

fn write_clip(homes: &Homes, seed: u64) {
    homes.hand(0).write(&path("film"), clip(seed)).expect("fits");
}

/// Two homes that are level, with a film.
fn pair() -> Homes {
    pair_with(&film(1_000))
}

fn pair_with(film: &[u8]) -> Homes {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("film"), film.to_vec()).expect("fits");
    homes.round(3);
    homes.assert_mailbox_holds_only_heads_and_people();
    homes
}

#[test]
fn while_one_is_away_the_mailbox_holds_the_last_version_and_that_alone_is_fetched() {
    let mut homes = pair();
    for week in 0..25 {
        homes.pass_days(7);
        write_film(&homes, week);
        let report = homes.sync(0);
        assert_eq!(report.posted_changesets, 1, "{report:#?}");
        assert!(
            homes.mail_bytes() < 2 * FILM_BYTES as u64 + WORDS_BYTES,
            "week {week}: {:?}",
            homes.mail()
        );
        let report = homes.sync(0);
        assert_eq!(report.posted_changesets, 0, "{report:#?}");
        assert!(
            homes.mail_bytes() < FILM_BYTES as u64 + WORDS_BYTES,
            "week {week}: {:?}",
            homes.mail()
        );
    }
    let (fetched, report) = homes.sync_recorded(1);
    assert_eq!(report.fetched_changesets, 25);
    assert_eq!(fetched.len(), 1, "{fetched:?}");
    assert!(report.downloaded_bytes < FILM_BYTES as u64 + WORDS_BYTES, "{report:#?}");
    assert!(
        report.skipped.is_empty() && report.lost.is_empty() && report.missing_chunks == 0,
        "{report:#?}"
    );
    homes.assert_all_equal();
    homes.round(2);
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn what_is_rewritten_leaves_early_though_other_files_were_sent_with_it() {
    let mut homes = pair();
    let mut photos_bytes = 0;
    for week in 0..8 {
        homes.pass_days(7);
        write_film(&homes, week);
        let photo = Rng::new(100 + week).bytes(200_000);
        photos_bytes += photo.len() as u64;
        homes
            .hand(0)
            .write(&path(&format!("photo {week}")), photo)
            .expect("fits");
        homes
            .hand(0)
            .write(&path(&format!("note {week}")), "little")
            .expect("fits");
        let report = homes.sync(0);
        assert_eq!(report.posted_changesets, 1, "{report:#?}");
        homes.sync(0);
        assert!(
            homes.mail_bytes() < FILM_BYTES as u64 + photos_bytes + WORDS_BYTES,
            "week {week}: {:?}",
            homes.mail()
        );
    }
    let (fetched, report) = homes.sync_recorded(1);
    assert_eq!(fetched.len(), 1 + 8, "{fetched:?}");
    assert!(
        report.skipped.is_empty() && report.lost.is_empty() && report.missing_chunks == 0,
        "{report:#?}"
    );
    homes.assert_all_equal();
}

#[test]
fn of_many_rewritten_files_few_get_packs_of_their_own_and_what_is_little_goes_inside() {
    let mut homes = Homes::new(2);
    let clip = |n: u64, version: u64| Rng::new(1_000 * version + n).bytes(INLINE_CONTENT_BYTES_MAX + 1);
    for n in 0..40 {
        homes
            .hand(0)
            .write(&path(&format!("clip {n}")), clip(n, 1))
            .expect("fits");
    }
    homes.round(3);
    for n in 0..40 {
        homes
            .hand(0)
            .write(&path(&format!("clip {n}")), clip(n, 2))
            .expect("fits");
    }
    homes.hand(0).write(&path("note"), "little").expect("fits");
    homes.sync(0);
    assert_eq!(homes.packs().len(), 16 + 1, "16 of one file, and one of all others");
    homes.round(3);
    homes.assert_all_equal();
    homes.hand(0).write(&path("clip 0"), clip(0, 3)).expect("fits");
    homes.hand(0).write(&path("note"), "as little").expect("fits");
    homes.sync(0);
    assert_eq!(homes.packs().len(), 1, "the note lies in the changeset itself");
    homes.round(3);
    homes.assert_all_equal();
}

#[test]
fn a_small_mailbox_takes_rewrites_without_end_while_one_is_away() {
    let mut homes = pair();
    for week in 0..12 {
        homes.pass_days(7);
        homes
            .hand(0)
            .write(&path("film"), Rng::new(week).bytes(5_000_000))
            .expect("fits");
        let report = homes.sync_allowing(0, ALLOWANCE_BYTES_MIN);
        assert_eq!(
            (report.posted_changesets, report.waiting_entries),
            (1, 0),
            "week {week}: {report:#?}"
        );
    }
    homes.sync_allowing(1, ALLOWANCE_BYTES_MIN);
    homes.assert_all_equal();
}

#[test]
fn a_late_reader_fetches_the_last_of_many_versions_though_all_lie_there() {
    let mut homes = pair();
    let mut all = Vec::new();
    for version in 0..60 {
        write_film(&homes, version);
        homes.sync(0);
        all.extend(kept(&homes, &homes.packs()));
    }
    put_back(&homes, all);
    assert_eq!(homes.packs().len(), 60);
    let (fetched, report) = homes.sync_recorded(1);
    assert_eq!((report.fetched_changesets, fetched.len()), (60, 1), "{fetched:?}");
    assert!(
        report.downloaded_bytes < FILM_BYTES as u64 + 2 * WORDS_BYTES,
        "{report:#?}"
    );
    homes.assert_all_equal();
}

#[test]
fn pieces_that_a_later_version_counts_on_stay() {
    let mut homes = pair();
    let mut film: Vec<u8> = Rng::new(5).bytes(9_000_000);
    homes.hand(0).write(&path("film"), film.clone()).expect("fits");
    homes.sync(0);
    let whole = homes.packs();
    for edit in 0..4 {
        // One place, in the first piece of a pack: of what came after the whole, the last is left alone.
        film[100_000..200_000].copy_from_slice(&Rng::new(50 + edit).bytes(100_000));
        homes.hand(0).write(&path("film"), film.clone()).expect("fits");
        homes.sync(0);
    }
    homes.sync(0);
    let left = homes.packs();
    assert_eq!(left.len(), whole.len() + 1, "{:?}", homes.mail());
    assert!(whole.iter().all(|name| left.contains(name)), "{:?}", homes.mail());
    let report = homes.sync(1);
    assert!(report.missing_chunks == 0 && report.skipped.is_empty(), "{report:#?}");
    homes.assert_all_equal();
    homes.round(2);
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn what_another_home_may_have_copied_stays_until_it_has_heard_that_it_was_replaced() {
    let mut homes = Homes::new(3);
    write_film(&homes, 1_000);
    homes.round(3);
    write_film(&homes, 1);
    homes.sync(0);
    let first = homes.packs();
    homes.sync(2);
    write_film(&homes, 2);
    homes.sync(0);
    homes.sync(0);
    assert!(
        first.iter().all(|name| homes.packs().contains(name)),
        "{:?}",
        homes.mail()
    );
    // It copied the first version meanwhile, and says so before it knows of the second: home 1 gets that copy.
    homes.hand(2).write(&path("copy"), film(1)).expect("fits");
    let second: Vec<String> = homes
        .mail()
        .into_iter()
        .filter(|name| name.starts_with("out."))
        .collect();
    let newest = kept(
        &homes,
        &second
            .into_iter()
            .filter(|name| name.ends_with(".3.manifest"))
            .collect::<Vec<_>>(),
    );
    assert_eq!(newest.len(), 1, "{:?}", homes.mail());
    homes.lose_objects(&newest[0].0);
    let report = homes.sync(2);
    assert!(
        report.payload_bytes < WORDS_BYTES,
        "it counts on what lies there: {report:#?}"
    );
    put_back(&homes, newest);
    homes.sync(0);
    homes.sync(0);
    assert!(
        first.iter().all(|name| homes.packs().contains(name)),
        "{:?}",
        homes.mail()
    );
    let report = homes.sync(1);
    assert!(report.missing_chunks == 0 && report.skipped.is_empty(), "{report:#?}");
    assert_eq!(homes.read_bytes(1, "copy"), film(1));
    homes.round(2);
    homes.assert_all_equal();
}

#[test]
fn once_all_who_fetched_the_old_version_have_the_new_one_the_old_one_leaves() {
    let mut homes = Homes::new(3);
    write_film(&homes, 1_000);
    homes.round(3);
    write_film(&homes, 1);
    homes.sync(0);
    let first = homes.packs();
    homes.sync(2);
    write_film(&homes, 2);
    homes.sync(0);
    homes.sync(0);
    homes.sync(2);
    homes.sync(0);
    assert!(
        first.iter().all(|name| !homes.packs().contains(name)),
        "{:?}",
        homes.mail()
    );
    homes.sync(1);
    homes.assert_all_equal();
}

#[test]
fn what_a_head_lists_as_missing_stays() {
    let mut homes = pair();
    write_film(&homes, 1);
    homes.sync(0);
    let first = homes.packs();
    let content = kept(&homes, &first);
    // It hears of the first version and does not get it.
    first.iter().for_each(|name| homes.lose_objects(name));
    assert!(homes.sync(1).missing_chunks > 0);
    put_back(&homes, content);
    write_film(&homes, 2);
    homes.sync(0);
    homes.sync(0);
    assert!(
        first.iter().all(|name| homes.packs().contains(name)),
        "{:?}",
        homes.mail()
    );
    homes.round(3);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn what_replaced_it_has_to_lie_there_first() {
    let mut homes = pair();
    write_film(&homes, 1);
    homes.sync(0);
    let first = homes.packs();
    write_film(&homes, 2);
    homes.sync(0);
    let manifests: Vec<String> = homes
        .mail()
        .into_iter()
        .filter(|name| name.ends_with(".manifest"))
        .collect();
    let last = kept(&homes, &manifests[manifests.len() - 1..]);
    homes.lose_objects(&last[0].0);
    homes.sync(0);
    assert!(
        first.iter().all(|name| homes.packs().contains(name)),
        "{:?}",
        homes.mail()
    );
    put_back(&homes, last);
    homes.sync(0);
    assert!(
        first.iter().all(|name| !homes.packs().contains(name)),
        "{:?}",
        homes.mail()
    );
    homes.sync(1);
    homes.assert_all_equal();
}

#[test]
fn who_finds_it_gone_and_has_not_heard_why_waits_and_calls_it_neither_damaged_nor_lost() {
    let mut homes = pair();
    write_film(&homes, 1);
    homes.sync(0);
    write_film(&homes, 2);
    homes.sync(0);
    homes.sync(0);
    // A listing that lags: the second changeset and what it brought are not shown yet.
    let names: Vec<String> = homes
        .mail()
        .into_iter()
        .filter(|name| name.starts_with("out."))
        .collect();
    let second: Vec<String> = names.into_iter().filter(|name| name.contains(".3.")).collect();
    let late = kept(&homes, &second);
    assert_eq!(late.len(), 2, "{:?}", homes.mail());
    second.iter().for_each(|name| homes.lose_objects(name));
    let report = homes.sync(1);
    assert!(report.missing_chunks > 0 && !report.up_to_date, "{report:#?}");
    assert!(
        report.skipped.is_empty() && report.lost.is_empty() && report.alarms.is_empty(),
        "{report:#?}"
    );
    assert_eq!(homes.read_bytes(1, "film"), film(1_000), "what was shown stays whole");
    put_back(&homes, late);
    let report = homes.sync(1);
    assert!(report.missing_chunks == 0 && report.lost.is_empty(), "{report:#?}");
    homes.assert_all_equal();
    homes.round(2);
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_power_cut_at_any_call_of_the_author_leaves_a_way_to_the_last_version() {
    for calls in 1.. {
        let mut homes = pair_with(&clip(1_000));
        write_clip(&homes, 1);
        homes.sync(0);
        write_clip(&homes, 2);
        homes.sync(0);
        write_clip(&homes, 3);
        let (_, report) = homes.sync_until(0, calls, &mut Rng::new(calls));
        let late = homes.sync(1);
        assert!(
            late.lost.is_empty() && late.skipped.is_empty() && late.missing_chunks == 0,
            "at {calls}: {late:#?}"
        );
        let shown = homes.read_bytes(1, "film");
        assert!(shown == clip(2) || shown == clip(3), "at {calls}");
        homes.round(3);
        homes.assert_all_equal();
        assert_eq!(homes.read_bytes(1, "film"), clip(3));
        homes.assert_mailbox_holds_only_heads_and_people();
        if report.is_some() {
            assert!(calls > 30, "{calls}");
            return;
        }
    }
}

#[test]
fn an_author_that_was_put_back_to_before_it_hears_of_nothing_lost() {
    let mut homes = pair();
    write_film(&homes, 1);
    homes.sync(0);
    let backup = homes.backup(0);
    write_film(&homes, 2);
    homes.sync(0);
    homes.sync(0);
    homes.restore(0, &backup);
    for _ in 0..4 {
        for home in [0, 1] {
            let report = homes.sync(home);
            assert!(report.lost.is_empty() && report.alarms.is_empty(), "{report:#?}");
        }
    }
    homes.assert_all_equal();
    assert_eq!(homes.read_bytes(1, "film"), film(2));
}

#[test]
fn parts_of_a_file_that_was_replaced_are_not_fetched() {
    let mut homes = pair();
    let big = 8_000_000;
    homes
        .hand(0)
        .write(&path("other"), Rng::new(1).bytes(big))
        .expect("fits");
    homes.sync_allowing(0, ALLOWANCE_BYTES_MIN);
    let mut all = kept(&homes, &homes.packs());
    // There is room for a part of it alone; the rest goes once the other one has left.
    homes
        .hand(0)
        .write(&path("in parts"), Rng::new(2).bytes(big))
        .expect("fits");
    let report = homes.sync_allowing(0, ALLOWANCE_BYTES_MIN);
    assert_eq!(
        (report.posted_changesets, report.waiting_entries),
        (1, 1),
        "{report:#?}"
    );
    homes.hand(0).write(&path("other"), "small by now").expect("fits");
    while homes.sync_allowing(0, ALLOWANCE_BYTES_MIN).waiting_entries > 0 {
        all.extend(kept(&homes, &homes.packs()));
    }
    all.extend(kept(&homes, &homes.packs()));
    homes.hand(0).write(&path("in parts"), "small by now").expect("fits");
    homes.sync_allowing(0, ALLOWANCE_BYTES_MIN);
    homes.sync_allowing(0, ALLOWANCE_BYTES_MIN);
    assert_eq!(
        homes.packs(),
        Vec::<String>::new(),
        "parts leave with the version that they were of"
    );
    put_back(&homes, all);
    let (fetched, report) = homes.sync_recorded(1);
    assert_eq!(fetched, Vec::<String>::new());
    assert!(report.missing_chunks == 0 && report.skipped.is_empty(), "{report:#?}");
    homes.assert_all_equal();
    homes.round(2);
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn parts_of_a_file_that_was_changed_before_the_rest_followed_leave_and_are_sent_again_if_need_be() {
    let mut homes = pair();
    let sync = |homes: &mut Homes| homes.sync_allowing(0, ALLOWANCE_BYTES_MIN);
    let large = |seed: u64| Rng::new(seed).bytes(14_000_000);
    for seed in [1, 2, 3] {
        homes.hand(0).write(&path("large"), large(seed)).expect("fits");
        let report = sync(&mut homes);
        assert_eq!(
            (report.posted_changesets, report.waiting_entries),
            (1, 1),
            "{seed}: {report:#?}"
        );
        let report = sync(&mut homes);
        assert_eq!(
            (report.posted_changesets, report.pruned_objects),
            (0, 0),
            "it is on its way: {report:#?}"
        );
    }
    // Back to what went ahead once, and left since.
    homes.hand(0).write(&path("large"), large(1)).expect("fits");
    for _ in 0..3 {
        assert!(sync(&mut homes).uploaded_bytes < 13_000_000);
        homes.sync_allowing(1, ALLOWANCE_BYTES_MIN);
    }
    homes.round(3);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_part_that_a_head_lists_as_missing_stays() {
    let small_drive = DiskOptions::ext4().sized(3_000_000);
    let mut homes = Homes::on(&[DiskOptions::ext4(), DiskOptions::ext4(), small_drive]);
    write_clip(&homes, 1);
    homes.round(3);
    homes
        .hand(0)
        .write(&path("large"), Rng::new(1).bytes(14_000_000))
        .expect("fits");
    homes.sync_allowing(0, ALLOWANCE_BYTES_MIN);
    let parts = homes.packs();
    assert!(!parts.is_empty(), "{:?}", homes.mail());
    assert!(homes.sync_allowing(2, ALLOWANCE_BYTES_MIN).missing_chunks > 0);
    homes.hand(0).write(&path("large"), "small by now").expect("fits");
    homes.sync_allowing(0, ALLOWANCE_BYTES_MIN);
    homes.sync_allowing(0, ALLOWANCE_BYTES_MIN);
    assert_eq!(homes.packs(), parts, "{:?}", homes.mail());
    homes.round(3);
    homes.assert_all_equal();
}

#[test]
fn parts_of_a_file_that_is_deleted_before_its_entry_comes_leave_the_mailbox_at_once_and_the_drive_in_time() {
    let mut homes = pair();
    homes.hand(0).write(&path("stays"), "stays").expect("fits");
    homes.round(2);
    let long = Rng::new(77).bytes(3 * ALLOWANCE_BYTES_MIN as usize);
    homes.hand(0).write(&path("film"), long).expect("fits");
    for home in [0, 1, 0, 1] {
        homes.sync_allowing(home, ALLOWANCE_BYTES_MIN);
    }
    assert!(!homes.hand(1).staging().is_empty(), "parts came");
    homes.hand(0).remove(&path("film")).expect("is there");
    for home in [0, 1, 0, 1, 0] {
        homes.sync_allowing(home, ALLOWANCE_BYTES_MIN);
    }
    assert!(!homes.hand(1).tree().contains_key(&path("film")), "the deletion came");
    homes.assert_mailbox_holds_only_heads_and_people();
    homes.pass_days(181);
    homes.round(1);
    assert!(
        homes.hand(1).staging().is_empty(),
        "{:?}",
        homes.hand(1).staging().keys()
    );
}
