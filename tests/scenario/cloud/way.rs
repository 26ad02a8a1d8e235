//! The way to a server: through the proxy of a network, by HTTP/2, and from computers whose clocks are wrong.

use super::proxy::Proxy;
use super::servers::{ID, Kind, SECRET, Server};
use super::signing_in::Double;
use super::stories::{assert_all_is_there, change, pair};
use crate::clock;
use crate::output::Output;
use crate::world::{Home, World, settle_quietly};

/// Adds an account in an environment that says something of the way.
fn add_by(home: &Home, url: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = home.command(["account", "add", "family", url]);
    command
        .env("OFFSYNC_ACCOUNT_ID", ID)
        .env("OFFSYNC_ACCOUNT_SECRET", SECRET)
        .envs(environment.iter().copied());
    Output::of(&mut command)
}

#[test]
fn where_a_network_has_a_proxy_that_is_gone_through() {
    let Some(server) = Server::start(Kind::Apache) else {
        return;
    };
    let proxy = Proxy::to(server.port);
    let at = format!("http://127.0.0.1:{}", proxy.port);
    // Nobody but the proxy knows where that is.
    let url = server
        .url("offsync")
        .replace(&format!("127.0.0.1:{}", server.port), "nas.test");
    let world = World::new();
    let pep = world.home("pep");
    let without = add_by(&pep, &url, &[]);
    assert!(
        without.expect_code(6).stderr.contains("no host of that name is found"),
        "{without}"
    );
    let around = add_by(&pep, &url, &[("HTTP_PROXY", &at), ("NO_PROXY", "nas.test")]);
    around.expect_code(6);
    assert_eq!(proxy.seen(), 0);
    add_by(&pep, &url, &[("HTTP_PROXY", &at)])
        .expect_code(0)
        .expect_out("It works.");
    assert!(proxy.seen() > 4, "it is put, listed, read and deleted there");
}

#[test]
fn who_speaks_http_2_is_spoken_to_in_it() {
    let Some((server, certificate, log)) = Server::start_modern() else {
        return;
    };
    let world = World::new();
    let url = server.url("offsync").replace("webdav+http://", "webdav://");
    let trusted = certificate.to_string_lossy();
    add_by(&world.home("pep"), &url, &[("SSL_CERT_FILE", &trusted)])
        .expect_code(0)
        .expect_out("It works.");
    let requests = std::fs::read_to_string(&log).expect("it is written to");
    assert!(
        requests.lines().any(|request| request.starts_with("PUT ")),
        "{requests}"
    );
    assert!(
        requests.lines().all(|request| request.ends_with(" HTTP/2.0")),
        "{requests}"
    );
    std::fs::remove_dir_all(certificate.parent().expect("it lies in a folder")).expect("it is there");
}

#[test]
fn clocks_that_are_a_day_ahead_and_a_day_behind_cost_nothing() {
    if !clock::can_be_set() {
        return;
    }
    let share = |world: &World, url: &str| {
        let [pep, anna] = pair(world, url);
        settle_quietly(&[&pep, &anna]);
        pep.at_day(1);
        anna.at_day(-1);
        change(&pep, &anna);
        settle_quietly(&[&pep, &anna]);
        assert_all_is_there(&pep, &anna);
    };
    for kind in [Kind::Moto, Kind::Azurite, Kind::Apache] {
        let Some(server) = Server::start(kind) else { return };
        share(&World::new(), &server.url("offsync"));
    }
    for scheme in ["gdrive", "dropbox", "onedrive"] {
        let world = World::new();
        let _double = Double::in_place_of_the_services(&world);
        share(&world, &format!("{scheme}://Offsync"));
    }
}

/// A service that compares times takes nothing from a clock that is a day off.
#[test]
fn a_clock_that_a_service_refuses_is_told_as_that_and_nothing_is_lost_by_it() {
    let Some(server) = Server::start(Kind::RcloneS3) else {
        return;
    };
    if !clock::can_be_set() {
        return;
    }
    let world = World::new();
    let [pep, anna] = pair(&world, &server.url("offsync"));
    settle_quietly(&[&pep, &anna]);
    change(&pep, &anna);
    pep.at_day(1);
    let refused = pep.run(["sync", pep.at()]);
    assert!(
        refused
            .expect_code(6)
            .stderr
            .contains("this computer's clock is wrong: set it to the time that it is"),
        "{refused}"
    );
    pep.at_day(0);
    settle_quietly(&[&pep, &anna]);
    assert_all_is_there(&pep, &anna);
}
