//! Arithmetic of single precision as the floating-point unit does it: rounding, NaN, flush-to-zero and cumulative flags by FPSCR
//! (Arm DDI 0403E, A2.5 and D6.7).
//!
//! Each operation first computes a double that is exact, or that lies strictly between the same neighbours as the exact value ("rounded
//! to odd"): 53 bits are enough for that. One function then rounds it to the format, in whichever direction, and sets the flags.

use super::decode::Rounding;

/// FPSCR.IOC: invalid operation.
pub(super) const INVALID: u32 = 1;
/// FPSCR.DZC: division by zero.
pub(super) const DIVISION_BY_ZERO: u32 = 1 << 1;
/// FPSCR.OFC: overflow.
pub(super) const OVERFLOW: u32 = 1 << 2;
/// FPSCR.UFC: underflow.
pub(super) const UNDERFLOW: u32 = 1 << 3;
/// FPSCR.IXC: inexact.
pub(super) const INEXACT: u32 = 1 << 4;
/// FPSCR.IDC: a denormal operand was taken for zero.
pub(super) const INPUT_DENORMAL: u32 = 1 << 7;
/// FPSCR.FZ: flush to zero.
const FLUSH_TO_ZERO: u32 = 1 << 24;
/// FPSCR.DN: each NaN that results is the default one.
const DEFAULT_NAN_MODE: u32 = 1 << 25;
/// FPSCR.AHP: half precision without infinities and NaN.
const ALTERNATIVE_HALF: u32 = 1 << 26;
/// What a program may change of FPSCR.
pub(super) const WRITABLE: u32 = 0xf7c0_009f;

const SIGN: u32 = 1 << 31;
const QUIET: u32 = 1 << 22;
const INFINITY: u32 = 0x7f80_0000;
const DEFAULT_NAN: u32 = 0x7fc0_0000;

const fn is_nan(x: u32) -> bool {
    x & !SIGN > INFINITY
}

const fn is_signalling(x: u32) -> bool {
    is_nan(x) && x & QUIET == 0
}

const fn is_infinite(x: u32) -> bool {
    x & !SIGN == INFINITY
}

const fn is_zero(x: u32) -> bool {
    x & !SIGN == 0
}

/// The value of single-precision bits that are no NaN.
fn value(x: u32) -> f64 {
    f64::from(f32::from_bits(x))
}

/// 2 to the power of `exponent`, from -1022 to 1023.
const fn power(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The exponent of a number that is not zero.
const fn exponent(x: f64) -> i32 {
    (x.to_bits() >> 52 & 0x7ff) as i32 - 1023
}

/// An integral value by a direction.
fn integral(x: f64, rounding: Rounding) -> f64 {
    match rounding {
        Rounding::NearestEven | Rounding::Current => x.round_ties_even(),
        Rounding::Up => x.ceil(),
        Rounding::Down => x.floor(),
        Rounding::Zero => x.trunc(),
        Rounding::NearestAway => x.round(),
    }
}

/// `high + low` with an odd last bit where that is inexact. `low` is small against `high` and may be any number of the right sign.
fn odd(high: f64, low: f64) -> f64 {
    let bits = high.to_bits();
    if low == 0.0 || bits & 1 != 0 {
        return high;
    }
    let outwards = (low > 0.0) == (high > 0.0);
    f64::from_bits(if outwards { bits + 1 } else { bits - 1 })
}

/// The sum of two finite numbers, rounded to odd: Knuth's two-sum gives the exact error.
fn sum(a: f64, b: f64) -> f64 {
    let sum = a + b;
    let virtual_b = sum - a;
    let error = (a - (sum - virtual_b)) + (b - virtual_b);
    odd(sum, error)
}

/// The quotient of two numbers that are not zero, rounded to odd: 26 bits of it times the divisor are exact.
fn quotient(a: f64, b: f64) -> f64 {
    let short = f64::from_bits((a / b).to_bits() & !0x7ff_ffff);
    let rest = a - short * b;
    odd(short, if b < 0.0 { -rest } else { rest })
}

/// The square root of a positive number, rounded to odd.
fn root(a: f64) -> f64 {
    let short = f64::from_bits(a.sqrt().to_bits() & !0x7ff_ffff);
    odd(short, a - short * short)
}

/// A floating-point format by its limits.
#[derive(Clone, Copy)]
struct Format {
    /// Bits of a significand.
    precision: i32,
    /// The exponent of the smallest normal number.
    lowest: i32,
    /// The exponent of the largest number.
    highest: i32,
}

const SINGLE: Format = Format {
    precision: 24,
    lowest: -126,
    highest: 127,
};

/// Half precision: with the alternative format the exponent of infinity belongs to numbers.
const fn half_format(alternative: bool) -> Format {
    Format {
        precision: 11,
        lowest: -14,
        highest: if alternative { 16 } else { 15 },
    }
}

/// The unit: FPSCR, which it reads and whose flags it sets.
pub(super) struct Unit<'a>(pub &'a mut u32);

