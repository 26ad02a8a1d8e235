//! Accounts whose server or line fails: nothing is lost, nothing goes on for ever, and what is wrong is said.

use std::sync::Mutex;

use super::cut::CutLine;
use super::ftpd::{self, Ftpd};
use super::proxy::{FAULTS, Fault, Proxy};
use super::servers::{ALL, Kind, SECRET, Server};
use super::signing_in::{Double, lead};
use super::sshd::Sshd;
use super::stories::{add_account, assert_all_is_there, change, pair};
use super::{ftp, sftp};
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

/// Stories that are played beside each other: most of a story that fails is waiting.
const AT_ONCE: usize = 4;

/// Plays a story for each of some numbers, a few at once, each of those at a server of its own; gives the most that one tells.
fn at_once<S>(
    numbers: Vec<usize>,
    start: impl Fn() -> Option<S> + Sync,
    play: impl Fn(&S, usize) -> usize + Sync,
) -> usize {
    let players = AT_ONCE.min(numbers.len());
    let numbers = Mutex::new(numbers.into_iter());
    let next = || numbers.lock().expect("nobody panics with it").next();
    let player = || {
        let Some(server) = start() else { return 0 };
        let told = std::iter::from_fn(next).map(|n| play(&server, n));
        told.max().unwrap_or_default()
    };
    std::thread::scope(|scope| {
        let players: Vec<_> = (0..players).map(|_| scope.spawn(player)).collect();
        let told = players
            .into_iter()
            .map(|player| player.join().expect("the story holds"));
        told.max().unwrap_or_default()
    })
}

/// Plays the story at a server with every n-th request failing in each way in turn; gives how many requests there were at most.
fn fails_every(kind: Kind, numbers: impl IntoIterator<Item = usize>) -> usize {
    let start = || {
        let server = Server::start(kind)?;
        let proxy = Proxy::to(server.port);
        Some((server, proxy))
    };
    at_once(numbers.into_iter().collect(), start, |(server, proxy), n| {
        let url = server.url_by(proxy.port, &format!("every/{n}"));
        play(&World::in_memory(), proxy, &url, n, &format!("{kind:?}"))
    })
}

/// The same at the double of a service that people sign in to.
fn fails_every_at_the_double(scheme: &str, numbers: impl IntoIterator<Item = usize>) -> usize {
    // One after the other: there are three ports alone to which services send a browser back.
    let seen = numbers.into_iter().map(|n| {
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
    fails_every(Kind::RcloneS3, [1, 2, 3, 5, 7, 11]);
}

#[test]
fn a_line_to_a_container_that_fails_every_so_many_requests_costs_nothing() {
    fails_every(Kind::Azurite, [1, 2, 3, 5, 7, 11]);
}

#[test]
fn a_line_to_a_folder_that_fails_every_so_many_requests_costs_nothing() {
    fails_every(Kind::WsgiDav, [1, 2, 3, 5, 7, 11]);
}

#[test]
fn a_line_to_a_service_that_fails_every_so_many_requests_costs_nothing() {
    for scheme in ["gdrive", "dropbox", "onedrive"] {
        fails_every_at_the_double(scheme, [2, 5]);
    }
}

/// Plays the story over a line of a protocol's own that breaks with each of so many things that are sent; gives how many were
/// sent, and how often a sync ended in trouble.
fn breaks_each(line: &CutLine, [pep, anna]: [Home; 2], n: usize, place: &str) -> usize {
    change(&pep, &anna);
    line.break_each(n);
    let mut troubled = 0;
    for _ in 0..4 {
        for home in [&pep, &anna] {
            // To be let in alone takes a few: a line that breaks before that is a server that is away.
            let output = home.json(["sync", home.at()]);
            assert!([0, 6].contains(&output.code), "{output}");
            troubled += usize::from(output.code == 6);
        }
    }
    let sent = line.sent();
    line.break_each(0);
    settle_quietly(&[&pep, &anna]);
    assert_all_is_there(&pep, &anna);
    println!("{place}: each of {n} breaks, of {sent} sent; {troubled} of 8 syncs in trouble");
    sent
}

/// Plays it at sshd.
fn breaks_each_at_sshd(numbers: impl IntoIterator<Item = usize>) -> usize {
    let start = || {
        let server = Sshd::start()?;
        let line = CutLine::to(server.port);
        Some((server, line))
    };
    at_once(numbers.into_iter().collect(), start, |(server, line), n| {
        let world = World::in_memory();
        let homes = sftp::pair(&world, &server.url_by(line.port, &format!("every/{n}")), server);
        breaks_each(line, homes, n, "sshd")
    })
}

/// Plays it at a server that speaks FTP, over the line on which it is asked.
fn breaks_each_at_ftpd(kind: ftpd::Kind, numbers: impl IntoIterator<Item = usize>) -> usize {
    let start = || {
        let server = Ftpd::start(kind)?;
        let line = CutLine::to(server.port);
        Some((server, line))
    };
    at_once(numbers.into_iter().collect(), start, |(server, line), n| {
        let world = World::in_memory();
        ftp::trust(&world, server);
        let homes = pair(&world, &server.url_by(line.port, &format!("every/{n}")));
        breaks_each(line, homes, n, &format!("{kind:?}"))
    })
}

#[test]
fn a_line_to_sshd_that_breaks_with_every_so_many_requests_costs_nothing() {
    breaks_each_at_sshd([1, 2, 17, 40]);
}

#[test]
fn a_line_over_ftp_that_breaks_with_every_so_many_requests_costs_nothing() {
    breaks_each_at_ftpd(ftpd::Kind::Sealed, [1, 7, 29]);
}

/// All numbers there are: up to as many as the story sends.
#[test]
#[ignore = "takes long: make failing"]
fn a_line_that_breaks_with_every_so_many_requests_costs_nothing_whatever_their_number() {
    let most = breaks_each_at_sshd([usize::MAX]);
    assert!(most > 50, "{most} requests");
    breaks_each_at_sshd(1..=most);
    for kind in [ftpd::Kind::Sealed, ftpd::Kind::Old] {
        let most = breaks_each_at_ftpd(kind, [usize::MAX]);
        assert!(most > 50, "{most} requests");
        breaks_each_at_ftpd(kind, 1..=most);
    }
}

/// All numbers there are: up to as many as the story has requests.
#[test]
#[ignore = "takes long: make failing"]
fn a_line_that_fails_every_so_many_requests_costs_nothing_whatever_their_number() {
    for kind in ALL {
        let most = fails_every(kind, [usize::MAX]);
        assert!(most > 10, "{kind:?}: {most} requests");
        fails_every(kind, 1..=most);
    }
    for scheme in ["gdrive", "dropbox", "onedrive"] {
        let most = fails_every_at_the_double(scheme, [usize::MAX]);
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
