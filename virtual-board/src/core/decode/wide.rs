//! Instructions of 32 bits: the first choice, constants, branches and control (Arm DDI 0403E, A5.3).

use super::{
    Alu, Barrier, Extract, Flags, Instruction, Isa, Shift, bad, bit, bits, float, memory, multiply, narrow, no_sum,
    reg, register, signed, unless,
};
use Instruction as I;

/// Decodes two halfwords.
pub(super) fn decode(isa: Isa, a: u32, b: u32) -> Instruction {
    if !isa.main {
        return v6(isa, a, b);
    }
    match bits(a, 9, 4) {
        0b0100 if bit(a, 6) => memory::dual_exclusive_table(isa, a, b),
        0b0100 => memory::multiple(a, b),
        0b0101 => register::shifted(isa, a, b),
        0b0110 | 0b0111 | 0b1110 | 0b1111 => float::coprocessor(isa, a, b),
        0b1000..=0b1011 if bit(b, 15) => branch_control(isa, a, b),
        0b1000..=0b1011 if bit(a, 9) => plain_immediate(isa, a, b),
        0b1000..=0b1011 => modified_immediate(a, b),
        0b1100 => memory::single(a, b),
        0b1101 if !bit(a, 8) => register::register(isa, a, b),
        0b1101 if !bit(a, 7) => multiply::short(isa, a, b),
        0b1101 => multiply::long(isa, a, b),
        _ => I::Undefined,
    }
}

/// The wide instructions of Armv6-M: BL, the barriers, MRS and MSR (Arm DDI 0419E, A5.3).
fn v6(isa: Isa, a: u32, b: u32) -> Instruction {
    if bits(a, 11, 5) != 0b11110 || !bit(b, 15) {
        return I::Undefined;
    }
    match branch_control(isa, a, b) {
        i @ (I::BranchLink { .. }
        | I::Barrier(_)
        | I::ReadSpecial { .. }
        | I::WriteSpecial { .. }
        | I::Unpredictable) => i,
        _ => I::Undefined,
    }
}

/// ThumbExpandImm_C: the constant, and the carry where it defines one; none where the encoding is UNPREDICTABLE.
fn expand(x: u32) -> Option<(u32, Option<bool>)> {
    let byte = x & 0xff;
    let kind = bits(x, 8, 4);
    if (1..4).contains(&kind) && byte == 0 {
        return None;
    }
    Some(match kind {
        0 => (byte, None),
        1 => (byte << 16 | byte, None),
        2 => (byte << 24 | byte << 8, None),
        3 => (byte * 0x0101_0101, None),
        _ => {
            let value = (0x80 | x & 0x7f).rotate_right(bits(x, 7, 5));
            (value, Some(value >> 31 != 0))
        }
    })
}

/// The constant of 12 bits as instructions with a constant hold it.
const fn constant(a: u32, b: u32) -> u32 {
    bits(a, 10, 1) << 11 | bits(b, 12, 3) << 8 | b & 0xff
}

/// Data processing with a modified constant (A5.3.1).
fn modified_immediate(a: u32, b: u32) -> Instruction {
    let (n, d) = (reg(a, 0), reg(b, 8));
    let Some((value, carry)) = expand(constant(a, b)) else {
        return I::Unpredictable;
    };
    let flags = if bit(a, 4) { Flags::Set } else { Flags::Keep };
    let alu = |op| I::AluImmediate {
        op,
        d,
        n,
        value,
        flags,
        carry,
    };
    let compares = d == 15 && flags == Flags::Set;
    let no_d = d == 13 || d == 15 && flags == Flags::Keep;
    match bits(a, 5, 4) {
        0 if compares => unless(bad(n), alu(Alu::Tst)),
        0 => unless(no_d || bad(n), alu(Alu::And)),
        1 => unless(bad(d) || bad(n), alu(Alu::Bic)),
        2 if n == 15 => unless(bad(d), I::MoveImmediate { d, value, flags, carry }),
        2 => unless(bad(d) || n == 13, alu(Alu::Orr)),
        3 if n == 15 => unless(bad(d), alu(Alu::Mvn)),
        3 => unless(bad(d) || n == 13, alu(Alu::Orn)),
        4 if compares => unless(bad(n), alu(Alu::Teq)),
        4 => unless(no_d || bad(n), alu(Alu::Eor)),
        8 if compares => unless(n == 15, alu(Alu::Cmn)),
        8 => unless(no_sum(d, n), I::AddImmediate { d, n, value, flags }),
        10 => unless(bad(d) || bad(n), alu(Alu::Adc)),
        11 => unless(bad(d) || bad(n), alu(Alu::Sbc)),
        13 if compares => unless(n == 15, I::CompareImmediate { n, value }),
        13 => unless(no_sum(d, n), I::SubImmediate { d, n, value, flags }),
        14 => unless(bad(d) || bad(n), alu(Alu::Rsb)),
        _ => I::Undefined,
    }
}