impl Unit<'_> {
    fn has(&self, bits: u32) -> bool {
        *self.0 & bits != 0
    }

    fn raise(&mut self, flags: u32) {
        *self.0 |= flags;
    }

    /// A direction, where it is left to FPSCR.RMode.
    const fn direction(&self, rounding: Rounding) -> Rounding {
        match (rounding, *self.0 >> 22 & 3) {
            (Rounding::Current, 0) => Rounding::NearestEven,
            (Rounding::Current, 1) => Rounding::Up,
            (Rounding::Current, 2) => Rounding::Down,
            (Rounding::Current, _) => Rounding::Zero,
            (rounding, _) => rounding,
        }
    }

    /// An operand: a denormal one is zero where FPSCR says so.
    fn operand(&mut self, x: u32) -> u32 {
        if self.has(FLUSH_TO_ZERO) && x & INFINITY == 0 && !is_zero(x) {
            self.raise(INPUT_DENORMAL);
            return x & SIGN;
        }
        x
    }

    /// FPProcessNaNs: the result, if an operand is no number.
    fn nan(&mut self, operands: &[u32]) -> Option<u32> {
        let signalling = operands.iter().copied().find(|x| is_signalling(*x));
        if signalling.is_some() {
            self.raise(INVALID);
        }
        let nan = signalling.or_else(|| operands.iter().copied().find(|x| is_nan(*x)))?;
        Some(if self.has(DEFAULT_NAN_MODE) {
            DEFAULT_NAN
        } else {
            nan | QUIET
        })
    }

    fn invalid(&mut self) -> u32 {
        self.raise(INVALID);
        DEFAULT_NAN
    }

    /// Rounds to a format and sets the flags of overflow and inexact; infinite where it overflows to that.
    fn rounded(&mut self, x: f64, format: Format, rounding: Rounding) -> f64 {
        let rounding = self.direction(rounding);
        if x == 0.0 {
            return x;
        }
        let quantum = exponent(x).max(format.lowest) - (format.precision - 1);
        let result = integral(x * power(-quantum), rounding) * power(quantum);
        if result != x {
            self.raise(INEXACT);
        }
        if result.abs() < power(format.highest + 1) {
            return result;
        }
        self.raise(OVERFLOW | INEXACT);
        let inwards = match rounding {
            Rounding::Up => x < 0.0,
            Rounding::Down => x > 0.0,
            Rounding::Zero => true,
            _ => false,
        };
        let largest = power(format.highest + 1) - power(format.highest + 1 - format.precision);
        if inwards { largest } else { f64::INFINITY }.copysign(x)
    }

    /// Rounds a result to single precision.
    fn single(&mut self, x: f64) -> u32 {
        let tiny = x != 0.0 && x.abs() < power(SINGLE.lowest);
        if tiny && self.has(FLUSH_TO_ZERO) {
            self.raise(UNDERFLOW);
            return 0f32.copysign(x as f32).to_bits();
        }
        let result = self.rounded(x, SINGLE, Rounding::Current);
        if tiny && result != x {
            self.raise(UNDERFLOW);
        }
        (result as f32).to_bits()
    }

    /// The sum of two finite numbers: opposite ones give a zero whose sign the direction decides.
    fn finite_sum(&mut self, a: f64, b: f64) -> u32 {
        let sum = sum(a, b);
        if sum == 0.0 && a != 0.0 || a == 0.0 && b == 0.0 && a.is_sign_negative() != b.is_sign_negative() {
            let down = self.direction(Rounding::Current) == Rounding::Down;
            return if down { SIGN } else { 0 };
        }
        self.single(sum)
    }

    /// A sum.
    pub(super) fn add(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.operand(a), self.operand(b));
        if let Some(nan) = self.nan(&[a, b]) {
            return nan;
        }
        match (is_infinite(a), is_infinite(b)) {
            (true, true) if a != b => self.invalid(),
            (true, _) => a,
            (_, true) => b,
            _ => self.finite_sum(value(a), value(b)),
        }
    }

    /// A difference.
    pub(super) fn subtract(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.operand(a), self.operand(b));
        if let Some(nan) = self.nan(&[a, b]) {
            return nan;
        }
        self.add(a, b ^ SIGN)
    }

    /// A product.
    pub(super) fn multiply(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.operand(a), self.operand(b));
        if let Some(nan) = self.nan(&[a, b]) {
            return nan;
        }
        let sign = (a ^ b) & SIGN;
        match (is_infinite(a) || is_infinite(b), is_zero(a) || is_zero(b)) {
            (true, true) => self.invalid(),
            (true, false) => sign | INFINITY,
            (false, true) => sign,
            (false, false) => self.single(value(a) * value(b)),
        }
    }

    /// A quotient.
    pub(super) fn divide(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.operand(a), self.operand(b));
        if let Some(nan) = self.nan(&[a, b]) {
            return nan;
        }
        let sign = (a ^ b) & SIGN;
        if is_infinite(a) && is_infinite(b) || is_zero(a) && is_zero(b) {
            return self.invalid();
        }
        if is_infinite(a) || is_zero(b) {
            if is_zero(b) && !is_infinite(a) {
                self.raise(DIVISION_BY_ZERO);
            }
            return sign | INFINITY;
        }
        if is_zero(a) || is_infinite(b) {
            return sign;
        }
        self.single(quotient(value(a), value(b)))
    }

    /// A square root.
    pub(super) fn square_root(&mut self, a: u32) -> u32 {
        let a = self.operand(a);
        if let Some(nan) = self.nan(&[a]) {
            return nan;
        }
        if is_zero(a) || a == INFINITY {
            return a;
        }
        if a & SIGN != 0 {
            return self.invalid();
        }
        self.single(root(value(a)))
    }

    /// `addend + a * b`, rounded once.
    pub(super) fn fused(&mut self, addend: u32, a: u32, b: u32) -> u32 {
        let (addend, a, b) = (self.operand(addend), self.operand(a), self.operand(b));
        let undefined = is_infinite(a) && is_zero(b) || is_zero(a) && is_infinite(b);
        let nan = self.nan(&[addend, a, b]);
        if undefined && (nan.is_none() || is_nan(addend) && !is_signalling(addend)) {
            return self.invalid();
        }
        if let Some(nan) = nan {
            return nan;
        }
        let product = (a ^ b) & SIGN | INFINITY;
        match (is_infinite(addend), is_infinite(a) || is_infinite(b)) {
            (true, true) if addend != product => self.invalid(),
            (true, _) => addend,
            (_, true) => product,
            _ => self.finite_sum(value(addend), value(a) * value(b)),
        }
    }

    /// VMAXNM and VMINNM: a quiet NaN loses against a number.
    pub(super) fn extreme(&mut self, a: u32, b: u32, minimum: bool) -> u32 {
        let (a, b) = (self.operand(a), self.operand(b));
        match (is_nan(a), is_nan(b)) {
            (true, false) if !is_signalling(a) => return b,
            (false, true) if !is_signalling(b) => return a,
            _ => {}
        }
        if let Some(nan) = self.nan(&[a, b]) {
            return nan;
        }
        if is_zero(a) && is_zero(b) {
            return if minimum { a | b } else { a & b };
        }
        if (value(a) < value(b)) == minimum { a } else { b }
    }

    /// VCMP: N, Z, C, V as bits 3 to 0.
    pub(super) fn compare(&mut self, a: u32, b: u32, signalling: bool) -> u32 {
        let (a, b) = (self.operand(a), self.operand(b));
        if is_nan(a) || is_nan(b) {
            if signalling || is_signalling(a) || is_signalling(b) {
                self.raise(INVALID);
            }
            return 0b0011;
        }
        match value(a).total_cmp(&value(b)) {
            _ if value(a) == value(b) => 0b0110,
            std::cmp::Ordering::Less => 0b1000,
            _ => 0b0010,
        }
    }

    /// VRINT: the integral value; `exact` says whether a change is flagged.
    pub(super) fn round(&mut self, a: u32, rounding: Rounding, exact: bool) -> u32 {
        let a = self.operand(a);
        if let Some(nan) = self.nan(&[a]) {
            return nan;
        }
        if is_infinite(a) || is_zero(a) {
            return a;
        }
        let result = integral(value(a), self.direction(rounding));
        if exact && result != value(a) {
            self.raise(INEXACT);
        }
        (result as f32).to_bits() & !SIGN | a & SIGN
    }

    /// VCVT to an integer of `bits` bits with `fraction` bits behind the point; it saturates.
    pub(super) fn convert_to_fixed(
        &mut self,
        a: u32,
        (bits, signed): (u32, bool),
        fraction: u8,
        rounding: Rounding,
    ) -> u32 {
        let a = self.operand(a);
        if is_nan(a) {
            self.raise(INVALID);
            return 0;
        }
        let exact = value(a) * power(fraction.into());
        let result = integral(exact, self.direction(rounding));
        let (lowest, highest) = if signed {
            (-power(bits as i32 - 1), power(bits as i32 - 1) - 1.0)
        } else {
            (0.0, power(bits as i32) - 1.0)
        };
        let bounded = result.clamp(lowest, highest);
        if bounded != result {
            self.raise(INVALID);
        } else if result != exact {
            self.raise(INEXACT);
        }
        bounded as i64 as u32
    }

    /// VCVT from an integer with `fraction` bits behind the point.
    pub(super) fn convert_from_fixed(&mut self, integer: i64, fraction: u8, rounding: Rounding) -> u32 {
        let exact = integer as f64 * power(-i32::from(fraction));
        (self.rounded(exact, SINGLE, rounding) as f32).to_bits()
    }

    /// VCVTB and VCVTT from half precision.
    pub(super) fn convert_from_half(&mut self, half: u16) -> u32 {
        let sign = u32::from(half & 0x8000) << 16;
        let (exponent, fraction) = (i32::from(half >> 10 & 31), u32::from(half & 0x3ff));
        if exponent == 31 && !self.has(ALTERNATIVE_HALF) {
            if fraction == 0 {
                return sign | INFINITY;
            }
            let nan = sign | INFINITY | fraction << 13;
            return self.nan(&[nan]).unwrap_or(nan);
        }
        let significand = if exponent == 0 { fraction } else { fraction | 0x400 };
        let magnitude = f64::from(significand) * power(exponent.max(1) - 25);
        sign | (magnitude as f32).to_bits()
    }

    /// VCVTB and VCVTT to half precision.
    pub(super) fn convert_to_half(&mut self, a: u32) -> u16 {
        let a = self.operand(a);
        let sign = (a >> 16 & 0x8000) as u16;
        let alternative = self.has(ALTERNATIVE_HALF);
        if is_nan(a) {
            if alternative {
                self.raise(INVALID);
                return sign;
            }
            let nan = self.nan(&[a]).unwrap_or(a);
            return (nan >> 16 & 0x8000 | 0x7c00 | nan >> 13 & 0x3ff) as u16;
        }
        if is_infinite(a) {
            if alternative {
                self.raise(INVALID);
                return sign | 0x7fff;
            }
            return sign | 0x7c00;
        }
        self.finite_to_half(value(a), sign, alternative)
    }

    fn finite_to_half(&mut self, x: f64, sign: u16, alternative: bool) -> u16 {
        let format = half_format(alternative);
        let mut fpscr = *self.0 & !OVERFLOW;
        let result = Unit(&mut fpscr).rounded(x, format, Rounding::Current);
        if alternative && fpscr & OVERFLOW != 0 {
            self.raise(INVALID);
            return sign | 0x7fff;
        }
        self.raise(fpscr);
        if x != 0.0 && x.abs() < power(format.lowest) && result != x {
            self.raise(UNDERFLOW);
        }
        if result.is_infinite() {
            return sign | 0x7c00;
        }
        if result == 0.0 {
            return sign;
        }
        let exponent = exponent(result).max(format.lowest);
        let significand = (result.abs() * power(10 - exponent)) as u16;
        let biased = if significand & 0x400 == 0 {
            0
        } else {
            (exponent + 15) as u16
        };
        sign | biased << 10 | significand & 0x3ff
    }
}

#[cfg(test)]
mod tests;
