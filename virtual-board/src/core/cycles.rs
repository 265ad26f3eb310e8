//! What instructions cost: an interval of cycles from the core's Technical Reference Manual, or from a near relative's.
//!
//! Sources: Cortex-M0 r0p0 TRM (Arm DDI 0432C), table 3-1; Cortex-M3 TRM (DDI 0337H), table 3-1; Cortex-M4 TRM (DDI 0439B), tables 3-1
//! and 7-1. Where a manual gives a range, the interval is that range. Loads and stores of M3 and M4 cost 1 where they are pipelined with
//! their neighbours and 2 where they are not. Arm publishes no table for Cortex-M7 and Cortex-M33: for them the interval is wider than that
//! of Cortex-M4 on both sides (two instructions of Cortex-M7 may share a cycle) and is an assumption, not a source.
//! Wait states of data and of buses are not in here.

use super::{
    decode::{Float, Instruction, Long, Multiply, VectorOp},
    profile::Timing,
};
use Instruction as I;

/// At least, at most.
type Cycles = (u8, u8);

/// Extra cycles of a taken branch, for the pipeline to fill again.
pub(super) const fn refill(timing: Timing) -> (u32, u32) {
    match timing {
        Timing::CortexM0 => (2, 2),
        Timing::CortexM3 | Timing::CortexM4 | Timing::CortexM33 => (1, 3),
        Timing::CortexM7 => (0, 8),
    }
}

/// What an instruction costs without the refill of a taken branch.
pub(super) fn cost(timing: Timing, instruction: Instruction) -> (u8, u8) {
    match timing {
        Timing::CortexM0 => {
            let cycles = m0(instruction);
            (cycles, cycles)
        }
        Timing::CortexM3 => m3(instruction),
        Timing::CortexM4 => m4(instruction),
        Timing::CortexM7 => {
            let (low, high) = m4(instruction);
            (low / 2, high + 1)
        }
        Timing::CortexM33 => {
            let (low, high) = m4(instruction);
            (low, high + 1)
        }
    }
}

/// Registers in a list.
const fn count(list: u16) -> u8 {
    list.count_ones() as u8
}

/// Cortex-M0 with the multiplier of one cycle.
const fn m0(instruction: Instruction) -> u8 {
    match instruction {
        I::LoadWord { .. }
        | I::StoreWord { .. }
        | I::Load { .. }
        | I::Store { .. }
        | I::LoadLiteral { .. }
        | I::LoadRegister { .. }
        | I::StoreRegister { .. } => 2,
        // POP of PC takes 4 + N, of which the refill is counted apart.
        I::LoadMultiple { list, .. } if list >> 15 != 0 => 2 + count(list),
        I::LoadMultiple { list, .. } | I::StoreMultiple { list, .. } => 1 + count(list),
        I::BranchLink { .. } => 2,
        I::ReadSpecial { .. } | I::WriteSpecial { .. } | I::Barrier(_) => 4,
        I::WaitForEvent | I::WaitForInterrupt => 2,
        _ => 1,
    }
}

/// Loads and stores of M3 and M4.
const fn memory(instruction: Instruction) -> Option<Cycles> {
    Some(match instruction {
        I::LoadWord { .. }
        | I::StoreWord { .. }
        | I::Load { .. }
        | I::Store { .. }
        | I::LoadLiteral { .. }
        | I::LoadRegister { .. }
        | I::StoreRegister { .. }
        | I::LoadIndexed { .. }
        | I::StoreIndexed { .. }
        | I::LoadUnprivileged { .. }
        | I::StoreUnprivileged { .. } => (1, 2),
        I::LoadMultiple { list, .. } | I::StoreMultiple { list, .. } => (1 + count(list), 1 + count(list)),
        I::LoadDual { .. } | I::StoreDual { .. } => (3, 3),
        I::LoadExclusive { .. } | I::StoreExclusive { .. } | I::LoadAcquire { .. } | I::StoreRelease { .. } => (2, 2),
        I::TableBranch { .. } => (2, 2),
        I::ReadSpecial { .. } | I::WriteSpecial { .. } => (1, 2),
        I::ChangeState { .. } => (1, 2),
        I::Barrier(_) => (1, 4),
        _ => return None,
    })
}

fn m3(instruction: Instruction) -> Cycles {
    match instruction {
        I::Multiply { op, a, .. } => match op {
            Multiply::SignedDivide | Multiply::UnsignedDivide => (2, 12),
            Multiply::Mla if a == 15 => (1, 1),
            _ => (2, 2),
        },
        I::MultiplyLong { op, .. } => match op {
            Long::Smull | Long::Umull => (3, 5),
            _ => (4, 7),
        },
        other => memory(other).unwrap_or((1, 1)),
    }
}

fn m4(instruction: Instruction) -> Cycles {
    match instruction {
        I::Multiply {
            op: Multiply::SignedDivide | Multiply::UnsignedDivide,
            ..
        } => (2, 12),
        I::Float(float) => floating(float),
        other => memory(other).unwrap_or((1, 1)),
    }
}

/// The floating-point unit of Cortex-M4. A result that the next instruction needs costs one more.
fn floating(float: Float) -> Cycles {
    match float {
        Float::Arithmetic { op, .. } => match op {
            VectorOp::Vdiv => (14, 15),
            VectorOp::Vmla | VectorOp::Vmls | VectorOp::Vnmla | VectorOp::Vnmls => (3, 4),
            VectorOp::Vfma | VectorOp::Vfms | VectorOp::Vfnma | VectorOp::Vfnms => (3, 4),
            _ => (1, 2),
        },
        Float::SquareRoot { .. } => (14, 15),
        Float::Load { double, .. } | Float::Store { double, .. } => {
            let words = 1 + u8::from(double);
            (1 + words, 1 + words)
        }
        Float::LoadMultiple { words, .. } | Float::StoreMultiple { words, .. } => {
            let words = words.min(32);
            (1 + words, 1 + words)
        }
        Float::PairToCore { .. } | Float::PairFromCore { .. } => (2, 2),
        _ => (1, 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::decode::{Isa, decode};
    use crate::core::profile::{CORTEX_M0, CORTEX_M3, CORTEX_M4F};

    #[test]
    fn costs_are_those_of_the_manuals() {
        let table = [
            (CORTEX_M0, 0x1840, 0, (1, 1)),         // ADDS
            (CORTEX_M0, 0x6800, 0, (2, 2)),         // LDR
            (CORTEX_M0, 0xb510, 0, (3, 3)),         // PUSH {R4, LR}: 1 + N
            (CORTEX_M0, 0xbd10, 0, (4, 4)),         // POP {R4, PC}: 4 + N, less the refill of 2
            (CORTEX_M3, 0xfba0, 0x0102, (3, 5)),    // UMULL
            (CORTEX_M3, 0xfb90, 0xf0f1, (2, 12)),   // SDIV
            (CORTEX_M4F, 0xfba0, 0x0102, (1, 1)),   // UMULL
            (CORTEX_M4F, 0xee80, 0x0a01, (14, 15)), // VDIV
            (CORTEX_M4F, 0xe8bd, 0x000f, (5, 5)),   // LDM of four
        ];
        for (profile, first, second, expected) in table {
            let instruction = decode(Isa::of(&profile), first, second);
            assert_eq!(cost(profile.timing, instruction), expected, "{instruction:?}");
        }
    }
}
