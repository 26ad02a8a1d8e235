//! Dots in columns, over one table of location ids.

use std::collections::BTreeSet;

use super::wire::{Reader, WireError, Writer};
use crate::dot::Dot;
use crate::ids::LocationId;
use crate::version_vector::VersionVector;

/// The locations that an object speaks of, in order of id, each once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table(Vec<LocationId>);

impl Table {
    /// Gathers the locations of a vector and of dots.
    pub(super) fn new<'a>(vector: &VersionVector, dots: impl Iterator<Item = &'a Dot>) -> Self {
        let ids: BTreeSet<_> = vector
            .iter()
            .map(|(id, _)| *id)
            .chain(dots.map(|dot| dot.location))
            .collect();
        Self(ids.into_iter().collect())
    }

    /// Writes the table, then for each location its sequence in the vector, 0 if it has none.
    pub(super) fn write(&self, out: &mut Writer, vector: &VersionVector) {
        out.count(self.0.len());
        self.0.iter().for_each(|id| out.raw(id.as_bytes()));
        self.0.iter().for_each(|id| out.uint(vector.get(id)));
    }

    /// Reads a table and the vector over it; ids in rising order.
    pub(super) fn read(read: &mut Reader<'_>) -> Result<(Self, VersionVector), WireError> {
        let ids = read.list(17, "table of locations", |read| {
            Ok(LocationId::new(read.array("location")?))
        })?;
        if !ids.is_sorted_by(|a, b| a < b) {
            return Err(WireError::new("order of locations"));
        }
        let mut vector = VersionVector::default();
        for id in &ids {
            vector.raise(*id, read.uint("vector")?);
        }
        Ok((Self(ids), vector))
    }

    fn place(&self, id: &LocationId) -> usize {
        self.0.binary_search(id).expect("the table was made of all dots")
    }
}

/// Writes dots as three columns: place of the location, distance of the sequence, distance of the
/// ordinal, the latter counted from the ordinal behind the last.
#[derive(Debug, Default)]
pub(super) struct DotsWriter {
    locations: Writer,
    sequences: Writer,
    ordinals: Writer,
    last: (u64, u32),
}

impl DotsWriter {
    /// Writes the next dot, whose location must be in the table.
    pub(super) fn push(&mut self, table: &Table, dot: &Dot) {
        self.locations.count(table.place(&dot.location));
        self.sequences.int(dot.sequence.wrapping_sub(self.last.0) as i64);
        self.ordinals.int(i64::from(dot.ordinal) - i64::from(self.last.1));
        self.last = (dot.sequence, dot.ordinal.wrapping_add(1));
    }

    /// Writes the columns, each with its length.
    pub(super) fn finish(self, out: &mut Writer) {
        [self.locations, self.sequences, self.ordinals]
            .into_iter()
            .for_each(|column| out.bytes(&column.finish()));
    }
}

/// Reads dots from their columns.
#[derive(Debug)]
pub(super) struct DotsReader<'a> {
    table: &'a Table,
    locations: Reader<'a>,
    sequences: Reader<'a>,
    ordinals: Reader<'a>,
    last: (u64, u32),
}

impl<'a> DotsReader<'a> {
    /// Begins with the first dot.
    pub(super) fn new(read: &mut Reader<'a>, table: &'a Table) -> Result<Self, WireError> {
        let mut column = || read.bytes("column of dots").map(Reader::new);
        Ok(Self {
            table,
            locations: column()?,
            sequences: column()?,
            ordinals: column()?,
            last: (0, 0),
        })
    }

    /// Tells how many more dots there can be at most.
    pub(super) fn left(&self) -> usize {
        self.locations.left()
    }

    /// Reads the next dot; never a provisional one.
    pub(super) fn next(&mut self) -> Result<Dot, WireError> {
        const WRONG: WireError = WireError::new("dot");
        let place = usize::try_from(self.locations.uint("location of a dot")?).map_err(|_| WRONG)?;
        let location = *self.table.0.get(place).ok_or(WRONG)?;
        let sequence = self
            .last
            .0
            .wrapping_add(self.sequences.int("sequence of a dot")? as u64);
        let ordinal = i64::from(self.last.1).checked_add(self.ordinals.int("ordinal of a dot")?);
        let ordinal = ordinal.and_then(|ordinal| u32::try_from(ordinal).ok()).ok_or(WRONG)?;
        let dot = Dot {
            location,
            sequence,
            ordinal,
        };
        if dot.is_provisional() {
            return Err(WRONG);
        }
        self.last = (sequence, ordinal.wrapping_add(1));
        Ok(dot)
    }

    /// Ends: nothing may be left.
    pub(super) fn finish(self) -> Result<(), WireError> {
        [self.locations, self.sequences, self.ordinals]
            .into_iter()
            .try_for_each(|column| column.finish("end of the dots"))
    }
}
