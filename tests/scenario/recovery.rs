//! The recovery sheet: a drive, a phone call and a sheet of paper bring a location back; nothing is copied or sent again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::schema::{self, check};
use crate::story::noise;
use crate::tree;
use crate::world::{Home, World, check_alike, invited, settle, text};

fn fill(pep: &Home) {
    for number in 0..6 {
        pep.write(&format!("2024/{number}.jpg"), noise(number, 90_000));
    }
    pep.write("notes.txt", "notes");
}

/// Writes the recovery sheet of a home outside of all archives.
pub(crate) fn write_sheet(world: &World, home: &Home, name: &str) -> PathBuf {
    let sheet = world.path(name);
    home.run(["recovery", home.at(), "--out", text(&sheet)]).expect_code(0);
    sheet
}

/// The computer is lost, with all that it kept: a new one has nothing.
pub(crate) fn lose_computer(home: &Home) {
    fs::remove_dir_all(home.settings()).expect("a computer can be lost");
}

fn lose_computer_and_drive(home: &Home) {
    lose_computer(home);
    fs::remove_dir_all(&home.folder).expect("a drive can be lost");
    fs::create_dir(&home.folder).expect("a new drive can be bought");
}

pub(crate) fn recover(home: &Home, sheet: &str) -> crate::output::Output {
    home.json(["join", home.at(), "--recovery", sheet])
}

#[test]
fn a_drive_and_its_sheet_bring_the_founder_back_on_a_new_computer() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let sheet = write_sheet(&world, &pep, "sheet.txt");
    let before = pep.json(["status", pep.at()]).document();
    pep.write("unsent.txt", "made before the computer was lost");
    pep.rename("2024/0.jpg", "2024/first.jpg");
    lose_computer(&pep);
    pep.json(["sync", pep.at()])
        .expect_failure(1, "no_key", &["six words", "--recovery FILE"]);
    let joined = recover(&pep, text(&sheet)).expect_code(0).document();
    check(&joined, &schema::join(), &["name", "label", "awaits_state"]);
    assert_eq!(joined["location_id"], before[0]["location_id"]);
    assert_eq!(joined["adopted_files"], 8, "{joined:#}");
    let report = pep.sync();
    assert_eq!(
        (
            &report["took_new_id"],
            &report["posted"]["payload_bytes"],
            &report["posted"]["entries"]
        ),
        (&true.into(), &33.into(), &3.into()),
        "what was not sent is sent, and nothing twice: {report:#}"
    );
    let report = anna.sync();
    assert_eq!(report["applied"]["renamed"], 1, "{report:#}");
    settle(&[&pep, &anna]);
    assert_eq!(anna.read("unsent.txt"), b"made before the computer was lost");
    assert_eq!(world.waiting(), Vec::<String>::new());
    // The founder speaks again: whom he invites is believed.
    let grandma = world.give_copy(&pep, "grandma");
    settle(&[&pep, &anna, &grandma]);
}

#[test]
fn a_sheet_that_was_typed_from_paper_does_as_well() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let sheet = write_sheet(&world, &pep, "sheet.txt");
    let printed = fs::read_to_string(&sheet).expect("the sheet is there");
    for said in [
        "Photos",
        "Pep's home",
        "anna's home (anna)",
        "mailbox",
        "CAN READ EVERYTHING",
        "passport",
        "Offsync keeps copies of the same files on drives in several homes",
        "ordinary files: any computer can open and copy them, without Offsync",
        "offsync join FOLDER --recovery FILE",
    ] {
        assert!(printed.contains(said), "{said:?} is not on the sheet:\n{printed}");
    }
    let lines = printed
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    let typed: Vec<String> = lines
        .map(|line| {
            line.to_lowercase()
                .replace("  ", ". ")
                .replacen("0", "o", 0)
                .replace(' ', "")
        })
        .collect();
    assert!(typed.len() >= 8, "{printed}");
    let file = world.path("typed.txt");
    fs::write(&file, typed.join("\r\n\r\n")).expect("a text can be typed");
    lose_computer(&pep);
    recover(&pep, text(&file)).expect_code(0);
    assert_eq!(pep.sync()["posted"]["payload_bytes"], 0);
    settle(&[&pep, &anna]);
}

