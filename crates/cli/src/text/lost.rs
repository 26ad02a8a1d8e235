//! Lost files, as people read them.

use offsync_app::{LostReport, LostView, as_typed};

use super::safe;
use crate::units::size;

/// Tells what is lost and what a person can do about it, or what was given up.
pub(crate) fn lost(report: &LostReport) -> Vec<String> {
    let mut lines: Vec<String> = report.files.iter().map(line).collect();
    match (report.files.as_slice(), report.given_up) {
        ([], true) => lines
            .push("There is nothing to give up. Where a file stands here damaged, `offsync verify FOLDER --keep PATH` keeps what is left of it; or delete it.".into()),
        ([], false) => lines.push("No file is lost, as far as the last sync here could tell.".into()),
        (_, true) => {
            lines.push("Given up. The next sync tells everybody.".into());
            lines.extend(last_chance(&report.may_be_at));
        }
        (files, false) => lines.extend(advice(files, &report.may_be_at)),
    }
    lines
}

fn line(file: &LostView) -> String {
    let by = file
        .by
        .as_ref()
        .map_or(String::new(), |by| format!(", made at {}", safe(by)));
    let damaged = if file.damaged_here {
        "; a damaged file is all that is left here"
    } else {
        ""
    };
    let path = as_typed(&file.path, file.path_base64.as_deref());
    format!("{path} ({}{by}){damaged}", size(file.size_bytes))
}

/// Says what becomes of what a home that is parked still has.
fn last_chance(may_be_at: &[String]) -> Option<String> {
    let homes = homes(may_be_at)?;
    Some(format!(
        "It may still be at {homes}: sync there before you sync here, and it is not given up after all. \
         Once everybody was told, it goes to the trash there, and `offsync trash restore` there brings it back."
    ))
}

fn homes(labels: &[String]) -> Option<String> {
    let homes: Vec<String> = labels.iter().map(|label| format!("'{}'", safe(label))).collect();
    (!homes.is_empty()).then(|| homes.join(", "))
}

fn advice(files: &[LostView], may_be_at: &[String]) -> Vec<String> {
    let mut lines = vec!["No home that takes part has this any more.".to_owned()];
    lines.extend(homes(may_be_at).map(|homes| format!("It may still be at {homes}: a sync there brings it back.")));
    lines.push("If you have it elsewhere, put it into the archive and sync: it comes back everywhere.".to_owned());
    if files.iter().any(|file| file.damaged_here) {
        lines.push(
            "Of a file that is damaged here, `offsync verify FOLDER --keep PATH` keeps what is left; or delete it."
                .to_owned(),
        );
    }
    if files.iter().any(|file| !file.damaged_here) {
        lines.push("If not, `offsync lost FOLDER PATH --give-up` stops waiting for it.".to_owned());
    }
    lines
}
