//! Instructions of coprocessors: the floating-point unit, and those that are not there (Arm DDI 0403E, A6).

use super::{Float, Fpu, Gap, Instruction, Isa, Reg, Rounding, VectorOp, bad, bit, bits, reg};
use Instruction as I;

/// An encoding that the unit does not define: a missing or disabled unit comes first.
const UNDEFINED: Instruction = I::Float(Float::Undefined);

/// Decodes an instruction whose first halfword begins with 111x11.
pub(super) fn coprocessor(isa: Isa, a: u32, b: u32) -> Instruction {
    if bits(a, 8, 2) == 3 {
        return I::Undefined;
    }
    if bits(b, 9, 3) != 0b101 || isa.fpu == Fpu::None {
        return I::NoCoprocessor;
    }
    match (bit(a, 12), bit(a, 9)) {
        (false, false) if bits(a, 5, 4) == 0b0010 => pair(a, b),
        (false, false) if bits(a, 5, 4) == 0b0001 && isa.v8 => I::Unmodelled(Gap::Security),
        (false, false) => load_store(a, b),
        (false, true) if bit(b, 4) => transfer(a, b),
        (true, false) => UNDEFINED,
        _ if bit(b, 8) => UNDEFINED,
        (true, true) if bit(b, 4) => UNDEFINED,
        (true, true) if isa.fpu >= Fpu::Fpv5Sp => fpv5(a, b),
        (true, true) => UNDEFINED,
        (false, true) => data_processing(isa, a, b),
    }
}

/// The instruction, unless the manual calls the encoding UNPREDICTABLE.
const fn unless(unpredictable: bool, instruction: Float) -> Instruction {
    super::unless(unpredictable, I::Float(instruction))
}

/// The number of a single-precision register: four bits, and one below them.
const fn single(x: u32, upper: u32, y: u32, lower: u32) -> Reg {
    (bits(x, upper, 4) << 1 | bits(y, lower, 1)) as Reg
}

/// The first half of a double-precision register: one bit, and four below it. 32 and more are not there.
const fn double(x: u32, upper: u32, y: u32, lower: u32) -> Reg {
    ((bits(x, upper, 1) << 4 | bits(y, lower, 4)) * 2) as Reg
}

/// VMOV between two core registers and two single-precision or one double-precision register.
fn pair(a: u32, b: u32) -> Instruction {
    if bits(b, 6, 2) != 0 || !bit(b, 4) {
        return UNDEFINED;
    }
    let (t, t2) = (reg(b, 12), reg(a, 0));
    let s = if bit(b, 8) {
        double(b, 5, b, 0)
    } else {
        single(b, 0, b, 5)
    };
    if bit(b, 8) && s > 31 {
        return UNDEFINED;
    }
    let unpredictable = bad(t) || bad(t2) || s > 30;
    if bit(a, 4) {
        unless(unpredictable || t == t2, Float::PairToCore { t, t2, s })
    } else {
        unless(unpredictable, Float::PairFromCore { s, t, t2 })
    }
}

/// VLDR, VSTR, VLDM, VSTM, VPUSH and VPOP.
fn load_store(a: u32, b: u32) -> Instruction {
    let is_double = bit(b, 8);
    let s = if is_double {
        double(a, 6, b, 12)
    } else {
        single(b, 12, a, 6)
    };
    let (before, up, writeback, load) = (bit(a, 8), bit(a, 7), bit(a, 5), bit(a, 4));
    let (n, words) = (reg(a, 0), b as u8);
    if s > 31 || before == up && (writeback || !before) {
        return UNDEFINED;
    }
    if before && !writeback {
        let magnitude = i16::from(words) * 4;
        let (offset, double) = (if up { magnitude } else { -magnitude }, is_double);
        return if load {
            unless(false, Float::Load { s, n, offset, double })
        } else {
            unless(n == 15, Float::Store { s, n, offset, double })
        };
    }
    let unpredictable = n == 15 || words == 0 || u32::from(s) + u32::from(words) > 32 || is_double && words % 2 != 0;
    if load {
        unless(
            unpredictable,
            Float::LoadMultiple {
                s,
                n,
                words,
                before,
                writeback,
            },
        )
    } else {
        unless(
            unpredictable,
            Float::StoreMultiple {
                s,
                n,
                words,
                before,
                writeback,
            },
        )
    }
}

/// VMOV of one core register, VMRS and VMSR.
fn transfer(a: u32, b: u32) -> Instruction {
    let (t, to_core, is_double) = (reg(b, 12), bit(a, 4), bit(b, 8));
    let reserved = bits(b, 0, 4) != 0;
    let moved = |s: Reg, reserved: bool| {
        if s > 31 {
            UNDEFINED
        } else if to_core {
            unless(bad(t) || reserved, Float::ToCore { t, s })
        } else {
            unless(bad(t) || reserved, Float::FromCore { s, t })
        }
    };
    match (bits(a, 5, 3), is_double) {
        (0, false) => moved(single(a, 0, b, 7), reserved || bits(b, 5, 2) != 0),
        (0 | 1, true) if bits(b, 5, 2) == 0 => moved(double(b, 7, a, 0) + bits(a, 5, 1) as Reg, reserved),
        (7, false) if reg(a, 0) == 1 => {
            let reserved = reserved || bits(b, 5, 3) != 0;
            if to_core {
                unless(t == 13 || reserved, Float::ReadStatus { t })
            } else {
                unless(bad(t) || reserved, Float::WriteStatus { t })
            }
        }
        _ => UNDEFINED,
    }
}

