//! An account in the real window: signing in by the form, and that what opens it is nowhere that a page or a person reads.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::desktop::{Desktop, Light};
use crate::patience::{becomes, eventually};
use crate::webdriver::{Page, free_port};

/// Who signs in.
const ID: &str = "anna-of-the-tests";
/// What opens the account.
const SECRET: &str = "hunter2-never-to-be-seen";
/// Where the keys of these tests lie on purpose.
const KEYSTORE: &str = "config/keys";

/// A store that speaks S3, which ends with its test.
struct Store {
    child: Child,
    port: u16,
}

impl Store {
    /// Starts it with an empty bucket; `None`, with the reason printed, where it is not installed and nobody promised it.
    #[expect(clippy::print_stdout, reason = "whoever runs the tests learns what was not tried")]
    fn start() -> Option<Self> {
        let program = offsync_tests::repository().join("target/servers/bin/moto_server");
        if !program.exists() {
            assert!(std::env::var_os("CI").is_none(), "CI promised moto");
            println!("skipped: moto is not installed; `.ci/setup test` installs it");
            return None;
        }
        let port = free_port();
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("an installed server can be started");
        let store = Self { child, port };
        eventually("the store listens", || TcpStream::connect(("127.0.0.1", port)).ok());
        let made = ureq::put(format!("http://127.0.0.1:{port}/pep-offsync")).send_empty();
        assert!(made.is_ok(), "no bucket is made: {made:?}");
        Some(store)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps in the page all that the program answers from now on.
const LISTEN: &str = "window.heard = []; const ask = window.fetch; window.fetch = async (...what) => { \
    const answer = await ask(...what); answer.clone().text().then(text => window.heard.push(text)); return answer; }; \
    return true;";
/// All that the page holds by itself: what is drawn, what is typed, what it keeps, and what it was answered.
const ALL: &str = "const typed = [...document.querySelectorAll('input')].map(input => input.value); \
    return JSON.stringify([document.documentElement.outerHTML, typed, {...localStorage}, {...sessionStorage}, \
    history.state, location.href, window.name, window.heard]);";

#[test]
fn what_opens_an_account_is_in_no_page_and_in_no_file_but_the_keystore() {
    let Some(store) = Store::start() else { return };
    let Some(mut desktop) = Desktop::start(Light::Day) else {
        return;
    };
    begin_an_archive(&desktop);
    let page = Page::open(&mut desktop);
    page.press("Mailbox");
    page.press("Move it");
    page.press("Amazon S3");
    assert_eq!(page.run(LISTEN), true);
    for (label, text) in [
        ("Bucket", "pep-offsync"),
        ("Endpoint", &format!("http://127.0.0.1:{}", store.port)),
        ("Region", "us-east-1"),
        ("Access key id", ID),
        ("Secret access key", SECRET),
    ] {
        page.fill(label, text);
    }
    let all = || page.run(ALL).as_str().unwrap_or_default().to_owned();
    assert!(all().contains(SECRET), "it was typed, and this finds it");
    page.press("Sign in");
    becomes("the mailbox lies there", all, |all| {
        all.contains("pep-offsync") && all.contains(ID) && !all.contains(SECRET)
    });
    page.press("Home");
    page.press("Sync now");
    page.press("Mailbox");
    becomes("it is told whose it is", all, |all| all.contains(ID));
    assert_eq!(page.run("return window.heard.length > 3"), true, "answers were heard");
    assert!(!all().contains(SECRET), "{}", all());
    let kept = holders(desktop.place());
    assert!(
        kept.iter().all(|file| file.starts_with(desktop.place().join(KEYSTORE))) && !kept.is_empty(),
        "{kept:?}"
    );
    page.picture(&offsync_tests::repository().join("target/screenshots/account.png"));
}

/// Begins an archive on this desktop's computer, with a folder for its mailbox.
fn begin_an_archive(desktop: &Desktop) {
    let at = |name: &str| desktop.place().join(name).display().to_string();
    fs::create_dir(desktop.place().join("drive")).expect("a folder can be made");
    fs::write(desktop.place().join("drive/photo.jpg"), "a photo").expect("a file can be written");
    let mut init = Command::new(offsync_tests::program("offsync"));
    init.args(["init", &at("drive"), "--name", "Photos", "--label", "Home", "--mailbox"]);
    init.arg(format!("fs://{}", at("mailbox")));
    let told = desktop.furnish(&mut init).output().expect("offsync can be started");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
}

/// Gives all files below a folder that hold the secret.
fn holders(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut todo) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(at) = todo.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && !path.is_symlink() {
                todo.push(path);
            } else if fs::read(&path)
                .is_ok_and(|bytes| bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()))
            {
                found.push(path);
            }
        }
    }
    found
}
