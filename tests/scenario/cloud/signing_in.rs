//! Signing in in the browser, at a double of the services (`double.py`): what people see, and that the whole story passes.

use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::servers::{free_port, installed, listens, stop};
use super::stories::{assert_all_is_there, change, pair};
use crate::world::{Home, World, settle_quietly};

/// A server, which ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        stop(&mut self.0);
    }
}

/// The double, which ends with its test.
pub(super) struct Double {
    pub(super) port: u16,
    _running: Running,
}

impl Double {
    /// Starts it, and leads all that is started in a world to it in place of the services.
    pub(super) fn in_place_of_the_services(world: &World) -> Self {
        let script = offsync_tests::repository().join("tests/scenario/cloud/double.py");
        let port = free_port();
        let mut child = Command::new("python3")
            .arg("-B")
            .arg(script)
            .arg(port.to_string())
            .stdin(Stdio::null())
            .spawn()
            .expect("python3 is there");
        assert!(listens(&mut child, port), "the double does not listen");
        let double = Self {
            port,
            _running: Running(child),
        };
        lead(world, port);
        double
    }

    /// Tells the double what to do; gives what it says of itself.
    fn control(&self, service: &str, does: &str) -> Value {
        let url = format!("http://127.0.0.1:{}/control/x?service={service}&do={does}", self.port);
        said_at(&url)
    }
}

fn said_at(url: &str) -> Value {
    let told = ureq::get(url).call().expect("it answers").body_mut().read_to_string();
    serde_json::from_str(&told.expect("it is text")).expect("it is JSON")
}

/// Leads all that is started in a world to a double, or to a line to it, in place of the services.
pub(super) fn lead(world: &World, port: u16) {
    lead_apart(world, port, |service| format!("http://127.0.0.1:{port}/{service}"));
}

/// The same, and to another place for signing in.
fn lead_apart(world: &World, port: u16, signs_in: impl Fn(&str) -> String) {
    let at = |service: &str| format!("http://127.0.0.1:{port}/{service}");
    let authorize = |service: &str| format!("{}/authorize", signs_in(service));
    let token = |service: &str| format!("{}/token", signs_in(service));
    let doubles = [
        ("https://accounts.google.com/o/oauth2/v2/auth", authorize("google")),
        ("https://oauth2.googleapis.com/token", token("google")),
        ("https://www.googleapis.com", at("google")),
        ("https://www.dropbox.com/oauth2/authorize", authorize("dropbox")),
        ("https://api.dropboxapi.com/oauth2/token", token("dropbox")),
        ("https://api.dropboxapi.com", at("dropbox")),
        ("https://content.dropboxapi.com", at("dropbox")),
        (
            "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
            authorize("microsoft"),
        ),
        (
            "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            token("microsoft"),
        ),
        ("https://graph.microsoft.com", at("microsoft")),
    ];
    let doubles: Vec<String> = doubles.iter().map(|(from, to)| format!("{from}={to}")).collect();
    let browser = world.path("browser");
    let says =
        "#!/bin/sh\nexec python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()' \"$1\"\n";
    std::fs::write(&browser, says).expect("a file can be written");
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).expect("a mode can be set");
    world.surround(&[
        ("OFFSYNC_TEST_DOUBLES", doubles.join(",")),
        ("BROWSER", browser.display().to_string()),
        ("OFFSYNC_CLIENT_GDRIVE", "client-of-the-tests:no-secret".into()),
        ("OFFSYNC_CLIENT_DROPBOX", "client-of-the-tests".into()),
        ("OFFSYNC_CLIENT_ONEDRIVE", "client-of-the-tests".into()),
    ]);
}

#[test]
fn a_family_shares_google_drive() {
    share("google", "gdrive");
}

#[test]
fn a_family_shares_dropbox() {
    share("dropbox", "dropbox");
}

#[test]
fn a_family_shares_onedrive() {
    share("microsoft", "onedrive");
}

