//! What a simulated drive promises beyond the port's contract: faults, power cuts, and the person's hand.

use std::io::{Read, Write};
use std::sync::Arc;

use offsync_core::entry::Meta;
use offsync_core::ports::{Clock, Disk, DiskError, DiskErrorKind as Kind, StagedName, TrashName};
use offsync_core::rel_path::RelPath;

use super::{DiskOptions, InodeNumbers, Seen, SimDisk};
use crate::clock::SimTime;
use crate::rng::Rng;

fn path(text: &str) -> RelPath {
    RelPath::new(text).expect("a good path")
}

fn disk(options: DiskOptions) -> SimDisk {
    SimDisk::new(options, SimTime::new().clock(0))
}

fn stage(disk: &SimDisk, name: &str, bytes: &[u8]) {
    let mut file = disk.stage(&StagedName(name.to_owned()), 0).expect("staged");
    file.write_all(bytes).expect("written");
    file.finish().expect("finished");
}

fn publish(disk: &SimDisk, name: &str, to: &str) -> Result<(), DiskError> {
    disk.publish(
        &StagedName(name.to_owned()),
        &path(to),
        &Meta {
            mode: 0o644,
            mtime_ns: 0,
        },
    )
    .map(drop)
}

fn bytes(text: &str) -> Seen {
    Seen::File(Arc::new(text.as_bytes().to_vec()))
}

fn kind<T>(result: Result<T, DiskError>) -> Kind {
    result.map(drop).expect_err("it fails").kind()
}

#[test]
fn a_file_comes_to_be_once_where_the_drive_tells_it() {
    let time = SimTime::new();
    let disk = SimDisk::new(DiskOptions::ext4(), time.clock(0));
    let born = |at: &str| {
        let seen = disk.look(&path(at)).expect("can be read").expect("is there");
        seen.born_ns.expect("this drive tells it")
    };
    let hand = disk.hand();
    hand.write(&path("a"), "1").expect("fits");
    let first = born("a");
    time.pass_ns(1);
    hand.write_in_place(&path("a"), "2").expect("fits");
    assert_eq!(born("a"), first, "an edit in place leaves it");
    hand.rename(&path("a"), &path("b")).expect("is there");
    assert_eq!(born("b"), first, "a move leaves it");
    hand.write(&path("a"), "3").expect("fits");
    assert!(born("a") > first, "a new file under a freed name came to be later");
    let silent = DiskOptions {
        has_birth_time: false,
        ..DiskOptions::ext4()
    };
    let disk = SimDisk::new(silent, time.clock(0));
    disk.hand().write(&path("a"), "1").expect("fits");
    let seen = disk.look(&path("a")).expect("can be read").expect("is there");
    assert_eq!(seen.born_ns, None);
}

#[test]
fn a_power_cut_keeps_a_prefix_of_the_names_in_order() {
    let mut lengths = [0_u32; 7];
    for seed in 0..200 {
        let disk = disk(DiskOptions::ext4());
        disk.make_folder(&path("d"), 0o755).expect("made");
        disk.flush().expect("flushed");
        for i in 0..3 {
            stage(&disk, "s", b"x");
            publish(&disk, "s", &format!("d/{i}")).expect("published");
        }
        // Each published file is staged, dressed and moved: three names in the journal.
        assert_eq!(disk.unflushed(), 9);
        disk.power_cut(&mut Rng::new(seed));
        let tree = disk.hand().tree();
        let kept: Vec<_> = tree.keys().map(ToString::to_string).collect();
        assert_eq!(kept, ["d", "d/0", "d/1", "d/2"][..kept.len()], "a prefix, in order");
        let staged = disk.hand().staging().len();
        assert!(staged <= 1);
        lengths[kept.len() + staged] += 1;
    }
    assert!(
        lengths[1] > 0 && lengths[4] > 0,
        "nothing and all are both seen: {lengths:?}"
    );
}

