//! OpenSSH's server on loopback for tests: files alone, a host key of its own, and whoever's line it was given.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const SSHD: &str = "/usr/sbin/sshd";
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that runs. It knows the user who runs the tests.
pub(super) struct SshServer {
    pub(super) port: u16,
    child: Child,
    base: TempDir,
}

impl SshServer {
    /// Starts it; `None`, with a printed reason, where it is not installed.
    pub(super) fn start() -> Option<Self> {
        if !Path::new(SSHD).exists() {
            assert!(
                std::env::var_os("CI").is_none(),
                "OpenSSH's server is not installed: .ci/setup test"
            );
            // Whoever runs the tests may not read it.
            let _ = writeln!(
                std::io::stderr(),
                "skipped: OpenSSH's server is not installed (.ci/setup test does that)"
            );
            return None;
        }
        let base = tempfile::tempdir().expect("there is a place for temporary files");
        fs::create_dir(base.path().join("kept")).expect("a folder can be made");
        fs::write(base.path().join("authorized_keys"), "").expect("a file can be written");
        make_host_key(base.path());
        // Another program may take the port in between: then the next one is tried.
        let (port, child) = (0..5)
            .find_map(|_| {
                let port = free_port();
                Some((port, spawn(base.path(), port)?))
            })
            .expect("sshd begins to listen");
        Some(Self { port, child, base })
    }

    /// Gives the folder in which it keeps what it is given.
    pub(super) fn kept_in(&self) -> PathBuf {
        self.base.path().join("kept")
    }

    /// Gives the fingerprint of its host key, as its own tools tell it.
    pub(super) fn fingerprint(&self) -> String {
        let mut told = Command::new("ssh-keygen");
        told.arg("-lf").arg(self.base.path().join("host_key"));
        let told = told.output().expect("ssh-keygen comes with it");
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        told.split(' ').nth(1).expect("the second word").to_owned()
    }

    /// Lets in who has the key of this line, and nobody else.
    pub(super) fn let_in(&self, line: &str) {
        fs::write(self.base.path().join("authorized_keys"), format!("{line}\n")).expect("a file can be written");
    }

    /// Sets it up anew: at the same place, with another host key.
    pub(super) fn set_up_anew(&mut self) {
        stop(&mut self.child);
        make_host_key(self.base.path());
        self.child = spawn(self.base.path(), self.port).expect("its port was its own until now");
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// Gives the user who runs the tests, whom alone a server without rights knows.
pub(super) fn user() -> String {
    said("-un")
}

fn said(what: &str) -> String {
    let told = Command::new("id").arg(what).output().expect("each system has it");
    String::from_utf8_lossy(&told.stdout).trim().to_owned()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    listener.local_addr().expect("it listens").port()
}

fn stop(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

fn make_host_key(base: &Path) {
    let key = base.join("host_key");
    // There is none the first time.
    let _ = fs::remove_file(&key);
    let mut made = Command::new("ssh-keygen");
    made.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(key);
    assert!(made.status().expect("ssh-keygen comes with it").success());
}

fn spawn(base: &Path, port: u16) -> Option<Child> {
    if said("-u") == "0" {
        // Where it locks itself in before anybody is let in; the system's own start makes that folder.
        fs::create_dir_all("/run/sshd").expect("root may make it");
    }
    let settings = base.join("sshd_config");
    let at = base.display();
    let text = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {at}/host_key\nPidFile none\nAuthorizedKeysFile {at}/authorized_keys\n\
         StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\nMaxStartups 100:30:200\nLogLevel QUIET\n"
    );
    fs::write(&settings, text).expect("a file can be written");
    let mut child = Command::new(SSHD)
        .args(["-D", "-f"])
        .arg(settings)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("an installed server can be started");
    let began = Instant::now();
    while began.elapsed() < PATIENCE && matches!(child.try_wait(), Ok(None)) {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some(child);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    stop(&mut child);
    None
}
