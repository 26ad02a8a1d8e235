//! The names of objects in a mailbox: what each is, whose, and for whom.
//!
//! Short ASCII, one spelling for each name: parsing gives back what was printed, and nothing else
//! parses.

use std::fmt;
use std::str::FromStr;

use crate::ids::LocationId;

/// The name of one object; it tells who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectName {
    /// What a location posted, knows and lacks: `head.<location>`.
    Head(LocationId),
    /// A statement about a location: `people.<subject>.<author>.<number>`.
    People {
        /// Whom it is about.
        subject: LocationId,
        /// Who says it.
        author: LocationId,
        /// Tells the author's statements about this subject apart, in order.
        number: u64,
    },
    /// Content of a changeset: `out.<author>.<sequence>.<random>.pack`.
    Pack {
        /// Who posted it.
        author: LocationId,
        /// The changeset it was posted for.
        sequence: u64,
        /// Tells the packs of one changeset apart, also those of an attempt that was cut off.
        random: [u8; 8],
    },
    /// A changeset's description: `out.<author>.<sequence>.manifest`.
    Manifest {
        /// Who posted it.
        author: LocationId,
        /// The author's sequence, from 1.
        sequence: u64,
    },
    /// What a location lacks: `want.<location>`.
    Want(LocationId),
    /// Content served to one location: `for.<reader>.<server>.<random>.pack`.
    ServedPack {
        /// For whom.
        reader: LocationId,
        /// By whom.
        server: LocationId,
        /// Tells a server's objects apart.
        random: [u8; 8],
    },
    /// State served to one location: `for.<reader>.<server>.<random>.state`.
    ServedState {
        /// For whom.
        reader: LocationId,
        /// By whom.
        server: LocationId,
        /// Tells a server's objects apart.
        random: [u8; 8],
    },
}

/// A text that is no object's name, or not spelled as Offsync spells it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not the name of an object of Offsync")]
pub struct ParseObjectNameError {
    text: String,
}

impl ObjectName {
    /// Gives the location that wrote the object.
    pub fn writer(&self) -> &LocationId {
        match self {
            Self::Head(location) | Self::Want(location) => location,
            Self::People { author, .. } | Self::Pack { author, .. } | Self::Manifest { author, .. } => author,
            Self::ServedPack { server, .. } | Self::ServedState { server, .. } => server,
        }
    }

    /// Gives whose changeset it is of, and which; `None` for what is of none.
    pub fn changeset(&self) -> Option<(LocationId, u64)> {
        match self {
            Self::Pack { author, sequence, .. } | Self::Manifest { author, sequence } => Some((*author, *sequence)),
            _ => None,
        }
    }

    /// Gives the number by which a sealed object's header names its kind.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Head(_) => 1,
            Self::People { .. } => 2,
            Self::Pack { .. } => 3,
            Self::Manifest { .. } => 4,
            Self::Want(_) => 5,
            Self::ServedPack { .. } => 6,
            Self::ServedState { .. } => 7,
        }
    }

    /// Gives the text that separates signatures of one kind from those of all others.
    pub fn domain(&self) -> &'static str {
        match self {
            Self::Head(_) => "offsync v1 head",
            Self::People { .. } => "offsync v1 people",
            Self::Pack { .. } => "offsync v1 pack",
            Self::Manifest { .. } => "offsync v1 manifest",
            Self::Want(_) => "offsync v1 want",
            Self::ServedPack { .. } => "offsync v1 served pack",
            Self::ServedState { .. } => "offsync v1 served state",
        }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head(location) => write!(f, "head.{location}"),
            Self::People {
                subject,
                author,
                number,
            } => write!(f, "people.{subject}.{author}.{number}"),
            Self::Pack {
                author,
                sequence,
                random,
            } => write!(f, "out.{author}.{sequence}.{}.pack", hex(random)),
            Self::Manifest { author, sequence } => write!(f, "out.{author}.{sequence}.manifest"),
            Self::Want(location) => write!(f, "want.{location}"),
            Self::ServedPack { reader, server, random } => write!(f, "for.{reader}.{server}.{}.pack", hex(random)),
            Self::ServedState { reader, server, random } => write!(f, "for.{reader}.{server}.{}.state", hex(random)),
        }
    }
}

