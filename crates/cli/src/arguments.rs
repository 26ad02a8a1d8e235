//! What can be said to `offsync`: commands, flags, and an example for each.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use offsync_app::{ALLOWANCE_BYTES_MIN, PARK_AFTER_DAYS, PARK_AFTER_DAYS_MIN, Threshold, many_deletions, rhythm};

use crate::accounts::Account;
use crate::bandwidth::Bandwidth;
use crate::mailboxes::Mailbox;
use crate::units::{parse_budget, parse_days, parse_files, parse_limit, parse_percent, parse_size};

/// Keeps one archive alike on drives in several homes, without anybody being online at the same time.
#[derive(Parser, Debug)]
#[command(name = "offsync", version, propagate_version = true, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) everywhere: Everywhere,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Everywhere {
    /// Print exactly one JSON document (`watch`, `run`: one event a line), and nothing else, on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Where settings live (two folders are two computers)
    #[arg(long, global = true, value_name = "DIR", env = "OFFSYNC_CONFIG_DIR")]
    pub(crate) config_dir: Option<PathBuf>,
    /// When to show progress
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) progress: When,
    /// Say more
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Say only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

/// When to show progress.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum When {
    /// On a terminal, for what takes over a second
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Begin an archive: this folder becomes its first location
    #[command(
        after_help = "Example:\n  offsync init /media/pep/Photos --name \"Family photos\" --label \"Pep's home\" --person Pep --mailbox fs:///media/nas/offsync"
    )]
    Init(Init),
    /// Copy an archive onto another drive for somebody, verified, with an invitation on it
    #[command(
        after_help = "Example:\n  offsync copy /media/pep/Photos /media/new-drive/Photos --label \"Grandma's home\" --person Grandma\n\nInterrupted, the same command goes on where it was."
    )]
    Copy(Copy),
    /// Make an invitation in a file, for a copy that exists already or for none
    #[command(
        after_help = "Examples:\n  offsync invite /media/pep/Photos --label \"Anna's home\" --person Anna --out anna.invitation\n  offsync invite /media/pep/Photos --label \"Anna's home\" --person Anna --out anna.invitation --phrase-file words.txt\n  offsync invite /media/pep/Photos --label \"Anna's home\" --person Anna --out anna.invitation --account key-for-anna      (with a key of her own)"
    )]
    Invite(Invite),
    /// Let this folder become a location, with the six words that came with it
    #[command(
        after_help = "Examples:\n  offsync join /media/grandma/Photos\n  offsync join Photos --invitation anna.invitation --phrase-file words.txt\n  offsync join Photos --as \"Pep's home\"      (after .offsync was lost)\n  offsync join /media/pep/Photos --recovery sheet.txt      (after the computer was lost)"
    )]
    Join(Join),
    /// Write the recovery sheet of a location: print it, and keep it as you keep a passport
    #[command(
        after_help = "Examples:\n  offsync recovery /media/pep/Photos --out sheet.txt      (then print sheet.txt)\n  offsync recovery /media/pep/Photos --out - | lp\n\nWhoever has the sheet can read everything. `offsync join FOLDER --recovery FILE` brings the location back with it."
    )]
    Recovery(Recovery),
    /// Let this computer forget an archive and its keys; the drive and its files are not touched
    #[command(
        after_help = "Examples:\n  offsync forget /media/pep/Photos\n  offsync forget \"Pep's home\" --yes      (without a recovery sheet)\n\nThe drive need not be there."
    )]
    Forget(Forget),
    /// Take in what others sent, send what changed here, tidy up the mailbox
    #[command(
        after_help = sync_help()
    )]
    Sync(Sync),
    /// Tell how archives stand
    #[command(after_help = "Example:\n  offsync status --json")]
    Status(Folders),
    /// List what changed here since it was last sent
    #[command(after_help = "Example:\n  offsync diff /media/pep/Photos")]
    Diff(Folder),
    /// List what was changed, by whom, and who has it
    #[command(after_help = "Example:\n  offsync log /media/pep/Photos --limit 10")]
    Log(Log),
    /// List the locations of an archive and how far each is
    #[command(after_help = "Example:\n  offsync locations /media/pep/Photos")]
    Locations(Folder),
    /// Read files again, compare them with what they were, and heal damaged ones from another home
    #[command(
        after_help = "Examples:\n  offsync verify /media/pep/Photos      (ten minutes; the next time it goes on)\n  offsync verify /media/pep/Photos --all --repair\n  offsync verify /media/pep/Photos --budget 2h\n  offsync verify /media/pep/Photos --keep 2024/beach.jpg      (you edited it: a sync sends it)\n\nSome programs give a file its old size and time back when they edit it. Where a drive keeps no more than that, such an edit cannot be told from damage."
    )]
    Verify(Verify),
    /// Tell before how many deletions a sync asks, or change that, for all homes
    #[command(
        after_help = "Examples:\n  offsync deletions /media/pep/Photos      (tells what holds)\n  offsync deletions /media/pep/Photos --least 20 --percent 50      (asks later)\n  offsync deletions /media/pep/Photos --least 1 --percent 0      (asks before each file)\n  offsync deletions /media/pep/Photos --default\n\nOnly what is named changes. The next sync tells everybody, and what was deleted here and waits for a yes is judged anew then. Before all there is goes, a sync asks in any case."
    )]
    Deletions(Deletions),
    /// Tell how much goes over this computer's line to accounts, change that, or pause it
    #[command(
        after_help = "Examples:\n  offsync bandwidth      (tells what holds)\n  offsync bandwidth --up 500kB      (half a megabyte a second at most to accounts)\n  offsync bandwidth --up 1MB --down 4MB\n  offsync bandwidth --unlimited\n  offsync bandwidth --pause 2h      (nothing goes and nothing comes for two hours)\n  offsync bandwidth --resume\n\nOnly what is named changes, for all archives of this computer, from the next sync on. A mailbox in a folder is no matter of it."
    )]
    Bandwidth(Bandwidth),
    /// Rename, park, bring back, remove or replace a location
    #[command(
        after_help = "Examples:\n  offsync location rename /media/pep/Photos \"Anna's home\" --label \"Anna's flat\"\n  offsync location park /media/pep/Photos Grandma      (nothing waits for her; she catches up when she syncs)\n  offsync location unpark /media/pep/Photos Grandma\n  offsync location remove /media/pep/Photos 3f2a --yes\n  offsync location replace /media/pep/Photos Grandma /media/new-drive/Photos      (her drive is dead)\n\nA location is named by its label, its id or a unique beginning of one, of an id at least four characters. The next sync tells everybody."
    )]
    Location(Location),
    /// Show the mailbox of an archive, or say where this computer finds it
    #[command(
        after_help = "Examples:\n  offsync mailbox show /media/pep/Photos\n  offsync mailbox use /media/anna/Photos fs:///media/anna/STICK/offsync      (the same stick has another path here)\n  offsync mailbox use /media/pep/Photos fs:///mnt/nas/offsync --new      (it was emptied, or is on a new NAS)"
    )]
    Mailbox(Mailbox),
    /// Sign this computer in to where mailboxes lie
    #[command(after_help = "Example:\n  offsync account list")]
    Account(Account),
    /// List the files that are kept in two versions
    #[command(after_help = "Example:\n  offsync conflicts /media/pep/Photos")]
    Conflicts(Folder),
    /// Decide which version of a file stays; the other goes to the trash, and the next sync tells everybody
    #[command(
        after_help = "Examples:\n  offsync resolve /media/pep/Photos notes.txt --keep winner      (the one that has the name)\n  offsync resolve /media/pep/Photos \"notes (other version 7cc2e34c).txt\" --keep copy"
    )]
    Resolve(Resolve),
    /// List the files whose content no home has any more, or give them up
    #[command(
        after_help = "Examples:\n  offsync lost /media/pep/Photos\n  offsync lost /media/pep/Photos film.mov --give-up      (only where nothing of it is left)\n  offsync lost /media/pep/Photos --all --give-up\n\nA file that you still have elsewhere comes back everywhere when you put it into the archive, under any name, and sync.\nGiving a file up takes it out of the archive with the next sync. Where an older version of it still stands on this drive, that one stays, for everybody."
    )]
    Lost(Lost),
    /// List, bring back or drop what lies in the trash of a drive
    #[command(
        after_help = "Examples:\n  offsync trash list /media/pep/Photos\n  offsync trash restore /media/pep/Photos 2024/beach.jpg\n  offsync trash restore /media/pep/Photos 2024      (a whole folder)\n  offsync trash empty /media/pep/Photos --yes"
    )]
    Trash(Trash),
    /// Sync some archives whenever their files change, in the foreground
    #[command(
        after_help = format!("Example:\n  offsync watch /media/pep/Photos\n\n{}\n\nWith --json, one event a line. Ctrl-C ends it at the next safe point.", rhythm())
    )]
    Watch(Watch),
    /// Watch all archives that this computer knows, as their drives come and go: for a service
    #[command(
        after_help = format!("Example:\n  offsync run --json\n\n{}\n\nWith --json, one event a line. Nobody is asked anything: what waits for a yes is said as a notice. SIGTERM ends it at the next safe point.", rhythm())
    )]
    Run,
    /// Play the whole story with three homes on this machine, narrated and checked
    #[command(after_help = "Example:\n  offsync demo --dir /tmp/three-homes --keep")]
    Demo(Demo),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  offsync completions bash > /etc/bash_completion.d/offsync")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// `init`.
