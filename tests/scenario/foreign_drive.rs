//! A real drive that is not Linux's own, exFAT or FAT: an image on a loop device, mounted, that goes when it is dropped.
//!
//! exFAT is mounted through FUSE, FAT by the kernel of a guest (`guest.rs`). Each time that it is taken out, the file
//! system's own checker looks at it. Unmounts and detaches only what it mounted and attached itself, also when a test fails.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::guest;
use crate::machine;
use crate::world::{Home, World};

/// The size of a drive of somebody's home.
const DRIVE_BYTES: u64 = 96 << 20;
/// How often attaching is tried while other programs take the same free device.
const ATTACH_TRIES_MAX: u32 = 100;
const ATTACH_PAUSE: Duration = Duration::from_millis(100);

/// The volume id of FAT drives, as `mkfs.vfat` takes it and as udev spells it.
const FAT_ID: (&str, &str) = ("0ff5a9c0", "0FF5-A9C0");

/// Which file system a drive has; the tests ask the same of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Exfat,
    Fat,
    /// Linux's own, for what an image alone can do to a file.
    Ext4,
}

/// What a computer's clock shows: the name of a zone, and how many minutes it is ahead of UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Zone(pub(crate) &'static str, pub(crate) i32);

/// A drive with such a file system.
pub(crate) struct ForeignDrive {
    kind: Kind,
    device: String,
    at: PathBuf,
    is_mounted: bool,
}

impl Kind {
    /// Gives the one that is to be tested here: FAT in a guest, whose kernel drives it, exFAT elsewhere.
    pub(crate) fn here() -> Self {
        if guest::is_inside() { Self::Fat } else { Self::Exfat }
    }

    /// Gives how Offsync calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Exfat => "exFAT",
            Self::Fat => "FAT",
            Self::Ext4 => "ext4",
        }
    }

    fn checker(self) -> &'static str {
        match self {
            Self::Exfat => "fsck.exfat",
            Self::Fat => "fsck.vfat",
            Self::Ext4 => "fsck.ext4",
        }
    }
}

impl ForeignDrive {
    /// Gives somebody a computer and such a drive; what is on it comes later. `None` where this machine has none.
    pub(crate) fn home(world: &World, who: &str) -> Option<(Home, Self)> {
        Self::home_on(Kind::here(), world, who)
    }

    /// The same on a drive of a kind.
    pub(crate) fn home_on(kind: Kind, world: &World, who: &str) -> Option<(Home, Self)> {
        let home = world.home_without_folder(who);
        let at = home.folder.parent().expect("the folder lies on a drive");
        let drive = Self::new(kind, &world.path(&format!("{who}.image")), DRIVE_BYTES, at)?;
        Some((home, drive))
    }

    /// Makes a drive of so many bytes and mounts it; `None`, said plainly, where this machine cannot.
    ///
    /// Under CI it must be able to.
    fn new(kind: Kind, image: &Path, size_bytes: u64, at: &Path) -> Option<Self> {
        if let Some(lack) = lack(kind) {
            machine::skip(kind.name(), &lack);
            return None;
        }
        let file = File::create(image).expect("an image can be made");
        file.set_len(size_bytes).expect("an image can be sparse");
        match kind {
            Kind::Exfat => run("mkfs.exfat", &[text(image)]),
            Kind::Fat => run("mkfs.vfat", &["-F", "32", "-i", FAT_ID.0, text(image)]),
            Kind::Ext4 => run("mkfs.ext4", &["-q", text(image)]),
        }
        let mut drive = Self {
            kind,
            device: attach(image),
            at: at.to_path_buf(),
            is_mounted: false,
        };
        if kind == Kind::Fat {
            // What udev does on a computer of people; the guest has none.
            symlink(&drive.device, Path::new("/dev/disk/by-uuid").join(FAT_ID.1)).expect("a guest has one such drive");
        }
        drive.mount(None);
        Some(drive)
    }

    /// Plugs it in; `zone` is the time zone of the computer, if another than this one's.
    pub(crate) fn mount(&mut self, zone: Option<Zone>) {
        fs::create_dir_all(&self.at).expect("a folder to mount at can be made");
        let places = [self.device.as_str(), text(&self.at)];
        match self.kind {
            Kind::Exfat => {
                let mut command = command("mount.exfat-fuse", &places);
                if let Some(Zone(name, _)) = zone {
                    command.env("TZ", name);
                }
                finish(&mut command);
            }
            Kind::Fat => {
                // As desktops mount it, but for `flush`, which sleeps a tenth of a second after each file.
                let ahead_minutes = zone.map_or(0, |Zone(_, minutes)| minutes);
                let options = format!("utf8=1,shortname=mixed,showexec,time_offset={ahead_minutes}");
                run("mount", &["-t", "vfat", "-o", &options, places[0], places[1]]);
            }
            Kind::Ext4 => run("mount", &["-t", "ext4", places[0], places[1]]),
        }
        self.is_mounted = true;
    }

    /// Takes it out; all inode numbers and what the system remembers of it go. Its file system is sound.
    pub(crate) fn unmount(&mut self) {
        finish(&mut self.unmounting());
        self.is_mounted = false;
        run(self.kind.checker(), &["-n", &self.device]);
    }

    fn unmounting(&self) -> Command {
        match self.kind {
            Kind::Exfat => command("fusermount3", &["-u", text(&self.at)]),
            Kind::Fat | Kind::Ext4 => command("umount", &[text(&self.at)]),
        }
    }

    /// Takes it out and plugs it into a computer in another time zone.
    pub(crate) fn replug(&mut self, zone: Option<Zone>) {
        self.unmount();
        self.mount(zone);
    }

    /// Lets all that is read of `file` end with an error, as on a drive whose cable was pulled: it is mounted still, and
    /// what the system remembers of folders is still shown. `image` is what the drive was made of.
    pub(crate) fn pull_cable(&self, image: &Path, file: &Path) {
        let image = File::options().write(true).open(image);
        image
            .and_then(|image| image.set_len(0))
            .expect("an image of one's own can be cut");
        run("blockdev", &["--flushbufs", &self.device]);
        let file = File::open(file).expect("it is there");
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).expect("the system can forget");
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
}

impl Drop for ForeignDrive {
    fn drop(&mut self) {
        if self.is_mounted {
            let _ = self.unmounting().output();
        }
        let _ = command("losetup", &["-d", &self.device]).output();
    }
}

/// Tells what lacks for mounting such a drive.
fn lack(kind: Kind) -> Option<String> {
    if !is_root()
        && !command("sudo", &["-n", "true"])
            .output()
            .is_ok_and(|tried| tried.status.success())
    {
        return Some("attaching an image takes root, or sudo without a password".into());
    }
    let (devices, programs): (&[_], &[_]) = match kind {
        Kind::Exfat => (
            &["/dev/fuse", "/dev/loop-control"],
            &["mkfs.exfat", "fsck.exfat", "mount.exfat-fuse", "fusermount3", "losetup"],
        ),
        Kind::Fat => (
            &["/dev/loop-control"],
            &["mkfs.vfat", "fsck.vfat", "mount", "umount", "losetup"],
        ),
        Kind::Ext4 => (
            &["/dev/loop-control"],
            &["mkfs.ext4", "fsck.ext4", "mount", "umount", "losetup"],
        ),
    };
    if let Some(missing) = devices.iter().find(|path| !Path::new(path).exists()) {
        return Some(format!("there is no {missing}"));
    }
    let missing = programs
        .iter()
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
