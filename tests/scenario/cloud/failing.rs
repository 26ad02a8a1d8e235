//! Accounts whose server or line fails: nothing is lost, nothing goes on for ever, and what is wrong is said.

use super::proxy::{FAULTS, Fault, Proxy};
use super::servers::{ALL, Kind, SECRET, Server};
use super::signing_in::{Double, lead};
use super::stories::{add_account, assert_all_is_there, change, pair};
use crate::world::{Home, World, settle_quietly};

/// Lets both sync as often as it takes them, each of which is done or says that the mailbox is in trouble.
fn sync_on(homes: [&Home; 2], codes: &[i32]) {
    for _ in 0..4 {
        for home in homes {
            let output = home.json(["sync", home.at()]);
            assert!(codes.contains(&output.code), "{output}");
        }
    }
}

/// Plays the story at a server with every n-th request failing in each way in turn; gives how many requests there were at most.
fn fails_every(kind: Kind, numbers: impl Iterator<Item = usize>) -> usize {
    let Some(server) = Server::start(kind) else { return 0 };
    let proxy = Proxy::to(server.port);
    let seen = numbers.map(|n| {
        let world = World::in_memory();
        let url = server.url_by(proxy.port, &format!("every/{n}"));
        play(&world, &proxy, &url, n, &format!("{kind:?}"))
    });
    seen.max().unwrap_or_default()
}

/// The same at the double of a service that people sign in to.
fn fails_every_at_the_double(scheme: &str, numbers: impl Iterator<Item = usize>) -> usize {
    let seen = numbers.map(|n| {
        let world = World::in_memory();
        let double = Double::in_place_of_the_services(&world);
        let proxy = Proxy::to(double.port);
        lead(&world, proxy.port);
        play(&world, &proxy, &format!("{scheme}://Offsync"), n, scheme)
    });
    seen.max().unwrap_or_default()
}

fn play(world: &World, proxy: &Proxy, url: &str, n: usize, place: &str) -> usize {
    proxy.spoil(|_| None);
    let [pep, anna] = pair(world, url);
    change(&pep, &anna);
    proxy.spoil(move |number| (number % n == n - 1).then(|| FAULTS[(number / n + n) % FAULTS.len()]));
    // Where just some fail, people notice nothing.
    sync_on([&pep, &anna], if n == 1 { &[6] } else { &[0] });
    let seen = proxy.seen();
    proxy.spoil(|_| None);
    settle_quietly(&[&pep, &anna]);
    assert_all_is_there(&pep, &anna);
    println!("{place}: each of {n} fails, of {seen} requests");
    seen
}

#[test]
fn a_line_to_a_bucket_that_fails_every_so_many_requests_costs_nothing() {
    fails_every(Kind::RcloneS3, [1, 2, 3, 5, 7, 11].into_iter());
}

#[test]
fn a_line_to_a_container_that_fails_every_so_many_requests_costs_nothing() {
    fails_every(Kind::Azurite, [1, 2, 3, 5, 7, 11].into_iter());
}

#[test]
fn a_line_to_a_folder_that_fails_every_so_many_requests_costs_nothing() {
    fails_every(Kind::WsgiDav, [1, 2, 3, 5, 7, 11].into_iter());
}

#[test]
fn a_line_to_a_service_that_fails_every_so_many_requests_costs_nothing() {
    for scheme in ["gdrive", "dropbox", "onedrive"] {
        fails_every_at_the_double(scheme, [2, 5].into_iter());
    }
}

/// All numbers there are: up to as many as the story has requests.
#[test]
#[ignore = "takes long: make failing"]
fn a_line_that_fails_every_so_many_requests_costs_nothing_whatever_their_number() {
    for kind in ALL {
        let most = fails_every(kind, std::iter::once(usize::MAX));
        assert!(most > 10, "{kind:?}: {most} requests");
        fails_every(kind, 1..=most);
    }
    for scheme in ["gdrive", "dropbox", "onedrive"] {
        let most = fails_every_at_the_double(scheme, std::iter::once(usize::MAX));
        assert!(most > 10, "{scheme}: {most} requests");
        fails_every_at_the_double(scheme, 1..=most);
    }
}

#[test]
fn what_is_wrong_is_said_with_the_next_step_and_nothing_is_lost() {
    let Some(server) = Server::start(Kind::WsgiDav) else {
        return;
    };
    let proxy = Proxy::to(server.port);
    let world = World::new();
    let [pep, anna] = pair(&world, &server.url_by(proxy.port, "offsync"));
    settle_quietly(&[&pep, &anna]);
    change(&pep, &anna);
    let before = pep.tree();
    for (fault, told) in [
        (Fault::Unheard, "the connection broke off"),
        (Fault::Unavailable, "it is out of service for a while"),
        (Fault::TooMany, "it asks to wait, since there were too many requests"),
        (Fault::HalfAnAnswer, "the connection broke off"),
    ] {
        proxy.spoil(move |_| Some(fault));
        let output = pep.run(["sync", pep.at()]);
        output.expect_code(6);
        assert!(output.stderr.contains(told), "{fault:?}: {output}");
        assert!(output.stderr.contains("Try again later. Nothing is lost."), "{output}");
        assert!(proxy.seen() < 20, "{fault:?}: {} requests", proxy.seen());
        assert_eq!(pep.tree(), before);
    }
    drop(proxy);
    let output = pep.run(["sync", pep.at()]);
    output.expect_code(6);
    assert!(
        output.stderr.contains("nothing answers at that host and port"),
        "{output}"
    );
    // Signed in at the server itself, all goes on.
    let url = server.url("offsync");
    for home in [&pep, &anna] {
        add_account(home, "again", &url, SECRET).expect_code(0);
        home.run(["mailbox", "use", home.at(), "again:photos"]).expect_code(0);
    }
    settle_quietly(&[&pep, &anna]);
    assert_all_is_there(&pep, &anna);
}
