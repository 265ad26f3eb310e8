//! One update of one layer for cores with Thumb-2: the arithmetic of `cell::portable`, bit for bit, in assembly.
//!
//! A *pass* walks over the units of a layer. For each it adds up the block of `weight_hh`, then that of `weight_ih`,
//! scales the sums, takes them through the gates and stores the new state; gates never leave the registers. The column
//! groups are those of `smlad` or `mla`, whichever the core has; every layout's loop stands in both passes, and a *part*
//! of the [`Pass`] says which one to enter, and where, so that a count that is no multiple of the unrolled body costs
//! nothing.
//!
//! Both passes are *naked*: the assembly is the whole of the function. It copies the [`Pass`] to its stack and finds
//! everything there relative to sp, because a loop over groups needs all other registers:
//!
//! | sp + | |
//! | --- | --- |
//! | 0 | part over h: weights, activations, rounds of the loop, where to enter it |
//! | 16 | part over x, likewise |
//! | 32 | next unit record |
//! | 36 | next c |
//! | 40 | table of tanh; 2^30 + 2^15; `to_h`; next h; end of h |
//! | 60 | half of 2^`to_h` |
//! | 64 | `h_drop` - `hh_gain`; 8 less that |
//! | 72 | where the loop over groups returns to, this time and next; how a unit begins |
//!
//! Instructions for a unit outside of the loops over groups, with DSP: 119 for an LSTM and 92 for a GRU in blocks, 129
//! and 95 in byte planes.
#![allow(unsafe_code)]

use crate::{
    activation::{BETWEEN_BITS, PIECES_BITS, TABLE_BITS, TABLES, Tables},
    cell::{Fractions, Layer, above_h},
    format::{CELL_FRACTION, UnitRecord},
    kernel::{Layout, Matrix},
};
use core::arch::naked_asm;

#[cfg_attr(skiprnn_dsp, path = "smlad.rs")]
#[cfg_attr(not(skiprnn_dsp), path = "mla.rs")]
#[macro_use]
mod groups;

use groups::UNROLL_BITS;

/// What a unit multiplies with x or with h.
#[derive(Debug)]
#[repr(C)]
struct Part {
    /// The next block.
    w: *const u32,
    x: *const u32,
    groups: u32,
    /// [`Layout`] as a number: 0 narrow, 1 byte planes, 2 wide.
    layout: u32,
}

/// What a pass reads; the first part of its stack frame.
#[derive(Debug)]
#[repr(C)]
struct Pass {
    hh: Part,
    ih: Part,
    units: *const UnitRecord,
    /// For an LSTM.
    c: *mut i32,
    tables: *const Tables,
    one: u32,
    /// Bits that h has fewer than the product it comes from: o · tanh(c') (LSTM) or n (GRU).
    to_h: u32,
    h: *mut i16,
    h_end: *mut i16,
    half: u32,
    shift: u32,
    rest: u32,
}

/// Bytes of a [`Pass`] and of what a pass adds to it on the stack.
const FRAME: usize = 84;
const _: () = assert!(size_of::<Pass>() == 72 && FRAME == 72 + 12);

/// What the assembly spells out.
const _: () = assert!(PIECES_BITS == 4 && TABLE_BITS == 7 && BETWEEN_BITS == 12 && CELL_FRACTION == 24);

/// r2 from the complement of a negative x to its magnitude.
macro_rules! magnitude {
    ($x:literal) => {
        concat!("sub r2, r2, ", $x, ", asr #31\n")
    };
}

/// In place: x with 16 fractional bits, or 17 (half of it: for a sigmoid), or 24, to tanh with 31, as
/// [`crate::activation`] computes it. r8 is the table; r0 to r2, lr and, if not another, r3 are changed.
macro_rules! tanh {
    (16, $x:literal) => {
        tanh!($x, magnitude!($x), "#1 << 11", "#12", "#0", "r3")
    };
    (17, $x:literal) => {
        tanh!($x, magnitude!($x), "#1 << 12", "#13", "#1", "r3")
    };
    // Rounded to 16 fractional bits: r2 is a negative x's magnitude less 1.
    (24, $x:literal, $t:literal) => {
        tanh!($x, "add r2, r2, #128\n", "#1 << 19", "#20", "#8", $t)
    };
    ($x:literal, $magnitude:expr, $half_piece:literal, $piece:literal, $between:literal, $t:literal) => {
        concat!(
            "eor r2, ", $x, ", ", $x, ", asr #31\n",
            $magnitude,
            "add r0, r2, ", $half_piece, "\n",
            "usat r0, #7, r0, asr ", $piece, "\n",
            "ldr ", $t, ", [r8, r0, lsl #2]\n",
            "sbfx r2, r2, ", $between, ", #12\n",
            "lsr r0, ", $t, ", #15\n",
            "ubfx r1, ", $t, ", #0, #14\n",
            "mul r0, r0, r2\n",
            reduce!("r1", "r0", free "lr"),
            "mul r1, r1, r2\n",
            "add ", $t, ", ", $t, ", r1, lsl #2\n",
            "eor ", $t, ", ", $t, ", ", $x, ", asr #31\n",
            "sub ", $x, ", ", $t, ", ", $x, ", asr #31\n",
        )
    };
}

