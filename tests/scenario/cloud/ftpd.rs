//! A server that speaks FTP on loopback, with TLS or without: pyftpdlib, as `ftp_server.py` sets it up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::servers::{ID, SECRET, certificate, free_port, installed, listens, stop};

/// What a server is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Each line is sealed.
    Sealed,
    /// None is.
    Plain,
    /// None is, it knows what servers knew in 1985 alone, and puts no file in the place of another.
    Old,
    /// Its user may look and read.
    ReadOnly,
}

/// All that a mailbox can lie at.
pub(super) const ALL: [Kind; 3] = [Kind::Sealed, Kind::Plain, Kind::Old];

/// A server that runs.
pub(super) struct Ftpd {
    pub(super) kind: Kind,
    pub(super) port: u16,
    child: Child,
    base: TempDir,
}

impl Ftpd {
    /// Starts it; `None`, with a printed reason, where it is not installed.
    pub(super) fn start(kind: Kind) -> Option<Self> {
        let mut look = Command::new(installed("python3"));
        let is_there = look
            .args(["-c", "import pyftpdlib, OpenSSL"])
            .stderr(Stdio::null())
            .status();
        if !is_there.is_ok_and(|status| status.success()) {
            assert!(
                std::env::var_os("CI").is_none(),
                "pyftpdlib is not installed: .ci/setup test"
            );
            println!("skipped: pyftpdlib is not installed (.ci/setup test does that)");
            return None;
        }
        let base = tempfile::Builder::new()
            .prefix("offsync-ftpd-")
            .tempdir()
            .expect("a temporary folder can be made");
        fs::create_dir(base.path().join("kept")).expect("a folder can be made");
        if kind == Kind::Sealed {
            certificate(base.path());
        }
        // Another program may take the port in between: then the next one is tried.
        for _ in 0..5 {
            let port = free_port();
            if let Some(child) = spawn(kind, base.path(), port) {
                return Some(Self {
                    kind,
                    port,
                    child,
                    base,
                });
            }
        }
        panic!("{kind:?} did not begin to listen")
    }

    /// Gives the folder that is the top to its user.
    pub(super) fn kept_in(&self) -> PathBuf {
        self.base.path().join("kept")
    }

    /// Gives the address of a folder in it, with another port in place of its own.
    pub(super) fn url_by(&self, port: u16, folder: &str) -> String {
        let scheme = if self.kind == Kind::Sealed { "ftps" } else { "ftp" };
        format!("{scheme}://{ID}@127.0.0.1:{port}/{folder}")
    }

    /// Gives the address of a folder in it.
    pub(super) fn url(&self, folder: &str) -> String {
        self.url_by(self.port, folder)
    }

    /// Gives the file with the certificate that nobody else vouches for.
    pub(super) fn certificate(&self) -> PathBuf {
        self.base.path().join("certificate.pem")
    }

    /// Breaks the line of each so manieth file or list after so many bytes.
    pub(super) fn break_each(&self, each: usize, after: usize) {
        let faults = serde_json::json!({"each": each, "after": after});
        fs::write(self.base.path().join("faults"), faults.to_string()).expect("a file can be written");
    }

    /// Breaks no more lines.
    pub(super) fn break_none(&self) {
        // There may be none.
        let _ = fs::remove_file(self.base.path().join("faults"));
    }
}

impl Drop for Ftpd {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

fn spawn(kind: Kind, base: &Path, port: u16) -> Option<Child> {
    let settings = serde_json::json!({
        "port": port,
        "kept": base.join("kept"),
        "user": ID,
        "password": SECRET,
        "may": if kind == Kind::ReadOnly { "elr" } else { "elradfmwMT" },
        "sealed": kind == Kind::Sealed,
        "certificate": base.join("certificate.pem"),
        "key": base.join("key.pem"),
        "lists_in_facts": kind != Kind::Old,
        "replaces": kind != Kind::Old,
    });
    let at = base.join("settings.json");
    fs::write(&at, settings.to_string()).expect("a file can be written");
    let mut child = Command::new(installed("python3"))
        .arg(offsync_tests::repository().join("tests/scenario/cloud/ftp_server.py"))
        .arg(at)
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
