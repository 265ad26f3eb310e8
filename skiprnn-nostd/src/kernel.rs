//! Products of weight blocks with activations.
//!
//! The rows of a matrix that belong to one hidden unit (i, f, g, o; or r, z, n) form a *block*: they are stored column
//! group by column group, in the order in which a kernel loads them, so that each activation is loaded once for all of
//! them and a unit's gates are complete together. `docs/blob-format.md` draws the three layouts.
//!
//! For each unit a kernel computes acc_r = bias_r + Σ w_r·x + Σ w_r·h in wrapping 32-bit arithmetic, and acc_r times
//! multiplier_r: its pre-activations. The proofs that [`crate::Model::parse`] makes say that the sums, and for
//! [`Layout::Plane`] those over the upper planes, are right in the end: additions modulo 2^32 give the true sum
//! wherever that sum fits, also where a partial sum has wrapped.
//!
//! `portable` has the sums in plain Rust, the reference; `thumb1` has them in assembly for cores with 16-bit Thumb
//! instructions; `units` goes with either of them from block to block. For cores with Thumb-2 all of it is in
//! `cell::thumb2`, the SMLAD products in `cell/thumb2/smlad.rs`.

#[cfg(not(any(skiprnn_thumb2, skiprnn_thumb1)))]
mod portable;
#[cfg(skiprnn_thumb1)]
mod thumb1;
#[cfg(not(skiprnn_thumb2))]
mod units;

#[cfg(not(skiprnn_thumb2))]
pub(crate) use units::{Factors, each_four, each_three};

/// How a block's weights lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Layout {
    /// i8. A group is 4 columns: one word a row, holding the columns 0, 2, 1, 3 in its bytes from the lowest up.
    Narrow = 0,
    /// i8, byte planes. A group is 4 columns: one word for the columns 0 and 1 of rows 0 and 1, one for those of rows 2
    /// and 3, then the same for the columns 2 and 3. Each half of a word holds 256·B + A, A the even row. With three
    /// rows: the two words of rows 0 and 1, then the third row as in [`Layout::Narrow`].
    Plane = 1,
    /// i16. A group is 2 columns: one word a row.
    Wide = 2,
}

impl Layout {
    /// Columns of a group.
    const fn columns(self) -> usize {
        match self {
            Layout::Narrow | Layout::Plane => 4,
            Layout::Wide => 2,
        }
    }
}

/// The matrix of one layer over its inputs or over its hidden state: one block for each hidden unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix<'a> {
    words: &'a [u32],
    /// Column groups of a block.
    groups: usize,
    rows: usize,
    columns: usize,
    layout: Layout,
}

impl<'a> Matrix<'a> {
    /// Words that `units` blocks of `rows` rows and `columns` columns take.
    pub(crate) const fn words(layout: Layout, units: usize, rows: usize, columns: usize) -> usize {
        units
            .wrapping_mul(rows)
            .wrapping_mul(columns.div_ceil(layout.columns()))
    }

    /// A view of `words`, of which there must be as many as [`Matrix::words`] says; with others, blocks are missing.
    pub(crate) const fn new(words: &'a [u32], layout: Layout, rows: usize, columns: usize) -> Self {
        Matrix {
            words,
            groups: columns.div_ceil(layout.columns()),
            rows,
            columns,
            layout,
        }
    }

    /// Bits of a weight.
    pub(crate) const fn bits(&self) -> u8 {
        match self.layout {
            Layout::Narrow | Layout::Plane => 8,
            Layout::Wide => 16,
        }
    }

    /// Words of a block.
    const fn block(&self) -> usize {
        self.groups.wrapping_mul(self.rows)
    }

    /// Column groups of a block.
    pub(crate) const fn groups(&self) -> usize {
        self.groups
    }

    /// Words of x that a block is multiplied with, two activations a word.
    #[cfg(any(test, skiprnn_thumb2))]
    pub(crate) const fn pairs(&self) -> usize {
        self.groups.wrapping_mul(self.layout.columns() / 2)
    }

