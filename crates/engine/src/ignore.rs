//! What is not taken in: the rules of `.offsyncignore`, and the clutter that systems put on drives.
//!
//! Rules are asked only about what is not kept yet. What the archive holds stays in it, whatever the
//! rules say, so that changing them never deletes anything anywhere. No other program's
//! rules are read.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ::ignore::Match;
use ::ignore::gitignore::{Gitignore, GitignoreBuilder};
use offsync_core::entry::{Content, Value};
use offsync_core::ids::ChunkId;
use offsync_core::limits::IGNORE_FILE_BYTES_MAX;
use offsync_core::ports::{Disk, DiskError, DiskErrorKind, EntryKind, IndexWrite};
use offsync_core::rel_path::{PathKey, RelPath};

use crate::content::read_error;
use crate::engine::Engine;
use crate::error::{Result, is_fatal};
use crate::memory::{self, DAMAGED, GONE, Gone, IGNORE};
use crate::report::IgnoreRule;
use crate::touched::looks_same;

/// The file with an archive's own rules, at its top; it travels like any other.
pub const IGNORE_FILE: &str = ".offsyncignore";

/// What systems and programs put beside people's files. A rule of one's own that begins with `!` takes it in again.
const CLUTTER: &[&str] = &[
    ".DS_Store",
    "._*",
    ".apdisk",
    "/.Spotlight-V100/",
    "/.Trashes",
    "/.fseventsd/",
    "/.TemporaryItems/",
    "/.DocumentRevisions-V100/",
    "Thumbs.db",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "/$RECYCLE.BIN/",
    "/System Volume Information/",
    "/lost+found/",
    "/.Trash-*/",
    ".nfs*",
    ".fuse_hidden*",
    "~$*.doc*",
    "~$*.xls*",
    "~$*.ppt*",
    ".~lock.*#",
];

/// The rules in force at one scan.
pub(crate) struct Rules {
    own: Gitignore,
}

/// The rules for clutter, made once.
static CLUTTER_RULES: LazyLock<Gitignore> = LazyLock::new(|| {
    let mut builder = builder();
    for pattern in CLUTTER {
        // A pattern that a later version of the crate refused would be clutter that is kept, nothing worse.
        let _ = builder.add_line(None, pattern);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
});

/// Tells whether something at the top of a drive is what systems put there of themselves, as `lost+found` is.
pub fn is_clutter(name: &RelPath, is_folder: bool) -> bool {
    CLUTTER_RULES.matched(as_path(name), is_folder).is_ignore()
}

fn builder() -> GitignoreBuilder {
    let mut builder = GitignoreBuilder::new("");
    let _ = builder.case_insensitive(true);
    // A slip is better said than guessed at.
    builder.allow_unclosed_class(false);
    builder
}

/// Rules, and the lines that are none: number and what is wrong with it.
type Parsed = (Rules, Vec<(u64, String)>);

impl Rules {
    /// Reads rules in gitignore's syntax, on top of those for clutter.
    ///
    /// Case does not matter, as it does not for entries: the same rules must mean the same on every drive.
    pub(crate) fn parse(own: &[u8]) -> Parsed {
        let mut builder = builder();
        let mut bad = Vec::new();
        let own = own.strip_prefix(b"\xef\xbb\xbf").unwrap_or(own);
        for (number, line) in (1..).zip(own.split(|byte| *byte == b'\n')) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let added = match std::str::from_utf8(line) {
                Ok(line) => builder
                    .add_line(Some(PathBuf::from(number.to_string())), line)
                    .map(|_| ())
                    .map_err(|error| error.to_string()),
                Err(_) => Err("it is not UTF-8".to_owned()),
            };
            if let Err(reason) = added {
                bad.push((number, reason));
            }
        }
        let own = builder.build().unwrap_or_else(|_| Gitignore::empty());
        (Self { own }, bad)
    }

    /// Gives the rule by which a path is not taken in; what lies in an ignored folder is not asked for.
    pub(crate) fn ignores(&self, path: &RelPath, kind: EntryKind) -> Option<IgnoreRule> {
        if path.as_bytes() == IGNORE_FILE.as_bytes() {
            // Rules that left themselves out would hold at one location alone.
            return None;
        }
        let (path, is_folder) = (as_path(path), kind == EntryKind::Folder);
        // A rule of one's own stands above those for clutter, whatever it says.
        let matched = self.own.matched(path, is_folder);
        let matched = matched.or(CLUTTER_RULES.matched(path, is_folder));
        match matched {
            Match::Ignore(glob) => Some(IgnoreRule {
                pattern: glob.original().to_owned(),
                line: glob.from().and_then(Path::to_str).and_then(|line| line.parse().ok()),
            }),
            Match::None | Match::Whitelist(_) => None,
        }
    }

    /// Gives the rule by which something is not taken in, or a folder above it.
    fn ignores_in_folders(&self, value: &Value) -> Option<IgnoreRule> {
        let mut above: Vec<RelPath> = std::iter::successors(value.path.parent(), RelPath::parent).collect();
        above.retain(|folder| !folder.is_root());
        let of_folder = |folder: &RelPath| self.ignores(folder, EntryKind::Folder);
        let kind = if value.content.is_folder() {
            EntryKind::Folder
        } else {
            EntryKind::File
        };
        above
            .iter()
            .rev()
            .find_map(of_folder)
            .or_else(|| self.ignores(&value.path, kind))
    }
}

