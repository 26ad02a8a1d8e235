//! Paths that are no text, for scripts: the bytes of a name that is not UTF-8.

use offsync_core::rel_path::RelPath;

/// Gives a path exactly, in base64, if it is not UTF-8.
pub(crate) fn exact(path: &RelPath) -> Option<String> {
    path.as_str().is_none().then(|| base64(path.as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
