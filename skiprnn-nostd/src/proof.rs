//! The overflow proofs: no input within its range can take the accumulator of a row out of 32 bits.

use crate::cell::{CellKind, Fractions, Layer};

/// The largest magnitude that a row's accumulator can reach: |bias| + Σ|w_x|·max|x| + Σ|w_h|·max|h|.
///
/// Every partial sum is bounded by it too, whatever the order of the additions. Saturates at `u64::MAX`, which no
/// kernel accepts.
#[must_use]
pub fn row_bound(
    bias: i32,
    weight_ih: impl Iterator<Item = i32>,
    x_max: u32,
    weight_hh: impl Iterator<Item = i32>,
    h_max: u32,
) -> u64 {
    let sum = |weights: &mut dyn Iterator<Item = i32>, max: u32| {
        let total = weights.fold(0u64, |s, w| s.saturating_add(w.unsigned_abs().into()));
        total.saturating_mul(max.into())
    };
    let (mut ih, mut hh) = (weight_ih, weight_hh);
    u64::from(bias.unsigned_abs())
        .saturating_add(sum(&mut ih, x_max))
        .saturating_add(sum(&mut hh, h_max))
}

/// The largest magnitudes that a layer's weights are multiplied with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Maxima {
    /// The largest |x|.
    pub(crate) x: u32,
    /// The largest |h| as it is multiplied, narrowed where the blob says so.
    pub(crate) multiplied_h: u32,
    /// By how much the sum over h is shifted up again.
    shift: u8,
}

impl Maxima {
    pub(crate) fn new(x: u32, h: u32, fractions: Fractions) -> Self {
        Maxima {
            x,
            multiplied_h: narrowed(h, fractions.drop),
            shift: fractions.shift,
        }
    }
}

/// The largest magnitude of h after `drop` of its bits have been rounded away.
#[must_use]
pub const fn narrowed(h_max: u32, drop: u8) -> u32 {
    h_max.saturating_add((1u32 << (drop & 15)) >> 1) >> (drop & 15)
}

/// The bound of an accumulator from its row's sums of magnitudes.
pub(crate) fn bound_of(bias: i32, sum_ih: u64, sum_hh: u64, maxima: Maxima) -> u64 {
    let shifted = u64::from(maxima.multiplied_h) << (maxima.shift & 15);
    u64::from(bias.unsigned_abs())
        .saturating_add(sum_ih.saturating_mul(maxima.x.into()))
        .saturating_add(sum_hh.saturating_mul(shifted))
}

/// The largest |x| of the lowest layer: any 16-bit value.
pub(crate) const X_MAX: u32 = 32_768;

/// The bound that plain 32-bit accumulation needs.
pub(crate) const PLAIN_LIMIT: u64 = i32::MAX as u64;

/// The largest |h| that a layer can hold: 1 after an update, or what its learned initial state starts from.
pub(crate) fn h_max(h0: &[i16], h_fraction: u8) -> u32 {
    h0.iter()
        .fold(1u32 << (h_fraction & 15), |m, h| m.max(u32::from(h.unsigned_abs())))
}

/// For every accumulator of a layer, 4 a unit: its bound, and the bound of its upper plane alone, 0 where it has none.
pub(crate) fn bounds<'m>(cell: CellKind, layer: Layer<'m>, maxima: Maxima) -> impl Iterator<Item = (u64, u64)> + 'm {
    layer.units.iter().enumerate().flat_map(move |(unit, record)| {
        let mut gate = 0;
        record.bias.map(|bias| {
            let (over_x, over_h) = cell.rows_of(gate);
            gate = gate.wrapping_add(1);
            let x = over_x.map_or(0, |row| layer.weight_ih.sum_of_magnitudes(unit, row));
            let h = over_h.map_or(0, |row| layer.weight_hh.sum_of_magnitudes(unit, row));
            let plane = match over_h {
                Some(row) if layer.weight_hh.is_upper_plane(row) => h.saturating_mul(maxima.multiplied_h.into()),
                _ => 0,
            };
            (bound_of(bias, x, h, maxima), plane)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_by_hand() {
        let bound = row_bound(-7, [127, -128].into_iter(), 10, [3, -3, 0].into_iter(), 1000);
        assert_eq!(bound, 7 + 255 * 10 + 6 * 1000);
        assert_eq!(h_max(&[100, -32_768], 15), 32_768);
        assert_eq!(h_max(&[100, -9000], 13), 9000);
        assert_eq!(h_max(&[100], 13), 8192);
        assert_eq!(
            (narrowed(32_768, 0), narrowed(32_768, 5), narrowed(47, 5)),
            (32_768, 1024, 1)
        );
        let shifted = |drop, shift| Fractions {
            x: 12,
            h: 15,
            drop,
            shift,
        };
        assert_eq!(bound_of(-7, 255, 6, Maxima::new(10, 1000, shifted(0, 0))), bound);
        assert_eq!(bound_of(0, 0, 3, Maxima::new(0, 32_768, shifted(5, 5))), 3 << 15);
        assert_eq!(bound_of(0, 0, 3, Maxima::new(0, 32_768, shifted(5, 2))), 3 << 12);
    }
}
