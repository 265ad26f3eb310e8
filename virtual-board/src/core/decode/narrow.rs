//! Instructions of 16 bits (Arm DDI 0403E, A5.2).

use super::{
    Alu, Extend, Flags, Gap, Instruction, Isa, Shift, Size, Swap, bit, bits, immediate_shift, reg, signed, unless,
};
use Instruction as I;

const OUTSIDE_IT: Flags = Flags::OutsideIt;

/// Decodes one halfword.
pub(super) fn decode(isa: Isa, h: u32) -> Instruction {
    match h >> 12 {
        0b0000 | 0b0001 => shift_add_subtract(h),
        0b0010 | 0b0011 => immediate(h),
        0b0100 => match bits(h, 10, 2) {
            0b00 => data_processing(h),
            0b01 => special_data(isa, h),
            _ => I::LoadLiteral {
                size: Size::Word,
                t: low(h, 8),
                offset: bits(h, 0, 8) as i32 * 4,
            },
        },
        0b0101 => load_store_register(h),
        0b0110 | 0b0111 => load_store_word_byte(h),
        0b1000 => load_store_half(h),
        0b1001 => load_store_stack(h),
        0b1010 => add_to_pc_or_sp(h),
        0b1011 => miscellaneous(isa, h),
        0b1100 => multiple(h),
        0b1101 => conditional(h),
        _ => I::Branch {
            offset: signed(bits(h, 0, 11) << 1, 12),
        },
    }
}

/// The three bits of a low register's number.
const fn low(h: u32, at: u32) -> u8 {
    (h >> at & 7) as u8
}

/// A5.2.1, first half: shifts by a constant, additions of registers and small constants.
fn shift_add_subtract(h: u32) -> Instruction {
    let (d, n, flags) = (low(h, 0), low(h, 3), OUTSIDE_IT);
    let (m, value) = (low(h, 6), bits(h, 6, 3));
    match bits(h, 9, 5) {
        0b01100 => I::Add { d, n, m, flags },
        0b01101 => I::Sub { d, n, m, flags },
        0b01110 => I::AddImmediate { d, n, value, flags },
        0b01111 => I::SubImmediate { d, n, value, flags },
        op => {
            let (shift, amount) = immediate_shift(op >> 2, bits(h, 6, 5));
            I::ShiftImmediate {
                shift,
                d,
                m: n,
                amount,
                flags,
            }
        }
    }
}

/// A5.2.1, second half: constants of 8 bits.
fn immediate(h: u32) -> Instruction {
    let (d, n, value, flags) = (low(h, 8), low(h, 8), bits(h, 0, 8), OUTSIDE_IT);
    match bits(h, 11, 2) {
        0b00 => I::MoveImmediate {
            d,
            value,
            flags,
            carry: None,
        },
        0b01 => I::CompareImmediate { n, value },
        0b10 => I::AddImmediate { d, n, value, flags },
        _ => I::SubImmediate { d, n, value, flags },
    }
}

/// A5.2.2.
fn data_processing(h: u32) -> Instruction {
    let (d, m) = (low(h, 0), low(h, 3));
    let alu = |op, flags| I::AluRegister {
        op,
        d,
        n: d,
        m,
        shift: Shift::Lsl,
        amount: 0,
        flags,
    };
    let shift = |shift| I::ShiftRegister {
        shift,
        d,
        n: d,
        m,
        flags: OUTSIDE_IT,
    };
    match bits(h, 6, 4) {
        0b0000 => alu(Alu::And, OUTSIDE_IT),
        0b0001 => alu(Alu::Eor, OUTSIDE_IT),
        0b0010 => shift(Shift::Lsl),
        0b0011 => shift(Shift::Lsr),
        0b0100 => shift(Shift::Asr),
        0b0101 => alu(Alu::Adc, OUTSIDE_IT),
        0b0110 => alu(Alu::Sbc, OUTSIDE_IT),
        0b0111 => shift(Shift::Ror),
        0b1000 => alu(Alu::Tst, Flags::Set),
        0b1001 => I::AluImmediate {
            op: Alu::Rsb,
            d,
            n: m,
            value: 0,
            flags: OUTSIDE_IT,
            carry: None,
        },
        0b1010 => I::Compare { n: d, m },
        0b1011 => alu(Alu::Cmn, Flags::Set),
        0b1100 => alu(Alu::Orr, OUTSIDE_IT),
        0b1101 => I::Mul { d, n: m, m: d },
        0b1110 => alu(Alu::Bic, OUTSIDE_IT),
        _ => alu(Alu::Mvn, OUTSIDE_IT),
    }
}