impl Engine<'_> {
    /// Reads the archive's rules as this drive shows them. Where they cannot be read, those of the last scan stand.
    pub(crate) fn load_rules(&mut self) -> Result<Rules> {
        let known: Option<Vec<u8>> = memory::read(self.index, IGNORE)?;
        let path = RelPath::new(IGNORE_FILE).expect("a good name");
        let key = path.key();
        let siblings = self.index.entry(&key)?;
        let versions: BTreeSet<[u8; 32]> = siblings
            .live()
            .map(|(_, version)| version.value.content.tag())
            .collect();
        let is_in_archive = siblings.is_live();
        let read = match self.stands_instead_of_rules(&path) {
            // They are none any more for somebody who meant to keep them elsewhere, or slipped.
            Some(what) if is_in_archive => {
                let of_before = if known.is_some() {
                    "; those of before stand until a file does"
                } else {
                    ""
                };
                let text = format!("{what} stands here and no file, so that it holds no rules{of_before}");
                self.warn(&path, text);
                Ok(None)
            }
            _ => read_rules(self.disk, &path),
        };
        let own = match read {
            // They were taken away, and may come back: nobody was asked yet, or said no, or the other one of two versions takes
            // their place. What they keep here would not come back from the others.
            Ok(None) if known.is_some() && is_in_archive => known.clone(),
            Ok(Some(own)) if known.is_some() && self.is_damaged_reading(&path, &own)? => known.clone(),
            // What one of two homes keeps to itself it goes on keeping, until a person has put the two together.
            Ok(Some(own)) if versions.len() > 1 => Some(both(known.as_deref().unwrap_or_default(), own)),
            Ok(own) => own,
            Err(error) if is_fatal(&error) => return Err(error.into()),
            Err(error) => {
                let reason = format!(
                    "its rules could not be read ({}); those of before stand",
                    error.reason()
                );
                self.skip(&path, reason);
                known.clone()
            }
        };
        if own != known {
            let write = match &own {
                Some(own) => memory::write(IGNORE, own),
                None => memory::erase(IGNORE),
            };
            self.commit(vec![write])?;
        }
        let (rules, bad) = Rules::parse(own.as_deref().unwrap_or_default());
        for (line, reason) in bad {
            // Every home has this line with the next sync: it is worth a word, and no reason to call a sync unfinished.
            self.warn(
                &path,
                format!("line {line} is no pattern and ignores nothing ({reason})"),
            );
        }
        Ok(rules)
    }

    /// Gives what stands where the rules' file belongs, if it is no file.
    fn stands_instead_of_rules(&self, path: &RelPath) -> Option<&'static str> {
        match self.disk.look(path).ok()??.kind {
            EntryKind::File => None,
            EntryKind::Folder => Some("a folder"),
            EntryKind::Symlink => Some("a link"),
            EntryKind::Other => Some("something else"),
        }
    }

    /// Tells whether the archive has rules that never stood here, and whose content somebody may still have.
    pub(crate) fn awaits_rules(&self) -> Result<bool> {
        let key = RelPath::new(IGNORE_FILE).expect("a good name").key();
        let is_here = self.index.place(&key)?.is_some_and(|place| place.on_disk().is_some());
        if is_here || memory::read::<Vec<u8>>(self.index, IGNORE)?.is_some() {
            return Ok(false);
        }
        let siblings = self.index.entry(&key)?;
        let lost: BTreeSet<ChunkId> = self.lost_pieces()?.into_iter().flatten().collect();
        let may_come = |content: &Content| content.is_file() && content.chunk_ids().iter().all(|id| !lost.contains(id));
        Ok(siblings.live().any(|(_, version)| may_come(&version.value.content)))
    }

    /// Tells whether the rules' file reads otherwise than it should, and nobody touched it.
    fn is_damaged_reading(&self, path: &RelPath, read: &[u8]) -> Result<bool> {
        let key = path.key();
        if self.index.note(&memory::of_key(DAMAGED, &key))?.is_some() {
            return Ok(true);
        }
        let Some(place) = self.index.place(&key)? else {
            return Ok(false);
        };
        let (Some(Content::File(known)), Some(stat)) = (place.on_disk().map(|value| &value.content), place.stat())
        else {
            return Ok(false);
        };
        let is_other = known.digest != self.keys.digest(read);
        Ok(is_other
            && self
                .disk
                .look(path)
                .is_ok_and(|entry| entry.is_some_and(|entry| looks_same(stat, &entry))))
    }

    /// Leaves out what is not kept yet where the rules are other ones than at the scan: they came in this very cycle, which
    /// would send what they leave out. Tells whether there was any: then the drive is to be settled.
    ///
    /// It is what the next scan would leave out, but for what may be a file that went from elsewhere: that goes with it.
    pub(crate) fn heed_new_rules(&mut self) -> Result<bool> {
        let before: Option<Vec<u8>> = memory::read(self.index, IGNORE)?;
        let rules = self.load_rules()?;
        if memory::read::<Vec<u8>>(self.index, IGNORE)? == before {
            return Ok(false);
        }
        let gone = memory::read_all::<Gone>(self.index, GONE)?.into_values();
        let came_to: BTreeSet<PathKey> = gone.filter_map(|gone| Some(gone.went_to?.path.key())).collect();
        let mut left_out: BTreeSet<PathKey> = BTreeSet::new();
        // Folders after what is in them.
        for (key, place) in self.index.changed_places()?.into_iter().rev() {
            let Some(value) = place.on_disk().filter(|_| !came_to.contains(&key)) else {
                continue;
            };
            let below = match value.content.is_folder() {
                true => self.places_below(&key)?,
                false => Vec::new(),
            };
            // A folder that lives only by what is ignored is no entry.
            let lives_on = below.iter().any(|(below, _)| !left_out.contains(below));
            let is_out = !lives_on && (!below.is_empty() || rules.ignores_in_folders(value).is_some());
            if is_out && !self.is_kept(&key, Some(&place))? {
                left_out.insert(key);
            }
        }
        let is_any = !left_out.is_empty();
        // A folder that stood for these alone is to go.
        let unsettled = left_out
            .iter()
            .filter_map(PathKey::parent)
            .map(|above| memory::unsettle(&above));
        let mut writes: Vec<IndexWrite> = unsettled.collect();
        writes.extend(left_out.into_iter().map(|key| IndexWrite::Place(key, None)));
        self.commit(writes)?;
        Ok(is_any)
    }
}

