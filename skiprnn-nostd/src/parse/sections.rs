//! The sections of a blob, found by kind and layer, each of the size that it should have.

use super::{Field, ParseError};
use crate::{
    CellKind,
    format::{Section, kind},
    kernel::{Layout, Matrix},
};
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// The blob with its section table.
pub(super) struct Sections<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) table: &'a [Section],
}

impl<'a> Sections<'a> {
    /// The bytes of a section, or `None` where there is none.
    pub(super) fn find(&self, kind: u16, layer: usize, field: Field) -> Result<Option<&'a [u8]>, ParseError> {
        let Some(s) = self
            .table
            .iter()
            .find(|s| s.kind.get() == kind && usize::from(s.layer.get()) == layer)
        else {
            return Ok(None);
        };
        let (offset, length) = (s.offset.get() as usize, s.length.get() as usize);
        let end = offset.checked_add(length);
        match end.and_then(|end| self.bytes.get(offset..end)) {
            Some(bytes) if offset.is_multiple_of(4) => Ok(Some(bytes)),
            _ => Err(ParseError::Size {
                field,
                layer,
                needed: length,
                found: self.bytes.len(),
            }),
        }
    }

    /// The bytes of a section that must be there.
    pub(super) fn required(&self, kind: u16, layer: usize, field: Field) -> Result<&'a [u8], ParseError> {
        self.find(kind, layer, field)?
            .ok_or(ParseError::Missing { field, layer })
    }

    /// A section of exactly `count` values of type T.
    pub(super) fn array<T>(&self, kind: u16, layer: usize, field: Field, count: usize) -> Result<&'a [T], ParseError>
    where
        T: FromBytes + KnownLayout + Immutable,
    {
        as_array(self.required(kind, layer, field)?, layer, field, count)
    }

    /// Refuses what has no place in the table of a model of `layers` layers: each section may be there once, and only those that
    /// such a model has. `gated`: it has a skip gate.
    pub(super) fn check(&self, cell: CellKind, layers: usize, gated: bool) -> Result<(), ParseError> {
        for (index, section) in self.table.iter().enumerate() {
            let (kind, layer) = (section.kind.get(), section.layer.get());
            let in_layers = usize::from(layer) < layers;
            let belongs = match kind {
                kind::NAME | kind::CLASS_NAMES | kind::CHANNELS | kind::CHANNEL_TEXT | kind::DIAL | kind::HEAD => {
                    layer == 0
                }
                kind::GATE => layer == 0 && gated,
                kind::C0 => in_layers && cell == CellKind::Lstm,
                kind::WEIGHT_IH_8 | kind::WEIGHT_IH_16 | kind::WEIGHT_HH | kind::UNITS | kind::H0 => in_layers,
                _ => false,
            };
            // The two widths of weight_ih are one section.
            let same = |other: u16| match (kind, other) {
                (kind::WEIGHT_IH_8 | kind::WEIGHT_IH_16, kind::WEIGHT_IH_8 | kind::WEIGHT_IH_16) => true,
                _ => kind == other,
            };
            let mut before = self.table.iter().take(index);
            if !belongs || before.any(|s| same(s.kind.get()) && s.layer.get() == layer) {
                return Err(ParseError::Section { index, kind, layer });
            }
        }
        Ok(())
    }

    /// A matrix of one block a unit, its padding checked.
    pub(super) fn matrix(
        &self,
        kind: u16,
        layout: Layout,
        k: usize,
        field: Field,
        shape: Shape,
    ) -> Result<Matrix<'a>, ParseError> {
        // At most 4096 · 4 · 2048, which fits 32 bits.
        let count = Matrix::words(layout, shape.units, shape.rows, shape.columns);
        let matrix = Matrix::new(self.array(kind, k, field, count)?, layout, shape.rows, shape.columns);
        for unit in 0..shape.units {
            for row in 0..shape.rows {
                if !matrix.padding_is_zero(unit, row) {
                    return Err(ParseError::Padding {
                        field,
                        layer: k,
                        unit,
                        row,
                    });
                }
            }
        }
        Ok(matrix)
    }
}

/// The shape of a matrix.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) units: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

/// The bytes of a section as exactly `count` values of type T.
pub(super) fn as_array<T>(bytes: &[u8], layer: usize, field: Field, count: usize) -> Result<&[T], ParseError>
where
    T: FromBytes + KnownLayout + Immutable,
{
    match <[T]>::ref_from_bytes(bytes) {
        Ok(values) if values.len() == count => Ok(values),
        _ => {
            let needed = count.saturating_mul(size_of::<T>());
            Err(ParseError::Size {
                field,
                layer,
                needed,
                found: bytes.len(),
            })
        }
    }
}
