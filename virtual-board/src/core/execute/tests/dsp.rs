//! The DSP extension.

use super::*;

#[test]
fn saturation_sets_q_and_nothing_clears_it() {
    check("ssat r0, #8, r1", &[0xf301, 0x0007], &[(R(1), 127)], &[(R(0), 127)]);
    check(
        "ssat r0, #8, r1",
        &[0xf301, 0x0007],
        &[(R(1), 128)],
        &[(R(0), 127), (Q, 1)],
    );
    check(
        "ssat r0, #8, r1",
        &[0xf301, 0x0007],
        &[(R(1), (-129i32) as u32)],
        &[(R(0), (-128i32) as u32), (Q, 1)],
    );
    check(
        "ssat r0, #32, r1",
        &[0xf301, 0x001f],
        &[(R(1), 0x8000_0000), (Q, 1)],
        &[(R(0), 0x8000_0000)],
    );
    check(
        "ssat r0, #16, r1, asr #4",
        &[0xf321, 0x100f],
        &[(R(1), 0x0008_0000)],
        &[(R(0), 0x7fff), (Q, 1)],
    );
    check(
        "ssat r0, #16, r1, lsl #4",
        &[0xf301, 0x100f],
        &[(R(1), 0x7ff)],
        &[(R(0), 0x7ff0)],
    );
    check("ssat r0, #1, r1", &[0xf301, 0x0000], &[(R(1), 5)], &[(R(0), 0), (Q, 1)]);
    check(
        "usat r0, #8, r1",
        &[0xf381, 0x0008],
        &[(R(1), 256)],
        &[(R(0), 255), (Q, 1)],
    );
    check(
        "usat r0, #8, r1",
        &[0xf381, 0x0008],
        &[(R(1), !0)],
        &[(R(0), 0), (Q, 1)],
    );
    check("usat r0, #0, r1", &[0xf381, 0x0000], &[(R(1), 1)], &[(R(0), 0), (Q, 1)]);
    check(
        "usat r0, #31, r1, asr #31",
        &[0xf3a1, 0x70df],
        &[(R(1), 0x4000_0000)],
        &[(R(0), 0)],
    );
    check(
        "ssat16 r0, #8, r1",
        &[0xf321, 0x0007],
        &[(R(1), 0x0080_ff7f)],
        &[(R(0), 0x007f_ff80), (Q, 1)],
    );
    check(
        "ssat16 r0, #16, r1",
        &[0xf321, 0x000f],
        &[(R(1), 0x8000_7fff)],
        &[(R(0), 0x8000_7fff)],
    );
    check(
        "usat16 r0, #8, r1",
        &[0xf3a1, 0x0008],
        &[(R(1), 0x0100_ffff)],
        &[(R(0), 0x00ff_0000), (Q, 1)],
    );
}

#[test]
fn saturating_sums_take_their_operands_in_order() {
    check(
        "qadd r0, r1, r2",
        &[0xfa82, 0xf081],
        &[(R(1), 0x7fff_ffff), (R(2), 1)],
        &[(R(0), 0x7fff_ffff), (Q, 1)],
    );
    check(
        "qsub r0, r1, r2",
        &[0xfa82, 0xf0a1],
        &[(R(1), 10), (R(2), 3)],
        &[(R(0), 7)],
    );
    check(
        "qsub r0, r1, r2",
        &[0xfa82, 0xf0a1],
        &[(R(1), 0x8000_0000), (R(2), 1)],
        &[(R(0), 0x8000_0000), (Q, 1)],
    );
    check(
        "qdadd r0, r1, r2",
        &[0xfa82, 0xf091],
        &[(R(1), (-1i32) as u32), (R(2), 0x4000_0000)],
        &[(R(0), 0x7fff_fffe), (Q, 1)],
    );
    check(
        "qdsub r0, r1, r2",
        &[0xfa82, 0xf0b1],
        &[(R(1), 10), (R(2), 3)],
        &[(R(0), 4)],
    );
}

