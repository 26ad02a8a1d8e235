//! The tray: a pure model of what it says, and a thin hand that shows it.

mod hand;
mod model;

pub(crate) use hand::{put_up, refresh};