#[test]
fn what_was_flushed_survives_any_power_cut() {
    for seed in 0..50 {
        let disk = disk(DiskOptions::ext4());
        stage(&disk, "s", b"content");
        publish(&disk, "s", "f").expect("published");
        disk.flush().expect("flushed");
        disk.displace(&path("f"), &TrashName("t".to_owned()))
            .expect("displaced");
        disk.power_cut(&mut Rng::new(seed));
        let (tree, trash) = (disk.hand().tree(), disk.hand().trash());
        let all: Vec<_> = tree.values().chain(trash.values()).collect();
        assert_eq!(all, [&bytes("content")], "it stands in one of both places, whole");
    }
}

#[test]
fn a_rename_of_a_folder_is_taken_back_with_all_in_it() {
    let mut taken_back = 0;
    for seed in 0..50 {
        let disk = disk(DiskOptions::apfs());
        disk.hand().write(&path("d/f"), "1").expect("saved");
        disk.rename(&path("d"), &path("D")).expect("renamed");
        disk.rename(&path("D"), &path("e")).expect("renamed");
        disk.rename(&path("e/f"), &path("e/g")).expect("renamed");
        disk.power_cut(&mut Rng::new(seed));
        let names: Vec<_> = disk.hand().tree().keys().map(ToString::to_string).collect();
        assert!(
            [["d", "d/f"], ["D", "D/f"], ["e", "e/f"], ["e", "e/g"]]
                .iter()
                .any(|good| names == good),
            "{names:?}"
        );
        taken_back += u32::from(names[0] == "d");
    }
    assert!(taken_back > 0);
}

#[test]
fn a_content_that_was_not_flushed_is_torn_and_a_flushed_one_is_not() {
    let mut torn = [0; 2];
    for seed in 0..100 {
        let disk = disk(DiskOptions::ext4());
        stage(&disk, "good", b"0123456789");
        disk.flush().expect("flushed");
        stage(&disk, "finished", b"0123456789");
        let mut open = disk.stage(&StagedName("half".to_owned()), 0).expect("staged");
        open.write_all(b"0123456789").expect("written");
        disk.power_cut(&mut Rng::new(seed));
        assert!(open.write_all(b"x").is_err(), "the computer is off");
        let staging = disk.hand().staging();
        assert_eq!(staging.get("good"), Some(&bytes("0123456789")));
        for (torn, name) in torn.iter_mut().zip(["finished", "half"]) {
            *torn += u32::from(staging.get(name).is_some_and(|seen| *seen != bytes("0123456789")));
        }
    }
    assert!(torn.iter().all(|torn| *torn > 10), "{torn:?}");
}

#[test]
fn a_power_cut_tears_what_follows_on_flushed_bytes_and_not_those() {
    let mut torn = [0; 2];
    for seed in 0..100 {
        let disk = disk(DiskOptions::ext4());
        for (torn, keep_bytes) in torn.iter_mut().zip([10, 6]) {
            stage(&disk, "s", b"0123456789");
            disk.flush().expect("flushed");
            let name = StagedName("s".to_owned());
            let mut file = disk.stage(&name, keep_bytes).expect("goes on");
            file.write_all(b"abcdef").expect("written");
            file.finish().expect("finished");
            disk.power_cut(&mut Rng::new(seed));
            let kept = keep_bytes as usize;
            let all = disk.hand().staging();
            let Seen::File(left) = &all["s"] else { panic!("{all:?}") };
            assert_eq!(left[..kept], b"0123456789"[..kept]);
            *torn += u32::from(left[kept..] != *b"abcdef");
            let used = left.len() as u64;
            assert_eq!(disk.free_bytes(), disk.options().capacity_bytes - used);
        }
    }
    assert!(torn.iter().all(|torn| *torn > 10), "{torn:?}");
}