#[test]
fn lanes_wrap_and_ge_tells() {
    check(
        "sadd16 r0, r1, r2",
        &[0xfa91, 0xf002],
        &[(R(1), 0x7fff_ffff), (R(2), 0x0001_0000)],
        &[(R(0), 0x8000_ffff), (Ge, 0b1100)],
    );
    check(
        "uadd16 r0, r1, r2",
        &[0xfa91, 0xf042],
        &[(R(1), 0xffff_0001), (R(2), 0x0001_0001)],
        &[(R(0), 0x0000_0002), (Ge, 0b1100)],
    );
    check(
        "uadd8 r0, r1, r2",
        &[0xfa81, 0xf042],
        &[(R(1), 0xff01_80fe), (R(2), 0x0101_8001)],
        &[(R(0), 0x0002_00ff), (Ge, 0b1010)],
    );
    check(
        "sadd8 r0, r1, r2",
        &[0xfa81, 0xf002],
        &[(R(1), 0x7f80_ff00), (R(2), 0x017f_0100)],
        &[(R(0), 0x80ff_0000), (Ge, 0b1011)],
    );
    check(
        "usub8 r0, r1, r2",
        &[0xfac1, 0xf042],
        &[(R(1), 0x0102_0304), (R(2), 0x0201_0304)],
        &[(R(0), 0xff01_0000), (Ge, 0b0111)],
    );
    check(
        "ssub16 r0, r1, r2",
        &[0xfad1, 0xf002],
        &[(R(1), 0x8000_0005), (R(2), 0x0001_0005)],
        &[(R(0), 0x7fff_0000), (Ge, 0b0011)],
    );
    check(
        "usub16 r0, r1, r2",
        &[0xfad1, 0xf042],
        &[(R(1), 0x0005_0000), (R(2), 0x0005_0001)],
        &[(R(0), 0x0000_ffff), (Ge, 0b1100)],
    );
    check(
        "sasx r0, r1, r2",
        &[0xfaa1, 0xf002],
        &[(R(1), 0x0010_0020), (R(2), 0x0001_0002)],
        &[(R(0), 0x0012_001f), (Ge, 0b1111)],
    );
    check(
        "ssax r0, r1, r2",
        &[0xfae1, 0xf002],
        &[(R(1), 0x0010_0020), (R(2), 0x0001_0020)],
        &[(R(0), 0xfff0_0021), (Ge, 0b0011)],
    );
    check(
        "uasx r0, r1, r2",
        &[0xfaa1, 0xf042],
        &[(R(1), 0xffff_0000), (R(2), 0x0001_0001)],
        &[(R(0), 0x0000_ffff), (Ge, 0b1100)],
    );
    check(
        "usax r0, r1, r2",
        &[0xfae1, 0xf042],
        &[(R(1), 0x0001_ffff), (R(2), 0x0001_0001)],
        &[(R(0), 0x0000_0000), (Ge, 0b1111)],
    );
}

#[test]
fn lanes_saturate_or_halve_and_ge_stays() {
    check(
        "qadd8 r0, r1, r2",
        &[0xfa81, 0xf012],
        &[(R(1), 0x7f80_0102), (R(2), 0x0180_0304), (Ge, 0b0101)],
        &[(R(0), 0x7f80_0406)],
    );
    check(
        "uqadd8 r0, r1, r2",
        &[0xfa81, 0xf052],
        &[(R(1), 0xff80_0102), (R(2), 0x0180_0304)],
        &[(R(0), 0xffff_0406)],
    );
    check(
        "uqsub8 r0, r1, r2",
        &[0xfac1, 0xf052],
        &[(R(1), 0x0080_0504), (R(2), 0x0181_0304)],
        &[(R(0), 0x0000_0200)],
    );
    check(
        "qsub16 r0, r1, r2",
        &[0xfad1, 0xf012],
        &[(R(1), 0x8000_7fff), (R(2), 0x0001_ffff)],
        &[(R(0), 0x8000_7fff)],
    );
    check(
        "qasx r0, r1, r2",
        &[0xfaa1, 0xf012],
        &[(R(1), 0x7fff_8000), (R(2), 0x0001_0001)],
        &[(R(0), 0x7fff_8000)],
    );
    check(
        "shadd8 r0, r1, r2",
        &[0xfa81, 0xf022],
        &[(R(1), 0x7f80_ff01), (R(2), 0x7f80_0002)],
        &[(R(0), 0x7f80_ff01)],
    );
    check(
        "uhadd16 r0, r1, r2",
        &[0xfa91, 0xf062],
        &[(R(1), 0xffff_0001), (R(2), 0xffff_0002)],
        &[(R(0), 0xffff_0001)],
    );
    check(
        "uhsub8 r0, r1, r2",
        &[0xfac1, 0xf062],
        &[(R(1), 0x0000_00ff), (R(2), 0x0000_0100)],
        &[(R(0), 0x0000_ff7f)],
    );
    check(
        "shsax r0, r1, r2",
        &[0xfae1, 0xf022],
        &[(R(1), 0x0001_0001), (R(2), 0x0002_0004)],
        &[(R(0), 0xfffe_0001)],
    );
}

#[test]
fn ge_selects_bytes() {
    check(
        "sel r0, r1, r2",
        &[0xfaa1, 0xf082],
        &[(R(1), 0x1111_1111), (R(2), 0x2222_2222), (Ge, 0b1010)],
        &[(R(0), 0x1122_1122)],
    );
}

#[test]
fn halfwords_are_packed() {
    check(
        "pkhbt r0, r1, r2, lsl #16",
        &[0xeac1, 0x4002],
        &[(R(1), 0x1111_2222), (R(2), 0x3333_4444)],
        &[(R(0), 0x4444_2222)],
    );
    check(
        "pkhtb r0, r1, r2, asr #16",
        &[0xeac1, 0x4022],
        &[(R(1), 0x1111_2222), (R(2), 0x8333_4444)],
        &[(R(0), 0x1111_8333)],
    );
    check(
        "pkhtb r0, r1, r2, asr #32",
        &[0xeac1, 0x0022],
        &[(R(1), 0x1111_2222), (R(2), 0x8333_4444)],
        &[(R(0), 0x1111_ffff)],
    );
}
