//! Guards that are switched off on purpose, each from outside the engine, so that the oracle proves its eyes.

use offsync_core::format::{Head, ObjectName};
use offsync_core::place::{Observed, Place, Shown, ShownRef};
use offsync_core::ports::{IndexStore, IndexWrite};
use offsync_core::seal::{ArchiveKeys, SigningKey};
use offsync_testkit::{SimIndex, SimMailbox};

/// Which guard is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Off {
    /// None: the engine as it is.
    #[default]
    Nothing,
    /// Names are not flushed before the index follows.
    Flush,
    /// Intents are not written down.
    Journal,
    /// A change replaces what the index holds when it is posted, not what the person saw.
    SeenBase,
    /// The host computer remembers nothing.
    Witness,
    /// A computer that never saw a drive vouches for it.
    NewHere,
    /// A drive that was restored keeps its id.
    NewId,
    /// A folder that cannot be read counts as empty.
    ReadErrors,
    /// A head says that all is folded that is listed.
    HonestVector,
    /// Nobody says what it lacks.
    Wants,
    /// Nobody serves state.
    State,
    /// Nobody minds the allowance.
    Allowance,
    /// A damaged file is not named under a path that it gets.
    DamageThatMoves,
    /// Nobody minds what somebody said no to losing.
    Refusals,
    /// The notes whose names begin so are never kept.
    Notes(&'static str),
}

/// What becomes of a put.
pub(crate) enum Put {
    /// These bytes go out.
    Bytes(Vec<u8>),
    /// Nothing goes out, and nobody notices.
    Dropped,
}

impl Off {
    /// Changes a commit as an engine without the guard would have made it.
    pub(crate) fn change_commit(self, index: &SimIndex, mut writes: Vec<IndexWrite>) -> Vec<IndexWrite> {
        match self {
            Self::Journal => {
                writes.retain(|write| !matches!(write, IndexWrite::Note(name, Some(_)) if name == "journal"));
            }
            Self::DamageThatMoves => {
                let has_places = writes.iter().any(|write| matches!(write, IndexWrite::Place(..)));
                let names = |write: &IndexWrite| matches!(write, IndexWrite::Note(name, Some(_)) if name.starts_with("damaged/"));
                writes.retain(|write| !has_places || !names(write));
            }
            Self::Notes(prefix) => {
                writes.retain(|write| !matches!(write, IndexWrite::Note(name, _) if name.starts_with(prefix)));
            }
            Self::NewId => writes.retain(|write| !takes_new_id(index, write)),
            Self::SeenBase => {
                // What is posted is bound by the engine itself; what arrives is not.
                let is_bound = |key| {
                    writes
                        .iter()
                        .any(|write| matches!(write, IndexWrite::Place(k, _) if k == key))
                };
                let arrived = writes
                    .iter()
                    .filter(|write| matches!(write, IndexWrite::Entry(key, _) if !is_bound(key)));
                let moved: Vec<IndexWrite> = arrived.filter_map(|write| move_base(index, write)).collect();
                writes.extend(moved);
            }
            _ => {}
        }
        writes
    }

    /// Changes an object on its way out as an engine without the guard would have put it.
    pub(crate) fn change_put(
        self,
        keys: &ArchiveKeys,
        signer: &SigningKey,
        mailbox: &SimMailbox,
        name: &str,
        bytes: &[u8],
    ) -> Put {
        let Ok(parsed) = name.parse::<ObjectName>() else {
            return Put::Bytes(bytes.to_vec());
        };
        match (self, &parsed) {
            (Self::Wants, ObjectName::Want(_)) | (Self::State, ObjectName::ServedState { .. }) => Put::Dropped,
            (Self::HonestVector, ObjectName::Head(_)) => {
                let head = Head::decode(keys, &parsed, bytes, |_| Some(signer.public()));
                let mut head = head.expect("the engine puts readable heads");
                boast(&mut head, mailbox);
                Put::Bytes(head.encode(keys, signer, [7; 24]))
            }
            _ => Put::Bytes(bytes.to_vec()),
        }
    }
}

/// Tells whether a write lets a drive take another id than it has.
fn takes_new_id(index: &SimIndex, write: &IndexWrite) -> bool {
    let IndexWrite::Note(name, Some(bytes)) = write else {
        return false;
    };
    let old = index.note("identity").ok().flatten();
    let location = |bytes: &[u8]| {
        postcard::from_bytes::<offsync_engine::Identity>(bytes)
            .ok()
            .map(|it| it.location)
    };
    name == "identity" && old.is_some_and(|old| location(&old) != location(bytes))
}

/// Lets a person's unposted change stand for all that is folded there now.
fn move_base(index: &SimIndex, write: &IndexWrite) -> Option<IndexWrite> {
    let IndexWrite::Entry(key, siblings) = write else {
        return None;
    };
    let place = index.place(key).ok()??;
    let (Observed::Other(..), Some(shown)) = (&place.observed, &place.shown) else {
        return None;
    };
    let refs = vec![ShownRef {
        origin: key.clone(),
        dots: siblings.iter().map(|(dot, _)| *dot).collect(),
    }];
    let shown = Shown {
        refs,
        value: shown.value.clone(),
    };
    Some(IndexWrite::Place(
        key.clone(),
        Some(Place {
            shown: Some(shown),
            observed: place.observed.clone(),
        }),
    ))
}

/// Lets a head say that every listed changeset is folded.
fn boast(head: &mut Head, mailbox: &SimMailbox) {
    for name in mailbox.names() {
        if let Ok(ObjectName::Manifest { author, sequence }) = name.parse() {
            head.vector.raise(author, sequence);
        }
    }
}