impl FromStr for ObjectName {
    type Err = ParseObjectNameError;

    fn from_str(text: &str) -> Result<Self, ParseObjectNameError> {
        parse(text).ok_or_else(|| ParseObjectNameError {
            text: text.chars().take(256).collect(),
        })
    }
}

fn parse(text: &str) -> Option<ObjectName> {
    let parts: Vec<&str> = text.split('.').collect();
    Some(match parts[..] {
        ["head", location] => ObjectName::Head(id(location)?),
        ["want", location] => ObjectName::Want(id(location)?),
        ["people", subject, author, number] => ObjectName::People {
            subject: id(subject)?,
            author: id(author)?,
            number: decimal(number)?,
        },
        ["out", author, sequence, "manifest"] => ObjectName::Manifest {
            author: id(author)?,
            sequence: decimal(sequence)?,
        },
        ["out", author, sequence, random, "pack"] => ObjectName::Pack {
            author: id(author)?,
            sequence: decimal(sequence)?,
            random: unhex(random)?,
        },
        ["for", reader, server, random, "pack"] => ObjectName::ServedPack {
            reader: id(reader)?,
            server: id(server)?,
            random: unhex(random)?,
        },
        ["for", reader, server, random, "state"] => ObjectName::ServedState {
            reader: id(reader)?,
            server: id(server)?,
            random: unhex(random)?,
        },
        _ => return None,
    })
}

fn id(text: &str) -> Option<LocationId> {
    text.parse().ok()
}

fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn hex(bytes: &[u8; 8]) -> String {
    format!("{:016x}", u64::from_be_bytes(*bytes))
}

fn unhex(text: &str) -> Option<[u8; 8]> {
    let bytes = u64::from_str_radix(text, 16).ok()?.to_be_bytes();
    (hex(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: &str = "000102030405060708090a0b0c0d0e0f";
    const B: &str = "ffffffffffffffffffffffffffffffff";

    fn all() -> Vec<String> {
        vec![
            format!("head.{A}"),
            format!("people.{A}.{B}.0"),
            format!("out.{A}.18446744073709551615.00000000000000ff.pack"),
            format!("out.{A}.7.manifest"),
            format!("want.{B}"),
            format!("for.{A}.{B}.0123456789abcdef.pack"),
            format!("for.{A}.{B}.0123456789abcdef.state"),
        ]
    }

    #[test]
    fn every_name_survives_its_text_form() {
        for text in all() {
            let name: ObjectName = text.parse().expect("a good name");
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn kinds_and_domains_are_never_shared() {
        let names: Vec<ObjectName> = all().iter().map(|text| text.parse().expect("a good name")).collect();
        for (i, a) in names.iter().enumerate() {
            for b in &names[i + 1..] {
                assert_ne!(a.kind(), b.kind());
                assert_ne!(a.domain(), b.domain());
            }
        }
    }

    #[test]
    fn a_name_has_one_spelling() {
        let bad = [
            format!("out.{A}.07.manifest"),
            format!("out.{A}.+7.manifest"),
            format!("out.{A}..manifest"),
            format!("out.{A}.18446744073709551616.manifest"),
            format!("head.{}", B.to_uppercase()),
            format!("head.{A}."),
            format!("head.{A} (1)"),
            format!("for.{A}.{B}.0123456789ABCDEF.pack"),
            format!("for.{A}.{B}.+123456789abcdef.pack"),
            format!("for.{A}.{B}.123.pack"),
            "head.".to_owned(),
            String::new(),
        ];
        for text in bad {
            assert!(text.parse::<ObjectName>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_parses_prints_the_same(at in 0usize..7, cut in 0usize..80, extra in "[0-9a-f.+ ]{0,3}") {
            let mut text = all()[at].clone();
            let cut = cut.min(text.len());
            text.insert_str(cut, &extra);
            if let Ok(name) = text.parse::<ObjectName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
