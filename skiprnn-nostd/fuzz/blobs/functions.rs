//! σ, tanh and the skip gate's σ, computed from the formulas in the documentation of `activation` and `delta`, with tables of
//! their own and in wide integers.

use std::sync::LazyLock;

/// `value / 2^shift`, rounded to nearest, ties toward +infinity.
pub fn round(value: i128, shift: u32) -> i128 {
    match shift {
        0 => value,
        _ => (value + (1 << (shift - 1))) >> shift,
    }
}

/// A piece of tanh: its value with 31 fractional bits, of which the lowest 14 are its slope, and these.
struct Piece {
    line: i128,
    slope: i128,
}

static PIECES: LazyLock<Vec<Piece>> = LazyLock::new(|| (0..128).map(piece).collect());

fn piece(k: u32) -> Piece {
    let tanh = (f64::from(k) / 16.0).tanh();
    let first = 1.0 - tanh * tanh;
    let third = -2.0 * first * (1.0 - 3.0 * tanh * tanh);
    let slope = match k {
        127 => 0.0,
        _ => ((first / 16.0 + third / 6.0 / 16f64.powi(3) * 3.0 / 16.0) * 2f64.powi(17)).round(),
    };
    let value = (tanh * 2f64.powi(31) - slope).min(2f64.powi(31) - 5.0 * 2f64.powi(14));
    let value = (value.max(0.0) / 2f64.powi(14)).round();
    Piece {
        line: value as i128 * (1 << 14) + slope as i128,
        slope: slope as i128,
    }
}

/// tanh with 31 fractional bits, of x with `fraction` fractional bits, 16 or 17.
fn tanh_31(x: i128, fraction: u32) -> i128 {
    let magnitude = x.abs();
    let width = 1i128 << (fraction - 4);
    let nearest = (magnitude + width / 2).div_euclid(width);
    let Piece { line, slope } = &PIECES[nearest.min(127) as usize];
    // From the middle of the nearest piece, in units of 2^-12 of a piece.
    let v = ((magnitude - nearest * width) * 4096).div_euclid(width);
    let bend = (line >> 15) * v;
    let slope = ((slope << 32) - slope * bend) >> 32;
    let value = line + slope * v * 4;
    if x < 0 { -value } else { value }
}

/// tanh in Q0.15 of x with 16 fractional bits.
pub fn tanh(x: i128) -> i128 {
    round(tanh_31(x, 16), 16)
}

/// The sigmoid in Q0.15 of x with 16 fractional bits.
pub fn sigmoid(x: i128) -> i128 {
    round((tanh_31(x, 17) >> 2) + (1 << 29), 15)
}

static POWERS: LazyLock<Vec<i128>> = LazyLock::new(|| {
    let power = |i: i32| (2f64.powf(-f64::from(i) / 32.0) * 2f64.powi(31)).round() as i128;
    (0..32).map(power).collect()
});

/// exp(-a) in 0.32, of a > 0 with 16 fractional bits.
fn exp_negative(a: i128) -> i128 {
    let log2_e = (std::f64::consts::LOG2_E * 2f64.powi(30)).round() as i128;
    let ln_2 = (std::f64::consts::LN_2 * 2f64.powi(32)).round() as i128;
    let y = (a * log2_e) >> 14;
    let (whole, fraction) = (y >> 32, y & 0xffff_ffff);
    let (i, r) = (fraction >> 27, fraction & ((1 << 27) - 1));
    let q = (r * ln_2) >> 32;
    let (q2, power) = ((q * q) >> 32, POWERS[i as usize]);
    let q3 = (q2 * q) >> 32;
    let loss = q - (q2 >> 1) + q3 / 6;
    let mantissa = power - ((power * loss) >> 32); // 1.31
    match whole {
        0 => 2 * mantissa,
        _ => round(mantissa, whole as u32 - 1),
    }
}

/// The skip gate's sigmoid in 0.32, of z with 16 fractional bits in [-16, 16).
pub fn delta(z: i128) -> i128 {
    if z == 0 {
        return 1 << 31;
    }
    let e = exp_negative(z.abs());
    let denominator = (1 << 31) + (e >> 1);
    let below = ((e << 31) + (denominator >> 1)) / denominator;
    if z < 0 { below } else { (1 << 32) - below }
}
