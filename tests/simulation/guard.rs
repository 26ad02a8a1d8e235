//! Guards that are switched off on purpose, each from outside the engine, so that the oracle proves its eyes.

use offsync_core::ports::IndexWrite;

/// Which guard is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Off {
    /// None: the engine as it is.
    #[default]
    Nothing,
    /// The notes whose names begin so are never kept.
    Notes(&'static str),
}

impl Off {
    /// Changes a commit as an engine without the guard would have made it.
    pub(crate) fn change_commit(self, mut writes: Vec<IndexWrite>) -> Vec<IndexWrite> {
        if let Self::Notes(prefix) = self {
            writes.retain(|write| !matches!(write, IndexWrite::Note(name, _) if name.starts_with(prefix)));
        }
        writes
    }
}