/// Data processing with a plain constant (A5.3.3).
fn plain_immediate(isa: Isa, a: u32, b: u32) -> Instruction {
    let (n, d, value) = (reg(a, 0), reg(b, 8), constant(a, b));
    let flags = Flags::Keep;
    let word = u32::from(n) << 12 | value;
    match bits(a, 4, 5) {
        0b00000 if n == 15 => unless(
            bad(d),
            I::Address {
                d,
                offset: value as i16,
            },
        ),
        0b00000 => unless(no_sum(d, n), I::AddImmediate { d, n, value, flags }),
        0b00100 => unless(
            bad(d),
            I::MoveImmediate {
                d,
                value: word,
                flags,
                carry: None,
            },
        ),
        0b01010 if n == 15 => unless(
            bad(d),
            I::Address {
                d,
                offset: -(value as i16),
            },
        ),
        0b01010 => unless(no_sum(d, n), I::SubImmediate { d, n, value, flags }),
        0b01100 => unless(bad(d), I::MoveTop { d, value: word as u16 }),
        _ => bit_field(isa, a, b),
    }
}

/// Saturation and bit fields.
fn bit_field(isa: Isa, a: u32, b: u32) -> Instruction {
    let (n, d) = (reg(a, 0), reg(b, 8));
    let (low, last) = ((bits(b, 12, 3) << 2 | bits(b, 6, 2)) as u8, (b & 31) as u8);
    let reserved = bit(a, 10) || bit(b, 5);
    let no = bad(d) || reserved;
    let extract = |kind| {
        let width = last + 1;
        unless(no || bad(n) || low + last > 31, I::Extract { kind, d, n, low, width })
    };
    match bits(a, 4, 5) {
        0b10000 | 0b10010 => saturate(isa, a, b, low, last + 1, true, no || bad(n)),
        0b11000 | 0b11010 => saturate(isa, a, b, low, last, false, no || bad(n)),
        0b10100 => extract(Extract::Signed),
        0b11100 => extract(Extract::Unsigned),
        0b10110 => unless(
            no || n == 13 || last < low,
            I::Insert {
                d,
                n,
                low,
                width: last.wrapping_sub(low).wrapping_add(1),
            },
        ),
        _ => I::Undefined,
    }
}

/// SSAT and USAT, and the forms for two halfwords in the place of a shift to the right by 0.
fn saturate(isa: Isa, a: u32, b: u32, amount: u8, to: u8, signed: bool, unpredictable: bool) -> Instruction {
    let (n, d) = (reg(a, 0), reg(b, 8));
    if bit(a, 5) && amount == 0 {
        let narrow = I::Saturate16 { d, n, bits: to, signed };
        return isa.dsp(unless(unpredictable || bit(b, 4), narrow));
    }
    let shift = if bit(a, 5) { Shift::Asr } else { Shift::Lsl };
    unless(
        unpredictable,
        I::Saturate {
            d,
            n,
            bits: to,
            shift,
            amount,
            signed,
        },
    )
}

/// Branches and control (A5.3.4).
fn branch_control(isa: Isa, a: u32, b: u32) -> Instruction {
    match (bit(b, 14), bit(b, 12)) {
        (true, true) => I::BranchLink { offset: far(a, b) },
        (false, true) => I::Branch { offset: far(a, b) },
        (true, false) => I::Undefined,
        (false, false) if bits(a, 7, 3) != 7 => I::BranchIf {
            condition: bits(a, 6, 4) as u8,
            offset: conditional_offset(a, b),
        },
        (false, false) => control(isa, a, b),
    }
}

/// The offset of B and BL.
const fn far(a: u32, b: u32) -> i32 {
    let sign = bits(a, 10, 1);
    let (i1, i2) = (bits(b, 13, 1) ^ sign ^ 1, bits(b, 11, 1) ^ sign ^ 1);
    signed(
        sign << 24 | i1 << 23 | i2 << 22 | bits(a, 0, 10) << 12 | bits(b, 0, 11) << 1,
        25,
    )
}

/// The offset of a conditional branch.
const fn conditional_offset(a: u32, b: u32) -> i32 {
    signed(
        bits(a, 10, 1) << 20 | bits(b, 11, 1) << 19 | bits(b, 13, 1) << 18 | bits(a, 0, 6) << 12 | bits(b, 0, 11) << 1,
        21,
    )
}

/// MSR, MRS, hints and barriers. Bits that the manual wants to be one or zero and are not make them UNPREDICTABLE.
fn control(isa: Isa, a: u32, b: u32) -> Instruction {
    let (n, d, register) = (reg(a, 0), reg(b, 8), b as u8);
    match bits(a, 4, 7) {
        0b011_1000 | 0b011_1001 => {
            let mask = bits(b, 10, 2) as u8;
            let reserved = bit(a, 4) || bit(b, 13) || bits(b, 8, 2) != 0;
            unless(
                bad(n) || mask == 0 || mask != 2 && (register > 3 || !isa.dsp) || reserved,
                I::WriteSpecial { n, register, mask },
            )
        }
        0b011_1010 if bits(b, 8, 3) == 0 => unless(n != 15 || bit(b, 13) || bit(b, 11), narrow::hint(bits(b, 0, 8))),
        0b011_1011 => {
            let reserved = n != 15 || bit(b, 13) || d != 15;
            match bits(b, 4, 4) {
                0b0010 => isa.main(unless(reserved || bits(b, 0, 4) != 15, I::ClearExclusive)),
                0b0100 => unless(reserved, I::Barrier(Barrier::Dsb)),
                0b0101 => unless(reserved, I::Barrier(Barrier::Dmb)),
                0b0110 => unless(reserved, I::Barrier(Barrier::Isb)),
                _ => I::Undefined,
            }
        }
        0b011_1110 | 0b011_1111 => unless(
            bad(d) || bit(a, 4) || n != 15 || bit(b, 13),
            I::ReadSpecial { d, register },
        ),
        _ => I::Undefined,
    }
}