#[test]
fn room_is_counted_through_moves_deletions_and_power_cuts() {
    let disk = disk(DiskOptions::ext4().sized(100));
    stage(&disk, "s", &[1; 60]);
    assert_eq!(disk.facts().expect("facts").free_bytes, 40);
    publish(&disk, "s", "f").expect("published");
    disk.flush().expect("flushed");
    let mut file = disk.stage(&StagedName("t".to_owned()), 0).expect("staged");
    assert_eq!(file.write(&[2; 60]).expect("a part fits"), 40);
    assert_eq!(
        file.write(&[2; 20]).expect_err("full").kind(),
        std::io::ErrorKind::StorageFull
    );
    assert_eq!(kind(disk.make_folder(&path("d"), 0o755)), Kind::Full);
    drop(file);
    disk.drop_staged(&StagedName("t".to_owned())).expect("dropped");
    assert_eq!(disk.free_bytes(), 40);
    disk.displace(&path("f"), &TrashName("t".to_owned())).expect("moved");
    assert_eq!(disk.free_bytes(), 40, "the trash takes room too");
    disk.drop_trashed(&TrashName("t".to_owned())).expect("dropped");
    assert_eq!(disk.free_bytes(), 100);
    disk.power_cut(&mut Rng::new(1));
    let used: usize = [disk.hand().staging(), disk.hand().trash()]
        .iter()
        .flat_map(|all| all.values())
        .map(len)
        .sum();
    let in_tree: usize = disk.hand().tree().values().map(len).sum();
    assert_eq!(disk.free_bytes(), 100 - (used + in_tree) as u64);
}

fn len(seen: &Seen) -> usize {
    if let Seen::File(bytes) = seen { bytes.len() } else { 0 }
}

#[test]
fn a_drive_that_is_gone_answers_nothing_and_loses_nothing() {
    let disk = disk(DiskOptions::ext4());
    disk.hand().write(&path("f"), "x").expect("saved");
    let mut open = disk.open(&path("f")).expect("opens");
    disk.set_gone(true);
    assert_eq!(kind(disk.list(&RelPath::root())), Kind::Gone);
    assert_eq!(kind(disk.look(&path("f"))), Kind::Gone);
    assert_eq!(kind(disk.flush()), Kind::Gone);
    assert_eq!(kind(disk.read_marker()), Kind::Gone);
    assert!(open.read(&mut [0; 1]).is_err());
    disk.set_gone(false);
    assert_eq!(disk.hand().tree().len(), 1);
}

#[test]
fn write_protection_and_denial_stop_changes_and_reads() {
    let disk = disk(DiskOptions::ext4());
    disk.hand().write(&path("d/e/f"), "x").expect("saved");
    disk.set_read_only(true);
    assert_eq!(kind(disk.make_folder(&path("n"), 0)), Kind::ReadOnly);
    assert_eq!(kind(disk.stage(&StagedName("s".to_owned()), 0)), Kind::ReadOnly);
    assert!(disk.list(&path("d")).is_ok());
    disk.set_read_only(false);
    disk.deny(&path("d/e"));
    assert_eq!(kind(disk.list(&path("d/e"))), Kind::Denied);
    assert_eq!(kind(disk.look(&path("d/e/f"))), Kind::Denied);
    assert_eq!(kind(disk.open(&path("d/e/f"))), Kind::Denied);
    assert_eq!(kind(disk.remove_folder(&path("d/e"))), Kind::Denied);
    assert!(disk.look(&path("d/e")).expect("its parent can be read").is_some());
    assert_eq!(disk.list(&path("d")).expect("listed").len(), 1);
    disk.allow(&path("d/e"));
    assert!(disk.open(&path("d/e/f")).is_ok());
}

#[test]
fn bad_sectors_and_decay_show_in_the_content_alone() {
    let disk = disk(DiskOptions::ext4());
    disk.hand().write(&path("f"), "0123456789").expect("saved");
    disk.hand().write(&path("g"), "0123456789").expect("saved");
    let before = disk.look(&path("g")).expect("looked");
    disk.spoil(&path("f"));
    let mut read = Vec::new();
    assert!(disk.open(&path("f")).expect("opens").read_to_end(&mut read).is_err());
    disk.decay(&path("g"), &mut Rng::new(1));
    assert_eq!(disk.look(&path("g")).expect("looked"), before);
    assert_ne!(disk.hand().tree()[&path("g")], bytes("0123456789"));
}

