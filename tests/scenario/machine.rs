//! What this machine lets a test do: mount a small drive, make it read-only, be somebody without rights.
//!
//! Where something is not allowed the test says why it was skipped; whatever was mounted goes when it is dropped.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::mount::{MountFlags, UnmountFlags, mount, mount_remount, unmount};

/// The usual id of nobody.
const NOBODY: u32 = 65_534;

/// A small drive in memory.
pub(crate) struct SmallDrive {
    at: PathBuf,
}

impl SmallDrive {
    /// Mounts it on an empty folder; `None`, with a printed reason, where mounting is not allowed.
    pub(crate) fn mount(at: &Path, size_bytes: u64) -> Option<Self> {
        fs::create_dir_all(at).expect("a mount point can be made");
        let options = std::ffi::CString::new(format!("size={size_bytes}")).expect("no zero in a number");
        match mount(
            "offsync-scenario",
            at,
            "tmpfs",
            MountFlags::empty(),
            Some(options.as_c_str()),
        ) {
            Ok(()) => Some(Self { at: at.to_path_buf() }),
            Err(error) => {
                println!("skipped: this machine does not let the test mount a drive ({error})");
                None
            }
        }
    }

    /// Pulls the drive; what is left is the empty mount point.
    pub(crate) fn pull(self) {
        drop(self);
    }

    /// Makes the drive larger or smaller.
    pub(crate) fn resize(&self, size_bytes: u64) {
        let options = std::ffi::CString::new(format!("size={size_bytes}")).expect("no zero in a number");
        mount_remount(&self.at, MountFlags::empty(), options.as_c_str()).expect("an own drive can be mounted again");
    }

    pub(crate) fn set_read_only(&self, is_read_only: bool) {
        let flags = if is_read_only {
            MountFlags::RDONLY
        } else {
            MountFlags::empty()
        };
        mount_remount(&self.at, flags, c"").expect("an own drive can be mounted again");
    }
}

impl Drop for SmallDrive {
    fn drop(&mut self) {
        let _ = unmount(&self.at, UnmountFlags::DETACH);
    }
}

/// Says plainly what is not tested here and what this machine lacks for it. Under CI it must lack nothing.
#[allow(clippy::print_stderr, reason = "a test that tests nothing must say so")]
pub(crate) fn skip(what: &str, lack: &str) {
    let is_ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty());
    assert!(!is_ci, "not tested: {what} ({lack})");
    eprintln!("SKIPPED, not tested on this machine: {what} ({lack})");
}

/// Lets a command run without the rights of root, so that permissions mean something; gives it back as it is for
/// everybody else. What it works on must be given to nobody first, with [`give_to_nobody`].
pub(crate) fn without_rights(command: &mut Command) -> &mut Command {
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Lets nobody own a folder and all that is in it, if we are root.
pub(crate) fn give_to_nobody(folder: &Path) {
    if !is_root() {
        return;
    }
    std::os::unix::fs::lchown(folder, Some(NOBODY), Some(NOBODY)).expect("root may give things away");
    if folder.is_symlink() || !folder.is_dir() {
        return;
    }
    for entry in fs::read_dir(folder).expect("root may list a folder") {
        give_to_nobody(&entry.expect("root may list a folder").path());
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
