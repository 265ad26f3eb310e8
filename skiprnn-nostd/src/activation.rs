//! Sigmoid and tanh from one table of 512 bytes.
//!
//! The table has tanh and its slope at the multiples of 1/16; between them the value is that of the parabola around the nearest,
//! whose curvature needs no entry, because the second derivative of tanh is -2 tanh · tanh':
//!
//! ```text
//! tanh((k + v)/16) = c0 + v·(c1 - v·c0·c1/16),   -1/2 <= v < 1/2,   c0 = tanh(k/16), c1 = tanh'(k/16)/16
//! sigmoid(x) = (1 + tanh(x/2)) / 2
//! ```
//!
//! What is left out is at most (1/16)^3 / 3 · |v|^3, and after c1 has taken up what a line can, a quarter of that at
//! the ends: 2.6e-6, a twelfth of an LSB of Q0.15. The rest is rounding. c0 (17 bits) and c1 (14 bits) share a 32-bit
//! word; c1 is left standing below c0 when the two are used as one number: it is less than c0's last bit, and the table
//! is built to expect it. The measured maximum errors, over every input, are in the table of the tests below.
//!
//! 14 instructions on a Cortex-M4, whatever the argument: `cell::thumb2` has the same arithmetic in assembly.

use crate::arithmetic::subtract_high;
use fixed::types::I1F15;

/// Pieces per unit of the argument, as a power of two.
pub(crate) const PIECES_BITS: u32 = 4;
/// Pieces, as a power of two: up to 8. The last stands for all beyond, where tanh rounds to the largest Q0.15 value.
pub(crate) const TABLE_BITS: u32 = 7;
/// Bits of v.
pub(crate) const BETWEEN_BITS: u32 = 12;
/// The most that a piece may hold: neither tanh nor the sigmoid rounds it to 1, which Q0.15 lacks.
const LARGEST: f64 = 2_147_401_728.0;

/// c0 with 17 fractional bits above c1 in units of 2^-17 a piece.
#[derive(Debug)]
pub(crate) struct Tables([u32; 1 << TABLE_BITS]);

/// The one table of the crate.
pub(crate) static TABLES: Tables = tables();

/// The tables, in a way that keeps their address in a register: the compiler would build it anew for every use.
#[cfg(not(skiprnn_thumb2))]
#[inline(always)]
pub(crate) fn shared_tables() -> &'static Tables {
    core::hint::black_box(&TABLES)
}

const fn tanh_f64(x: f64) -> f64 {
    let e = crate::delta::exp_f64(2.0 * x);
    (e - 1.0) / (e + 1.0)
}

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
const fn tables() -> Tables {
    let mut table = [0; 1 << TABLE_BITS];
    let mut k = 0;
    while k < table.len() {
        let tanh = tanh_f64(k as f64 / 16.0);
        let slope = 1.0 - tanh * tanh;
        let third = -2.0 * slope * (1.0 - 3.0 * tanh * tanh);
        // On [-1/2, 1/2] the line nearest to v^3 is 3/16 v.
        let c1 = slope / 16.0 + third / 6.0 / 4096.0 * 3.0 / 16.0;
        let c1 = if k + 1 < table.len() { c1 * 131_072.0 + 0.5 } else { 0.0 } as u32;
        // c1 stands below c0.
        let exact = tanh * 2_147_483_648.0 - c1 as f64;
        let c0 = if exact < LARGEST { exact } else { LARGEST } / 16_384.0 + 0.5;
        table[k] = ((if c0 > 0.0 { c0 as u32 } else { 0 }) << 14) | c1;
        k += 1;
    }
    Tables(table)
}

/// tanh of `x` with `FRACTION` fractional bits (16 to 24), with 31 fractional bits.
#[inline(always)]
fn tanh_31<const FRACTION: u32>(tables: &Tables, x: i32) -> i32 {
    // v keeps 16 fractional bits of x; of a long x the rest is rounded away, ties toward +infinity: of a negative x the
    // complement, which is its magnitude less 1, so that the half that is added takes a tie toward 0.
    let magnitude = if FRACTION > 17 {
        ((x ^ (x >> 31)) as u32).wrapping_add(1 << (FRACTION - 17))
    } else {
        x.unsigned_abs()
    };
    let to_piece = FRACTION - PIECES_BITS;
    let piece = (magnitude.wrapping_add(1 << (to_piece - 1)) >> to_piece).min((1 << TABLE_BITS) - 1);
    let Some(&line) = tables.0.get(piece as usize) else {
        return 0;
    };
    // The bits below the piece's, as a signed number: from -1/2 up.
    let v = ((magnitude << (32 - to_piece)) as i32) >> (32 - BETWEEN_BITS);
    let c1 = (line & 0x3fff) as i32;
    let curve = ((line >> 15) as i32).wrapping_mul(v); // 28 bits
    let slope = subtract_high(c1, curve);
    let t = (line as i32).wrapping_add(slope.wrapping_mul(v) << 2);
    if x < 0 { t.wrapping_neg() } else { t }
}

