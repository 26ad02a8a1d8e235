//! Ids that nobody introduced, since all who knew them are gone: what they leave behind keeps nothing for ever, and people
//! can take them out.

use offsync_core::ids::LocationId;

use crate::home::{Homes, path};

/// Homes of which the last is dead, with nobody left who ever heard of it.
fn with_a_forgotten_one(count: usize) -> (Homes, LocationId) {
    let mut homes = Homes::new(count);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(3);
    let dead = homes.location(count - 1);
    homes.lose_objects(&format!("people.{dead}"));
    (0..count - 1).for_each(|home| homes.come_back(home));
    (homes, dead)
}

fn sync_all(homes: &mut Homes, of: &[usize], times: usize) {
    for _ in 0..times {
        of.iter().for_each(|home| drop(homes.sync(*home)));
    }
}

fn waits_in(homes: &Homes) -> Vec<String> {
    let is_kept = |name: &String| name.starts_with("head.") || name.starts_with("people.");
    homes.mail().into_iter().filter(|name| !is_kept(name)).collect()
}

#[test]
fn an_id_that_only_a_head_tells_of_is_named_and_can_be_taken_out() {
    let (mut homes, dead) = with_a_forgotten_one(3);
    sync_all(&mut homes, &[0, 1], 1);
    assert!(homes.sync(0).warnings.is_empty(), "a statement may come late");
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    sync_all(&mut homes, &[0, 1], 4);
    assert!(!waits_in(&homes).is_empty(), "nobody knows whether it counts");
    let warnings = homes.sync(0).warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].reason.contains(&dead.to_string()), "{warnings:?}");
    homes.remove(0, dead);
    sync_all(&mut homes, &[0, 1], 3);
    assert!(waits_in(&homes).is_empty(), "{:?}", homes.mail());
    assert!(!homes.mail().contains(&format!("head.{dead}")), "{:?}", homes.mail());
    for home in 0..2 {
        let report = homes.sync(home);
        assert!(
            report.warnings.is_empty() && report.skipped.is_empty() && report.up_to_date,
            "{report:#?}"
        );
    }
}

#[test]
fn a_damaged_head_that_nobody_knows_leaves() {
    let (mut homes, dead) = with_a_forgotten_one(3);
    homes.damage(&format!("head.{dead}"));
    sync_all(&mut homes, &[0, 1], 4);
    assert!(!homes.mail().contains(&format!("head.{dead}")), "{:?}", homes.mail());
    for home in 0..2 {
        let report = homes.sync(home);
        assert!(report.skipped.is_empty() && report.up_to_date, "{report:#?}");
    }
}

#[test]
fn wants_of_a_forgotten_id_and_what_was_served_to_it_or_by_it_leave() {
    let (mut homes, dead) = with_a_forgotten_one(3);
    homes.lose_objects(&format!("head.{dead}"));
    sync_all(&mut homes, &[0, 1], 4);
    let me = homes.location(0);
    let left = [
        format!("want.{dead}"),
        format!("for.{dead}.{me}.0011223344556677.pack"),
        format!("for.{dead}.{me}.0011223344556677.state"),
        format!("for.{me}.{dead}.0011223344556677.pack"),
    ];
    for name in &left {
        homes.forge(name, vec![7; 100]);
    }
    sync_all(&mut homes, &[0, 1], 3);
    assert!(waits_in(&homes).is_empty(), "{:?}", homes.mail());
}

#[test]
fn whom_an_id_counted_that_was_taken_out_since_holds_nothing_up() {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(3);
    let (gone, dead) = (homes.location(1), homes.location(2));
    for prefix in ["people", "head"] {
        homes.lose_objects(&format!("{prefix}.{dead}"));
    }
    homes.come_back(0);
    homes.sync(0);
    homes.remove(0, gone);
    homes.add_home();
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    sync_all(&mut homes, &[0, 3], 5);
    assert_eq!(homes.read(3, "b.txt"), "b");
    assert!(waits_in(&homes).is_empty(), "{:?}", homes.mail());
    let report = homes.sync(0);
    assert!(report.warnings.is_empty() && report.up_to_date, "{report:#?}");
}

#[test]
fn who_comes_back_succeeds_nobody_that_its_old_id_has_denied() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(3);
    let old = homes.location(1);
    let clone = homes.clone_home(1);
    homes.come_back(clone);
    homes.sync(clone);
    let beside = homes.location(clone);
    // The first one lives: its next head says so, and the two are two homes from then on.
    homes.round(2);
    assert!(homes.living(0).contains(&old) && homes.living(0).contains(&beside));
    homes.come_back(1);
    sync_all(&mut homes, &[1, 0], 1);
    let living = homes.living(0);
    assert!(living.contains(&beside), "the other drive is nobody's past: {living:?}");
    assert!(
        !living.contains(&old) && living.contains(&homes.location(1)),
        "{living:?}"
    );
}