#[derive(Args, Debug)]
pub(crate) struct Init {
    /// The folder with the files
    pub(crate) folder: PathBuf,
    /// The archive's name
    #[arg(long)]
    pub(crate) name: String,
    /// What to call this location ("Pep's home")
    #[arg(long)]
    pub(crate) label: String,
    /// Who looks after it
    #[arg(long)]
    pub(crate) person: Option<String>,
    /// Where changes wait for the others: fs:// and the full path of a folder, on a NAS or on a stick; or an account
    #[arg(long)]
    pub(crate) mailbox: String,
    /// What the mailbox may hold
    #[arg(long, value_parser = parse_size, value_name = "SIZE", help = allowance_help(), allow_negative_numbers = true)]
    pub(crate) allowance: Option<u64>,
    /// Days of silence after which nothing waits for a location any more
    #[arg(long, value_name = "DAYS", help = park_help(), value_parser = parse_days, allow_negative_numbers = true)]
    pub(crate) park_after: Option<u32>,
}

/// `copy`.
#[derive(Args, Debug)]
pub(crate) struct Copy {
    /// The archive's folder
    pub(crate) folder: PathBuf,
    /// An empty folder on the other drive
    pub(crate) to: PathBuf,
    /// What to call the new location
    #[arg(long)]
    pub(crate) label: String,
    /// Who will look after it
    #[arg(long)]
    pub(crate) person: String,
    /// Let the new home reach the mailbox by this account: one with a key or an app password of its own
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    /// Write the six words to this file too
    #[arg(long, value_name = "FILE")]
    pub(crate) phrase_file: Option<PathBuf>,
}

