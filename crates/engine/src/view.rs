//! The mailbox as one cycle sees it: a listing, and calls that are counted.

use std::collections::BTreeMap;

use offsync_core::format::{FormatError, ObjectName};
use offsync_core::ids::{LocationId, PublicKey};
use offsync_core::ports::{Mailbox, MailboxErrorKind};
use offsync_core::rel_path::RelPath;

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{self, CachedPerson, PERSON};
use crate::report::Foreign;

/// Why something cannot be read yet that others sent since somebody was taken out.
const LACKS_KEY: &str = "what others sent is sealed with a new key, since somebody was taken out of the archive; the key comes with the next sync of a home that has it, and then with the one after that here";
/// What is said beside it where nobody has heard yet what the others say of who is out.
const OR_TAKEN_OUT: &str = "; or this home was taken out: the next sync here tells";

/// What a listing showed, kept up with what this cycle puts and deletes.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    objects: BTreeMap<ObjectName, u64>,
    /// Bytes of everything in the folder, what is not Offsync's among it.
    used_bytes: u64,
    foreign: Foreign,
}

impl View {
    pub(crate) fn names(&self) -> impl Iterator<Item = &ObjectName> {
        self.objects.keys()
    }

    pub(crate) fn contains(&self, name: &ObjectName) -> bool {
        self.objects.contains_key(name)
    }

    pub(crate) fn size_of(&self, name: &ObjectName) -> u64 {
        self.objects.get(name).copied().unwrap_or(0)
    }

    pub(crate) fn used_bytes(&self) -> u64 {
        self.used_bytes
    }

    /// Gives what is not Offsync's.
    pub(crate) fn foreign(&self) -> Foreign {
        self.foreign
    }

    fn add_foreign(&mut self, size_bytes: u64) {
        self.used_bytes += size_bytes;
        self.foreign.files += 1;
        self.foreign.bytes += size_bytes;
    }

    fn add(&mut self, name: ObjectName, size_bytes: u64) {
        self.used_bytes += size_bytes;
        self.used_bytes -= self.objects.insert(name, size_bytes).unwrap_or(0);
    }

    fn remove(&mut self, name: &ObjectName) {
        self.used_bytes -= self.objects.remove(name).unwrap_or(0);
    }
}

impl<'a> Engine<'a> {
    pub(crate) fn list(&mut self, mailbox: &dyn Mailbox) -> Result<View> {
        self.listed_ns = Some(self.clock.now_ns());
        let mut view = View::default();
        for object in mailbox.list()? {
            match object.name.parse() {
                Ok(name) => view.add(name, object.size_bytes),
                Err(_) => view.add_foreign(object.size_bytes),
            }
        }
        self.report.foreign = view.foreign;
        Ok(view)
    }

    pub(crate) fn get(&mut self, mailbox: &dyn Mailbox, name: &ObjectName) -> Result<Option<Vec<u8>>> {
        let bytes = match mailbox.get(&name.to_string()) {
            // One object that cannot be read keeps nobody from the others.
            Err(error) if matches!(error.kind(), MailboxErrorKind::Broken | MailboxErrorKind::Denied) => {
                self.unusable.insert(name.clone());
                self.say_of_object(
                    format!("something in the mailbox cannot be read ({name}): what it held is asked for again"),
                    &error.to_string(),
                );
                return Ok(None);
            }
            bytes => bytes?,
        };
        self.report.downloaded_bytes += bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
        Ok(bytes)
    }

    /// Says that an object of the mailbox is not what it should be.
    pub(crate) fn note_damaged(&mut self, name: &ObjectName, reason: &str) {
        self.unusable.insert(name.clone());
        // It is of use to nobody, and whatever it held stands on somebody's drive: that file may go.
        self.say_of_object(
            format!("something in the mailbox is damaged ({name}): what it held is asked for again. If this is still said once all other homes have synced, delete that file in the mailbox"),
            reason,
        );
    }

    /// Says why an object could not be read. One that only a newer Offsync reads is of use to others, and not damaged.
    pub(crate) fn note_unreadable(&mut self, name: &ObjectName, error: &FormatError) {
        if error.lacks_key() {
            self.tell_lacking_key();
        } else if error.is_newer() {
            self.say_of_object(
                format!("something in the mailbox was made by a newer Offsync ({name}): install the newest one here"),
                &error.to_string(),
            );
        } else {
            self.note_damaged(name, &error.to_string());
        }
    }

    /// Says that a key has yet to come; to who was taken out none comes, and they are told of that.
    fn tell_lacking_key(&mut self) {
        self.lacks_key = true;
        if self.refuse_if_removed().is_ok() {
            self.skip(&RelPath::root(), LACKS_KEY);
        }
    }

    /// Says that the key that lacks may never come: a survey hears no statement about who is out.
    pub(crate) fn leave_open_who_is_out(&mut self) {
        let said = self.report.skipped.iter_mut().find(|line| line.reason == LACKS_KEY);
        if let Some(line) = said {
            line.reason.push_str(OR_TAKEN_OUT);
        }
    }

    /// Says in plain words what is wrong with an object; why it is so, to who asks for more.
    fn say_of_object(&mut self, sentence: String, detail: &str) {
        self.skip_in_detail(&RelPath::root(), sentence, Some(detail.to_owned()));
    }

    pub(crate) fn put_object(
        &mut self,
        mailbox: &dyn Mailbox,
        view: &mut View,
        name: &ObjectName,
        bytes: &[u8],
    ) -> Result<()> {
        mailbox.put(&name.to_string(), bytes).inspect_err(|error| {
            if error.kind() == MailboxErrorKind::NoRoom {
                let size_bytes = bytes.len() as u64;
                let (least, most) = self.found_no_room.unwrap_or((size_bytes, size_bytes));
                self.found_no_room = Some((least.min(size_bytes), most.max(size_bytes)));
            }
        })?;
        self.report.uploaded_bytes += bytes.len() as u64;
        view.add(name.clone(), bytes.len() as u64);
        Ok(())
    }

    pub(crate) fn delete_object(&mut self, mailbox: &dyn Mailbox, view: &mut View, name: &ObjectName) -> Result<()> {
        mailbox.delete(&name.to_string())?;
        view.remove(name);
        Ok(())
    }

    /// Gives the locations that this one knows, each by its last name.
    pub(crate) fn people(&self) -> Result<BTreeMap<LocationId, CachedPerson>> {
        let mut all = memory::read_all::<CachedPerson>(self.index, PERSON)?;
        for (id, name) in self.names()? {
            if let Some(person) = all.get_mut(&id) {
                (person.label, person.person) = (name.label, name.person);
            }
        }
        Ok(all
            .into_iter()
            .filter_map(|(id, person)| Some((id.parse().ok()?, person)))
            .collect())
    }

    /// Gives the key by which a location's objects are verified.
    pub(crate) fn key_of(&self, location: &LocationId) -> Result<Option<PublicKey>> {
        let person = memory::read::<CachedPerson>(self.index, &format!("{PERSON}{location}"))?;
        Ok(person.map(|person| person.key))
    }
}
