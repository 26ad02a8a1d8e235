//! What the desk refuses, in plain words: nothing was changed, and what to do.

use offsync_app::view::Failure;

/// The archive is not among those of this computer.
pub(crate) fn unknown_archive() -> Failure {
    Failure {
        code: "unknown_archive".into(),
        message: "This computer does not know that archive any more.".into(),
        hint: "Close the window and open it again.".into(),
    }
}

/// What a person would give up is not what is lost by now.
pub(crate) fn lost_changed() -> Failure {
    Failure {
        code: "lost_changed".into(),
        message: "Other files are missing by now than those that you saw. Nothing was given up.".into(),
        hint: "Look at the list again.".into(),
    }
}

/// An answer came while a sync runs.
pub(crate) fn under_way() -> Failure {
    Failure {
        code: "busy".into(),
        message: "This archive is syncing right now, so the answer was not taken.".into(),
        hint: "Answer again when the sync has ended.".into(),
    }
}

/// A sign-in was given up before its turn came.
pub(crate) fn given_up() -> Failure {
    Failure {
        code: "given_up".into(),
        message: "That sign-in was given up before it began.".into(),
        hint: "Sign in again, if it is still wanted.".into(),
    }
}
