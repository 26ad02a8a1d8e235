//! What people say of other locations: a new name, parked, back again, removed.
//!
//! Each is a signed statement that the next sync carries to everybody. Nothing is deleted anywhere by any of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use offsync_core::format::Membership;
use offsync_core::ids::LocationId;
use offsync_engine::{CachedPerson, EngineError, Silent};

use crate::app::App;
use crate::copy::{CopyReport, CopyRequest};
use crate::failure::{AppError, Result};
use crate::init::check_name;
use crate::naming::{Named, meant_by, refuse_same_label, short_id, too_short};
use crate::opened::{Opened, read_marker};
use crate::view::{Behind, LocationState, LocationView};
use crate::views::location_view;

const UNKNOWN_LOCATION: &str = "unknown_location";

/// What `location replace` asks for.
#[derive(Clone, Debug, Default)]
pub struct ReplaceRequest {
    /// The archive's folder.
    pub folder: PathBuf,
    /// The location that will not come back: its label, its id or a unique beginning of one.
    pub location: String,
    /// The empty folder on the new drive.
    pub to: PathBuf,
    /// What to call the new location, if not as the old one.
    pub label: Option<String>,
    /// Who will look after it, if not the same person.
    pub person: Option<String>,
}

impl App {
    /// Gives a location another name, for everybody; `said` is its label, its id or a unique beginning of one.
    pub fn rename_location(
        &self,
        folder: &Path,
        said: &str,
        label: &str,
    ) -> std::result::Result<LocationView, AppError> {
        check_name("--label", label)?;
        let mut archive = self.open_archive(folder)?;
        archive.with_engine(&Silent, |engine| engine.refuse_if_removed())?;
        let (location, person) = find(&mut archive, said, Sought::TakesPart)?;
        refuse_same_label(&mut archive, label, Some(location))?;
        archive.with_engine(&Silent, |engine| engine.rename(location, label, &person.person))?;
        // Renamed here, the marker says so already.
        archive.marker = read_marker(&archive.disk)?;
        self.remember_archive(&archive.root, &archive.marker)?;
        view_of(&mut archive, location)
    }

    /// Finds the location that would be taken out of the archive; changes nothing.
    pub fn would_remove(&self, folder: &Path, said: &str) -> std::result::Result<LocationView, AppError> {
        let mut archive = self.open_archive(folder)?;
        match find_other(&mut archive, said, Membership::Removed) {
            Ok((location, _)) => view_of(&mut archive, location),
            Err(error) => {
                let stranger = find_stranger(&mut archive, said, Sought::TakesPart, error)?;
                Ok(stranger_view(stranger, LocationState::Ahead))
            }
        }
    }

    /// Lets nothing wait for a location any more until it syncs again.
    pub fn park_location(&self, folder: &Path, said: &str) -> std::result::Result<LocationView, AppError> {
        self.set_membership(folder, said, Membership::Parked)
    }

    /// Lets a location count again that was parked or removed; tells whether it was, as far as this one knows.
    ///
    /// Of one that nobody introduced it says that it is in: while anybody is out, that takes a word.
    pub fn unpark_location(&self, folder: &Path, said: &str) -> std::result::Result<(LocationView, bool), AppError> {
        let mut archive = self.open_archive(folder)?;
        let (location, person) = match find_other(&mut archive, said, Membership::Counts) {
            Ok(found) => found,
            Err(error) => {
                let stranger = find_stranger(&mut archive, said, Sought::SetAside, error)?;
                archive.with_engine(&Silent, |engine| engine.set_membership(stranger, Membership::Counts))?;
                return Ok((stranger_view(stranger, LocationState::Ahead), true));
            }
        };
        let before = view_of(&mut archive, location)?;
        match before.state {
            LocationState::Removed => refuse_taken_label(&mut archive, location, &person.label)?,
            // By a word or by silence.
            LocationState::Parked => {}
            _ => return Ok((before, false)),
        }
        archive.with_engine(&Silent, |engine| engine.set_membership(location, Membership::Counts))?;
        Ok((view_of(&mut archive, location)?, true))
    }

