//! What the archive's rules keep at home stays there until a person says otherwise.

use crate::home::{Homes, path};

fn write(homes: &Homes, n: usize, at: &str, content: &str) {
    homes.hand(n).write(&path(at), content).expect("fits");
}

/// Two homes; the first keeps a diary to itself.
fn with_a_diary() -> Homes {
    let mut homes = Homes::new(2);
    for file in 0..8 {
        write(&homes, 0, &format!("{file}"), &format!("content of {file}"));
    }
    write(&homes, 0, ".offsyncignore", "private");
    write(&homes, 0, "private/diary", "nobody's business");
    homes.round(2);
    assert!(!is_out(&homes));
    homes
}

fn is_out(homes: &Homes) -> bool {
    homes.hand(1).read(&path("private/diary")).is_ok()
}

#[test]
fn rules_that_two_homes_began_apart_both_hold_until_a_person_has_put_them_together() {
    for first in [0, 1] {
        let mut homes = Homes::new(2);
        homes.round(2);
        write(&homes, 0, ".offsyncignore", "private/");
        write(&homes, 0, "private/diary", "nobody's business");
        write(&homes, 1, ".offsyncignore", "*.tmp\n");
        write(&homes, 1, "note.tmp", "of home 1");
        homes.sync(first);
        for _ in 0..4 {
            homes.sync(1 - first);
            homes.sync(first);
        }
        let copies = homes.hand(0).tree().into_keys();
        let copy = copies
            .into_iter()
            .find(|at| at.to_string().starts_with(".offsyncignore ("));
        assert!(!is_out(&homes) && homes.hand(0).read(&path("note.tmp")).is_err());
        // A person decides for no rules but one.
        homes.hand(0).remove(&copy.expect("a conflict")).expect("is there");
        write(&homes, 0, ".offsyncignore", "*.tmp\n");
        homes.round(3);
        assert!(is_out(&homes) && homes.hand(0).read(&path("note.tmp")).is_err());
    }
}

#[test]
fn rules_whose_deletion_waits_hold_and_so_they_do_in_the_sync_that_sends_it() {
    let mut homes = with_a_diary();
    for file in 0..7 {
        homes.hand(0).remove(&path(&format!("{file}"))).expect("is there");
    }
    homes.hand(0).remove(&path(".offsyncignore")).expect("is there");
    for _ in 0..2 {
        assert!(homes.sync(0).held.is_some());
        homes.sync(1);
        assert!(!is_out(&homes));
    }
    homes.sync_refusing(0);
    homes.round(2);
    assert!(!is_out(&homes), "the rules came back");
    homes.assert_mailbox_holds_only_heads_and_people();
    homes.hand(0).remove(&path(".offsyncignore")).expect("is there");
    homes.sync(0);
    homes.sync(1);
    assert!(!is_out(&homes));
    homes.round(2);
    assert!(is_out(&homes), "they are gone, and a person has heard it");
}

#[test]
fn rules_that_rotted_hold_as_they_were() {
    for known in [false, true] {
        let mut homes = with_a_diary();
        homes.hand(0).rot(&path(".offsyncignore")).expect("is there");
        if known {
            homes.verify(0);
        }
        write(&homes, 0, "new", "of this day");
        for _ in 0..3 {
            homes.sync(0);
            homes.sync(1);
            assert!(!is_out(&homes), "known: {known}");
        }
        assert_eq!(homes.read(1, "new"), "of this day");
        assert_eq!(homes.read(1, ".offsyncignore"), "private");
    }
}
