//! Data processing: sums, logic, shifts, bits.

use super::{Core, Done};
use crate::core::decode::{Alu, Extend, Extract, Flags, Reg, Shift, Swap};

/// AddWithCarry: the sum, the carry and the overflow.
#[inline]
pub(super) const fn add_with_carry(a: u32, b: u32, carry: bool) -> (u32, bool, bool) {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(carry as u32);
    (sum, first | second, ((a ^ sum) & (b ^ sum)) >> 31 != 0)
}

/// Shift_C: the shifted value and the last bit that fell out; the old carry where none did. Amounts go up to 255.
#[inline]
pub(super) const fn shifted(value: u32, shift: Shift, amount: u32, carry: bool) -> (u32, bool) {
    let sign = (value as i32 >> 31) as u32;
    match (shift, amount) {
        (Shift::Rrx, _) => ((carry as u32) << 31 | value >> 1, value & 1 != 0),
        (_, 0) => (value, carry),
        (Shift::Lsl, 1..=31) => (value << amount, bit(value, 32 - amount)),
        (Shift::Lsl, 32) => (0, value & 1 != 0),
        (Shift::Lsr, 1..=31) => (value >> amount, bit(value, amount - 1)),
        (Shift::Lsr, 32) => (0, value >> 31 != 0),
        (Shift::Lsl | Shift::Lsr, _) => (0, false),
        (Shift::Asr, 1..=31) => ((value as i32 >> amount) as u32, bit(value, amount - 1)),
        (Shift::Asr, _) => (sign, sign != 0),
        (Shift::Ror, _) => {
            let value = value.rotate_right(amount & 31);
            (value, value >> 31 != 0)
        }
    }
}

const fn bit(value: u32, at: u32) -> bool {
    value >> at & 1 != 0
}

impl Core {
    /// Whether an instruction sets the flags.
    #[inline]
    fn sets(&self, flags: Flags) -> bool {
        match flags {
            Flags::Keep => false,
            Flags::Set => true,
            Flags::OutsideIt => !self.in_it,
        }
    }

    /// Align(PC, 4) plus an offset.
    #[inline]
    pub(super) fn literal(&self, offset: i32) -> u32 {
        (self.r(15) & !3).wrapping_add_signed(offset)
    }

    #[inline]
    pub(super) fn move_immediate(&mut self, d: Reg, value: u32, flags: Flags, carry: Option<bool>) -> Done {
        if self.sets(flags) {
            self.registers.set_nz(value);
            self.registers.carry = carry.unwrap_or(self.registers.carry);
        }
        self.set(d, value)
    }

    #[inline]
    pub(super) fn move_register(&mut self, d: Reg, m: Reg) -> Done {
        let value = self.r(m);
        if d == 15 {
            self.jump(value);
            return Ok(());
        }
        self.set(d, value)
    }

    /// A sum into a register.
    #[inline]
    pub(super) fn sum(&mut self, d: Reg, a: u32, b: u32, carry: bool, flags: Flags) -> Done {
        let (sum, carry, overflow) = add_with_carry(a, b, carry);
        self.set(d, sum)?;
        if self.sets(flags) {
            self.registers.set_nz(sum);
            (self.registers.carry, self.registers.overflow) = (carry, overflow);
        }
        Ok(())
    }

    /// ADD of registers; only its narrow form takes PC as a result.
    #[inline]
    pub(super) fn add(&mut self, d: Reg, n: Reg, m: Reg, flags: Flags) -> Done {
        if d == 15 {
            self.jump(self.r(n).wrapping_add(self.r(m)));
            return Ok(());
        }
        self.sum(d, self.r(n), self.r(m), false, flags)
    }

    #[inline]
    pub(super) fn compare(&mut self, a: u32, b: u32) -> Done {
        self.compare_sum(a, !b, true)
    }

    #[inline]
    fn compare_sum(&mut self, a: u32, b: u32, carry: bool) -> Done {
        let (sum, carry, overflow) = add_with_carry(a, b, carry);
        self.registers.set_nz(sum);
        (self.registers.carry, self.registers.overflow) = (carry, overflow);
        Ok(())
    }

    #[inline]
    pub(super) fn shift(&mut self, d: Reg, value: u32, shift: Shift, amount: u32, flags: Flags) -> Done {
        let (value, carry) = shifted(value, shift, amount, self.registers.carry);
        self.logic(d, value, carry, flags)
    }

    /// A result whose flags are N, Z and the carry of a shift.
    #[inline]
    fn logic(&mut self, d: Reg, value: u32, carry: bool, flags: Flags) -> Done {
        if self.sets(flags) {
            self.registers.set_nz(value);
            self.registers.carry = carry;
        }
        self.set(d, value)
    }

