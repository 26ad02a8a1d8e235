//! From a command to an exit code.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::CommandFactory;
use offsync_app::{
    App, AppOptions, InitRequest, Keep, Narrator, SyncReport, SyncRequest, Tone, VerifyRequest, play_demo,
};

use crate::arguments::{
    Arguments, Command, Demo, Everywhere, Forget, Init, Kept, Lost, Recovery, Resolve, Sync, TrashCommand, Verify,
};
use crate::browser::BrowserBeside;
use crate::outcome::{BUSY, DONE, HELD, Outcome, PARTIAL, USAGE, print_lines, show, usage_error, warn};
use crate::text::Mood;
use crate::{accounts, bandwidth, deletions, documents, homes, keystore, mailboxes, progress, prompt, text, watch};

/// The worst code wins, in this order.
const WORST_FIRST: [u8; 6] = [4, 6, 1, 3, 5, 0];

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
        Ok(options) => {
            App::new(&options).and_then(|app| with_app(arguments, app.with_browser(Arc::new(BrowserBeside::default()))))
        }
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
    let is_watching = matches!(arguments.command, Command::Watch(_) | Command::Run);
    let app = match is_watching {
        true => app.with_events(watch::sink(everywhere)),
        false => app.with_events(progress::sink(everywhere.progress, everywhere.quiet)),
    };
    if keystore::is_plain() && matches!(arguments.command, Command::Init(_) | Command::Join(_)) {
        warn(
            "Keys are kept in a file that only you can read, without a passphrase (OFFSYNC_KEYSTORE=plain): fit for a computer whose disk is sealed.",
        );
    }
    let cancel = app.cancel_switch();
    // The first Ctrl-C stops at the next safe point, a question is one; a second one ends at once, which is safe too.
    let _ = ctrlc::set_handler(move || {
        if cancel.swap(true, Ordering::Relaxed) || prompt::waits() {
            prompt::stop();
        }
    });
    let json = everywhere.json;
    match &arguments.command {
        Command::Init(init) => self::init(&app, init, json),
        Command::Copy(copy) => homes::copy(&app, copy, json),
        Command::Invite(invite) => homes::invite(&app, invite, json),
        Command::Join(join) => homes::join(&app, join, json),
        Command::Recovery(recovery) => self::recovery(&app, recovery, json),
        Command::Forget(forget) => self::forget(&app, forget, json),
        Command::Sync(sync) => self::sync(&app, sync, arguments),
        Command::Status(folders) => status(&app, &folders.folders, &arguments.everywhere),
        Command::Diff(folder) => diff(&app, &folder.folder, json),
        Command::Conflicts(folder) => show(&app.conflicts(&folder.folder)?, json, |all| {
            text::or_nothing(all, "No file is kept in two versions.", text::conflict)
        }),
        Command::Resolve(resolve) => self::resolve(&app, resolve, json),
        Command::Lost(lost) => self::lost(&app, lost, json),
        Command::Trash(trash) => self::trash(&app, &trash.command, json),
        Command::Verify(verify) => self::verify(&app, verify, json),
        Command::Account(account) => accounts::account(&app, &account.command, json),
        Command::Mailbox(mailbox) => mailboxes::mailbox(&app, &mailbox.command, json),
        Command::Log(log) => show(&app.log(&log.folder, log.limit)?, json, |all| {
            text::or_nothing(all, "No change is known here yet.", |line| vec![text::log(line)])
        }),
        Command::Locations(folder) => locations(&app, &folder.folder, json),
        Command::Bandwidth(asked) => bandwidth::bandwidth(&app, asked, json),
        Command::Deletions(deletions) => deletions::deletions(&app, deletions, json),
        Command::Location(location) => homes::location(&app, &location.command, json),
        Command::Watch(watch) => watch::watch(&app, &watch.folders, everywhere),
        Command::Run => watch::run(&app, everywhere),
        Command::Demo(demo) => self::demo(demo, json),
        Command::Completions { shell } => completions(*shell, json),
    }
}

