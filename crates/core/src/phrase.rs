//! Phrases: six words out of 7,776 that seal an invitation, 77 bits, easy to read out.
//!
//! Reading forgives case, hyphens, commas, blanks and one slip in each word, but never guesses
//! between two words.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// How many words a phrase has.
pub const PHRASE_WORDS: usize = 6;
/// How many words there are to choose from.
pub const LIST_WORDS: usize = 7_776;
const SUGGESTIONS_MAX: usize = 5;

const LIST: &str = include_str!("words.txt");

/// Six words, as their places in the list; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Phrase([u16; PHRASE_WORDS]);

/// Why a text is no phrase.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhraseError {
    /// Too few or too many words.
    #[error("a phrase has {PHRASE_WORDS} words, these are {found}")]
    Count {
        /// How many there are.
        found: usize,
    },
    /// A word that is not in the list, and not near to just one that is.
    #[error("word {position} is not one of the list")]
    Word {
        /// Its place, from 1.
        position: usize,
        /// The word as it was typed.
        word: String,
        /// A word that may be meant.
        suggestion: Option<&'static str>,
    },
}

impl Phrase {
    /// Draws six words from 32 random bytes, each phrase equally likely to within 2^-178.
    ///
    /// The bytes are one number, little end first; its digits in base 7,776, lowest first, are the words.
    pub fn from_entropy(bytes: &[u8; 32]) -> Self {
        let mut number = *bytes;
        let words = [(); PHRASE_WORDS].map(|()| divide(&mut number));
        number.zeroize();
        Self(words)
    }

    /// Gives the words in order.
    pub fn words(&self) -> [&'static str; PHRASE_WORDS] {
        let list: Vec<&str> = words().collect();
        self.0.map(|place| list[usize::from(place)])
    }

    /// Reads six words.
    pub fn parse(text: &str) -> Result<Self, PhraseError> {
        let typed = text.to_lowercase();
        let parts: Vec<&str> = typed
            .split(|c: char| !c.is_alphanumeric())
            .filter(|part| !part.is_empty())
            .collect();
        let list: Vec<&str> = words().collect();
        let (mut places, mut at) = (Zeroizing::new(Vec::new()), 0);
        while at < parts.len() {
            let spare = (parts.len() - at).saturating_sub(PHRASE_WORDS.saturating_sub(places.len()));
            let hyphenated = parts
                .get(at..at + 2)
                .filter(|_| spare > 0)
                .and_then(|two| find_hyphenated(&list, two));
            let found = hyphenated.map_or_else(|| find(&list, parts[at]), Ok);
            let position = places.len() + 1;
            let wrong = |suggestion| PhraseError::Word {
                position,
                word: parts[at].to_owned(),
                suggestion,
            };
            places.push(found.map_err(wrong)?);
            at += if hyphenated.is_some() { 2 } else { 1 };
        }
        let six = <[u16; PHRASE_WORDS]>::try_from(&places[..]);
        six.map(Self).map_err(|_| PhraseError::Count { found: places.len() })
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phrase(..)")
    }
}

/// Gives up to five words that begin as `prefix` does, in order of the alphabet.
pub fn suggest(prefix: &str) -> Vec<&'static str> {
    let prefix = prefix.trim().to_lowercase();
    words()
        .filter(|word| word.starts_with(&prefix))
        .take(SUGGESTIONS_MAX)
        .collect()
}

fn words() -> impl Iterator<Item = &'static str> {
    LIST.lines().filter(|line| !line.starts_with('#'))
}

