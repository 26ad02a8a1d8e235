//! The whole story at each server: begin, copy, join, changes, three syncs, a mailbox that is empty again.

use offsync_adapters::cloud::{CloudAddress, Credential};
use offsync_adapters::mailbox::{MailboxUrl, OpendalMailbox};
use offsync_core::ids::ArchiveId;
use offsync_core::ports::Mailbox;
use offsync_testkit::conformance;

use super::servers::{ALL, ID, Kind, SECRET, Server};
use crate::output::Output;
use crate::world::{Home, World, settle_quietly};

/// Lets a home's computer sign in to an account.
pub(super) fn add_account(home: &Home, name: &str, url: &str, secret: &str) -> Output {
    let mut command = home.command(["account", "add", name, url]);
    command.env("OFFSYNC_ACCOUNT_SECRET", secret);
    // Some addresses say it themselves.
    if !url.contains('@') && !url.starts_with("azblob://") {
        command.env("OFFSYNC_ACCOUNT_ID", ID);
    }
    Output::of(&mut command)
}

/// Pep with some files.
pub(super) fn with_files(world: &World) -> Home {
    let pep = world.home("pep");
    pep.write("2016/beach.jpg", "beach");
    pep.write("2016/tent.jpg", "tent");
    pep.write("list.txt", "list");
    pep
}

/// Pep with some files, an archive whose mailbox is in an account, and Anna, who joined with a copy and six words alone.
pub(super) fn pair(world: &World, url: &str) -> [Home; 2] {
    let pep = with_files(world);
    let added = add_account(&pep, "family", url, SECRET);
    added.expect_code(0).expect_out("Added 'family'. It works.");
    share(world, pep)
}

/// Begins an archive in the account `family`, and gives Anna a copy.
pub(super) fn share(world: &World, pep: Home) -> [Home; 2] {
    world.init_into_mailbox(&pep, "family:photos", &[]);
    let anna = world.give_copy(&pep, "anna");
    [pep, anna]
}

/// What they change, and what all have in the end.
pub(super) fn change(pep: &Home, anna: &Home) {
    pep.write("2016/beach.jpg", "beach, cut");
    pep.write("2017/large.raw", noise(300_000, 7));
    pep.remove("2016/tent.jpg");
    anna.write("from anna.txt", "hello");
}

/// Gives bytes that nothing makes smaller.
pub(super) fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    (0..size).map(next).collect()
}

/// Expects that all is at both, and that the mailbox holds heads and people alone.
pub(super) fn assert_all_is_there(pep: &Home, anna: &Home) {
    assert_eq!(pep.tree(), anna.tree());
    assert_eq!(pep.read("2016/beach.jpg"), b"beach, cut");
    assert_eq!(pep.read("2017/large.raw"), noise(300_000, 7));
    assert_eq!(anna.read("from anna.txt"), b"hello");
    assert!(!anna.has("2016/tent.jpg"));
    let shown = pep.json(["mailbox", "show", pep.at()]).document();
    assert_eq!(shown["objects"], 5, "two heads, and who there is: {shown:#}");
    assert_eq!(shown["waiting_for"], serde_json::json!([]), "{shown:#}");
}

fn story_at(kind: Kind) {
    let Some(server) = Server::start(kind) else { return };
    let world = World::new();
    let [pep, anna] = pair(&world, &server.url("offsync"));
    change(&pep, &anna);
    settle_quietly(&[&pep, &anna]);
    assert_all_is_there(&pep, &anna);
    let listed = anna.json(["account", "list"]).document();
    assert_eq!(listed[0]["name"], "photos", "it came with the invitation: {listed:#}");
    assert_eq!(listed[0]["archives"], serde_json::json!(["Photos"]));
    let mailbox = pep.json(["mailbox", "show", pep.at()]).document()["mailbox"].clone();
    let mailbox = mailbox.as_str().expect("it is a text");
    assert!(mailbox.contains("/offsync/photos"), "{mailbox}");
    assert!(!mailbox.contains(SECRET), "{mailbox}");
}

#[test]
fn a_family_shares_a_bucket_at_moto() {
    story_at(Kind::Moto);
}