/// A server for signing in that others wrote to the standards (`oauth2-mock-server`); the files lie at the double.
#[test]
fn a_family_signs_in_at_a_server_that_others_wrote() {
    let port = free_port();
    let mut mock = Command::new(installed("oauth2-mock-server"))
        .args(["-a", "127.0.0.1", "-p", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("`.ci/setup test` installs it");
    let mock_is_there = listens(&mut mock, port);
    let mock = Running(mock);
    assert!(mock_is_there, "its port was its own until now");
    let said = said_at(&format!("http://127.0.0.1:{port}/.well-known/openid-configuration"));
    let issuer = said["issuer"].as_str().expect("it says who it is").to_owned();
    for (service, scheme) in [("google", "gdrive"), ("dropbox", "dropbox"), ("microsoft", "onedrive")] {
        let world = World::new();
        let double = Double::in_place_of_the_services(&world);
        double.control(service, &format!("trust&issuer={issuer}"));
        lead_apart(&world, double.port, |_| format!("http://127.0.0.1:{port}"));
        let [pep, anna] = pair(&world, &format!("{scheme}://Offsync"));
        change(&pep, &anna);
        double.control(service, "expire");
        // Its tokens of one second are the same.
        std::thread::sleep(Duration::from_millis(1_100));
        settle_quietly(&[&pep, &anna]);
        assert_all_is_there(&pep, &anna);
        // No sign-in of the double's own was used.
        assert_eq!(double.control(service, "look")["refresh"], 0, "{service}");
    }
    drop(mock);
}

/// Who signed in shares a mailbox with who never did; what goes wrong with the sign-in or the account is told apart.
fn share(service: &str, scheme: &str) {
    let world = World::new();
    let double = Double::in_place_of_the_services(&world);
    let [pep, anna] = pair(&world, &format!("{scheme}://Offsync"));
    change(&pep, &anna);
    // A token that ends amid it all is no trouble.
    double.control(service, "expire");
    settle_quietly(&[&pep, &anna]);
    let shown = pep.json(["mailbox", "show", pep.at()]).document();
    let mailbox = format!("{scheme}://anna%40example.org@Offsync/photos");
    assert_eq!(shown["mailbox"], mailbox, "{shown:#}");
    assert_all_is_there(&pep, &anna);
    let listed = anna.json(["account", "list"]).document();
    assert_eq!(listed[0]["name"], "photos", "{listed:#}");
    assert_eq!(listed[0]["service"], scheme, "{listed:#}");
    // What is deleted is gone: a trash would fill the account. Each home has a sign-in of its own.
    let kept = double.control(service, "look");
    assert_eq!((&kept["trash"], &kept["refresh"]), (&0.into(), &2.into()), "{kept:#}");
    let usage = pep.run(["account", "usage", "family"]);
    usage.expect_code(0).expect_out(" are used.");
    what_goes_wrong_is_told_apart(&double, &pep, service, scheme);
    let again = ["account", "add", "photos", &mailbox];
    anna.run(again).expect_code(0);
    settle_quietly(&[&pep, &anna]);
}

fn what_goes_wrong_is_told_apart(double: &Double, pep: &Home, service: &str, scheme: &str) {
    pep.write("later.txt", "later");
    let before = pep.tree();
    let sync = |code: i32, told: &str| {
        let output = pep.run(["sync", pep.at()]);
        output.expect_code(code);
        let said = format!("{}{}", output.stdout, output.stderr);
        assert!(said.contains(told), "{service}: {told:?} is not said: {output}");
        assert_eq!(pep.tree(), before);
    };
    double.control(service, "fail&what=down&times=1000");
    sync(6, "it is out of service for a while");
    double.control(service, "fail&what=rate&times=3");
    sync(0, "");
    double.control(service, "fail&what=full&times=0");
    double.control(service, "revoke");
    sync(6, "the sign-in has expired or was taken back");
    let address = format!("{scheme}://Offsync");
    let add = ["account", "add", "family", &address];
    pep.run(add).expect_code(0).expect_out("Added 'family'. It works.");
    sync(0, "");
    double.control(service, "deny&on=1");
    let refused = pep.run(add);
    assert!(
        refused.expect_code(6).stderr.contains("the service was told no"),
        "{refused}"
    );
    double.control(service, "deny&on=0");
}

/// Drive keeps two files of one name: another program makes a second, or a put whose answer was lost.
#[test]
fn what_stands_twice_at_google_drive_is_read_as_its_newest_and_leaves_with_it() {
    let world = World::new();
    let double = Double::in_place_of_the_services(&world);
    let [pep, anna] = pair(&world, "gdrive://Offsync");
    settle_quietly(&[&pep, &anna]);
    change(&pep, &anna);
    pep.run(["sync", pep.at()]).expect_code(0);
    let names = |told: &Value| -> Vec<String> {
        let names = told["files"].as_array().expect("a list").iter();
        names.map(|name| name.as_str().expect("a text").to_owned()).collect()
    };
    let before = names(&double.control("google", "look"));
    let after = names(&double.control("google", "duplicate"));
    assert!(
        after.len() > before.len() && before.iter().any(|name| name.starts_with("out.")),
        "{after:?}"
    );
    settle_quietly(&[&pep, &anna]);
    assert_all_is_there(&pep, &anna);
    let left = names(&double.control("google", "look"));
    assert!(!left.iter().any(|name| name.starts_with("out.")), "{left:?}");
}