/// `invite`.
#[derive(Args, Debug)]
pub(crate) struct Invite {
    /// The archive's folder
    pub(crate) folder: PathBuf,
    /// What to call the new location
    #[arg(long)]
    pub(crate) label: String,
    /// Who will look after it
    #[arg(long)]
    pub(crate) person: String,
    /// The file to write the invitation to
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Let the new home reach the mailbox by this account: one with a key or an app password of its own
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    /// Write the six words to this file too
    #[arg(long, value_name = "FILE")]
    pub(crate) phrase_file: Option<PathBuf>,
}

/// `join`.
#[derive(Args, Debug)]
pub(crate) struct Join {
    /// The folder on the drive: a copy that was made for you, one with files that you have already, or an empty one
    pub(crate) folder: PathBuf,
    /// A file with an invitation, if it is not on the drive
    #[arg(long, value_name = "FILE")]
    pub(crate) invitation: Option<PathBuf>,
    /// A file with the six words; `-` reads them from standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) phrase_file: Option<PathBuf>,
    /// The location that this folder was, after .offsync was lost: its label or id
    #[arg(long = "as", value_name = "LOCATION", conflicts_with_all = ["invitation", "phrase_file"])]
    pub(crate) as_location: Option<String>,
    /// A file with the recovery sheet of the location that this folder was, after the computer was lost
    #[arg(long, value_name = "FILE", conflicts_with_all = ["invitation", "phrase_file", "as_location"])]
    pub(crate) recovery: Option<PathBuf>,
    /// Where this computer finds the mailbox, if not where the one who invited does: fs:///folder, or an account
    #[arg(long, value_name = "MAILBOX", conflicts_with = "as_location")]
    pub(crate) mailbox: Option<String>,
}

