//! Mailboxes at a server that speaks SFTP: a key of their own, a host key that is compared, and what is wrong in one sentence.

use std::fs;
use std::io::Write;
use std::net::TcpListener;

use offsync_adapters::cloud::{Access, authorized_line, new_key};
use offsync_adapters::entropy::OsEntropy;
use offsync_adapters::mailbox::{FilesMailbox, MailboxUrl};
use offsync_core::ids::ArchiveId;
use offsync_core::ports::{Mailbox, MailboxErrorKind};
use offsync_testkit::conformance;

use super::cut::CutLine;
use super::servers::free_port;
use super::sshd::{Sshd, user};
use super::stories::{assert_all_is_there, change, noise, share, with_files};
use crate::at_a_terminal::typed;
use crate::machine::SmallDrive;
use crate::output::Output;
use crate::world::{Home, World, settle_quietly};

/// Adds an account whose server's host key was compared.
fn add(home: &Home, name: &str, url: &str, host_key: &str) -> Output {
    let mut command = home.command(["account", "add", name, url]);
    command.env("OFFSYNC_HOST_KEY", host_key);
    Output::of(&mut command)
}

/// The same for a program.
fn add_in_json(home: &Home, name: &str, url: &str, host_key: &str) -> Output {
    let mut command = home.command(["--json", "account", "add", name, url]);
    command.env("OFFSYNC_HOST_KEY", host_key);
    Output::of(&mut command)
}

/// Gives the line that a person is to put on the server.
fn line_of(told: &Output) -> String {
    let mut lines = told.stdout.lines().map(str::trim);
    let line = lines.find(|line| line.starts_with("restrict,"));
    line.unwrap_or_else(|| panic!("no line is told: {told}")).to_owned()
}

/// Adds an account as people do: once to see the key, and once more when the server knows it.
fn add_and_let_in(home: &Home, name: &str, url: &str, server: &Sshd) -> String {
    let line = line_of(add(home, name, url, &server.fingerprint()).expect_code(6));
    server.let_in(&line);
    let added = add(home, name, url, &server.fingerprint());
    added.expect_code(0).expect_out(&format!("Added '{name}'. It works."));
    line
}

pub(super) fn pair(world: &World, url: &str, server: &Sshd) -> [Home; 2] {
    let pep = with_files(world);
    add_and_let_in(&pep, "family", url, server);
    share(world, pep)
}

#[test]
fn a_family_shares_a_folder_at_sshd() {
    let Some(server) = Sshd::start() else { return };
    let world = World::new();
    let [pep, anna] = pair(&world, &server.url("offsync"), &server);
    change(&pep, &anna);
    settle_quietly(&[&pep, &anna]);
    assert_all_is_there(&pep, &anna);
    let listed = anna.json(["account", "list"]).document();
    assert_eq!(listed[0]["name"], "photos", "it came with the invitation: {listed:#}");
    let usage = pep.json(["account", "usage", "family"]).document();
    assert!(
        usage[0]["total_bytes"].as_u64() > usage[0]["used_bytes"].as_u64(),
        "{usage:#}"
    );
    assert_nothing_is_half_written(&server, &pep);
}

fn assert_nothing_is_half_written(server: &Sshd, home: &Home) {
    let kept = server.kept_in().join("offsync/photos");
    let own = kept.join(format!("offsync-v1-{}", home.noted("archive_id")));
    let entries = fs::read_dir(own).expect("it is there").flatten();
    let names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    let is_left = |name: &std::ffi::OsString| name.to_string_lossy().starts_with('.');
    assert!(!names.iter().any(is_left), "{names:?}");
}

#[test]
fn a_mailbox_at_sshd_keeps_the_contract() {
    let Some(server) = Sshd::start() else { return };
    let number = std::cell::Cell::new(0);
    let open = opening(&server);
    conformance::mailbox(|| {
        number.set(number.get() + 1);
        open(server.port, &format!("a folder/{}", number.get()))
    });
}

#[test]
fn a_server_that_replaces_no_file_in_one_step_keeps_the_contract_all_the_same() {
    let Some(server) = Sshd::start_plain() else { return };
    let number = std::cell::Cell::new(0);
    let open = opening(&server);
    conformance::mailbox(|| {
        number.set(number.get() + 1);
        open(server.port, &number.get().to_string())
    });
    let direct = open(server.port, "x");
    for content in ["old", "new", "newest"] {
        direct.put("head.00ff", content.as_bytes()).expect("it can be put");
        let read = direct.get("head.00ff").expect("it can be read");
        assert_eq!(read.as_deref(), Some(content.as_bytes()));
    }
    let mut names = names_below(&server.kept_in().join("x"));
    names.retain(|name| name != "head.00ff");
    assert_eq!(names, Vec::<String>::new());
}

