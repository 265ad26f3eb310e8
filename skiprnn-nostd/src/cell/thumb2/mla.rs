//! Column groups for cores with Thumb-2 but no DSP instructions (ARMv7-M, ARMv8-M mainline without the extension):
//! Cortex-M3.
//!
//! One load and one MLA for each weight of a column, and the column's activation once for all rows: 2.25 instructions
//! per multiply-accumulate with 4 rows, 2.33 with 3, in every layout, the loop left out. A byte plane's half is loaded
//! once for two rows, which pays for its sign extension.

/// Groups in the body of a loop, as a power of two.
pub(super) const UNROLL_BITS: u32 = 1;

/// What the target says is all that is needed.
macro_rules! cpu {
    () => {
        ""
    };
}

/// The loop over groups with its entries, labelled; r3 counts.
macro_rules! over_groups {
    (narrow, $group:expr) => {
        over_groups!("20", "21", $group)
    };
    (plane, $group:expr) => {
        over_groups!("24", "25", $group)
    };
    (wide, $group:expr) => {
        over_groups!("30", "31", $group)
    };
    ($a:literal, $b:literal, $group:expr) => {
        concat!(
            $a,
            ":\n",
            $group,
            $b,
            ":\n",
            $group,
            "subs r3, r3, #1\n",
            "bne ",
            $a,
            "b\n",
        )
    };
}

/// Where to enter each loop with 0 or 1 group missing to a multiple of 2, from label 90 and as Thumb code; by layout.
macro_rules! entries {
    () => {
        concat!(
            ".hword 20b - 90b + 1, 21b - 90b + 1\n",
            ".hword 24b - 90b + 1, 25b - 90b + 1\n",
            ".hword 30b - 90b + 1, 31b - 90b + 1\n",
        )
    };
}

/// One column of 4 rows onto r4 to r7: x at `$x`, then the weights of rows 3 to 0, each where it says.
macro_rules! column_4 {
    ($load:literal, $x:literal, $w3:literal, $w2:literal, $w1:literal, $w0:literal) => {
        concat!(
            "ldrsh r0, ",
            $x,
            "\n",
            $load,
            " r11, ",
            $w3,
            "\n",
            $load,
            " r10, ",
            $w2,
            "\n",
            $load,
            " r9, ",
            $w1,
            "\n",
            $load,
            " r8, ",
            $w0,
            "\n",
            "mla r4, r8, r0, r4\n",
            "mla r5, r9, r0, r5\n",
            "mla r6, r10, r0, r6\n",
            "mla r7, r11, r0, r7\n",
        )
    };
}

/// One column of 3 rows onto r4 to r6.
macro_rules! column_3 {
    ($load:literal, $x:literal, $w2:literal, $w1:literal, $w0:literal) => {
        concat!(
            "ldrsh r0, ",
            $x,
            "\n",
            $load,
            " r10, ",
            $w2,
            "\n",
            $load,
            " r9, ",
            $w1,
            "\n",
            $load,
            " r8, ",
            $w0,
            "\n",
            "mla r4, r8, r0, r4\n",
            "mla r5, r9, r0, r5\n",
            "mla r6, r10, r0, r6\n",
        )
    };
}

/// One column of byte planes, 4 rows: even sums onto r4 and r6, both planes onto r5 and r7.
macro_rules! plane_column_4 {
    ($x:literal, $second:literal, $first:literal) => {
        concat!(
            "ldrsh r0, ",
            $x,
            "\n",
            "ldrsh r9, ",
            $second,
            "\n",
            "ldrsh r8, ",
            $first,
            "\n",
            "mla r5, r8, r0, r5\n",
            "sxtb r8, r8\n",
            "mla r4, r8, r0, r4\n",
            "mla r7, r9, r0, r7\n",
            "sxtb r9, r9\n",
            "mla r6, r9, r0, r6\n",
        )
    };
}

/// One column of byte planes, 3 rows: the even sum onto r4, both planes onto r5, the third row onto lr.
macro_rules! plane_column_3 {
    ($x:literal, $third:literal, $first:literal) => {
        concat!(
            "ldrsh r0, ",
            $x,
            "\n",
            "ldrsb r9, ",
            $third,
            "\n",
            "ldrsh r8, ",
            $first,
            "\n",
            "mla r5, r8, r0, r5\n",
            "sxtb r8, r8\n",
            "mla r4, r8, r0, r4\n",
            "mla lr, r9, r0, lr\n",
        )
    };
}

