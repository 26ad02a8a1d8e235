//! How fast goes what goes to an account, and that people need not wait for one that says nothing.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::proxy::{Fault, Proxy};
use super::servers::{Kind, Server};
use super::sftp;
use super::sshd::Sshd;
use super::stories::{noise, pair};
use crate::output::Output;
use crate::world::{Home, World, settle_quietly};

/// Tells how long a home's sync took.
fn took(home: &Home) -> Duration {
    let began = Instant::now();
    home.run(["sync", home.at()]).expect_code(0);
    began.elapsed()
}

#[test]
fn what_goes_to_an_account_and_comes_from_it_goes_no_faster_than_a_person_said() {
    let Some(server) = Server::start(Kind::RcloneS3) else {
        return;
    };
    let world = World::new();
    let [pep, anna] = pair(&world, &server.url("offsync"));
    settle_quietly(&[&pep, &anna]);
    pep.run(["bandwidth"])
        .expect_code(0)
        .expect_out("With accounts, this computer sends and fetches as much as its line carries.");
    pep.run(["bandwidth", "--up", "100kB/s"])
        .expect_code(0)
        .expect_out("With accounts, this computer sends at most 100.0 kB a second.");
    anna.run(["bandwidth", "--down", "200kB"]).expect_code(0);
    let both = anna.run(["bandwidth", "--up", "1MB"]);
    both.expect_code(0)
        .expect_out("sends at most 1.0 MB a second and fetches at most 200.0 kB a second.");
    // Nothing packs it, and so many bytes cannot pass in less: a busy machine makes that longer, never shorter.
    pep.write("large.raw", noise(400_000, 3));
    let sent = took(&pep);
    assert!(sent >= Duration::from_millis(3_500), "{sent:?}");
    let fetched = took(&anna);
    assert!(fetched >= Duration::from_millis(1_000), "{fetched:?}");
    assert_eq!(anna.read("large.raw"), pep.read("large.raw"));
    let now = anna.json(["bandwidth", "--unlimited"]).document();
    assert_eq!(now, serde_json::json!({}), "{now:#}");
}

#[test]
fn files_over_ssh_go_no_faster_than_a_person_said() {
    let Some(server) = Sshd::start() else { return };
    let world = World::new();
    let [pep, anna] = sftp::pair(&world, &server.url("offsync"), &server);
    settle_quietly(&[&pep, &anna]);
    pep.run(["bandwidth", "--up", "100kB"]).expect_code(0);
    anna.run(["bandwidth", "--down", "200kB"]).expect_code(0);
    pep.write("large.raw", noise(400_000, 3));
    let sent = took(&pep);
    assert!(sent >= Duration::from_millis(3_000), "{sent:?}");
    let fetched = took(&anna);
    assert!(fetched >= Duration::from_millis(1_000), "{fetched:?}");
    assert_eq!(anna.read("large.raw"), pep.read("large.raw"));
}

#[test]
fn while_it_is_paused_nothing_goes_to_an_account_and_all_goes_on_after_that() {
    let Some(server) = Server::start(Kind::WsgiDav) else {
        return;
    };
    let proxy = Proxy::to(server.port);
    let world = World::new();
    let url = server
        .url("offsync")
        .replace(&server.port.to_string(), &proxy.port.to_string());
    let [pep, anna] = pair(&world, &url);
    settle_quietly(&[&pep, &anna]);
    let paused = pep.run(["bandwidth", "--pause", "2h"]);
    paused.expect_code(0).expect_out("It does nothing of that until 20");
    assert!(paused.stdout.contains("`offsync bandwidth --resume`"), "{paused}");
    let at = proxy.seen();
    pep.write("later.txt", "later");
    let told = [
        "this computer was told to leave accounts alone for another 120 minutes",
        "It goes on by itself then; `offsync bandwidth --resume` lets it go on now.",
    ];
    pep.json(["sync", pep.at()]).expect_failure(6, "mailbox_paused", &told);
    let account = pep.json(["account", "test"]);
    account.expect_failure(6, "mailbox_paused", &["for another 120 minutes", "--resume"]);
    pep.run(["status", pep.at()])
        .expect_code(0)
        .expect_out("for another 120 minutes");
    assert_eq!(proxy.seen(), at, "nothing was asked of the server");
    let refused = pep.run(["bandwidth", "--pause", "0"]);
    refused.expect_code(2);
    assert!(refused.stderr.contains("'0' is no pause"), "{refused}");
    let now = pep.json(["bandwidth", "--up", "1MB"]).document();
    assert!(now["paused_until"].is_string(), "{now:#}");
    let now = pep.json(["bandwidth", "--resume", "--unlimited"]).document();
    assert_eq!(now, serde_json::json!({}), "{now:#}");
    settle_quietly(&[&pep, &anna]);
    assert_eq!(anna.read("later.txt"), b"later");
}

#[test]
fn a_line_that_is_told_to_carry_next_to_nothing_is_refused() {
    let world = World::new();
    let pep = world.home("pep");
    pep.run(["bandwidth", "--up", "20kB"]).expect_code(0);
    let refused = pep.json(["bandwidth", "--down", "1kB"]);
    let told = [
        "1.0 kB a second are less than a service waits for. Nothing was changed.",
        "Give at least 16.0 kB a second.",
    ];
    refused.expect_failure(2, "bad_bandwidth", &told);
    let unread = pep.run(["bandwidth", "--down", "quick"]);
    unread.expect_code(2);
    let told = "'quick' is no rate; write one like 500kB or 2MB";
    assert!(unread.stderr.contains(told), "{unread}");
    let now = pep.json(["bandwidth"]).document();
    assert_eq!(now, serde_json::json!({"up_bytes_per_second": 20_000}), "{now:#}");
}

#[test]
fn ctrl_c_ends_the_wait_for_an_account_that_says_nothing() {
    let Some(server) = Server::start(Kind::WsgiDav) else {
        return;
    };
    let proxy = Proxy::to(server.port);
    let world = World::new();
    let url = server
        .url("offsync")
        .replace(&server.port.to_string(), &proxy.port.to_string());
    let [pep, anna] = pair(&world, &url);
    settle_quietly(&[&pep, &anna]);
    pep.write("later.txt", "later");
    proxy.spoil(|_| Some(Fault::Silence));
    let mut command = pep.command(["--json", "sync", pep.at()]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the program can be started");
    while proxy.seen() == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    kill_process(Pid::from_child(&child), Signal::INT).expect("it is at work");
    let ended = child.wait_with_output().expect("it ends");
    let ended = Output::new(&command, &ended);
    ended.expect_failure(1, "cancelled", &["Stopped. Nothing is lost.", "it goes on from here."]);
    proxy.spoil(|_| None);
    settle_quietly(&[&pep, &anna]);
    assert_eq!(anna.read("later.txt"), b"later");
}
