//! Statements about locations: who joined, who took over from whom, what one is called, whether it counts; and about the archive,
//! before which deletions it asks. Signed, immutable.

use serde::{Deserialize, Serialize};

use super::envelope::{FormatError, Signed, seal_signed};
use super::wire::{Reader, WireError, Writer};
use crate::guard::Threshold;
use crate::ids::{LocationId, PublicKey};
use crate::object_name::ObjectName;
use crate::seal::{ArchiveKeys, HANDED_BYTES, KeyName, SigningKey};
use crate::version_vector::VersionVector;

const JOINED: u8 = 1;
const SUCCEEDS: u8 = 2;
const NAMED: u8 = 3;
const STANDS: u8 = 4;
const ASKS: u8 = 5;
const KEYED: u8 = 6;

/// Whether a location counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Membership {
    /// What is sent waits for it.
    Counts,
    /// Nothing waits for it until it writes its head again.
    Parked,
    /// It no longer takes part, whatever it writes.
    Removed,
}

impl Membership {
    const ALL: [Self; 3] = [Self::Counts, Self::Parked, Self::Removed];
}

/// What is said about a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// It belongs to the archive.
    Joined {
        /// What the copy is called.
        label: String,
        /// Who looks after it.
        person: String,
        /// The key by which its objects are verified.
        key: PublicKey,
        /// When it was said, in nanoseconds since 1970.
        created_ns: i64,
        /// What its copy held when it was prepared; until its first head it counts as holding just that.
        holds: VersionVector,
    },
    /// It took over from another id of the same copy; void once the old one writes a head that knows of it.
    Succeeds {
        /// The id that it had before.
        old: LocationId,
        /// The old id's head counter as last seen.
        old_counter: u64,
        /// What the copy is called.
        label: String,
        /// Who looks after it.
        person: String,
        /// The key by which its objects are verified.
        key: PublicKey,
        /// When it was said, in nanoseconds since 1970.
        created_ns: i64,
    },
    /// It goes by another name from now on.
    Named {
        /// One more than that of the last such statement about it which the author knew; the highest holds.
        revision: u64,
        /// What the copy is called.
        label: String,
        /// Who looks after it.
        person: String,
        /// When it was said, in nanoseconds since 1970.
        created_ns: i64,
    },
    /// It counts, is parked or was removed.
    Stands {
        /// Which of these.
        membership: Membership,
        /// One more than that of the last such statement about it which the author knew; the highest holds.
        revision: u64,
        /// Its head counter as last seen; a higher one ends a parking.
        head_counter: u64,
        /// When it was said, in nanoseconds since 1970.
        created_ns: i64,
    },
    /// It says before how many deletions all homes ask.
    Asks {
        /// One more than that of the last such statement which the author knew, whoever made it; the highest holds.
        revision: u64,
        /// From when on deletions are many.
        threshold: Threshold,
        /// When it was said, in nanoseconds since 1970.
        created_ns: i64,
    },
    /// It is handed a key of the archive that took the place of another one, since somebody was taken out.
    Keyed {
        /// One more than that of the key whose place it took; the first key has 0.
        revision: u64,
        /// Which key it is.
        key: KeyName,
        /// The public key by which the location opens it.
        to: PublicKey,
        /// The key, sealed for it.
        handed: [u8; HANDED_BYTES],
        /// When it was said, in nanoseconds since 1970.
        created_ns: i64,
    },
    /// Something that a later Offsync says; left alone.
    Unknown {
        /// The number of its kind.
        kind: u8,
        /// What follows.
        body: Vec<u8>,
    },
}

impl Statement {
    /// The newest kind that is understood here; those after it are left alone.
    pub const NEWEST_KIND: u8 = KEYED;

    /// Gives the public key that it tells of its subject, if it introduces somebody.
    pub fn introduced_key(&self) -> Option<&PublicKey> {
        match self {
            Self::Joined { key, .. } | Self::Succeeds { key, .. } => Some(key),
            _ => None,
        }
    }
}

/// One statement, with the key that signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// Whom it is about.
    pub subject: LocationId,
    /// Who says it.
    pub author: LocationId,
    /// Tells the author's statements about this subject apart.
    pub number: u64,
    /// The key that signed it. Whether it is the author's is for the caller to say.
    pub author_key: PublicKey,
    /// What is said.
    pub statement: Statement,
}

impl People {
    /// Gives the name under which it is stored.
    pub fn name(&self) -> ObjectName {
        ObjectName::People {
            subject: self.subject,
            author: self.author,
            number: self.number,
        }
    }

    /// Signs and seals it; the author's key in it is the signer's.
    pub fn encode(&self, keys: &ArchiveKeys, signer: &SigningKey, nonce: [u8; 24]) -> Vec<u8> {
        let mut out = Writer::default();
        out.raw(signer.public().as_bytes());
        write_statement(&mut out, &self.statement);
        seal_signed(keys, &self.name(), signer, nonce, &out.finish())
    }

