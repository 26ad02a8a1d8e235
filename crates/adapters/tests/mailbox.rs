//! Mailboxes hold whole objects, come into being on purpose alone, and say why they are not there.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use offsync_adapters::mailbox::{FolderMailbox, MailboxUrl, OpendalMailbox, create_mailbox, open_mailbox};
use offsync_core::format::ObjectName;
use offsync_core::ids::{ArchiveId, LocationId};
use offsync_core::ports::{Mailbox, MailboxError, MailboxErrorKind};

const ARCHIVE: ArchiveId = ArchiveId::new([7; 16]);

fn kind<T>(result: Result<T, MailboxError>) -> Option<MailboxErrorKind> {
    result.err().map(|error| error.kind())
}

fn inner(base: &Path) -> std::path::PathBuf {
    base.join(format!("offsync-v1-{ARCHIVE}"))
}

fn holds_what_is_put(mailbox: &dyn Mailbox) {
    assert_eq!(mailbox.get("head.a").unwrap(), None);
    mailbox.delete("head.a").unwrap();
    mailbox.put("head.a", b"one").unwrap();
    mailbox.put("head.a", b"longer").unwrap();
    mailbox.put("out.b.1.manifest", b"\0\xff").unwrap();
    assert_eq!(mailbox.get("head.a").unwrap().as_deref(), Some(&b"longer"[..]));
    let mut listed = mailbox.list().unwrap();
    listed.sort();
    let listed: Vec<_> = listed
        .iter()
        .map(|object| (object.name.as_str(), object.size_bytes))
        .collect();
    assert_eq!(listed, [("head.a", 6), ("out.b.1.manifest", 2)]);
    mailbox.delete("head.a").unwrap();
    mailbox.delete("head.a").unwrap();
    assert_eq!(mailbox.get("head.a").unwrap(), None);
    assert!(mailbox.put("empty", b"").is_err());
    for bad in ["", "../x", "a/b", ".tmp-x", "ä", &"x".repeat(201)] {
        assert!(
            mailbox.put(bad, b"x").is_err() && mailbox.get(bad).is_err() && mailbox.delete(bad).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn a_folder_holds_what_is_put() {
    let base = tempfile::tempdir().unwrap();
    holds_what_is_put(&FolderMailbox::create(base.path(), &ARCHIVE).unwrap());
}

#[test]
fn what_opendal_reaches_holds_what_is_put() {
    let base = tempfile::tempdir().unwrap();
    let folder = MailboxUrl::for_folder(base.path()).unwrap();
    for url in [MailboxUrl::Memory, folder] {
        holds_what_is_put(&OpendalMailbox::open(&url, &ARCHIVE).unwrap());
    }
}

#[test]
fn a_mailbox_can_be_used_from_inside_another_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mailbox = OpendalMailbox::open(&MailboxUrl::Memory, &ARCHIVE).unwrap();
        mailbox.put("a", b"x").unwrap();
        assert_eq!(mailbox.list().unwrap().len(), 1);
    });
}

#[test]
fn a_mailbox_comes_into_being_on_purpose_alone() {
    let base = tempfile::tempdir().unwrap();
    let url = MailboxUrl::for_folder(&base.path().join("mail")).unwrap();
    assert_eq!(
        kind(open_mailbox(&url, &ARCHIVE, &[], None)),
        Some(MailboxErrorKind::Away),
        "the folder is not there"
    );
    fs::create_dir(base.path().join("mail")).unwrap();
    assert_eq!(
        kind(open_mailbox(&url, &ARCHIVE, &[], None)),
        Some(MailboxErrorKind::Missing),
        "and holds nothing"
    );
    create_mailbox(&url, &ARCHIVE, None).unwrap().put("a", b"x").unwrap();
    assert_eq!(
        create_mailbox(&url, &ARCHIVE, None).unwrap().list().unwrap().len(),
        1,
        "one that is there is taken"
    );
    assert_eq!(
        open_mailbox(&url, &ARCHIVE, &[], None).unwrap().list().unwrap().len(),
        1
    );
    let deep = MailboxUrl::for_folder(&base.path().join("not/mounted")).unwrap();
    assert_eq!(
        kind(create_mailbox(&deep, &ARCHIVE, None)),
        Some(MailboxErrorKind::Away)
    );
}

