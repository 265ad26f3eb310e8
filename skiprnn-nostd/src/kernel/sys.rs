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
//! The main loops hold two groups; a count that is odd enters in the middle. Every function is *naked*: the assembly is
//! the whole of it, and keeps to the procedure call standard by itself.
#![allow(unsafe_code)]

use core::arch::naked_asm;

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

/// A kernel: what precedes its loop, what one group does, what follows. r0 to r3 hold the parameters.
macro_rules! kernel {
    ($(#[$doc:meta])* $name:ident($($drop:ident)?), $prologue:expr, $group:expr, $epilogue:expr) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// `acc` points to the accumulators, `w` to `groups` groups of weights, `x` to as many of activations, all
        /// aligned to 4; `groups` is at least 1.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(acc: *mut i32, w: *const u32, x: *const u32, groups: usize $(, $drop: u32)?) {
            naked_asm!(
                cpu!(),
                "push {{r0, r4, r5, r6, r7, r8, r9, r10, r11, lr}}",
                $prologue,
                "adds r3, r3, #1",
                "lsrs r3, r3, #1", // carry: the count was even
                "bcc 3f",
                "2:",
                $group,
                "3:",
                $group,
                "subs r3, r3, #1",
                "bne 2b",
                $epilogue,
                "add sp, sp, #4",
                "pop {{r4, r5, r6, r7, r8, r9, r10, r11, pc}}",
            )
        }
    };
}

kernel!(
    /// i8, 4 rows. r4 to r7 sum; r8, r9 hold x; r10 to r12 and lr the weights, r0 those that are spread out.
    narrow_4_asm(),
    "ldm r0, {{r4, r5, r6, r7}}",
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
    concat!("ldr r0, [sp]\n", "stm r0, {{r4, r5, r6, r7}}\n")
);

kernel!(
    /// i8, 3 rows. r4 to r6 sum; r8, r9 hold x; r10 to r12 the weights, r7 those that are spread out.
    narrow_3_asm(),
    "ldm r0, {{r4, r5, r6}}",
    concat!(
        "ldm r1!, {{r10, r11, r12}}\n",
        "ldrd r8, r9, [r2], #8\n",
        "sxtb16 r7, r10\n",
        "smlad r4, r7, r8, r4\n",
        "sxtb16 r10, r10, ror #8\n",
        "smlad r4, r10, r9, r4\n",
        "sxtb16 r7, r11\n",
        "smlad r5, r7, r8, r5\n",
        "sxtb16 r11, r11, ror #8\n",
        "smlad r5, r11, r9, r5\n",
        "sxtb16 r7, r12\n",
        "smlad r6, r7, r8, r6\n",
        "sxtb16 r12, r12, ror #8\n",
        "smlad r6, r12, r9, r6\n",
    ),
    "stm r0, {{r4, r5, r6}}"
);

kernel!(
    /// i16, 4 rows. r4 to r7 sum; r12 holds x, r8 to r11 the weights.
    wide_4_asm(),
    "ldm r0, {{r4, r5, r6, r7}}",
    concat!(
        "ldr r12, [r2], #4\n",
        "ldm r1!, {{r8, r9, r10, r11}}\n",
        "smlad r4, r8, r12, r4\n",
        "smlad r5, r9, r12, r5\n",
        "smlad r6, r10, r12, r6\n",
        "smlad r7, r11, r12, r7\n",
    ),
    "stm r0, {{r4, r5, r6, r7}}"
);

kernel!(
    /// i16, 3 rows. r4 to r6 sum; r12 holds x, r8 to r10 the weights.
    wide_3_asm(),
    "ldm r0, {{r4, r5, r6}}",
    concat!(
        "ldr r12, [r2], #4\n",
        "ldm r1!, {{r8, r9, r10}}\n",
        "smlad r4, r8, r12, r4\n",
        "smlad r5, r9, r12, r5\n",
        "smlad r6, r10, r12, r6\n",
    ),
    "stm r0, {{r4, r5, r6}}"
);

kernel!(
    /// Byte planes, 4 rows. r4 and r6 sum both planes of a pair, r5 and r7 the even one; at the end the odd sum is
    /// (both - even) / 256, and `drop`, on the stack, shifts all four up.
    plane_4_asm(drop),
    concat!("movs r4, #0\n", "movs r5, #0\n", "movs r6, #0\n", "movs r7, #0\n"),
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
        "ldr r1, [sp, #40]\n",
        "rsb r2, r1, #8\n",
        "subs r4, r4, r5\n",
        "asrs r4, r4, r2\n",
        "lsls r5, r5, r1\n",
        "subs r6, r6, r7\n",
        "asrs r6, r6, r2\n",
        "lsls r7, r7, r1\n",
        "ldm r0, {{r8, r9, r10, r11}}\n",
        "add r8, r8, r5\n",
        "add r9, r9, r4\n",
        "add r10, r10, r7\n",
        "add r11, r11, r6\n",
        "stm r0, {{r8, r9, r10, r11}}\n",
    )
);

kernel!(
    /// Byte planes, 3 rows. r4 sums both planes of the pair, r5 the even one, r6 the third row.
    plane_3_asm(drop),
    concat!("movs r4, #0\n", "movs r5, #0\n", "movs r6, #0\n"),
    concat!(
        "ldm r1!, {{r10, r11, r12}}\n",
        "ldrd r8, r9, [r2], #8\n",
        "smlad r4, r10, r8, r4\n",
        "sxtb16 r10, r10\n",
        "smlad r5, r10, r8, r5\n",
        "smlad r4, r11, r9, r4\n",
        "sxtb16 r11, r11\n",
        "smlad r5, r11, r9, r5\n",
        "sxtb16 r7, r12\n",
        "smlad r6, r7, r8, r6\n",
        "sxtb16 r12, r12, ror #8\n",
        "smlad r6, r12, r9, r6\n",
    ),
    concat!(
        "ldr r1, [sp, #40]\n",
        "rsb r2, r1, #8\n",
        "subs r4, r4, r5\n",
        "asrs r4, r4, r2\n",
        "lsls r5, r5, r1\n",
        "lsls r6, r6, r1\n",
        "ldm r0, {{r8, r9, r10}}\n",
        "add r8, r8, r5\n",
        "add r9, r9, r4\n",
        "add r10, r10, r6\n",
        "stm r0, {{r8, r9, r10}}\n",
    )
);

/// The safe side of a kernel: rows, words of x in a group.
macro_rules! safe {
    ($name:ident, $asm:ident, $rows:literal, $pairs:literal $(, $drop:ident)?) => {
        #[inline(always)]
        pub(crate) fn $name(acc: &mut [i32; $rows], block: &[u32], x: &[u32] $(, $drop: u32)?) {
            let groups = (block.len() / $rows).min(x.len() / $pairs);
            if groups == 0 {
                return;
            }
            // SAFETY: the slices are aligned to 4, as u32 is, and hold at least `groups` groups of $rows words of
            // weights and $pairs words of activations; there is at least one. The function writes only to `acc`.
            unsafe { $asm(acc.as_mut_ptr(), block.as_ptr(), x.as_ptr(), groups $(, $drop)?) }
        }
    };
}

safe!(narrow_4, narrow_4_asm, 4, 2);
safe!(narrow_3, narrow_3_asm, 3, 2);
safe!(wide_4, wide_4_asm, 4, 1);
safe!(wide_3, wide_3_asm, 3, 1);
safe!(plane_4, plane_4_asm, 4, 2, drop);
safe!(plane_3, plane_3_asm, 3, 2, drop);
