//! Loads and stores, 32 bits wide (Arm DDI 0403E, A5.3.5 to A5.3.10).

use super::{Exclusive, Gap, Instruction, Isa, Reg, Size, bad, bit, bits, reg, unless};
use Instruction as I;

/// LDM and STM.
pub(super) fn multiple(a: u32, b: u32) -> Instruction {
    let (n, list, writeback) = (reg(a, 0), b as u16, bit(a, 5));
    let before = match bits(a, 7, 2) {
        0b01 => false,
        0b10 => true,
        _ => return I::Undefined,
    };
    let base_listed = writeback && list >> n & 1 != 0;
    let unpredictable = n == 15 || list.count_ones() < 2 || bit(b, 13) || base_listed;
    if bit(a, 4) {
        return unless(
            unpredictable || list >> 14 == 3,
            I::LoadMultiple {
                n,
                list,
                before,
                writeback,
            },
        );
    }
    unless(
        unpredictable || bit(b, 15),
        I::StoreMultiple {
            n,
            list,
            before,
            writeback,
        },
    )
}

/// Doublewords, exclusive accesses, load-acquire and store-release, table branches.
pub(super) fn dual_exclusive_table(isa: Isa, a: u32, b: u32) -> Instruction {
    if let Some(instruction) = secure_gateway(isa, a, b) {
        return instruction;
    }
    let (pre, up, writeback, load) = (bit(a, 8), bit(a, 7), bit(a, 5), bit(a, 4));
    let (n, t, d, offset) = (reg(a, 0), reg(b, 12), reg(b, 8), (b & 0xff) as u16 * 4);
    let size = Size::Word;
    match (pre || writeback, up, load) {
        (true, ..) => dual(a, b),
        (_, true, true) => load_exclusive_or_table(isa, a, b),
        (_, true, false) => store_exclusive(isa, a, b),
        (_, false, true) => unless(bad(t) || n == 15 || d != 15, I::LoadExclusive { size, t, n, offset }),
        _ if isa.v8 && t == 15 => I::Unmodelled(Gap::Security),
        _ => unless(no_status(d, t, n), I::StoreExclusive { size, d, t, n, offset }),
    }
}

fn dual(a: u32, b: u32) -> Instruction {
    let (n, t, t2) = (reg(a, 0), reg(b, 12), reg(b, 8));
    let (post, writeback) = (!bit(a, 8), bit(a, 5));
    let magnitude = (b & 0xff) as i16 * 4;
    let offset = if bit(a, 7) { magnitude } else { -magnitude };
    let unpredictable = bad(t) || bad(t2) || writeback && (n == t || n == t2 || n == 15);
    if bit(a, 4) {
        return unless(
            unpredictable || t == t2,
            I::LoadDual {
                t,
                t2,
                n,
                offset,
                post,
                writeback,
            },
        );
    }
    unless(
        unpredictable || n == 15,
        I::StoreDual {
            t,
            t2,
            n,
            offset,
            post,
            writeback,
        },
    )
}

/// Registers that a conditional store does not take: its status may not be its value or its address.
const fn no_status(d: Reg, t: Reg, n: Reg) -> bool {
    bad(d) || bad(t) || n == 15 || d == n || d == t
}

const SIZES: [Size; 3] = [Size::Byte, Size::Half, Size::Word];

fn load_exclusive_or_table(isa: Isa, a: u32, b: u32) -> Instruction {
    let (n, t, m) = (reg(a, 0), reg(b, 12), reg(b, 0));
    let op = bits(b, 4, 4);
    let unpredictable = bad(t) || n == 15 || bits(b, 8, 4) != 15 || m != 15;
    let acquire = |size, exclusive| unless(unpredictable, I::LoadAcquire { size, t, n, exclusive });
    match op {
        0b0000 | 0b0001 => unless(
            n == 13 || bad(m) || bits(b, 8, 8) != 0xf0,
            I::TableBranch { n, m, half: op == 1 },
        ),
        0b0100 | 0b0101 => {
            let size = SIZES[op as usize & 1];
            unless(unpredictable, I::LoadExclusive { size, t, n, offset: 0 })
        }
        0b1000..=0b1010 if isa.v8 => acquire(SIZES[op as usize & 3], Exclusive::No),
        0b1100..=0b1110 if isa.v8 => acquire(SIZES[op as usize & 3], Exclusive::Yes),
        _ => I::Undefined,
    }
}

fn store_exclusive(isa: Isa, a: u32, b: u32) -> Instruction {
    let (n, t, d) = (reg(a, 0), reg(b, 12), reg(b, 0));
    let op = bits(b, 4, 4);
    let unpredictable = no_status(d, t, n) || bits(b, 8, 4) != 15;
    let size = SIZES[(op as usize & 3).min(2)];
    match op {
        0b0100 | 0b0101 => unless(
            unpredictable,
            I::StoreExclusive {
                size,
                d,
                t,
                n,
                offset: 0,
            },
        ),
        0b1000..=0b1010 if isa.v8 => unless(
            bad(t) || n == 15 || bits(b, 8, 4) != 15 || d != 15,
            I::StoreRelease {
                size,
                d,
                t,
                n,
                exclusive: Exclusive::No,
            },
        ),
        0b1100..=0b1110 if isa.v8 => unless(
            unpredictable,
            I::StoreRelease {
                size,
                d,
                t,
                n,
                exclusive: Exclusive::Yes,
            },
        ),
        _ => I::Undefined,
    }
}

