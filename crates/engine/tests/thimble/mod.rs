//! Mailboxes in which nothing would move any more: too full for the one thing that helps, or with what nobody can use.

use offsync_engine::SyncReport;

use crate::home::{Homes, noise, path};

/// What the mailbox may hold.
pub(crate) const ALLOWANCE_BYTES: u64 = 6 << 20;
const FILM_BYTES: usize = 6_500_000;

pub(crate) fn film() -> Vec<u8> {
    noise(FILM_BYTES)
}

#[test]
fn packs_that_only_wait_for_a_reader_with_a_gap_make_room_for_what_helps_it() {
    // A home whose listing lags posts more than the allowance.
    let mut homes = with_a_gap();
    homes.hand(1).write(&path("c.txt"), "c").expect("fits");
    for _ in 0..12 {
        (0..3).for_each(|home| drop(homes.sync_allowing(home, ALLOWANCE_BYTES)));
    }
    homes.assert_all_equal();
    assert_eq!(homes.read(2, "b.txt") + &homes.read(0, "c.txt"), "bc");
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn packs_that_somebody_else_still_reads_stay_however_full_it_is() {
    let mut homes = with_a_film_after_a_lost_changeset(4, &[1, 2]);
    homes.sync(1);
    let before = homes.packs();
    // Home 3 has the gap; home 2 needs no more than to be asked.
    for _ in 0..4 {
        [3, 0, 1]
            .into_iter()
            .for_each(|home| drop(homes.sync_allowing(home, ALLOWANCE_BYTES)));
    }
    assert_eq!(homes.packs(), before);
    assert_eq!(homes.sync_allowing(2, ALLOWANCE_BYTES).missing_chunks, 0);
}

/// Three homes; the first posted a film beyond the allowance, and the last has a gap.
fn with_a_gap() -> Homes {
    let mut homes = with_a_film_after_a_lost_changeset(3, &[1]);
    homes.sync(1);
    homes
}

/// The first home posted a changeset, which was lost once some had read it, and then a film beyond the allowance.
fn with_a_film_after_a_lost_changeset(count: usize, have_read: &[usize]) -> Homes {
    let mut homes = Homes::new(count);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(3);
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    homes.sync(0);
    let first = changeset(&homes);
    have_read.iter().for_each(|home| drop(homes.sync(*home)));
    homes.lose_objects(&first);
    homes.hand(0).write(&path("film.mov"), film()).expect("fits");
    homes.sync(0);
    assert!(homes.mail_bytes() > ALLOWANCE_BYTES);
    homes
}

fn changeset(homes: &Homes) -> String {
    let mut names = homes.mail().into_iter();
    names.find(|name| name.ends_with(".manifest")).expect("a changeset")
}

#[test]
fn nothing_is_taken_away_for_a_state_that_has_no_room_after_all() {
    let mut homes = with_a_gap();
    let before = homes.packs();
    // Not even heads fit into this.
    for _ in 0..4 {
        (0..3).for_each(|home| drop(homes.sync_allowing(home, 1_000)));
    }
    assert_eq!(homes.packs(), before);
}

#[test]
fn a_pack_that_cannot_be_read_is_not_taken_for_spare() {
    let mut homes = with_a_gap();
    let before = homes.packs();
    homes.lose_objects("out.");
    // Sealed by somebody who may know more than this one does.
    homes.forge(&before[0], vec![7; ALLOWANCE_BYTES as usize]);
    for _ in 0..4 {
        (0..3).for_each(|home| drop(homes.sync_allowing(home, ALLOWANCE_BYTES)));
    }
    assert_eq!(homes.packs(), before[..1]);
}

#[test]
fn the_author_takes_back_what_nobody_else_has_read_yet_and_serves_it() {
    let mut homes = with_a_film_after_a_lost_changeset(2, &[]);
    for _ in 0..12 {
        (0..2).for_each(|home| drop(homes.sync_allowing(home, ALLOWANCE_BYTES)));
    }
    homes.assert_all_equal();
    assert_eq!(homes.read(1, "b.txt"), "b");
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn a_damaged_changeset_of_an_id_that_was_given_up_leaves_the_mailbox() {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(3);
    let backup = homes.backup(0);
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    homes.sync(0);
    let posted = changeset(&homes);
    homes.damage(&posted);
    homes.restore(0, &backup);
    assert!(homes.sync(0).took_new_id);
    homes.round(4);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn whoever_has_a_statement_that_cannot_be_read_puts_it_there_again() {
    let mut homes = Homes::new(2);
    homes.sync(0);
    let introduction = format!("people.{0}.{0}.1", homes.location(0));
    homes.damage(&introduction);
    // The other home got it with its copy, and nobody else ever comes.
    homes.sync(1);
    assert_eq!(homes.sync(1).skipped, []);
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn who_is_introduced_by_what_nobody_can_read_introduces_itself() {
    let mut homes = Homes::new(2);
    homes.round(2);
    let introductions: Vec<String> = homes
        .mail()
        .into_iter()
        .filter(|name| name.starts_with("people."))
        .collect();
    let first = homes.location(0);
    // The first home forgets that it said so, and nobody can tell any more what its old id said.
    homes.come_back(0);
    homes.lose_objects(&format!("head.{first}"));
    let other = introductions
        .iter()
        .find(|name| !name.starts_with(&format!("people.{first}")));
    homes.damage(other.expect("the other is introduced"));
    homes.hand(1).write(&path("b.txt"), "b").expect("fits");
    homes.round(6);
    assert_eq!(homes.read(0, "b.txt"), "b");
    homes.assert_mailbox_holds_only_heads_and_people();
    assert_eq!(homes.sync(0).skipped, []);
    assert_eq!(homes.sync(1).skipped, []);
}

#[test]
fn a_damaged_head_of_an_id_that_was_given_up_leaves_the_mailbox() {
    let mut homes = Homes::new(2);
    homes.round(2);
    let first = homes.location(0);
    homes.come_back(0);
    homes.round(2);
    homes.damage(&format!("head.{first}"));
    homes.round(3);
    assert!(!homes.mail().contains(&format!("head.{first}")));
    homes.hand(1).write(&path("b.txt"), "b").expect("fits");
    homes.round(3);
    assert_eq!(homes.sync(0).skipped, []);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn what_arrived_is_shown_though_the_mailbox_has_not_a_byte_for_a_head() {
    let mut homes = Homes::new(3);
    homes.round(2);
    homes.hand(0).write(&path("letter"), "from 0").expect("fits");
    homes.sync(0);
    homes.mailbox().set_capacity_bytes(homes.mailbox().used_bytes());
    let before = homes.head(1).counter;
    homes.sync(1);
    assert_eq!(
        (homes.read(1, "letter").as_str(), homes.head(1).counter),
        ("from 0", before)
    );
    homes.mailbox().set_capacity_bytes(1 << 30);
    homes.round(2);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

#[test]
fn what_is_asked_for_and_what_is_served_end_no_sync_where_there_is_no_room_for_it() {
    let mut homes = Homes::new(3);
    homes.round(2);
    homes.hand(0).write(&path("film"), noise(200_000)).expect("fits");
    homes.sync(0);
    homes.hand(0).write(&path("letter"), "from 0").expect("fits");
    homes.sync(0);
    homes.packs().iter().for_each(|pack| homes.lose_objects(pack));

    let used = homes.mailbox().used_bytes();
    homes.mailbox().set_capacity_bytes(used);
    let told = full(&homes.sync(1));
    assert!(told.contains("make room there for 1 kB at least"), "{told}");
    assert_eq!(homes.read(1, "letter"), "from 0", "all else was done");

    homes.mailbox().set_capacity_bytes(used + 4_000);
    homes.sync(1);
    let told = full(&homes.sync(0));
    assert!(told.contains("make room there for 201 kB at least"), "{told}");

    homes.mailbox().set_capacity_bytes(1 << 30);
    homes.round(3);
    homes.assert_all_equal();
    homes.assert_mailbox_holds_only_heads_and_people();
}

/// What a sync says of a mailbox that is full.
fn full(report: &SyncReport) -> String {
    let mut reasons = report.skipped.iter().map(|line| line.reason.clone());
    reasons
        .find(|reason| reason.starts_with("the mailbox is full: "))
        .unwrap_or_else(|| panic!("{report:#?}"))
}

#[test]
fn where_nothing_of_what_waits_can_go_it_is_said_how_much_room_the_next_piece_needs() {
    let mut homes = Homes::new(2);
    homes.round(2);
    homes.hand(0).write(&path("film"), noise(100_000)).expect("fits");
    homes
        .mailbox()
        .set_capacity_bytes(homes.mailbox().used_bytes() + 20_000);
    for _ in 0..2 {
        let report = homes.sync(0);
        assert_eq!((report.waiting_entries, report.posted_changesets), (1, 0));
        let told: Vec<&str> = report.warnings.iter().map(|line| line.reason.as_str()).collect();
        let text = "nothing of what waits for room could go: the next piece of it takes 101 kB, and the mailbox lies where less is free; make room there, and sync again";
        assert_eq!(told, [text]);
        homes.sync(1);
    }
    homes.mailbox().set_capacity_bytes(1 << 30);
    assert_eq!(homes.sync(0).warnings, []);
    homes.round(2);
    homes.assert_all_equal();
}

#[test]
fn deletions_and_renames_go_though_content_fills_all_that_it_may() {
    let mut homes = Homes::new(3);
    for name in ["gone.txt", "moved.txt"] {
        homes.hand(0).write(&path(name), name).expect("fits");
    }
    homes.round(3);
    // Something fills all that content may fill: the reserve and a margin for the others are left.
    let filled = ALLOWANCE_BYTES * 60 / 100 - homes.mail_bytes();
    homes.forge("of another program", vec![0; filled as usize + 1]);
    homes.hand(0).write(&path("new.txt"), "waits").expect("fits");
    homes.hand(0).remove(&path("gone.txt")).expect("is there");
    homes
        .hand(0)
        .rename(&path("moved.txt"), &path("renamed.txt"))
        .expect("is there");
    let report = homes.sync_allowing(0, ALLOWANCE_BYTES);
    assert_eq!((report.posted_changesets, report.waiting_entries), (1, 1), "{report:?}");
    homes.sync_allowing(1, ALLOWANCE_BYTES);
    let there: Vec<String> = homes.hand(1).tree().keys().map(ToString::to_string).collect();
    assert_eq!(there, ["renamed.txt"]);
    assert!(homes.mail_bytes() <= ALLOWANCE_BYTES * 95 / 100);
}

#[test]
fn two_authors_share_the_room_though_one_of_them_always_comes_first() {
    const ALLOWANCE_BYTES: u64 = 32 << 20;
    let mut homes = Homes::new(3);
    homes.round(2);
    for author in 0..2_u8 {
        for n in 0..60_u8 {
            let content: Vec<u8> = noise(1_000_000)
                .iter()
                .map(|byte| byte ^ (author * 64 + n + 1))
                .collect();
            let name = format!("{author}-{n}.jpg");
            homes.hand(author.into()).write(&path(&name), content).expect("fits");
        }
    }
    let (mut sent, mut ahead) = ([0, 0], Vec::new());
    for _ in 0..6 {
        for (author, sent) in sent.iter_mut().enumerate() {
            *sent += homes.sync_allowing(author, ALLOWANCE_BYTES).payload_bytes;
        }
        homes.sync_allowing(2, ALLOWANCE_BYTES);
        ahead.push(sent[0] - sent[1]);
    }
    // Until the second one has said that something waits, nobody could know.
    assert!(ahead.iter().all(|bytes| *bytes <= ahead[0]), "{ahead:?}");
    assert_eq!(sent[0], sent[1]);
}

#[test]
fn what_somebody_sent_who_is_gone_and_everybody_else_deleted_leaves_an_account_which_shrank() {
    let mut homes = Homes::new(3);
    homes.hand(0).write(&path("a.txt"), "a").expect("fits");
    homes.round(2);
    homes.hand(1).write(&path("film.mov"), film()).expect("fits");
    homes.sync(1);
    homes.sync(0);
    let author = homes.location(1);
    homes.remove(0, author);
    homes.sync(0);
    // It knows nothing any more, so that it cannot follow; and there is no room to tell it.
    homes.come_back(2);
    let shrunk_bytes = homes.mail_bytes() / 2;
    homes.hand(0).remove(&path("film.mov")).expect("is there");
    homes.hand(0).write(&path("b.txt"), "b").expect("fits");
    for _ in 0..8 {
        [0, 2]
            .iter()
            .for_each(|home| drop(homes.sync_allowing(*home, shrunk_bytes)));
    }
    assert_eq!(homes.read(2, "b.txt"), "b");
    assert!(homes.hand(2).tree().len() == 2, "{:?}", homes.hand(2).tree());
    homes.assert_mailbox_holds_only_heads_and_people();
}