/// Prints a completion script, which is no document.
fn completions(shell: clap_complete::Shell, json: bool) -> Outcome {
    if json {
        return Err(usage_error(
            "A completion script is no JSON document: say `offsync completions` without --json.",
        ));
    }
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "offsync", &mut script);
    // A closed pipe has nobody to be told.
    let _ = std::io::stdout().write_all(&script);
    Ok(DONE)
}

fn status(app: &App, folders: &[PathBuf], everywhere: &Everywhere) -> Outcome {
    let (all, json) = (app.status(folders)?, everywhere.json);
    show(&all, json, |all| match all.as_slice() {
        [] => vec![
            "This computer knows no archive yet. Begin one with `offsync init`, or join one with `offsync join`."
                .into(),
        ],
        all => all
            .iter()
            .flat_map(|one| text::status(one, everywhere.verbose))
            .collect(),
    })?;
    Ok(match () {
        () if all.iter().any(|archive| archive.busy) => BUSY,
        () if all.iter().any(|archive| archive.held.is_some()) => HELD,
        () if all
            .iter()
            .any(|archive| !archive.skipped.is_empty() || archive.lost_files > 0 || archive.damaged_files > 0) =>
        {
            PARTIAL
        }
        () => DONE,
    })
}

fn diff(app: &App, folder: &Path, json: bool) -> Outcome {
    let (lines, skipped) = app.diff(folder)?;
    show(&lines, json, |lines| {
        let nothing = "Nothing has changed here since it was last sent.";
        let mut told = text::or_nothing(lines, nothing, |line| vec![text::diff(line)]);
        told.extend(text::unfit_elsewhere(lines));
        told
    })?;
    text::skipped(&skipped).iter().for_each(|line| warn(line.trim_start()));
    Ok(if skipped.is_empty() { DONE } else { PARTIAL })
}

/// Lists the locations, and what can be relied on.
fn locations(app: &App, folder: &Path, json: bool) -> Outcome {
    let status = app.status(&[folder.to_owned()])?.remove(0);
    show(&status.locations, json, |all| {
        let receipt = match &status.no_receipt {
            Some(reason) => Some(text::no_receipt(reason)),
            None => status.receipt.as_ref().and_then(text::receipt),
        };
        let lines = text::locations(&status).into_iter();
        lines.chain(text::namesakes(all)).chain(receipt).collect()
    })
}

fn resolve(app: &App, resolve: &Resolve, json: bool) -> Outcome {
    let keep = match resolve.keep {
        Kept::Winner => Keep::Winner,
        Kept::Copy => Keep::Copy,
        Kept::Both => Keep::Both,
    };
    show(&app.resolve(&resolve.folder, &resolve.path, keep)?, json, |all| {
        let mut lines = text::resolved(all);
        lines.push("The next sync tells everybody.".to_owned());
        lines
    })
}

fn lost(app: &App, lost: &Lost, json: bool) -> Outcome {
    if !lost.give_up {
        return show(&app.lost(&lost.folder)?, json, text::lost);
    }
    if lost.paths.is_empty() && !lost.all {
        return Err(usage_error(
            "Name the files to give up, or say --all. `offsync lost FOLDER` lists them.",
        ));
    }
    show(&app.give_up(&lost.folder, &lost.paths)?, json, text::lost)
}

fn verify(app: &App, verify: &Verify, json: bool) -> Outcome {
    if !verify.keep.is_empty() {
        return show(&app.keep_damaged(&verify.folder, &verify.keep)?, json, text::kept);
    }
    let report = app.verify(&VerifyRequest {
        folder: verify.folder.clone(),
        budget: (!verify.all).then_some(verify.budget),
        repair: verify.repair,
    })?;
    show(&report, json, text::verify)?;
    if let Some(trouble) = &report.mailbox_trouble {
        warn(&format!("{trouble}; what lacks is asked for with the next sync."));
    }
    text::skipped(&report.skipped)
        .iter()
        .for_each(|line| warn(line.trim_start()));
    let is_sound = report.damaged.len() == report.repaired.len() && report.skipped.is_empty();
    Ok(if is_sound { DONE } else { PARTIAL })
}