    /// Opens it and verifies it with the key inside; the caller checks that this is the author's.
    pub fn decode(keys: &ArchiveKeys, name: &ObjectName, sealed: &[u8]) -> Result<Self, FormatError> {
        let ObjectName::People {
            subject,
            author,
            number,
        } = *name
        else {
            return Err(FormatError::WrongKind);
        };
        let signed = Signed::open(keys, name, sealed)?;
        let author_key = PublicKey::new(Reader::new(signed.unverified()).array("key of the author")?);
        let mut read = Reader::new(signed.verified(keys, |_| Some(author_key))?);
        read.raw(author_key.as_bytes().len(), "key of the author")?;
        let statement = read_statement(&mut read)?;
        read.finish("end of the statement")?;
        Ok(Self {
            subject,
            author,
            number,
            author_key,
            statement,
        })
    }
}

fn write_statement(out: &mut Writer, statement: &Statement) {
    match statement {
        Statement::Joined {
            label,
            person,
            key,
            created_ns,
            holds,
        } => {
            out.byte(JOINED);
            write_copy(out, label, person, key, *created_ns);
            out.vector(holds);
        }
        Statement::Succeeds {
            old,
            old_counter,
            label,
            person,
            key,
            created_ns,
        } => {
            out.byte(SUCCEEDS);
            out.raw(old.as_bytes());
            out.uint(*old_counter);
            write_copy(out, label, person, key, *created_ns);
        }
        Statement::Named {
            revision,
            label,
            person,
            created_ns,
        } => {
            out.byte(NAMED);
            out.uint(*revision);
            out.bytes(label.as_bytes());
            out.bytes(person.as_bytes());
            out.int(*created_ns);
        }
        Statement::Stands {
            membership,
            revision,
            head_counter,
            created_ns,
        } => {
            out.byte(STANDS);
            out.byte(*membership as u8);
            out.uint(*revision);
            out.uint(*head_counter);
            out.int(*created_ns);
        }
        Statement::Asks {
            revision,
            threshold,
            created_ns,
        } => {
            out.byte(ASKS);
            out.uint(*revision);
            out.uint(threshold.least());
            out.uint(threshold.percent().into());
            out.uint(threshold.most());
            out.int(*created_ns);
        }
        Statement::Keyed {
            revision,
            key,
            to,
            handed,
            created_ns,
        } => {
            out.byte(KEYED);
            out.uint(*revision);
            out.raw(key.as_bytes());
            out.raw(to.as_bytes());
            out.raw(handed);
            out.int(*created_ns);
        }
        Statement::Unknown { kind, body } => {
            out.byte(*kind);
            out.raw(body);
        }
    }
}

fn write_copy(out: &mut Writer, label: &str, person: &str, key: &PublicKey, created_ns: i64) {
    out.bytes(label.as_bytes());
    out.bytes(person.as_bytes());
    out.raw(key.as_bytes());
    out.int(created_ns);
}

fn read_statement(read: &mut Reader<'_>) -> Result<Statement, WireError> {
    match read.byte("kind of statement")? {
        JOINED => {
            let (label, person, key, created_ns) = read_copy(read)?;
            Ok(Statement::Joined {
                label,
                person,
                key,
                created_ns,
                holds: read.vector("what its copy holds")?,
            })
        }
        SUCCEEDS => {
            let old = LocationId::new(read.array("location")?);
            let old_counter = read.uint("counter")?;
            let (label, person, key, created_ns) = read_copy(read)?;
            Ok(Statement::Succeeds {
                old,
                old_counter,
                label,
                person,
                key,
                created_ns,
            })
        }
        NAMED => Ok(Statement::Named {
            revision: read.uint("revision")?,
            label: read.text("label")?,
            person: read.text("person")?,
            created_ns: read.int("time")?,
        }),
        STANDS => {
            let place = usize::from(read.byte("membership")?);
            Ok(Statement::Stands {
                membership: *Membership::ALL.get(place).ok_or(WireError::new("membership"))?,
                revision: read.uint("revision")?,
                head_counter: read.uint("counter")?,
                created_ns: read.int("time")?,
            })
        }
        ASKS => Ok(Statement::Asks {
            revision: read.uint("revision")?,
            threshold: Threshold::nearest(read.uint("least")?, read.uint("percent")?, read.uint("most")?),
            created_ns: read.int("time")?,
        }),
        KEYED => Ok(Statement::Keyed {
            revision: read.uint("revision")?,
            key: KeyName::new(read.array("name of a key")?),
            to: PublicKey::new(read.array("key")?),
            handed: read.array("handed key")?,
            created_ns: read.int("time")?,
        }),
        kind => Ok(Statement::Unknown {
            kind,
            body: read.raw(read.left(), "statement")?.to_vec(),
        }),
    }
}