/// What came with FPv5: VSEL, VMAXNM, VMINNM, VRINT and VCVT with a rounding mode.
fn fpv5(a: u32, b: u32) -> Instruction {
    const ROUNDINGS: [Rounding; 4] = [
        Rounding::NearestAway,
        Rounding::NearestEven,
        Rounding::Up,
        Rounding::Down,
    ];
    const CONDITIONS: [u8; 4] = [0b0000, 0b0110, 0b1010, 0b1100];
    let (d, n, m) = (single(b, 12, a, 6), single(a, 0, b, 7), single(b, 0, b, 5));
    let rounding = ROUNDINGS[bits(a, 0, 2) as usize];
    let exact = false;
    match (bit(a, 7), bits(a, 4, 2), bit(b, 6)) {
        (false, condition, false) => I::Float(Float::Select {
            d,
            n,
            m,
            condition: CONDITIONS[condition as usize],
        }),
        (true, 0, minimum) => I::Float(Float::Arithmetic {
            op: if minimum { VectorOp::Vminnm } else { VectorOp::Vmaxnm },
            d,
            n,
            m,
        }),
        (true, 3, true) => match (bits(a, 2, 2), bit(b, 7)) {
            (2, false) => I::Float(Float::Round { d, m, rounding, exact }),
            (3, signed) => I::Float(Float::ToInteger { d, m, signed, rounding }),
            _ => UNDEFINED,
        },
        _ => UNDEFINED,
    }
}

/// Arithmetic.
fn data_processing(isa: Isa, a: u32, b: u32) -> Instruction {
    let (d, n, m) = (single(b, 12, a, 6), single(a, 0, b, 7), single(b, 0, b, 5));
    let op = match (bit(a, 7), bits(a, 4, 2), bit(b, 6)) {
        (false, 0, false) => VectorOp::Vmla,
        (false, 0, true) => VectorOp::Vmls,
        (false, 1, false) => VectorOp::Vnmls,
        (false, 1, true) => VectorOp::Vnmla,
        (false, 2, false) => VectorOp::Vmul,
        (false, 2, true) => VectorOp::Vnmul,
        (false, _, false) => VectorOp::Vadd,
        (false, _, true) => VectorOp::Vsub,
        (true, 0, false) => VectorOp::Vdiv,
        (true, 1, false) => VectorOp::Vfnms,
        (true, 1, true) => VectorOp::Vfnma,
        (true, 2, false) => VectorOp::Vfma,
        (true, 2, true) => VectorOp::Vfms,
        (true, 3, false) => return constant(a, b, d),
        (true, 3, true) => return other(isa, a, b, d, m),
        _ => return UNDEFINED,
    };
    I::Float(Float::Arithmetic { op, d, n, m })
}

/// VMOV of a constant of 8 bits: VFPExpandImm.
fn constant(a: u32, b: u32, d: Reg) -> Instruction {
    let x = bits(a, 0, 4) << 4 | bits(b, 0, 4);
    let exponent = if bit(x, 6) { 0x1f } else { 0x20 };
    let upper = (bits(x, 7, 1) << 15 | exponent << 9 | bits(x, 0, 6) << 3) as u16;
    unless(bits(b, 4, 4) != 0, Float::Constant { d, upper })
}

/// Operations on one register, comparisons and conversions.
fn other(isa: Isa, a: u32, b: u32, d: Reg, m: Reg) -> Instruction {
    let upper = bit(b, 7);
    let v5 = isa.fpu >= Fpu::Fpv5Sp;
    let round = |rounding, exact| Float::Round { d, m, rounding, exact };
    let fixed_bits = if upper { 32 } else { 16 };
    let stated = (bits(b, 0, 4) << 1 | bits(b, 5, 1)) as u8;
    let float = match (bits(a, 0, 4), upper) {
        (0, false) => Float::Move { d, m },
        (0, true) => Float::Absolute { d, m },
        (1, false) => Float::Negate { d, m },
        (1, true) => Float::SquareRoot { d, m },
        (2, top) => Float::FromHalf { d, m, top },
        (3, top) => Float::ToHalf { d, m, top },
        (4, signalling) => Float::Compare { d, m, signalling },
        (5, signalling) => {
            let reserved = bits(b, 0, 4) != 0 || bit(b, 5);
            return unless(reserved, Float::Compare { d, m: 32, signalling });
        }
        (6, false) if v5 => round(Rounding::Current, false),
        (6, true) if v5 => round(Rounding::Zero, false),
        (7, false) if v5 => round(Rounding::Current, true),
        (8, signed) => Float::FromInteger { d, m, signed },
        (12 | 13, to_zero) => Float::ToInteger {
            d,
            m,
            signed: bit(a, 0),
            rounding: if to_zero { Rounding::Zero } else { Rounding::Current },
        },
        (kind @ (10 | 11 | 14 | 15), wide) => {
            let signed = kind & 1 == 0;
            let Some(fraction) = u8::checked_sub(fixed_bits, stated) else {
                return I::Unpredictable;
            };
            if kind < 12 {
                Float::FromFixed {
                    d,
                    signed,
                    wide,
                    fraction,
                }
            } else {
                Float::ToFixed {
                    d,
                    signed,
                    wide,
                    fraction,
                }
            }
        }
        _ => Float::Undefined,
    };
    I::Float(float)
}
