//! A real exFAT drive: an image on a loop device, mounted through FUSE, that goes when it is dropped.
//!
//! Unmounts and detaches only what it mounted and attached itself, also when a test fails. FAT has no such drive
//! here: `fusefat`, the one program that writes FAT through FUSE, loses what lies in a renamed folder and leaves
//! both allocation tables corrupt. The simulated drives stand in for it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// How often attaching is tried while other programs take the same free device.
const ATTACH_TRIES_MAX: u32 = 100;
const ATTACH_PAUSE: Duration = Duration::from_millis(100);

/// A drive with an exFAT file system.
pub(crate) struct FuseDrive {
    device: String,
    at: PathBuf,
    is_mounted: bool,
}

impl FuseDrive {
    /// Makes a drive of so many bytes and mounts it; `None`, said plainly, where this machine cannot.
    ///
    /// Under CI it must be able to.
    #[allow(clippy::print_stderr, reason = "a test that tests nothing must say so")]
    pub(crate) fn exfat(image: &Path, size_bytes: u64, at: &Path) -> Option<Self> {
        if let Some(lack) = lack() {
            assert!(
                std::env::var_os("CI").is_none_or(|ci| ci.is_empty()),
                "exFAT drives are not tested: {lack}"
            );
            eprintln!("SKIPPED, not tested on this machine: exFAT through FUSE ({lack})");
            return None;
        }
        let file = File::create(image).expect("an image can be made");
        file.set_len(size_bytes).expect("an image can be sparse");
        run("mkfs.exfat", &[text(image)]);
        let mut drive = Self {
            device: attach(image),
            at: at.to_path_buf(),
            is_mounted: false,
        };
        drive.mount(None);
        Some(drive)
    }

    /// Plugs it in; `zone` is the time zone of the computer, if another than this one's.
    pub(crate) fn mount(&mut self, zone: Option<&str>) {
        fs::create_dir_all(&self.at).expect("a folder to mount at can be made");
        let mut command = command("mount.exfat-fuse", &[&self.device, text(&self.at)]);
        if let Some(zone) = zone {
            command.env("TZ", zone);
        }
        finish(&mut command);
        self.is_mounted = true;
    }

    /// Takes it out; all inode numbers and what the system remembers of it go.
    pub(crate) fn unmount(&mut self) {
        run("fusermount3", &["-u", text(&self.at)]);
        self.is_mounted = false;
    }

    /// Takes it out and plugs it into a computer in another time zone.
    pub(crate) fn replug(&mut self, zone: Option<&str>) {
        self.unmount();
        self.mount(zone);
    }

    /// Turns one bit in the only place of the drive that holds `bytes`, while it is out: nothing but the content tells.
    pub(crate) fn rot(&self, bytes: &[u8]) {
        let all = fs::read(&self.device).expect("a drive of one's own can be read");
        let starts = 0..=all.len() - bytes.len();
        let at: Vec<usize> = starts.filter(|at| all[*at..].starts_with(bytes)).collect();
        assert_eq!(at.len(), 1, "the content stands once on the drive");
        let at = at[0] + bytes.len() / 2;
        let drive = File::options().write(true).open(&self.device);
        let drive = drive.expect("a drive of one's own can be written");
        drive
            .write_all_at(&[all[at] ^ 1], at as u64)
            .expect("a byte can be written");
        drive.sync_all().expect("a drive can be flushed");
    }

    /// Lets the file system's own checker look at it.
    pub(crate) fn check(&mut self) {
        self.unmount();
        run("fsck.exfat", &["-n", &self.device]);
        self.mount(None);
    }
}

impl Drop for FuseDrive {
    fn drop(&mut self) {
        if self.is_mounted {
            let _ = command("fusermount3", &["-u", text(&self.at)]).output();
        }
        let _ = command("losetup", &["-d", &self.device]).output();
    }
}

/// Tells what lacks for mounting such a drive.
fn lack() -> Option<String> {
    if !is_root()
        && !command("sudo", &["-n", "true"])
            .output()
            .is_ok_and(|tried| tried.status.success())
    {
        return Some("attaching an image takes root, or sudo without a password".into());
    }
    if let Some(missing) = ["/dev/fuse", "/dev/loop-control"]
        .into_iter()
        .find(|path| !Path::new(path).exists())
    {
        return Some(format!("there is no {missing}"));
    }
    let programs = ["mkfs.exfat", "fsck.exfat", "mount.exfat-fuse", "fusermount3", "losetup"];
    let missing = programs
        .into_iter()
        .find(|program| command(program, &["--help"]).output().is_err());
    missing.map(|program| format!("there is no program {program}"))
}

fn attach(image: &Path) -> String {
    for _ in 0..ATTACH_TRIES_MAX {
        let output = command("losetup", &["--find", "--show", text(image)])
            .output()
            .expect("it was found");
        if output.status.success() {
            return String::from_utf8_lossy(&output.stdout).trim().to_owned();
        }
        std::thread::sleep(ATTACH_PAUSE);
    }
    panic!("no loop device is free");
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Prepares a program that may need root.
fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(if is_root() || program == "sudo" {
        program
    } else {
        "sudo"
    });
    if !is_root() && program != "sudo" {
        // What sudo clears of the environment is handed on by name.
        command.args(["-n", "--preserve-env=TZ", program]);
    }
    let path = std::env::var("PATH").unwrap_or_default();
    command
        .args(arguments)
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .stdin(Stdio::null());
    command
}

fn run(program: &str, arguments: &[&str]) {
    finish(&mut command(program, arguments));
}

fn finish(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths of the world are plain")
}
