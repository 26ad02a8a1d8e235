//! Telling a story as it happens, whoever listens.

/// How a line is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A new part of the story.
    Chapter,
    /// What somebody does.
    Story,
    /// What was measured.
    Figure,
    /// What was checked and holds.
    Proof,
}

/// Hears a story line by line.
pub trait Narrator {
    /// Hears one line.
    fn say(&mut self, tone: Tone, line: &str);
}