/// Gives the names of all files in the one folder that is in a folder.
fn names_below(folder: &std::path::Path) -> Vec<String> {
    let inner = fs::read_dir(folder).expect("it is there").flatten().next();
    let inner = inner.expect("something is in it").path();
    let entries = fs::read_dir(inner).expect("it is a folder").flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn what_a_crash_left_goes_with_its_own_homes_sync_and_who_merely_looks_calls_nobody() {
    let Some(server) = Sshd::start() else { return };
    let line = CutLine::to(server.port);
    let world = World::new();
    let [pep, anna] = pair(&world, &server.url_by(line.port, "offsync"), &server);
    settle_quietly(&[&pep, &anna]);
    let kept = server.kept_in().join("offsync/photos");
    let own = kept.join(format!("offsync-v1-{}", pep.noted("archive_id")));
    let left = own.join(format!(".tmp-head.{}-00000000000000aa-7", pep.noted("location")));
    fs::write(&left, "half a head").expect("there is room");
    anna.sync();
    assert!(left.exists(), "it may be about to be written");
    pep.sync();
    assert!(!left.exists());
    line.cut(|_| None);
    for command in ["log", "diff", "conflicts"] {
        pep.run([command, pep.at()]).expect_code(0);
    }
    assert_eq!(line.seen(), 0, "who looks waits for no server");
}

/// Lets a new key in, and gives what opens mailboxes with it, by a port.
fn opening(server: &Sshd) -> impl Fn(u16, &str) -> FilesMailbox + '_ {
    let key = new_key(&user(), &OsEntropy);
    server.let_in(&authorized_line(&key).expect("it is a key"));
    move |port, folder| {
        let url = server.url_by(port, folder);
        let Ok(MailboxUrl::Cloud(address)) = url.parse() else {
            panic!("{url} is no account")
        };
        let address = address.at_host_key(&server.fingerprint());
        let mailbox = FilesMailbox::open(&address, &Access::from(key.clone()), &ArchiveId::new([7; 16]));
        mailbox.make().expect("it can be made");
        mailbox
    }
}

#[test]
fn an_object_is_not_seen_before_it_is_whole() {
    let Some(server) = Sshd::start() else { return };
    let line = CutLine::to(server.port);
    let open = opening(&server);
    let direct = open(server.port, "x");
    direct.put("head.00ff", b"old").expect("it can be put");
    line.cut(|number| (number > 0).then_some(100_000));
    let (_first, cut) = (open(line.port, "y"), open(line.port, "x"));
    for name in ["head.00ff", "out.00ff.1.a.pack"] {
        let error = cut
            .put(name, &noise(1_000_000, 3))
            .expect_err("each line breaks in the middle");
        assert_eq!(error.kind(), MailboxErrorKind::Away, "{error}");
    }
    assert!(line.seen() > 4, "{} connections", line.seen());
    let old = direct.get("head.00ff").expect("asked");
    assert!(
        old.as_deref() == Some(&b"old"[..]),
        "the old one is not there whole any more"
    );
    assert_eq!(direct.get("out.00ff.1.a.pack").expect("asked"), None);
    assert!(
        direct
            .list()
            .expect("listed")
            .iter()
            .all(|object| object.name != "out.00ff.1.a.pack")
    );
}

#[test]
fn a_key_is_made_once_told_with_what_to_do_and_kept_from_everybody() {
    let Some(server) = Sshd::start() else { return };
    let world = World::new();
    let pep = world.home("pep");
    let url = server.url("offsync");
    add_in_json(&pep, "nas", &url, &server.fingerprint()).expect_failure(
        6,
        "key_not_let_in",
        &[
            "'nas' is not usable yet",
            "does not let",
            "offsync account key nas",
            ".ssh/authorized_keys",
            "run the same command again",
            &format!("`offsync account add nas {url}`"),
        ],
    );
    let told = pep.run(["account", "key", "nas"]);
    let line = line_of(&add(&pep, "nas", &url, &server.fingerprint()));
    assert_eq!(
        line,
        line_of(&add(&pep, "nas", &url, &server.fingerprint())),
        "another key"
    );
    assert_eq!(told.expect_code(0).stdout.trim(), line);
    pep.run(["account", "list"])
        .expect_code(0)
        .expect_out("It has not worked yet");
    // Where its settings lie, there is no more of the key than the world may know.
    let settings = fs::read_to_string(pep.settings().join("accounts.toml")).expect("it is kept");
    assert!(settings.contains("hostkey=SHA256:"), "{settings}");
    assert!(!settings.contains("PRIVATE"), "{settings}");
    server.let_in(&line);
    pep.run(["account", "test", "nas"])
        .expect_code(0)
        .expect_out("It works.");
    let listed = pep.json(["account", "list"]).document();
    assert_eq!(listed[0]["ok"], true, "{listed:#}");
    // Taken back at the server.
    server.let_in("");
    let output = pep.run(["account", "test", "nas"]);
    assert!(
        output.expect_code(6).stderr.contains("with this account's key"),
        "{output}"
    );
}

