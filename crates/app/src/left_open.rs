//! What a sync leaves open, for people: what it sent, whom it served, what lacks, who can send it, what is damaged.
//!
//! It asks the index once more, as the cycle left it; neither the drive nor the mailbox is looked at again.

use offsync_core::ids::LocationId;
use offsync_engine::{
    ChangeCounts, DamagedFile, Engine, EngineError, LocationStanding, LocationState, Outlook, SyncOptions,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::exact_path::{as_argument, exact};
use crate::last_sent::last_sent;
use crate::lost::LostView;
use crate::naming::{Known, told_apart};
use crate::view::{ForeignView, Lacking, LocalChanges, Waiting};

/// What was put into the mailbox for a location that asked for it.
#[derive(Clone, Debug, Serialize)]
pub struct ServedReport {
    /// Hexadecimal id of the location.
    pub location_id: String,
    /// What people call it.
    pub label: String,
    /// The files that the content is of.
    pub files: u64,
    /// The content in bytes.
    pub bytes: u64,
    /// Whether it was told what the archive holds.
    pub state: bool,
}

/// A file that is known to be damaged on this drive.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct DamagedReport {
    /// The path, lossily if it is not UTF-8.
    pub path: String,
    /// The path exactly, if it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub path_base64: Option<String>,
    /// Whether its pieces were asked for, with `verify --repair`.
    pub asked_for: bool,
    /// Whether no home that takes part has it whole any more.
    pub lost: bool,
    /// Whether it held a change that was never sent: no other home shows that.
    #[ts(as = "Option<bool>", optional)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsent: bool,
}

/// What a sync leaves open.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeftOpen {
    pub(crate) location_id: String,
    pub(crate) posted: Option<ChangeCounts>,
    pub(crate) served: Vec<ServedReport>,
    pub(crate) other_homes: u64,
    pub(crate) lacking: Lacking,
    pub(crate) waits_for: Vec<String>,
    pub(crate) damaged: Vec<DamagedReport>,
    pub(crate) lost: Vec<LostView>,
    pub(crate) waiting: Option<Waiting>,
    /// What of the mailbox is not Offsync's, where something waits for room.
    pub(crate) foreign: Option<ForeignView>,
    /// Whether the cycle began with a location that a person had brought back.
    pub(crate) was_brought_back: bool,
}

impl LeftOpen {
    /// Asks the engine that has just run a cycle.
    pub(crate) fn after(
        report: &offsync_engine::SyncReport,
        engine: &mut Engine<'_>,
        options: &SyncOptions,
        was_brought_back: bool,
    ) -> Result<Self, EngineError> {
        let standings = engine.standings(options)?;
        let labels = told_apart(standings.iter().map(|one| (one.location, one.label.as_str())));
        let label = |location: &LocationId| labels.get(location).cloned().unwrap_or_default();
        let served = report.served.iter().map(|(location, served)| ServedReport {
            location_id: location.to_string(),
            label: label(location),
            files: served.files.len() as u64,
            bytes: served.bytes,
            state: served.has_state,
        });
        let unshown = engine.unshown()?;
        let damaged = engine.damaged()?;
        let is_asked = report.awaits_state || report.missing_chunks > 0 || damaged.iter().any(|one| one.is_wanted);
        let waits_for = match is_asked {
            true => who_can_help(&standings, report.awaits_state),
            false => Vec::new(),
        };
        let people = engine.known_vectors()?;
        let lost: Vec<LostView> = report.lost.iter().map(|file| LostView::of(file, &people)).collect();
        let this = standings.iter().find(|one| one.is_this);
        let posted = match this {
            Some(this) if report.posted_entries > 0 => last_sent(engine.log()?, &this.location, report.posted_entries),
            _ => None,
        };
        Ok(Self {
            posted,
            location_id: this.map(|this| this.location.to_string()).unwrap_or_default(),
            served: served.collect(),
            other_homes: other_homes(&standings, &people),
            // What the drive can never show is asked of nobody, and no sync brings it.
            lacking: Lacking {
                files: unshown.files - unshown.unfit,
                bytes: unshown.bytes - unshown.unfit_bytes,
            },
            waits_for,
            damaged: damaged.iter().map(|one| DamagedReport::of(one, &lost)).collect(),
            lost,
            waiting: report.outlook.map(|outlook| waiting(&outlook, &standings)),
            foreign: match report.waiting_entries {
                0 => None,
                _ => ForeignView::in_the_way(report.foreign, options.allowance_bytes),
            },
            was_brought_back,
        })
    }
}

/// Counts the other homes that take part and have anything: who was invited and never came brings nothing back.
pub(crate) fn other_homes(standings: &[LocationStanding], people: &[Known]) -> u64 {
    let has_files = |one: &LocationStanding| {
        let mut known = people.iter().filter(|(location, ..)| *location == one.location);
        known.any(|(_, _, vector)| !vector.is_empty())
    };
    let counts = |one: &&LocationStanding| !one.is_this && one.state != LocationState::Removed && has_files(one);
    standings.iter().filter(counts).count() as u64
}