/// A5.2.3: high registers, and branches to registers.
fn special_data(isa: Isa, h: u32) -> Instruction {
    let (d, m) = (low(h, 0) | (h >> 4 & 8) as u8, reg(h, 3));
    let n = d;
    match bits(h, 8, 2) {
        0b00 => unless(
            d == 15 && m == 15,
            I::Add {
                d,
                n,
                m,
                flags: Flags::Keep,
            },
        ),
        0b01 => unless(n < 8 && m < 8 || n == 15 || m == 15, I::Compare { n, m }),
        0b10 => I::Move { d, m },
        _ if isa.v8 && bit(h, 2) => I::Unmodelled(Gap::Security),
        _ if bits(h, 0, 3) != 0 => I::Unpredictable,
        _ if bit(h, 7) => unless(m == 15, I::BranchLinkExchange { m }),
        _ => I::BranchExchange { m },
    }
}

/// A5.2.4, the forms with an offset in a register.
fn load_store_register(h: u32) -> Instruction {
    let (t, n, m, shift) = (low(h, 0), low(h, 3), low(h, 6), 0);
    let load = |size| I::LoadRegister { size, t, n, m, shift };
    let store = |size| I::StoreRegister { size, t, n, m, shift };
    match bits(h, 9, 3) {
        0b000 => store(Size::Word),
        0b001 => store(Size::Half),
        0b010 => store(Size::Byte),
        0b011 => load(Size::SignedByte),
        0b100 => load(Size::Word),
        0b101 => load(Size::Half),
        0b110 => load(Size::Byte),
        _ => load(Size::SignedHalf),
    }
}

/// A5.2.4, words and bytes with a constant offset.
fn load_store_word_byte(h: u32) -> Instruction {
    let (t, n, offset) = (low(h, 0), low(h, 3), bits(h, 6, 5) as i32);
    let size = Size::Byte;
    match bits(h, 11, 2) {
        0b00 => I::StoreWord {
            t,
            n,
            offset: offset * 4,
        },
        0b01 => I::LoadWord {
            t,
            n,
            offset: offset * 4,
        },
        0b10 => I::Store { size, t, n, offset },
        _ => I::Load { size, t, n, offset },
    }
}

/// A5.2.4, halfwords with a constant offset.
fn load_store_half(h: u32) -> Instruction {
    let (size, t, n, offset) = (Size::Half, low(h, 0), low(h, 3), bits(h, 6, 5) as i32 * 2);
    if bit(h, 11) {
        I::Load { size, t, n, offset }
    } else {
        I::Store { size, t, n, offset }
    }
}

/// A5.2.4, words relative to SP.
fn load_store_stack(h: u32) -> Instruction {
    let (t, n, offset) = (low(h, 8), 13, bits(h, 0, 8) as i32 * 4);
    if bit(h, 11) {
        I::LoadWord { t, n, offset }
    } else {
        I::StoreWord { t, n, offset }
    }
}

/// ADR and the addition of a constant to SP.
fn add_to_pc_or_sp(h: u32) -> Instruction {
    let (d, value) = (low(h, 8), bits(h, 0, 8) * 4);
    if bit(h, 11) {
        I::AddImmediate {
            d,
            n: 13,
            value,
            flags: Flags::Keep,
        }
    } else {
        I::Address {
            d,
            offset: value as i16,
        }
    }
}