#[test]
fn a_folder_of_the_users_own_is_found_from_home_on() {
    let Some(server) = Sshd::start() else { return };
    let world = World::new();
    let pep = world.home("pep");
    let url = format!("sftp://{}@127.0.0.1:{}/~/mailbox", user(), server.port);
    let line = line_of(&add(&pep, "nas", &url, &server.fingerprint()));
    let at_home = format!("internal-sftp -d {}", server.kept_in().display());
    server.let_in(&line.replace("internal-sftp", &at_home));
    add(&pep, "nas", &url, &server.fingerprint()).expect_code(0);
    assert!(server.kept_in().join("mailbox").is_dir());
}

#[test]
fn a_folder_that_was_mistyped_is_corrected_and_the_key_stays() {
    let Some(server) = Sshd::start() else { return };
    let world = World::new();
    let pep = world.home("pep");
    let mistyped = format!("sftp://{}@127.0.0.1:{}/proc/offsync", user(), server.port);
    let line = line_of(&add(&pep, "nas", &mistyped, &server.fingerprint()));
    server.let_in(&line);
    let output = add(&pep, "nas", &mistyped, &server.fingerprint());
    assert!(output.expect_code(6).stderr.contains("is not usable yet"), "{output}");
    add(&pep, "nas", &server.url("offsync"), &server.fingerprint()).expect_code(0);
    // What works is another account's name from then on.
    let output = add(&pep, "nas", &mistyped, &server.fingerprint());
    assert!(
        output
            .expect_code(1)
            .stderr
            .contains("remove that one first: `offsync account remove nas`"),
        "{output}"
    );
}

#[test]
fn a_server_that_nobody_vouched_for_is_sent_nothing() {
    let Some(mut server) = Sshd::start() else { return };
    let world = World::new();
    let pep = world.home("pep");
    let url = server.url("offsync");
    // Nobody can be asked here.
    let output = pep.run(["account", "add", "nas", &url]);
    output.expect_code(2);
    for told in [server.fingerprint().as_str(), "OFFSYNC_HOST_KEY"] {
        assert!(output.stderr.contains(told), "{output}");
    }
    let other = "SHA256:0000000000000000000000000000000000000000000";
    add_in_json(&pep, "nas", &url, other).expect_failure(
        6,
        "mailbox_stranger",
        &["shows the host key", other, "Nothing was sent to it"],
    );
    let output = add(&pep, "nas", &url, "SHA256:short");
    assert!(
        output.expect_code(2).stderr.contains("is no hostkey that can be used"),
        "{output}"
    );
    let no = typed(
        &pep,
        &pep.folder,
        &format!("account add nas '{url}'"),
        &[("Is it the same?", "n\n")],
    );
    no.expect_code(3).expect_out(&server.fingerprint());
    no.expect_out("Nothing was added, and nothing was sent to '127.0.0.1:");
    pep.run(["account", "list"]).expect_out("This computer has no account.");

    let [pep, anna] = pair(&world, &url, &server);
    settle_quietly(&[&pep, &anna]);
    change(&pep, &anna);
    let agreed = server.fingerprint();
    server.set_up_anew();
    for home in [&pep, &anna] {
        let output = home.run(["sync", home.at()]);
        output.expect_code(6);
        for told in [
            agreed.as_str(),
            server.fingerprint().as_str(),
            "somebody may be in between",
        ] {
            assert!(output.stderr.contains(told), "{output}");
        }
    }
    let next = format!("`offsync account add family {url}` asks whether to go on with it");
    let output = pep.run(["sync", pep.at()]);
    assert!(output.stderr.contains(&next), "{next:?} is not said: {output}");
    let output = pep.run(["account", "test", "family"]);
    assert!(output.expect_code(6).stderr.contains(&next), "{output}");
    // The new one is compared like the first, and the key stays the same.
    let output = pep.run(["account", "add", "family", &url]);
    assert!(output.expect_code(2).stderr.contains(&server.fingerprint()), "{output}");
    add(&pep, "family", &url, &server.fingerprint()).expect_code(0);
    add(&anna, "photos", &server.url("offsync/photos"), &server.fingerprint()).expect_code(0);
    settle_quietly(&[&pep, &anna]);
    assert_all_is_there(&pep, &anna);
    // Whom they invite now is told of the new one.
    let eva = world.give_copy(&pep, "eva");
    settle_quietly(&[&pep, &eva, &anna]);
}