/// Says what waits for room, and for whose visits.
pub(crate) fn waiting(outlook: &Outlook, standings: &[LocationStanding]) -> Waiting {
    let mut labels = told_apart(standings.iter().map(|one| (one.location, one.label.as_str())));
    // Who has come already has made its part of the room: to name the others alone would let that one wait for them.
    let last = outlook.visits.and_then(|_| last_to_come(standings));
    let last = last.filter(|_| outlook.waits_on.is_none());
    Waiting {
        entries: outlook.entries,
        bytes: outlook.bytes,
        visits: outlook.visits,
        waits_on: outlook.waits_on.or(last).and_then(|location| labels.remove(&location)),
        of_each: last.is_some(),
    }
}

/// Gives the home that alone has still to fetch what lies in the mailbox, if there is just one.
fn last_to_come(standings: &[LocationStanding]) -> Option<LocationId> {
    let is_to_come = |one: &&LocationStanding| match one.state {
        _ if one.is_this => false,
        LocationState::Removed | LocationState::Parked => false,
        LocationState::Behind | LocationState::Invited => true,
        LocationState::UpToDate | LocationState::Unfit | LocationState::Ahead => one.behind_changesets > 0,
    };
    let mut to_come = standings.iter().filter(is_to_come);
    match (to_come.next(), to_come.next()) {
        (Some(one), None) => Some(one.location),
        _ => None,
    }
}

/// Gives what of it waits still: what was changed since may be something else, or undone.
pub(crate) fn still_waiting(waiting: Waiting, unsent: &LocalChanges) -> Option<Waiting> {
    let is_there = unsent.entries > 0 && unsent.bytes >= waiting.bytes;
    is_there.then(|| Waiting {
        // A file that moved is two paths to the mailbox and one change to people.
        entries: waiting.entries.min(unsent.entries),
        ..waiting
    })
}

/// Gives what to call the homes whose next sync brings what lacks, in order.
pub(crate) fn who_can_help(standings: &[LocationStanding], awaits_state: bool) -> Vec<String> {
    let labels = told_apart(standings.iter().map(|one| (one.location, one.label.as_str())));
    let mut can_help: Vec<_> = standings.iter().filter(|one| can_help(one, awaits_state)).collect();
    let label = |one: &LocationStanding| labels.get(&one.location).cloned().unwrap_or_default();
    // Whose drive cannot store everything may not have just that: the others first.
    can_help.sort_by_key(|one| (one.state == LocationState::Unfit, label(one).to_lowercase()));
    can_help.into_iter().map(label).collect()
}

/// Tells whether a location's next sync brings what lacks: it has all that is known here, or knows more than that.
fn can_help(standing: &LocationStanding, awaits_state: bool) -> bool {
    match standing.state {
        _ if standing.is_this => false,
        LocationState::UpToDate | LocationState::Unfit => true,
        LocationState::Ahead => awaits_state,
        _ => false,
    }
}

/// What is damaged, and the step that is next.
pub(crate) struct Damaged {
    /// A stable word: whether it has still to be asked for.
    pub(crate) code: &'static str,
    pub(crate) what: String,
    pub(crate) next: String,
}

/// Says what is damaged and the step that is next.
pub(crate) fn damage_sentence(damaged: &[DamagedReport], waits_for: &[String], has_come: bool) -> Option<String> {
    let Damaged { what, next, .. } = damage(damaged, waits_for, has_come)?;
    Some(format!("{what} {next}"))
}

