//! One instruction that the compiler finds, but takes apart again where the sign of its result is asked for.
#![allow(unsafe_code)]

use core::arch::asm;

/// (a · b) / 2^32, rounded.
#[inline(always)]
pub(crate) fn multiply_high(a: i32, b: i32) -> i32 {
    let high;
    // SAFETY: computes in registers.
    unsafe {
        asm!("smmulr {}, {}, {}", out(reg) high, in(reg) a, in(reg) b, options(pure, nomem, nostack, preserves_flags));
    }
    high
}