#[test]
fn a_person_saves_in_two_ways() {
    let disk = disk(DiskOptions::ext4());
    let hand = disk.hand();
    hand.write(&path("d/f"), "one").expect("saved");
    let look = || disk.look(&path("d/f")).expect("looked").expect("there").stat;
    let first = look();
    hand.write(&path("d/f"), "two").expect("saved");
    let second = look();
    assert!(
        second.inode != first.inode && second.mtime_ns > first.mtime_ns,
        "replaced"
    );
    hand.write_in_place(&path("d/f"), "3").expect("saved");
    let third = look();
    assert!(
        third.inode == second.inode && third.mtime_ns > second.mtime_ns && third.size_bytes == 1,
        "in place"
    );
    hand.write_keeping_time(&path("d/f"), "4").expect("saved");
    let fourth = look();
    assert!(
        fourth.mtime_ns == third.mtime_ns && fourth.ctime_ns > third.ctime_ns,
        "only the inode's time tells"
    );
}

#[test]
fn a_person_moves_swaps_copies_and_removes() {
    let disk = disk(DiskOptions::ext4());
    let hand = disk.hand();
    hand.write(&path("a"), "a").expect("saved");
    hand.write(&path("d/b"), "b").expect("saved");
    hand.swap(&path("a"), &path("d/b")).expect("swapped");
    assert_eq!(hand.tree()[&path("a")], bytes("b"));
    hand.copy(&path("a"), &path("c")).expect("copied");
    assert_eq!(
        hand.mtime_ns(&path("a")).expect("there"),
        hand.mtime_ns(&path("c")).expect("there")
    );
    hand.rename(&path("c"), &path("a")).expect("replaces a file");
    assert_eq!(kind(hand.rename(&path("a"), &path("d"))), Kind::Exists, "but no folder");
    assert_eq!(
        kind(hand.rename(&path("d"), &path("d/e/f"))),
        Kind::Other,
        "nor into itself"
    );
    assert_eq!(kind(hand.swap(&path("d"), &path("d/b"))), Kind::Other);
    hand.remove(&path("d")).expect("removed");
    assert_eq!(hand.tree().len(), 1);
    assert!(hand.staging().is_empty());
}

#[test]
fn a_person_sees_no_private_folder_and_never_goes_there() {
    let disk = disk(DiskOptions::ext4());
    disk.write_marker(b"m").expect("written");
    stage(&disk, "s", b"x");
    assert!(disk.hand().tree().is_empty());
    let refused = std::panic::catch_unwind(|| disk.hand().write(&path(".offsync/x"), "x"));
    assert!(refused.is_err());
}

#[test]
fn a_save_under_an_open_file_shows_at_once() {
    let disk = disk(DiskOptions::ext4());
    disk.hand().write(&path("f"), "aaaa").expect("saved");
    let mut file = disk.open(&path("f")).expect("opens");
    let before = file.stat().expect("stat");
    let mut half = [0; 2];
    file.read_exact(&mut half).expect("read");
    disk.hand().write_in_place(&path("f"), "bbbb").expect("saved");
    let mut rest = Vec::new();
    file.read_to_end(&mut rest).expect("read");
    assert_eq!((&half[..], &rest[..]), (&b"aa"[..], &b"bb"[..]), "torn, as outside");
    assert_ne!(file.stat().expect("stat"), before, "and its stat tells");
    disk.hand().remove(&path("f")).expect("removed");
    file.seek_to(0).expect("sought");
    assert_eq!(file.read(&mut half).expect("an open file lives on"), 2);
}

#[test]
fn fat_rounds_times_and_deals_inodes_anew() {
    let fat = disk(DiskOptions::fat());
    fat.hand().write(&path("f"), "x").expect("saved");
    let before = fat.look(&path("f")).expect("looked").expect("there").stat;
    assert_eq!(
        (before.mtime_ns % 2_000_000_000, before.ctime_ns, before.mode),
        (0, 0, 0o755)
    );
    fat.replug(&mut Rng::new(1));
    let after = fat.look(&path("f")).expect("looked").expect("there").stat;
    assert_ne!(after.inode, before.inode);
    assert_eq!(after.mtime_ns, before.mtime_ns);
    assert_eq!(kind(fat.make_symlink(&path("l"), b"f")), Kind::Unstorable);
    let without = disk(DiskOptions {
        inodes: InodeNumbers::Absent,
        ..DiskOptions::ext4()
    });
    without.hand().write(&path("f"), "x").expect("saved");
    assert_eq!(without.look(&path("f")).expect("looked").expect("there").stat.inode, 0);
}