#[test]
fn a_drive_that_lost_its_index_too_is_adopted_and_nothing_is_sent_again() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let sheet = write_sheet(&world, &pep, "sheet.txt");
    pep.write("unsent.txt", "unsent");
    lose_computer(&pep);
    fs::remove_dir_all(pep.private()).expect("it can be lost");
    let joined = recover(&pep, text(&sheet)).expect_code(0).document();
    assert_eq!(joined["label"], "Pep's home", "{joined:#}");
    let mut payload = 0;
    for _ in 0..3 {
        for home in [&pep, &anna] {
            let report = home.json(["sync", home.at()]).only_report();
            payload += report["posted"]["payload_bytes"].as_u64().expect("a number");
        }
    }
    assert_eq!(payload, 6, "the new file alone travels");
    settle(&[&pep, &anna]);
    check_alike(&[&pep, &anna]);
    assert_eq!(world.waiting(), Vec::<String>::new());
    // Half of it lost: the marker is there, the index is not.
    lose_computer(&pep);
    fs::remove_file(pep.private().join("index.sqlite")).expect("it can be lost");
    let newer = recover(&pep, text(&sheet));
    newer.expect_failure(1, "another_location", &["Pep's home", "move the folder .offsync out"]);
    fs::remove_dir_all(pep.private()).expect("it can be moved out");
    recover(&pep, text(&sheet)).expect_code(0);
    for home in [&pep, &anna, &pep] {
        home.json(["sync", home.at()]);
    }
    settle(&[&pep, &anna]);
}

#[test]
fn with_an_empty_folder_the_sheet_alone_brings_the_files_from_the_others() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let sheet = write_sheet(&world, &pep, "sheet.txt");
    lose_computer_and_drive(&pep);
    recover(&pep, text(&sheet)).expect_code(0);
    for _ in 0..4 {
        for home in [&pep, &anna] {
            home.json(["sync", home.at()]);
        }
    }
    settle(&[&pep, &anna]);
    assert_eq!(pep.read("notes.txt"), b"notes");
}

#[test]
fn the_same_sheet_twice_leaves_nobody_behind_who_is_waited_for() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let sheet = write_sheet(&world, &pep, "sheet");
    let sheet = text(&sheet);
    for round in 0..3 {
        fs::remove_dir_all(pep.private()).expect("it can be lost");
        lose_computer(&pep);
        recover(&pep, sheet).expect_code(0);
        settle(&[&pep, &anna]);
        let locations = anna.json(["locations", anna.at()]).expect_code(0).document();
        assert_eq!(
            locations.as_array().map(Vec::len),
            Some(2),
            "round {round}: {locations:#}"
        );
    }
    pep.write("new.txt", "after all that");
    pep.sync();
    anna.sync();
    assert_eq!(anna.read("new.txt"), b"after all that");
}

#[test]
fn a_sheet_of_somebody_else_is_refused_and_no_key_is_kept() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let sheet = write_sheet(&world, &anna, "anna.txt");
    let other = World::new();
    let tia = other.home("tia");
    other.init(&tia);
    let strange = write_sheet(&other, &tia, "tia.txt");
    lose_computer(&pep);
    let before = (pep.tree(), tree::of(&pep.private()), world.mail());
    let refused = recover(&pep, text(&sheet));
    refused.expect_failure(
        1,
        "another_location",
        &["'Pep's home'", "'anna's home'", "sheet of this drive"],
    );
    let refused = recover(&pep, text(&strange));
    refused.expect_failure(1, "another_archive", &["is a copy of 'Photos'", "or an empty one"]);
    assert!(tree::of(&pep.settings()).is_empty(), "no key is kept");
    assert_eq!(before, (pep.tree(), tree::of(&pep.private()), world.mail()));
}