fn trash(app: &App, command: &TrashCommand, json: bool) -> Outcome {
    match command {
        TrashCommand::List(folder) => show(&app.trash(&folder.folder)?, json, |all| {
            text::or_nothing(all, "The trash of this drive is empty.", |line| {
                vec![text::trashed(line)]
            })
        }),
        TrashCommand::Restore { folder, paths } => {
            let all = app.restore_from_trash(folder, paths)?;
            show(&all, json, |all| all.iter().map(text::restored).collect())?;
            let is_whole = all.iter().all(|line| line.to.is_some());
            Ok(if is_whole { DONE } else { PARTIAL })
        }
        TrashCommand::Empty { folder, paths, yes } => {
            let report = app.empty_trash(folder, paths, *yes)?;
            show(&report, json, |report| vec![text::emptied(report)])?;
            Ok(match &report.held {
                Some(_) => HELD,
                None if report.kept == 0 => DONE,
                None => PARTIAL,
            })
        }
    }
}

/// Writes the recovery sheet to a file, or hands it on for a printer.
fn recovery(app: &App, recovery: &Recovery, json: bool) -> Outcome {
    if recovery.out != Path::new("-") {
        let report = app.write_recovery_sheet(&recovery.folder, &recovery.out)?;
        return show(&report, json, text::recovery);
    }
    if json {
        return Err(usage_error(
            "With --json standard output is for one document alone: name a file with --out.",
        ));
    }
    app.print_recovery_sheet(&recovery.folder, &mut std::io::stdout().lock())?;
    Ok(DONE)
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
        let mut lines = vec![format!(
            "'{}' is now the archive '{}'.",
            text::safe(&report.folder),
            text::safe(&init.name)
        )];
        lines.extend(report.made_mailbox.as_ref().map(|folder| {
            format!(
                "The mailbox folder '{}' was not there and was made. If it should be on a drive or NAS that is not connected now, connect that and say `offsync mailbox use FOLDER MAILBOX --new`.",
                text::safe(folder)
            )
        }));
        lines.push("Next: make a copy for somebody, with `offsync copy`.".into());
        lines.push("And write a recovery sheet, with `offsync recovery`: with it the archive survives the loss of this computer.".into());
        lines
    })
}

fn forget(app: &App, forget: &Forget, json: bool) -> Outcome {
    let mut is_meant = forget.yes;
    if !is_meant && !json && prompt::is_possible() {
        let what = app.would_forget(&forget.folder)?;
        is_meant = prompt::yes(&text::forget_question(&what)) == Some(true);
        if !is_meant {
            print_lines(&["Nothing was changed.".to_owned()]);
            return Ok(HELD);
        }
    }
    let report = app.forget(&forget.folder, is_meant)?;
    show(&report, json, text::forgotten)?;
    Ok(if report.forgotten { DONE } else { HELD })
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
            let heading = sync
                .dry_run
                .then(|| "Nothing was changed. A sync now would do this:".to_owned());
            let mood = if sync.dry_run { Mood::Would } else { Mood::Done };
            let lines = all
                .iter()
                .flat_map(|report| text::sync(report, mood, arguments.everywhere.verbose));
            heading.into_iter().chain(lines).collect()
        })?;
    }
    Ok(code)
}

fn code_of(report: &SyncReport) -> u8 {
    match (&report.failure, &report.held) {
        (Some(failure), _) => failure.class.code(),
        (None, Some(_)) => HELD,
        // What is damaged is left alone and named, whether this sync read it again or not.
        (None, None) => {
            let left = [
                report.skipped.is_empty(),
                report.diverged.is_empty(),
                report.lost.is_empty(),
                report.damaged.is_empty(),
            ];
            if left == [true; 4] { DONE } else { PARTIAL }
        }
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
            "'{}' is not empty; choose an empty folder for the demo.",
            base.display()
        )));
    }
    std::fs::create_dir_all(&base)
        .map_err(|error| usage_error(format!("'{}' cannot be made: {error}.", base.display())))?;
    let mut teller = Teller {
        is_silent: json,
        lines: Vec::new(),
    };
    let outcome = play_demo(&base, &mut teller);
    let keep = demo.keep || outcome.is_err();
    if keep {
        warn(&format!("The three homes are in '{}'.", base.display()));
    } else if let Err(error) = std::fs::remove_dir_all(&base) {
        warn(&format!("'{}' could not be removed: {error}.", base.display()));
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