    /// Takes a location out of the archive. Its files stay on its drive; what is sent from the next sync on, it cannot read.
    ///
    /// An id that nobody introduced here, and that only the mailbox tells of, can be named as well.
    pub fn remove_location(&self, folder: &Path, said: &str) -> std::result::Result<LocationView, AppError> {
        let error = match self.set_membership(folder, said, Membership::Removed) {
            Err(error) if error.code == UNKNOWN_LOCATION => error,
            done => return done,
        };
        let mut archive = self.open_archive(folder)?;
        let stranger = find_stranger(&mut archive, said, Sought::TakesPart, error)?;
        archive.with_engine(&Silent, |engine| engine.set_membership(stranger, Membership::Removed))?;
        Ok(stranger_view(stranger, LocationState::Removed))
    }

    /// Makes a copy that takes the place of a location whose drive is dead, and takes that one out of the archive.
    ///
    /// The copy has the label and the person of the one before, unless others are named. Interrupted, it goes on.
    pub fn replace_location(&self, request: &ReplaceRequest) -> std::result::Result<CopyReport, AppError> {
        let mut archive = self.open_archive(&request.folder)?;
        let (location, person) = find(&mut archive, &request.location, Sought::TakesPart)?;
        refuse_this(
            &archive,
            location,
            "Say it at another home: that one makes the new copy.".into(),
        )?;
        drop(archive);
        let request_copy = CopyRequest {
            folder: request.folder.clone(),
            to: request.to.clone(),
            label: request.label.clone().unwrap_or(person.label),
            account: None,
            person: request.person.clone().unwrap_or(person.person),
        };
        let report = self.copy_for(&request_copy, Some(location))?;
        self.set_membership(&request.folder, &location.to_string(), Membership::Removed)?;
        Ok(report)
    }

    fn set_membership(&self, folder: &Path, said: &str, membership: Membership) -> Result<LocationView> {
        let mut archive = self.open_archive(folder)?;
        let (location, person) = find_other(&mut archive, said, membership)?;
        let aside = archive.with_engine(&Silent, |engine| engine.set_aside())?;
        if membership == Membership::Parked && aside.get(&location) == Some(&Membership::Removed) {
            return Err(AppError::failed(
                "removed",
                format!("'{}' was taken out of the archive; it cannot be parked.", person.label),
                "Bring it back first with `offsync location unpark`.",
            ));
        }
        archive.with_engine(&Silent, |engine| engine.set_membership(location, membership))?;
        view_of(&mut archive, location)
    }
}

/// Finds the location of which something is to be said, which is never this one.
pub(crate) fn find_other(
    archive: &mut Opened,
    said: &str,
    membership: Membership,
) -> Result<(LocationId, CachedPerson)> {
    archive.with_engine(&Silent, |engine| engine.refuse_if_removed())?;
    let sought = match membership {
        Membership::Counts => Sought::SetAside,
        Membership::Parked | Membership::Removed => Sought::TakesPart,
    };
    let found = find(archive, said, sought)?;
    let days = archive.marker.park_after_days;
    let hint = match membership {
        Membership::Counts => "Just sync here: a home that was parked counts again as soon as it syncs.".into(),
        Membership::Parked => format!(
            "Say it at another home. Unsaid, nothing waits for this one any more after {days} days of silence; either way it counts again as soon as it syncs."
        ),
        Membership::Removed => {
            "Say it at another home; or let this computer forget the archive with `offsync forget FOLDER`.".into()
        }
    };
    refuse_this(archive, found.0, hint)?;
    Ok(found)
}

/// Finds a location that nobody introduced here by a beginning of its id, where no other was meant; else `error` stands.
fn find_stranger(archive: &mut Opened, said: &str, sought: Sought, error: AppError) -> Result<LocationId> {
    if error.code != UNKNOWN_LOCATION {
        return Err(error);
    }
    let mut strangers: BTreeSet<LocationId> = archive.with_engine(&Silent, |engine| match engine.strangers() {
        // Without the mailbox nobody can be found in it.
        Err(EngineError::Mailbox(_)) => Ok(BTreeSet::new()),
        found => found,
    })?;
    if sought == Sought::SetAside {
        let (known, aside) = archive.with_engine(&Silent, |engine| Ok((engine.living()?, engine.set_aside()?)))?;
        let is_known = |id: &LocationId| known.iter().any(|(location, _)| location == id);
        strangers.extend(aside.into_keys().filter(|id| !is_known(id)));
    }
    let named = |location: LocationId| Named {
        labels: Vec::new(),
        ids: vec![location.to_string()],
        meant: location,
    };
    match meant_by(said, strangers.into_iter().map(named)).as_slice() {
        [stranger] => Ok(*stranger),
        _ => Err(error),
    }
}

