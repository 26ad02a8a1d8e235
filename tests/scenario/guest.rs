//! A machine of its own, whose kernel drives FAT: User-Mode Linux, a Linux kernel that runs as a program.
//!
//! The kernel of the machine at hand need not know FAT, and nothing here needs root. The guest reads the host's files
//! and cannot change them; it has one disk, with ext4, and FAT drives are images on it (`foreign_drive.rs`). One test of
//! this suite runs in it and is judged by what it says at its end.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::machine;
use crate::world::{World, text};

/// Says inside the guest that it is one.
const INSIDE: &str = "OFFSYNC_GUEST";
/// What the guest's first process does.
const FIRST: &str = include_str!("guest.sh");
const DISK_BYTES: u64 = 2 << 30;
const KERNEL: &str = "linux.uml";

/// Tells whether this runs in such a machine.
pub(crate) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Gives a world in such a machine; outside runs `test`, which is the one that asks, in one and gives `None`.
pub(crate) fn world(test: &str) -> Option<World> {
    if is_inside() {
        return Some(World::new());
    }
    run(test);
    None
}

/// Runs a test of this suite in such a machine; says plainly where there is none. Under CI there must be one.
pub(crate) fn run(test: &str) {
    if let Some(lack) = lack() {
        machine::skip("FAT by the Linux kernel", &lack);
        return;
    }
    // The guest has a /dev of its own: what lies in memory is the host's alone, and flushing costs nothing there.
    let (world, memory) = (World::new(), World::in_memory());
    let (image, disk, first) = (memory.path("image"), world.path("disk"), world.path("first"));
    let file = File::create(&image).expect("an image can be made");
    file.set_len(DISK_BYTES).expect("an image can be sparse");
    let made = command("mkfs.ext4").args(["-q", text(&image)]).status();
    assert!(made.expect("it was found").success(), "the guest's disk is not made");
    fs::create_dir(&disk).expect("a place for the disk can be made");
    fs::write(&first, FIRST).expect("a script can be written");
    let suite = std::env::current_exe().expect("a running suite has a path");
    // It leaves the session of the tests: where they are stopped, it must be told to end with them.
    let output = command("setpriv")
        .args(["--pdeathsig", "TERM", KERNEL])
        .env("HOME", world.base())
        .args(["mem=512M", "con=null", "con0=null,fd:1", "quiet"])
        .args(["root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro"])
        .arg(format!("ubda={}", text(&image)))
        .arg(format!("uml_dir={}", text(world.base())))
        .args(["init=/bin/sh", "--", text(&first), text(&disk), text(&suite), test])
        .output()
        .expect("it was found");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("1 passed; 0 failed") && said.contains("guest: the test ended with 0"),
        "{test} failed on FAT:\n{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Tells what lacks for such a machine.
fn lack() -> Option<String> {
    let has = |program: &str| command(program).arg("--version").output().is_ok();
    let programs = [
        KERNEL,
        "mkfs.ext4",
        "mkfs.vfat",
        "fsck.vfat",
        "insmod",
        "losetup",
        "setpriv",
    ];
    let missing = programs.into_iter().find(|program| !has(program));
    let missing = missing.map(|program| format!("there is no program {program}"));
    let modules = Path::new("/usr/lib/uml/modules");
    missing.or_else(|| (!modules.is_dir()).then(|| format!("there is no {}", modules.display())))
}

fn command(program: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    // The kernel looks into the environment for where to keep its memory; it is best kept in memory.
    command
        .env_clear()
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .stdin(Stdio::null());
    command
}
