//! Several computers, their drives and one mailbox, all below one folder that goes when the test ends.
//!
//! Every program that is started here has a home, settings and a temporary folder of its own, so that nothing
//! outside of the world is read or written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use offsync_core::format::ObjectName;
use serde_json::Value;
use tempfile::TempDir;

use crate::clock;
use crate::output::Output;
use crate::tree::{self, Tree};

/// A folder with everything that a story needs.
pub(crate) struct World {
    base: TempDir,
}

/// One home: a computer and the archive's folder on its drive.
#[derive(Clone)]
pub(crate) struct Home {
    pub(crate) computer: PathBuf,
    pub(crate) folder: PathBuf,
}

impl World {
    pub(crate) fn new() -> Self {
        let base = tempfile::Builder::new()
            .prefix("offsync-scenario-")
            .tempdir()
            .expect("a temporary folder can be made");
        Self { base }
    }

    /// A world on a drive in memory where there is one: flushing costs nothing there, all else is the same.
    pub(crate) fn in_memory() -> Self {
        let mut builder = tempfile::Builder::new();
        builder.prefix("offsync-scenario-");
        match builder.tempdir_in("/dev/shm") {
            Ok(base) => Self { base },
            Err(_) => Self::new(),
        }
    }

    pub(crate) fn base(&self) -> &Path {
        self.base.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.base().join(name)
    }

    pub(crate) fn mailbox(&self) -> PathBuf {
        self.path("mailbox")
    }

    pub(crate) fn mailbox_url(&self) -> String {
        format!("fs://{}", self.mailbox().display())
    }

    /// Adds to the environment of each program that is started in this world from now on.
    pub(crate) fn surround(&self, with: &[(&str, String)]) {
        let computers = self.path("computers");
        fs::create_dir_all(&computers).expect("a folder can be made");
        let lines: String = with.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        fs::write(computers.join("environment"), lines).expect("a file can be written");
    }

    /// Gives somebody a computer and a drive with an empty folder on it.
    pub(crate) fn home(&self, who: &str) -> Home {
        let home = self.home_without_folder(who);
        fs::create_dir_all(&home.folder).expect("a drive can be made");
        home
    }

    /// Gives somebody a computer and a drive; what is on it comes later.
    pub(crate) fn home_without_folder(&self, who: &str) -> Home {
        let home = Home {
            computer: self.path("computers").join(who),
            folder: self.path("drives").join(who).join("Photos"),
        };
        let drive = home.folder.parent().expect("the folder lies on a drive");
        for folder in [
            &home.computer.join("home"),
            &home.computer.join("tmp"),
            &drive.to_path_buf(),
        ] {
            fs::create_dir_all(folder).expect("a computer can be made");
        }
        home
    }

    /// Begins an archive at `pep`, who has put files there already.
    pub(crate) fn init(&self, pep: &Home) {
        fs::create_dir_all(self.mailbox()).expect("a mailbox can be made");
        self.init_into_mailbox(pep, &self.mailbox_url(), &[]);
    }

    /// Begins an archive whose mailbox may hold so much.
    pub(crate) fn init_allowing(&self, pep: &Home, allowance: &str) {
        fs::create_dir_all(self.mailbox()).expect("a mailbox can be made");
        self.init_into_mailbox(pep, &self.mailbox_url(), &["--allowance", allowance]);
    }

    /// Begins an archive that waits so many days for who is silent, and whose mailbox may hold so much.
    pub(crate) fn init_waiting(&self, pep: &Home, days: &str, allowance: &str) {
        fs::create_dir_all(self.mailbox()).expect("a mailbox can be made");
        let more = ["--park-after", days, "--allowance", allowance];
        self.init_into_mailbox(pep, &self.mailbox_url(), &more);
    }

    /// Begins an archive at `pep` with a mailbox at a place.
    pub(crate) fn init_into_mailbox(&self, pep: &Home, mailbox: &str, more: &[&str]) {
        let arguments = [
            "init",
            pep.at(),
            "--name",
            "Photos",
            "--label",
            "Pep's home",
            "--mailbox",
            mailbox,
        ];
        pep.run(arguments.iter().chain(more).copied()).expect_code(0);
    }

    /// Lets Pep make a copy for `who`, who joins with it; nobody has synced yet.
    pub(crate) fn give_copy(&self, pep: &Home, who: &str) -> Home {
        self.give_copy_of(pep, who, who)
    }

