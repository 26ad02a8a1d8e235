//! The contract of a mailbox that is sound and fresh.

use offsync_core::limits::OBJECT_BYTES_MAX;
use offsync_core::ports::Mailbox;

/// A check of one promise.
pub(super) type Case = (&'static str, fn(&dyn Mailbox));

pub(super) const CASES: &[Case] = &[
    ("a new mailbox is empty", |mailbox| {
        assert_eq!(mailbox.list().expect("listed"), Vec::new());
        assert_eq!(mailbox.get("head.00ff").expect("asked"), None);
    }),
    ("an object reads back byte for byte", |mailbox| {
        let bytes: Vec<u8> = (0..=255).cycle().take(70_001).collect();
        mailbox.put("out.00ff.1.manifest", &bytes).expect("put");
        assert!(
            mailbox.get("out.00ff.1.manifest").expect("got").expect("there") == bytes,
            "every byte"
        );
        assert_eq!(listed(mailbox), [("out.00ff.1.manifest".to_owned(), 70_001)]);
    }),
    ("the smallest and the largest object fit", |mailbox| {
        mailbox.put("out.00ff.1.a.pack", b"x").expect("put");
        let large = vec![0x5a; OBJECT_BYTES_MAX];
        mailbox.put("out.00ff.1.b.pack", &large).expect("put");
        assert!(mailbox.get("out.00ff.1.b.pack").expect("got").expect("there") == large);
        let sizes: Vec<_> = listed(mailbox).into_iter().map(|(_, size)| size).collect();
        assert_eq!(sizes, [1, OBJECT_BYTES_MAX as u64]);
    }),
    ("a head is replaced as a whole", |mailbox| {
        mailbox.put("head.00ff", b"a long first head").expect("put");
        mailbox.put("head.00ff", b"second").expect("put");
        assert_eq!(mailbox.get("head.00ff").expect("got").as_deref(), Some(&b"second"[..]));
        assert_eq!(listed(mailbox), [("head.00ff".to_owned(), 6)]);
    }),
    ("the same bytes may be put again", |mailbox| {
        (0..2).for_each(|_| mailbox.put("out.00ff.2.manifest", b"same").expect("put"));
        assert_eq!(listed(mailbox).len(), 1);
    }),
    ("deleting is idempotent and touches no other", |mailbox| {
        mailbox.put("out.00ff.1.manifest", b"1").expect("put");
        mailbox.put("out.00ff.11.manifest", b"11").expect("put");
        (0..2).for_each(|_| mailbox.delete("out.00ff.1.manifest").expect("absent is fine"));
        assert_eq!(mailbox.get("out.00ff.1.manifest").expect("asked"), None);
        assert_eq!(listed(mailbox), [("out.00ff.11.manifest".to_owned(), 2)]);
        mailbox.delete("never.was").expect("absent is fine");
    }),
    ("a listing shows many objects, each once", |mailbox| {
        let names: Vec<_> = (0..300).map(|i| format!("out.{i:04x}.7.pack")).collect();
        names
            .iter()
            .for_each(|name| mailbox.put(name, name.as_bytes()).expect("put"));
        assert_eq!(
            listed(mailbox).into_iter().map(|(name, _)| name).collect::<Vec<_>>(),
            names
        );
    }),
    ("names that differ little are different objects", |mailbox| {
        let names = [
            "for.a.b.c.pack",
            "for.a.b.c.state",
            "for.a.b.d.pack",
            "want.a",
            "want.ab",
        ];
        names
            .iter()
            .for_each(|name| mailbox.put(name, name.as_bytes()).expect("put"));
        for name in names {
            assert_eq!(mailbox.get(name).expect("got").as_deref(), Some(name.as_bytes()));
        }
        assert_eq!(listed(mailbox).len(), names.len());
    }),
];

fn listed(mailbox: &dyn Mailbox) -> Vec<(String, u64)> {
    let mut lines: Vec<_> = mailbox
        .list()
        .expect("listed")
        .into_iter()
        .map(|info| (info.name, info.size_bytes))
        .collect();
    lines.sort();
    lines
}
