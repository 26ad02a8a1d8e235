//! What a simulated index promises beyond the port's contract.

use std::panic::{AssertUnwindSafe, catch_unwind};

use offsync_core::dot::Dot;
use offsync_core::entry::{Content, Meta, Value, Version};
use offsync_core::place::{Observed, Place};
use offsync_core::ports::{Disk, IndexErrorKind, IndexStore, IndexWrite};
use offsync_core::rel_path::RelPath;
use offsync_core::siblings::Siblings;

use super::SimIndex;
use crate::{DiskOptions, Rng, SimDisk, SimTime};

fn note(name: &str, bytes: &[u8]) -> IndexWrite {
    IndexWrite::Note(name.to_owned(), Some(bytes.to_vec()))
}

#[test]
fn it_outlives_its_engine_and_goes_back_with_a_backup() {
    let index = SimIndex::new();
    let mut engine = index.clone();
    engine.commit(vec![note("n", b"1")]).expect("committed");
    let backup = index.snapshot();
    engine.commit(vec![note("n", b"2")]).expect("committed");
    drop(engine);
    assert_eq!(index.note("n").expect("read").as_deref(), Some(&b"2"[..]));
    assert_eq!(index.commits(), 2);
    index.restore(&backup);
    assert_eq!(index.note("n").expect("read").as_deref(), Some(&b"1"[..]));
    index.lose();
    assert_eq!(index.note("n").expect("read"), None);
}

#[test]
fn it_is_gone_full_and_protected_with_its_drive() {
    let disk = SimDisk::new(DiskOptions::ext4().sized(10), SimTime::new().clock(0));
    let mut index = SimIndex::on(&disk);
    let mut kind_of = |_: ()| index.commit(vec![note("n", b"1")]).map_err(|error| error.kind());
    assert_eq!(kind_of(()), Ok(()));
    disk.set_gone(true);
    assert_eq!(kind_of(()), Err(IndexErrorKind::Gone));
    disk.set_gone(false);
    disk.set_read_only(true);
    assert_eq!(kind_of(()), Err(IndexErrorKind::ReadOnly));
    disk.set_read_only(false);
    disk.unmount();
    assert_eq!(kind_of(()), Err(IndexErrorKind::Gone));
    disk.mount();
    disk.hand()
        .write(&RelPath::new("f").expect("a path"), "0123456789")
        .expect("saved");
    assert_eq!(kind_of(()), Err(IndexErrorKind::Full));
    index.set_trouble(Some(IndexErrorKind::Damaged));
    assert_eq!(index.note("n").expect_err("damaged").kind(), IndexErrorKind::Damaged);
}

#[test]
fn what_no_engine_may_store_panics_and_stores_nothing() {
    let at = RelPath::new("a").expect("a path");
    let value = Value {
        path: at.clone(),
        content: Content::Folder,
        meta: Meta::default(),
    };
    let other = RelPath::new("b").expect("a path").key();
    let version = |dot| {
        Siblings::from_iter([(
            dot,
            Version {
                value: value.clone(),
                history: 0,
            },
        )])
    };
    let real = Dot {
        location: offsync_core::ids::LocationId::new([1; 16]),
        sequence: 1,
        ordinal: 0,
    };
    let bad = [
        IndexWrite::Entry(at.key(), version(Dot::provisional(0))),
        IndexWrite::Entry(other, version(real)),
        IndexWrite::Place(
            at.key(),
            Some(Place {
                shown: None,
                observed: Observed::Absent,
            }),
        ),
    ];
    for write in bad {
        let mut index = SimIndex::new();
        let refused = catch_unwind(AssertUnwindSafe(|| index.commit(vec![note("n", b"1"), write.clone()])));
        assert!(refused.is_err(), "{write:?}");
        assert_eq!(index.note("n").expect("read"), None, "all or nothing");
    }
}

#[test]
fn an_engine_that_commits_before_it_flushes_is_found_out() {
    let is_found_out = |seed: u64, flushes: bool| {
        let disk = SimDisk::new(DiskOptions::ext4(), SimTime::new().clock(0));
        let mut index = SimIndex::on(&disk);
        disk.make_folder(&RelPath::new("d").expect("a path"), 0o755)
            .expect("made");
        if flushes {
            disk.flush().expect("flushed");
        }
        index.commit(vec![note("d", b"is there")]).expect("committed");
        disk.power_cut(&mut Rng::new(seed));
        index.note("d").expect("read").is_some() && disk.hand().tree().is_empty()
    };
    assert!((0..20).any(|seed| is_found_out(seed, false)));
    assert!(!(0..20).any(|seed| is_found_out(seed, true)));
}