    #[inline]
    pub(super) fn alu_immediate(
        &mut self,
        op: Alu,
        d: Reg,
        n: Reg,
        value: u32,
        flags: Flags,
        carry: Option<bool>,
    ) -> Done {
        let carry = carry.unwrap_or(self.registers.carry);
        self.alu(op, d, self.r(n), value, carry, flags)
    }

    #[inline]
    pub(super) fn alu_register(
        &mut self,
        op: Alu,
        d: Reg,
        n: Reg,
        (m, shift, amount): (Reg, Shift, u8),
        flags: Flags,
    ) -> Done {
        let (value, carry) = shifted(self.r(m), shift, amount.into(), self.registers.carry);
        self.alu(op, d, self.r(n), value, carry, flags)
    }

    /// An operation on two values; `carry` is that of the second one's shift.
    #[inline]
    fn alu(&mut self, op: Alu, d: Reg, a: u32, b: u32, carry: bool, flags: Flags) -> Done {
        let old = self.registers.carry;
        match op {
            Alu::And => self.logic(d, a & b, carry, flags),
            Alu::Bic => self.logic(d, a & !b, carry, flags),
            Alu::Orr => self.logic(d, a | b, carry, flags),
            Alu::Orn => self.logic(d, a | !b, carry, flags),
            Alu::Eor => self.logic(d, a ^ b, carry, flags),
            Alu::Mvn => self.logic(d, !b, carry, flags),
            Alu::Add => self.sum(d, a, b, false, flags),
            Alu::Adc => self.sum(d, a, b, old, flags),
            Alu::Sbc => self.sum(d, a, !b, old, flags),
            Alu::Sub => self.sum(d, a, !b, true, flags),
            Alu::Rsb => self.sum(d, !a, b, true, flags),
            Alu::Tst => self.test(a & b, carry),
            Alu::Teq => self.test(a ^ b, carry),
            Alu::Cmn => self.compare_sum(a, b, false),
            Alu::Cmp => self.compare_sum(a, !b, true),
        }
    }

    fn test(&mut self, value: u32, carry: bool) -> Done {
        self.registers.set_nz(value);
        self.registers.carry = carry;
        Ok(())
    }

    #[inline]
    pub(super) fn extend(&mut self, kind: Extend, d: Reg, n: Reg, m: Reg, rotation: u8) -> Done {
        let value = self.r(m).rotate_right(rotation.into());
        let value = match kind {
            Extend::Sxth => value as i16 as u32,
            Extend::Uxth => value & 0xffff,
            Extend::Sxtb => value as i8 as u32,
            Extend::Uxtb => value & 0xff,
            Extend::Sxtb16 => u32::from(value as i8 as u16) | u32::from((value >> 16) as i8 as u16) << 16,
            Extend::Uxtb16 => value & 0x00ff_00ff,
        };
        let base = if n == 15 { 0 } else { self.r(n) };
        let sum = if matches!(kind, Extend::Sxtb16 | Extend::Uxtb16) {
            let low = base.wrapping_add(value) & 0xffff;
            low | (base >> 16).wrapping_add(value >> 16) << 16
        } else {
            base.wrapping_add(value)
        };
        self.set(d, sum)
    }

    #[inline]
    pub(super) fn swap(&mut self, op: Swap, d: Reg, m: Reg) -> Done {
        let value = self.r(m);
        let value = match op {
            Swap::Rev => value.swap_bytes(),
            Swap::Rev16 => value.swap_bytes().rotate_right(16),
            Swap::Rbit => value.reverse_bits(),
            Swap::Revsh => (value as u16).swap_bytes() as i16 as u32,
            Swap::Clz => value.leading_zeros(),
        };
        self.set(d, value)
    }

    #[inline]
    pub(super) fn extract(&mut self, kind: Extract, d: Reg, n: Reg, low: u8, width: u8) -> Done {
        let top = self.r(n) << (32 - u32::from(low) - u32::from(width));
        let down = 32 - u32::from(width);
        let value = match kind {
            Extract::Signed => (top as i32 >> down) as u32,
            Extract::Unsigned => top >> down,
        };
        self.set(d, value)
    }

    #[inline]
    pub(super) fn insert(&mut self, d: Reg, n: Reg, low: u8, width: u8) -> Done {
        let mask = (u32::MAX >> (32 - u32::from(width))) << low;
        let source = if n == 15 { 0 } else { self.r(n) };
        self.set(d, self.r(d) & !mask | source << low & mask)
    }
}
