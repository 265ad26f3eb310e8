//! tanh for cores with DSP instructions: the same arithmetic as its twin, in 17 instructions without a branch.
#![allow(unsafe_code)]

use super::{BETWEEN_BITS, PIECES, PIECES_BITS, Tables};
use core::{arch::asm, mem::offset_of};

/// tanh of `x` with `FRACTION` fractional bits (16, 17 or 24), with 31 fractional bits.
#[inline(always)]
pub(crate) fn tanh_31<const FRACTION: u32>(tables: &Tables, x: i32) -> i32 {
    let t: i32;
    // SAFETY: the two loads read `line[n]` and `curve[n]` for n = min(.., PIECES), which both tables have, from a
    // reference that is valid; nothing else is touched. `tables` and `x` are read
    // after outputs are written, so those are not `lateout`.
    unsafe {
        asm!(
            "eor {u}, {x}, {x}, asr #31",
            "sub {u}, {u}, {x}, asr #31",
            ".if {half}", // of a long x, bits below the 16th are rounded away
            "add {u}, {u}, #{half}",
            ".endif",
            "lsr {n}, {u}, #{piece}",
            "cmp {n}, #{pieces}",
            "it hs",
            "movhs {n}, #{pieces}",
            "ldr {t}, [{tables}, {n}, lsl #2]",
            "add {n}, {tables}",
            "ldrb {n}, [{n}, #{curve}]",
            "ubfx {u}, {u}, #{low}, #{between}",
            "mul {n}, {n}, {u}",
            "ubfx {s}, {t}, #0, #14",
            "sub {s}, {s}, {n}, lsr #{between}",
            "mul {s}, {s}, {u}",
            "add {t}, {t}, {s}, lsl #2",
            "eor {t}, {t}, {x}, asr #31",
            "sub {t}, {t}, {x}, asr #31",
            n = out(reg) _,
            s = out(reg) _,
            t = out(reg) t,
            u = out(reg) _,
            x = in(reg) x,
            tables = in(reg) tables,
            half = const if FRACTION > 17 { 1 << (FRACTION - 17) } else { 0 },
            piece = const FRACTION - PIECES_BITS,
            low = const FRACTION - PIECES_BITS - BETWEEN_BITS,
            pieces = const PIECES,
            between = const BETWEEN_BITS,
            curve = const offset_of!(Tables, curve),
            options(pure, readonly, nostack)
        );
    }
    t
}
