//! Signing in in the browser, at a double of the services (`double.py`): what people see, and that the whole story passes.

use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::stories::change;
use crate::output::Output;
use crate::world::{Home, World};

/// The double, which ends with its test.
struct Double {
    port: u16,
    child: Child,
}

impl Double {
    fn start() -> Self {
        let script = offsync_tests::repository().join("tests/scenario/cloud/double.py");
        let port = super::servers::free_port();
        let child = Command::new("python3")
            .arg("-B")
            .arg(script)
            .arg(port.to_string())
            .stdin(Stdio::null())
            .spawn()
            .expect("python3 is there");
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "the double does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { port, child }
    }

    /// Leads a program to the double in place of the services.
    fn lead(&self, command: &mut Command, world: &World) {
        let at = |service: &str| format!("http://127.0.0.1:{}/{service}", self.port);
        let doubles = [
            (
                "https://accounts.google.com/o/oauth2/v2/auth",
                format!("{}/authorize", at("google")),
            ),
            ("https://oauth2.googleapis.com/token", format!("{}/token", at("google"))),
            ("https://www.googleapis.com", at("google")),
            (
                "https://www.dropbox.com/oauth2/authorize",
                format!("{}/authorize", at("dropbox")),
            ),
            (
                "https://api.dropboxapi.com/oauth2/token",
                format!("{}/token", at("dropbox")),
            ),
            ("https://api.dropboxapi.com", at("dropbox")),
            ("https://content.dropboxapi.com", at("dropbox")),
            (
                "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
                format!("{}/authorize", at("microsoft")),
            ),
            (
                "https://login.microsoftonline.com/common/oauth2/v2.0/token",
                format!("{}/token", at("microsoft")),
            ),
            ("https://graph.microsoft.com", at("microsoft")),
        ];
        let doubles: Vec<String> = doubles.iter().map(|(from, to)| format!("{from}={to}")).collect();
        let browser = world.path("browser");
        if !browser.exists() {
            let says = "#!/bin/sh\nexec python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()' \"$1\"\n";
            std::fs::write(&browser, says).expect("a file can be written");
            std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).expect("a mode can be set");
        }
        command
            .env("OFFSYNC_TEST_DOUBLES", doubles.join(","))
            .env("BROWSER", browser)
            .env("OFFSYNC_CLIENT_GDRIVE", "client-of-the-tests:no-secret")
            .env("OFFSYNC_CLIENT_DROPBOX", "client-of-the-tests")
            .env("OFFSYNC_CLIENT_ONEDRIVE", "client-of-the-tests");
    }

    fn run<'a>(&self, world: &World, home: &Home, arguments: impl IntoIterator<Item = &'a str>) -> Output {
        let mut command = home.command(arguments);
        self.lead(&mut command, world);
        Output::of(&mut command)
    }

    /// Tells the double what to do; gives what it says of itself.
    fn control(&self, service: &str, does: &str) -> Value {
        let url = format!("http://127.0.0.1:{}/control/x?service={service}&do={does}", self.port);
        let told = ureq::get(&url).call().expect("it answers").body_mut().read_to_string();
        serde_json::from_str(&told.expect("it is text")).expect("it is JSON")
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lets all sync until nobody has anything to say.
fn settle(double: &Double, world: &World, homes: [&Home; 2]) {
    for _ in 0..6 {
        let mut is_quiet = true;
        for home in homes {
            let output = double.run(world, home, ["--json", "sync", home.at()]);
            output.expect_code(0);
            let report = output.only_report();
            is_quiet &= report["posted"]["changesets"] == 0 && report["fetched"]["changesets"] == 0;
            is_quiet &= report["pruned"]["objects"] == 0 && report["up_to_date"] == true;
        }
        if is_quiet {
            return;
        }
    }
    panic!("the homes have not come to rest after six rounds");
}

/// Pep, signed in, with an archive; and Anna, who joined with six words alone.
fn pair(double: &Double, world: &World, scheme: &str) -> [Home; 2] {
    let pep = world.home("pep");
    pep.write("2016/beach.jpg", "beach");
    pep.write("2016/tent.jpg", "tent");
    let added = double.run(
        world,
        &pep,
        ["account", "add", "family", &format!("{scheme}://Offsync")],
    );
    added.expect_code(0).expect_out("Added 'family'. It works.");
    let words = world.path("words");
    let words = words.to_str().expect("it is a text");
    let anna = world.home_without_folder("anna");
    let init = [
        "init",
        pep.at(),
        "--name",
        "Photos",
        "--label",
        "Pep's home",
        "--mailbox",
        "family:photos",
    ];
    double.run(world, &pep, init).expect_code(0);
    let copy = [
        "copy",
        pep.at(),
        anna.at(),
        "--label",
        "Anna's home",
        "--person",
        "Anna",
        "--phrase-file",
        words,
    ];
    double.run(world, &pep, copy).expect_code(0);
    let join = ["join", anna.at(), "--phrase-file", words];
    double.run(world, &anna, join).expect_code(0);
    [pep, anna]
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

/// Who signed in shares a mailbox with who never did; what goes wrong with the sign-in or the account is told apart.
fn share(service: &str, scheme: &str) {
    let (double, world) = (Double::start(), World::new());
    let [pep, anna] = pair(&double, &world, scheme);
    change(&pep, &anna);
    // A token that ends amid it all is no trouble.
    double.control(service, "expire");
    settle(&double, &world, [&pep, &anna]);
    let shown = double
        .run(&world, &pep, ["--json", "mailbox", "show", pep.at()])
        .document();
    let mailbox = format!("{scheme}://anna%40example.org@Offsync/photos");
    assert_eq!(shown["mailbox"], mailbox, "{shown:#}");
    assert_all_is_there_by(&pep, &anna, &shown);
    let listed = double.run(&world, &anna, ["--json", "account", "list"]).document();
    assert_eq!(listed[0]["name"], "photos", "{listed:#}");
    assert_eq!(listed[0]["service"], scheme, "{listed:#}");
    // What is deleted is gone: a trash would fill the account. Each home has a sign-in of its own.
    let kept = double.control(service, "look");
    assert_eq!((&kept["trash"], &kept["refresh"]), (&0.into(), &2.into()), "{kept:#}");
    let usage = double.run(&world, &pep, ["account", "usage", "family"]);
    usage.expect_code(0).expect_out(" are used.");
    what_goes_wrong_is_told_apart(&double, &world, &pep, service, scheme);
    let again = ["account", "add", "photos", &mailbox];
    double.run(&world, &anna, again).expect_code(0);
    settle(&double, &world, [&pep, &anna]);
}

/// The same as at other servers, by what the mailbox was seen to hold.
fn assert_all_is_there_by(pep: &Home, anna: &Home, shown: &Value) {
    assert_eq!(pep.tree(), anna.tree());
    assert_eq!(anna.read("2016/beach.jpg"), b"beach, cut");
    assert!(!anna.has("2016/tent.jpg") && pep.has("from anna.txt"));
    assert_eq!(shown["objects"], 5, "two heads, and who there is: {shown:#}");
}

fn what_goes_wrong_is_told_apart(double: &Double, world: &World, pep: &Home, service: &str, scheme: &str) {
    pep.write("later.txt", "later");
    let before = pep.tree();
    let sync = |code: i32, told: &str| {
        let output = double.run(world, pep, ["sync", pep.at()]);
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
    double
        .run(world, pep, add)
        .expect_code(0)
        .expect_out("Added 'family'. It works.");
    sync(0, "");
    double.control(service, "deny&on=1");
    let refused = double.run(world, pep, add);
    assert!(
        refused.expect_code(6).stderr.contains("the service was told no"),
        "{refused}"
    );
    double.control(service, "deny&on=0");
}

/// Drive keeps two files of one name: another program makes a second, or a put whose answer was lost.
#[test]
fn what_stands_twice_at_google_drive_is_read_as_its_newest_and_leaves_with_it() {
    let (double, world) = (Double::start(), World::new());
    let [pep, anna] = pair(&double, &world, "gdrive");
    settle(&double, &world, [&pep, &anna]);
    change(&pep, &anna);
    double.run(&world, &pep, ["sync", pep.at()]).expect_code(0);
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
    settle(&double, &world, [&pep, &anna]);
    let shown = double
        .run(&world, &pep, ["--json", "mailbox", "show", pep.at()])
        .document();
    assert_all_is_there_by(&pep, &anna, &shown);
    let left = names(&double.control("google", "look"));
    assert!(!left.iter().any(|name| name.starts_with("out.")), "{left:?}");
}