/// `recovery`.
#[derive(Args, Debug)]
pub(crate) struct Recovery {
    /// The archive's folder, or any folder in it
    pub(crate) folder: PathBuf,
    /// The file to write the sheet to, which must not be there yet; `-` for standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// `forget`.
#[derive(Args, Debug)]
pub(crate) struct Forget {
    /// The archive's folder (or any folder in it: the whole archive is forgotten), or the label or id of its location
    pub(crate) folder: PathBuf,
    /// Say yes: otherwise you are asked at a terminal, and without a recovery sheet a script is refused
    #[arg(long)]
    pub(crate) yes: bool,
}

/// `sync`.
#[derive(Args, Debug)]
pub(crate) struct Sync {
    /// Folders of archives; all archives that this computer knows if none is named
    pub(crate) folders: Vec<PathBuf>,
    /// Say yes to many deletions at once, which wait for it
    #[arg(long)]
    pub(crate) yes: bool,
    /// Say no to them: the files stay, or come back from the others
    #[arg(long, conflicts_with = "yes")]
    pub(crate) keep_files: bool,
    /// Read every file again, whatever its time says
    #[arg(long)]
    pub(crate) deep: bool,
    /// Tell what would be done; change nothing anywhere
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Commands that take folders.
#[derive(Args, Debug)]
pub(crate) struct Folders {
    /// Folders of archives; all archives that this computer knows if none is named
    pub(crate) folders: Vec<PathBuf>,
}

/// Commands that take one folder.
#[derive(Args, Debug)]
pub(crate) struct Folder {
    /// The archive's folder, or any folder in it
    pub(crate) folder: PathBuf,
}

/// `verify`.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The archive's folder, or any folder in it
    pub(crate) folder: PathBuf,
    /// How long to read at most: 90s, 10m, 2h, or a number of seconds; 0 reads one file
    #[arg(long, value_parser = parse_budget, value_name = "DURATION", default_value = "10m", allow_negative_numbers = true)]
    pub(crate) budget: Duration,
    /// Read all, from the beginning, however long it takes
    #[arg(long, conflicts_with = "budget")]
    pub(crate) all: bool,
    /// Have damaged files again from another home; what was damaged goes to the trash
    #[arg(long)]
    pub(crate) repair: bool,
    /// Damaged files that you edited yourself: the next sync sends them as they are now; nothing is read again but these
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["budget", "all", "repair"])]
    pub(crate) keep: Vec<PathBuf>,
}

/// `watch`.
#[derive(Args, Debug)]
pub(crate) struct Watch {
    /// Folders of archives
    #[arg(required = true)]
    pub(crate) folders: Vec<PathBuf>,
}

/// `resolve`.
#[derive(Args, Debug)]
pub(crate) struct Resolve {
    /// The archive's folder, or any folder in it
    pub(crate) folder: PathBuf,
    /// The file, or one of its copies: from the folder you are in, as `offsync conflicts` lists them, or in full
    pub(crate) path: PathBuf,
    /// Which version stays under the name
    #[arg(long, value_enum)]
    pub(crate) keep: Kept,
}

/// `lost`.
#[derive(Args, Debug)]
pub(crate) struct Lost {
    /// The archive's folder, or any folder in it
    pub(crate) folder: PathBuf,
    /// Files to give up: from the folder you are in, as `offsync lost` lists them, or in full
    #[arg(requires = "give_up", conflicts_with = "all")]
    pub(crate) paths: Vec<PathBuf>,
    /// Stop waiting for them: they leave the archive with the next sync
    #[arg(long)]
    pub(crate) give_up: bool,
    /// All that are lost; of those that stand here damaged, what is left stays
    #[arg(long, requires = "give_up")]
    pub(crate) all: bool,
}