    /// The same, for a home that somebody looks after who may look after others.
    pub(crate) fn give_copy_of(&self, pep: &Home, who: &str, person: &str) -> Home {
        let home = self.home_without_folder(who);
        let words = self.path(&format!("{who}.words"));
        let (label, file) = (format!("{who}'s home"), text(&words));
        pep.run([
            "copy",
            pep.at(),
            home.at(),
            "--label",
            &label,
            "--person",
            person,
            "--phrase-file",
            file,
        ])
        .expect_code(0);
        home.run(["join", home.at(), "--phrase-file", file]).expect_code(0);
        home
    }

    /// Two homes with the files that `fill` puts at Pep's, alike, with nothing left to say.
    pub(crate) fn pair(&self, fill: impl FnOnce(&Home)) -> [Home; 2] {
        let pep = self.home("pep");
        fill(&pep);
        self.init(&pep);
        let anna = self.give_copy(&pep, "anna");
        settle(&[&pep, &anna]);
        [pep, anna]
    }

    /// Three homes with the files that `fill` puts at Pep's, alike, with nothing left to say.
    pub(crate) fn trio(&self, fill: impl FnOnce(&Home)) -> [Home; 3] {
        let pep = self.home("pep");
        fill(&pep);
        self.init(&pep);
        let anna = self.give_copy(&pep, "anna");
        let grandma = self.give_copy(&pep, "grandma");
        settle(&[&pep, &anna, &grandma]);
        [pep, anna, grandma]
    }

    /// Gives every file of the mailbox with its content.
    pub(crate) fn mail(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut mail = BTreeMap::new();
        for folder in folders_in(&self.mailbox()) {
            for entry in fs::read_dir(&folder).expect("a mailbox can be listed") {
                let path = entry.expect("a mailbox can be listed").path();
                mail.insert(path.clone(), fs::read(path).expect("an object can be read"));
            }
        }
        mail
    }

    /// Gives the names of waiting changesets, packs and whatever is neither head nor people.
    pub(crate) fn waiting(&self) -> Vec<String> {
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let names = self.mail().keys().map(name).collect::<Vec<_>>();
        names
            .into_iter()
            .filter(|name| !name.starts_with("head.") && !name.starts_with("people."))
            .collect()
    }
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.expect("a folder can be listed").path());
    paths.filter(|path| path.is_dir()).collect()
}

impl Home {
    /// Gives the archive's folder as an argument.
    pub(crate) fn at(&self) -> &str {
        text(&self.folder)
    }

