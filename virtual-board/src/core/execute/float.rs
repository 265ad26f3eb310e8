//! Instructions of the floating-point unit.

use super::{Core, Done, Trap};
use crate::{
    bus::Bus,
    core::{
        decode::{Float, Reg, Rounding, VectorOp},
        exceptions::Fault,
        float::{Unit, WRITABLE},
    },
};
use Float as F;

const SIGN: u32 = 1 << 31;

impl Core {
    #[inline]
    fn s(&self, register: Reg) -> u32 {
        self.registers.s[usize::from(register & 31)]
    }

    #[inline]
    fn set_s(&mut self, register: Reg, value: u32) -> Done {
        self.registers.s[usize::from(register & 31)] = value;
        Ok(())
    }

    /// The arithmetic, by FPSCR.
    fn unit(&mut self) -> Unit<'_> {
        Unit(&mut self.registers.fpscr)
    }

    pub(super) fn execute_float<B: Bus + ?Sized>(&mut self, bus: &mut B, float: Float) -> Done {
        match float {
            F::Load { s, n, offset, double } => self.load_float(bus, s, n, offset, double),
            F::Store { s, n, offset, double } => self.store_float(bus, s, n, offset, double),
            F::LoadMultiple {
                s,
                n,
                words,
                before,
                writeback,
            } => self.load_floats(bus, (s, words), n, before, writeback),
            F::StoreMultiple {
                s,
                n,
                words,
                before,
                writeback,
            } => self.store_floats(bus, (s, words), n, before, writeback),
            F::ToCore { t, s } => self.set(t, self.s(s)),
            F::FromCore { s, t } => self.set_s(s, self.r(t)),
            F::PairToCore { t, t2, s } => {
                self.set(t, self.s(s))?;
                self.set(t2, self.s(s + 1))
            }
            F::PairFromCore { s, t, t2 } => {
                self.set_s(s, self.r(t))?;
                self.set_s(s + 1, self.r(t2))
            }
            F::ReadStatus { t: 15 } => {
                self.registers.set_nzcv(self.registers.fpscr);
                Ok(())
            }
            F::ReadStatus { t } => self.set(t, self.registers.fpscr),
            F::WriteStatus { t } => {
                self.registers.fpscr = self.r(t) & WRITABLE;
                Ok(())
            }
            F::Constant { d, upper } => self.set_s(d, u32::from(upper) << 16),
            F::Move { d, m } => self.set_s(d, self.s(m)),
            F::Absolute { d, m } => self.set_s(d, self.s(m) & !SIGN),
            F::Negate { d, m } => self.set_s(d, self.s(m) ^ SIGN),
            F::Select { d, n, m, condition } => {
                let chosen = if self.registers.passes(condition) { n } else { m };
                self.set_s(d, self.s(chosen))
            }
            F::Undefined => Err(Trap::Fault(Fault::Undefined)),
            other => self.calculate(other),
        }
    }

    /// What needs the arithmetic.
    fn calculate(&mut self, float: Float) -> Done {
        let (d, value) = match float {
            F::Arithmetic { op, d, n, m } => {
                let operands = (self.s(d), self.s(n), self.s(m));
                (d, arithmetic(&mut self.unit(), op, operands))
            }
            F::SquareRoot { d, m } => (d, self.operate(m, |unit, x| unit.square_root(x))),
            F::Round { d, m, rounding, exact } => (d, self.operate(m, |unit, x| unit.round(x, rounding, exact))),
            F::ToInteger { d, m, signed, rounding } => (
                d,
                self.operate(m, |unit, x| unit.convert_to_fixed(x, (32, signed), 0, rounding)),
            ),
            F::FromInteger { d, m, signed } => (
                d,
                self.operate(m, |unit, x| {
                    unit.convert_from_fixed(integer(x, 32, signed), 0, Rounding::Current)
                }),
            ),
            F::ToFixed {
                d,
                signed,
                wide,
                fraction,
            } => (d, self.operate(d, |unit, x| to_fixed(unit, x, signed, wide, fraction))),
            F::FromFixed {
                d,
                signed,
                wide,
                fraction,
            } => (
                d,
                self.operate(d, |unit, x| from_fixed(unit, x, signed, wide, fraction)),
            ),
            F::FromHalf { d, m, top } => (d, self.operate(m, |unit, x| unit.convert_from_half(half(x, top)))),
            F::ToHalf { d, m, top } => {
                let result = self.operate(m, |unit, x| unit.convert_to_half(x).into());
                let (kept, shift) = if top { (0x0000_ffff, 16) } else { (0xffff_0000, 0) };
                (d, self.s(d) & kept | result << shift)
            }
            F::Compare { d, m, signalling } => return self.compare_floats(d, m, signalling),
            _ => return Err(Trap::Unpredictable),
        };
        self.set_s(d, value)
    }

    fn operate(&mut self, m: Reg, operation: impl FnOnce(&mut Unit<'_>, u32) -> u32) -> u32 {
        let x = self.s(m);
        operation(&mut self.unit(), x)
    }

    /// VCMP and VCMPE; register 32 stands for zero.
    fn compare_floats(&mut self, d: Reg, m: Reg, signalling: bool) -> Done {
        let (a, b) = (self.s(d), if m == 32 { 0 } else { self.s(m) });
        let flags = self.unit().compare(a, b, signalling);
        self.registers.fpscr = self.registers.fpscr & 0x0fff_ffff | flags << 28;
        Ok(())
    }

    fn float_address(&self, n: Reg, offset: i16) -> Done<u32> {
        let base = if n == 15 { self.literal(0) } else { self.r(n) };
        let address = base.wrapping_add_signed(offset.into());
        self.aligned(address, 4)?;
        Ok(address)
    }

    fn load_float<B: Bus + ?Sized>(&mut self, bus: &mut B, s: Reg, n: Reg, offset: i16, double: bool) -> Done {
        let address = self.float_address(n, offset)?;
        let first = self.read::<4, B>(bus, address)?;
        if double {
            let second = self.read::<4, B>(bus, address.wrapping_add(4))?;
            self.set_s(s + 1, second)?;
        }
        self.set_s(s, first)
    }

    fn store_float<B: Bus + ?Sized>(&mut self, bus: &mut B, s: Reg, n: Reg, offset: i16, double: bool) -> Done {
        let address = self.float_address(n, offset)?;
        self.write::<4, B>(bus, address, self.s(s))?;
        if double {
            self.write::<4, B>(bus, address.wrapping_add(4), self.s(s + 1))?;
        }
        Ok(())
    }

    fn load_floats<B: Bus + ?Sized>(
        &mut self,
        bus: &mut B,
        (s, words): (Reg, u8),
        n: Reg,
        before: bool,
        writeback: bool,
    ) -> Done {
        let (first, next) = self.block(self.r(n), words.into(), before);
        self.aligned(first, 4)?;
        let mut loaded = self.registers.s;
        for word in 0..words {
            let value = self.read::<4, B>(bus, first.wrapping_add(4 * u32::from(word)))?;
            loaded[usize::from((s + word) & 31)] = value;
        }
        if writeback {
            self.set(n, next)?;
        }
        self.registers.s = loaded;
        Ok(())
    }

    fn store_floats<B: Bus + ?Sized>(
        &mut self,
        bus: &mut B,
        (s, words): (Reg, u8),
        n: Reg,
        before: bool,
        writeback: bool,
    ) -> Done {
        let (first, next) = self.block(self.r(n), words.into(), before);
        self.aligned(first, 4)?;
        if writeback {
            self.room_for(n, next)?;
        }
        for word in 0..words {
            let value = self.s(s + word);
            self.write::<4, B>(bus, first.wrapping_add(4 * u32::from(word)), value)?;
        }
        if writeback {
            self.set(n, next)?;
        }
        Ok(())
    }
}

