//! Data processing of registers, 32 bits wide (Arm DDI 0403E, A5.3.11 to A5.3.15).

use super::{
    Alu, Extend, Flags, Instruction, Isa, LaneKind, Lanes, Reg, Shift, Swap, bad, bit, bits, immediate_shift, no_sum,
    reg, unless,
};
use Instruction as I;

/// Data processing with a register shifted by a constant.
pub(super) fn shifted(isa: Isa, a: u32, b: u32) -> Instruction {
    if bit(b, 15) {
        return I::Unpredictable;
    }
    let (n, d, m) = (reg(a, 0), reg(b, 8), reg(b, 0));
    let (shift, amount) = wide_shift(b);
    let flags = if bit(a, 4) { Flags::Set } else { Flags::Keep };
    let alu = |op| I::AluRegister {
        op,
        d,
        n,
        m,
        shift,
        amount,
        flags,
    };
    let plain = shift == Shift::Lsl && amount == 0;
    let compares = d == 15 && flags == Flags::Set;
    let no_d = d == 13 || d == 15 && flags == Flags::Keep;
    let no_dnm = bad(d) || bad(n) || bad(m);
    match bits(a, 5, 4) {
        0 if compares => unless(bad(n) || bad(m), alu(Alu::Tst)),
        0 => unless(no_d || bad(n) || bad(m), alu(Alu::And)),
        1 => unless(no_dnm, alu(Alu::Bic)),
        2 if n == 15 => moved(d, m, shift, amount, flags),
        2 => unless(bad(d) || n == 13 || bad(m), alu(Alu::Orr)),
        3 if n == 15 => unless(bad(d) || bad(m), alu(Alu::Mvn)),
        3 => unless(bad(d) || n == 13 || bad(m), alu(Alu::Orn)),
        4 if compares => unless(bad(n) || bad(m), alu(Alu::Teq)),
        4 => unless(no_d || bad(n) || bad(m), alu(Alu::Eor)),
        6 if bit(a, 4) || bit(b, 4) => I::Undefined,
        6 => isa.dsp(unless(no_dnm, I::Pack { d, n, m, shift, amount })),
        8 if compares => unless(n == 15 || bad(m), alu(Alu::Cmn)),
        8 if plain => unless(no_sum(d, n) || bad(m), I::Add { d, n, m, flags }),
        8 => unless(no_shifted_sum(d, n, shift, amount) || bad(m), alu(Alu::Add)),
        10 => unless(no_dnm, alu(Alu::Adc)),
        11 => unless(no_dnm, alu(Alu::Sbc)),
        13 if compares && plain => unless(n == 15 || bad(m), I::Compare { n, m }),
        13 if compares => unless(n == 15 || bad(m), alu(Alu::Cmp)),
        13 if plain => unless(no_sum(d, n) || bad(m), I::Sub { d, n, m, flags }),
        13 => unless(no_shifted_sum(d, n, shift, amount) || bad(m), alu(Alu::Sub)),
        14 => unless(no_dnm, alu(Alu::Rsb)),
        _ => I::Undefined,
    }
}

/// As [`no_sum`]; SP takes a register shifted to the left by at most 3.
const fn no_shifted_sum(d: Reg, n: Reg, shift: Shift, amount: u8) -> bool {
    no_sum(d, n) || d == 13 && (!matches!(shift, Shift::Lsl) || amount > 3)
}

/// ORR without a first operand: MOV, and shifts by a constant.
fn moved(d: Reg, m: Reg, shift: Shift, amount: u8, flags: Flags) -> Instruction {
    if shift == Shift::Lsl && amount == 0 && flags == Flags::Keep {
        return unless(d == 15 || m == 15 || d == 13 && m == 13, I::Move { d, m });
    }
    unless(
        bad(d) || bad(m),
        I::ShiftImmediate {
            shift,
            d,
            m,
            amount,
            flags,
        },
    )
}