    /// Prepares the program on this computer.
    pub(crate) fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        self.command_of(offsync_tests::program("offsync"), arguments)
    }

    /// Prepares another program on this computer, one that starts ours.
    pub(crate) fn command_of<'a>(
        &self,
        program: impl AsRef<std::ffi::OsStr>,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.computer.join("home"))
            .env("TMPDIR", self.computer.join("tmp"))
            .env("OFFSYNC_CONFIG_DIR", self.settings())
            .env("OFFSYNC_KEYSTORE", "plain")
            .current_dir(&self.computer)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        clock::show(&mut command, &self.computer);
        command.envs(self.more_environment());
        command
    }

    /// Gives what [`World::surround`] said.
    fn more_environment(&self) -> Vec<(String, String)> {
        let said = self
            .computer
            .parent()
            .map(|computers| fs::read_to_string(computers.join("environment")));
        let said = said.and_then(Result::ok).unwrap_or_default();
        let pairs = said.lines().filter_map(|line| line.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Sets this computer's clock to so many days from today; asks `clock::can_be_set` before.
    pub(crate) fn at_day(&self, day: i32) -> &Self {
        clock::set(&self.computer, day);
        self
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.computer.join("settings")
    }

    /// Runs the program as a person sees it.
    pub(crate) fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Output {
        let mut command = self.command(arguments);
        let output = Output::of(&mut command);
        self.check_nothing_leaked();
        self.note_id();
        output
    }

    /// Runs the program as a script sees it.
    pub(crate) fn json<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Output {
        let output = self.run(["--json"].into_iter().chain(arguments));
        output.document();
        output
    }

    /// Syncs and expects it to be done; gives the one report.
    pub(crate) fn sync(&self) -> Value {
        let output = self.json(["sync", self.at()]);
        output.expect_code(0);
        output.only_report()
    }

    /// Syncs while files are known to be damaged here, which leaves them alone; gives the one report.
    pub(crate) fn sync_damaged(&self) -> Value {
        let output = self.json(["sync", self.at()]);
        output.expect_code(5);
        let report = output.only_report();
        assert_ne!(report["damaged"], Value::Array(Vec::new()), "{report:#}");
        report
    }

    /// Syncs with a yes and expects it to be done; gives the one report.
    pub(crate) fn sync_yes(&self) -> Value {
        let output = self.json(["sync", self.at(), "--yes"]);
        output.expect_code(0);
        output.only_report()
    }

    /// Nothing is ever left in the home or the temporary folder of whoever runs it.
    fn check_nothing_leaked(&self) {
        for name in ["home", "tmp"] {
            let left = tree::of(&self.computer.join(name));
            assert!(left.is_empty(), "{name} holds what nobody asked for: {:?}", left.keys());
        }
    }

    /// Gives everything in the archive but Offsync's own folder.
    pub(crate) fn tree(&self) -> Tree {
        tree::of(&self.folder)
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let file = self.folder.join(path);
        let above = file.parent().expect("a file lies in a folder");
        fs::create_dir_all(above).expect("a folder can be made");
        fs::write(&file, bytes).expect("a file can be written");
    }

    /// Lets all files be an hour old: what was written just now is read again by the next scan, since its times tell nothing.
    pub(crate) fn age(&self) {
        for path in self.tree().keys().filter(|path| self.folder.join(path).is_file()) {
            let file = fs::File::open(self.folder.join(path)).expect("a file can be opened");
            let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3_600);
            file.set_modified(old).expect("a time can be set");
        }
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.folder.join(path)).unwrap_or_else(|error| panic!("{path} cannot be read: {error}"))
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.folder.join(path).symlink_metadata().is_ok()
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.folder.join(path);
        let is_folder = path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
        let removed = if is_folder {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.unwrap_or_else(|error| panic!("{} cannot be removed: {error}", path.display()));
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        let to = self.folder.join(to);
        fs::create_dir_all(to.parent().expect("a file lies in a folder")).expect("a folder can be made");
        fs::rename(self.folder.join(from), to).unwrap_or_else(|error| panic!("{from} cannot be renamed: {error}"));
    }

    /// Gives what the drive says of itself.
    pub(crate) fn noted(&self, what: &str) -> String {
        let marker = fs::read_to_string(self.private().join("location.toml")).expect("there is a marker");
        let marker: toml::Table = marker.parse().expect("a marker is TOML");
        marker[what].as_str().expect("it is a text").to_owned()
    }

    /// Gives the names of everything in this archive's folder of the mailbox that this home uses, but of what people said.
    fn left_in_mailbox(&self) -> BTreeSet<String> {
        let said = self.json(["mailbox", "show", self.at()]).expect_code(0).document();
        let url = said["mailbox"].as_str().expect("a mailbox").replace("%20", " ");
        let base = PathBuf::from(url.trim_start_matches("fs://"));
        let folder = base.join(format!("offsync-v1-{}", self.noted("archive_id")));
        let entries = fs::read_dir(&folder).expect("a mailbox can be listed");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let names = entries.map(|entry| name(entry.expect("a mailbox can be listed")));
        // What is no object is nobody's word: it is of other programs, or what a killed one had begun, swept after a day.
        let objects = names.filter(|name| name.parse::<ObjectName>().is_ok());
        objects.filter(|name| !name.starts_with("people.")).collect()
    }

    /// Notes under which id this home goes, for whoever asks later which ids were succeeded.
    fn note_id(&self) {
        // Stories damage markers, too; then there is nothing to note.
        let marker = fs::read_to_string(self.private().join("location.toml")).unwrap_or_default();
        let Ok(marker) = marker.parse::<toml::Table>() else {
            return;
        };
        if let Some(id) = marker.get("location").and_then(toml::Value::as_str) {
            let ids = fs::File::options().create(true).append(true).open(self.ids());
            writeln!(ids.expect("it can be noted"), "{id} {}", self.at()).expect("it can be noted");
        }
    }

    /// Gives where the ids of all homes of the world are noted.
    fn ids(&self) -> PathBuf {
        self.computer.with_file_name("ids")
    }

    /// Gives the heads of ids that some home of the world went by and goes by no more.
    fn succeeded_heads(&self) -> BTreeSet<String> {
        let noted = fs::read_to_string(self.ids()).unwrap_or_default();
        let lines = noted.lines().filter_map(|line| line.split_once(' '));
        let is_past = |(id, folder): &(&str, &str)| {
            let marker = fs::read_to_string(Path::new(folder).join(".offsync/location.toml"));
            let now = format!("\nlocation = \"{id}\"\n");
            marker.map_or(true, |marker| !marker.contains(&now))
        };
        lines.filter(is_past).map(|(id, _)| format!("head.{id}")).collect()
    }

    /// Gives the heads of those who were parked or taken out, and of those who are waited for, beside some.
    fn others_than(&self, heads: &BTreeSet<String>) -> (BTreeSet<String>, BTreeSet<String>) {
        let all = self.json(["locations", self.at()]).expect_code(0).document();
        let (mut aside, mut counted) = (BTreeSet::new(), BTreeSet::new());
        for location in all.as_array().expect("a list") {
            let head = format!("head.{}", location["location_id"].as_str().expect("an id"));
            let is_aside = location["state"] == "parked" || location["state"] == "removed";
            if !heads.contains(&head) {
                if is_aside { &mut aside } else { &mut counted }.insert(head);
            }
        }
        (aside, counted)
    }

    /// Gives Offsync's own folder on the drive.
    pub(crate) fn private(&self) -> PathBuf {
        self.folder.join(".offsync")
    }

    /// Takes the lock of an engine, as another one at work has it, until it is dropped.
    pub(crate) fn lock(&self) -> fs::File {
        let lock = fs::File::options()
            .read(true)
            .write(true)
            .open(self.private().join("lock"));
        let lock = lock.expect("there is a lock file");
        lock.try_lock().expect("nobody is at it");
        lock
    }

    /// Nothing half done is left in Offsync's own folder.
    pub(crate) fn check_staging_is_empty(&self) {
        let left = tree::of(&self.private().join("staging"));
        assert!(left.is_empty(), "staging holds {:?}", left.keys());
    }

    /// Tells whether a file with these bytes is in the tree or in the trash.
    pub(crate) fn keeps(&self, bytes: &[u8]) -> bool {
        let trash = tree::of(&self.private().join("trash"));
        self.tree().holds(bytes) || trash.holds(bytes)
    }
}

