//! Mailboxes at a server that speaks FTP, with TLS and without: nothing half is ever taken for whole, and what is wrong is said in
//! one sentence.

use std::fs;

use offsync_adapters::cloud::Credential;
use offsync_adapters::mailbox::{FilesMailbox, MailboxUrl};
use offsync_core::ids::ArchiveId;
use offsync_core::ports::{Mailbox, MailboxErrorKind};
use offsync_testkit::conformance;

use super::cut::CutLine;
use super::ftpd::{ALL, Ftpd, Kind};
use super::servers::{ID, SECRET, free_port};
use super::sftp::web_server;
use super::stories::{add_account, assert_all_is_there, change, noise, pair};
use crate::machine::SmallDrive;
use crate::output::Output;
use crate::world::{Home, World, settle_quietly};

/// Lets all programs of a world trust a server's certificate.
pub(super) fn trust(world: &World, server: &Ftpd) {
    let certificate = server.certificate().display().to_string();
    world.surround(&[("SSL_CERT_FILE", certificate)]);
}

fn story_at(kind: Kind) {
    let Some(server) = Ftpd::start(kind) else { return };
    let world = World::new();
    trust(&world, &server);
    let [pep, anna] = pair(&world, &server.url("offsync"));
    change(&pep, &anna);
    settle_quietly(&[&pep, &anna]);
    assert_all_is_there(&pep, &anna);
    let listed = anna.json(["account", "list"]).document();
    assert_eq!(listed[0]["name"], "photos", "it came with the invitation: {listed:#}");
    assert!(!listed.to_string().contains(SECRET), "{listed:#}");
    let usage = pep.json(["account", "usage", "family"]).document();
    assert_eq!(usage[0]["ok"], true, "{usage:#}");
    assert!(!usage[0]["used_bytes"].is_u64(), "it does not say: {usage:#}");
    assert_nothing_is_half_written(&server, &pep);
}

fn assert_nothing_is_half_written(server: &Ftpd, home: &Home) {
    let kept = server.kept_in().join("offsync/photos");
    let own = kept.join(format!("offsync-v1-{}", home.noted("archive_id")));
    let entries = fs::read_dir(own).expect("it is there").flatten();
    let names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    let is_left = |name: &std::ffi::OsString| name.to_string_lossy().starts_with('.');
    assert!(!names.iter().any(is_left), "{names:?}");
}

#[test]
fn a_family_shares_a_folder_over_ftp_with_tls() {
    story_at(Kind::Sealed);
}

#[test]
fn a_family_shares_a_folder_over_ftp_at_home() {
    story_at(Kind::Plain);
}

#[test]
fn a_family_shares_a_folder_at_an_old_server() {
    story_at(Kind::Old);
}

fn open(server: &Ftpd, port: u16, folder: &str) -> FilesMailbox {
    let url = server.url_by(port, folder);
    let Ok(MailboxUrl::Cloud(address)) = url.parse() else {
        panic!("{url} is no account")
    };
    let access = Credential::new(ID, SECRET).into();
    let mailbox = FilesMailbox::open(&address, &access, &ArchiveId::new([7; 16]));
    mailbox.make().expect("it can be made");
    mailbox
}

#[test]
fn a_mailbox_over_ftp_keeps_the_contract() {
    for kind in [Kind::Plain, Kind::Old] {
        let Some(server) = Ftpd::start(kind) else { return };
        let number = std::cell::Cell::new(0);
        conformance::mailbox(|| {
            number.set(number.get() + 1);
            open(&server, server.port, &format!("~/a folder/[{}]", number.get()))
        });
        let mailbox = open(&server, server.port, "x");
        for content in ["old", "new", "newest"] {
            mailbox.put("head.00ff", content.as_bytes()).expect("it can be put");
            let read = mailbox.get("head.00ff").expect("it can be read");
            assert_eq!(read.as_deref(), Some(content.as_bytes()));
        }
        let own = server
            .kept_in()
            .join("x")
            .join(format!("offsync-v1-{}", "07".repeat(16)));
        assert_eq!(
            fs::read_dir(own).expect("it is there").count(),
            1,
            "nothing is left aside"
        );
    }
}

