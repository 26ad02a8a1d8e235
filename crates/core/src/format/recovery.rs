//! The recovery sheet: the secrets of one location in lines that a person can print, keep and type in again.
//!
//! Each line has its number and a check of its own, so that a slip is named by its line. Reading forgives case, blanks,
//! dashes, letters that look like digits, and whatever else stands on the sheet; it never guesses.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use super::wire::{Reader, WireError, Writer};
use crate::ids::{ArchiveId, LocationId};

const VERSION: u8 = 1;
/// What one line holds, in bytes; a multiple of five, so that it is whole characters.
const LINE_BYTES: usize = 20;
const DATA_CHARS: usize = LINE_BYTES / 5 * 8;
const CHECK_CHARS: usize = 4;
/// Digits of a line's number, as it is printed.
const NUMBER_CHARS: usize = 2;
const LINE_CHARS: usize = DATA_CHARS + CHECK_CHARS;
/// Characters that are written together.
const GROUP_CHARS: usize = 4;
/// Fewer characters behind a number are something else that stands on the sheet: a date, an address.
const LINE_CHARS_MIN: usize = 20;
/// Version, number of lines, check of the whole.
const HEADER_BYTES: usize = 10;
const LINES_MAX: usize = 99;
/// Crockford's digits: no I, L, O, U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What brings a location back to a computer that lost its keys. Its secrets are wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoverySheet {
    /// Which archive.
    pub archive_id: ArchiveId,
    /// What the archive is called.
    pub archive_name: String,
    /// The secret that all members share.
    pub archive_key: Zeroizing<[u8; 32]>,
    /// The location's id.
    pub location: LocationId,
    /// What the location is called.
    pub label: String,
    /// Who looks after it.
    pub person: String,
    /// The seed of its signing key.
    pub signing_seed: Zeroizing<[u8; 32]>,
    /// The seed of its key for exchanging keys.
    pub exchange_seed: Zeroizing<[u8; 32]>,
    /// Where the mailbox is, as a URL without secrets; empty if there is none.
    pub mailbox: String,
    /// How much the mailbox may hold, in bytes; `None` for no limit.
    pub allowance_bytes: Option<u64>,
    /// Days of silence after which a location is parked.
    pub park_after_days: u32,
}

impl fmt::Debug for RecoverySheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecoverySheet({:?} of {:?}, ..)", self.location, self.archive_id)
    }
}

/// Why a text is no recovery sheet. Never holds what was typed, but for one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// No line of it looks like one of a sheet.
    #[error("this is not a recovery sheet of Offsync: it has no numbered lines of letters and digits")]
    NotASheet,
    /// A line is not there.
    #[error("line {line} of the recovery sheet is missing")]
    Missing {
        /// Its number.
        line: usize,
    },
    /// A line is there twice, and not alike.
    #[error("line {line} of the recovery sheet is there twice, and not alike")]
    Twice {
        /// Its number.
        line: usize,
    },
    /// A line is too short or too long.
    #[error(
        "line {line} of the recovery sheet has {found} characters behind its number, and should have {LINE_CHARS} (nine groups of four)"
    )]
    Length {
        /// Its number.
        line: usize,
        /// How many characters it has.
        found: usize,
    },
    /// A character that no sheet has.
    #[error("line {line} of the recovery sheet has a '{found}', which no sheet has")]
    Character {
        /// Its number.
        line: usize,
        /// The character.
        found: char,
    },
    /// The line's check does not fit.
    #[error("line {line} of the recovery sheet has a typing error")]
    Slip {
        /// Its number.
        line: usize,
    },
    /// Every line is sound, and they do not belong together.
    #[error("these lines are of two different recovery sheets")]
    Mixed,
    /// It was written by a newer Offsync.
    #[error("a newer Offsync is needed to read this recovery sheet (format {version})")]
    Newer {
        /// The version that it claims.
        version: u8,
    },
    /// The lines are right, but what they say makes no sense.
    #[error("the recovery sheet is damaged: {0}")]
    Damaged(#[from] WireError),
}