/// Gives rules that leave out what either of two leave out, line by line.
fn both(known: &[u8], own: Vec<u8>) -> Vec<u8> {
    let lines: BTreeSet<&[u8]> = known.split(|byte| *byte == b'\n').collect();
    let mut all = known.to_vec();
    for line in own.split(|byte| *byte == b'\n').filter(|line| !lines.contains(line)) {
        if !all.is_empty() && !all.ends_with(b"\n") {
            all.push(b'\n');
        }
        all.extend(line);
    }
    all
}

fn read_rules(disk: &dyn Disk, path: &RelPath) -> std::result::Result<Option<Vec<u8>>, DiskError> {
    let Some(entry) = disk.look(path)?.filter(|entry| entry.kind == EntryKind::File) else {
        return Ok(None);
    };
    if entry.stat.size_bytes > IGNORE_FILE_BYTES_MAX {
        let reason = format!("it is larger than {} KiB", IGNORE_FILE_BYTES_MAX >> 10);
        return Err(DiskError::new(DiskErrorKind::Other, path.clone(), reason));
    }
    let mut bytes = Vec::new();
    let file = disk.open(path)?;
    file.take(IGNORE_FILE_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(|error| read_error(path, &error))?;
    Ok(Some(bytes))
}

#[cfg(unix)]
fn as_path(path: &RelPath) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(path.as_bytes()))
}

