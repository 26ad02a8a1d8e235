//! The setting of an archive that says before how many deletions a sync asks: shown, and changed for all homes.
//!
//! Nothing is deleted or brought back by it; what was deleted here and is held is judged anew with the next sync.

use std::path::PathBuf;

use offsync_core::guard::{Threshold, ThresholdError};
use offsync_engine::{Engine, EngineError, Silent};
use serde::Serialize;

use crate::app::App;
use crate::failure::{AppError, ExitClass};
use crate::view::DeletionsView;

/// What `deletions` asks for: only what is named changes, and nothing if nothing is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeletionsRequest {
    /// The archive's folder.
    pub folder: PathBuf,
    /// So many files at least are many.
    pub least: Option<u64>,
    /// More of a hundred files than this are many.
    pub percent: Option<u8>,
    /// More files than this are many, of however many.
    pub most: Option<u64>,
    /// As in an archive of which nobody said anything.
    pub default: bool,
}

/// What holds now, and whether that was said just now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeletionsReport {
    /// What holds now.
    #[serde(flatten)]
    pub now: DeletionsView,
    /// Whether it was said just now.
    #[serde(skip)]
    pub is_changed: bool,
    /// Whether a change was asked for.
    #[serde(skip)]
    pub is_asked: bool,
}

impl DeletionsView {
    pub(crate) fn of(engine: &Engine<'_>) -> std::result::Result<Self, EngineError> {
        let (threshold, said_by) = (engine.threshold()?, engine.threshold_said_by()?);
        let people = engine.known_vectors()?;
        let label = |by| people.iter().find(|(location, _, _)| *location == by);
        Ok(Self {
            least: threshold.least(),
            percent: threshold.percent(),
            most: threshold.most(),
            set_by: said_by.and_then(label).map(|(_, person, _)| person.label.clone()),
        })
    }

    /// Gives it as the rule that it is.
    pub fn threshold(&self) -> Threshold {
        Threshold::nearest(self.least, self.percent.into(), self.most)
    }
}

impl DeletionsRequest {
    fn is_change(&self) -> bool {
        self.default || self.least.is_some() || self.percent.is_some() || self.most.is_some()
    }

    fn changed(&self, before: Threshold) -> std::result::Result<Threshold, ThresholdError> {
        let before = if self.default { Threshold::default() } else { before };
        Threshold::new(
            self.least.unwrap_or(before.least()),
            self.percent.unwrap_or(before.percent()),
            self.most.unwrap_or(before.most()),
        )
    }
}

impl App {
    /// Tells before how many deletions a sync of an archive asks, and changes it for all homes if that is asked for.
    ///
    /// The mailbox need not be there: the next sync tells everybody.
    pub fn deletions(&self, request: &DeletionsRequest) -> std::result::Result<DeletionsReport, AppError> {
        let mut archive = self.open_archive(&request.folder)?;
        let is_changed = request.is_change()
            && archive.with_engine(&Silent, |engine| {
                engine.change_threshold(|before| {
                    let changed = request.changed(before);
                    changed.map_err(|error| refused(error, request, before))
                })
            })??;
        Ok(DeletionsReport {
            now: archive.with_engine(&Silent, |engine| DeletionsView::of(engine))?,
            is_changed,
            is_asked: request.is_change(),
        })
    }
}

fn refused(error: ThresholdError, request: &DeletionsRequest, before: Threshold) -> AppError {
    let (least, most) = (
        request.least.unwrap_or(before.least()),
        request.most.unwrap_or(before.most()),
    );
    match error {
        ThresholdError::Order => AppError::new(
            ExitClass::Usage,
            "bad_threshold",
            format!(
                "A sync cannot ask from {least} files on at the earliest, and yet whenever there are more than {most}. Nothing was changed."
            ),
            "Let --most be at least as high as --least; say both to change both.",
        ),
        other => AppError::usage(format!("That cannot be: {other}. Nothing was changed.")),
    }
}