#[test]
fn a_damaged_sheet_is_refused_by_line() {
    let world = World::new();
    let pep = world.home("pep");
    fill(&pep);
    world.init(&pep);
    let sheet = write_sheet(&world, &pep, "sheet.txt");
    let printed = fs::read_to_string(&sheet).expect("the sheet is there");
    let file = world.path("typed.txt");
    let try_with = |typed: &str, said: &[&str]| {
        fs::write(&file, typed).expect("a text can be typed");
        recover(&pep, text(&file)).expect_failure(1, "bad_recovery_sheet", said);
    };
    let third = printed
        .lines()
        .find(|line| line.starts_with("03 "))
        .expect("a third line");
    let flipped = if third.ends_with('0') { "1" } else { "0" };
    let slip = third[..third.len() - 1].to_owned() + flipped;
    try_with(
        &printed.replace(third, &slip),
        &["Line 3", "typing error", "line by line"],
    );
    try_with(&printed.replace(third, ""), &["Line 3", "missing"]);
    try_with(
        &printed.replace(third, &third[..40]),
        &["Line 3 ", "29 characters", "36"],
    );
    try_with(
        &printed.replace(third, &third.replacen("  ", "  U", 1)),
        &["Line 3", "'U'"],
    );
    try_with(&format!("{printed}\n{slip}"), &["Line 3", "typing error"]);
    try_with("my holidays", &["not a recovery sheet"]);
    try_with(&format!("{}\n{third}\n{slip}", printed.replace(third, "")), &["Line 3"]);
    // The first line alone says that a newer Offsync wrote it.
    fs::write(&file, "01  085A QQB4 6QTD PX0W 040G 2081 040G 2081 X5X5").expect("a text can be typed");
    recover(&pep, text(&file)).expect_failure(1, "newer_version_needed", &["newer Offsync", "Install"]);
    let away = recover(&pep, "/no/such/sheet");
    away.expect_failure(1, "no_recovery_sheet", &["/no/such/sheet", "cannot be read"]);
    let nowhere = pep.json(["join", "/no/such/folder", "--recovery", text(&sheet)]);
    nowhere.expect_failure(1, "no_such_folder", &["/no/such/folder"]);
    pep.json(["join", pep.at(), "--recovery", text(&sheet), "--as", "x"])
        .expect_failure(2, "usage", &["--recovery"]);
}

#[test]
fn the_sheet_is_written_once_privately_and_never_where_it_would_travel() {
    let world = World::new();
    let pep = world.home("pep");
    fill(&pep);
    world.init(&pep);
    let sheet = world.path("sheet.txt");
    let written = pep.json(["recovery", pep.at(), "--out", text(&sheet)]);
    check(&written.expect_code(0).document(), &schema::recovery(), &[]);
    let mode = fs::metadata(&sheet).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = fs::read(&sheet).expect("it is there");
    pep.json(["recovery", pep.at(), "--out", text(&sheet)]).expect_failure(
        1,
        "exists",
        &["exists already", "another name"],
    );
    assert_eq!(before, fs::read(&sheet).expect("it is there"));
    for inside in [
        pep.folder.join("sheet.txt"),
        pep.folder.join("2024/sheet.txt"),
        world.mailbox().join("sheet.txt"),
    ] {
        pep.json(["recovery", pep.at(), "--out", text(&inside)]).expect_failure(
            1,
            "inside_an_archive",
            &["holds the keys", "stick in a drawer"],
        );
        assert!(!inside.exists());
    }
    let nowhere = world.path("no/such/folder/sheet.txt");
    pep.json(["recovery", pep.at(), "--out", text(&nowhere)])
        .expect_failure(1, "not_allowed", &["could not be written"]);
    let told = pep.run(["recovery", pep.at(), "--out", text(&world.path("second.txt"))]);
    assert!(told.expect_code(0).stdout.contains("can read everything"), "{told}");
}

#[test]
fn the_sheet_finds_the_mailbox_at_another_path() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let sheet = write_sheet(&world, &pep, "sheet.txt");
    lose_computer(&pep);
    let elsewhere = world.path("elsewhere");
    fs::rename(world.mailbox(), &elsewhere).expect("a stick can be mounted elsewhere");
    let url = format!("fs://{}", text(&elsewhere));
    let wrong = pep.json([
        "join",
        pep.at(),
        "--recovery",
        text(&sheet),
        "--mailbox",
        "fs:///nowhere/at/all",
    ]);
    wrong.expect_failure(6, "mailbox_away", &["is not there"]);
    pep.json(["join", pep.at(), "--recovery", text(&sheet), "--mailbox", &url])
        .expect_code(0);
    pep.write("new.txt", "new");
    pep.sync();
    anna.json(["mailbox", "use", anna.at(), &url]).expect_code(0);
    anna.sync();
    assert!(anna.has("new.txt"));
}

