//! A desktop that nobody sees: a display, a session bus, a window manager, a home. All of it ends with the test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::patience::eventually;

/// What a desktop is made of, and what looks at it.
const PROGRAMS: [&str; 5] = ["Xvfb", "dbus-daemon", "openbox", "xdotool", "WebKitWebDriver"];
/// What would lead from this desktop into that of whoever runs the test, or change how pages look.
const FOREIGN: [&str; 8] = [
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_CURRENT_DESKTOP",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "GTK_THEME",
];

/// How windows are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Light {
    Day,
    Night,
}

/// A desktop, and the processes that were started on it.
pub(crate) struct Desktop {
    place: TempDir,
    display: String,
    bus: String,
    light: Light,
    started: Vec<Child>,
}

impl Desktop {
    /// Starts a desktop; `None`, with the reason printed, where a program is missing and nobody promised it.
    #[expect(clippy::print_stdout, reason = "whoever runs the tests learns what was not tried")]
    pub(crate) fn start(light: Light) -> Option<Self> {
        let missing: Vec<&str> = PROGRAMS.into_iter().filter(|program| !is_installed(program)).collect();
        if !missing.is_empty() {
            assert!(
                std::env::var_os("CI").is_none(),
                "CI promised these programs: {missing:?}"
            );
            println!("skipped: {missing:?} are not installed; `.ci/setup test` installs them");
            return None;
        }
        let place = tempfile::tempdir().expect("there is a place for temporary files");
        for folder in ["home", "runtime"] {
            fs::create_dir(place.path().join(folder)).expect("a folder can be made");
        }
        fs::set_permissions(place.path().join("runtime"), fs::Permissions::from_mode(0o700))
            .expect("a folder can be made private");
        let mut desktop = Self {
            place,
            display: String::new(),
            bus: String::new(),
            light,
            started: Vec::new(),
        };
        let screen = ["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"];
        desktop.display = format!(":{}", desktop.first_line("Xvfb", &screen));
        desktop.bus = desktop.first_line(
            "dbus-daemon",
            &["--session", "--nofork", "--nopidfile", "--print-address"],
        );
        // On a busy machine it may give up at its start; a window without a frame has no button to close it.
        let mut manager = desktop.spawn(Command::new("openbox"));
        eventually("windows get frames", || {
            if desktop.ended(manager).is_some() {
                manager = desktop.spawn(Command::new("openbox"));
            }
            let desktops: u32 = desktop.xdotool(&["get_num_desktops"]).trim().parse().ok()?;
            (desktops > 0).then_some(())
        });
        Some(desktop)
    }

    pub(crate) fn bus(&self) -> &str {
        &self.bus
    }

    /// Where all lies that the programs of this desktop write.
    pub(crate) fn place(&self) -> &Path {
        self.place.path()
    }

    /// Where the sample homes lie.
    pub(crate) fn samples(&self) -> PathBuf {
        self.place.path().join("samples")
    }

    /// Gives a program the surroundings of this desktop.
    pub(crate) fn furnish<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for name in FOREIGN {
            command.env_remove(name);
        }
        let place = self.place.path();
        if self.light == Light::Night {
            command.env("GTK_THEME", "Adwaita:dark");
        }
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("HOME", place.join("home"))
            .env("XDG_RUNTIME_DIR", place.join("runtime"))
            // Accessibility and settings would start services that outlive the bus.
            .env("NO_AT_BRIDGE", "1")
            .env("GSETTINGS_BACKEND", "memory")
            .env("LC_ALL", "C.UTF-8")
            .env("OFFSYNC_KEYSTORE", "plain")
            .env("OFFSYNC_CONFIG_DIR", place.join("config"))
            .env("OFFSYNC_SAMPLES_DIR", self.samples())
            .stdin(Stdio::null())
    }

    /// Starts a program that ends with the desktop at the latest; gives its place among those started.
    pub(crate) fn spawn(&mut self, mut command: Command) -> usize {
        let child = self.furnish(&mut command).process_group(0).spawn();
        let name = command.get_program().to_owned();
        self.started
            .push(child.unwrap_or_else(|error| panic!("{name:?} cannot be started: {error}")));
        self.started.len() - 1
    }

    /// Tells how a started program ended; `None` while it runs.
    pub(crate) fn ended(&mut self, started: usize) -> Option<ExitStatus> {
        self.started[started].try_wait().expect("a child can be asked")
    }

    /// Tells whether the window can be seen.
    pub(crate) fn shows_the_window(&self) -> bool {
        !self.windows().is_empty()
    }

    /// Gives the window a size and waits until it has it.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let window = eventually("the window is there", || self.windows().pop());
        self.xdotool(&["windowsize", &window, &width.to_string(), &height.to_string()]);
        eventually("the window has its new size", || {
            let told = self.xdotool(&["getwindowgeometry", "--shell", &window]);
            let has = |line: String| told.lines().any(|told| told == line);
            (has(format!("WIDTH={width}")) && has(format!("HEIGHT={height}"))).then_some(())
        });
    }

    /// Closes the window with the button of its frame, and again if it was not ready for that yet.
    pub(crate) fn close_the_window(&self) {
        eventually("the window closes", || {
            let Some(window) = self.windows().pop() else {
                return Some(());
            };
            let told = self.xdotool(&["getwindowgeometry", "--shell", &window]);
            let width: u32 = told
                .lines()
                .find_map(|line| line.strip_prefix("WIDTH=")?.parse().ok())?;
            let (right, above) = ((width - 10).to_string(), "-11");
            self.xdotool(&["mousemove", "--window", &window, "--", &right, above, "click", "1"]);
            std::thread::sleep(Duration::from_millis(500));
            None
        });
    }

    /// Finds the windows that can be seen.
    fn windows(&self) -> Vec<String> {
        // A search that meets a window which just goes ends with an error and finds nothing.
        eventually("the windows can be listed", || {
            let mut search = Command::new("xdotool");
            search.args(["search", "--onlyvisible", "--name", "^Offsync$"]);
            let told = self.furnish(&mut search).output().expect("xdotool can be started");
            let found = String::from_utf8_lossy(&told.stdout)
                .lines()
                .map(str::to_owned)
                .collect();
            told.stderr.is_empty().then_some(found)
        })
    }

    fn xdotool(&self, arguments: &[&str]) -> String {
        let told = self.furnish(Command::new("xdotool").args(arguments)).output();
        String::from_utf8_lossy(&told.expect("xdotool can be started").stdout).into_owned()
    }

    /// Starts a program that says in its first line where it is to be found.
    fn first_line(&mut self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(program);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null());
        let started = self.spawn(command);
        let said = self.started[started].stdout.take().expect("it was asked to be piped");
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line).expect("it can be read");
        assert!(!line.trim().is_empty(), "{program} did not start");
        line.trim().to_owned()
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        // The last first: programs go before the bus and the display that they use.
        for child in self.started.iter_mut().rev() {
            // Each was made the head of a group of its own, so this ends what it started too, and nothing else.
            let group = format!("-{}", child.id());
            let _ = Command::new("kill")
                .args(["-KILL", "--", &group])
                .stderr(Stdio::null())
                .status();
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder: PathBuf| Path::new(&folder).join(program).is_file())
}
