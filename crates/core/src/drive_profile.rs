//! What one location's drive can hold, and how what it cannot hold is treated there.
//!
//! Found out by trying, once for a drive, and told to the others in the head, so that an
//! author hears of it before a name, a size or a link turns out not to fit. Decides
//! nothing about what an archive may hold: that is everything.

use crate::entry::{Content, Value};
use crate::escape::escape;
use crate::limits::NAME_BYTES_MAX;
use crate::rel_path::RelPath;

/// Steps of times from which on a drive is of the FAT family, in nanoseconds.
const COARSE_STEP_NS: u64 = 10_000_000;

/// Which names a drive takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum NameRule {
    /// All.
    #[default]
    Any,
    /// Those that Windows takes: others are escaped.
    Windows,
}

/// What a drive can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DriveProfile {
    /// Which names it takes.
    pub names: NameRule,
    /// Whether names that differ in case alone are one.
    pub folds_case: bool,
    /// Whether names that differ in normal form alone are one.
    pub folds_form: bool,
    /// Whether it holds symbolic links.
    pub has_links: bool,
    /// Whether it holds permission bits.
    pub has_modes: bool,
    /// Longest name in bytes of UTF-8.
    pub name_bytes_max: u64,
    /// Largest file in bytes.
    pub file_bytes_max: u64,
    /// Steps in which it stores times, in nanoseconds.
    pub time_step_ns: u64,
}

/// How a drive takes an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// As it is.
    AsIs,
    /// Under this name, which can be read back.
    Escaped(Vec<u8>),
    /// Not at all: it is known there, held back and not shown.
    Held(Unfit),
}

/// Why a drive cannot show an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Unfit {
    /// It is a link, and there are none.
    Link,
    /// It is larger than the largest file.
    TooLarge,
    /// Its name is too long, as it is or escaped.
    NameTooLong,
}

impl Default for DriveProfile {
    /// A drive that holds everything.
    fn default() -> Self {
        Self {
            names: NameRule::Any,
            folds_case: false,
            folds_form: false,
            has_links: true,
            has_modes: true,
            name_bytes_max: NAME_BYTES_MAX as u64,
            file_bytes_max: u64::MAX,
            time_step_ns: 1,
        }
    }
}

impl DriveProfile {
    /// Tells how the drive takes an entry. That folders above it are escaped is their own affair.
    pub fn fit(&self, value: &Value) -> Fit {
        match &value.content {
            Content::Tombstone => return Fit::AsIs,
            Content::Symlink(_) if !self.has_links => return Fit::Held(Unfit::Link),
            content if content.size_bytes() > self.file_bytes_max => return Fit::Held(Unfit::TooLarge),
            _ => {}
        }
        match self.spelled(&value.path) {
            None => Fit::Held(Unfit::NameTooLong),
            Some(spelled) if spelled.name() == value.path.name() => Fit::AsIs,
            Some(spelled) => Fit::Escaped(spelled.name().to_vec()),
        }
    }

    /// Gives how the drive spells a path; `None` if a name, or all together, is too long for it.
    fn spelled(&self, path: &RelPath) -> Option<RelPath> {
        let mut spelled = RelPath::root();
        for name in path.names() {
            let name = match self.names {
                NameRule::Any => name.into(),
                NameRule::Windows => escape(name),
            };
            // What is escaped must also be a name by the archive's own rules.
            spelled = spelled
                .join(&name)
                .ok()
                .filter(|_| name.len() as u64 <= self.name_bytes_max)?;
        }
        Some(spelled)
    }

    /// Tells whether its times may be those of some clock on a wall: all of them move when the zone or the season does.
    pub fn has_local_times(&self) -> bool {
        // FAT, and exFAT as far as what wrote there left out the zone; NTFS counts in smaller steps, and in UTC.
        self.names == NameRule::Windows && self.time_step_ns >= COARSE_STEP_NS
    }

    /// Gives the name of the kind of drive that is like this, for people; `None` if it holds nearly everything.
    pub fn kind_name(&self) -> Option<&'static str> {
        match (self.names, self.file_bytes_max) {
            (NameRule::Windows, max) if max <= u64::from(u32::MAX) => Some("FAT"),
            (NameRule::Windows, _) if !self.has_links => Some("exFAT"),
            (NameRule::Windows, _) => Some("a Windows drive"),
            (NameRule::Any, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{FileContent, Meta};
    use crate::ids::Digest;

    fn check(profile: &DriveProfile, name: &str, content: Content, fit: &Fit) {
        let value = Value {
            path: RelPath::new(format!("in?/{name}")).expect("a good path"),
            content,
            meta: Meta::default(),
        };
        assert_eq!(profile.fit(&value), *fit, "{name}");
    }

    fn file(size_bytes: u64) -> Content {
        Content::File(FileContent {
            digest: Digest::new([1; 32]),
            size_bytes,
            chunks: Vec::new(),
        })
    }

    #[test]
    fn what_does_not_fit_is_escaped_or_held() {
        let fat = DriveProfile {
            names: NameRule::Windows,
            has_links: false,
            file_bytes_max: u64::from(u32::MAX),
            ..DriveProfile::default()
        };
        let large = u64::from(u32::MAX) + 1;
        check(&fat, "a.txt", file(large - 1), &Fit::AsIs);
        check(&fat, "a.txt", file(large), &Fit::Held(Unfit::TooLarge));
        check(&fat, "a", Content::Symlink(b"b".to_vec()), &Fit::Held(Unfit::Link));
        check(&fat, "a:b", Content::Folder, &Fit::Escaped("a\u{f03a}b".into()));
        check(&fat, "a:b", Content::Tombstone, &Fit::AsIs);
        let long = format!("{}?", "n".repeat(253));
        check(&fat, &long, file(1), &Fit::Held(Unfit::NameTooLong));
        assert_eq!(fat.kind_name(), Some("FAT"));
        check(
            &fat,
            &format!("{long}/below.txt"),
            file(1),
            &Fit::Held(Unfit::NameTooLong),
        );
        let all = DriveProfile::default();
        check(&all, "a:b", file(large), &Fit::AsIs);
        check(&all, &long, Content::Symlink(b"b".to_vec()), &Fit::AsIs);
        assert_eq!(all.kind_name(), None);
    }
}