#[test]
fn a_family_shares_a_bucket_at_rclone() {
    story_at(Kind::RcloneS3);
}

#[test]
fn a_family_shares_a_container_at_azurite() {
    story_at(Kind::Azurite);
}

#[test]
fn a_family_shares_a_folder_at_wsgidav() {
    story_at(Kind::WsgiDav);
}

#[test]
fn a_family_shares_a_folder_at_apache() {
    story_at(Kind::Apache);
}

#[test]
fn a_mailbox_at_each_server_keeps_the_contract() {
    for kind in ALL {
        let Some(server) = Server::start(kind) else { return };
        let number = std::cell::Cell::new(0);
        conformance::mailbox(|| {
            number.set(number.get() + 1);
            let url = server.url(&format!("a folder/{}", number.get()));
            let Ok(MailboxUrl::Cloud(address)) = url.parse() else {
                panic!("{url} is no account")
            };
            of(&address, ArchiveId::new([7; 16]))
        });
    }
}

fn of(address: &CloudAddress, archive: ArchiveId) -> OpendalMailbox {
    let credential = Credential::new(ID, SECRET).into();
    let mailbox = OpendalMailbox::in_cloud(address, &credential, &archive).expect("it is set up");
    mailbox.make().expect("it can be made");
    mailbox
}

#[test]
fn an_account_whose_folder_was_emptied_goes_on() {
    for kind in ALL {
        let Some(server) = Server::start(kind) else { return };
        let world = World::new();
        let [pep, anna] = pair(&world, &server.url("offsync"));
        settle_quietly(&[&pep, &anna]);
        change(&pep, &anna);
        pep.sync();
        match kind {
            // With its folder, as people do it in a browser.
            Kind::WsgiDav | Kind::Apache => {
                let kept = server.kept_in().expect("it keeps files").join("offsync/photos");
                let own = format!("offsync-v1-{}", pep.noted("archive_id"));
                std::fs::remove_dir_all(kept.join(own)).expect("it is there");
            }
            Kind::Moto | Kind::RcloneS3 | Kind::Azurite => {
                let Ok(MailboxUrl::Cloud(address)) = server.url("offsync/photos").parse() else {
                    panic!("it is an account")
                };
                let archive = pep.noted("archive_id").parse().expect("it is an id");
                let mailbox = of(&address, archive);
                for object in mailbox.list().expect("it can be listed") {
                    mailbox.delete(&object.name).expect("it can be deleted");
                }
            }
        }
        for _ in 0..3 {
            pep.json(["sync", pep.at()]).expect_code(0);
            anna.json(["sync", anna.at()]).expect_code(0);
        }
        settle_quietly(&[&pep, &anna]);
        assert_all_is_there(&pep, &anna);
    }
}

/// What an unmounted share looks like from outside: its server answers, and the folder is not there.
#[test]
fn an_account_whose_folder_is_not_there_is_left_alone_until_a_new_one_is_begun() {
    for kind in [Kind::WsgiDav, Kind::Apache] {
        let Some(server) = Server::start(kind) else { return };
        let world = World::new();
        let [pep, anna] = pair(&world, &server.url("offsync"));
        settle_quietly(&[&pep, &anna]);
        change(&pep, &anna);
        let kept = server.kept_in().expect("it keeps files");
        std::fs::rename(kept.join("offsync"), kept.join("elsewhere")).expect("it is there");
        let output = pep.run(["sync", pep.at()]);
        output.expect_code(6);
        assert!(
            output
                .stderr
                .contains("its folder 'offsync/photos' is not there any more"),
            "{output}"
        );
        assert!(!kept.join("offsync").exists(), "it was made again");
        std::fs::rename(kept.join("elsewhere"), kept.join("offsync")).expect("it is there");
        pep.sync();
        std::fs::remove_dir_all(kept.join("offsync")).expect("it is there");
        pep.run(["sync", pep.at()]).expect_code(6);
        pep.run(["mailbox", "use", pep.at(), "family:photos", "--new"])
            .expect_code(0);
        settle_quietly(&[&pep, &anna]);
        assert_all_is_there(&pep, &anna);
    }
}
