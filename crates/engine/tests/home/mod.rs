//! Homes on the simulated world: each a drive, an index and a computer; one mailbox between them.

use offsync_core::format::{Marker, Membership, People, Statement};
use offsync_core::guard::Threshold;
use offsync_core::ids::{ArchiveId, LocationId};
use offsync_core::ports::{Disk, Entropy, IndexStore, IndexWrite, Witness};
use offsync_core::rel_path::RelPath;
use offsync_core::seal::{ArchiveKey, ArchiveKeys, SigningKey};
use offsync_engine::{
    Beginning, Emptied, Engine, EngineError, Identity, Monitor, Outlook, Ports, Silent, Survey, SyncOptions,
    SyncReport, TrashLine, mend_notes,
};
use offsync_testkit::{
    DiskOptions, DiskSnapshot, Hand, IndexSnapshot, MailboxHandle, MailboxOptions, Rng, SimClock, SimDisk, SimEntropy,
    SimIndex, SimMailbox, SimTime, SimWitness, TwoWriters,
};

mod asking;
mod cutting;
mod lying;
mod moving;
mod renegade;
mod verifying;

pub(crate) fn path(text: &str) -> RelPath {
    RelPath::new(text).expect("a good path")
}

/// Content that nothing shrinks.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 7_u64;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..len).map(|_| draw()).collect()
}

struct Home {
    disk: SimDisk,
    index: SimIndex,
    mailbox: MailboxHandle,
    clock: SimClock,
    witness: SimWitness,
    signer: SigningKey,
}

pub(crate) struct Homes {
    homes: Vec<Home>,
    mailbox: SimMailbox,
    keys: ArchiveKeys,
    entropy: SimEntropy,
    pub(crate) time: SimTime,
}

impl Homes {
    pub(crate) fn new(count: usize) -> Self {
        Self::on(&vec![DiskOptions::ext4(); count])
    }

    /// Homes at a mailbox that lets an object be put there in two meanings, as the outside world does.
    pub(crate) fn that_may_say_twice(count: usize) -> Self {
        let options = MailboxOptions {
            two_writers: TwoWriters::Note,
            ..MailboxOptions::default()
        };
        Self::at(&vec![DiskOptions::ext4(); count], options)
    }

    /// A home on each drive.
    pub(crate) fn on(drives: &[DiskOptions]) -> Self {
        Self::at(drives, MailboxOptions::default())
    }

    fn at(drives: &[DiskOptions], options: MailboxOptions) -> Self {
        let time = SimTime::new();
        let entropy = SimEntropy::new(7);
        let archive = ArchiveId::new([1; 16]);
        let keys = ArchiveKeys::derive(&ArchiveKey::new([2; 32]), &archive);
        let mailbox = SimMailbox::new(options, 3);
        let mut homes = Self {
            homes: Vec::new(),
            mailbox,
            keys,
            entropy,
            time,
        };
        for (n, drive) in drives.iter().enumerate() {
            homes.add(n, archive, drive);
        }
        homes
    }

    fn add(&mut self, n: usize, archive: ArchiveId, drive: &DiskOptions) {
        let clock = self.time.clock(0);
        let disk = SimDisk::new(drive.clone(), clock.clone());
        let mut index = SimIndex::on(&disk);
        let signer = SigningKey::from_seed([n as u8 + 1; 32]);
        let entropy: &dyn Entropy = &self.entropy;
        let location = LocationId::new(entropy.sixteen());
        let beginning = Beginning {
            archive,
            location,
            label: format!("home {n}"),
            person: format!("person {n}"),
        };
        let marker = Marker {
            archive_id: archive,
            archive_name: "photos".into(),
            location,
            label: beginning.label.clone(),
            person: beginning.person.clone(),
            key_name: location.to_string(),
            mailbox: None,
            allowance_bytes: None,
            park_after_days: 180,
            drive_identity: Vec::new(),
        };
        disk.write_marker(marker.to_toml().as_bytes()).expect("an empty drive");
        if n == 0 {
            beginning
                .found(&mut index, &self.keys, &signer, &clock, entropy)
                .expect("an empty index");
        } else {
            self.with_engine(0, |engine| {
                engine
                    .begin_copy(&beginning, &signer.public(), &mut index)
                    .expect("an empty index");
                let holds = engine.vector().clone();
                engine
                    .invite(&beginning, signer.public(), holds)
                    .expect("a sound index");
            });
        }
        let mailbox = self.mailbox.handle(format!("home {n}"));
        self.homes.push(Home {
            disk,
            index,
            mailbox,
            clock,
            witness: SimWitness::new(),
            signer,
        });
    }

