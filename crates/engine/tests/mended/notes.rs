//! A note that is not as it was written: whatever it was, its home goes on, no file is lost, and nothing that was deleted comes back.

use offsync_core::ports::{IndexStore, IndexWrite};

use crate::home::{Homes, path};

/// Three homes of which each has something to say that the others have not heard.
fn amid_changes() -> Homes {
    let mut homes = Homes::new(3);
    for name in ["a", "b", "c", "d/e"] {
        if name.contains('/') {
            homes.hand(0).mkdir(&path("d")).expect("fits");
        }
        homes
            .hand(0)
            .write(&path(name), format!("{name} as it was"))
            .expect("fits");
    }
    homes.round(3);
    homes.hand(0).write(&path("a"), "a, edited").expect("fits");
    homes.hand(0).remove(&path("b")).expect("is there");
    homes.sync(0);
    homes.hand(1).write(&path("from 1"), "new").expect("fits");
    homes.sync(1);
    homes.hand(1).write(&path("unsent"), "unsent").expect("fits");
    homes.hand(2).write(&path("from 2"), "new").expect("fits");
    homes
}

#[test]
fn whichever_note_is_damaged_all_come_together_and_nothing_is_lost_or_comes_back() {
    let names = amid_changes().index(1).all_notes();
    assert!(names.iter().any(|name| name == "vector") && names.iter().any(|name| name == "identity"));
    let cut = [false, true].map(|is_cut| names.iter().map(move |name| (name, is_cut)));
    for (name, is_cut) in cut.into_iter().flatten() {
        let mut homes = amid_changes();
        homes.index(1).spoil_note(name);
        assert!(homes.index(1).check_notes().is_err());
        if is_cut && name != "identity" {
            // A cable was pulled right after the damaged note had gone.
            let mut index = homes.index(1).clone();
            index
                .commit(vec![IndexWrite::Note("mending".into(), Some(vec![1]))])
                .expect("fits");
            assert_eq!(
                index.drop_damaged_notes().expect("is there"),
                std::slice::from_ref(name)
            );
        }
        let report = homes.sync(1);
        assert!(
            report.lost.is_empty() && report.alarms.is_empty(),
            "{name}: {report:#?}"
        );
        homes.round(6);
        homes.assert_all_equal();
        let tree = homes.hand(0).tree();
        assert_eq!(tree.len(), 7, "{name}: {tree:?}");
        assert_eq!(homes.read(0, "a"), "a, edited", "{name}");
        assert_eq!(homes.read(0, "unsent"), "unsent", "{name}");
        homes.assert_mailbox_holds_only_heads_and_people();
        for home in 0..3 {
            let report = homes.sync(home);
            assert!(report.up_to_date && !report.mended_index, "{name}: {report:#?}");
        }
    }
}
