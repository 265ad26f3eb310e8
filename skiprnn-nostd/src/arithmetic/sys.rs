//! A hint to the compiler.
#![allow(unsafe_code)]

/// Keeps the loop around it as it is written: the compiler does not look into assembly, not even into none, and does
/// not unroll what it cannot see through.
#[inline(always)]
pub(crate) fn keep_rolled() {
    // SAFETY: there is no instruction.
    #[cfg(all(any(target_arch = "arm", target_arch = "riscv32"), not(miri)))]
    unsafe {
        core::arch::asm!("", options(nomem, nostack, preserves_flags));
    }
}
