//! Deletions that wait for an answer, as both shells show them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Many deletions at once that wait for a person's yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HeldView {
    /// Always `many_deletions` for now.
    pub reason: String,
    /// `local` when they were made here, `remote` when they arrived.
    pub direction: HeldDirection,
    /// How many files would go.
    pub deletions: u64,
    /// How many files there are.
    pub of: u64,
    /// In the places of how many of them something else stands now, or would.
    pub replaced: u64,
    /// How many of them somebody here had said no to losing, before another home deleted them.
    pub kept: u64,
    /// Some of their paths.
    pub sample: Vec<String>,
    /// Location id of who made them, if it was somebody else.
    pub by: Option<String>,
    /// What people call that home.
    pub by_label: Option<String>,
    /// How many other homes take part and have files: without one, nobody brings back what is gone from here.
    #[ts(type = "number")]
    pub other_homes: u64,
}

/// Where held deletions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HeldDirection {
    /// Found on this drive.
    Local,
    /// Arrived from another location.
    Remote,
}