#[test]
fn case_is_kept_and_ignored_where_it_folds() {
    let disk = disk(DiskOptions::apfs());
    disk.hand().write(&path("Caf\u{e9}/Name"), "x").expect("saved");
    let found = disk
        .look(&path("CAFE\u{301}/NAME"))
        .expect("looked")
        .expect("the same name");
    assert_eq!(found.name, b"Name");
    disk.hand()
        .rename(&path("Caf\u{e9}/Name"), &path("Caf\u{e9}/NAME"))
        .expect("a change of case");
    disk.hand().write(&path("caf\u{e9}/name"), "y").expect("saved over it");
    let names: Vec<_> = disk.hand().tree().keys().map(ToString::to_string).collect();
    assert_eq!(names, ["Caf\u{e9}", "Caf\u{e9}/name"]);
}

#[test]
fn a_backup_restores_all_and_a_clone_goes_its_own_way() {
    let (time, rng) = (SimTime::new(), &mut Rng::new(1));
    let disk = SimDisk::new(DiskOptions::ext4(), time.clock(0));
    disk.hand().write(&path("f"), "old").expect("saved");
    disk.write_marker(b"m").expect("written");
    stage(&disk, "s", b"x");
    let backup = disk.snapshot();
    disk.hand().write_in_place(&path("f"), "new").expect("saved");
    disk.drop_staged(&StagedName("s".to_owned())).expect("dropped");
    let clone = SimDisk::from_snapshot(&backup, DiskOptions::ext4().named("clone"), time.clock(5));
    assert_eq!(clone.hand().tree()[&path("f")], bytes("old"));
    assert_ne!(
        clone.facts().expect("facts").identity,
        disk.facts().expect("facts").identity
    );
    disk.restore_snapshot(&backup);
    assert_eq!(disk.hand().tree()[&path("f")], bytes("old"));
    assert_eq!(disk.hand().staging().len(), 1);
    assert_eq!(disk.read_marker().expect("read").as_deref(), Some(&b"m"[..]));
    clone.hand().write(&path("f"), "other").expect("saved");
    clone.power_cut(rng);
    assert_eq!(disk.hand().tree()[&path("f")], bytes("old"));
    assert!(time.clock(0).now_ns() > 0);
}

#[test]
fn an_empty_mount_point_looks_like_an_empty_folder_and_nothing_is_lost() {
    let disk = disk(DiskOptions::ext4());
    disk.hand().write(&path("f"), "x").expect("saved");
    disk.write_marker(b"m").expect("written");
    let (identity, mut open) = (
        disk.facts().expect("facts").identity,
        disk.open(&path("f")).expect("opens"),
    );
    disk.unmount();
    assert_eq!(disk.list(&RelPath::root()).expect("listed"), Vec::new());
    assert_eq!(disk.read_marker().expect("read"), None);
    assert_ne!(disk.facts().expect("facts").identity, identity);
    assert!(open.read(&mut [0; 1]).is_err());
    disk.mount();
    assert_eq!(disk.hand().tree().len(), 1);
    assert_eq!(disk.read_marker().expect("read").as_deref(), Some(&b"m"[..]));
}

#[test]
fn copying_keeps_times_and_content_and_names_what_does_not_fit() {
    let (one, two) = (disk(DiskOptions::ext4()), disk(DiskOptions::fat()));
    one.hand().write(&path("d/f"), "x").expect("saved");
    one.hand().write(&path("a:b"), "y").expect("saved");
    one.hand().symlink(&path("l"), b"d").expect("made");
    let lost: Vec<_> = one
        .hand()
        .copy_all_to(&two.hand())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(lost, ["a:b", "l"]);
    assert_eq!(two.hand().tree()[&path("d/f")], bytes("x"));
    let (before, tree) = (
        one.look(&path("d/f")).expect("looked").expect("there").stat,
        one.hand().tree(),
    );
    one.recopy(&mut Rng::new(1));
    let after = one.look(&path("d/f")).expect("looked").expect("there").stat;
    assert!(after.inode != before.inode && after.mtime_ns == before.mtime_ns && one.hand().tree() == tree);
}
