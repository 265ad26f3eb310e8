//! Multiplications and divisions, 32 bits wide (Arm DDI 0403E, A5.3.16 and A5.3.17).

use super::{Cross, Instruction, Isa, Long, Multiply, bad, bit, bits, reg, unless};
use Instruction as I;

const fn cross(swapped: bool) -> Cross {
    if swapped { Cross::Yes } else { Cross::No }
}

/// A result of 32 bits.
pub(super) fn short(isa: Isa, a: u32, b: u32) -> Instruction {
    let (n, acc, d, m) = (reg(a, 0), reg(b, 12), reg(b, 8), reg(b, 0));
    let (first, second) = (bit(b, 5), bit(b, 4));
    let dsp = isa.dsp;
    let (op, has) = match (bits(a, 4, 3), bits(b, 4, 4)) {
        (0, 0b0000) => (Multiply::Mla, true),
        (0, 0b0001) => (Multiply::Mls, true),
        (1, 0b0000..=0b0011) => (
            Multiply::Halves {
                n_top: first,
                m_top: second,
            },
            dsp,
        ),
        (2, 0b0000 | 0b0001) => (Multiply::DualAdd(cross(second)), dsp),
        (3, 0b0000 | 0b0001) => (Multiply::WordHalf { m_top: second }, dsp),
        (4, 0b0000 | 0b0001) => (Multiply::DualSubtract(cross(second)), dsp),
        (5, 0b0000 | 0b0001) => (Multiply::MostSignificantAdd { round: second }, dsp),
        (6, 0b0000 | 0b0001) => (Multiply::MostSignificantSubtract { round: second }, dsp),
        (7, 0b0000) => (Multiply::AbsoluteDifferences, dsp),
        _ => return I::Undefined,
    };
    if !has {
        return I::Undefined;
    }
    let needs_acc = matches!(op, Multiply::Mls | Multiply::MostSignificantSubtract { .. });
    unless(
        bad(d) || bad(n) || bad(m) || acc == 13 || acc == 15 && needs_acc,
        I::Multiply { op, d, n, m, a: acc },
    )
}

/// A result of 64 bits, and the divisions.
pub(super) fn long(isa: Isa, a: u32, b: u32) -> Instruction {
    let (n, low, high, m) = (reg(a, 0), reg(b, 12), reg(b, 8), reg(b, 0));
    let (first, second) = (bit(b, 5), bit(b, 4));
    let (op, has) = match (bits(a, 4, 3), bits(b, 4, 4)) {
        (0, 0b0000) => (Long::Smull, true),
        (2, 0b0000) => (Long::Umull, true),
        (4, 0b0000) => (Long::Smlal, true),
        (6, 0b0000) => (Long::Umlal, true),
        (1, 0b1111) => return divide(Multiply::SignedDivide, a, b),
        (3, 0b1111) => return divide(Multiply::UnsignedDivide, a, b),
        (4, 0b1000..=0b1011) => (
            Long::SmlalHalves {
                n_top: first,
                m_top: second,
            },
            isa.dsp,
        ),
        (4, 0b1100 | 0b1101) => (Long::Smlald(cross(second)), isa.dsp),
        (5, 0b1100 | 0b1101) => (Long::Smlsld(cross(second)), isa.dsp),
        (6, 0b0110) => (Long::Umaal, isa.dsp),
        _ => return I::Undefined,
    };
    if !has {
        return I::Undefined;
    }
    unless(
        bad(low) || bad(high) || bad(n) || bad(m) || low == high,
        I::MultiplyLong { op, low, high, n, m },
    )
}

fn divide(op: Multiply, a: u32, b: u32) -> Instruction {
    let (n, reserved, d, m) = (reg(a, 0), reg(b, 12), reg(b, 8), reg(b, 0));
    unless(
        bad(d) || bad(n) || bad(m) || reserved != 15,
        I::Multiply { op, d, n, m, a: 15 },
    )
}
