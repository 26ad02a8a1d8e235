//! What is wrong with an account, told in words of our own.
//!
//! It travels inside OpenDAL's errors, whose own kinds say less: a rate limit of one service is a permission that lacks to
//! another, and their texts may hold addresses with tokens.

use std::fmt;
use std::time::Duration;

use offsync_core::ports::{MailboxError, MailboxErrorKind};

/// What a request came to, other than an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) kind: MailboxErrorKind,
    /// A clause without secrets: "the password is not accepted".
    pub(crate) why: String,
    pub(crate) wait: Wait,
    /// Whether the same call may go well right after.
    pub(crate) is_fleeting: bool,
}

/// Whether a service asks to wait before anything is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    Unasked,
    /// It does not say how long.
    AWhile,
    For(Duration),
}

impl Trouble {
    pub(crate) fn new(kind: MailboxErrorKind, why: impl Into<String>) -> Self {
        Self {
            kind,
            why: why.into(),
            wait: Wait::Unasked,
            is_fleeting: kind == MailboxErrorKind::Away,
        }
    }

    /// A sign-in that is good no more.
    pub(crate) fn signed_out() -> Self {
        Self::new(MailboxErrorKind::SignIn, "the sign-in has expired or was taken back")
    }

    /// An account that is full.
    pub(crate) fn no_room() -> Self {
        Self::new(MailboxErrorKind::NoRoom, "there is no room left")
    }

    /// Somebody wants all to end.
    pub(crate) fn stopped() -> Self {
        Self::new(MailboxErrorKind::Away, "it was told to stop").lasting()
    }

    /// A server that says nothing any more.
    pub(crate) fn silent() -> Self {
        Self::new(MailboxErrorKind::Away, "it does not answer").lasting()
    }

    /// A line or an answer that ended before its end.
    pub(crate) fn broke_off() -> Self {
        Self::new(MailboxErrorKind::Away, "the connection broke off")
    }

    /// Says that the same call would come to the same right after, and take as long.
    pub(crate) fn lasting(self) -> Self {
        Self {
            is_fleeting: false,
            ..self
        }
    }

    /// Tells whether the same is asked again at once; who asked to wait was waited for already.
    pub(crate) fn is_worth_another(&self) -> bool {
        self.is_fleeting && self.wait == Wait::Unasked
    }

    /// The folder that an address names is gone, or a share is not mounted.
    pub(crate) fn no_folder(root: &str) -> Self {
        let why = format!("its folder '{root}' is not there any more");
        Self::new(MailboxErrorKind::Missing, why)
    }

    /// Wraps it as OpenDAL passes it on.
    pub(crate) fn carried(self) -> ::opendal::Error {
        ::opendal::Error::new(::opendal::ErrorKind::Unexpected, self.why.clone()).set_source(self)
    }

    /// Finds the trouble that an error of OpenDAL carries.
    pub(crate) fn inside<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(trouble) = error.downcast_ref() {
                return Some(trouble);
            }
            next = error.source();
        }
        None
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Trouble {}

/// Which call met it is nobody's business.
impl From<Trouble> for MailboxError {
    fn from(trouble: Trouble) -> Self {
        Self::new(trouble.kind, trouble.why)
    }
}
