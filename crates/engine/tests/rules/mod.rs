//! What the archive's rules keep at home stays there until a person says otherwise.

use crate::home::{Homes, noise, path};

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

/// The last home has lost all that stood on its drive, and comes back with what it made since.
fn come_back_with_a_letter(homes: &mut Homes, n: usize) {
    for at in homes.hand(n).tree().into_keys().rev() {
        homes.hand(n).remove(&at).expect("is there");
    }
    write(homes, n, "private/letter", "nobody's business, either");
    write(homes, n, "mine", "for all to see");
    homes.come_back(n);
}

#[test]
fn who_joins_with_files_of_its_own_says_nothing_before_it_has_the_rules() {
    let mut homes = with_a_diary();
    come_back_with_a_letter(&mut homes, 1);
    let mut waited = 0;
    for _ in 0..6 {
        waited += usize::from(homes.sync(1).awaits_state);
        homes.sync(0);
        assert!(homes.hand(0).read(&path("private/letter")).is_err());
    }
    assert_eq!(waited, 3, "to ask, for what there is, and for the rules");
    assert_eq!(homes.read(0, "mine"), "for all to see");
    assert_eq!(homes.read(1, ".offsyncignore"), "private");
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn nobody_waits_for_rules_that_are_lost() {
    let mut homes = Homes::new(3);
    homes.round(2);
    let reasons: String = noise(100_000).iter().map(|byte| format!("{byte:02x}")).collect();
    write(&homes, 0, ".offsyncignore", &format!("private\n# {reasons}"));
    homes.sync(0);
    homes.packs().iter().for_each(|pack| homes.lose_objects(pack));
    homes.sync(1);
    let first = homes.location(0);
    homes.remove(1, first);
    come_back_with_a_letter(&mut homes, 2);
    for _ in 0..6 {
        homes.sync(1);
        homes.sync(2);
    }
    assert!(!homes.survey(1).lost.is_empty());
    assert_eq!(homes.read(1, "mine"), "for all to see");
}

#[test]
fn rules_with_a_link_or_a_folder_in_their_place_stand_and_it_is_said() {
    for is_link in [true, false] {
        let mut homes = with_a_diary();
        homes.hand(0).remove(&path(".offsyncignore")).expect("is there");
        match is_link {
            true => homes
                .hand(0)
                .symlink(&path(".offsyncignore"), b"elsewhere")
                .expect("fits"),
            false => write(&homes, 0, ".offsyncignore/inside", "a file"),
        }
        for _ in 0..3 {
            for n in 0..2 {
                let report = homes.sync_confirmed(n);
                assert!(!is_out(&homes), "link: {is_link}");
                let said: Vec<&str> = report.warnings.iter().map(|line| line.reason.as_str()).collect();
                let what = if is_link { "a link" } else { "a folder" };
                let text = format!(
                    "{what} stands here and no file, so that it holds no rules; those of before stand until a file does"
                );
                assert!(n == 1 || said.contains(&text.as_str()), "{said:?}");
            }
        }
        // A person decides: a file again, and other rules.
        if !is_link {
            homes.hand(0).remove(&path(".offsyncignore/inside")).expect("is there");
        }
        homes.hand(0).remove(&path(".offsyncignore")).expect("is there");
        write(&homes, 0, ".offsyncignore", "*.tmp");
        homes.sync_confirmed(0);
        homes.round(2);
        assert!(is_out(&homes));
    }
}

#[test]
fn files_that_move_into_a_folder_that_is_left_alone_for_its_twin_are_said_to_leave_the_archive() {
    let mut homes = Homes::new(2);
    for file in 0..12 {
        write(&homes, 0, &format!("letters/{file}"), &format!("letter {file}"));
    }
    write(&homes, 0, "Photos/one", "a photo");
    homes.round(2);
    homes.pass_days(1);
    homes.hand(0).mkdir(&path("photos")).expect("made");
    for file in 0..3 {
        let (from, to) = (format!("letters/{file}"), format!("photos/{file}"));
        homes.hand(0).rename(&path(&from), &path(&to)).expect("is free");
    }

    let report = homes.sync(0);

    let said: Vec<(String, &str)> = report
        .warnings
        .iter()
        .map(|line| (line.path.to_string(), line.reason.as_str()))
        .collect();
    let text = "3 files moved into it, and it is left alone for its name. They leave the archive: they stay here, and the other homes put theirs into the trash. \
                Give the folder another name, and they come back with the next sync.";
    assert_eq!(said, [("photos".to_owned(), text)]);
    assert_eq!(homes.sync(0).warnings, [], "said once");
    homes.sync(1);
    assert!(homes.hand(1).read(&path("letters/0")).is_err());
    homes
        .hand(0)
        .rename(&path("photos"), &path("pictures"))
        .expect("is free");
    homes.round(2);
    assert_eq!(homes.read(1, "pictures/0"), "letter 0");
}
