//! The kernels for cores with DSP instructions (ARMv7E-M; ARMv8-M with the DSP extension), in assembly: Cortex-M4, M7,
//! M33.
//!
//! SMLAD multiplies two pairs of 16-bit numbers and adds both products; SXTB16 makes such a pair of bytes 0 and 2 of a
//! word, or with a rotation by 8 of bytes 1 and 3. Per multiply-accumulate, loads included and the loop left out:
//!
//! | layout | 4 rows | 3 rows |
//! | --- | --- | --- |
//! | narrow, i8 | 18 instructions for 16: 1.13 | 14 for 12: 1.17 |
//! | byte planes, i8 | 14 for 16: 0.88 | 12 for 12: 1.00 |
//! | wide, i16 | 6 for 8: 0.75 | 5 for 6: 0.83 |
//!
//! A *routine* adds one block to the accumulators in r4 to r7; an *entry* calls the two routines of a unit, over x and
//! over h, and scales what comes out. Both are *naked*: the assembly is the whole of the function.
#![allow(unsafe_code)]

use super::{Factors, Layout, Matrix};
use crate::format::UnitRecord;
use core::{arch::naked_asm, mem::MaybeUninit};

/// Tells the assembler that the DSP extension is there; the compiler's own target does not for every ARMv8-M core.
#[cfg(skiprnn_v8m)]
macro_rules! cpu {
    () => {
        ".cpu cortex-m33"
    };
}

/// Every ARMv7E-M core has the DSP instructions.
#[cfg(not(skiprnn_v8m))]
macro_rules! cpu {
    () => {
        ""
    };
}

