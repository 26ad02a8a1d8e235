//! Names that drives made for Windows cannot hold, spelled so that the true name can be read back.
//!
//! A byte that cannot stand where it stands becomes the character U+F000 + byte, of Unicode's
//! private use area, as Services for Unix, Cygwin, WSL and the Linux CIFS client write it: one
//! character for one, no longer in UTF-16, and nothing that people have in names. Guarantees
//! that `true_name(escape(name)) == name` for every name, also for one that looks like an
//! escape itself; [`true_name`] is total, and takes what [`escape`] would not have written as it is.

use std::borrow::Cow;

/// What a byte is added to: U+F000 to U+F0FF.
const PRIVATE_USE: u32 = 0xf000;
/// Names of devices: nothing can be called that, whatever follows a dot.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Spells a name as a drive made for Windows can hold it; most names are spelled as they are.
pub fn escape(name: &[u8]) -> Cow<'_, [u8]> {
    if name.is_ascii() && !name.iter().any(|byte| is_banned(*byte)) && !has_bad_end(name) && !is_device(name) {
        return Cow::Borrowed(name);
    }
    let last = name.len().saturating_sub(1);
    let mut spelled = String::with_capacity(name.len() + 8);
    let mut at = 0;
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            let is_hurt = match u8::try_from(character) {
                Ok(byte) => is_banned(byte) || at == 0 && is_device(name) || at == last && has_bad_end(name),
                Err(_) => escaped_byte(character).is_some(),
            };
            if is_hurt {
                let mut bytes = [0; 4];
                character
                    .encode_utf8(&mut bytes)
                    .bytes()
                    .for_each(|byte| spelled.push(stand_in(byte)));
            } else {
                spelled.push(character);
            }
            at += character.len_utf8();
        }
        chunk.invalid().iter().for_each(|byte| spelled.push(stand_in(*byte)));
        at += chunk.invalid().len();
    }
    Cow::Owned(spelled.into_bytes())
}

/// Gives the name that a spelling on such a drive stands for.
pub fn true_name(spelled: &[u8]) -> Cow<'_, [u8]> {
    match unescape(spelled) {
        Some(name) => Cow::Owned(name),
        None => Cow::Borrowed(spelled),
    }
}

/// Gives a spelling as file managers show it: few fonts have anything but a box for what stands in.
pub fn as_seen(spelled: &[u8]) -> String {
    let seen = |character| match escaped_byte(character) {
        Some(_) => '\u{25af}',
        None => character,
    };
    String::from_utf8_lossy(spelled).chars().map(seen).collect()
}

/// Gives the nearest name that can be held everywhere, for people to choose.
pub fn suggestion(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let plain = |c: char| match u8::try_from(c) {
        Ok(byte) if is_banned(byte) => '-',
        Err(_) if c == '\u{fffd}' || escaped_byte(c).is_some() => '-',
        _ => c,
    };
    let plain: String = text.chars().map(plain).collect();
    let plain = plain.trim_end_matches(['.', ' ']);
    match plain {
        "" => "-".into(),
        device if is_device(device.as_bytes()) => format!("_{device}"),
        plain => plain.into(),
    }
}

