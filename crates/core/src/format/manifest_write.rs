//! Writes the bytes of a manifest.

use std::collections::BTreeMap;

use super::dots::{DotsWriter, Table};
use super::entries::{Moved, RowsWriter};
use super::envelope::seal_signed;
use super::hashes::Cursor;
use super::manifest::{Manifest, PackRef, PostedEntry};
use super::wire::Writer;
use crate::dot::Dot;
use crate::entry::{Content, FileContent, Meta, Value};
use crate::object_name::ObjectName;
use crate::rel_path::PathKey;
use crate::seal::{ArchiveKeys, SigningKey};

/// Set if a predecessor is named.
pub(super) const HAS_PREDECESSOR: u8 = 1;
/// Set if many deletions were confirmed.
pub(super) const CONFIRMED: u8 = 2;
/// A pack that is named for this changeset: only its random part is written.
pub(super) const OWN_PACK: u8 = 0;
/// A pack that is named for another changeset: its whole name is written.
pub(super) const OTHER_PACK: u8 = 1;

impl Manifest {
    /// Signs and seals it, every content in full.
    pub fn encode(&self, keys: &ArchiveKeys, signer: &SigningKey, nonce: [u8; 24]) -> Vec<u8> {
        self.encode_against(keys, signer, nonce, |_, _| None)
    }

    /// Signs and seals it; a content that stood in a replaced version is named, not repeated.
    ///
    /// `known` gives the version of a path that a dot names. Readers need the same versions.
    pub fn encode_against(
        &self,
        keys: &ArchiveKeys,
        signer: &SigningKey,
        nonce: [u8; 24],
        known: impl Fn(&PathKey, &Dot) -> Option<Value>,
    ) -> Vec<u8> {
        seal_signed(keys, &self.name(), signer, nonce, &write(self, keys, known))
    }
}

/// Writes a manifest's content.
pub(super) fn write(
    manifest: &Manifest,
    keys: &ArchiveKeys,
    known: impl Fn(&PathKey, &Dot) -> Option<Value>,
) -> Vec<u8> {
    let mut out = Writer::default();
    let flags = if manifest.predecessor.is_some() {
        HAS_PREDECESSOR
    } else {
        0
    };
    out.byte(flags | if manifest.deletions_confirmed { CONFIRMED } else { 0 });
    if let Some(predecessor) = &manifest.predecessor {
        out.raw(predecessor.as_bytes());
    }
    out.int(manifest.created_ns);
    let table = Table::new(
        &manifest.context,
        manifest.entries.iter().flat_map(|entry| &entry.replaces),
    );
    table.write(&mut out, &manifest.context);
    write_replaced(&mut out, &table, &manifest.entries);
    let mut rows = RowsWriter::new(manifest.inline.iter().map(|content| keys.chunk_id(content)).collect());
    write_rows(
        &mut rows,
        &manifest.entries,
        &Replaced::gather(&manifest.entries, known),
    );
    let (mut packs, mut columns, mut hashes) = (Writer::default(), Writer::default(), Writer::default());
    write_packs(&mut packs, manifest, &mut rows);
    rows.finish(&mut columns, &mut hashes);
    out.raw(&columns.finish());
    out.raw(&packs.finish());
    out.count(manifest.inline.len());
    manifest.inline.iter().for_each(|content| out.count(content.len()));
    manifest.inline.iter().for_each(|content| out.raw(content));
    out.raw(&hashes.finish());
    out.finish()
}

/// Writes how many dots each entry replaces, and them.
fn write_replaced(out: &mut Writer, table: &Table, entries: &[PostedEntry]) {
    let (mut counts, mut dots) = (Writer::default(), DotsWriter::default());
    for entry in entries {
        counts.count(entry.replaces.len());
        entry.replaces.iter().for_each(|dot| dots.push(table, dot));
    }
    out.bytes(&counts.finish());
    dots.finish(out);
}

fn write_packs(out: &mut Writer, manifest: &Manifest, rows: &mut RowsWriter) {
    let mut cursor = Cursor::default();
    out.count(manifest.packs.len());
    for PackRef {
        name,
        size_bytes,
        chunks,
    } in &manifest.packs
    {
        match name {
            ObjectName::Pack {
                author,
                sequence,
                random,
            } if *author == manifest.author && *sequence == manifest.sequence => {
                out.byte(OWN_PACK);
                out.raw(random);
            }
            _ => {
                out.byte(OTHER_PACK);
                out.bytes(name.to_string().as_bytes());
            }
        }
        out.uint(*size_bytes);
        rows.refer(out, &mut cursor, chunks);
    }
}

fn write_rows(rows: &mut RowsWriter, entries: &[PostedEntry], replaced: &Replaced) {
    for (i, entry) in entries.iter().enumerate() {
        let Content::File(file) = &entry.value.content else {
            rows.push(&entry.value);
            continue;
        };
        match replaced.find(file, rows.expected_move()) {
            Some(place) => {
                let (owner, meta) = replaced.versions[place];
                let moved = Moved {
                    place,
                    meta_too: meta == Some(entry.value.meta),
                };
                let beside = (owner < i).then(|| &entries[owner].value.path);
                rows.push_moved(&entry.value, moved, beside);
            }
            None => rows.push(&entry.value),
        }
    }
}

/// The files that the replaced versions held.
struct Replaced {
    /// For each replaced dot the entry that replaces it, and the times of the file there.
    versions: Vec<(usize, Option<Meta>)>,
    /// The dots at which a content stood.
    places: BTreeMap<FileContent, Vec<usize>>,
}

impl Replaced {
    fn gather(entries: &[PostedEntry], known: impl Fn(&PathKey, &Dot) -> Option<Value>) -> Self {
        let (mut versions, mut places) = (Vec::new(), BTreeMap::<_, Vec<_>>::new());
        for (i, entry) in entries.iter().enumerate() {
            let origin = entry.origin();
            for dot in &entry.replaces {
                let version = known(&origin, dot);
                versions.push((i, version.as_ref().map(|value| value.meta)));
                if let Some(Value {
                    content: Content::File(file),
                    ..
                }) = version
                {
                    places.entry(file).or_default().push(versions.len() - 1);
                }
            }
        }
        Self { versions, places }
    }

    fn find(&self, file: &FileContent, expected: usize) -> Option<usize> {
        let places = self.places.get(file)?;
        places
            .binary_search(&expected)
            .map_or(places.first().copied(), |_| Some(expected))
    }
}