#[test]
fn what_is_wrong_with_a_server_is_said_in_one_sentence() {
    let Some(server) = Sshd::start() else { return };
    let world = World::new();
    let pep = world.home("pep");
    let fingerprint = server.fingerprint();
    let says = |url: &str, told: &[&str]| {
        let output = add(&pep, "x", url, &fingerprint);
        output.expect_code(6);
        for told in told {
            assert!(output.stderr.contains(told), "{told:?} is not said: {output}");
        }
    };
    says(
        "sftp://anna@no-such-host.invalid/x",
        &["no computer called 'no-such-host.invalid' is found"],
    );
    let port = free_port();
    says(
        &format!("sftp://anna@127.0.0.1:{port}/x"),
        &[&format!("nothing listens at its port {port}")],
    );
    says(
        &format!("sftp://anna@127.0.0.1:{}/x", web_server()),
        &["something else than SFTP listens at that port"],
    );
    pep.run(["account", "list"]).expect_out("This computer has no account.");

    let url = server.url("offsync");
    let line = line_of(&add(&pep, "x", &url, &fingerprint));
    server.let_in(&line.replace("internal-sftp", "/bin/false"));
    says(&url, &["gives it no files: SFTP is not switched on for it"]);
    server.let_in(&line.replace("internal-sftp", "internal-sftp -R"));
    says(
        &url,
        &["its user may not write", "choose a folder that it may write into"],
    );
    server.let_in(&line);
    add(&pep, "x", &url, &fingerprint).expect_code(0);
}

#[test]
fn a_server_whose_disk_is_full_is_said_to_be_full() {
    let Some(server) = Sshd::start() else { return };
    let Some(_drive) = SmallDrive::mount(&server.kept_in(), 1 << 20) else {
        return;
    };
    let world = World::new();
    let [pep, anna] = pair(&world, &server.url("offsync"), &server);
    settle_quietly(&[&pep, &anna]);
    let filler = server.kept_in().join("filler");
    // Until nothing goes in any more.
    let filled = fs::write(&filler, noise(2 << 20, 1));
    assert!(filled.is_err(), "the drive is small");
    change(&pep, &anna);
    let full = pep.run(["sync", pep.at()]);
    assert!(full.stdout.contains("the mailbox is full"), "{full}");
    let output = pep.run(["account", "test", "family"]);
    assert!(
        output.expect_code(6).stderr.contains("there is no room left"),
        "{output}"
    );
    fs::remove_file(filler).expect("it is there");
    settle_quietly(&[&pep, &anna]);
    assert_all_is_there(&pep, &anna);
}

/// Starts what answers as web servers do to what they do not know.
pub(super) fn web_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            // Who hung up is not told.
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    port
}

#[test]
fn a_folder_that_is_not_there_is_left_alone_until_a_new_one_is_begun() {
    let Some(server) = Sshd::start() else { return };
    let world = World::new();
    let [pep, anna] = pair(&world, &server.url("offsync"), &server);
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
    let tried = pep.run(["account", "test", "family"]);
    assert!(tried.expect_code(6).stderr.contains("is not there any more"), "{tried}");
    assert!(!kept.join("offsync").exists(), "it was made again");
    fs::rename(kept.join("elsewhere"), kept.join("offsync")).expect("it is there");
    settle_quietly(&[&pep, &anna]);
    assert_all_is_there(&pep, &anna);
}

/// Bytes towards the server: in the middle of an object, in the greeting, in the sign-in, and in what is asked after it.
const CUTS: [usize; 5] = [100_000, 600, 1200, 3200, 20_000];

#[test]
fn a_line_to_sshd_that_breaks_in_the_middle_costs_nothing() {
    let Some(server) = Sshd::start() else { return };
    let line = CutLine::to(server.port);
    let world = World::in_memory();
    let [pep, anna] = pair(&world, &server.url_by(line.port, "offsync"), &server);
    settle_quietly(&[&pep, &anna]);
    for n in [2, 3] {
        pep.write("2017/large.raw", noise(200_000, u64::from(n)));
        anna.write("from anna.txt", [n]);
        let n = usize::from(n);
        line.cut(move |number| (number % n == 0).then_some(CUTS[number / n % CUTS.len()]));
        for _ in 0..3 {
            pep.json(["sync", pep.at()]).expect_code(0);
            anna.json(["sync", anna.at()]).expect_code(0);
        }
        assert!(line.seen() > 8, "six without a break, and {} in all", line.seen());
    }
    for (after, told) in [
        (600, "it hangs up before it shows who it is"),
        (1200, "the connection broke off"),
    ] {
        line.cut(move |_| Some(after));
        let output = pep.run(["sync", pep.at()]);
        assert!(output.expect_code(6).stderr.contains(told), "{output}");
        assert!(line.seen() < 20, "{} connections", line.seen());
    }
    line.cut(|_| None);
    change(&pep, &anna);
    settle_quietly(&[&pep, &anna]);
    assert_all_is_there(&pep, &anna);
    assert_nothing_is_half_written(&server, &pep);
}
