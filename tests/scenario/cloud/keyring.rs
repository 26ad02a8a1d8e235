//! Accounts whose secrets lie in a real keyring: GNOME's, on a message bus of its own.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::servers::{Kind, SECRET, Server, stop};
use super::stories::{assert_all_is_there, change, pair};
use crate::world::{World, settle_quietly};

/// A keyring that is open, as after somebody logged in.
struct Keyring {
    bus: Child,
    daemon: Child,
    address: String,
    place: PathBuf,
}

impl Keyring {
    /// Starts one; `None`, with a printed reason, where the programs are not installed.
    fn open(world: &World) -> Option<Self> {
        let place = world.path("keyring");
        for folder in ["data", "run"] {
            std::fs::create_dir_all(place.join(folder)).expect("a folder can be made");
        }
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(place.join("run"), private).expect("a mode can be set");
        let bus = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut bus) = bus else {
            assert!(std::env::var_os("CI").is_none(), "there is no message bus");
            println!("skipped: there is no message bus");
            return None;
        };
        let mut address = String::new();
        let said = bus.stdout.take().expect("it is piped");
        BufReader::new(said)
            .read_line(&mut address)
            .expect("it says where it is");
        let address = address.trim().to_owned();
        let mut daemon = Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--components=secrets", "--unlock"])
            .env("DBUS_SESSION_BUS_ADDRESS", &address)
            .env("XDG_DATA_HOME", place.join("data"))
            .env("XDG_RUNTIME_DIR", place.join("run"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the keyring is installed with the message bus");
        let mut password = daemon.stdin.take().expect("it is piped");
        password.write_all(b"of the tests").expect("it reads the password");
        drop(password);
        let keyring = Self {
            bus,
            daemon,
            address,
            place,
        };
        for _ in 0..600 {
            let mut store = keyring.tool(&["store", "--label=probe", "of", "the-tests"]);
            let mut child = store.stdin(Stdio::piped()).spawn().expect("it is installed, too");
            // It may have ended because the keyring is not there yet.
            let _ = child.stdin.take().expect("it is piped").write_all(b"probe");
            if child.wait().is_ok_and(|status| status.success()) {
                return Some(keyring);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the keyring does not open");
    }

    fn tool(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("secret-tool");
        command
            .args(arguments)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .stderr(Stdio::null());
        command
    }

    /// Gives what is kept of Offsync's under a name.
    fn kept(&self, name: &str) -> Vec<u8> {
        let found = self.tool(&["lookup", "service", "offsync", "username", name]).output();
        found.expect("it is installed").stdout
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        stop(&mut self.daemon);
        stop(&mut self.bus);
    }
}

/// Looks, until it is told to stop, at what all of Offsync's processes were started with.
struct Passerby {
    is_over: Arc<AtomicBool>,
    watching: Option<std::thread::JoinHandle<(usize, bool)>>,
}

impl Passerby {
    fn begin(program: PathBuf) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let seen_enough = is_over.clone();
        let watching = std::thread::spawn(move || {
            let (mut seen, mut is_told) = (0, false);
            while !seen_enough.load(Ordering::SeqCst) {
                for line in lines_of(&program) {
                    seen += 1;
                    is_told |= line.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            (seen, is_told)
        });
        Self {
            is_over,
            watching: Some(watching),
        }
    }

    /// Gives how many command lines were seen, and whether one told the secret.
    fn end(mut self) -> (usize, bool) {
        self.is_over.store(true, Ordering::SeqCst);
        let watching = self.watching.take().expect("it is ended once");
        watching.join().expect("looking cannot fail")
    }
}

/// Gives the command lines of a program's processes, as anybody on the computer can read them.
fn lines_of(program: &Path) -> Vec<Vec<u8>> {
    let all = std::fs::read_dir("/proc").expect("there are processes").flatten();
    let of_program = all.filter(|process| {
        let runs = std::fs::read_link(process.path().join("exe"));
        runs.is_ok_and(|runs| runs == program)
    });
    // One that has ended meanwhile has none.
    of_program
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .collect()
}

#[test]
fn what_opens_an_account_lies_in_the_keyring_and_nowhere_else() {
    let world = World::new();
    let Some(keyring) = Keyring::open(&world) else { return };
    let Some(server) = Server::start(Kind::WsgiDav) else {
        return;
    };
    world.surround(&[
        ("OFFSYNC_KEYSTORE", "os".into()),
        ("DBUS_SESSION_BUS_ADDRESS", keyring.address.clone()),
    ]);
    let program = PathBuf::from(world.home("nobody").command(["status"]).get_program());
    let passerby = Passerby::begin(program.canonicalize().expect("the program is there"));
    let [pep, anna] = pair(&world, &server.url("offsync"));
    change(&pep, &anna);
    settle_quietly(&[&pep, &anna]);
    assert_all_is_there(&pep, &anna);
    let (seen, is_told) = passerby.end();
    assert!(seen > 10, "{seen} command lines");
    assert!(!is_told, "a command line tells the secret");
    let holds = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
    assert!(holds(&keyring.kept("account.family")), "it lies in the keyring");
    // The keyring's own files are sealed by it.
    let mut looked_at = 0;
    let mut left = vec![world.base().to_path_buf()];
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(&folder).expect("it can be listed") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                left.push(path);
            } else if path.is_file() {
                let bytes = std::fs::read(&path).expect("it can be read");
                assert!(!holds(&bytes), "{}", path.display());
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 10, "{looked_at} files");
    pep.run(["forget", pep.at(), "--yes"]).expect_code(0);
    pep.run(["account", "remove", "family"]).expect_code(0);
    assert_eq!(keyring.kept("account.family"), b"", "{}", keyring.place.display());
}