/// Which version of a conflict stays.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// The one that has the name
    Winner,
    /// The one that stands beside it
    Copy,
    /// Both; the copy gets a name of its own
    Both,
}

/// `trash`.
#[derive(Args, Debug)]
pub(crate) struct Trash {
    #[command(subcommand)]
    pub(crate) command: TrashCommand,
}

/// What can be done with the trash.
#[derive(Subcommand, Debug)]
pub(crate) enum TrashCommand {
    /// List what lies there, the newest first
    #[command(after_help = "Example:\n  offsync trash list /media/pep/Photos")]
    List(Folder),
    /// Put files back where they were; nothing is overwritten
    #[command(
        after_help = "Examples:\n  offsync trash restore /media/pep/Photos 2024/beach.jpg\n  offsync trash restore /media/pep/Photos 2024      (all that was in this folder)\n  offsync trash restore /media/pep/Photos /media/pep/Photos/2024/beach.jpg"
    )]
    Restore {
        /// The archive's folder, or any folder in it
        folder: PathBuf,
        /// Paths that the files had: from the folder you are in, from the archive's top, or in full. Of a file the newest comes
        /// back, beside what stands there now; of a folder all that was in it and is not there now
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Drop files for good; nothing goes without --yes
    #[command(
        after_help = "Examples:\n  offsync trash empty /media/pep/Photos      (tells what would go)\n  offsync trash empty /media/pep/Photos --yes\n  offsync trash empty /media/pep/Photos 2024/beach.jpg --yes"
    )]
    Empty {
        /// The archive's folder, or any folder in it
        folder: PathBuf,
        /// Paths that the files had, or folders: from the folder you are in, from the archive's top, or in full; all if none is named
        paths: Vec<PathBuf>,
        /// Say yes: what is dropped is gone for good
        #[arg(long)]
        yes: bool,
    },
}

/// `location`.
#[derive(Args, Debug)]
pub(crate) struct Location {
    #[command(subcommand)]
    pub(crate) command: LocationCommand,
}

/// What can be said of a location.
#[derive(Subcommand, Debug)]
pub(crate) enum LocationCommand {
    /// Give a location another name, for everybody
    #[command(
        after_help = "Example:\n  offsync location rename /media/pep/Photos \"Anna's home\" --label \"Anna's flat\""
    )]
    Rename {
        #[command(flatten)]
        which: Which,
        /// What to call it from now on
        #[arg(long)]
        label: String,
    },
    /// Make a copy that takes the place of a location whose drive is dead: a new drive, six new words
    #[command(
        after_help = "Examples:\n  offsync location replace /media/pep/Photos Grandma /media/new-drive/Photos\n  offsync location replace /media/pep/Photos Grandma /media/new-drive/Photos --label \"Grandma's flat\""
    )]
    Replace {
        #[command(flatten)]
        which: Which,
        /// An empty folder on the new drive
        to: PathBuf,
        /// What to call the new location, if not as the old one
        #[arg(long)]
        label: Option<String>,
        /// Who will look after it, if not the same person
        #[arg(long)]
        person: Option<String>,
        /// Write the six words to this file too
        #[arg(long, value_name = "FILE")]
        phrase_file: Option<PathBuf>,
    },
    /// Let nothing wait for a location until it syncs again
    #[command(
        after_help = "Example:\n  offsync location park /media/pep/Photos Grandma      (nothing waits for her; she catches up when she syncs)"
    )]
    Park(Which),
    /// Let a location count again after it was parked or removed
    #[command(after_help = "Example:\n  offsync location unpark /media/pep/Photos Grandma")]
    Unpark(Which),
    /// Go on waiting for a location that does not come: its silence counts from now on
    #[command(
        after_help = "Example:\n  offsync location wait /media/pep/Photos Grandma      (she is set aside only after as long a silence again)"
    )]
    Wait(Which),
    /// Take a location out of the archive; its files stay on its drive, and it cannot read what is sent from then on
    #[command(
        after_help = "Examples:\n  offsync location remove /media/pep/Photos \"Anna's home\"\n  offsync location remove /media/pep/Photos 3f2a --yes      (nobody is asked)\n\n`offsync location unpark` brings it back."
    )]
    Remove {
        #[command(flatten)]
        which: Which,
        /// Say yes: otherwise you are asked at a terminal, and a script is refused
        #[arg(long)]
        yes: bool,
    },
}