/// tanh of `x` with `FRACTION` fractional bits, in Q0.15.
#[inline(always)]
pub(crate) fn tanh_q15<const FRACTION: u32>(tables: &Tables, x: i32) -> i32 {
    tanh_31::<FRACTION>(tables, x).wrapping_add(1 << 15) >> 16
}

/// Sigmoid of a pre-activation with 16 fractional bits, in Q0.15.
#[inline(always)]
pub(crate) fn sigmoid_q15(tables: &Tables, x: i32) -> i32 {
    // Half of x has 17 fractional bits.
    (tanh_31::<17>(tables, x) >> 2).wrapping_add((1 << 29) + (1 << 14)) >> 15
}

/// tanh of a pre-activation with 16 fractional bits.
///
/// Absolute error at most 1 LSB over all inputs.
#[must_use]
pub fn tanh(x: i32) -> I1F15 {
    I1F15::from_bits(tanh_q15::<16>(&TABLES, x) as i16)
}

/// Sigmoid of a pre-activation with 16 fractional bits.
///
/// Absolute error at most 0.75 LSB over all inputs, and 1 LSB where the sigmoid rounds to 1, which Q0.15 lacks.
#[must_use]
pub fn sigmoid(x: i32) -> I1F15 {
    I1F15::from_bits(sigmoid_q15(&TABLES, x) as i16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The allowed absolute error in LSB of Q0.15: (name, ours, exact, bound below 8, bound everywhere).
    type Row = (&'static str, fn(i32) -> I1F15, fn(f64) -> f64, f64, f64);
    const BOUNDS: [Row; 2] = [
        ("tanh", tanh, f64::tanh, 1.0, 1.0),
        ("sigmoid", sigmoid, |x| 1.0 / (1.0 + (-x).exp()), 0.75, 1.0),
    ];

    fn error(ours: fn(i32) -> I1F15, exact: fn(f64) -> f64, x: i32) -> f64 {
        let real = f64::from(x) / 65_536.0;
        (f64::from(ours(x).to_bits()) - exact(real) * 32_768.0).abs()
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn errors_over_all_inputs() {
        for (name, ours, exact, near, everywhere) in BOUNDS {
            // All 2^21 inputs in ±16; the 65,536 inputs of a 16-bit pre-activation with ±8 or ±16 are among them.
            let worst = |range: core::ops::Range<i32>| range.map(|x| error(ours, exact, x)).fold(0.0, f64::max);
            let (inner, outer) = (worst(-8 << 16..8 << 16), worst(-16 << 16..16 << 16));
            println!("{name}: {inner:.3} LSB in ±8, {outer:.3} LSB in ±16");
            assert!(inner <= near && outer <= everywhere, "{name}: {inner} {outer}");
        }
    }

    #[test]
    fn far_inputs_saturate() {
        for x in [i32::MIN, i32::MIN + 1, -20 << 16, 20 << 16, i32::MAX] {
            for (name, ours, exact, _, bound) in BOUNDS {
                assert!(error(ours, exact, x) <= bound, "{name} at {x}");
            }
            assert_eq!(
                tanh_q15::<24>(&TABLES, x).unsigned_abs(),
                tanh_q15::<16>(&TABLES, x >> 8).unsigned_abs()
            );
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn never_falls_by_more_than_rounding() {
        for (name, ours, ..) in BOUNDS {
            for x in -16 << 16..16 << 16 {
                let rise = ours(x + 1).to_bits() - ours(x).to_bits();
                assert!(rise >= -1, "{name} falls by {rise} at {x}");
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn the_cell_states_argument_is_as_good() {
        for x in (-(64 << 24)..64 << 24).step_by(3701) {
            let exact = (f64::from(x) / 16_777_216.0).tanh() * 32_768.0;
            // Half a unit of the argument's 16th bit is a quarter of an LSB more.
            assert!((f64::from(tanh_q15::<24>(&TABLES, x)) - exact).abs() <= 1.1, "{x}");
        }
    }

    #[test]
    fn a_long_argument_is_rounded_with_ties_toward_plus_infinity() {
        let ties = (-3000..3000).map(|k| 256 * k + 128);
        for x in ties.chain(-70_000..70_000) {
            let rounded = (x + 128) >> 8;
            assert_eq!(
                tanh_q15::<24>(&TABLES, x),
                tanh_q15::<16>(&TABLES, rounded),
                "{x} is {rounded} in 16 bits"
            );
        }
    }

    #[test]
    fn the_table_is_small() {
        assert_eq!(size_of_val(&TABLES), 512);
    }
}
