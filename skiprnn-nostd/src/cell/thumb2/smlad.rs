//! Column groups for cores with DSP instructions (ARMv7E-M; ARMv8-M with the DSP extension): Cortex-M4, M7, M33.
//!
//! SMLAD multiplies two pairs of 16-bit numbers and adds both products; SXTB16 makes such a pair of bytes 0 and 2 of a
//! word, or with a rotation by 8 of bytes 1 and 3. Instructions per multiply-accumulate, the loop left out:
//!
//! | layout | 4 rows | 3 rows |
//! | --- | --- | --- |
//! | narrow, i8 | 18 for 16: 1.13 | 14 for 12: 1.17 |
//! | byte planes, i8 | 14 for 16: 0.88 | 12 for 12: 1.00 |
//! | wide, i16 | 6 for 8: 0.75 | 5 for 6: 0.83 |

/// Groups in the body of a loop, as a power of two.
pub(super) const UNROLL_BITS: u32 = 2;

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

/// The loop over groups with its entries, labelled; r3 counts.
macro_rules! over_groups {
    (narrow, $group:expr) => {
        over_groups!("20", "21", "22", "23", $group)
    };
    (plane, $group:expr) => {
        over_groups!("24", "25", "26", "27", $group)
    };
    (wide, $group:expr) => {
        over_groups!("30", "31", "32", "33", $group)
    };
    ($a:literal, $b:literal, $c:literal, $d:literal, $group:expr) => {
        concat!(
            $a,
            ":\n",
            $group,
            $b,
            ":\n",
            $group,
            $c,
            ":\n",
            $group,
            $d,
            ":\n",
            $group,
            "subs r3, r3, #1\n",
            "bne ",
            $a,
            "b\n",
        )
    };
}

/// Where to enter each loop with 0 to 3 groups missing to a multiple of 4, from label 90 and as Thumb code; by layout.
macro_rules! entries {
    () => {
        concat!(
            ".hword 20b - 90b + 1, 21b - 90b + 1, 22b - 90b + 1, 23b - 90b + 1\n",
            ".hword 24b - 90b + 1, 25b - 90b + 1, 26b - 90b + 1, 27b - 90b + 1\n",
            ".hword 30b - 90b + 1, 31b - 90b + 1, 32b - 90b + 1, 33b - 90b + 1\n",
        )
    };
}

/// Two words of i8 weights of one row, spread out and multiplied with r8 and r9.
macro_rules! spread_row {
    ($acc:literal, $w:literal, $free:literal) => {
        concat!(
            "sxtb16 ",
            $free,
            ", ",
            $w,
            "\n",
            "smlad ",
            $acc,
            ", ",
            $free,
            ", r8, ",
            $acc,
            "\n",
            "sxtb16 ",
            $w,
            ", ",
            $w,
            ", ror #8\n",
            "smlad ",
            $acc,
            ", ",
            $w,
            ", r9, ",
            $acc,
            "\n",
        )
    };
}

/// One word of two byte planes times a pair of x: all of it onto `both`, the lower bytes onto `even`.
macro_rules! planes {
    ($both:literal, $even:literal, $w:literal, $x:literal) => {
        concat!(
            "smlad ", $both, ", ", $w, ", ", $x, ", ", $both, "\n", "sxtb16 ", $w, ", ", $w, "\n", "smlad ", $even,
            ", ", $w, ", ", $x, ", ", $even, "\n",
        )
    };
}

/// i8, 4 rows onto r4 to r7.
macro_rules! narrow_4 {
    () => {
        concat!(
            "ldm r1!, {{r10, r11, r12, lr}}\n",
            "ldrd r8, r9, [r2], #8\n",
            spread_row!("r4", "r10", "r0"),
            spread_row!("r5", "r11", "r0"),
            spread_row!("r6", "r12", "r0"),
            spread_row!("r7", "lr", "r0"),
        )
    };
}

/// i8, 3 rows onto r4 to r6.
macro_rules! narrow_3 {
    () => {
        concat!(
            "ldm r1!, {{r10, r11, r12}}\n",
            "ldrd r8, r9, [r2], #8\n",
            spread_row!("r4", "r10", "r0"),
            spread_row!("r5", "r11", "r0"),
            spread_row!("r6", "r12", "r0"),
        )
    };
}

/// Byte planes, 4 rows: even sums onto r4 and r6, both planes onto r5 and r7.
macro_rules! plane_4 {
    () => {
        concat!(
            "ldm r1!, {{r10, r11, r12, lr}}\n",
            "ldrd r8, r9, [r2], #8\n",
            planes!("r5", "r4", "r10", "r8"),
            planes!("r7", "r6", "r11", "r8"),
            planes!("r5", "r4", "r12", "r9"),
            planes!("r7", "r6", "lr", "r9"),
        )
    };
}

/// Byte planes, 3 rows: the even sum onto r4, both planes onto r5, the third row onto lr.
macro_rules! plane_3 {
    () => {
        concat!(
            "ldm r1!, {{r10, r11, r12}}\n",
            "ldrd r8, r9, [r2], #8\n",
            planes!("r5", "r4", "r10", "r8"),
            planes!("r5", "r4", "r11", "r9"),
            spread_row!("lr", "r12", "r0"),
        )
    };
}

/// i16, 4 rows onto r4 to r7.
macro_rules! wide_4 {
    () => {
        concat!(
            "ldr r12, [r2], #4\n",
            "ldm r1!, {{r8, r9, r10, r11}}\n",
            "smlad r4, r8, r12, r4\n",
            "smlad r5, r9, r12, r5\n",
            "smlad r6, r10, r12, r6\n",
            "smlad r7, r11, r12, r7\n",
        )
    };
}

/// i16, 3 rows onto r4 to r6.
macro_rules! wide_3 {
    () => {
        concat!(
            "ldr r12, [r2], #4\n",
            "ldm r1!, {{r8, r9, r10}}\n",
            "smlad r4, r8, r12, r4\n",
            "smlad r5, r9, r12, r5\n",
            "smlad r6, r10, r12, r6\n",
        )
    };
}

/// d = (a · b) / 2^32, rounded.
macro_rules! multiply_high {
    ($d:literal, $a:literal, $b:literal, free $low:literal, $high:literal) => {
        concat!("smmulr ", $d, ", ", $a, ", ", $b, "\n")
    };
}

/// s = s - (s · n) / 2^32, the difference rounded down.
macro_rules! reduce {
    ($s:literal, $n:literal, free $low:literal) => {
        concat!("smmls ", $s, ", ", $s, ", ", $n, ", ", $s, "\n")
    };
}

/// d = acc + (a >> 16) · (b >> 16).
macro_rules! multiply_upper {
    ($d:literal, $a:literal, $b:literal, $acc:literal) => {
        concat!("smlatt ", $d, ", ", $a, ", ", $b, ", ", $acc, "\n")
    };
}