#[test]
fn a_mailbox_that_goes_away_is_never_taken_for_empty() {
    let base = tempfile::tempdir().unwrap();
    let mailbox = FolderMailbox::create(base.path(), &ARCHIVE).unwrap();
    mailbox.put("a", b"x").unwrap();
    fs::rename(inner(base.path()), base.path().join("elsewhere")).unwrap();
    assert_eq!(kind(mailbox.list()), Some(MailboxErrorKind::Missing));
    assert_eq!(kind(mailbox.get("a")), Some(MailboxErrorKind::Missing));
    assert_eq!(kind(mailbox.put("a", b"x")), Some(MailboxErrorKind::Missing));
    assert_eq!(kind(mailbox.delete("a")), Some(MailboxErrorKind::Missing));
    fs::remove_dir_all(base.path()).unwrap();
    assert_eq!(kind(mailbox.list()), Some(MailboxErrorKind::Away));
    assert_eq!(kind(mailbox.put("a", b"x")), Some(MailboxErrorKind::Away));
    assert!(!base.path().exists());
}

#[test]
fn another_drive_at_the_same_place_is_not_used() {
    let base = tempfile::tempdir().unwrap();
    let mailbox = FolderMailbox::create(base.path(), &ARCHIVE).unwrap();
    assert!(FolderMailbox::open(base.path(), &ARCHIVE, mailbox.identity()).is_ok());
    if !mailbox.identity().is_empty() {
        let other = FolderMailbox::open(base.path(), &ARCHIVE, b"uuid:another").unwrap_err();
        assert_eq!(other.kind(), MailboxErrorKind::Away);
        assert!(other.to_string().contains("another drive"), "{other}");
    }
}

#[test]
fn what_is_unfinished_or_foreign_is_listed_as_what_takes_room() {
    let base = tempfile::tempdir().unwrap();
    let mailbox = FolderMailbox::create(base.path(), &ARCHIVE).unwrap();
    mailbox.put("a", b"x").unwrap();
    let young = inner(base.path()).join(".tmp-young");
    let old = inner(base.path()).join(".tmp-old");
    for path in [
        &young,
        &old,
        &inner(base.path()).join("Thumbs db"),
        &inner(base.path()).join(".DS_Store"),
    ] {
        fs::write(path, "x").unwrap();
    }
    fs::create_dir(inner(base.path()).join("folder")).unwrap();
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 3600);
    fs::File::options()
        .write(true)
        .open(&old)
        .unwrap()
        .set_modified(then)
        .unwrap();
    let listed = FolderMailbox::open(base.path(), &ARCHIVE, &[]).unwrap().list().unwrap();
    let mut names: Vec<_> = listed
        .iter()
        .map(|object| (object.name.as_str(), object.size_bytes))
        .collect();
    names.sort_unstable();
    assert_eq!(names, [(".DS_Store", 1), (".tmp-young", 1), ("Thumbs db", 1), ("a", 1)]);
    assert!(
        young.exists() && !old.exists(),
        "leftovers of a crash are swept after an hour"
    );
}

#[test]
#[cfg(unix)]
fn a_folder_in_the_way_is_said_and_left_alone() {
    let base = tempfile::tempdir().unwrap();
    let mailbox = FolderMailbox::create(base.path(), &ARCHIVE).unwrap();
    fs::create_dir(inner(base.path()).join("a")).unwrap();
    let error = mailbox.put("a", b"x").unwrap_err();
    assert_eq!(error.kind(), MailboxErrorKind::Broken);
    assert!(error.to_string().contains(&*base.path().to_string_lossy()), "{error}");
    assert_eq!(
        fs::read_dir(inner(base.path())).unwrap().count(),
        1,
        "nothing unfinished stays"
    );
}

#[test]
fn what_a_crash_of_one_writer_left_goes_at_once_and_what_others_are_writing_stays() {
    let base = tempfile::tempdir().unwrap();
    let mailbox = FolderMailbox::create(base.path(), &ARCHIVE).unwrap();
    let (me, other) = (LocationId::new([1; 16]), LocationId::new([2; 16]));
    let unfinished = |writer: LocationId| {
        let names = [
            ObjectName::Head(writer),
            ObjectName::Manifest {
                author: writer,
                sequence: 3,
            },
        ];
        names.map(|name| inner(base.path()).join(format!(".tmp-{name}-00000000000000ff-7")))
    };
    let (mine, others) = (unfinished(me), unfinished(other));
    let odd = inner(base.path()).join(".tmp-out.x");
    for path in mine.iter().chain(&others).chain([&odd]) {
        fs::write(path, "x").unwrap();
    }
    mailbox.sweep_of(&me);
    assert!(mine.iter().all(|path| !path.exists()));
    assert!(others.iter().chain([&odd]).all(|path| path.exists()));
}
