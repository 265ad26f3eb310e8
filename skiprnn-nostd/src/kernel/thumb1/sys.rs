//! Sums over column groups for cores with 16-bit Thumb instructions only (ARMv6-M, ARMv8-M baseline): Cortex-M0, M0+,
//! M23.
//!
//! There, arithmetic is for r0 to r7, of which MULS overwrites a factor. A whole group's activations lie in r0 to r3, a
//! word of weights and what is being made of it in r4 and r5; the sums lie in r8 to r11, onto which any register can
//! be added. Weights are loaded four at a time. Instructions per multiply-accumulate with 4 rows, loop included: 4.2 for
//! i8, 3.9 in byte planes, 4.1 for i16; with 3 rows 4.3, 4.3 and 4.3.
#![allow(unsafe_code)]

use crate::kernel::units::Sums;
use core::arch::naked_asm;

/// The activations of 4 columns into r0 to r3.
macro_rules! four_columns {
    () => {
        "ldm r7!, {{r0, r2}}\nasrs r1, r0, #16\nsxth r0, r0\nasrs r3, r2, #16\nsxth r2, r2\n"
    };
}

/// r5 times an activation onto a sum.
macro_rules! add {
    ($sum:literal, $x:literal) => {
        concat!("muls r5, ", $x, ", r5\nadd ", $sum, ", r5\n")
    };
}

/// A word of one row: bytes of the columns 0, 2, 1, 3.
macro_rules! narrow_row {
    ($sum:literal) => {
        concat!(
            "ldm r6!, {{r4}}\n",
            "sxtb r5, r4\n",
            add!($sum, "r0"),
            "lsrs r5, r4, #8\n",
            "sxtb r5, r5\n",
            add!($sum, "r2"),
            "lsrs r5, r4, #16\n",
            "sxtb r5, r5\n",
            add!($sum, "r1"),
            "asrs r5, r4, #24\n",
            add!($sum, "r3"),
        )
    };
}

/// A word of two byte planes: two columns, halves onto `both`, their lower bytes onto `even`.
macro_rules! plane_row {
    ($even:literal, $both:literal, $x0:literal, $x1:literal) => {
        concat!(
            "ldm r6!, {{r4}}\n",
            "sxth r5, r4\n",
            add!($both, $x0),
            "sxtb r5, r4\n",
            add!($even, $x0),
            "asrs r5, r4, #16\n",
            add!($both, $x1),
            "lsrs r5, r4, #16\n",
            "sxtb r5, r5\n",
            add!($even, $x1),
        )
    };
}

/// A word of one row: two columns of 16 bits.
macro_rules! wide_row {
    ($sum:literal) => {
        concat!(
            "ldm r6!, {{r4}}\n",
            "sxth r5, r4\n",
            add!($sum, "r0"),
            "asrs r5, r4, #16\n",
            add!($sum, "r1"),
        )
    };
}

