//! tanh for cores with DSP instructions: the same arithmetic as its twin, in 14 instructions without a branch.
#![allow(unsafe_code)]

use super::{BETWEEN_BITS, PIECES_BITS, TABLE_BITS, Tables};
use core::arch::asm;

/// tanh of `x` with `FRACTION` fractional bits (16, 17 or 24), with 31 fractional bits.
#[inline(always)]
pub(crate) fn tanh_31<const FRACTION: u32>(tables: &Tables, x: i32) -> i32 {
    let t: i32;
    // SAFETY: the one load reads the word of the table at an index that USAT keeps within TABLE_BITS bits, from a
    // reference that is valid; nothing else is touched. `tables` and `x` are read after outputs are written, so those
    // are not `lateout`.
    unsafe {
        asm!(
            "eor {v}, {x}, {x}, asr #31",
            "sub {v}, {v}, {x}, asr #31",
            ".if {half}", // of a long x, bits below the 16th are rounded away
            "add {v}, {v}, #{half}",
            ".endif",
            "add {n}, {v}, #{center}",
            "usat {n}, #{bits}, {n}, asr #{piece}",
            "ldr {t}, [{tables}, {n}, lsl #2]",
            "sbfx {v}, {v}, #{low}, #{between}",
            "lsr {n}, {t}, #15",
            "ubfx {s}, {t}, #0, #14",
            "mul {n}, {n}, {v}",
            "smmls {s}, {s}, {n}, {s}",
            "mul {s}, {s}, {v}",
            "add {t}, {t}, {s}, lsl #2",
            "eor {t}, {t}, {x}, asr #31",
            "sub {t}, {t}, {x}, asr #31",
            n = out(reg) _,
            s = out(reg) _,
            t = out(reg) t,
            v = out(reg) _,
            x = in(reg) x,
            tables = in(reg) tables,
            half = const if FRACTION > 17 { 1 << (FRACTION - 17) } else { 0 },
            center = const 1 << (FRACTION - PIECES_BITS - 1),
            piece = const FRACTION - PIECES_BITS,
            low = const FRACTION - PIECES_BITS - BETWEEN_BITS,
            bits = const TABLE_BITS,
            between = const BETWEEN_BITS,
            options(pure, readonly, nostack)
        );
    }
    t
}