fn stranger_view(location: LocationId, state: LocationState) -> LocationView {
    LocationView {
        location_id: location.to_string(),
        label: "a home that nobody introduced here".into(),
        person: String::new(),
        this: false,
        state,
        behind: Behind::default(),
        last_seen: None,
        cannot_store: 0,
        waits_for_room: false,
        last_check: None,
        root: None,
    }
}

/// Refuses to bring back a location while another one has its label: people could not tell the two apart.
fn refuse_taken_label(archive: &mut Opened, location: LocationId, label: &str) -> Result<()> {
    refuse_same_label(archive, label, Some(location)).map_err(|error| match error.code {
        "label_taken" => AppError {
            hint: format!(
                "Give one of the two another name first: `offsync location rename FOLDER {id:.8} --label LABEL` renames the one that was removed, and `offsync location unpark FOLDER {id:.8}` brings it back then.",
                id = location.to_string()
            ),
            ..error
        },
        _ => error,
    })
}

fn refuse_this(archive: &Opened, location: LocationId, hint: String) -> Result<()> {
    if location != archive.marker.location {
        return Ok(());
    }
    Err(AppError::failed(
        "this_location",
        format!(
            "'{}' is the location on this drive, and cannot say that of itself.",
            archive.marker.label
        ),
        hint,
    ))
}

/// Which location is meant where several bear the label that was said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sought {
    /// One that was not removed.
    TakesPart,
    /// One that was parked or removed.
    SetAside,
}

/// Finds a location by its label, its id, or a unique beginning of one; gives it with who looks after it.
fn find(archive: &mut Opened, said: &str, sought: Sought) -> Result<(LocationId, CachedPerson)> {
    let known = archive.with_engine(&Silent, |engine| engine.living())?;
    let named = |(location, person): (LocationId, CachedPerson)| Named {
        labels: vec![person.label.clone()],
        ids: vec![location.to_string()],
        meant: (location, person),
    };
    let mut meant = meant_by(said, known.into_iter().map(named));
    if meant.len() > 1 {
        // One that was replaced has often the label of the one in its place.
        let aside = archive.with_engine(&Silent, |engine| engine.set_aside())?;
        let is_sought = |(location, _): &(LocationId, CachedPerson)| match sought {
            Sought::TakesPart => aside.get(location) != Some(&Membership::Removed),
            Sought::SetAside => aside.contains_key(location),
        };
        if meant.iter().any(is_sought) {
            meant.retain(is_sought);
        }
    }
    match meant.as_slice() {
        [(location, person)] => Ok((*location, person.clone())),
        [] => Err(AppError::failed(
            UNKNOWN_LOCATION,
            format!("This archive has no location '{said}'.{}", too_short(said)),
            "See which there are with `offsync locations FOLDER`; name one by its label, its id or a unique beginning of it, of an id at least four characters.",
        )),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|(location, person)| format!("'{}' {}", person.label, short_id(location)))
                .collect();
            Err(AppError::failed(
                "ambiguous_location",
                format!("'{said}' may mean several locations: {}.", names.join(", ")),
                "Say more of the label, or the id.",
            ))
        }
    }
}

pub(crate) fn view_of(archive: &mut Opened, location: LocationId) -> Result<LocationView> {
    let options = archive.options();
    let standings = archive.with_engine(&Silent, |engine| engine.standings(&options))?;
    let standing = standings.iter().find(|standing| standing.location == location);
    standing.map(location_view).ok_or_else(|| {
        AppError::failed(
            UNKNOWN_LOCATION,
            "The location took a new id in the meantime.",
            "See which there are with `offsync locations FOLDER`, and try again.",
        )
    })
}
