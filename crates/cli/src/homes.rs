//! How homes come to an archive and what is said of them: `copy`, `invite`, `join`, `location`.

use std::io::Read;
use std::path::Path;

use offsync_app::{App, AppError, CopyReport, CopyRequest, InviteReport, InviteRequest, JoinRequest, ReplaceRequest};

use crate::arguments::{Copy, Invite, Join, LocationCommand, Which};
use crate::outcome::{DONE, HELD, Outcome, PARTIAL, print_lines, show, usage_error, warn};
use crate::secret_file::SecretFile;
use crate::{prompt, text};

/// How often the six words may be typed.
const PHRASE_TRIES: u32 = 3;

pub(crate) fn location(app: &App, command: &LocationCommand, json: bool) -> Outcome {
    match command {
        LocationCommand::Rename { which, label } => show(
            &app.rename_location(&which.folder, &which.location, label)?,
            json,
            |location| text::renamed(&which.location, location),
        ),
        LocationCommand::Replace {
            which,
            to,
            label,
            person,
            phrase_file,
        } => {
            let code = make_copy(app, phrase_file.as_deref(), json, || {
                app.replace_location(&ReplaceRequest {
                    folder: which.folder.clone(),
                    location: which.location.clone(),
                    to: to.clone(),
                    label: label.clone(),
                    person: person.clone(),
                })
            })?;
            if !json {
                print_lines(&["The one before no longer takes part. The next sync tells everybody.".to_owned()]);
            }
            Ok(code)
        }
        LocationCommand::Park(which) => show(&app.park_location(&which.folder, &which.location)?, json, text::parked),
        LocationCommand::Unpark(which) => {
            let (location, was_aside) = app.unpark_location(&which.folder, &which.location)?;
            show(&location, json, |location| match was_aside {
                true => text::unparked(location),
                false => text::never_aside(location),
            })
        }
        LocationCommand::Wait(which) => show(
            &app.keep_waiting(&which.folder, &which.location)?,
            json,
            text::waited_for,
        ),
        LocationCommand::Remove { which, yes } => remove(app, which, *yes, json),
    }
}

/// Takes a location out of the archive, if that is meant: somebody at a terminal is asked, a script has to say so.
fn remove(app: &App, which: &Which, is_meant: bool, json: bool) -> Outcome {
    if !is_meant {
        let location = app.would_remove(&which.folder, &which.location)?;
        if json || !prompt::is_possible() {
            show(&location, json, text::not_removed)?;
            return Ok(HELD);
        }
        if prompt::yes(&text::remove_question(&location)) != Some(true) {
            print_lines(&["Nothing was changed.".to_owned()]);
            return Ok(HELD);
        }
    }
    let removed = app.remove_location(&which.folder, &which.location)?;
    show(&removed, json, text::removed)
}

pub(crate) fn copy(app: &App, copy: &Copy, json: bool) -> Outcome {
    let request = CopyRequest {
        folder: copy.folder.clone(),
        to: copy.to.clone(),
        label: copy.label.clone(),
        person: copy.person.clone(),
        account: copy.account.clone(),
    };
    make_copy(app, copy.phrase_file.as_deref(), json, || app.copy(&request))
}

/// Makes a copy and tells its six words, in a file too if one is named.
fn make_copy(
    app: &App,
    phrase_file: Option<&Path>,
    json: bool,
    make: impl FnOnce() -> Result<CopyReport, AppError>,
) -> Outcome {
    let (report, are_written) = with_words_in(app, phrase_file, |report: &CopyReport| &report.phrase, make)?;
    show(&report, json, text::copy)?;
    let is_whole = report.skipped.is_empty() && report.damaged.is_empty() && are_written;
    Ok(if is_whole { DONE } else { PARTIAL })
}

/// Does what makes six words, and writes them to a file too if one is named; tells whether they are written.
///
/// The file is begun before anything is done: words that cannot be written down would be lost.
fn with_words_in<T>(
    app: &App,
    phrase_file: Option<&Path>,
    phrase: impl FnOnce(&T) -> &str,
    make: impl FnOnce() -> Result<T, AppError>,
) -> Result<(T, bool), AppError> {
    phrase_file.map_or(Ok(()), |file| app.refuse_words_inside(file))?;
    let words = phrase_file.map(SecretFile::begin).transpose().map_err(usage_error)?;
    let report = make()?;
    let written = words.map_or(Ok(()), |words| words.finish(phrase(&report)));
    if let Err(error) = &written {
        warn(&format!(
            "The file for the six words could not be written: {error}. Write them down."
        ));
    }
    Ok((report, written.is_ok()))
}

pub(crate) fn invite(app: &App, invite: &Invite, json: bool) -> Outcome {
    let request = InviteRequest {
        account: invite.account.clone(),
        folder: invite.folder.clone(),
        label: invite.label.clone(),
        person: invite.person.clone(),
        out: invite.out.clone(),
    };
    let words = invite.phrase_file.as_deref();
    let (report, are_written) = with_words_in(
        app,
        words,
        |report: &InviteReport| &report.phrase,
        || app.invite(&request),
    )?;
    show(&report, json, |report| text::invite(report, &invite.person))?;
    Ok(if are_written { DONE } else { PARTIAL })
}

pub(crate) fn join(app: &App, join: &Join, json: bool) -> Outcome {
    let mut request = JoinRequest {
        folder: join.folder.clone(),
        invitation: join.invitation.clone(),
        phrase: None,
        as_location: join.as_location.clone(),
        recovery: join.recovery.clone(),
        mailbox: join.mailbox.clone(),
    };
    let is_typed = join.phrase_file.is_none() && join.as_location.is_none() && join.recovery.is_none();
    if let Some(file) = &join.phrase_file {
        request.phrase = Some(read_phrase(file)?);
    }
    if is_typed {
        app.look_for_invitation(&request)?;
    }
    for left in (0..PHRASE_TRIES).rev() {
        if is_typed {
            request.phrase = prompt::line("The six words: ");
        }
        match app.join(&request) {
            // Whoever types makes slips.
            Err(error) if is_typed && error.code == "bad_phrase" && left > 0 => {
                warn(&format!("{} {}", text::safe(&error.message), text::safe(&error.hint)));
            }
            joined => return show(&joined?, json, text::join),
        }
    }
    unreachable!("the last try returns")
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
            "The six words could not be read from '{}': {error}.",
            file.display()
        ))
    })
}