/// Data processing of registers: shifts, extensions, parallel additions and the rest.
pub(super) fn register(isa: Isa, a: u32, b: u32) -> Instruction {
    if bits(b, 12, 4) != 15 {
        return I::Undefined;
    }
    match (bit(a, 7), bits(b, 6, 2)) {
        (false, 0b00) if bits(b, 4, 2) == 0 => shift(a, b),
        (false, 0b10 | 0b11) => extend(isa, a, b),
        (true, 0b00 | 0b01) => isa.dsp(parallel(a, b)),
        (true, 0b10) => other(isa, a, b),
        _ => I::Undefined,
    }
}

fn shift(a: u32, b: u32) -> Instruction {
    let (n, d, m) = (reg(a, 0), reg(b, 8), reg(b, 0));
    let flags = if bit(a, 4) { Flags::Set } else { Flags::Keep };
    let (shift, _) = immediate_shift(bits(a, 5, 2), 1);
    unless(bad(d) || bad(n) || bad(m), I::ShiftRegister { shift, d, n, m, flags })
}

/// SXTAB and its family. Those that add, and those on two bytes, belong to the DSP extension.
fn extend(isa: Isa, a: u32, b: u32) -> Instruction {
    let (n, d, m) = (reg(a, 0), reg(b, 8), reg(b, 0));
    let kind = match bits(a, 4, 3) {
        0 => Extend::Sxth,
        1 => Extend::Uxth,
        2 => Extend::Sxtb16,
        3 => Extend::Uxtb16,
        4 => Extend::Sxtb,
        5 => Extend::Uxtb,
        _ => return I::Undefined,
    };
    let instruction = unless(
        bad(d) || n == 13 || bad(m) || bit(b, 6),
        I::Extend {
            kind,
            d,
            n,
            m,
            rotation: bits(b, 4, 2) as u8 * 8,
        },
    );
    if n == 15 && !matches!(kind, Extend::Sxtb16 | Extend::Uxtb16) {
        instruction
    } else {
        isa.dsp(instruction)
    }
}

fn parallel(a: u32, b: u32) -> Instruction {
    let (n, d, m) = (reg(a, 0), reg(b, 8), reg(b, 0));
    let lanes = match bits(a, 4, 3) {
        0 => Lanes::Add8,
        1 => Lanes::Add16,
        2 => Lanes::Asx,
        4 => Lanes::Sub8,
        5 => Lanes::Sub16,
        6 => Lanes::Sax,
        _ => return I::Undefined,
    };
    let kind = match bits(b, 4, 3) {
        0 => LaneKind::Signed,
        1 => LaneKind::SignedSaturating,
        2 => LaneKind::SignedHalving,
        4 => LaneKind::Unsigned,
        5 => LaneKind::UnsignedSaturating,
        6 => LaneKind::UnsignedHalving,
        _ => return I::Undefined,
    };
    unless(bad(d) || bad(n) || bad(m), I::Parallel { lanes, kind, d, n, m })
}

/// Saturating additions, reversals, SEL and CLZ (A5.3.15).
fn other(isa: Isa, a: u32, b: u32) -> Instruction {
    let (n, d, m) = (reg(a, 0), reg(b, 8), reg(b, 0));
    let swap = |op| unless(n != m || bad(d) || bad(m), I::Swap { op, d, m });
    match (bits(a, 4, 3), bits(b, 4, 2)) {
        (0, op) => {
            let (double, subtract) = (bit(op, 0), bit(op, 1));
            let add = I::SaturatingAdd {
                d,
                n,
                m,
                double,
                subtract,
            };
            isa.dsp(unless(bad(d) || bad(n) || bad(m), add))
        }
        (1, 0) => swap(Swap::Rev),
        (1, 1) => swap(Swap::Rev16),
        (1, 2) => swap(Swap::Rbit),
        (1, _) => swap(Swap::Revsh),
        (2, 0) => isa.dsp(unless(bad(d) || bad(n) || bad(m), I::SelectBytes { d, n, m })),
        (3, 0) => swap(Swap::Clz),
        _ => I::Undefined,
    }
}

/// The shift of a register by a constant as wide instructions hold it.
const fn wide_shift(b: u32) -> (Shift, u8) {
    immediate_shift(bits(b, 4, 2), bits(b, 12, 3) << 2 | bits(b, 6, 2))
}