    /// Whether there are blocks of `rows` rows for `units` units, and activations for each column of a group in `x`.
    #[cfg(skiprnn_thumb2)]
    pub(crate) fn multiplies(&self, units: usize, rows: usize, x: &[u32]) -> bool {
        self.rows == rows
            && self.groups > 0
            && x.len() >= self.pairs()
            && self.words.len() >= units.wrapping_mul(self.block())
    }

    /// How the blocks lie.
    #[cfg(skiprnn_thumb2)]
    pub(crate) const fn layout(&self) -> Layout {
        self.layout
    }

    /// The first word of the first block.
    #[cfg(skiprnn_thumb2)]
    pub(crate) const fn as_ptr(&self) -> *const u32 {
        self.words.as_ptr()
    }

    /// One weight, read plainly; padding columns count as columns. What lies outside is 0.
    pub(crate) fn weight(&self, unit: usize, row: usize, column: usize) -> i32 {
        let block = self.words.get(unit.wrapping_mul(self.block())..).unwrap_or(&[]);
        let group = column / self.layout.columns();
        let word = |index: usize| {
            let at = group.wrapping_mul(self.rows).wrapping_add(index);
            block.get(at).map_or([0; 4], |w| w.to_le_bytes())
        };
        let half = |word: [u8; 4], upper: bool| {
            let [a, b, c, d] = word;
            i16::from_le_bytes(if upper { [c, d] } else { [a, b] })
        };
        match self.layout {
            Layout::Wide => half(word(row), column % 2 == 1).into(),
            Layout::Plane if row < self.rows & !1 => {
                let pairs = self.rows / 2;
                let both = half(word(row / 2 + pairs * (column % 4 / 2)), column % 2 == 1);
                let even = i32::from(both as i8);
                if row.is_multiple_of(2) {
                    even
                } else {
                    (i32::from(both) - even) >> 8
                }
            }
            Layout::Narrow | Layout::Plane => {
                let [c0, c2, c1, c3] = word(row).map(|b| i32::from(b as i8));
                [c0, c1, c2, c3].get(column % 4).copied().unwrap_or(0)
            }
        }
    }

    /// The weights of `units` blocks, without padding.
    pub(crate) fn weights(self, units: usize) -> impl Iterator<Item = i32> {
        let rows = (0..units).flat_map(move |unit| (0..self.rows).map(move |row| (unit, row)));
        rows.flat_map(move |(unit, row)| (0..self.columns).map(move |column| self.weight(unit, row, column)))
    }

    /// Σ|w| over a row.
    pub(crate) fn sum_of_magnitudes(&self, unit: usize, row: usize) -> u64 {
        (0..self.columns).fold(0u64, |sum, column| {
            sum.saturating_add(self.weight(unit, row, column).unsigned_abs().into())
        })
    }

    /// Whether every weight behind a row's last column is 0, so that it does not matter what it is multiplied with.
    pub(crate) fn padding_is_zero(&self, unit: usize, row: usize) -> bool {
        (self.columns..self.columns.next_multiple_of(self.layout.columns()))
            .all(|column| self.weight(unit, row, column) == 0)
    }

    /// Whether a row is the upper plane of a pair, whose own sum must stay below 2^23.
    pub(crate) fn is_upper_plane(&self, row: usize) -> bool {
        self.layout == Layout::Plane && row % 2 == 1
    }
}

/// bias + Σ w·x of one plain row, for the head: once a decision, and off the update's path.
pub(crate) fn dot(bias: i32, w: &[i16], x: &[i16]) -> i32 {
    w.iter().zip(x).fold(bias, |sum, (&w, &x)| {
        sum.wrapping_add(i32::from(w).wrapping_mul(i32::from(x)))
    })
}

#[cfg(test)]
mod tests;
