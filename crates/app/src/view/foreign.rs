//! What lies in the mailbox's folder and is not Offsync's: it takes room there, and only people can take it out.

use offsync_engine::{Foreign, size};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Less than this part of the allowance is no reason why something finds no room.
const PART_OF_ALLOWANCE: u64 = 100;

/// What lies in the mailbox's folder and is not Offsync's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ForeignView {
    /// Files.
    #[ts(type = "number")]
    pub files: u64,
    /// Their size in bytes.
    #[ts(type = "number")]
    pub bytes: u64,
}

impl ForeignView {
    /// Gives it where it is so much that something may find no room for it.
    pub(crate) fn in_the_way(foreign: Foreign, allowance_bytes: Option<u64>) -> Option<Self> {
        let least = allowance_bytes
            .map_or(1, |allowance| allowance / PART_OF_ALLOWANCE)
            .max(1);
        (foreign.bytes >= least).then(|| foreign.into())
    }

    /// Says, where something waits for room, what makes some.
    pub fn sentence(&self) -> String {
        let (files, them) = match self.files {
            1 => ("1 file".to_owned(), "it"),
            n => (format!("{n} files"), "them"),
        };
        format!(
            "{} in the mailbox are not Offsync's ({files}): take {them} out, and there is more room.",
            size(self.bytes)
        )
    }
}

impl From<Foreign> for ForeignView {
    fn from(foreign: Foreign) -> Self {
        Self {
            files: foreign.files,
            bytes: foreign.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_takes_a_hundredth_of_the_allowance_is_in_the_way() {
        let check = |bytes: u64, allowance: Option<u64>, is_in_the_way: bool| {
            let found = ForeignView::in_the_way(Foreign { files: 1, bytes }, allowance);
            assert_eq!(found.is_some(), is_in_the_way, "{bytes} of {allowance:?}");
        };
        check(9, Some(1_000), false);
        check(10, Some(1_000), true);
        check(0, Some(10), false);
        // Where nothing was allowed, the room is what the account has left.
        check(1, None, true);
        check(0, None, false);
    }

    #[test]
    fn it_is_said_with_what_makes_room() {
        let check = |files: u64, said: &str| {
            assert_eq!(
                ForeignView {
                    files,
                    bytes: 15_700_000
                }
                .sentence(),
                said
            )
        };
        check(
            1,
            "15.7 MB in the mailbox are not Offsync's (1 file): take it out, and there is more room.",
        );
        check(
            3,
            "15.7 MB in the mailbox are not Offsync's (3 files): take them out, and there is more room.",
        );
    }
}
