//! Homes that do not come for long: asked about where a person can be asked, set aside where not, and given all once they come.

use offsync_core::format::Membership;
use offsync_engine::{LocationState, SilentHome, SyncReport};

use crate::home::{Homes, path};

const GRANDMA: usize = 2;
/// Longer than an archive waits.
const DAYS: u32 = 200;

/// Three homes of which one does not come any more, while another one does.
fn with_a_silent_home() -> Homes {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(3);
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    for _ in 0..2 {
        homes.sync_asking(0);
        homes.sync_asking(1);
    }
    homes.pass_days(DAYS);
    homes.sync_asking(1);
    homes
}

fn labels(homes: &[SilentHome]) -> Vec<&str> {
    homes.iter().map(|home| home.label.as_str()).collect()
}

/// What was posted and waits for somebody.
fn waiting(homes: &Homes) -> usize {
    let names = homes.mail().into_iter();
    names.filter(|name| name.starts_with("out.")).count()
}

/// The one who was silent comes, and lacks nothing of what was done meanwhile, nor of what it had done itself.
fn assert_it_gets_all(homes: &mut Homes) {
    homes.hand(GRANDMA).write(&path("hers.txt"), "hers").expect("fits");
    homes.sync(GRANDMA);
    for _ in 0..3 {
        homes.sync_asking(0);
        homes.sync_asking(1);
        homes.sync(GRANDMA);
    }
    homes.assert_all_equal();
    assert_eq!(homes.read(GRANDMA, "b.txt"), "b");
    assert_eq!(homes.read(0, "hers.txt"), "hers");
}

#[test]
fn who_is_asked_about_is_waited_for_until_somebody_answers() {
    let mut homes = with_a_silent_home();
    let waited = waiting(&homes);
    assert!(waited > 0, "something waits for the silent home");
    for _ in 0..3 {
        let report = homes.sync_asking(0);
        assert_eq!(labels(&report.silent), ["home 2"]);
        assert_eq!(report.set_aside, []);
        assert!(report.silent[0].has_come);
        assert_eq!(report.pruned_objects, 0);
    }
    assert_eq!(waiting(&homes), waited, "{:?}", homes.mail());
    let survey = homes.survey_asking(0);
    assert_eq!(labels(&survey.silent), ["home 2"]);
    let state = |at: usize| survey.locations[at].state;
    assert_eq!(state(GRANDMA), LocationState::Behind, "it counts");
    assert_it_gets_all(&mut homes);
    assert_eq!(homes.sync_asking(0).silent, []);
    assert_eq!(homes.survey_asking(0).silent, []);
}

#[test]
fn nobody_is_asked_about_before_the_time_has_passed_and_nobody_who_came_meanwhile() {
    let mut homes = Homes::new(3);
    homes.round(3);
    homes.pass_days(179);
    homes.sync_asking(1);
    assert_eq!(homes.sync_asking(0).silent, []);
    homes.sync(GRANDMA);
    homes.sync_asking(0);
    homes.pass_days(179);
    homes.sync_asking(1);
    assert_eq!(homes.sync_asking(0).silent, []);
    homes.pass_days(2);
    homes.hand(GRANDMA).write(&path("hers.txt"), "hers").expect("fits");
    homes.sync_asking(1);
    assert_eq!(labels(&homes.survey_asking(0).silent), ["home 2"]);
    homes.sync(GRANDMA);
    assert_eq!(homes.survey_asking(0).silent, [], "a look sees that it came");
    assert_eq!(homes.sync_asking(0).silent, []);
}

#[test]
fn who_is_to_be_waited_for_still_is_asked_about_again_after_as_long_a_time() {
    let mut homes = with_a_silent_home();
    assert_eq!(labels(&homes.sync_asking(0).silent), ["home 2"]);
    homes.keep_waiting(0, GRANDMA);
    let asked = |homes: &mut Homes| {
        homes.sync_asking(1);
        let report = homes.sync_asking(0);
        assert_eq!(homes.survey_asking(0).silent, report.silent);
        report.silent
    };
    assert_eq!(asked(&mut homes), []);
    homes.pass_days(179);
    assert_eq!(asked(&mut homes), []);
    assert!(waiting(&homes) > 0);
    homes.pass_days(2);
    let again = asked(&mut homes);
    assert_eq!(labels(&again), ["home 2"]);
    let day_ns = 24 * 3_600_000_000_000;
    let silent_ns = homes.now_ns(0) - again[0].since_ns;
    assert!(
        silent_ns > i64::from(DAYS + 181) * day_ns,
        "since it came, not since it was spoken of"
    );
    assert_it_gets_all(&mut homes);
}

#[test]
fn a_word_to_keep_waiting_holds_where_nobody_asks_as_well() {
    let mut homes = with_a_silent_home();
    homes.keep_waiting(0, GRANDMA);
    let report = homes.sync(0);
    assert_eq!((report.set_aside, report.pruned_objects), (Vec::new(), 0));
    homes.pass_days(181);
    homes.sync_asking(1);
    assert_eq!(labels(&homes.sync(0).set_aside), ["home 2"]);
    assert_eq!(waiting(&homes), 0);
    assert_it_gets_all(&mut homes);
}

