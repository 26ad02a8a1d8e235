//! Paths that are no plain text: exactly for scripts, and for people as they can type them back.

use offsync_core::rel_path::RelPath;

/// Gives a path exactly, in base64, if it is not UTF-8.
pub(crate) fn exact(path: &RelPath) -> Option<String> {
    path.as_str().is_none().then(|| base64(path.as_bytes()))
}

/// Gives a path of an archive as it can be typed back at a shell, of which `path_base64` says it exactly if it is not UTF-8.
///
/// What plain letters cannot say stands as shells read and `ls` shows it, `$'caf\351'`; what begins like an option begins
/// with `./`. No control character is in what it gives.
pub fn as_typed(path: &str, path_base64: Option<&str>) -> String {
    let bytes = path_base64.and_then(from_base64);
    let bytes = bytes.as_deref().unwrap_or(path.as_bytes());
    let start = if bytes.starts_with(b"-") { "./" } else { "" };
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(char::is_control) => format!("{start}{text}"),
        _ => format!("$'{start}{}'", quoted(bytes)),
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
            (b"back\\slash", "back\\slash"),
            (b"-rf", "./-rf"),
            (b"a/-rf", "a/-rf"),
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
}
