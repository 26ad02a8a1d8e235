//! Paths that are no plain text: exactly for scripts, and for people as they can type them back.

use offsync_core::rel_path::RelPath;
use serde::{Serialize, Serializer};

/// A path in a document's list of paths: as text there, lossily if it is not UTF-8, and exactly for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPath(pub(crate) RelPath);

impl ListedPath {
    /// Gives it as people can type it back.
    pub fn as_typed(&self) -> String {
        as_typed(&self.0.to_string(), exact(&self.0).as_deref())
    }
}

impl Serialize for ListedPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Gives a path exactly, in base64, if it is not UTF-8.
pub(crate) fn exact(path: &RelPath) -> Option<String> {
    path.as_str().is_none().then(|| base64(path.as_bytes()))
}

/// Gives a path of an archive for a list, of which `path_base64` says it exactly if it is not UTF-8.
///
/// Where a shell would take a character for something else, it stands in quotes and can be typed back as it is. Spaces and
/// parentheses alone, which many good names have, stand as they are: there people put the quotes. What plain letters
/// cannot say stands as shells read and `ls` shows it, `$'caf\351'`; what begins like an option begins with `./`. No control
/// character is in what it gives.
pub fn as_typed(path: &str, path_base64: Option<&str>) -> String {
    let exactly = exactly(path, path_base64);
    match std::str::from_utf8(&exactly) {
        Ok(text) if !misleads(text) => text.to_owned(),
        _ => in_quotes(&exactly),
    }
}

/// Gives a path of an archive for a command that is shown to be typed: always in quotes.
pub fn as_argument(path: &str, path_base64: Option<&str>) -> String {
    in_quotes(&exactly(path, path_base64))
}

fn exactly(path: &str, path_base64: Option<&str>) -> Vec<u8> {
    let mut bytes = path_base64.and_then(from_base64).unwrap_or(path.as_bytes().to_vec());
    if bytes.starts_with(b"-") {
        bytes.splice(..0, *b"./");
    }
    bytes
}

/// Tells whether a shell would take a part of a path for something else, spaces and parentheses aside.
fn misleads(text: &str) -> bool {
    text.starts_with(['~', '#', '!', '=']) || text.contains(|c: char| c.is_control() || "'\"$`\\*?[{;&|<>".contains(c))
}

fn in_quotes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.contains(char::is_control) => format!("$'{}'", quoted(bytes)),
        Ok(text) if !text.contains('\'') => format!("'{text}'"),
        // In double quotes a shell still reads these.
        Ok(text) if !text.contains(['"', '$', '`', '\\', '!']) => format!("\"{text}\""),
        _ => format!("$'{}'", quoted(bytes)),
    }
}

fn quoted(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\\' | '\'' => text.extend(['\\', c]),
                c if c.is_control() => text.push_str(&octal(c.encode_utf8(&mut [0; 4]).as_bytes())),
                c => text.push(c),
            }
        }
        text.push_str(&octal(chunk.invalid()));
    }
    text
}

/// Three octal digits end where they end; of hexadecimal ones a shell takes as many as follow.
fn octal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:03o}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_back_is_the_path() {
        for (bytes, typed) in [
            (&b"2024/beach day.jpg"[..], "2024/beach day.jpg"),
            (b"back\\slash", "'back\\slash'"),
            (b"-rf", "./-rf"),
            (b"a/-rf", "a/-rf"),
            (b"a (other version).txt", "a (other version).txt"),
            (b"-$(rm -r ~)", "'./-$(rm -r ~)'"),
            (b"what?.txt", "'what?.txt'"),
            (b"~pep/#1", "'~pep/#1'"),
            (b"it's here.txt", "\"it's here.txt\""),
            (b"it's \"$5\"", "$'it\\'s \"$5\"'"),
            (b"new\nline", "$'new\\nline'"),
            (b"it's\x1b[31m\\", "$'it\\'s\\033[31m\\\\'"),
            (b"caf\xe91", "$'caf\\3511'"),
            (b"-\xff", "$'./-\\377'"),
            ("c\u{9b}1".as_bytes(), "$'c\\302\\2331'"),
        ] {
            let lossy = String::from_utf8_lossy(bytes);
            let exact = std::str::from_utf8(bytes).is_err().then(|| base64(bytes));
            assert_eq!(as_typed(&lossy, exact.as_deref()), typed, "{lossy:?}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_shell_reads_an_argument_and_what_is_quoted_as_the_path() {
        use std::os::unix::ffi::OsStrExt;
        for bytes in [
            &b"beach day (2).jpg"[..],
            b"it's \"$5\" `x` \\ * ? [a] {b,c} ; & | < > # ~ ! =",
            b"~",
            b"$HOME",
            b"it's",
            b"new\nline\ttab\x07",
            b"caf\xe91",
            b"-\xff",
        ] {
            let lossy = String::from_utf8_lossy(bytes);
            let exact = std::str::from_utf8(bytes).is_err().then(|| base64(bytes));
            let mut shown = vec![as_argument(&lossy, exact.as_deref())];
            if std::str::from_utf8(bytes).map_or(true, misleads) {
                shown.push(as_typed(&lossy, exact.as_deref()));
            }
            for shown in shown {
                let script = std::ffi::OsString::from(format!("printf %s {shown}"));
                let read = std::process::Command::new("bash").arg("-c").arg(&script).output();
                let read = read.expect("there is a shell").stdout;
                let meant = if bytes.starts_with(b"-") {
                    [b"./", bytes].concat()
                } else {
                    bytes.to_vec()
                };
                assert_eq!(read, meant, "{shown} {:?}", std::ffi::OsStr::from_bytes(&read));
            }
        }
    }
}