/// One byte, halfword or word.
pub(super) fn single(a: u32, b: u32) -> Instruction {
    let size = match (bits(a, 5, 2), bit(a, 8)) {
        (0, false) => Size::Byte,
        (1, false) => Size::Half,
        (2, false) => Size::Word,
        (0, true) => Size::SignedByte,
        (1, true) => Size::SignedHalf,
        _ => return I::Undefined,
    };
    if !bit(a, 4) {
        return if bit(a, 8) { I::Undefined } else { store(size, a, b) };
    }
    if reg(b, 12) == 15 && size != Size::Word {
        return memory_hint(a, b);
    }
    load(size, a, b)
}

/// Which form of address a load or store has.
enum Form {
    Offset(i32),
    Register { m: Reg, shift: u8 },
    Indexed { offset: i16, post: bool },
    Unprivileged { offset: u8 },
    Undefined,
}

fn form(a: u32, b: u32) -> Form {
    if bit(a, 7) {
        return Form::Offset(bits(b, 0, 12) as i32);
    }
    if bits(b, 6, 6) == 0 {
        return Form::Register {
            m: reg(b, 0),
            shift: bits(b, 4, 2) as u8,
        };
    }
    let magnitude = (b & 0xff) as i16;
    let offset = if bit(b, 9) { magnitude } else { -magnitude };
    match (bit(b, 11), bits(b, 8, 3)) {
        (true, 0b100) => Form::Offset(offset.into()),
        (true, 0b110) => Form::Unprivileged { offset: b as u8 },
        (true, 0b001 | 0b011) => Form::Indexed { offset, post: true },
        (true, 0b101 | 0b111) => Form::Indexed { offset, post: false },
        _ => Form::Undefined,
    }
}

fn load(size: Size, a: u32, b: u32) -> Instruction {
    let (n, t) = (reg(a, 0), reg(b, 12));
    // SP takes words only, and PC is no target of the rest.
    let no_t = t == 13 && size != Size::Word;
    if n == 15 {
        let magnitude = bits(b, 0, 12) as i32;
        let offset = if bit(a, 7) { magnitude } else { -magnitude };
        return unless(no_t, I::LoadLiteral { size, t, offset });
    }
    match form(a, b) {
        Form::Offset(offset) if size == Size::Word => I::LoadWord { t, n, offset },
        Form::Offset(offset) => unless(no_t, I::Load { size, t, n, offset }),
        Form::Register { m, shift } => unless(no_t || bad(m), I::LoadRegister { size, t, n, m, shift }),
        Form::Indexed { offset, post } => unless(
            no_t || n == t,
            I::LoadIndexed {
                size,
                t,
                n,
                offset,
                post,
            },
        ),
        Form::Unprivileged { offset } => unless(bad(t), I::LoadUnprivileged { size, t, n, offset }),
        Form::Undefined => I::Undefined,
    }
}

fn store(size: Size, a: u32, b: u32) -> Instruction {
    let (n, t) = (reg(a, 0), reg(b, 12));
    if n == 15 {
        return I::Undefined;
    }
    let no_t = t == 15 || t == 13 && size != Size::Word;
    match form(a, b) {
        Form::Offset(offset) if size == Size::Word => unless(no_t, I::StoreWord { t, n, offset }),
        Form::Offset(offset) => unless(no_t, I::Store { size, t, n, offset }),
        Form::Register { m, shift } => unless(no_t || bad(m), I::StoreRegister { size, t, n, m, shift }),
        Form::Indexed { offset, post } => unless(
            no_t || n == t,
            I::StoreIndexed {
                size,
                t,
                n,
                offset,
                post,
            },
        ),
        Form::Unprivileged { offset } => unless(bad(t), I::StoreUnprivileged { size, t, n, offset }),
        Form::Undefined => I::Undefined,
    }
}

/// PLD, PLI and the unallocated hints in the place of loads to PC: nothing happens.
fn memory_hint(a: u32, b: u32) -> Instruction {
    if reg(a, 0) == 15 {
        return I::Nop;
    }
    match form(a, b) {
        Form::Offset(_) => I::Nop,
        Form::Register { m, .. } => unless(bad(m), I::Nop),
        Form::Indexed { .. } | Form::Unprivileged { .. } => I::Unpredictable,
        Form::Undefined => I::Undefined,
    }
}

/// SG, which stands among the doubleword loads.
const fn secure_gateway(isa: Isa, a: u32, b: u32) -> Option<Instruction> {
    if isa.v8 && a == 0xe97f && b == 0xe97f {
        Some(I::Unmodelled(Gap::Security))
    } else {
        None
    }
}