/// An operation on the old value of the result and two operands.
fn arithmetic(unit: &mut Unit<'_>, op: VectorOp, (d, n, m): (u32, u32, u32)) -> u32 {
    match op {
        VectorOp::Vadd => unit.add(n, m),
        VectorOp::Vsub => unit.subtract(n, m),
        VectorOp::Vmul => unit.multiply(n, m),
        VectorOp::Vnmul => unit.multiply(n, m) ^ SIGN,
        VectorOp::Vdiv => unit.divide(n, m),
        VectorOp::Vmla => {
            let product = unit.multiply(n, m);
            unit.add(d, product)
        }
        VectorOp::Vmls => {
            let product = unit.multiply(n, m);
            unit.add(d, product ^ SIGN)
        }
        VectorOp::Vnmla => {
            let product = unit.multiply(n, m);
            unit.add(d ^ SIGN, product ^ SIGN)
        }
        VectorOp::Vnmls => {
            let product = unit.multiply(n, m);
            unit.add(d ^ SIGN, product)
        }
        VectorOp::Vfma => unit.fused(d, n, m),
        VectorOp::Vfms => unit.fused(d, n ^ SIGN, m),
        VectorOp::Vfnma => unit.fused(d ^ SIGN, n ^ SIGN, m),
        VectorOp::Vfnms => unit.fused(d ^ SIGN, n, m),
        VectorOp::Vmaxnm => unit.extreme(n, m, false),
        VectorOp::Vminnm => unit.extreme(n, m, true),
    }
}

/// The lowest bits as an integer.
const fn integer(x: u32, bits: u32, signed: bool) -> i64 {
    let top = x << (32 - bits);
    if signed {
        (top as i32 >> (32 - bits)) as i64
    } else {
        (top >> (32 - bits)) as i64
    }
}

const fn half(x: u32, top: bool) -> u16 {
    (if top { x >> 16 } else { x }) as u16
}

/// VCVT to fixed point: towards zero; a short result fills its register with its sign or zeros.
fn to_fixed(unit: &mut Unit<'_>, x: u32, signed: bool, wide: bool, fraction: u8) -> u32 {
    let bits = if wide { 32 } else { 16 };
    let value = unit.convert_to_fixed(x, (bits, signed), fraction, Rounding::Zero);
    integer(value, bits, signed) as u32
}

/// VCVT from fixed point: to the nearest.
fn from_fixed(unit: &mut Unit<'_>, x: u32, signed: bool, wide: bool, fraction: u8) -> u32 {
    let bits = if wide { 32 } else { 16 };
    unit.convert_from_fixed(integer(x, bits, signed), fraction, Rounding::NearestEven)
}