    pub(crate) fn with_engine<T>(&mut self, n: usize, run: impl FnOnce(&mut Engine<'_>) -> T) -> T {
        self.with_monitor(n, &Silent, run)
    }

    fn with_monitor<T>(&mut self, n: usize, monitor: &dyn Monitor, run: impl FnOnce(&mut Engine<'_>) -> T) -> T {
        let home = &mut self.homes[n];
        mend_notes(&mut home.index, &home.disk).expect("mended");
        let ports = Ports {
            disk: &home.disk,
            index: &mut home.index,
            mailbox: Some(&home.mailbox),
            clock: &home.clock,
            entropy: &self.entropy,
            witness: &home.witness,
        };
        let mut engine = Engine::open(ports, &self.keys, &home.signer, monitor).expect("begun");
        run(&mut engine)
    }

    /// The same, where the mailbox cannot be reached.
    pub(crate) fn with_engine_offline<T>(&mut self, n: usize, run: impl FnOnce(&mut Engine<'_>) -> T) -> T {
        let home = &mut self.homes[n];
        let ports = Ports {
            disk: &home.disk,
            index: &mut home.index,
            mailbox: None,
            clock: &home.clock,
            entropy: &self.entropy,
            witness: &home.witness,
        };
        let mut engine = Engine::open(ports, &self.keys, &home.signer, &Silent).expect("begun");
        run(&mut engine)
    }

    pub(crate) fn hand(&self, n: usize) -> Hand {
        self.time.pass_ns(60_000_000_000);
        self.homes[n].disk.hand()
    }

    pub(crate) fn read(&self, n: usize, at: &str) -> String {
        let bytes = self.homes[n].disk.hand().read(&path(at)).expect("is there");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(crate) fn read_bytes(&self, n: usize, at: &str) -> Vec<u8> {
        self.homes[n].disk.hand().read(&path(at)).expect("is there").to_vec()
    }

    pub(crate) fn sync(&mut self, n: usize) -> SyncReport {
        self.sync_with(n, &SyncOptions::default())
    }

    pub(crate) fn sync_confirmed(&mut self, n: usize) -> SyncReport {
        self.sync_with(
            n,
            &SyncOptions {
                confirm_deletions: true,
                ..SyncOptions::default()
            },
        )
    }

    /// Syncs for somebody who leaves files for later.
    pub(crate) fn sync_leaving(&mut self, n: usize, monitor: &dyn Monitor) -> SyncReport {
        self.time.pass_ns(60_000_000_000);
        let options = SyncOptions::default();
        self.with_monitor(n, monitor, |engine| engine.sync(&options).expect("a sound world"))
    }

    /// Syncs until somebody stops it; gives how many files are staged then.
    pub(crate) fn sync_stopped(&mut self, n: usize, monitor: &dyn Monitor) -> usize {
        self.time.pass_ns(60_000_000_000);
        let synced = self.with_monitor(n, monitor, |engine| engine.sync(&SyncOptions::default()).map(drop));
        assert!(matches!(synced, Err(EngineError::Cancelled)), "{synced:?}");
        self.disk(n).hand().staging().len()
    }

    /// Syncs at the very moment at which a file was written.
    pub(crate) fn sync_right_after_writing(&mut self, n: usize, name: &str) {
        self.hand(n).write(&path(name), "written just now").expect("fits");
        let synced = self.with_engine(n, |engine| engine.sync(&SyncOptions::default()));
        synced.expect("a sound world");
    }

    /// Lets what a home keeps of its folders' hashes be wrong.
    pub(crate) fn spoil_kept_hashes(&mut self, n: usize) {
        let index = &mut self.homes[n].index;
        let kept = index.notes("hash/").expect("a sound index");
        assert!(!kept.is_empty(), "hashes are kept");
        let wrong = kept
            .into_iter()
            .map(|(name, hash)| IndexWrite::Note(name, Some(vec![7; hash.len()])));
        index.commit(wrong.collect()).expect("a sound index");
    }

    /// Gives a home's index, for a test that spoils it.
    pub(crate) fn index(&self, n: usize) -> &SimIndex {
        &self.homes[n].index
    }

    /// Syncs and reads every file.
    pub(crate) fn sync_deep(&mut self, n: usize) -> SyncReport {
        let deep = true;
        self.sync_with(
            n,
            &SyncOptions {
                deep,
                ..SyncOptions::default()
            },
        )
    }

    pub(crate) fn sync_refusing(&mut self, n: usize) -> SyncReport {
        self.sync_with(
            n,
            &SyncOptions {
                refuse_deletions: true,
                ..SyncOptions::default()
            },
        )
    }

    /// Syncs where the mailbox cannot be reached.
    pub(crate) fn sync_offline(&mut self, n: usize) -> SyncReport {
        self.time.pass_ns(60_000_000_000);
        self.with_engine_offline(n, |engine| engine.sync(&SyncOptions::default()).expect("a sound world"))
    }

    pub(crate) fn disk(&self, n: usize) -> &SimDisk {
        &self.homes[n].disk
    }

    /// Syncs over a mailbox that may hold so much.
    pub(crate) fn sync_allowing(&mut self, n: usize, allowance_bytes: u64) -> SyncReport {
        let allowance_bytes = Some(allowance_bytes);
        self.sync_with(
            n,
            &SyncOptions {
                allowance_bytes,
                ..SyncOptions::default()
            },
        )
    }

    /// Syncs; gives the packs that were fetched, one by one, too.
    pub(crate) fn sync_recorded(&mut self, n: usize) -> (Vec<String>, SyncReport) {
        let (packs, report) = self.sync_until(n, u64::MAX, &mut Rng::new(0));
        (packs, report.expect("nothing ends it"))
    }

    pub(crate) fn backup(&self, n: usize) -> (DiskSnapshot, IndexSnapshot) {
        (self.homes[n].disk.snapshot(), self.homes[n].index.snapshot())
    }

    pub(crate) fn restore(&mut self, n: usize, backup: &(DiskSnapshot, IndexSnapshot)) {
        self.homes[n].disk.restore_snapshot(&backup.0);
        self.homes[n].index.restore(&backup.1);
    }

    /// Puts a copy of a home's drive into another home, with a computer that knows nothing of it.
    pub(crate) fn clone_home(&mut self, from: usize) -> usize {
        let backup = self.backup(from);
        let (clock, n) = (self.time.clock(0), self.homes.len());
        let drive = DiskOptions::ext4().named(format!("drive {n}"));
        let disk = SimDisk::from_snapshot(&backup.0, drive, clock.clone());
        let index = SimIndex::on(&disk);
        index.restore(&backup.1);
        self.homes.push(Home {
            disk,
            index,
            mailbox: self.mailbox.handle(format!("home {n}")),
            clock,
            witness: SimWitness::new(),
            signer: self.homes[from].signer.clone(),
        });
        n
    }

    /// Lets a home have folded all by an Offsync that kept no evidence of what it folded.
    pub(crate) fn forget_what_was_folded(&mut self, n: usize) {
        let index = &mut self.homes[n].index;
        let notes = index.notes("last-folded/").expect("a sound index").into_iter();
        let writes = notes.map(|(name, _)| IndexWrite::Note(name, None)).collect();
        index.commit(writes).expect("a sound index");
    }

    /// Gives all that the mailbox holds, to put it back some time.
    pub(crate) fn mail_backup(&self) -> Vec<(String, Vec<u8>)> {
        let names = self.mail().into_iter();
        names.map(|name| (name.clone(), self.object(&name))).collect()
    }

    /// Lets a drive and the mailbox be again what both were in one night.
    pub(crate) fn put_back_with_mailbox(
        &mut self,
        n: usize,
        drive: &(DiskSnapshot, IndexSnapshot),
        mail: &[(String, Vec<u8>)],
    ) {
        self.restore(n, drive);
        self.lose_objects("");
        mail.iter().for_each(|(name, bytes)| self.forge(name, bytes.clone()));
    }

    /// Plugs a home's drive in at a computer.
    pub(crate) fn plug_in_at(&mut self, n: usize, computer: &SimWitness) {
        self.homes[n].witness = computer.clone();
    }

    /// Gives the computer at which a home's drive is.
    pub(crate) fn computer(&self, n: usize) -> SimWitness {
        self.homes[n].witness.clone()
    }

    /// Plugs a home's drive in at the computer of another one.
    pub(crate) fn carry_to(&mut self, n: usize, other: usize) {
        self.homes[n].witness = self.homes[other].witness.clone();
    }

    /// Lets a home lose its index and its computer, and come back by its recovery sheet.
    pub(crate) fn come_back(&mut self, n: usize) {
        self.time.pass_ns(60_000_000_000);
        let home = &mut self.homes[n];
        let bytes = home.disk.read_marker().expect("a sound drive").expect("a marker");
        let marker = Marker::parse(&String::from_utf8_lossy(&bytes)).expect("a marker");
        home.index.lose();
        home.disk.hand().clear_private();
        home.witness = SimWitness::new();
        let beginning = Beginning {
            archive: marker.archive_id,
            location: marker.location,
            label: marker.label,
            person: marker.person,
        };
        let key = home.signer.public();
        beginning
            .join_again(&mut home.index, &key, &home.clock)
            .expect("an empty index");
        self.with_engine(n, |engine| engine.adopt().expect("a sound drive"));
    }

    /// Gives what a home's drive says that it is.
    pub(crate) fn marker(&self, n: usize) -> Vec<u8> {
        let marker = self.homes[n].disk.read_marker().expect("a sound drive");
        marker.expect("a marker")
    }

    /// Lets a home's drive say again what it said before.
    pub(crate) fn set_marker(&self, n: usize, marker: &[u8]) {
        self.homes[n].disk.write_marker(marker).expect("a sound drive");
    }

    /// Gives the locations that a home knows, and that nobody has succeeded.
    pub(crate) fn living(&mut self, n: usize) -> Vec<LocationId> {
        let living = self.with_engine(n, |engine| engine.living()).expect("a sound index");
        living.into_iter().map(|(location, _)| location).collect()
    }

    /// Says of a location, by another home, that it takes no part any more.
    pub(crate) fn remove(&mut self, by: usize, location: LocationId) {
        let said = self.with_engine(by, |engine| engine.set_membership(location, Membership::Removed));
        said.expect("a sound world");
    }

    /// Says at a home for all from when on deletions are many, where the mailbox cannot be reached.
    pub(crate) fn ask_from(&mut self, n: usize, threshold: Threshold) {
        let said = self.try_to_ask_from(n, threshold);
        assert_eq!(said.expect("a sound index"), Ok(true));
    }

    pub(crate) fn try_to_ask_from(&mut self, n: usize, threshold: Threshold) -> Result<Result<bool, ()>, EngineError> {
        let change = |before| if before == threshold { Err(()) } else { Ok(threshold) };
        self.with_engine_offline(n, |engine| engine.change_threshold(change))
    }

    /// Tells from when on deletions are many, and who said so, as far as a home has heard.
    pub(crate) fn threshold(&mut self, n: usize) -> (Threshold, Option<LocationId>) {
        self.with_engine(n, |engine| {
            let by = engine.threshold_said_by().expect("a sound index");
            (engine.threshold().expect("a sound index"), by)
        })
    }

    /// Puts into the mailbox what a home says before how many deletions all ask, about whomever.
    pub(crate) fn say_threshold_of(&mut self, n: usize, subject: LocationId, revision: u64, threshold: Threshold) {
        let people = People {
            subject,
            author: self.location(n),
            number: 99,
            author_key: self.homes[n].signer.public(),
            statement: Statement::Asks {
                revision,
                threshold,
                created_ns: 0,
            },
        };
        let sealed = people.encode(&self.keys, &self.homes[n].signer, [9; 24]);
        self.forge(&people.name().to_string(), sealed);
    }

    /// Lets a home have read all statements by an Offsync that knew fewer kinds of them.
    pub(crate) fn have_read_with_an_older_offsync(&mut self, n: usize) {
        let index = &mut self.homes[n].index;
        let notes = index.notes("heard/").expect("a sound index").into_iter();
        let mut writes: Vec<_> = notes.map(|(name, _)| IndexWrite::Note(name, Some(vec![4]))).collect();
        writes.push(IndexWrite::Note("asks".into(), None));
        index.commit(writes).expect("a sound index");
    }

    pub(crate) fn add_home(&mut self) {
        self.add(self.homes.len(), ArchiveId::new([1; 16]), &DiskOptions::ext4());
    }

    fn sync_with(&mut self, n: usize, options: &SyncOptions) -> SyncReport {
        self.time.pass_ns(60_000_000_000);
        self.with_engine(n, |engine| engine.sync(options).expect("a sound world"))
    }

    pub(crate) fn round(&mut self, times: usize) {
        for _ in 0..times {
            (0..self.homes.len()).for_each(|n| drop(self.sync(n)));
        }
    }

    /// Tells by what id a home goes now.
    pub(crate) fn location(&self, n: usize) -> LocationId {
        let note = self.homes[n]
            .index
            .note("identity")
            .expect("a sound index")
            .expect("begun");
        let identity: Identity = postcard::from_bytes(&note).expect("an identity");
        identity.location
    }

    /// Lets the host's memory of a home be something that nobody can read.
    pub(crate) fn muddle_host(&self, n: usize) {
        let home = &self.homes[n];
        let note = home.index.note("identity").expect("a sound index").expect("begun");
        let identity: Identity = postcard::from_bytes(&note).expect("an identity");
        let told = home.witness.remember(&identity.archive, &identity.location, &[0xff]);
        told.expect("a host remembers");
    }

    /// Gives up all that is lost at a home.
    pub(crate) fn give_up(&mut self, n: usize) {
        self.with_engine(n, |engine| {
            let lost = engine.lost().expect("a sound index");
            engine.give_up(&lost).expect("a sound index");
        });
    }

    /// Tells what a home says of what waits for room, between two syncs.
    pub(crate) fn outlook(&mut self, n: usize) -> Option<Outlook> {
        self.with_engine(n, |engine| engine.outlook().expect("a sound index"))
    }

    pub(crate) fn survey(&mut self, n: usize) -> Survey {
        let options = SyncOptions::default();
        self.with_engine(n, |engine| engine.survey(&options).expect("the simulated ports answer"))
    }

    pub(crate) fn trash(&mut self, n: usize) -> Vec<TrashLine> {
        self.with_engine(n, |engine| engine.trash().expect("a sound drive"))
    }

    pub(crate) fn restore_trashed(&mut self, n: usize, line: &TrashLine) -> RelPath {
        self.with_engine(n, |engine| engine.restore_trashed(line).expect("a sound drive"))
    }

    pub(crate) fn empty_trash(&mut self, n: usize) -> Emptied {
        let lines = self.trash(n);
        self.with_engine(n, |engine| engine.empty_trash(&lines).expect("a sound drive"))
    }

    /// Lets the time of a write tell it from the one before.
    pub(crate) fn pass_a_second(&self) {
        self.time.pass_ns(1_000_000_000);
    }

    pub(crate) fn pass_days(&self, days: u32) {
        self.time.pass_days(days);
    }

    pub(crate) fn mail(&self) -> Vec<String> {
        self.mailbox.names()
    }

    /// Gives the names of the packs in the mailbox.
    pub(crate) fn packs(&self) -> Vec<String> {
        let names = self.mail().into_iter();
        names.filter(|name| name.ends_with(".pack")).collect()
    }

    pub(crate) fn mail_bytes(&self) -> u64 {
        self.mailbox.used_bytes()
    }

    /// Puts an object into the mailbox that no home wrote.
    pub(crate) fn forge(&self, name: &str, bytes: Vec<u8>) {
        self.mailbox.forge(name, bytes);
    }

    /// Gives an object of the mailbox as it is.
    pub(crate) fn object(&self, name: &str) -> Vec<u8> {
        self.mailbox.object(name).expect("is there").to_vec()
    }

    /// Damages an object of the mailbox.
    pub(crate) fn damage(&self, name: &str) {
        assert!(self.mailbox.damage(name, &mut Rng::new(1)));
    }

    /// Takes all objects out of the mailbox whose names begin so.
    pub(crate) fn lose_objects(&self, prefix: &str) {
        let names = self.mailbox.names();
        let lost = names.iter().filter(|name| name.starts_with(prefix));
        lost.for_each(|name| assert!(self.mailbox.lose(name)));
    }

    pub(crate) fn assert_all_equal(&self) {
        let first = self.homes[0].disk.hand().tree();
        for home in &self.homes[1..] {
            assert_eq!(home.disk.hand().tree(), first);
        }
    }

    pub(crate) fn assert_mailbox_holds_only_heads_and_people(&self) {
        let names = self.mailbox.names();
        let left: Vec<_> = names
            .iter()
            .filter(|name| !name.starts_with("head.") && !name.starts_with("people."))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