/// Finds the word that is meant, or else one that may be.
fn find(list: &[&'static str], typed: &str) -> Result<u16, Option<&'static str>> {
    let places = || (0u16..).zip(list);
    let without_hyphen = |word: &str| word.contains('-') && word.replace('-', "") == typed;
    let same = places()
        .find(|(_, word)| **word == typed)
        .or_else(|| places().find(|(_, word)| without_hyphen(word)));
    if let Some((place, _)) = same {
        return Ok(place);
    }
    let mut near = places().filter(|(_, word)| is_one_slip(typed, word));
    match (near.next(), near.next()) {
        (Some((place, _)), None) => Ok(place),
        (first, _) => Err(first.map(|(_, word)| *word)),
    }
}

/// Finds a word that the list writes with a hyphen, from its two halves.
fn find_hyphenated(list: &[&'static str], halves: &[&str]) -> Option<u16> {
    if list.contains(&halves[0]) {
        return None;
    }
    let typed = halves.join("-");
    let meant = |word: &str| word.contains('-') && (word == typed || is_one_slip(&typed, word));
    (0u16..).zip(list).find(|(_, word)| meant(word)).map(|(place, _)| place)
}

/// Tells whether one letter too many, too few, wrong, or swapped with its neighbour, makes one text of the other.
///
/// This is the Damerau-Levenshtein distance of 1.
fn is_one_slip(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let front = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[front..], &b[front..]);
    let back = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&a[..a.len() - back], &b[..b.len() - back]) {
        ([_], []) | ([], [_]) | ([_], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

/// Divides a number by 7,776 in place and gives the remainder.
fn divide(number: &mut [u8; 32]) -> u16 {
    let mut rest = 0u32;
    for byte in number.iter_mut().rev() {
        let with_next = rest << 8 | u32::from(*byte);
        *byte = (with_next / LIST_WORDS as u32) as u8;
        rest = with_next % LIST_WORDS as u32;
    }
    rest as u16
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const WORDS: &str = "abacus drop-down zoom yo-yo t-shirt felt-tip";

    fn parse(text: &str) -> Result<String, PhraseError> {
        Phrase::parse(text).map(|phrase| phrase.to_string())
    }

    #[test]
    fn the_list_is_whole_and_has_no_word_twice() {
        assert_eq!(words().count(), LIST_WORDS);
        assert_eq!(words().collect::<BTreeSet<_>>().len(), LIST_WORDS);
        assert!(words().all(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
        let hash = blake3::hash(words().collect::<Vec<_>>().join("\n").as_bytes()).to_hex();
        assert_eq!(
            hash.as_str(),
            "7b1b2e0721b74a93fe3f313cd62dd53b2049f9f18068e96eaeacd8ce6faad66d"
        );
    }

    #[test]
    fn every_word_is_read_as_itself_however_near_others_are() {
        let list: Vec<&str> = words().collect();
        for (place, word) in (0u16..).zip(&list) {
            assert_eq!(find(&list, word), Ok(place), "{word}");
        }
        let halves: Vec<&str> = list
            .iter()
            .filter_map(|word| word.split_once('-'))
            .map(|(front, _)| front)
            .collect();
        assert_eq!(halves, ["drop", "felt", "t", "yo"]);
        assert!(halves.iter().all(|front| !list.contains(front)));
    }

    #[test]
    fn a_slip_between_two_words_is_never_guessed() {
        let list: Vec<&str> = words().collect();
        let (mut pairs, mut middles) = (0, 0);
        for (i, a) in list.iter().enumerate().step_by(20) {
            for b in list
                .iter()
                .skip(i + 1)
                .filter(|b| a.len() == b.len() && is_one_slip(a, b))
            {
                pairs += 1;
                let at = a.bytes().zip(b.bytes()).position(|(a, b)| a != b).expect("they differ");
                let middle = format!("{}#{}", &a[..at], &a[at + 1..]);
                if is_one_slip(&middle, a) && is_one_slip(&middle, b) {
                    middles += 1;
                    assert!(find(&list, &middle).is_err(), "{middle}");
                }
            }
        }
        assert!(pairs > 20 && middles > 20, "{pairs} {middles}");
    }

    #[test]
    fn case_commas_hyphens_and_blanks_are_forgiven() {
        for text in [
            "abacus drop-down zoom yo-yo t-shirt felt-tip",
            "  ABACUS,Drop-Down;zoom - yo yo\tt shirt\nfelt tip. ",
            "abacus-drop-down-zoom-yo-yo-t-shirt-felt-tip",
            "abacus dropdown zoom yo yo tshirt felttip",
        ] {
            assert_eq!(parse(text).as_deref(), Ok(WORDS), "{text}");
        }
    }

    #[test]
    fn one_slip_in_each_word_is_forgiven() {
        assert_eq!(
            parse("abacis drop-dwon zooom yo-y t-shrt fel-tip").as_deref(),
            Ok(WORDS)
        );
    }

    #[test]
    fn a_wrong_word_is_named_with_its_place() {
        let wrong = parse("abacus zoom qqqqq abacus abacus abacus");
        assert_eq!(
            wrong,
            Err(PhraseError::Word {
                position: 3,
                word: "qqqqq".into(),
                suggestion: None
            })
        );
        let wrong = parse("drop-down zoom drop-down zoom zoom xyzzy");
        assert_eq!(
            wrong,
            Err(PhraseError::Word {
                position: 6,
                word: "xyzzy".into(),
                suggestion: None
            })
        );
    }

    #[test]
    fn too_few_and_too_many_words_are_counted() {
        assert_eq!(parse(""), Err(PhraseError::Count { found: 0 }));
        assert_eq!(parse("abacus zoom"), Err(PhraseError::Count { found: 2 }));
        assert_eq!(parse(&"zoom ".repeat(7)), Err(PhraseError::Count { found: 7 }));
    }

    #[test]
    fn words_are_suggested_from_their_beginning() {
        assert_eq!(suggest(" Abd"), ["abdomen", "abdominal", "abide"][..2]);
        assert_eq!(suggest("a").len(), SUGGESTIONS_MAX);
        assert_eq!(suggest("zz"), Vec::<&str>::new());
    }

    #[test]
    fn entropy_is_read_as_a_number_in_base_7776() {
        let mut bytes = [0; 32];
        assert_eq!(Phrase::from_entropy(&bytes).0, [0; 6]);
        bytes[..4].copy_from_slice(&(7_775u32 + 7_776 * 3).to_le_bytes());
        assert_eq!(Phrase::from_entropy(&bytes).0, [7_775, 3, 0, 0, 0, 0]);
        assert_eq!(
            Phrase::from_entropy(&[0xff; 32]).to_string(),
            "unwatched defection overhand pushpin dotted nacho"
        );
    }

    #[test]
    fn a_phrase_never_shows_itself_in_debug_output() {
        assert_eq!(format!("{:?}", Phrase::from_entropy(&[1; 32])), "Phrase(..)");
    }

    proptest! {
        #[test]
        fn a_phrase_survives_its_text_form(bytes: [u8; 32]) {
            let phrase = Phrase::from_entropy(&bytes);
            prop_assert_eq!(Phrase::parse(&phrase.to_string()), Ok(phrase));
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,80}") {
            let _ = Phrase::parse(&text);
            let _ = suggest(&text);
        }
    }
}
