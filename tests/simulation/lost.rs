//! Content that no drive holds any more: every home names all of it, and people give it up.
//!
//! Only what somebody took away may be lost so: through a backup or caches that were lost, or through rot everywhere.

use std::collections::BTreeSet;

use offsync_core::entry::Content;
use offsync_core::format::Membership;
use offsync_core::ids::LocationId;
use offsync_engine::{EngineError, LostFile};
use offsync_testkit::Seen;

use crate::people::value_of;
use crate::profile::Step;
use crate::watch::identity_of;
use crate::world::{Bad, World, short};

impl World {
    /// Does what people are asked to do about content that no home has, at the first home that asks; tells whether one
    /// did.
    pub(crate) fn give_up_lost(&mut self) -> Result<bool, Bad> {
        for at in 0..self.homes.len() {
            let lost = self.homes[at].with_engine(&self.shared, |engine| engine.lost())()?;
            let lost = lost.map_err(|error| error.to_string())?;
            if lost.is_empty() {
                continue;
            }
            for file in &lost {
                let value = self.may_be_lost(at, file)?;
                self.shared.watch.notes().taken.extend(value.map(|value| (at, value)));
            }
            self.say(|_| {
                let paths: Vec<String> = lost.iter().map(|file| file.path.to_string()).collect();
                format!("person {at}: gives up {paths:?}")
            });
            let damaged: Vec<LostFile> = lost.iter().filter(|file| file.is_damaged_here).cloned().collect();
            let given_up = self.homes[at].with_engine(&self.shared, move |engine| engine.give_up(&lost))()?;
            given_up.map_err(|error| error.to_string())?;
            let before = self.before_hand(at)?;
            for file in damaged {
                let hand = self.homes[at].disk.true_hand();
                let value = hand.tree().get(&file.path).and_then(value_of);
                if hand.remove(&file.path).is_ok() {
                    self.values.consumed.extend(value);
                }
            }
            self.after_hand(at, &before);
            return Ok(true);
        }
        Ok(false)
    }

    /// Gives the ids by which the homes go that are there.
    fn ids_there(&self) -> BTreeSet<LocationId> {
        let identities = self.homes.iter().filter_map(|home| identity_of(&home.index));
        identities.map(|identity| identity.location).collect()
    }

    /// Does what people do about a home that they see in the list and nobody has any more, since whoever took it out died before
    /// anybody heard, or whoever brought it in before others did: takes it out once more. Tells whether there was one.
    pub(crate) fn remove_ghosts(&mut self) -> Result<bool, Bad> {
        if !self.profile.has(Step::Replace) && !self.profile.has(Step::Fire) {
            return Ok(false);
        }
        for at in 0..self.homes.len() {
            let there = self.ids_there();
            let remove = self.homes[at].with_engine(&self.shared, move |engine| {
                let living = engine.living()?.into_iter().map(|(location, _)| location);
                let aside = engine.set_aside()?;
                let is_ghost = |location: &LocationId| {
                    !there.contains(location) && aside.get(location) != Some(&Membership::Removed)
                };
                let ghosts: Vec<LocationId> = living.filter(is_ghost).collect();
                for ghost in &ghosts {
                    engine.set_membership(*ghost, Membership::Removed)?;
                }
                Ok::<_, EngineError>(ghosts)
            });
            let ghosts = remove()?.map_err(|error| error.to_string())?;
            self.say(|_| {
                format!(
                    "person {at}: takes out {:?}",
                    ghosts.iter().map(short).collect::<Vec<_>>()
                )
            });
            if !ghosts.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Does what people do about homes that nobody introduces any more, since whoever invited them died or forgot before anybody
    /// heard: says of those that are there that they are in, of the others that they are out. Tells whether there was one.
    pub(crate) fn answer_for_strangers(&mut self) -> Result<bool, Bad> {
        if !self.profile.has(Step::Replace) {
            return Ok(false);
        }
        let there = self.ids_there();
        let mut answered = BTreeSet::new();
        for home in &self.homes {
            let there = there.clone();
            let say = home.with_engine(&self.shared, move |engine| {
                let strangers = engine.strangers()?;
                for stranger in &strangers {
                    let is_there = there.contains(stranger);
                    let membership = if is_there {
                        Membership::Counts
                    } else {
                        Membership::Removed
                    };
                    engine.set_membership(*stranger, membership)?;
                }
                Ok::<_, EngineError>(strangers)
            });
            answered.extend(say()?.map_err(|error| error.to_string())?);
        }
        self.say(|_| format!("people answer for {:?}", answered.iter().map(short).collect::<Vec<_>>()));
        Ok(!answered.is_empty())
    }

    /// Looks whether a file that is called lost is in no tree and in no trash, and was not somebody's last word; gives its
    /// value.
    fn may_be_lost(&self, at: usize, file: &LostFile) -> Result<Option<u64>, Bad> {
        let siblings = self.homes[at].index.all_entries();
        let mut versions = siblings.iter().flat_map(|(_, siblings)| siblings.live());
        let version = versions.find(|(dot, _)| *dot == file.dot);
        let Some(Content::File(content)) = version.map(|(_, version)| &version.value.content) else {
            return Err(format!("called lost, and it is no file: {}", file.path));
        };
        let Some(value) = self.shared.watch.notes().values.get(&content.digest).copied() else {
            return Ok(None);
        };
        if !self.profile.can_lose_content() {
            return Err(format!("called lost where nothing can be: v{value} at {}", file.path));
        }
        if self.held_somewhere().contains(&value) {
            return Err(format!("called lost, and somebody has it: v{value} at {}", file.path));
        }
        if !self.values.consumed.contains(&value) && !self.values.excused.contains(&value) {
            return Err(format!(
                "a value is lost that nobody took away: v{value} at {}",
                file.path
            ));
        }
        Ok(Some(value))
    }

    /// Gives the values that some drive has whole, in its tree or in its trash.
    fn held_somewhere(&self) -> BTreeSet<u64> {
        (0..self.homes.len()).flat_map(|at| self.held_whole(at)).collect()
    }

    /// Gives the values that a home's drive has whole.
    pub(crate) fn held_whole(&self, at: usize) -> BTreeSet<u64> {
        // What rotted is held by nobody.
        let is_whole = |seen: &Seen| !matches!(seen, Seen::File(_)) || self.values.is_sound(seen);
        let hand = self.homes[at].disk.true_hand();
        let all = hand.tree().into_values().chain(hand.trash().into_values());
        all.filter(is_whole).filter_map(|seen| value_of(&seen)).collect()
    }
}
