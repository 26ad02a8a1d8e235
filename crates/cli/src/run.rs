//! From a command to an exit code.

use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use clap::CommandFactory;
use offsync_app::{
    App, AppError, AppOptions, CopyRequest, InitRequest, InviteRequest, JoinRequest, Narrator, SyncReport, SyncRequest,
    Tone, play_demo,
};

use crate::arguments::{Arguments, Command, Copy, Demo, Init, Invite, Join, Sync};
use crate::secret_file::SecretFile;
use crate::{documents, keystore, progress, prompt, text};

const DONE: u8 = 0;
const USAGE: u8 = 2;
const HELD: u8 = 3;
const PARTIAL: u8 = 5;
/// The worst code wins, in this order.
const WORST_FIRST: [u8; 6] = [4, 6, 1, 3, 5, 0];

/// What a command ends with.
type Outcome = Result<u8, AppError>;

/// Says that the command line makes no sense; as a document if one was asked for.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let is_help = !error.use_stderr();
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    if wants_json && !is_help {
        let message = error.to_string();
        documents::print_failure(&usage_error(first_sentence(&message)).to_failure());
    } else {
        let _ = error.print();
    }
    ExitCode::from(if is_help { DONE } else { USAGE })
}

/// Gives what clap says first: a line that may end in a colon, with the lines below it that it speaks of.
fn first_sentence(message: &str) -> String {
    let said = message.trim_start_matches("error: ");
    let lines = said.lines().take_while(|line| !line.trim().is_empty());
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ").trim_end_matches('.').to_owned() + "."
}

/// Runs a command.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let outcome = match options(arguments) {
        Ok(options) => App::new(&options).and_then(|app| with_app(arguments, app)),
        Err(message) => Err(usage_error(message)),
    };
    let code = outcome.unwrap_or_else(|error| {
        if arguments.everywhere.json {
            documents::print_failure(&error.to_failure());
        } else {
            warn(&format!("offsync: {}", text::safe(&error.message)));
            warn(&format!("         {}", text::safe(&error.hint)));
        }
        error.class.code()
    });
    ExitCode::from(code)
}

fn options(arguments: &Arguments) -> Result<AppOptions, String> {
    let config_dir = arguments.everywhere.config_dir.clone();
    let needs_keys = !matches!(arguments.command, Command::Completions { .. } | Command::Demo(_));
    let keystore = if needs_keys {
        keystore::from_environment()?
    } else {
        Default::default()
    };
    Ok(AppOptions { config_dir, keystore })
}

fn with_app(arguments: &Arguments, app: App) -> Outcome {
    let everywhere = &arguments.everywhere;
    let app = app.with_events(progress::sink(everywhere.progress, everywhere.quiet));
    let cancel = app.cancel_switch();
    // The first Ctrl-C stops at the next safe point; a second one ends at once, which is safe too.
    let _ = ctrlc::set_handler(move || {
        if cancel.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    let json = everywhere.json;
    match &arguments.command {
        Command::Init(init) => self::init(&app, init, json),
        Command::Copy(copy) => self::copy(&app, copy, json),
        Command::Invite(invite) => self::invite(&app, invite, json),
        Command::Join(join) => self::join(&app, join, json),
        Command::Sync(sync) => self::sync(&app, sync, arguments),
        Command::Status(folders) => show(&app.status(&folders.folders)?, json, |all| {
            all.iter().flat_map(text::status).collect()
        }),
        Command::Diff(folder) => show(&app.diff(&folder.folder)?, json, |all| {
            all.iter().map(text::diff).collect()
        }),
        Command::Log(log) => show(&app.log(&log.folder, log.limit)?, json, |all| {
            all.iter().map(text::log).collect()
        }),
        Command::Locations(folder) => show(&app.locations(&folder.folder)?, json, |all| {
            all.iter().map(text::location).collect()
        }),
        Command::Demo(demo) => self::demo(demo, json),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Arguments::command(), "offsync", &mut std::io::stdout());
            Ok(DONE)
        }
    }
}

fn init(app: &App, init: &Init, json: bool) -> Outcome {
    let report = app.init(&InitRequest {
        folder: init.folder.clone(),
        name: init.name.clone(),
        label: init.label.clone(),
        person: init.person.clone(),
        mailbox: init.mailbox.clone(),
        allowance_bytes: init.allowance,
        park_after_days: init.park_after,
    })?;
    show(&report, json, |report| {
        vec![
            format!(
                "{} is now the archive '{}'.",
                text::safe(&report.folder),
                text::safe(&init.name)
            ),
            "Next: make a copy for somebody, with `offsync copy`.".into(),
        ]
    })
}

fn copy(app: &App, copy: &Copy, json: bool) -> Outcome {
    let words = copy.phrase_file.as_deref().map(SecretFile::begin).transpose();
    let words = words.map_err(usage_error)?;
    let report = app.copy(&CopyRequest {
        folder: copy.folder.clone(),
        to: copy.to.clone(),
        label: copy.label.clone(),
        person: copy.person.clone(),
    })?;
    let written = words.map_or(Ok(()), |words| words.finish(&report.phrase));
    if let Err(error) = &written {
        warn(&format!(
            "The file for the six words could not be written: {error}. Write them down."
        ));
    }
    show(&report, json, |report| text::copy(report, &copy.person))?;
    let is_whole = report.skipped.is_empty() && written.is_ok();
    Ok(if is_whole { DONE } else { PARTIAL })
}