/// A function that adds the groups of one block onto sums: `(sums, weights, end of the weights, activations)`.
macro_rules! sums {
    ($(#[$doc:meta])* $name:ident, [$($load:literal),*], [$($store:literal),*], $group:expr) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// Between weights and end lies a whole number of groups, at least one, and for each there are activations.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(_sums: *mut i32, _w: *const u32, _end: *const u32, _x: *const u32) {
            naked_asm!(
                "push {{r4, r5, r6, r7, lr}}",
                "mov r4, r8",
                "mov r5, r9",
                "mov r6, r10",
                "mov r7, r11",
                "push {{r4, r5, r6, r7}}",
                "mov r12, r2",
                "mov lr, r0",
                "mov r6, r1",
                "mov r7, r3",
                $($load,)*
                "2:",
                $group,
                "cmp r6, r12",
                "bne 2b",
                "mov r0, lr",
                $($store,)*
                "pop {{r4, r5, r6, r7}}",
                "mov r8, r4",
                "mov r9, r5",
                "mov r10, r6",
                "mov r11, r7",
                "pop {{r4, r5, r6, r7, pc}}",
            )
        }
    };
    ($(#[$doc:meta])* $name:ident, 4, $group:expr) => {
        sums!(
            $(#[$doc])* $name,
            ["ldm r0!, {{r1, r2, r3, r4}}", "mov r8, r1", "mov r9, r2", "mov r10, r3", "mov r11, r4"],
            ["mov r1, r8", "mov r2, r9", "mov r3, r10", "mov r4, r11", "stm r0!, {{r1, r2, r3, r4}}"],
            $group
        );
    };
    ($(#[$doc:meta])* $name:ident, 3, $group:expr) => {
        sums!(
            $(#[$doc])* $name,
            ["ldm r0!, {{r1, r2, r3}}", "mov r8, r1", "mov r9, r2", "mov r10, r3"],
            ["mov r1, r8", "mov r2, r9", "mov r3, r10", "stm r0!, {{r1, r2, r3}}"],
            $group
        );
    };
}

sums!(
    /// i8, 4 rows.
    narrow_4,
    4,
    concat!(
        four_columns!(),
        narrow_row!("r8"),
        narrow_row!("r9"),
        narrow_row!("r10"),
        narrow_row!("r11")
    )
);

sums!(
    /// i8, 3 rows.
    narrow_3,
    3,
    concat!(
        four_columns!(),
        narrow_row!("r8"),
        narrow_row!("r9"),
        narrow_row!("r10")
    )
);

sums!(
    /// Byte planes, 4 rows: the even sum and that of both planes, for either pair.
    plane_4,
    4,
    concat!(
        four_columns!(),
        plane_row!("r8", "r9", "r0", "r1"),
        plane_row!("r10", "r11", "r0", "r1"),
        plane_row!("r8", "r9", "r2", "r3"),
        plane_row!("r10", "r11", "r2", "r3")
    )
);

sums!(
    /// Byte planes, 3 rows: the even sum, that of both planes, the third row.
    plane_3,
    3,
    concat!(
        four_columns!(),
        plane_row!("r8", "r9", "r0", "r1"),
        plane_row!("r8", "r9", "r2", "r3"),
        narrow_row!("r10")
    )
);

sums!(
    /// i16, 4 rows.
    wide_4,
    4,
    concat!(
        "ldm r7!, {{r0}}\nasrs r1, r0, #16\nsxth r0, r0\n",
        wide_row!("r8"),
        wide_row!("r9"),
        wide_row!("r10"),
        wide_row!("r11")
    )
);

sums!(
    /// i16, 3 rows.
    wide_3,
    3,
    concat!(
        "ldm r7!, {{r0}}\nasrs r1, r0, #16\nsxth r0, r0\n",
        wide_row!("r8"),
        wide_row!("r9"),
        wide_row!("r10")
    )
);

/// Calls one of the functions above for `groups` groups of `pairs` words of x; for none, where there is less than that.
#[inline(always)]
fn call<const R: usize>(
    function: unsafe extern "C" fn(*mut i32, *const u32, *const u32, *const u32),
    sums: &mut [i32; R],
    groups: usize,
    pairs: usize,
    block: &[u32],
    x: &[u32],
) {
    let words = groups.wrapping_mul(R);
    if groups == 0 || x.len() < groups.wrapping_mul(pairs) {
        return;
    }
    let Some(block) = block.get(..words) else { return };
    let range = block.as_ptr_range();
    // SAFETY: a function for R rows reads and writes R sums, and from the weights to their end walks over `groups`
    // groups of R words, which is at least one, with `pairs` words of x for each; all of that is there, aligned as
    // u32 is, and stays borrowed meanwhile, the sums exclusively.
    unsafe { function(sums.as_mut_ptr(), range.start, range.end, x.as_ptr()) }
}

impl Sums for [i32; 4] {
    #[inline(always)]
    fn narrow(&mut self, groups: usize, block: &[u32], x: &[u32]) {
        call(narrow_4, self, groups, 2, block, x);
    }

    #[inline(always)]
    fn plane(&mut self, groups: usize, block: &[u32], x: &[u32]) {
        call(plane_4, self, groups, 2, block, x);
    }

    #[inline(always)]
    fn wide(&mut self, groups: usize, block: &[u32], x: &[u32]) {
        call(wide_4, self, groups, 1, block, x);
    }
}

impl Sums for [i32; 3] {
    #[inline(always)]
    fn narrow(&mut self, groups: usize, block: &[u32], x: &[u32]) {
        call(narrow_3, self, groups, 2, block, x);
    }

    #[inline(always)]
    fn plane(&mut self, groups: usize, block: &[u32], x: &[u32]) {
        call(plane_3, self, groups, 2, block, x);
    }

    #[inline(always)]
    fn wide(&mut self, groups: usize, block: &[u32], x: &[u32]) {
        call(wide_3, self, groups, 1, block, x);
    }
}