#[test]
fn who_is_parked_after_the_question_leaves_room_and_gets_all_when_it_comes() {
    let mut homes = with_a_silent_home();
    assert_eq!(labels(&homes.sync_asking(0).silent), ["home 2"]);
    homes.park(0, GRANDMA);
    let report = homes.sync_asking(0);
    assert_eq!((report.silent, report.set_aside), (Vec::new(), Vec::new()));
    assert!(report.pruned_objects > 0);
    assert_eq!(waiting(&homes), 0, "{:?}", homes.mail());
    assert_it_gets_all(&mut homes);
    let counts = homes.survey_asking(0).locations[GRANDMA].state;
    assert_eq!(counts, LocationState::UpToDate, "it counts again");
}

#[test]
fn who_is_set_aside_unasked_is_told_once_for_each_silence() {
    let mut homes = with_a_silent_home();
    let report = homes.sync(0);
    assert_eq!((labels(&report.set_aside), report.silent), (vec!["home 2"], Vec::new()));
    assert_eq!(waiting(&homes), 0);
    homes.pass_days(1);
    homes.sync_asking(1);
    assert_eq!(homes.sync(0).set_aside, []);
    assert_eq!(homes.survey(0).locations[GRANDMA].state, LocationState::Parked);
    assert_it_gets_all(&mut homes);
    homes.sync(0);
    homes.pass_days(DAYS);
    homes.sync_asking(1);
    assert_eq!(labels(&homes.sync(0).set_aside), ["home 2"]);
}

#[test]
fn who_was_set_aside_unasked_is_not_waited_for_again_where_somebody_could_be_asked() {
    let mut homes = with_a_silent_home();
    homes.sync(0);
    homes.sync(1);
    homes.hand(0).write(&path("c.txt"), "c").expect("fits");
    for _ in 0..4 {
        let report: SyncReport = homes.sync_asking(0);
        assert_eq!((report.silent, report.set_aside), (Vec::new(), Vec::new()));
        homes.sync(1);
    }
    let left: Vec<_> = homes.mail();
    assert!(
        !left
            .iter()
            .any(|name| name.starts_with("out.") || name.starts_with("for.")),
        "{left:?}"
    );
    // A person may say otherwise.
    homes.keep_waiting(0, GRANDMA);
    homes.hand(0).write(&path("d.txt"), "d").expect("fits");
    homes.sync_asking(0);
    assert!(waiting(&homes) > 0);
    assert_it_gets_all(&mut homes);
}

#[test]
fn nobody_is_asked_about_where_no_other_home_holds_what_waits() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(2);
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    homes.sync_asking(0);
    homes.pass_days(DAYS);
    let report = homes.sync_asking(0);
    assert_eq!((report.silent, report.pruned_objects), (Vec::new(), 0));
    assert_eq!(homes.survey_asking(0).silent, []);
    // By a person's word, too, what nobody else holds stays there.
    homes.park(0, 1);
    assert_eq!(homes.sync_asking(0).pruned_objects, 0);
    assert!(waiting(&homes) > 0);
    homes.sync_asking(1);
    homes.sync(0);
    homes.assert_all_equal();
}

#[test]
fn who_was_removed_or_is_parked_already_is_not_asked_about() {
    let mut homes = with_a_silent_home();
    let grandma = homes.location(GRANDMA);
    homes.park(0, GRANDMA);
    assert_eq!(homes.survey_asking(0).silent, []);
    homes.with_engine(0, |engine| {
        let said = engine.set_membership(grandma, Membership::Counts);
        said.expect("a sound world");
    });
    assert_eq!(homes.sync_asking(0).silent, [], "that it counts was just said");
    homes.pass_days(181);
    homes.sync_asking(1);
    assert_eq!(labels(&homes.sync_asking(0).silent), ["home 2"]);
    homes.remove(0, grandma);
    assert_eq!(homes.sync_asking(0).silent, []);
}

#[test]
fn the_only_other_home_counts_however_long_it_is_silent() {
    let mut homes = Homes::new(2);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(2);
    homes.pass_days(400);
    homes
        .hand(0)
        .write(&path("new.txt"), "for whoever comes")
        .expect("fits");
    let report = homes.sync(0);
    assert_eq!((report.set_aside.len(), report.posted_changesets), (0, 1));
    homes.sync(1);
    assert_eq!(homes.read(1, "new.txt"), "for whoever comes", "with its first visit");
}

#[test]
fn of_two_silent_homes_the_one_heard_last_counts_until_the_other_comes() {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(2);
    homes.pass_days(30);
    homes.hand(1).write(&path("b.txt"), "b").expect("fits");
    homes.sync(1);
    homes.sync(0);
    homes.pass_days(400);
    let told: Vec<_> = homes.sync(0).set_aside.into_iter().map(|home| home.location).collect();
    assert_eq!(told, [homes.location(2)]);
    homes.hand(0).write(&path("new.txt"), "new").expect("fits");
    homes.sync(0);
    homes.sync(1);
    assert_eq!(homes.read(1, "new.txt"), "new");
    homes.sync(2);
    homes.round(3);
    homes.assert_all_equal();
}