impl RecoverySheet {
    /// Gives the numbered lines.
    pub fn lines(&self) -> Vec<Zeroizing<String>> {
        let bytes = self.padded();
        let line = |(at, data): (usize, &[u8])| Zeroizing::new(write_line(at + 1, data));
        bytes.chunks(LINE_BYTES).enumerate().map(line).collect()
    }

    /// Reads a sheet, or the numbered lines of one.
    pub fn parse(text: &str) -> Result<Self, SheetError> {
        let mut lines: BTreeMap<usize, Zeroizing<Vec<u8>>> = BTreeMap::new();
        for (number, typed) in text.lines().filter_map(numbered) {
            let data = Zeroizing::new(read_line(number, &typed)?);
            if lines.insert(number, data.clone()).is_some_and(|other| other != data) {
                return Err(SheetError::Twice { line: number });
            }
        }
        let last = *lines.keys().next_back().ok_or(SheetError::NotASheet)?;
        let first = lines.get(&1).ok_or(SheetError::Missing { line: 1 })?;
        if first[0] > VERSION {
            return Err(SheetError::Newer { version: first[0] });
        }
        let count = usize::from(first[1]).max(last);
        if let Some(line) = (1..=count).find(|line| !lines.contains_key(line)) {
            return Err(SheetError::Missing { line });
        }
        let bytes = Zeroizing::new(
            lines
                .values()
                .flat_map(|data| data.iter().copied())
                .collect::<Vec<u8>>(),
        );
        let (header, content) = bytes.split_at(HEADER_BYTES);
        if header[..2] != [VERSION, last as u8] || header[2..] != check_of_all(content) {
            return Err(SheetError::Mixed);
        }
        Ok(read(content)?)
    }

    /// Gives what the lines hold: header, content, and zeros up to a whole line.
    fn padded(&self) -> Zeroizing<Vec<u8>> {
        let content = Zeroizing::new(write(self));
        let count = (HEADER_BYTES + content.len()).div_ceil(LINE_BYTES);
        assert!(count <= LINES_MAX, "names are short");
        let mut bytes = Zeroizing::new(Vec::with_capacity(count * LINE_BYTES));
        bytes.extend_from_slice(&[0; HEADER_BYTES]);
        bytes.extend_from_slice(&content);
        bytes.resize(count * LINE_BYTES, 0);
        let check = check_of_all(&bytes[HEADER_BYTES..]);
        bytes[0] = VERSION;
        bytes[1] = count as u8;
        bytes[2..HEADER_BYTES].copy_from_slice(&check);
        bytes
    }
}

/// Gives a line's number and what is typed behind it, without blanks and dashes.
fn numbered(line: &str) -> Option<(usize, Zeroizing<String>)> {
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = line.split_at(digits);
    // Typed without blanks the number runs into the digits: it has two, and the line just so many behind them.
    let is_run_together = rest.starts_with(char::is_alphanumeric) || digits > NUMBER_CHARS;
    let (number, rest) = match is_run_together {
        true if line.chars().filter(|c| c.is_alphanumeric()).count() == NUMBER_CHARS + LINE_CHARS => {
            line.split_at_checked(NUMBER_CHARS)?
        }
        true => return None,
        false => (number, rest),
    };
    let number: usize = number.parse().ok().filter(|number| (1..=LINES_MAX).contains(number))?;
    let typed: String = rest.chars().filter(|c| c.is_alphanumeric()).collect();
    (typed.chars().count() >= LINE_CHARS_MIN).then(|| (number, Zeroizing::new(typed)))
}

fn write_line(number: usize, data: &[u8]) -> String {
    let mut chars = encode(data);
    chars.extend(check_of_line(number, data));
    let mut line = format!("{number:02} ");
    for group in chars.chunks(GROUP_CHARS) {
        line.push(' ');
        line.extend(group.iter().map(|digit| char::from(*digit)));
    }
    chars.zeroize();
    line
}