#[test]
fn a_founder_who_is_still_alone_comes_back_under_his_name() {
    let world = World::new();
    let pep = world.home("pep");
    fill(&pep);
    let url = world.mailbox_url();
    let told = pep.run([
        "init",
        pep.at(),
        "--name",
        "Photos",
        "--label",
        "Pep's home",
        "--mailbox",
        &url,
    ]);
    assert!(
        told.expect_code(0).stdout.contains("`offsync recovery`"),
        "the sheet is not forgotten: {told}"
    );
    let sheet = write_sheet(&world, &pep, "sheet.txt");
    pep.sync();
    let id = pep.json(["status", pep.at()]).document()[0]["location_id"].clone();
    lose_computer(&pep);
    recover(&pep, text(&sheet)).expect_code(0);
    let report = pep.sync();
    assert_eq!(
        (&report["took_new_id"], &report["came_back"]),
        (&true.into(), &true.into())
    );
    let status = pep.json(["status", pep.at()]).document();
    assert_ne!(
        status[0]["location_id"], id,
        "nobody there can say what the old one has said since"
    );
    assert_eq!(status[0]["label"], "Pep's home");
    // With the same sheet twice, it makes no difference.
    recover(&pep, text(&sheet)).expect_code(0);
    let anna = world.give_copy(&pep, "anna");
    settle(&[&pep, &anna]);
}

#[test]
fn the_sheet_fits_a_drive_that_took_a_new_id_since() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let sheet = write_sheet(&world, &pep, "sheet.txt");
    let backup = world.path("backup");
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status();
        assert!(copied.expect("cp is there").success());
    };
    copy(&pep.folder, &backup);
    pep.write("after.txt", "after");
    pep.sync();
    fs::remove_dir_all(&pep.folder).expect("a drive can be erased");
    copy(&backup, &pep.folder);
    assert_eq!(pep.json(["sync", pep.at()]).only_report()["took_new_id"], true);
    lose_computer(&pep);
    recover(&pep, text(&sheet)).expect_code(0);
    let output = pep.json(["sync", pep.at()]);
    assert_eq!(output.only_report()["came_back"], true, "{output}");
    for home in [&anna, &pep] {
        let output = home.json(["sync", home.at()]);
        assert_eq!(output.only_report()["took_new_id"], false, "{output}");
    }
    settle(&[&pep, &anna]);
    assert!(pep.has("after.txt"));
}

#[test]
fn the_sheet_goes_to_standard_output_for_a_printer_and_no_file_is_made() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let told = pep.run(["recovery", pep.at(), "--out", "-"]);
    let sheet = told.expect_code(0).stdout.clone();
    assert!(
        sheet.starts_with("OFFSYNC RECOVERY SHEET\n") && told.stderr.is_empty(),
        "{told}"
    );
    assert!(!pep.computer.join("-").exists());
    let file = world.path("from the printer.txt");
    fs::write(&file, sheet).expect("a text can be typed");
    pep.json(["recovery", pep.at(), "--out", "-"])
        .expect_failure(2, "usage", &["one document alone", "--out"]);
    // It counts as written: nobody has to say yes.
    pep.json(["forget", pep.at()]).expect_code(0);
    recover(&pep, text(&file)).expect_code(0);
    settle(&[&pep, &anna]);
}

/// What it says once somebody has told what the archive holds.
const HAS_COME: &str =
    "What the others have is not all here yet. What was asked for has come: sync here to take it in.";

/// What a home that has just joined with nothing says, before and after its first sync, until all is there.
fn expect_patience(home: &Home, others: &[&Home], files: usize, [next, asked, come]: [&str; 3]) {
    let unasked = "What the others have is not all here yet. Sync here, let another home sync, then sync here again.";
    let is_behind = |home: &Home, waits: &str| {
        let told = home.run(["status", home.at()]);
        told.expect_code(0)
            .expect_out(waits)
            .expect_out("not all is here yet, this one");
        assert!(
            !told.stdout.contains("only in this home") && !told.stdout.contains("safe"),
            "{told}"
        );
        let own = home.json(["locations", home.at()]).document()[0].clone();
        assert_eq!(
            (&own["this"], &own["state"]),
            (&true.into(), &"behind".into()),
            "{own:#}"
        );
    };
    is_behind(home, unasked);
    for _ in 0..2 {
        let told = home.run(["sync", home.at()]);
        told.expect_code(0).expect_out(next);
        assert!(
            !told.stdout.contains("nothing new") && !told.stdout.contains("up to date"),
            "{told}"
        );
        let report = home.sync();
        assert_eq!(
            (&report["awaits_state"], &report["up_to_date"]),
            (&true.into(), &false.into())
        );
        is_behind(home, asked);
    }
    others[0].sync();
    is_behind(home, come);
    let told = home.run(["sync", home.at()]);
    if home.tree().len() < files {
        told.expect_out("files are not here yet (540.0 kB to come) and were asked for. The next sync of");
        home.run(["status", home.at()])
            .expect_out("not on this drive yet; what lacks was asked for. The next sync of '")
            .expect_out("sends it; sync here after that.");
    }
    for _ in 0..3 {
        for home in others.iter().chain([&home]) {
            home.sync();
        }
    }
    let told = home.run(["status", home.at()]);
    told.expect_code(0)
        .expect_out("Everything is safe in")
        .expect_out("up to date, this one");
    home.run(["sync", home.at()]).expect_out("  up to date\n");
    assert!(home.tree().len() >= files, "all is there");
}