/// A server cannot tell a line that broke from a file that ended.
#[test]
fn a_file_that_breaks_off_is_never_taken_for_whole() {
    for kind in [Kind::Plain, Kind::Old] {
        let Some(server) = Ftpd::start(kind) else { return };
        let mailbox = open(&server, server.port, "x");
        mailbox.put("head.00ff", b"old").expect("it can be put");
        mailbox
            .put("out.00ff.1.a.pack", &noise(300_000, 5))
            .expect("it can be put");
        server.break_each(1, 100_000);
        for name in ["head.00ff", "out.00ff.2.a.pack"] {
            let error = mailbox.put(name, &noise(1_000_000, 3)).expect_err("each breaks off");
            assert_eq!(error.kind(), MailboxErrorKind::Away, "{kind:?}: {error}");
        }
        let error = mailbox.get("out.00ff.1.a.pack").expect_err("each breaks off");
        assert_eq!(error.kind(), MailboxErrorKind::Away, "{kind:?}: {error}");
        server.break_none();
        let old = mailbox.get("head.00ff").expect("asked");
        assert_eq!(old.as_deref(), Some(&b"old"[..]), "{kind:?}");
        assert_eq!(mailbox.get("out.00ff.2.a.pack").expect("asked"), None);
        let read = mailbox.get("out.00ff.1.a.pack").expect("asked");
        assert!(read == Some(noise(300_000, 5)), "{kind:?}");
    }
}

#[test]
fn lines_over_ftp_that_break_in_the_middle_cost_nothing() {
    for kind in ALL {
        let Some(server) = Ftpd::start(kind) else { return };
        let line = CutLine::to(server.port);
        let world = World::in_memory();
        trust(&world, &server);
        let [pep, anna] = pair(&world, &server.url_by(line.port, "offsync"));
        settle_quietly(&[&pep, &anna]);
        for n in [2, 3] {
            pep.write("2017/large.raw", noise(200_000, u64::from(n)));
            anna.write("from anna.txt", [n]);
            let n = usize::from(n);
            // What is said beside the files: in the sign-in, and in what is asked after it.
            line.cut(move |number| (number % n == 0).then_some([40, 300, 900, 1500][number / n % 4]));
            server.break_each(n + 2, 5_000);
            for _ in 0..3 {
                pep.json(["sync", pep.at()]).expect_code(0);
                anna.json(["sync", anna.at()]).expect_code(0);
            }
        }
        server.break_none();
        line.cut(|_| Some(20));
        let output = pep.run(["sync", pep.at()]);
        assert!(
            output.expect_code(6).stderr.contains("the connection broke off"),
            "{output}"
        );
        assert!(line.seen() < 20, "{} connections", line.seen());
        line.cut(|_| None);
        change(&pep, &anna);
        settle_quietly(&[&pep, &anna]);
        assert_all_is_there(&pep, &anna);
    }
}

fn says(pep: &Home, added: &Output, told: &str) {
    added.expect_code(6);
    assert!(added.stderr.contains(told), "{told:?} is not said: {added}");
    assert!(!added.stderr.contains("wrong-secret"), "{added}");
    pep.run(["account", "list"]).expect_out("This computer has no account.");
}

