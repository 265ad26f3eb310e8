//! Rows of weights into the blocks that a kernel reads (`docs/blob-format.md`, "Blocks").

use skiprnn_nostd::format::kernel;

/// The (rows, columns) weights of one unit.
struct Unit<'a> {
    weights: &'a [i16],
    columns: usize,
}

impl Unit<'_> {
    /// A weight; 0 after the last column.
    fn at(&self, row: usize, column: usize) -> i16 {
        if column < self.columns {
            self.weights[row * self.columns + column]
        } else {
            0
        }
    }

    /// Columns c, c + 2, c + 1, c + 3 of a row.
    fn narrow(&self, row: usize, c: usize) -> [u8; 4] {
        [c, c + 2, c + 1, c + 3].map(|c| self.at(row, c) as u8)
    }

    /// Columns c and c + 1 of the rows `row` and `row + 1`, the odd row 256-fold. Both are at most 128 in magnitude,
    /// and not both at the end where their sum would leave 16 bits.
    fn plane(&self, row: usize, c: usize) -> [u8; 4] {
        let both = |c| {
            self.at(row + 1, c)
                .wrapping_mul(256)
                .wrapping_add(self.at(row, c))
                .to_le_bytes()
        };
        let ([a, b], [d, e]) = (both(c), both(c + 1));
        [a, b, d, e]
    }

    /// Columns c and c + 1 of a row.
    fn wide(&self, row: usize, c: usize) -> [u8; 4] {
        let ([a, b], [d, e]) = (self.at(row, c).to_le_bytes(), self.at(row, c + 1).to_le_bytes());
        [a, b, d, e]
    }
}

/// All blocks of a matrix (units · rows, columns), laid out for a kernel of the format.
pub(crate) fn pack(weights: &[i16], rows: usize, columns: usize, layout: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    for weights in weights.chunks_exact(rows * columns) {
        let unit = Unit { weights, columns };
        let step = if layout == kernel::BLOCK_16 { 2 } else { 4 };
        for c in (0..columns).step_by(step) {
            let words: Vec<[u8; 4]> = match layout {
                kernel::BLOCK_16 => (0..rows).map(|r| unit.wide(r, c)).collect(),
                kernel::BYTE_PLANE if rows == 4 => {
                    vec![
                        unit.plane(0, c),
                        unit.plane(2, c),
                        unit.plane(0, c + 2),
                        unit.plane(2, c + 2),
                    ]
                }
                kernel::BYTE_PLANE => vec![unit.plane(0, c), unit.plane(0, c + 2), unit.narrow(2, c)],
                _ => (0..rows).map(|r| unit.narrow(r, c)).collect(),
            };
            bytes.extend(words.concat());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_padded_and_interleaved() {
        let weights: Vec<i16> = (1..=15).collect(); // 3 rows of 5 columns
        assert_eq!(
            pack(&weights, 3, 5, kernel::BLOCK_8),
            [
                1, 3, 2, 4, 6, 8, 7, 9, 11, 13, 12, 14, 5, 0, 0, 0, 10, 0, 0, 0, 15, 0, 0, 0
            ]
        );
        assert_eq!(
            pack(&weights[..6], 3, 2, kernel::BLOCK_16),
            [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]
        );
        let negative = [-1, 2, 5, 6, 7, 8];
        let planes = pack(&negative, 3, 2, kernel::BYTE_PLANE);
        assert_eq!(planes, [0xff, 4, 2, 6, 0, 0, 0, 0, 7, 0, 8, 0], "5 · 256 - 1 = 0x04ff");
    }
}
