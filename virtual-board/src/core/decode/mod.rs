//! T32: from halfwords to what they do.
//!
//! Encodings are those of chapter A7 of the Armv7-M manual (Arm DDI 0403E), A6 of the Armv6-M manual (Arm DDI 0419E) and C2 of the
//! Armv8-M manual (Arm DDI 0553). What an architecture leaves undefined is [`Instruction::Undefined`], what it calls UNPREDICTABLE is
//! [`Instruction::Unpredictable`], and what it defines but no model of ours executes is [`Instruction::Unmodelled`].

mod float;
mod instruction;
mod memory;
mod multiply;
mod narrow;
mod operand;
mod register;
mod wide;

#[cfg(test)]
mod tests;

pub use instruction::{Gap, Instruction};
pub use operand::{
    Alu, Barrier, Cross, Exclusive, Extend, Extract, Flags, Float, LaneKind, Lanes, Long, Multiply, Reg, Rounding,
    Shift, Size, Swap, VectorOp,
};

use super::profile::{Architecture, Fpu, Profile};

/// What of T32 a core has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Isa {
    /// Armv7-M and later: IT, wide instructions, divisions, exclusives.
    pub main: bool,
    /// Armv8-M: load-acquire, store-release, and what goes with TrustZone.
    pub v8: bool,
    /// The DSP extension.
    pub dsp: bool,
    /// The floating-point unit.
    pub fpu: Fpu,
}

impl Isa {
    /// The instructions of a core.
    #[must_use]
    pub const fn of(profile: &Profile) -> Self {
        Self {
            main: !matches!(profile.architecture, Architecture::V6M),
            v8: matches!(profile.architecture, Architecture::V8M),
            dsp: profile.dsp,
            fpu: profile.fpu,
        }
    }

    /// An instruction of the DSP extension, where there is one.
    const fn dsp(self, instruction: Instruction) -> Instruction {
        if self.dsp { instruction } else { Instruction::Undefined }
    }

    /// An instruction of Armv7-M and later.
    const fn main(self, instruction: Instruction) -> Instruction {
        if self.main { instruction } else { Instruction::Undefined }
    }
}

/// Whether a halfword is the first of two.
#[must_use]
pub const fn is_wide(first: u16) -> bool {
    first >> 11 > 0b11100
}

/// The instruction that begins with `first`; `second` counts only where [`is_wide`] says so.
#[must_use]
pub fn decode(isa: Isa, first: u16, second: u16) -> Instruction {
    if is_wide(first) {
        wide::decode(isa, first.into(), second.into())
    } else {
        narrow::decode(isa, first.into())
    }
}

/// The four bits of a register's number from bit `at` on.
const fn reg(x: u32, at: u32) -> Reg {
    (x >> at & 15) as Reg
}

/// One bit.
const fn bit(x: u32, at: u32) -> bool {
    x >> at & 1 != 0
}

/// `width` bits from bit `at` on.
const fn bits(x: u32, at: u32, width: u32) -> u32 {
    x >> at & ((1 << width) - 1)
}

/// Extends the sign of a number of `width` bits.
const fn signed(x: u32, width: u32) -> i32 {
    (x << (32 - width)) as i32 >> (32 - width)
}

/// SP and PC, which most wide instructions do not take.
const fn bad(r: Reg) -> bool {
    r == 13 || r == 15
}

/// Registers that an addition or subtraction does not take: SP as the result goes with SP as the first operand only.
const fn no_sum(d: Reg, n: Reg) -> bool {
    d == 15 || n == 15 || d == 13 && n != 13
}

/// The instruction, unless the manual calls the encoding UNPREDICTABLE.
const fn unless(unpredictable: bool, instruction: Instruction) -> Instruction {
    if unpredictable {
        Instruction::Unpredictable
    } else {
        instruction
    }
}

/// DecodeImmShift: the type and the amount of a shift by a constant.
const fn immediate_shift(kind: u32, amount: u32) -> (Shift, u8) {
    match (kind & 3, amount as u8) {
        (0, amount) => (Shift::Lsl, amount),
        (1, 0) => (Shift::Lsr, 32),
        (1, amount) => (Shift::Lsr, amount),
        (2, 0) => (Shift::Asr, 32),
        (2, amount) => (Shift::Asr, amount),
        (_, 0) => (Shift::Rrx, 1),
        (_, amount) => (Shift::Ror, amount),
    }
}
