//! `deletions`: before how many deletions a sync asks, shown and changed.

use offsync_app::{App, DeletionsReport, DeletionsRequest, many_deletions};

use crate::arguments::Deletions;
use crate::outcome::{Outcome, show};
use crate::text::safe;

pub(crate) fn deletions(app: &App, deletions: &Deletions, json: bool) -> Outcome {
    let report = app.deletions(&DeletionsRequest {
        folder: deletions.folder.clone(),
        least: deletions.least,
        percent: deletions.percent,
        most: deletions.most,
        default: deletions.default,
    })?;
    show(&report, json, told)
}

/// Tells before which deletions a sync asks, who said so, and who knows it.
fn told(report: &DeletionsReport) -> Vec<String> {
    let asks = format!(
        "sync asks before it deletes {}.",
        many_deletions(&report.now.threshold())
    );
    if report.is_changed {
        return vec![
            format!("From now on a {asks}"),
            "The next sync tells everybody; what was deleted here and waits for a yes is judged anew then.".into(),
        ];
    }
    let asks = match report.is_asked {
        true => format!("It is so already: a {asks}"),
        false => format!("A {asks}"),
    };
    let by = match &report.now.set_by {
        Some(label) => format!("'{}' said so, for all homes.", safe(label)),
        None => "Nobody has changed that.".into(),
    };
    vec![asks, by]
}