/// Syncs all, round after round, until nobody has anything to say; the homes must then be alike and the mailbox at rest.
pub(crate) fn settle(homes: &[&Home]) {
    settle_quietly(homes);
    assert_at_rest(homes);
}

/// The same, where the mailbox is looked at by who asks.
pub(crate) fn settle_quietly(homes: &[&Home]) {
    for _ in 0..6 {
        let mut is_quiet = true;
        for home in homes {
            let report = home.sync();
            let did = report["posted"]["changesets"] != 0 || report["fetched"]["changesets"] != 0;
            // What was fetched as served lies there until the next one comes.
            let applied = report["applied"].as_object().into_iter().flatten();
            let did = did || applied.into_iter().any(|(_, count)| *count != 0) || report["pruned"]["objects"] != 0;
            is_quiet &= !did && report["up_to_date"] == true;
        }
        if is_quiet {
            return check_alike(homes);
        }
    }
    panic!("the homes have not come to rest after six rounds");
}

/// Nobody waits for anything: the mailbox holds the head of each home, what people said, and nothing else.
///
/// The head of who was parked or taken out stays, and that of an id that was succeeded: the drive that was taken for gone may
/// come back with it. Where somebody beside these homes is waited for, there is no rest to assert.
pub(crate) fn assert_at_rest(homes: &[&Home]) {
    let heads: BTreeSet<String> = homes
        .iter()
        .map(|home| format!("head.{}", home.noted("location")))
        .collect();
    for home in homes {
        let left = home.left_in_mailbox();
        if left == heads {
            continue;
        }
        let (mut may_stay, counted) = home.others_than(&heads);
        may_stay.extend(home.succeeded_heads());
        let is_rest = left.is_superset(&heads) && left.difference(&heads).all(|head| may_stay.contains(head));
        assert!(
            is_rest || !counted.is_empty(),
            "the mailbox of {} holds {left:#?} and not {heads:#?}",
            home.at()
        );
    }
}

/// All trees are alike to the last byte, mode and time.
pub(crate) fn check_alike(homes: &[&Home]) {
    let first = homes[0].tree();
    for home in &homes[1..] {
        first.expect_same(&home.tree(), &format!("{} and {}", homes[0].at(), home.at()));
    }
}

/// Lets a home invite somebody who has nothing yet; gives the files with the invitation and the six words.
pub(crate) fn invited(world: &World, by: &Home, label: &str) -> [PathBuf; 2] {
    let [out, words] = ["invitation", "words"].map(|what| world.path(&format!("{label}.{what}")));
    let invite = [
        "invite",
        by.at(),
        "--label",
        label,
        "--person",
        label,
        "--out",
        text(&out),
    ];
    let said = by.json(invite).expect_code(0).document();
    fs::write(&words, said["phrase"].as_str().expect("words")).expect("words can be written");
    [out, words]
}

/// Gives a path of the world, which is always plain, as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("paths of the world are plain")
}