fn read_line(line: usize, typed: &str) -> Result<Vec<u8>, SheetError> {
    let mut values = Zeroizing::new(Vec::with_capacity(LINE_CHARS));
    for found in typed.chars() {
        values.push(value_of(found).ok_or(SheetError::Character { line, found })?);
    }
    if values.len() != LINE_CHARS {
        return Err(SheetError::Length {
            line,
            found: values.len(),
        });
    }
    let (data, check) = values.split_at(DATA_CHARS);
    let data = decode(data);
    let is_sound = check_of_line(line, &data)
        .iter()
        .zip(check)
        .all(|(digit, value)| *digit == DIGITS[usize::from(*value)]);
    if is_sound {
        Ok(data)
    } else {
        Err(SheetError::Slip { line })
    }
}

/// Gives what a typed character stands for; O is taken for 0, I and L for 1.
fn value_of(typed: char) -> Option<u8> {
    let digit = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        digit => digit,
    };
    let place = DIGITS.iter().position(|known| char::from(*known) == digit)?;
    u8::try_from(place).ok()
}

/// Gives the digits of whole fives of bytes.
fn encode(data: &[u8]) -> Vec<u8> {
    let mut digits = Vec::with_capacity(LINE_CHARS);
    for five in data.chunks(5) {
        let number = five.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        digits.extend((0..8).rev().map(|at| DIGITS[(number >> (5 * at) & 31) as usize]));
    }
    digits
}

fn decode(values: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(LINE_BYTES);
    for eight in values.chunks(8) {
        let number = eight.iter().fold(0u64, |number, value| number << 5 | u64::from(*value));
        data.extend_from_slice(&number.to_be_bytes()[3..]);
    }
    data
}

fn check_of_line(number: usize, data: &[u8]) -> [u8; CHECK_CHARS] {
    let mut hasher = blake3::Hasher::new_derive_key("offsync v1 recovery line");
    hasher.update(&[number as u8]);
    hasher.update(data);
    let hash = hasher.finalize();
    let mut digits = [0; CHECK_CHARS];
    for (digit, byte) in digits.iter_mut().zip(hash.as_bytes()) {
        *digit = DIGITS[usize::from(byte & 31)];
    }
    digits
}

fn check_of_all(content: &[u8]) -> [u8; 8] {
    let hash = blake3::derive_key("offsync v1 recovery sheet", content);
    let mut check = [0; 8];
    check.copy_from_slice(&hash[..8]);
    check
}

fn write(sheet: &RecoverySheet) -> Vec<u8> {
    let mut out = Writer::default();
    out.raw(sheet.archive_id.as_bytes());
    out.raw(&sheet.archive_key[..]);
    out.raw(sheet.location.as_bytes());
    out.raw(&sheet.signing_seed[..]);
    out.raw(&sheet.exchange_seed[..]);
    out.byte(u8::from(sheet.allowance_bytes.is_some()));
    if let Some(allowance_bytes) = sheet.allowance_bytes {
        out.uint(allowance_bytes);
    }
    out.uint(u64::from(sheet.park_after_days));
    for text in [&sheet.archive_name, &sheet.label, &sheet.person, &sheet.mailbox] {
        out.bytes(text.as_bytes());
    }
    out.finish()
}

fn read(content: &[u8]) -> Result<RecoverySheet, WireError> {
    let mut read = Reader::new(content);
    let sheet = RecoverySheet {
        archive_id: ArchiveId::new(read.array("archive")?),
        archive_key: Zeroizing::new(read.array("key of the archive")?),
        location: LocationId::new(read.array("location")?),
        signing_seed: Zeroizing::new(read.array("signing seed")?),
        exchange_seed: Zeroizing::new(read.array("exchange seed")?),
        allowance_bytes: read.option("allowance", |read| read.uint("allowance"))?,
        park_after_days: read.uint32("days until parking")?,
        archive_name: read.text("name of the archive")?,
        label: read.text("label")?,
        person: read.text("person")?,
        mailbox: read.text("mailbox")?,
    };
    let padding = read.raw(read.left(), "end of the sheet")?;
    if padding.len() >= LINE_BYTES || padding.iter().any(|byte| *byte != 0) {
        return Err(WireError::new("end of the sheet"));
    }
    Ok(sheet)
}

#[cfg(test)]
#[path = "recovery_tests.rs"]
mod tests;