/// A location of an archive.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// The archive's folder, or any folder in it
    pub(crate) folder: PathBuf,
    /// Its label, its id or a unique beginning of one (of an id at least four characters)
    pub(crate) location: String,
}

/// `deletions`.
#[derive(Args, Debug)]
pub(crate) struct Deletions {
    /// The archive's folder, or any folder in it
    pub(crate) folder: PathBuf,
    /// Never ask before fewer files than this go
    #[arg(long, value_name = "N", value_parser = parse_files, allow_negative_numbers = true)]
    pub(crate) least: Option<u64>,
    /// Ask when more than this part of the archive goes; 0 asks whatever its size
    #[arg(long, value_name = "P", value_parser = parse_percent, allow_negative_numbers = true)]
    pub(crate) percent: Option<u8>,
    /// Ask when more files than this go, of however many
    #[arg(long, value_name = "N", value_parser = parse_files, allow_negative_numbers = true)]
    pub(crate) most: Option<u64>,
    /// As in an archive where nobody changed it
    #[arg(long, conflicts_with_all = ["least", "percent", "most"])]
    pub(crate) default: bool,
}

/// `log`.
#[derive(Args, Debug)]
pub(crate) struct Log {
    /// The archive's folder, or any folder in it
    pub(crate) folder: PathBuf,
    /// How many lines at most, the newest; all if not said
    #[arg(long, value_name = "N", value_parser = parse_limit, allow_negative_numbers = true)]
    pub(crate) limit: Option<usize>,
}

/// `demo`.
#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// Where to play it; a temporary folder if none is named
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Leave the folders behind to look at
    #[arg(long)]
    pub(crate) keep: bool,
}

/// Says what an allowance may be.
fn allowance_help() -> String {
    format!(
        "What the mailbox may hold: 2GB, 500MiB; {} MiB at least, and all that fits if not said",
        ALLOWANCE_BYTES_MIN >> 20
    )
}

/// Says how long a location may be silent.
fn park_help() -> String {
    format!(
        "Days of silence after which nothing waits for a location any more ({PARK_AFTER_DAYS} if not said, {PARK_AFTER_DAYS_MIN} at least)"
    )
}

/// Gives what stands at the end of the help of `sync`.
fn sync_help() -> String {
    format!(
        "Examples:\n  offsync sync\n  offsync sync /media/pep/Photos --dry-run\n  offsync sync /media/pep/Photos --yes      (many deletions are meant)\n  offsync sync /media/pep/Photos --keep-files      (they are not)\n\nMany deletions are {}. They wait for a yes or a no, and all else goes on. `offsync deletions FOLDER` changes for an archive how many are many.",
        many_deletions(&Threshold::default())
    )
}

const EXAMPLES: &str = "Begin:
  offsync init FOLDER --name \"Family photos\" --label \"Pep's home\" --mailbox fs:///path/to/mailbox
  offsync copy FOLDER /media/new-drive/Photos --label \"Grandma's home\" --person Grandma
  offsync join /media/grandma/Photos        (on Grandma's computer, with the six words)
  offsync sync

Exit codes: 0 done; 1 failed, nothing lost; 2 wrong usage; 3 held, wants a yes; 4 another Offsync is at it;
5 done, but some paths were left alone; 6 the mailbox cannot be used now; 130 stopped at a question.
A drive that is away is 1 where its folder is named; where none is, all that are here are meant, and it is 0.

Environment: OFFSYNC_CONFIG_DIR, where settings live (two folders are two computers);
OFFSYNC_KEYSTORE, where keys live: os (the keyring, if not said), file (sealed under the passphrase
of OFFSYNC_PASSPHRASE or a prompt), plain (a file that only you can read).";
