//! Multiplications and divisions.

use super::{Core, Done};
use crate::core::{
    decode::{Cross, Long, Multiply, Reg},
    exceptions::Fault,
};

/// A halfword with its sign.
pub(super) const fn half(x: u32, top: bool) -> i64 {
    (if top { x >> 16 } else { x }) as i16 as i64
}

/// The products of the lower and of the upper halfwords.
const fn halves(n: u32, m: u32, cross: Cross) -> (i64, i64) {
    let m = match cross {
        Cross::No => m,
        Cross::Yes => m.rotate_right(16),
    };
    (half(n, false) * half(m, false), half(n, true) * half(m, true))
}

const fn signed_product(n: u32, m: u32) -> i64 {
    n as i32 as i64 * m as i32 as i64
}

impl Core {
    /// MULS, narrow.
    #[inline]
    pub(super) fn mul(&mut self, d: Reg, n: Reg, m: Reg) -> Done {
        let product = self.r(n).wrapping_mul(self.r(m));
        if !self.in_it {
            self.registers.set_nz(product);
        }
        self.set(d, product)
    }

    /// What is added: nothing where the register is 15.
    #[inline]
    fn accumulator(&self, a: Reg) -> u32 {
        if a == 15 { 0 } else { self.r(a) }
    }

    /// A result of 32 bits.
    #[inline]
    pub(super) fn multiply(&mut self, op: Multiply, d: Reg, n: u32, m: u32, a: Reg) -> Done {
        let acc = self.accumulator(a);
        let add = i64::from(acc as i32);
        let result = match op {
            Multiply::Mla => n.wrapping_mul(m).wrapping_add(acc),
            Multiply::Mls => acc.wrapping_sub(n.wrapping_mul(m)),
            Multiply::Halves { n_top, m_top } => self.sticky(half(n, n_top) * half(m, m_top) + add),
            Multiply::WordHalf { m_top } => {
                let product = i64::from(n as i32) * half(m, m_top);
                self.sticky((product >> 16) + add)
            }
            Multiply::DualAdd(cross) => {
                let (low, high) = halves(n, m, cross);
                self.sticky(low + high + add)
            }
            Multiply::DualSubtract(cross) => {
                let (low, high) = halves(n, m, cross);
                self.sticky(low - high + add)
            }
            Multiply::MostSignificantAdd { round } => {
                let acc = i64::from(acc as i32) << 32;
                most_significant(acc.wrapping_add(signed_product(n, m)), round)
            }
            Multiply::MostSignificantSubtract { round } => {
                let acc = i64::from(acc as i32) << 32;
                most_significant(acc.wrapping_sub(signed_product(n, m)), round)
            }
            Multiply::AbsoluteDifferences => {
                let bytes = n.to_le_bytes().into_iter().zip(m.to_le_bytes());
                bytes.fold(acc, |sum, (n, m)| sum.wrapping_add(n.abs_diff(m).into()))
            }
            Multiply::SignedDivide => {
                self.divisor(m)?;
                (n as i32)
                    .checked_div(m as i32)
                    .map_or(if m == 0 { 0 } else { n }, |q| q as u32)
            }
            Multiply::UnsignedDivide => {
                self.divisor(m)?;
                n.checked_div(m).unwrap_or(0)
            }
        };
        self.set(d, result)
    }

    /// The lowest 32 bits; Q is set where they do not hold the value.
    fn sticky(&mut self, value: i64) -> u32 {
        if i32::try_from(value).is_err() {
            self.registers.saturated = true;
        }
        value as u32
    }

    /// A division by zero is a fault where CCR.DIV_0_TRP says so, else its quotient is 0.
    fn divisor(&self, m: u32) -> Done {
        if m == 0 && self.system.traps_division() {
            return Err(Fault::DivideByZero.into());
        }
        Ok(())
    }

    /// A result of 64 bits.
    #[inline]
    pub(super) fn multiply_long(&mut self, op: Long, low: Reg, high: Reg, n: u32, m: u32) -> Done {
        let acc = u64::from(self.r(high)) << 32 | u64::from(self.r(low));
        let unsigned = u64::from(n) * u64::from(m);
        let result = match op {
            Long::Smull => signed_product(n, m) as u64,
            Long::Umull => unsigned,
            Long::Smlal => acc.wrapping_add_signed(signed_product(n, m)),
            Long::Umlal => acc.wrapping_add(unsigned),
            Long::Umaal => unsigned + u64::from(self.r(high)) + u64::from(self.r(low)),
            Long::SmlalHalves { n_top, m_top } => acc.wrapping_add_signed(half(n, n_top) * half(m, m_top)),
            Long::Smlald(cross) => {
                let (first, second) = halves(n, m, cross);
                acc.wrapping_add_signed(first + second)
            }
            Long::Smlsld(cross) => {
                let (first, second) = halves(n, m, cross);
                acc.wrapping_add_signed(first - second)
            }
        };
        self.set(low, result as u32)?;
        self.set(high, (result >> 32) as u32)
    }
}

/// The upper 32 bits, rounded to the nearest or down.
const fn most_significant(value: i64, round: bool) -> u32 {
    let value = if round { value.wrapping_add(0x8000_0000) } else { value };
    (value >> 32) as u32
}
