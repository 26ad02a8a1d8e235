//! Deletions that wait for a yes, as people read them: which, whose, and what to type.

use offsync_app::so_many_of;
use offsync_app::view::{HeldDirection, HeldView};

use super::safe;

/// What to type for a yes and for a no where files were deleted here.
const ANSWERS: &str = "If that is meant: `offsync sync FOLDER --yes`; if not, and the files are to stay: `offsync sync FOLDER --keep-files`.";
/// The same where another home deleted them.
const ANSWERS_TO_OTHERS: &str = "If they are to go here, too: `offsync sync FOLDER --yes`; if they are to stay, and come back in every home: `offsync sync FOLDER --keep-files`.";
/// The same where all files are gone from here.
const ANSWERS_TO_ALL: &str = "If this is the wrong drive, or it was emptied: `offsync sync FOLDER --keep-files` brings them back from the other homes. If you mean to delete all of them, in every home: `offsync sync FOLDER --yes`.";

/// The same where no other home has them.
const ANSWERS_ALONE: &str = "No other home has a copy of them. If this is the wrong drive, plug in the right one; if they are to stay, put them back from elsewhere and sync. If the deletions are meant: `offsync sync FOLDER --yes`.";

/// Tells which deletions wait for a yes.
pub(crate) fn held(held: &HeldView) -> Vec<String> {
    let (deletions, of) = (held.deletions, held.of);
    let what = match held.direction {
        HeldDirection::Remote => format!(
            "{} deleted {}. Nothing was deleted here.",
            held.by_label
                .as_ref()
                .map_or_else(|| "Other homes".to_owned(), |label| format!("'{}'", safe(label))),
            so_many_of(deletions, of)
        ),
        HeldDirection::Local if deletions == of => match of {
            1 => "The only file that was in this folder is gone. Nothing was deleted anywhere else.".to_owned(),
            of => format!("All {of} files that were in this folder are gone. Nothing was deleted anywhere else."),
        },
        HeldDirection::Local => format!("{deletions} of {of} files would be deleted. Nothing was deleted."),
    };
    let mut lines = vec![format!("  {what} {}", words(held))];
    lines.extend(kept(held));
    lines.extend(replaced(held));
    lines.extend(sample(held));
    lines
}

/// Tells what to type, where it was said already that deletions wait.
pub(crate) fn answers(held: &HeldView) -> Vec<String> {
    let mut lines = vec![format!("  {}", words(held))];
    lines.extend(kept(held));
    lines.extend(replaced(held));
    lines.extend(sample(held));
    lines
}

fn words(held: &HeldView) -> &'static str {
    match held.direction {
        HeldDirection::Remote => ANSWERS_TO_OTHERS,
        HeldDirection::Local if held.other_homes == 0 => ANSWERS_ALONE,
        HeldDirection::Local if held.deletions == held.of => ANSWERS_TO_ALL,
        HeldDirection::Local => ANSWERS,
    }
}

/// Says of those that somebody here had said no to losing why they are asked about, whatever was said elsewhere.
fn kept(held: &HeldView) -> Option<String> {
    let which = match held.kept {
        0 => return None,
        1 if held.deletions == 1 => "This file was".to_owned(),
        1 => "One of these files was".to_owned(),
        n if n == held.deletions => "These files were".to_owned(),
        n => format!("{n} of these files were"),
    };
    Some(format!(
        "  {which} kept here with a no. Another home deleted what was to stay, so that you are asked again."
    ))
}

/// Says of those whose names stand for something else now that this waits with them.
fn replaced(held: &HeldView) -> Option<String> {
    let (here, n) = (held.direction == HeldDirection::Local, held.replaced);
    let waits = if here {
        "stands there now and waits, too"
    } else {
        "would stand there"
    };
    let names = match n {
        0 => return None,
        1 if held.deletions == 1 => "its name".to_owned(),
        1 => "the name of one of them".to_owned(),
        n if n == held.deletions => "all of these names".to_owned(),
        n => format!("{n} of these names"),
    };
    Some(format!("  Under {names} something else {waits}."))
}

/// Names some of them.
fn sample(held: &HeldView) -> Vec<String> {
    let mut lines: Vec<String> = held.sample.iter().map(|path| format!("    {}", safe(path))).collect();
    if held.deletions > lines.len() as u64 {
        lines.push("    …".into());
    }
    lines
}
