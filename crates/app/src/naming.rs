//! What a person names: by its label, its id, or a unique beginning of one. One rule for every command.
//!
//! Whoever names something exactly means that, whatever else begins alike. What may mean several is never guessed.

use std::collections::BTreeMap;
use std::fmt::Display;

use offsync_core::format::Membership;
use offsync_core::ids::LocationId;
use offsync_core::version_vector::VersionVector;
use offsync_engine::{CachedPerson, Silent};

use crate::failure::{AppError, Result};
use crate::opened::Opened;
use crate::view::{LocationState, LocationView};

/// A location, who it is, and what it folded.
pub(crate) type Known = (LocationId, CachedPerson, VersionVector);

/// The least that is taken for the beginning of an id: less is too easily a label's, or another id's to come.
const ID_CHARS_MIN: usize = 4;

/// Says of what may be the beginning of an id that it is too short to be taken for one; nothing of all else.
pub(crate) fn too_short(said: &str) -> String {
    let said = said.trim();
    let is_beginning =
        !said.is_empty() && said.len() < ID_CHARS_MIN && said.bytes().all(|byte| byte.is_ascii_hexdigit());
    match is_beginning {
        true => {
            format!(" As the beginning of an id, '{said}' is too short: at least {ID_CHARS_MIN} characters are needed.")
        }
        false => String::new(),
    }
}

/// Something that can be named.
pub(crate) struct Named<T> {
    /// What people call it.
    pub(crate) labels: Vec<String>,
    /// Its ids, hexadecimal.
    pub(crate) ids: Vec<String>,
    /// What is meant by them.
    pub(crate) meant: T,
}

/// Gives all that a word may mean: those that it names exactly, or else those whose label or id begins with it.
pub(crate) fn meant_by<T>(said: &str, all: impl IntoIterator<Item = Named<T>>) -> Vec<T> {
    let folded = said.trim().to_lowercase();
    let rank = |named: &Named<T>| {
        let is_label = |is: &dyn Fn(&str) -> bool| named.labels.iter().any(|label| is(label));
        let is_id = |is: &dyn Fn(&str) -> bool| named.ids.iter().any(|id| is(id));
        let is_shown = |label: &str| is_id(&|id| is_same_label(&with_id(label, id), said));
        match () {
            () if folded.is_empty() => None,
            () if is_label(&|label| label == said) || is_id(&|id| id == folded) => Some(0),
            () if is_label(&|label| is_same_label(label, said)) => Some(1),
            () if is_label(&is_shown) => Some(1),
            () if is_label(&|label| label.to_lowercase().starts_with(&folded)) => Some(2),
            () if folded.len() >= ID_CHARS_MIN && is_id(&|id| id.starts_with(&folded)) => Some(2),
            () => None,
        }
    };
    let ranked = all.into_iter().filter_map(|named| Some((rank(&named)?, named.meant)));
    let ranked: Vec<(u8, T)> = ranked.collect();
    let best = ranked.iter().map(|(rank, _)| *rank).min();
    let meant = ranked.into_iter().filter(|(rank, _)| Some(*rank) == best);
    meant.map(|(_, meant)| meant).collect()
}

/// Refuses a label that another location has which takes part, but for one: people could not tell the two apart.
pub(crate) fn refuse_same_label(archive: &mut Opened, label: &str, but: Option<LocationId>) -> Result<()> {
    let (known, aside) = archive.with_engine(&Silent, |engine| Ok((engine.living()?, engine.set_aside()?)))?;
    let takes_part =
        |location: &LocationId| aside.get(location) != Some(&Membership::Removed) && but != Some(*location);
    let mut others = known.iter().filter(|(location, _)| takes_part(location));
    match others.find(|(_, person)| is_same_label(&person.label, label)) {
        None => Ok(()),
        Some((location, person)) => Err(AppError::failed(
            "label_taken",
            format!(
                "'{}' {} is a location of this archive already.",
                person.label,
                short_id(location)
            ),
            "Choose another label, so that people can tell the two apart. If that one will not come back, `offsync location replace` makes a copy in its place, and `offsync location remove` frees its name.",
        )),
    }
}

/// Gives what to call each of some locations: its label, with its id beside it where another has the same label.
///
/// Two get one label far apart from each other, or where a drive was restored while the other copy lives on.
pub(crate) fn told_apart<'a, Id>(all: impl IntoIterator<Item = (Id, &'a str)>) -> BTreeMap<Id, String>
where
    Id: Ord + Copy + Display,
{
    let all: BTreeMap<Id, &str> = all.into_iter().collect();
    let has_namesake = |location: &Id, label: &str| {
        all.iter()
            .any(|(other, theirs)| other != location && is_same_label(theirs, label))
    };
    let called = |location: &Id, label: &str| match has_namesake(location, label) {
        true => with_id(label, location),
        false => label.to_owned(),
    };
    all.iter()
        .map(|(location, label)| (*location, called(location, label)))
        .collect()
}

/// Gives the locations that take part under one label with others, label by label: given far apart, nobody could refuse it.
pub fn namesakes(locations: &[LocationView]) -> Vec<Vec<&LocationView>> {
    let mut by_label: BTreeMap<String, Vec<&LocationView>> = BTreeMap::new();
    for one in locations.iter().filter(|one| one.state != LocationState::Removed) {
        by_label.entry(folded(&one.label)).or_default().push(one);
    }
    by_label.into_values().filter(|called| called.len() > 1).collect()
}

/// Gives an id as it is shown beside labels.
pub fn short_id(id: impl Display) -> String {
    format!("[{:.8}]", id.to_string())
}

fn with_id(label: &str, id: impl Display) -> String {
    format!("{label} {}", short_id(id))
}

/// Tells whether people would take two labels for the same.
pub(crate) fn is_same_label(one: &str, other: &str) -> bool {
    folded(one) == folded(other)
}

fn folded(label: &str) -> String {
    label.trim().to_lowercase()
}

/// Gives what to call a location, if it is known: an id that a restored drive had before has the label of the new one.
pub(crate) fn label_of(people: &[Known], location: LocationId) -> Option<String> {
    let known = people.iter().map(|(known, person, _)| (*known, person.label.as_str()));
    told_apart(known).remove(&location)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: &str, meant: &[u8]) {
        let named = |label: &str, id: &str, meant: u8| Named {
            labels: vec![label.to_owned()],
            ids: vec![id.to_owned()],
            meant,
        };
        let all = [
            named("Anna", "a1b2c3d4", 1),
            named("Anna's mother", "a1b2ffff", 2),
            named("Grandma's home", "0011aa22", 3),
        ];
        assert_eq!(meant_by(said, all), meant, "{said:?}");
    }

    #[test]
    fn a_label_or_id_means_that_alone_and_a_beginning_whatever_begins_so() {
        check("Anna", &[1]);
        check(" anna ", &[1]);
        check("ANNA'S", &[2]);
        check("ann", &[1, 2]);
        check("a1b2", &[1, 2]);
        check("A1B2C", &[1]);
        check("a1b2ffff", &[2]);
        check("grandma", &[3]);
        check("Anna [a1b2c3d4]", &[1]);
        check("anna [A1B2C3D4]", &[1]);
        check("Anna [a1b2ffff]", &[]);
    }

    #[test]
    fn nothing_and_too_little_of_an_id_mean_nothing() {
        check("", &[]);
        check(" ", &[]);
        check("001", &[]);
        check("0011", &[3]);
        check("nobody", &[]);
    }
}