/// In place: a pre-activation to its sigmoid, Q0.15 in the upper half of the register. r9 is 2^30 + 2^15.
macro_rules! sigmoid {
    ($x:literal) => {
        concat!(tanh!(17, $x), "add ", $x, ", r9, ", $x, ", asr #1\n")
    };
}

/// Sets up the frame and begins the first unit. With byte planes a unit begins at label 5, and what the loop over x
/// returns to is always label 4; with blocks it begins at 1, and its two loops return to 2 and 3.
macro_rules! prologue {
    () => {
        concat!(
            "push {{r4, r5, r6, r7, r8, r9, r10, r11, lr}}\n",
            "sub sp, sp, #{frame}\n",
            "mov r12, sp\n",
            "ldm r0!, {{r1, r2, r3, r4, r5, r6, r7, r8, r9, r10}}\n",
            "stm r12!, {{r1, r2, r3, r4, r5, r6, r7, r8, r9, r10}}\n",
            "ldm r0, {{r1, r2, r3, r4, r5, r6, r7, r8}}\n",
            "stm r12, {{r1, r2, r3, r4, r5, r6, r7, r8}}\n",
            "adr.w r4, 90f\n",
            "ldrd r2, r3, [sp, #8]\n",
            "adr.w r5, 1f\n",
            "adr.w r6, 2f\n",
            "adr.w r7, 3f\n",
            "cmp r3, #1\n",
            "bne 8f\n",
            "adr.w r5, 5f\n",
            "adr.w r6, 4f\n",
            "8:\n",
            "adds r5, r5, #1\n", // as Thumb code
            "adds r6, r6, #1\n",
            "adds r7, r7, #1\n",
            "strd r6, r7, [sp, #72]\n",
            "str r5, [sp, #80]\n",
            "bl 9f\n",
            "strd r2, r3, [sp, #8]\n",
            "ldrd r2, r3, [sp, #24]\n",
            "bl 9f\n",
            "strd r2, r3, [sp, #24]\n",
            "ldr pc, [sp, #80]\n",
            // r2 groups, r3 layout, r4 the table of entries: r2 rounds, r3 where to enter.
            "9:\n",
            "rsbs r0, r2, #0\n",
            "and r0, r0, #{unroll} - 1\n",
            "add r0, r0, r3, lsl #{unroll_bits}\n",
            "ldrsh r3, [r4, r0, lsl #1]\n",
            "adds r3, r3, r4\n",
            "adds r2, r2, #{unroll} - 1\n",
            "lsrs r2, r2, #{unroll_bits}\n",
            "bx lr",
        )
    };
}

/// Begins the loop over h.
macro_rules! enter_hh {
    () => {
        "ldm sp, {{r1, r2, r3, r12}}\nbx r12"
    };
}

/// Begins the loop over x.
macro_rules! enter_ih {
    () => {
        "ldrd r1, r2, [sp, #16]\nldrd r3, r12, [sp, #24]\nbx r12"
    };
}

/// The loop over groups returns elsewhere next time. Changes r0 and r2.
macro_rules! take_turns {
    () => {
        "ldrd r0, r2, [sp, #72]\nstrd r2, r0, [sp, #72]"
    };
}

/// Four words of the unit record into these registers.
macro_rules! next_of_unit {
    ($registers:literal) => {
        concat!("ldr r0, [sp, #32]\nldm r0!, {{", $registers, "}}\nstr r0, [sp, #32]")
    };
}

/// Ends a unit whose new h is r3, and after the last one the pass. r11 is the next h, r12 the end.
macro_rules! next_unit {
    () => {
        concat!(
            "strh r3, [r11], #2\n",
            "str r11, [sp, #52]\n",
            "cmp r11, r12\n",
            "bne 7f\n",
            "add sp, sp, #{frame}\n",
            "pop {{r4, r5, r6, r7, r8, r9, r10, r11, pc}}\n",
            "7:\n",
            "ldr pc, [sp, #80]",
        )
    };
}

/// The loops over groups of the two layouts that x has as well as h.
macro_rules! block_loops {
    ($narrow:expr, $wide:expr) => {
        concat!(
            over_groups!(narrow, $narrow),
            "ldr pc, [sp, #72]\n",
            over_groups!(wide, $wide),
            "ldr pc, [sp, #72]",
        )
    };
}