#[cfg(not(unix))]
fn as_path(path: &RelPath) -> &Path {
    // Names that are no text match no pattern there.
    Path::new(path.as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(own: &str, path: &str, kind: EntryKind, expected: Option<(&str, Option<u64>)>) {
        let (rules, bad) = Rules::parse(own.as_bytes());
        assert_eq!(bad, []);
        let found = rules.ignores(&RelPath::new(path).expect("a good path"), kind);
        let found = found.as_ref().map(|rule| (rule.pattern.as_str(), rule.line));
        assert_eq!(found, expected, "{path} by {own:?}");
    }

    #[test]
    fn clutter_of_systems_is_ignored_unless_a_rule_takes_it_in() {
        check("", "a/.DS_Store", EntryKind::File, Some((".DS_Store", None)));
        check("", "._Photo.jpg", EntryKind::File, Some(("._*", None)));
        check("", "$RECYCLE.BIN", EntryKind::Folder, Some(("/$RECYCLE.BIN/", None)));
        check("", "old/$RECYCLE.BIN", EntryKind::Folder, None);
        check("", "Photo.jpg", EntryKind::File, None);
        check("!Thumbs.db", "a/Thumbs.db", EntryKind::File, None);
    }

    #[test]
    fn rules_are_those_of_gitignore_without_regard_to_case() {
        check("*.tmp", "a/B.TMP", EntryKind::File, Some(("*.tmp", Some(1))));
        check(
            "# a comment\r\n\r\n/build/\r\n",
            "build",
            EntryKind::Folder,
            Some(("/build/", Some(3))),
        );
        check("/build/", "build", EntryKind::File, None);
        check("/build/", "a/build", EntryKind::Folder, None);
        check("*.raw\n!keep.raw", "keep.raw", EntryKind::File, None);
        check("\u{feff}*.tmp", "a.tmp", EntryKind::File, Some(("*.tmp", Some(1))));
        check("*", IGNORE_FILE, EntryKind::File, None);
        check("a/**/z", "a/b/c/z", EntryKind::File, Some(("a/**/z", Some(1))));
    }

    #[test]
    fn a_line_that_is_no_pattern_is_named_and_the_others_stand() {
        let (rules, bad) = Rules::parse(b"{a\n\xff\n*.tmp");
        assert_eq!(bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2]);
        let path = RelPath::new("x.tmp").expect("a good path");
        assert!(rules.ignores(&path, EntryKind::File).is_some());
    }

    #[test]
    fn names_that_are_no_text_are_matched_by_their_bytes() {
        let (rules, _) = Rules::parse(b"*.tmp");
        let path = RelPath::new(b"caf\xe9.tmp").expect("a good path");
        assert!(rules.ignores(&path, EntryKind::File).is_some());
    }
}