/// A routine: what precedes its loop, what one group does, what follows.
///
/// In: r1 weights, r2 activations, r3 groups, at least 1, with the drop in the upper half; r4 to r7 the accumulators.
/// Out: r1 behind the block, r4 to r7. Changes r0, r2, r3, r8 to r12. The loop holds four groups; a count that is no
/// multiple of 4 enters in the middle.
macro_rules! routine {
    ($(#[$doc:meta])* $name:ident, $prologue:expr, $group:expr, $epilogue:expr) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// Not for Rust to call: its parameters are in registers of its own.
        #[unsafe(naked)]
        unsafe extern "C" fn $name() {
            naked_asm!(
                cpu!(),
                $prologue,
                "rsb r0, r3, #0",
                "and r0, r0, #3",
                "adds r3, r3, #3",
                "lsrs r3, r3, #2",
                "tbb [pc, r0]",
                "1:",
                ".byte (2f - 1b) / 2, (3f - 1b) / 2, (4f - 1b) / 2, (5f - 1b) / 2",
                "2:",
                $group,
                "3:",
                $group,
                "4:",
                $group,
                "5:",
                $group,
                "subs r3, r3, #1",
                "bne 2b",
                $epilogue,
            )
        }
    };
}

routine!(
    /// i8, 4 rows. r8, r9 hold x; r10 to r12 and lr the weights, r0 those that are spread out.
    narrow_4,
    "push {{lr}}",
    concat!(
        "ldm r1!, {{r10, r11, r12, lr}}\n",
        "ldrd r8, r9, [r2], #8\n",
        "sxtb16 r0, r10\n",
        "smlad r4, r0, r8, r4\n",
        "sxtb16 r10, r10, ror #8\n",
        "smlad r4, r10, r9, r4\n",
        "sxtb16 r0, r11\n",
        "smlad r5, r0, r8, r5\n",
        "sxtb16 r11, r11, ror #8\n",
        "smlad r5, r11, r9, r5\n",
        "sxtb16 r0, r12\n",
        "smlad r6, r0, r8, r6\n",
        "sxtb16 r12, r12, ror #8\n",
        "smlad r6, r12, r9, r6\n",
        "sxtb16 r0, lr\n",
        "smlad r7, r0, r8, r7\n",
        "sxtb16 lr, lr, ror #8\n",
        "smlad r7, lr, r9, r7\n",
    ),
    "pop {{pc}}"
);

routine!(
    /// i8, 3 rows. r8, r9 hold x; r10 to r12 the weights, r0 those that are spread out.
    narrow_3,
    "",
    concat!(
        "ldm r1!, {{r10, r11, r12}}\n",
        "ldrd r8, r9, [r2], #8\n",
        "sxtb16 r0, r10\n",
        "smlad r4, r0, r8, r4\n",
        "sxtb16 r10, r10, ror #8\n",
        "smlad r4, r10, r9, r4\n",
        "sxtb16 r0, r11\n",
        "smlad r5, r0, r8, r5\n",
        "sxtb16 r11, r11, ror #8\n",
        "smlad r5, r11, r9, r5\n",
        "sxtb16 r0, r12\n",
        "smlad r6, r0, r8, r6\n",
        "sxtb16 r12, r12, ror #8\n",
        "smlad r6, r12, r9, r6\n",
    ),
    "bx lr"
);

routine!(
    /// i16, 4 rows. r12 holds x, r8 to r11 the weights.
    wide_4,
    "",
    concat!(
        "ldr r12, [r2], #4\n",
        "ldm r1!, {{r8, r9, r10, r11}}\n",
        "smlad r4, r8, r12, r4\n",
        "smlad r5, r9, r12, r5\n",
        "smlad r6, r10, r12, r6\n",
        "smlad r7, r11, r12, r7\n",
    ),
    "bx lr"
);

routine!(
    /// i16, 3 rows. r12 holds x, r8 to r10 the weights.
    wide_3,
    "",
    concat!(
        "ldr r12, [r2], #4\n",
        "ldm r1!, {{r8, r9, r10}}\n",
        "smlad r4, r8, r12, r4\n",
        "smlad r5, r9, r12, r5\n",
        "smlad r6, r10, r12, r6\n",
    ),
    "bx lr"
);

routine!(
    /// Byte planes, 4 rows. r4 and r6 sum both planes of a pair, r5 and r7 the even one; at the end the odd sum is
    /// (both - even) / 256, and the drop shifts all four up.
    plane_4,
    concat!(
        "push {{r3, r4, r5, r6, r7, lr}}\n",
        "uxth r3, r3\n",
        "movs r4, #0\n",
        "movs r5, #0\n",
        "movs r6, #0\n",
        "movs r7, #0\n",
    ),
    concat!(
        "ldm r1!, {{r10, r11, r12, lr}}\n",
        "ldrd r8, r9, [r2], #8\n",
        "smlad r4, r10, r8, r4\n",
        "sxtb16 r10, r10\n",
        "smlad r5, r10, r8, r5\n",
        "smlad r6, r11, r8, r6\n",
        "sxtb16 r11, r11\n",
        "smlad r7, r11, r8, r7\n",
        "smlad r4, r12, r9, r4\n",
        "sxtb16 r12, r12\n",
        "smlad r5, r12, r9, r5\n",
        "smlad r6, lr, r9, r6\n",
        "sxtb16 lr, lr\n",
        "smlad r7, lr, r9, r7\n",
    ),
    concat!(
        "pop {{r0, r8, r9, r10, r11}}\n",
        "lsrs r0, r0, #16\n",
        "rsb r2, r0, #8\n",
        "subs r4, r4, r5\n",
        "asrs r4, r4, r2\n",
        "lsls r5, r5, r0\n",
        "subs r6, r6, r7\n",
        "asrs r6, r6, r2\n",
        "lsls r7, r7, r0\n",
        "add r12, r9, r4\n",
        "add r4, r8, r5\n",
        "mov r5, r12\n",
        "add r12, r11, r6\n",
        "add r6, r10, r7\n",
        "mov r7, r12\n",
        "pop {{pc}}\n",
    )
);

routine!(
    /// Byte planes, 3 rows. r4 sums both planes of the pair, r5 the even one, r6 the third row.
    plane_3,
    concat!(
        "push {{r3, r4, r5, r6, lr}}\n",
        "uxth r3, r3\n",
        "movs r4, #0\n",
        "movs r5, #0\n",
        "movs r6, #0\n",
    ),
    concat!(
        "ldm r1!, {{r10, r11, r12}}\n",
        "ldrd r8, r9, [r2], #8\n",
        "smlad r4, r10, r8, r4\n",
        "sxtb16 r10, r10\n",
        "smlad r5, r10, r8, r5\n",
        "smlad r4, r11, r9, r4\n",
        "sxtb16 r11, r11\n",
        "smlad r5, r11, r9, r5\n",
        "sxtb16 r0, r12\n",
        "smlad r6, r0, r8, r6\n",
        "sxtb16 r12, r12, ror #8\n",
        "smlad r6, r12, r9, r6\n",
    ),
    concat!(
        "pop {{r0, r8, r9, r10}}\n",
        "lsrs r0, r0, #16\n",
        "rsb r2, r0, #8\n",
        "subs r4, r4, r5\n",
        "asrs r4, r4, r2\n",
        "lsls r5, r5, r0\n",
        "lsls r6, r6, r0\n",
        "add r12, r9, r4\n",
        "add r4, r8, r5\n",
        "mov r5, r12\n",
        "add r6, r10, r6\n",
        "pop {{pc}}\n",
    )
);

/// What a routine reads, and where it stands.
#[derive(Debug)]
#[repr(C)]
struct Part {
    /// The next block.
    w: *const u32,
    x: *const u32,
    /// Groups, and the drop in the upper half.
    count: u32,
    routine: unsafe extern "C" fn(),
}

/// The two parts of a unit.
#[derive(Debug)]
#[repr(C)]
struct Job {
    ih: Part,
    hh: Part,
}

/// One unit with four rows: biases in, both parts added, times the multipliers, pre-activations out.
///
/// # Safety
/// Both parts of the job have a block left, and as many activations as their counts ask for.
#[unsafe(naked)]
unsafe extern "C" fn four(_job: *mut Job, _unit: *const UnitRecord, _out: *mut MaybeUninit<[i32; 4]>) {
    naked_asm!(
        cpu!(),
        "push {{r0, r1, r2, r4, r5, r6, r7, r8, r9, r10, r11, lr}}",
        "ldm r1, {{r4, r5, r6, r7}}",
        "ldm r0, {{r1, r2, r3, r12}}",
        "blx r12",
        "ldr r0, [sp]",
        "str r1, [r0], #16",
        "ldm r0, {{r1, r2, r3, r12}}",
        "blx r12",
        "pop {{r0, r2, r3}}",
        "str r1, [r0, #16]",
        "ldrd r8, r9, [r2, #16]",
        "ldrd r10, r11, [r2, #24]",
        "smmulr r4, r4, r8",
        "smmulr r5, r5, r9",
        "smmulr r6, r6, r10",
        "smmulr r7, r7, r11",
        "stm r3, {{r4, r5, r6, r7}}",
        "pop {{r4, r5, r6, r7, r8, r9, r10, r11, pc}}",
    )
}

/// One unit with three rows, the third of which has an accumulator over x and one over h.
///
/// # Safety
/// As for [`four`].
#[unsafe(naked)]
unsafe extern "C" fn three(_job: *mut Job, _unit: *const UnitRecord, _out: *mut MaybeUninit<[i32; 4]>) {
    naked_asm!(
        cpu!(),
        "push {{r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, lr}}",
        "ldm r1, {{r4, r5, r6, r7}}",
        "str r7, [sp, #12]",
        "ldm r0, {{r1, r2, r3, r12}}",
        "blx r12",
        "ldr r0, [sp]",
        "mov r7, r6", // no routine for three rows touches r7
        "ldr r6, [sp, #12]",
        "str r1, [r0], #16",
        "ldm r0, {{r1, r2, r3, r12}}",
        "blx r12",
        "pop {{r0, r2, r3, r12}}",
        "str r1, [r0, #16]",
        "ldrd r8, r9, [r2, #16]",
        "ldrd r10, r11, [r2, #24]",
        "smmulr r4, r4, r8",
        "smmulr r5, r5, r9",
        "smmulr r8, r7, r10",
        "smmulr r9, r6, r11",
        "stm r3, {{r4, r5, r8, r9}}",
        "pop {{r4, r5, r6, r7, r8, r9, r10, r11, pc}}",
    )
}

/// One part of the job, and how many units it is good for: none, where there are too few activations.
#[inline(always)]
fn part(matrix: &Matrix<'_>, x: &[u32], drop: u32) -> (Part, usize) {
    let routine: unsafe extern "C" fn() = match (matrix.layout, matrix.rows) {
        (Layout::Narrow, 3) => narrow_3,
        (Layout::Narrow, _) => narrow_4,
        (Layout::Plane, 3) => plane_3,
        (Layout::Plane, _) => plane_4,
        (Layout::Wide, 3) => wide_3,
        (Layout::Wide, _) => wide_4,
    };
    let groups = matrix.groups();
    let part = Part {
        w: matrix.words.as_ptr(),
        x: x.as_ptr(),
        count: groups as u32 | drop << 16,
        routine,
    };
    let enough = groups > 0 && groups < 1 << 16 && x.len() >= matrix.pairs() && drop <= 8;
    let units = if enough {
        matrix.words.len().checked_div(matrix.block)
    } else {
        None
    };
    (part, units.unwrap_or(0))
}

/// The job of a layer, and for how many units it is good.
#[inline(always)]
fn job(factors: &Factors<'_>) -> (Job, usize) {
    let (ih, units_ih) = part(&factors.ih, factors.x, 0);
    let (hh, units_hh) = part(&factors.hh, factors.h, factors.drop);
    let alike = factors.ih.rows == factors.hh.rows;
    (Job { ih, hh }, if alike { units_ih.min(units_hh) } else { 0 })
}

/// Hands the pre-activations i, f, g, o of each unit to `update`, with what `state` has for it.
#[inline(always)]
pub(crate) fn each_four<S>(
    factors: Factors<'_>,
    units: &[UnitRecord],
    state: impl Iterator<Item = S>,
    mut update: impl FnMut([i32; 4], S),
) {
    let (mut job, good_for) = job(&factors);
    let mut out = MaybeUninit::uninit();
    for (unit, state) in units.iter().take(good_for).zip(state) {
        // SAFETY: both matrices have `good_for` blocks, each call moves the job on by one of each, and `part` has seen
        // that there are activations enough. Weights and activations stay borrowed meanwhile, aligned to 4 as u32 is.
        // Only the job, `out` and the stack are written to; `out` is, whole. Blocks of three rows, which would be
        // walked as such here, leave the fourth accumulator as it is.
        let pre = unsafe {
            four(&mut job, unit, &mut out);
            out.assume_init()
        };
        update(pre, state);
    }
}

/// Hands the pre-activations r, z, n over x, n over h of each unit to `update`, with what `state` has for it.
#[inline(always)]
pub(crate) fn each_three<S>(
    factors: Factors<'_>,
    units: &[UnitRecord],
    state: impl Iterator<Item = S>,
    mut update: impl FnMut([i32; 4], S),
) {
    let (mut job, good_for) = job(&factors);
    let mut out = MaybeUninit::uninit();
    for (unit, state) in units.iter().take(good_for).zip(state) {
        // SAFETY: as above; blocks of four rows would be walked as such, and give numbers without meaning.
        let pre = unsafe {
            three(&mut job, unit, &mut out);
            out.assume_init()
        };
        update(pre, state);
    }
}