/// `naked_asm!` with the table of entries behind the lines, and the constants that both passes need.
macro_rules! pass {
    ($($line:expr),* $(,)?) => {
        naked_asm!(
            cpu!(),
            $($line,)*
            ".balign 4",
            "90:",
            entries!(),
            frame = const FRAME,
            unroll = const 1 << UNROLL_BITS,
            unroll_bits = const UNROLL_BITS,
        )
    };
}

/// One pass of an LSTM.
///
/// # Safety
/// There is at least one unit, and for every unit a block in both parts, a record, a c and an h; there are as many
/// activations as the groups of each part ask for; the part over x is not in byte planes; `tables` is valid. Nothing
/// that is written, c and h, overlaps what is read.
#[unsafe(naked)]
unsafe extern "C" fn lstm_pass(_pass: *const Pass) {
    pass!(
        prologue!(),
        // A unit in blocks.
        "1:",
        next_of_unit!("r4, r5, r6, r7"),
        enter_hh!(),
        "2:",
        "str r1, [sp]",
        take_turns!(),
        enter_ih!(),
        // A unit in byte planes: even sums in r4 and r6, both planes in r5 and r7.
        "5:",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        "movs r7, #0",
        enter_hh!(),
        over_groups!(plane, plane_4!()),
        "str r1, [sp]",
        "ldrd r8, r9, [sp, #64]",
        "subs r5, r5, r4",
        "asr r5, r5, r9",
        "lsl r4, r4, r8",
        "subs r7, r7, r6",
        "asr r7, r7, r9",
        "lsl r6, r6, r8",
        next_of_unit!("r8, r9, r10, r11"),
        "add r4, r4, r8",
        "add r5, r5, r9",
        "add r6, r6, r10",
        "add r7, r7, r11",
        enter_ih!(),
        block_loops!(narrow_4!(), wide_4!()),
        // The sums are complete: pre-activations i, f, g, o into r4 to r7.
        "3:",
        take_turns!(),
        "4:",
        "str r1, [sp, #16]",
        next_of_unit!("r8, r9, r10, r11"),
        multiply_high!("r4", "r4", "r8", free "r2", "r3"),
        multiply_high!("r5", "r5", "r9", free "r2", "r3"),
        multiply_high!("r6", "r6", "r10", free "r2", "r3"),
        multiply_high!("r7", "r7", "r11", free "r2", "r3"),
        "add r0, sp, #40",
        "ldm r0, {{r8, r9, r10, r11, r12}}",
        sigmoid!("r4"),
        sigmoid!("r5"),
        tanh!(16, "r6"),
        "add r6, r6, #0x8000",
        sigmoid!("r7"),
        // c' = f · c + i · g, r0 the second product.
        "ldr lr, [sp, #36]",
        "ldr r3, [lr]",
        "movs r0, #32",
        multiply_upper!("r0", "r4", "r6", "r0"),
        "bfc r5, #0, #16",
        "lsls r3, r3, #1",
        multiply_high!("r3", "r3", "r5", free "r1", "r2"),
        "add r3, r3, r0, asr #6",
        "ssat r3, #31, r3",
        "str r3, [lr], #4",
        "str lr, [sp, #36]",
        // h' = o · tanh(c').
        tanh!(24, "r3", "r4"),
        "add r3, r3, #0x8000",
        "ldr r0, [sp, #60]",
        multiply_upper!("r3", "r3", "r7", "r0"),
        "asr r3, r3, r10",
        next_unit!(),
    )
}

