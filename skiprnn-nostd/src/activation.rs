//! Sigmoid and tanh from one table of 372 bytes.
//!
//! The table holds tanh at multiples of 1/32 up to 5.8; between two nodes the parabola through three of them is
//! evaluated (Newton's form):
//!
//! ```text
//! tanh(x_i + d/32) = T_i + d·(T_{i+1} - T_i) - d(1-d)/2 · (T_{i+1} - 2T_i + T_{i-1}),   0 <= d < 1
//! sigmoid(x) = (1 + tanh(x/2)) / 2
//! ```
//!
//! Its own error is at most 0.064 · (1/32)^3 · max|tanh'''| = 3.9e-6, an eighth of an LSB of Q0.15; the rest is
//! rounding. The measured maximum errors, over all 65,536 inputs, stand in the table of the tests below.

use crate::arithmetic::shift_round_32;
use fixed::types::I1F15;

/// log2 of the number of nodes per unit.
const NODES_PER_UNIT_BITS: u32 = 5;
/// Fraction bits of the argument of [`magnitude`].
const ARGUMENT_BITS: u32 = 16;
/// Fraction bits between two nodes.
const BETWEEN_BITS: u32 = ARGUMENT_BITS - NODES_PER_UNIT_BITS;
/// Nodes in the table; beyond the last pair, tanh rounds to the largest Q0.15 value.
const NODES: usize = 186;

/// tanh(i / 32) as unsigned 0.16, rounded to nearest.
static TANH: [u16; NODES] = tanh_table();

const fn tanh_table() -> [u16; NODES] {
    let mut table = [0; NODES];
    let mut i = 0;
    while i < NODES {
        let e = crate::delta::exp_f64(2.0 * i as f64 / 32.0);
        let tanh = (e - 1.0) / (e + 1.0);
        #[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
        {
            table[i] = (tanh * 65_536.0 + 0.5) as u16;
        }
        i += 1;
    }
    table
}

/// The largest Q0.15 value, with 25 fractional bits: Q0.15 has no 1.
const LARGEST: i32 = (1 << 25) - (1 << 10);

/// tanh of a magnitude with 16 fractional bits, as a fraction with 25 bits in [0, [`LARGEST`]].
#[inline(always)]
fn magnitude(x: u32) -> i32 {
    let node = (x >> BETWEEN_BITS) as usize;
    let d = (x & ((1 << BETWEEN_BITS) - 1)) as i32;
    let (Some(&here), Some(&above)) = (TANH.get(node), TANH.get(node + 1)) else {
        return LARGEST;
    };
    let (here, above) = (here as i32, above as i32);
    // tanh is odd, so the node below the first is the mirror image of the one above it.
    let below = TANH.get(node.wrapping_sub(1)).map_or(-above, |&b| b as i32);
    let first = above - here; // at most 2^11
    let second = first - (here - below); // at most 50 in magnitude
    let curve = (d * ((1 << BETWEEN_BITS) - d)) * second; // at most 2^20 · 50 < 2^26
    ((here << 9) + ((first * d) >> 2) - (curve >> 14)).min(LARGEST)
}

/// tanh of `x` with 16 fractional bits, in Q0.15.
#[inline(always)]
pub(crate) fn tanh_wide(x: i32) -> i16 {
    let t = magnitude(x.unsigned_abs());
    shift_round_32(if x < 0 { -t } else { t }, 10) as i16
}

/// tanh of a 16-bit pre-activation with `fraction` fractional bits (12: range ±8; 11: ±16).
///
/// Absolute error at most 1 LSB over all 65,536 inputs (reached only where tanh rounds to 1, which Q0.15 lacks).
#[must_use]
#[inline(always)]
pub fn tanh(x: i16, fraction: u8) -> I1F15 {
    I1F15::from_bits(tanh_wide((x as i32) << (16u32.wrapping_sub(fraction as u32) & 15)))
}

/// Sigmoid of a 16-bit pre-activation with `fraction` fractional bits (12: range ±8; 11: ±16).
///
/// Absolute error at most 0.66 LSB over all 65,536 inputs with 12 fractional bits, and 1 LSB with 11, where the
/// sigmoid rounds to 1, which Q0.15 lacks.
#[must_use]
#[inline(always)]
pub fn sigmoid(x: i16, fraction: u8) -> I1F15 {
    let half = (x as i32) << (15u32.wrapping_sub(fraction as u32) & 15);
    let t = magnitude(half.unsigned_abs());
    let doubled = (1 << 25) + if half < 0 { -t } else { t };
    I1F15::from_bits(shift_round_32(doubled, 11).min(i16::MAX as i32) as i16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The allowed absolute error in LSB of Q0.15, over every input: (name, fraction bits, ours, exact, bound).
    type Row = (&'static str, u8, fn(i16, u8) -> I1F15, fn(f64) -> f64, f64);
    const BOUNDS: [Row; 4] = [
        ("tanh", 12, tanh, f64::tanh, 1.0),
        ("tanh", 11, tanh, f64::tanh, 1.0),
        ("sigmoid", 12, sigmoid, |x| 1.0 / (1.0 + (-x).exp()), 0.66),
        ("sigmoid", 11, sigmoid, |x| 1.0 / (1.0 + (-x).exp()), 1.0),
    ];

    #[test]
    fn errors_over_all_inputs() {
        for (name, fraction, ours, exact, bound) in BOUNDS {
            let mut worst = (0.0f64, 0);
            for x in i16::MIN..=i16::MAX {
                let real = f64::from(x) / f64::from(1u32 << fraction);
                let error = (f64::from(ours(x, fraction).to_bits()) - exact(real) * 32_768.0).abs();
                if error > worst.0 {
                    worst = (error, x);
                }
            }
            println!(
                "{name} with {fraction} fractional bits: {:.3} LSB at {}",
                worst.0, worst.1
            );
            assert!(worst.0 <= bound, "{name}: {} LSB at {}", worst.0, worst.1);
        }
    }

    #[test]
    fn never_falls_by_more_than_rounding() {
        for (name, fraction, ours, _, _) in BOUNDS {
            for x in i16::MIN..i16::MAX {
                let rise = ours(x + 1, fraction).to_bits() - ours(x, fraction).to_bits();
                assert!(rise >= -1, "{name} falls by {rise} at {x}");
            }
        }
    }

    #[test]
    fn the_cell_states_argument_is_as_good() {
        for x in (-(70 << 16)..70 << 16).step_by(37) {
            let exact = (f64::from(x) / 65_536.0).tanh() * 32_768.0;
            assert!((f64::from(tanh_wide(x)) - exact).abs() <= 1.0, "{x}");
        }
        for x in [i32::MIN, i32::MIN + 1, i32::MAX] {
            assert!(tanh_wide(x).unsigned_abs() >= 32_767);
        }
    }

    #[test]
    fn the_table_is_small() {
        assert!(size_of_val(&TANH) <= 512);
    }
}