fn invite(app: &App, invite: &Invite, json: bool) -> Outcome {
    let report = app.invite(&InviteRequest {
        folder: invite.folder.clone(),
        label: invite.label.clone(),
        person: invite.person.clone(),
        out: invite.out.clone(),
    })?;
    show(&report, json, |report| {
        vec![
            format!("The invitation is in {}.", text::safe(&report.file)),
            format!("Tell {} these six words: {}", text::safe(&invite.person), report.phrase),
        ]
    })
}

fn join(app: &App, join: &Join, json: bool) -> Outcome {
    let phrase = match (&join.phrase_file, &join.as_location) {
        (_, Some(_)) => None,
        (Some(file), None) => Some(read_phrase(file)?),
        (None, None) => prompt::line("The six words: "),
    };
    let report = app.join(&JoinRequest {
        folder: join.folder.clone(),
        invitation: join.invitation.clone(),
        phrase,
        as_location: join.as_location.clone(),
    })?;
    show(&report, json, text::join)
}

fn sync(app: &App, sync: &Sync, arguments: &Arguments) -> Outcome {
    let request = SyncRequest {
        folders: sync.folders.clone(),
        yes: sync.yes,
        keep_files: sync.keep_files,
        deep: sync.deep,
    };
    let reports = if sync.dry_run {
        app.rehearse(&request)?
    } else {
        app.sync(&request)?
    };
    let code = WORST_FIRST
        .into_iter()
        .find(|code| reports.iter().any(|report| code_of(report) == *code))
        .unwrap_or(DONE);
    if let [only] = reports.as_slice()
        && let Some(failure) = &only.failure
    {
        return Err(failure.clone());
    }
    let is_quiet = arguments.everywhere.quiet && code == DONE;
    if !is_quiet || arguments.everywhere.json {
        show(&reports, arguments.everywhere.json, |all| {
            all.iter()
                .flat_map(|report| text::sync(report, arguments.everywhere.verbose))
                .collect()
        })?;
    }
    Ok(code)
}

fn code_of(report: &SyncReport) -> u8 {
    match (&report.failure, &report.held) {
        (Some(failure), _) => failure.class.code(),
        (None, Some(_)) => HELD,
        (None, None) if report.skipped.is_empty() && report.diverged.is_empty() => DONE,
        (None, None) => PARTIAL,
    }
}

fn demo(demo: &Demo, json: bool) -> Outcome {
    let base = match &demo.dir {
        Some(dir) => dir.clone(),
        None => std::env::temp_dir().join(format!("offsync-demo-{}", std::process::id())),
    };
    let is_used = std::fs::read_dir(&base).is_ok_and(|mut entries| entries.next().is_some());
    if is_used {
        return Err(usage_error(format!(
            "{} is not empty; choose an empty folder for the demo.",
            base.display()
        )));
    }
    std::fs::create_dir_all(&base)
        .map_err(|error| usage_error(format!("{} cannot be made: {error}.", base.display())))?;
    let mut teller = Teller {
        is_silent: json,
        lines: Vec::new(),
    };
    let outcome = play_demo(&base, &mut teller);
    let keep = demo.keep || outcome.is_err();
    if keep {
        warn(&format!("The three homes are in {}.", base.display()));
    } else if let Err(error) = std::fs::remove_dir_all(&base) {
        warn(&format!("{} could not be removed: {error}.", base.display()));
    }
    outcome?;
    if json {
        documents::print(&serde_json::json!({ "ok": true, "lines": teller.lines }));
    }
    Ok(DONE)
}

/// Prints the demo as it goes.
struct Teller {
    is_silent: bool,
    lines: Vec<String>,
}

impl Narrator for Teller {
    fn say(&mut self, tone: Tone, line: &str) {
        if self.is_silent {
            self.lines.push(line.to_owned());
        } else {
            print_lines(&[text::story(tone, line)]);
        }
    }
}

fn show<T: serde::Serialize>(document: &T, json: bool, lines: impl FnOnce(&T) -> Vec<String>) -> Outcome {
    if json {
        documents::print(document);
    } else {
        print_lines(&lines(document));
    }
    Ok(DONE)
}

fn print_lines(lines: &[String]) {
    let mut out = std::io::stdout().lock();
    for line in lines {
        // A closed pipe has nobody to be told.
        let _ = writeln!(out, "{line}");
    }
    let _ = out.flush();
}

fn warn(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn read_phrase(file: &Path) -> Result<String, AppError> {
    let read = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().take(4096).read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    read.map_err(|error| {
        usage_error(format!(
            "The six words could not be read from {}: {error}.",
            file.display()
        ))
    })
}

fn usage_error(message: impl Into<String>) -> AppError {
    AppError::usage(message)
}