/// i8, 4 rows onto r4 to r7.
macro_rules! narrow_4 {
    () => {
        concat!(
            column_4!("ldrsb", "[r2, #6]", "[r1, #15]", "[r1, #11]", "[r1, #7]", "[r1, #3]"),
            column_4!("ldrsb", "[r2, #4]", "[r1, #13]", "[r1, #9]", "[r1, #5]", "[r1, #1]"),
            column_4!("ldrsb", "[r2, #2]", "[r1, #14]", "[r1, #10]", "[r1, #6]", "[r1, #2]"),
            column_4!("ldrsb", "[r2], #8", "[r1, #12]", "[r1, #8]", "[r1, #4]", "[r1], #16"),
        )
    };
}

/// i8, 3 rows onto r4 to r6.
macro_rules! narrow_3 {
    () => {
        concat!(
            column_3!("ldrsb", "[r2, #6]", "[r1, #11]", "[r1, #7]", "[r1, #3]"),
            column_3!("ldrsb", "[r2, #4]", "[r1, #9]", "[r1, #5]", "[r1, #1]"),
            column_3!("ldrsb", "[r2, #2]", "[r1, #10]", "[r1, #6]", "[r1, #2]"),
            column_3!("ldrsb", "[r2], #8", "[r1, #8]", "[r1, #4]", "[r1], #12"),
        )
    };
}

/// Byte planes, 4 rows.
macro_rules! plane_4 {
    () => {
        concat!(
            plane_column_4!("[r2, #6]", "[r1, #14]", "[r1, #10]"),
            plane_column_4!("[r2, #4]", "[r1, #12]", "[r1, #8]"),
            plane_column_4!("[r2, #2]", "[r1, #6]", "[r1, #2]"),
            plane_column_4!("[r2], #8", "[r1, #4]", "[r1], #16"),
        )
    };
}

/// Byte planes, 3 rows.
macro_rules! plane_3 {
    () => {
        concat!(
            plane_column_3!("[r2, #6]", "[r1, #11]", "[r1, #6]"),
            plane_column_3!("[r2, #4]", "[r1, #9]", "[r1, #4]"),
            plane_column_3!("[r2, #2]", "[r1, #10]", "[r1, #2]"),
            plane_column_3!("[r2], #8", "[r1, #8]", "[r1], #12"),
        )
    };
}

/// i16, 4 rows onto r4 to r7.
macro_rules! wide_4 {
    () => {
        concat!(
            column_4!("ldrsh", "[r2, #2]", "[r1, #14]", "[r1, #10]", "[r1, #6]", "[r1, #2]"),
            column_4!("ldrsh", "[r2], #4", "[r1, #12]", "[r1, #8]", "[r1, #4]", "[r1], #16"),
        )
    };
}

/// i16, 3 rows onto r4 to r6.
macro_rules! wide_3 {
    () => {
        concat!(
            column_3!("ldrsh", "[r2, #2]", "[r1, #10]", "[r1, #6]", "[r1, #2]"),
            column_3!("ldrsh", "[r2], #4", "[r1, #8]", "[r1, #4]", "[r1], #12"),
        )
    };
}

/// d = (a · b) / 2^32, rounded.
macro_rules! multiply_high {
    ($d:literal, $a:literal, $b:literal, free $low:literal, $high:literal) => {
        concat!(
            "smull ",
            $low,
            ", ",
            $high,
            ", ",
            $a,
            ", ",
            $b,
            "\n",
            "adds ",
            $low,
            ", ",
            $low,
            ", #0x80000000\n",
            "adc ",
            $d,
            ", ",
            $high,
            ", #0\n",
        )
    };
}

/// s = s - (s · n) / 2^32, the difference rounded down. Changes n.
macro_rules! reduce {
    ($s:literal, $n:literal, free $low:literal) => {
        concat!(
            "smull ", $low, ", ", $n, ", ", $s, ", ", $n, "\n", "rsbs ", $low, ", ", $low, ", #0\n", "sbc ", $s, ", ",
            $s, ", ", $n, "\n",
        )
    };
}

/// d = acc + (a >> 16) · (b >> 16). Changes a and b.
macro_rules! multiply_upper {
    ($d:literal, $a:literal, $b:literal, $acc:literal) => {
        concat!(
            "asr ", $a, ", ", $a, ", #16\n", "asr ", $b, ", ", $b, ", #16\n", "mla ", $d, ", ", $a, ", ", $b, ", ",
            $acc, "\n",
        )
    };
}