fn read_copy(read: &mut Reader<'_>) -> Result<(String, String, PublicKey, i64), WireError> {
    let label = read.text("label")?;
    let person = read.text("person")?;
    let key = PublicKey::new(read.array("key")?);
    Ok((label, person, key, read.int("time")?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::format::samples::{NONCE, keys, locations, signer, vectors};
    use crate::seal::seal;

    fn statements() -> impl Strategy<Value = Statement> {
        let copy = ("\\PC{0,9}", "\\PC{0,9}", any::<[u8; 32]>(), any::<i64>());
        let later = (Statement::NEWEST_KIND + 1.., prop::collection::vec(any::<u8>(), 0..9));
        prop_oneof![
            (copy, vectors()).prop_map(|((label, person, key, created_ns), holds)| {
                Statement::Joined {
                    label,
                    person,
                    key: PublicKey::new(key),
                    created_ns,
                    holds,
                }
            }),
            (locations(), any::<u64>(), copy).prop_map(|(old, old_counter, (label, person, key, created_ns))| {
                Statement::Succeeds {
                    old,
                    old_counter,
                    label,
                    person,
                    key: PublicKey::new(key),
                    created_ns,
                }
            }),
            (any::<u64>(), "\\PC{0,9}", "\\PC{0,9}", any::<i64>()).prop_map(|(revision, label, person, created_ns)| {
                Statement::Named {
                    revision,
                    label,
                    person,
                    created_ns,
                }
            }),
            (0usize..3, any::<u64>(), any::<u64>(), any::<i64>()).prop_map(
                |(place, revision, head_counter, created_ns)| {
                    Statement::Stands {
                        membership: Membership::ALL[place],
                        revision,
                        head_counter,
                        created_ns,
                    }
                }
            ),
            (any::<u64>(), any::<[u64; 3]>(), any::<i64>()).prop_map(
                |(revision, [least, percent, most], created_ns)| {
                    Statement::Asks {
                        revision,
                        threshold: Threshold::nearest(least, percent, most),
                        created_ns,
                    }
                }
            ),
            (
                any::<u64>(),
                any::<[u8; 8]>(),
                any::<[u8; 32]>(),
                any::<[[u8; 16]; 5]>(),
                any::<i64>()
            )
                .prop_map(|(revision, key, to, handed, created_ns)| {
                    let handed = handed.as_flattened().try_into().expect("eighty bytes");
                    Statement::Keyed {
                        revision,
                        key: KeyName::new(key),
                        to: PublicKey::new(to),
                        handed,
                        created_ns,
                    }
                }),
            later.prop_map(|(kind, body)| Statement::Unknown { kind, body }),
        ]
    }

    fn said(subject: LocationId, author: LocationId, number: u64, statement: Statement) -> People {
        People {
            subject,
            author,
            number,
            author_key: signer().public(),
            statement,
        }
    }

    proptest! {
        #[test]
        fn a_statement_survives(
            subject in locations(), author in locations(), number: u64, statement in statements(),
        ) {
            let people = said(subject, author, number, statement);
            let sealed = people.encode(&keys(), &signer(), NONCE);
            prop_assert_eq!(People::decode(&keys(), &people.name(), &sealed), Ok(people));
        }

        #[test]
        fn any_bytes_are_read_without_harm(content in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_statement(&mut Reader::new(&content));
        }
    }

    #[test]
    fn numbers_that_make_no_threshold_are_read_as_the_nearest() {
        let read = |[least, percent, most]: [u64; 3]| {
            let mut out = Writer::default();
            out.byte(ASKS);
            [7, least, percent, most].iter().for_each(|number| out.uint(*number));
            out.int(-1);
            read_statement(&mut Reader::new(&out.finish()))
        };
        for (numbers, (least, percent, most)) in [([0, 300, 0], (1, 100, 1)), ([9, 0, 3], (9, 0, 9))] {
            let threshold = Threshold::new(least, percent, most).expect("a threshold");
            let asks = Statement::Asks {
                revision: 7,
                threshold,
                created_ns: -1,
            };
            assert_eq!(read(numbers), Ok(asks), "{numbers:?}");
        }
    }

    #[test]
    fn a_statement_that_names_another_key_than_signed_it_is_refused() {
        let author = LocationId::new([1; 16]);
        let people = said(author, author, 0, Statement::Unknown { kind: 9, body: vec![] });
        let body = [&[0; 64][..], signer().public().as_bytes(), &[9]].concat();
        let sealed = seal(&keys(), &people.name(), NONCE, &body);
        assert_eq!(
            People::decode(&keys(), &people.name(), &sealed),
            Err(FormatError::NotSigned(author))
        );
    }
}