/// Tells what is damaged and the step that is next: to ask for it, to wait for another home, or to take what has come.
pub(crate) fn damage(damaged: &[DamagedReport], waits_for: &[String], has_come: bool) -> Option<Damaged> {
    // Of what is lost, that is what is said.
    let damaged: Vec<&DamagedReport> = damaged.iter().filter(|one| !one.lost).collect();
    let first = damaged.first()?;
    let what = match damaged.len() {
        1 => format!("'{}' is damaged on this drive", first.path),
        n => format!("'{}' and {} more are damaged on this drive", first.path, n - 1),
    };
    let unasked: Vec<&&DamagedReport> = damaged.iter().filter(|one| !one.asked_for).collect();
    let is_unasked = !unasked.is_empty();
    if let [unsent, more @ ..] = unasked.as_slice()
        && unasked.iter().all(|one| one.unsent)
    {
        let (path, exact) = (&unsent.path, unsent.path_base64.as_deref());
        let (what, it) = match more.len() {
            0 => (format!("'{path}' is damaged on this drive, and what it held"), "it"),
            n => (
                format!("'{path}' and {n} more are damaged on this drive, and what they held"),
                "one",
            ),
        };
        let path = if more.is_empty() {
            as_argument(path, exact)
        } else {
            "PATH".into()
        };
        return Some(Damaged {
            code: "damaged_unsent",
            what: format!("{what} was not sent yet."),
            next: format!(
                "No other home shows it: `offsync verify FOLDER --keep {path}` lets {it} stay as it is now, and the next sync sends it; the other homes put a version of before into their trash."
            ),
        });
    }
    if is_unasked {
        return Some(Damaged {
            code: "damaged",
            what: format!("{what}."),
            next: format!(
                "`offsync verify FOLDER --repair` has what lacks again from another home. If you edited {}, `offsync verify FOLDER --keep {}` lets it stay as it is now, and the next sync sends it.",
                if damaged.len() == 1 {
                    "it yourself"
                } else {
                    "one of them yourself"
                },
                match damaged.as_slice() {
                    [only] => as_argument(&only.path, only.path_base64.as_deref()),
                    _ => "PATH".into(),
                }
            ),
        });
    }
    let (asked, next) = match waits_for {
        _ if has_come => ("what lacks has come", "Sync here to heal it.".to_owned()),
        [] => (
            "and what lacks was asked for",
            "Let another home that has it sync, then sync here.".to_owned(),
        ),
        [one] => (
            "and what lacks was asked for",
            format!("The next sync of '{one}' sends it; sync here after that."),
        ),
        [one, ..] => (
            "and what lacks was asked for",
            format!("The next sync of '{one}' or of another home sends it; sync here after that."),
        ),
    };
    let what = match has_come {
        true => format!("{what}; {asked}."),
        false => format!("{what}, {asked}."),
    };
    Some(Damaged {
        code: "damage_asked_for",
        what,
        next,
    })
}

impl DamagedReport {
    pub(crate) fn of(damaged: &DamagedFile, lost: &[LostView]) -> Self {
        let path = damaged.path.to_string();
        Self {
            lost: lost.iter().any(|file| file.path == path),
            path,
            path_base64: exact(&damaged.path),
            asked_for: damaged.is_wanted,
            unsent: damaged.is_unsent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(number: u8, state: LocationState) -> LocationStanding {
        LocationStanding {
            location: LocationId::new([number; 16]),
            label: "Anna".into(),
            person: String::new(),
            is_this: number == 0,
            state,
            behind_changesets: 0,
            behind_bytes: 0,
            unfit: 0,
            waits_for_room: false,
            last_seen_ns: None,
            last_check_ns: None,
            root: None,
        }
    }

    fn check(states: [LocationState; 2], awaits_state: bool, who: &[&str]) {
        let [one, other] = states;
        let all = [
            standing(0, LocationState::UpToDate),
            standing(2, other),
            standing(1, one),
        ];
        assert_eq!(who_can_help(&all, awaits_state), who);
    }

    #[test]
    fn who_can_help_is_named_apart_from_whom_is_called_the_same() {
        use LocationState::{Ahead, Behind, Unfit, UpToDate};
        check([UpToDate, UpToDate], false, &["Anna [01010101]", "Anna [02020202]"]);
        check([UpToDate, Behind], false, &["Anna [01010101]"]);
        check([UpToDate, Ahead], false, &["Anna [01010101]"]);
        check([Behind, Ahead], true, &["Anna [02020202]"]);
        check([Unfit, Behind], false, &["Anna [01010101]"]);
        check([Unfit, UpToDate], false, &["Anna [02020202]", "Anna [01010101]"]);
    }

    #[test]
    fn the_one_home_that_has_not_come_is_named_though_each_must_come_so_often() {
        use LocationState::{Behind, Invited, Parked, UpToDate};
        let check = |visits: Option<u64>, others: [LocationState; 2], named: Option<&str>| {
            let outlook = Outlook {
                entries: 1,
                bytes: 5,
                visits,
                waits_on: None,
            };
            let [one, other] = others;
            let all = [standing(0, UpToDate), standing(1, one), standing(2, other)];
            let waiting = waiting(&outlook, &all);
            assert_eq!(waiting.waits_on.as_deref(), named);
            assert_eq!(waiting.of_each, named.is_some());
        };
        check(Some(3), [UpToDate, Behind], Some("Anna [02020202]"));
        check(Some(3), [Invited, UpToDate], Some("Anna [01010101]"));
        check(Some(3), [Behind, Behind], None);
        check(Some(3), [UpToDate, Parked], None);
        check(None, [UpToDate, Behind], None);
    }

    #[test]
    fn no_more_waits_for_room_than_is_unsent() {
        let check = |unsent: (u64, u64), left: Option<u64>| {
            let waiting = Waiting {
                entries: 3,
                bytes: 100,
                ..Waiting::default()
            };
            let (entries, bytes) = unsent;
            let still = still_waiting(waiting, &LocalChanges { entries, bytes });
            assert_eq!(still.map(|waiting| waiting.entries), left);
        };
        check((3, 100), Some(3));
        check((4, 120), Some(3));
        check((2, 100), Some(2));
        check((3, 99), None);
        check((0, 0), None);
    }
}
