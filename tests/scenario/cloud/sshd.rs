//! OpenSSH's server on loopback, for files alone, with a key of its own and no password.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::servers::{free_port, listens, stop};

const SSHD: &str = "/usr/sbin/sshd";

/// A server that runs. It knows the user who runs the tests.
pub(super) struct Sshd {
    pub(super) port: u16,
    child: Child,
    base: TempDir,
    more: &'static str,
}

impl Sshd {
    /// Starts it; `None`, with a printed reason, where it is not installed.
    pub(super) fn start() -> Option<Self> {
        Self::start_with("")
    }

    /// Starts one that cannot put a file in the place of another in one step, as many that are no OpenSSH.
    pub(super) fn start_plain() -> Option<Self> {
        Self::start_with("ForceCommand internal-sftp -P posix-rename\n")
    }

    fn start_with(more: &'static str) -> Option<Self> {
        if !Path::new(SSHD).exists() {
            assert!(
                std::env::var_os("CI").is_none(),
                "OpenSSH's server is not installed: .ci/setup test"
            );
            println!("skipped: OpenSSH's server is not installed (.ci/setup test does that)");
            return None;
        }
        let base = tempfile::Builder::new()
            .prefix("offsync-sshd-")
            .tempdir()
            .expect("a temporary folder can be made");
        fs::create_dir(base.path().join("kept")).expect("a folder can be made");
        fs::write(base.path().join("authorized_keys"), "").expect("a file can be written");
        make_host_key(base.path());
        // Another program may take the port in between: then the next one is tried.
        for _ in 0..5 {
            let port = free_port();
            if let Some(child) = spawn(base.path(), port, more) {
                return Some(Self {
                    port,
                    child,
                    base,
                    more,
                });
            }
        }
        panic!("sshd did not begin to listen")
    }

    /// Gives the folder in which it keeps what it is given.
    pub(super) fn kept_in(&self) -> PathBuf {
        self.base.path().join("kept")
    }

    /// Gives the address of a folder below that one, with another port in place of its own.
    pub(super) fn url_by(&self, port: u16, folder: &str) -> String {
        format!(
            "sftp://{}@127.0.0.1:{port}{}/{folder}",
            user(),
            self.kept_in().display()
        )
    }

    /// Gives the address of a folder below that one.
    pub(super) fn url(&self, folder: &str) -> String {
        self.url_by(self.port, folder)
    }

    /// Gives the fingerprint of its host key, as its own tools tell it.
    pub(super) fn fingerprint(&self) -> String {
        let mut told = Command::new("ssh-keygen");
        told.arg("-lf").arg(self.base.path().join("host_key"));
        let told = told.output().expect("ssh-keygen comes with it");
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        told.split(' ').nth(1).expect("the second word").to_owned()
    }

    /// Lets in who has the keys of these lines, and nobody else.
    pub(super) fn let_in(&self, lines: &str) {
        fs::write(self.base.path().join("authorized_keys"), format!("{lines}\n")).expect("a file can be written");
    }

    /// Sets it up anew: at the same place, with another host key.
    pub(super) fn set_up_anew(&mut self) {
        stop(&mut self.child);
        make_host_key(self.base.path());
        self.child = spawn(self.base.path(), self.port, self.more).expect("its port was its own until now");
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// Gives the user who runs the tests, whom alone a server without rights knows.
pub(super) fn user() -> String {
    let told = Command::new("id").arg("-un").output().expect("each system has it");
    String::from_utf8_lossy(&told.stdout).trim().to_owned()
}

fn make_host_key(base: &Path) {
    let key = base.join("host_key");
    // There is none the first time.
    let _ = fs::remove_file(&key);
    let mut made = Command::new("ssh-keygen");
    made.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(key);
    assert!(made.status().expect("ssh-keygen comes with it").success());
}

fn spawn(base: &Path, port: u16, more: &str) -> Option<Child> {
    if rustix::process::geteuid().is_root() {
        // Where it locks itself in before anybody is let in; the system's own start makes that folder.
        fs::create_dir_all("/run/sshd").expect("root may make it");
    }
    let settings = base.join("sshd_config");
    let at = base.display();
    let text = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {at}/host_key\nPidFile none\nAuthorizedKeysFile {at}/authorized_keys\n\
         StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\nMaxStartups 100:30:200\nLogLevel QUIET\n{more}"
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
    if listens(&mut child, port) {
        return Some(child);
    }
    stop(&mut child);
    None
}