#[test]
fn what_is_wrong_with_a_server_that_speaks_ftp_is_said_in_one_sentence() {
    let (Some(plain), Some(sealed)) = (Ftpd::start(Kind::Plain), Ftpd::start(Kind::Sealed)) else {
        return;
    };
    let world = World::new();
    let pep = world.home("pep");
    let add = |url: &str, secret: &str| add_account(&pep, "x", url, secret);
    let nowhere = free_port();
    for (url, told) in [
        (
            "ftps://anna@no-such-host.invalid/x".to_owned(),
            "no computer called 'no-such-host.invalid' is found",
        ),
        (plain.url_by(nowhere, "x"), "is there, but nothing listens at its port"),
        (
            plain.url_by(web_server(), "x"),
            "it does not greet as servers do that speak FTP",
        ),
        (
            plain.url("x").replace("ftp://", "ftps://"),
            "it does not encrypt its lines",
        ),
        (
            sealed.url("x").replace("ftps://", "ftp://"),
            "it takes sign-ins over an encrypted line alone: its address begins with ftps://",
        ),
        (sealed.url("x"), "its certificate is not one that this computer trusts"),
    ] {
        says(&pep, &add(&url, SECRET), told);
    }
    says(
        &pep,
        &add(&plain.url("x"), "wrong-secret"),
        "the user or the password is not accepted; some servers take them over an encrypted line alone",
    );
    trust(&world, &sealed);
    let refused = add(&sealed.url("x"), "wrong-secret");
    says(&pep, &refused, "the user or the password is not accepted");
    let Some(read_only) = Ftpd::start(Kind::ReadOnly) else {
        return;
    };
    fs::create_dir(read_only.kept_in().join("x")).expect("a folder can be made");
    says(&pep, &add(&read_only.url("x"), SECRET), "its user may not write");
}

#[test]
fn a_line_that_others_can_read_is_warned_of() {
    let world = World::new();
    let pep = world.home("pep");
    let Some(server) = Ftpd::start(Kind::Plain) else { return };
    let added = add_account(&pep, "x", &server.url("x"), SECRET);
    added.expect_code(0);
    assert!(
        !added.stdout.contains("not encrypted"),
        "it stays in this computer: {added}"
    );
    let readable = |url: &str| match url.parse() {
        Ok(MailboxUrl::Cloud(address)) => address.is_readable_on_the_way(),
        _ => panic!("{url} is no account"),
    };
    assert!(readable("ftp://anna@web.example.org/x"));
    assert!(!readable("ftps://anna@web.example.org/x"));
    assert!(!readable("ftp://anna@nas.local/x"));
}

#[test]
fn a_server_over_ftp_whose_disk_is_full_is_said_to_be_full() {
    let Some(server) = Ftpd::start(Kind::Plain) else { return };
    let Some(_drive) = SmallDrive::mount(&server.kept_in(), 1 << 20) else {
        return;
    };
    let world = World::new();
    let [pep, anna] = pair(&world, &server.url("offsync"));
    settle_quietly(&[&pep, &anna]);
    let filler = server.kept_in().join("filler");
    // Until nothing goes in any more.
    let filled = fs::write(&filler, noise(2 << 20, 1));
    assert!(filled.is_err(), "the drive is small");
    change(&pep, &anna);
    let full = pep.run(["sync", pep.at()]);
    assert!(full.stdout.contains("the mailbox is full"), "{full}");
    fs::remove_file(filler).expect("it is there");
    settle_quietly(&[&pep, &anna]);
    assert_all_is_there(&pep, &anna);
}

#[test]
fn a_folder_over_ftp_that_is_not_there_is_left_alone_until_a_new_one_is_begun() {
    for kind in ALL {
        let Some(server) = Ftpd::start(kind) else { return };
        let world = World::new();
        trust(&world, &server);
        let [pep, anna] = pair(&world, &server.url("offsync"));
        settle_quietly(&[&pep, &anna]);
        change(&pep, &anna);
        pep.sync();
        let kept = server.kept_in();
        // Emptied with its own folder, all goes on.
        let own = format!("offsync/photos/offsync-v1-{}", pep.noted("archive_id"));
        fs::remove_dir_all(kept.join(own)).expect("it is there");
        for _ in 0..3 {
            pep.json(["sync", pep.at()]).expect_code(0);
            anna.json(["sync", anna.at()]).expect_code(0);
        }
        // What an unmounted share looks like: its server answers, and the folder is not there.
        fs::rename(kept.join("offsync"), kept.join("elsewhere")).expect("it is there");
        let output = pep.run(["sync", pep.at()]);
        output.expect_code(6);
        assert!(output.stderr.contains("is not there any more"), "{output}");
        assert!(!kept.join("offsync").exists(), "it was made again");
        fs::rename(kept.join("elsewhere"), kept.join("offsync")).expect("it is there");
        settle_quietly(&[&pep, &anna]);
        assert_all_is_there(&pep, &anna);
    }
}