/// One pass of a GRU. A block's third row is summed into r6 over x and into lr over h, both scaled by themselves.
///
/// # Safety
/// As for [`lstm_pass`], without c.
#[unsafe(naked)]
unsafe extern "C" fn gru_pass(_pass: *const Pass) {
    pass!(
        prologue!(),
        // A unit in blocks: the bias of n over x waits in r7.
        "1:",
        "ldr r0, [sp, #32]",
        "ldrd r4, r5, [r0], #8",
        "ldrd r7, r6, [r0], #8",
        "str r0, [sp, #32]",
        enter_hh!(),
        "2:",
        "str r1, [sp]",
        take_turns!(),
        "mov lr, r6",
        "mov r6, r7",
        enter_ih!(),
        // A unit in byte planes: r4 the even sum, r5 both planes, lr the third row.
        "5:",
        "movs r4, #0",
        "movs r5, #0",
        "mov lr, r4",
        enter_hh!(),
        over_groups!(plane, plane_3!()),
        "str r1, [sp]",
        "ldrd r8, r9, [sp, #64]",
        "subs r5, r5, r4",
        "asr r5, r5, r9",
        "lsl r4, r4, r8",
        "lsl lr, lr, r8",
        next_of_unit!("r2, r3, r6, r8"),
        "add r4, r4, r2",
        "add r5, r5, r3",
        "add lr, lr, r8",
        enter_ih!(),
        block_loops!(narrow_3!(), wide_3!()),
        // The sums are complete: pre-activations r, z, n over x, n over h into r4 to r7.
        "3:",
        take_turns!(),
        "4:",
        "str r1, [sp, #16]",
        next_of_unit!("r8, r9, r10, r11"),
        multiply_high!("r4", "r4", "r8", free "r2", "r3"),
        multiply_high!("r5", "r5", "r9", free "r2", "r3"),
        multiply_high!("r6", "r6", "r10", free "r2", "r3"),
        multiply_high!("r7", "lr", "r11", free "r2", "r3"),
        "add r0, sp, #40",
        "ldm r0, {{r8, r9, r10, r11, r12}}",
        // n over x, and what r lets through of n over h.
        sigmoid!("r4"),
        "bfc r4, #0, #16",
        "lsls r7, r7, #1",
        multiply_high!("r7", "r7", "r4", free "r2", "r3"),
        "adds r6, r6, r7",
        "ssat r6, #31, r6", // tanh is the same there, and its rounding stays within 32 bits
        tanh!(16, "r6"),
        "add r6, r6, #0x8000",
        sigmoid!("r5"),
        "asrs r5, r5, #16",
        // h' = (1 - z) · n + z · h.
        "rsb r4, r5, #0x8000",
        "asrs r6, r6, #16",
        "muls r4, r6, r4",
        "asr r4, r4, r10",
        "ldrsh r3, [r11]",
        "mla r3, r5, r3, r4",
        "add r3, r3, #0x4000",
        "asrs r3, r3, #15",
        next_unit!(),
    )
}

/// What a layer's pass reads and writes, for `h.len()` units; `None` where something is missing, which a parsed model
/// and a state that holds it rule out.
#[inline(always)]
fn prepare(
    layer: &Layer<'_>,
    rows: usize,
    fractions: Fractions,
    (x, last): (&[u32], &[u32]),
    c: &mut [i32],
    h: &mut [i16],
) -> Option<Pass> {
    let units = h.len();
    let part = |matrix: &Matrix<'_>, x: &[u32]| Part {
        w: matrix.as_ptr(),
        x: x.as_ptr(),
        groups: matrix.groups() as u32,
        layout: matrix.layout() as u32,
    };
    let whole = units > 0
        && units <= layer.units.len()
        && layer.weight_hh.multiplies(units, rows, last)
        && layer.weight_ih.multiplies(units, rows, x)
        && layer.weight_ih.layout() != Layout::Plane
        && fractions.shift <= 8;
    let to_h = above_h(fractions);
    let h = h.as_mut_ptr_range();
    whole.then(|| Pass {
        hh: part(&layer.weight_hh, last),
        ih: part(&layer.weight_ih, x),
        units: layer.units.as_ptr(),
        c: c.as_mut_ptr(),
        tables: &TABLES,
        one: (1 << 30) + (1 << 15),
        to_h,
        h: h.start,
        h_end: h.end,
        half: 0,
        shift: fractions.shift.into(),
        rest: 8 - u32::from(fractions.shift),
    })
}

/// An update of an LSTM layer, as [`crate::cell`] specifies it.
pub(crate) fn lstm(layer: &Layer<'_>, fractions: Fractions, x: &[u32], last: &[u32], c: &mut [i32], h: &mut [i16]) {
    if c.len() < h.len() {
        return;
    }
    if let Some(mut pass) = prepare(layer, 4, fractions, (x, last), c, h) {
        pass.to_h += 15;
        pass.half = 1 << pass.to_h >> 1;
        // SAFETY: `prepare` has seen that there is a unit, and for each a block of four rows in both matrices, a
        // record and an h, and activations enough; c is as long. c and h are borrowed exclusively, the rest shared,
        // aligned as its types are, until the call returns. The part over x is not in byte planes.
        unsafe { lstm_pass(&pass) }
    }
}

/// An update of a GRU layer, as [`crate::cell`] specifies it.
pub(crate) fn gru(layer: &Layer<'_>, fractions: Fractions, x: &[u32], last: &[u32], h: &mut [i16]) {
    if let Some(pass) = prepare(layer, 3, fractions, (x, last), &mut [], h) {
        // SAFETY: as for an LSTM, with blocks of three rows, and without c, which the pass does not touch.
        unsafe { gru_pass(&pass) }
    }
}