/// Undoes [`escape`]; `None` if `escape` writes no such thing, or changes nothing.
fn unescape(spelled: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(spelled).ok()?;
    if !text.chars().any(|character| escaped_byte(character).is_some()) {
        return None;
    }
    let mut name = Vec::with_capacity(spelled.len());
    for character in text.chars() {
        match escaped_byte(character) {
            Some(byte) => name.push(byte),
            None => name.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    let is_name = !matches!(&name[..], b"." | b"..");
    (is_name && *escape(&name) == *spelled).then_some(name)
}

fn stand_in(byte: u8) -> char {
    char::from_u32(PRIVATE_USE + u32::from(byte)).expect("U+F000 to U+F0FF are characters")
}

/// Gives the byte that a stand-in is for; none stands for NUL, which is in no name.
fn escaped_byte(character: char) -> Option<u8> {
    let byte = u32::from(character).checked_sub(PRIVATE_USE)?;
    u8::try_from(byte).ok().filter(|byte| *byte != 0)
}

fn is_banned(byte: u8) -> bool {
    byte < 0x20 || br#""*:<>?\|"#.contains(&byte)
}

fn has_bad_end(name: &[u8]) -> bool {
    name.ends_with(b".") || name.ends_with(b" ")
}

fn is_device(name: &[u8]) -> bool {
    // What follows the dot need not be text.
    let stem = name.split(|byte| *byte == b'.').next().unwrap_or_default();
    let Ok(stem) = std::str::from_utf8(stem) else {
        return false;
    };
    let stem = stem.trim_end_matches(' ');
    let stem = stem.to_ascii_lowercase();
    let is_port = stem
        .strip_prefix("com")
        .or(stem.strip_prefix("lpt"))
        .is_some_and(|number| {
            let mut rest = number.chars();
            let is_one = rest.next().is_some_and(|c| c.is_ascii_digit() || "¹²³".contains(c));
            is_one && rest.next().is_none()
        });
    is_port || DEVICES.contains(&&stem[..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(name: &[u8], spelled: &str) {
        assert_eq!(String::from_utf8_lossy(&escape(name)), spelled);
        assert_eq!(true_name(spelled.as_bytes()), name, "{spelled:?} is read back");
    }

    #[test]
    fn what_can_be_held_is_left_alone() {
        for name in [
            "a.txt",
            ".hidden",
            " before",
            "Ünïcödé",
            "日本語？",
            "console",
            "com10",
            "a%3Ab",
            "e\u{301}",
        ] {
            check(name.as_bytes(), name);
        }
    }

    #[test]
    fn what_cannot_be_held_has_a_stand_in() {
        check(b"a:b?.txt", "a\u{f03a}b\u{f03f}.txt");
        check(b"\"*<>\\|", "\u{f022}\u{f02a}\u{f03c}\u{f03e}\u{f05c}\u{f07c}");
        check(b"new\nline", "new\u{f00a}line");
        check(b"dot.", "dot\u{f02e}");
        check(b"...", "..\u{f02e}");
        check(b"after ", "after\u{f020}");
        check(b"CON", "\u{f043}ON");
        check(b"nul.tar.gz", "\u{f06e}ul.tar.gz");
        check(b"Lpt1 .txt", "\u{f04c}pt1 .txt");
        check(b"aux.", "\u{f061}ux\u{f02e}");
        check(b"con.\x80", "\u{f063}on.\u{f080}");
        check(b"caf\xe9.txt", "caf\u{f0e9}.txt");
    }

    #[test]
    fn a_name_that_looks_like_an_escape_is_read_back_too() {
        check("a\u{f03a}b".as_bytes(), "a\u{f0ef}\u{f080}\u{f0ba}b");
        check("\u{f0ef}".as_bytes(), "\u{f0ef}\u{f083}\u{f0af}");
    }

    #[test]
    fn what_no_escape_wrote_is_a_name_of_its_own() {
        for odd in [
            "dot.",
            "CON",
            "x\u{f061}y",
            "\u{f02e}",
            ".\u{f02e}",
            "a\u{f02f}b",
            "\u{f000}",
            "\u{f02e}offsync",
        ] {
            assert_eq!(true_name(odd.as_bytes()), odd.as_bytes());
        }
    }

    #[test]
    fn what_stands_in_is_seen_as_a_box() {
        assert_eq!(as_seen(&escape(b"a:b.")), "a\u{25af}b\u{25af}");
        assert_eq!(as_seen(b"plain"), "plain");
    }

    #[test]
    fn people_are_told_a_name_that_is_the_same_everywhere() {
        for (name, good) in [
            ("a:b.txt", "a-b.txt"),
            ("why?", "why-"),
            ("dot. .", "dot"),
            ("CON.txt", "_CON.txt"),
            ("...", "-"),
        ] {
            assert_eq!(suggestion(name.as_bytes()), good);
            assert_eq!(escape(good.as_bytes()), good.as_bytes());
        }
    }

    /// Names of the pieces that matter, and of any bytes.
    fn names() -> impl Strategy<Value = Vec<u8>> {
        let pieces = [
            "a", ".", " ", ":", "?", "con", "NUL", "lpt1", "\u{f03a}", "\u{f0ef}", "\u{f080}", "\u{f02e}", "é", "\n",
        ];
        let piece = prop_oneof![
            4 => prop::sample::select(pieces.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..3),
        ];
        let good = |name: &Vec<u8>| {
            !matches!(&name[..], b"" | b"." | b"..") && !name.iter().any(|byte| matches!(byte, 0 | b'/'))
        };
        prop::collection::vec(piece, 1..8)
            .prop_map(|pieces| pieces.concat())
            .prop_filter("a name", good)
    }

    proptest! {
        #[test]
        fn every_name_is_read_back(name in names()) {
            let spelled = escape(&name);
            prop_assert_eq!(&*true_name(&spelled), &name[..]);
        }

        #[test]
        fn what_is_written_can_be_held(name in names()) {
            let spelled = escape(&name);
            let text = std::str::from_utf8(&spelled).expect("text");
            prop_assert!(!spelled.iter().any(|byte| is_banned(*byte)) && !has_bad_end(&spelled), "{:?}", text);
            prop_assert!(!is_device(&spelled), "{:?}", text);
        }

        #[test]
        fn two_spellings_never_mean_the_same_by_escape(one in names(), two in names()) {
            prop_assert!(one == two || escape(&one) != escape(&two));
        }

        #[test]
        fn any_spelling_means_a_name(spelled in names()) {
            let name = true_name(&spelled);
            prop_assert!(!matches!(&name[..], b"" | b"." | b"..") && !name.iter().any(|b| matches!(b, 0 | b'/')));
        }
    }
}
