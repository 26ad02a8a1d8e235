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

/// Gives a size as people read it: one decimal, powers of ten.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit < UNITS.len() - 1 {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} byte{}", if bytes == 1 { "" } else { "s" })
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}