#[test]
fn who_comes_back_into_an_empty_folder_is_told_that_it_waits_for_the_others() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let sheet = write_sheet(&world, &pep, "sheet.txt");
    lose_computer_and_drive(&pep);
    let told = pep.run(["join", pep.at(), "--recovery", text(&sheet)]);
    told.expect_code(0)
        .expect_out("Now: offsync sync; then let another home sync, and sync here again: that brings the files.");
    let next = "Asked what the archive holds. The next sync of 'anna's home' tells it; sync here after that.";
    let asked = "What the others have is not all here yet, and was asked for. The next sync of 'anna's home' tells it; sync here after that.";
    expect_patience(&pep, &[&anna], 7, [next, asked, HAS_COME]);
}

#[test]
fn who_comes_back_with_nothing_has_all_at_the_third_visit_and_each_home_says_whose_turn_it_is() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let sheet = write_sheet(&world, &pep, "sheet.txt");
    lose_computer_and_drive(&pep);
    recover(&pep, text(&sheet)).expect_code(0);
    let asked = "  Asked what the archive holds. The next sync of 'anna's home' tells it; sync here after that.\n";
    let wants = "  7 files are not here yet (540.0 kB to come) and were asked for. The next sync of 'anna's home' sends them; sync here after that.\n";
    let turns = [
        (&pep, asked),
        (
            &anna,
            "  told 'Pep's home' what the archive holds; now 'Pep's home' has to sync\n",
        ),
        (&pep, wants),
        (
            &anna,
            "  sent 7 files that 'Pep's home' lacks (540.0 kB); now 'Pep's home' has to sync\n",
        ),
        (&pep, "  received: 7 added\n"),
    ];
    for (home, said) in turns {
        let told = home.run(["sync", home.at()]);
        told.expect_code(0).expect_out(said);
        assert!(!told.stdout.contains("up to date"), "{told}");
    }
    assert_eq!(pep.read("notes.txt"), b"notes");
    settle(&[&pep, &anna]);
    assert_eq!(world.waiting(), Vec::<String>::new(), "what was served is taken back");
}

/// Invites Tia with nothing on her drive, who joins at once.
fn join_with_nothing(world: &World, pep: &Home) -> Home {
    let tia = world.home("tia");
    let [out, words] = invited(world, pep, "Tia");
    let join = [
        "join",
        tia.at(),
        "--invitation",
        text(&out),
        "--phrase-file",
        text(&words),
    ];
    tia.run(join).expect_code(0);
    tia
}

#[test]
fn who_joins_an_empty_folder_is_told_that_it_waits_for_the_others() {
    let world = World::new();
    let [pep, anna] = world.pair(fill);
    let tia = join_with_nothing(&world, &pep);
    let next =
        "Asked what the archive holds. The next sync of 'anna's home' or 'Pep's home' tells it; sync here after that.";
    let asked = "What the others have is not all here yet, and was asked for. The next sync of 'anna's home' or of another home tells it; sync here after that.";
    expect_patience(&tia, &[&pep, &anna], 7, [next, asked, HAS_COME]);
}

#[test]
fn who_joins_before_anybody_has_synced_is_not_up_to_date_with_nothing() {
    let world = World::new();
    let pep = world.home("pep");
    fill(&pep);
    world.init(&pep);
    let tia = join_with_nothing(&world, &pep);
    let next = "No other home has synced yet, so nobody could tell what the archive holds. Let another home sync, then sync here again.";
    let unasked = "What the others have is not all here yet. Sync here, let another home sync, then sync here again.";
    expect_patience(
        &tia,
        &[&pep],
        7,
        [next, unasked, "1 change is waiting for you. Sync to get it."],
    );
}
