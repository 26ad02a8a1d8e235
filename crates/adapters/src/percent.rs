//! Bytes in addresses: `%20` for a blank.

/// Reads a text in which bytes may stand as `%` and two hexadecimal digits; `None` where one does not, or is zero.
pub(crate) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = tail;
            continue;
        }
        let digits = tail.get(..2).filter(|two| two.iter().all(u8::is_ascii_hexdigit))?;
        let byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        if byte == 0 {
            return None;
        }
        bytes.push(byte);
        rest = &tail[2..];
    }
    Some(bytes)
}

/// Writes bytes as a part of an address.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'.' | b'_' | b'~' | b':');
    let one = |b: &u8| {
        if is_plain(*b) {
            char::from(*b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    bytes.iter().map(one).collect()
}