/// A5.2.5.
fn miscellaneous(isa: Isa, h: u32) -> Instruction {
    let (d, m) = (low(h, 0), low(h, 3));
    match bits(h, 8, 4) {
        0b0000 => adjust_sp(h),
        0b0010 => I::Extend {
            kind: [Extend::Sxth, Extend::Sxtb, Extend::Uxth, Extend::Uxtb][bits(h, 6, 2) as usize],
            d,
            n: 15,
            m,
            rotation: 0,
        },
        0b0001 | 0b0011 | 0b1001 | 0b1011 => isa.main(I::CompareBranch {
            n: d,
            offset: (bits(h, 9, 1) << 6 | bits(h, 3, 5) << 1) as u8,
            nonzero: bit(h, 11),
        }),
        0b0100 | 0b0101 => push(h),
        0b0110 => change_state(isa, h),
        0b1010 => match bits(h, 6, 2) {
            0b00 => I::Swap { op: Swap::Rev, d, m },
            0b01 => I::Swap { op: Swap::Rev16, d, m },
            0b11 => I::Swap { op: Swap::Revsh, d, m },
            _ => I::Undefined,
        },
        0b1100 | 0b1101 => pop(h),
        0b1110 => I::Breakpoint {
            immediate: bits(h, 0, 8) as u8,
        },
        0b1111 => if_then_or_hint(isa, h),
        _ => I::Undefined,
    }
}

fn adjust_sp(h: u32) -> Instruction {
    let (d, n, value, flags) = (13, 13, bits(h, 0, 7) * 4, Flags::Keep);
    if bit(h, 7) {
        I::SubImmediate { d, n, value, flags }
    } else {
        I::AddImmediate { d, n, value, flags }
    }
}

fn push(h: u32) -> Instruction {
    let list = (bits(h, 0, 8) | bits(h, 8, 1) << 14) as u16;
    unless(
        list == 0,
        I::StoreMultiple {
            n: 13,
            list,
            before: true,
            writeback: true,
        },
    )
}

fn pop(h: u32) -> Instruction {
    let list = (bits(h, 0, 8) | bits(h, 8, 1) << 15) as u16;
    unless(
        list == 0,
        I::LoadMultiple {
            n: 13,
            list,
            before: false,
            writeback: true,
        },
    )
}

/// CPS.
fn change_state(isa: Isa, h: u32) -> Instruction {
    if bits(h, 5, 3) != 0b011 {
        return I::Undefined;
    }
    let (primask, faultmask) = (bit(h, 1), bit(h, 0));
    unless(
        bits(h, 2, 2) != 0 || !primask && !faultmask || faultmask && !isa.main,
        I::ChangeState {
            disable: bit(h, 4),
            primask,
            faultmask,
        },
    )
}

/// A5.2.6.
fn if_then_or_hint(isa: Isa, h: u32) -> Instruction {
    let (condition, mask) = (bits(h, 4, 4), bits(h, 0, 4));
    if mask == 0 {
        return hint(condition);
    }
    let unpredictable = condition == 15 || condition == 14 && mask.count_ones() != 1;
    isa.main(unless(
        unpredictable,
        I::IfThen {
            state: bits(h, 0, 8) as u8,
        },
    ))
}

/// A hint by its number. Those that no architecture of ours gives a meaning are NOP.
pub(super) const fn hint(number: u32) -> Instruction {
    match number {
        2 => I::WaitForEvent,
        3 => I::WaitForInterrupt,
        4 => I::SendEvent,
        _ => I::Nop,
    }
}

/// STM and LDM with writeback. A base in the list that is not its lowest register would be stored with an unknown value.
fn multiple(h: u32) -> Instruction {
    let (n, list) = (low(h, 8), bits(h, 0, 8) as u16);
    let listed = list >> n & 1 != 0;
    if bit(h, 11) {
        return unless(
            list == 0,
            I::LoadMultiple {
                n,
                list,
                before: false,
                writeback: !listed,
            },
        );
    }
    unless(
        list == 0 || listed && list.trailing_zeros() != u32::from(n),
        I::StoreMultiple {
            n,
            list,
            before: false,
            writeback: true,
        },
    )
}

fn conditional(h: u32) -> Instruction {
    match bits(h, 8, 4) {
        14 => I::Undefined,
        15 => I::SupervisorCall,
        condition => I::BranchIf {
            condition: condition as u8,
            offset: signed(bits(h, 0, 8) << 1, 9),
        },
    }
}
