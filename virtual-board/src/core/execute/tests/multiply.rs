//! Multiplications and divisions.

use super::*;

#[test]
fn products_of_words_keep_their_lowest_bits() {
    check(
        "muls r0, r1, r0",
        &[0x4348],
        &[(R(0), 0x1_0000), (R(1), 0x8000)],
        &[(R(0), 0x8000_0000), (Nzcv, 0b1000)],
    );
    check(
        "muls r0, r1, r0",
        &[0x4348],
        &[(R(0), 0x1_0000), (R(1), 0x1_0000), (Nzcv, 0b0011)],
        &[(R(0), 0), (Nzcv, 0b0111)],
    );
    check(
        "mul r0, r1, r2",
        &[0xfb01, 0xf002],
        &[(R(1), !0), (R(2), 3)],
        &[(R(0), 0xffff_fffd)],
    );
    check(
        "mla r0, r1, r2, r3",
        &[0xfb01, 0x3002],
        &[(R(1), 5), (R(2), 7), (R(3), !0)],
        &[(R(0), 34)],
    );
    check(
        "mls r0, r1, r2, r3",
        &[0xfb01, 0x3012],
        &[(R(1), 5), (R(2), 7), (R(3), 1)],
        &[(R(0), (-34i32) as u32)],
    );
}

#[test]
fn long_products_have_sixty_four_bits() {
    let factors = [(R(2), 0xffff_ffff), (R(3), 0xffff_ffff)];
    check(
        "umull r0, r1, r2, r3",
        &[0xfba2, 0x0103],
        &factors,
        &[(R(0), 1), (R(1), 0xffff_fffe)],
    );
    check(
        "smull r0, r1, r2, r3",
        &[0xfb82, 0x0103],
        &factors,
        &[(R(0), 1), (R(1), 0)],
    );
    let before = [
        (R(0), 0xffff_ffff),
        (R(1), 0xffff_ffff),
        (R(2), 0xffff_ffff),
        (R(3), 0xffff_ffff),
    ];
    check(
        "umaal r0, r1, r2, r3",
        &[0xfbe2, 0x0163],
        &before,
        &[(R(0), 0xffff_ffff), (R(1), 0xffff_ffff)],
    );
    check(
        "umlal r0, r1, r2, r3",
        &[0xfbe2, 0x0103],
        &before,
        &[(R(0), 0), (R(1), 0xffff_fffe)],
    );
    check(
        "smlal r0, r1, r2, r3",
        &[0xfbc2, 0x0103],
        &before,
        &[(R(0), 0), (R(1), 0)],
    );
    let before = [(R(0), 0), (R(1), 0), (R(2), 0x8000_8000), (R(3), 0x8000_8000)];
    check(
        "smlald r0, r1, r2, r3",
        &[0xfbc2, 0x01c3],
        &before,
        &[(R(0), 0x8000_0000), (R(1), 0)],
    );
    check(
        "smlsld r0, r1, r2, r3",
        &[0xfbd2, 0x01c3],
        &before,
        &[(R(0), 0), (R(1), 0)],
    );
    let before = [(R(0), 0), (R(1), 0), (R(2), 0x0002_0003), (R(3), 0x0005_ffff)];
    check(
        "smlaldx r0, r1, r2, r3",
        &[0xfbc2, 0x01d3],
        &before,
        &[(R(0), 13), (R(1), 0)],
    );
    check(
        "smlsldx r0, r1, r2, r3",
        &[0xfbd2, 0x01d3],
        &before,
        &[(R(0), 17), (R(1), 0)],
    );
    check(
        "smlalbt r0, r1, r2, r3",
        &[0xfbc2, 0x0193],
        &before,
        &[(R(0), 15), (R(1), 0)],
    );
    check(
        "smlaltb r0, r1, r2, r3",
        &[0xfbc2, 0x01a3],
        &before,
        &[(R(0), 0xffff_fffe), (R(1), 0xffff_ffff)],
    );
}

#[test]
fn products_of_halfwords_set_q_when_their_sum_overflows() {
    let factors = [(R(1), 0x8000_7fff), (R(2), 0x8000_0002)];
    check("smulbb r0, r1, r2", &[0xfb11, 0xf002], &factors, &[(R(0), 0xfffe)]);
    check("smultt r0, r1, r2", &[0xfb11, 0xf032], &factors, &[(R(0), 0x4000_0000)]);
    check("smulbt r0, r1, r2", &[0xfb11, 0xf012], &factors, &[(R(0), 0xc000_8000)]);
    check(
        "smlatt r0, r1, r2, r3",
        &[0xfb11, 0x3032],
        &[factors[0], factors[1], (R(3), 0x4000_0000)],
        &[(R(0), 0x8000_0000), (Q, 1)],
    );
    check(
        "smlatt r0, r1, r2, r3",
        &[0xfb11, 0x3032],
        &[factors[0], factors[1], (R(3), 0x3fff_ffff)],
        &[(R(0), 0x7fff_ffff)],
    );
    check(
        "smulwb r0, r1, r2",
        &[0xfb31, 0xf002],
        &[(R(1), 0xffff_ffff), (R(2), 1)],
        &[(R(0), 0xffff_ffff)],
    );
    check(
        "smulwt r0, r1, r2",
        &[0xfb31, 0xf012],
        &[(R(1), 0x0001_8000), (R(2), 0x0002_0000)],
        &[(R(0), 3)],
    );
    check(
        "smlawb r0, r1, r2, r3",
        &[0xfb31, 0x3002],
        &[(R(1), 0x7fff_ffff), (R(2), 2), (R(3), 0x7fff_ffff)],
        &[(R(0), 0x8000_fffe), (Q, 1)],
    );
    let all = [(R(1), 0x8000_8000), (R(2), 0x8000_8000)];
    check(
        "smuad r0, r1, r2",
        &[0xfb21, 0xf002],
        &all,
        &[(R(0), 0x8000_0000), (Q, 1)],
    );
    check("smusd r0, r1, r2", &[0xfb41, 0xf002], &all, &[(R(0), 0)]);
    let pair = [(R(1), 0x0003_0002), (R(2), 0x0007_0005)];
    check("smuadx r0, r1, r2", &[0xfb21, 0xf012], &pair, &[(R(0), 2 * 7 + 3 * 5)]);
    check(
        "smusdx r0, r1, r2",
        &[0xfb41, 0xf012],
        &pair,
        &[(R(0), (2 * 7 - 3 * 5i32) as u32)],
    );
    check(
        "smlad r0, r1, r2, r3",
        &[0xfb21, 0x3002],
        &[pair[0], pair[1], (R(3), 0x7fff_ffff)],
        &[(R(0), 0x8000_001e), (Q, 1)],
    );
    check(
        "smlsd r0, r1, r2, r3",
        &[0xfb41, 0x3002],
        &[pair[0], pair[1], (R(3), 100)],
        &[(R(0), 100 + 10 - 21)],
    );
}

#[test]
fn the_most_significant_word_is_rounded_on_request() {
    let factors = [(R(1), 0x4000_0000), (R(2), 2)];
    check("smmul r0, r1, r2", &[0xfb51, 0xf002], &factors, &[(R(0), 0)]);
    check("smmulr r0, r1, r2", &[0xfb51, 0xf012], &factors, &[(R(0), 1)]);
    check(
        "smmla r0, r1, r2, r3",
        &[0xfb51, 0x3002],
        &[factors[0], factors[1], (R(3), 7)],
        &[(R(0), 7)],
    );
    check(
        "smmls r0, r1, r2, r3",
        &[0xfb61, 0x3002],
        &[factors[0], factors[1], (R(3), 7)],
        &[(R(0), 6)],
    );
    check(
        "smmlsr r0, r1, r2, r3",
        &[0xfb61, 0x3012],
        &[factors[0], factors[1], (R(3), 7)],
        &[(R(0), 7)],
    );
    check(
        "smmlar r0, r1, r2, r3",
        &[0xfb51, 0x3012],
        &[(R(1), !0), (R(2), 1), (R(3), 0)],
        &[(R(0), 0)],
    );
    check(
        "smmla r0, r1, r2, r3",
        &[0xfb51, 0x3002],
        &[(R(1), !0), (R(2), 1), (R(3), 0)],
        &[(R(0), 0xffff_ffff)],
    );
}

#[test]
fn absolute_differences_add_up() {
    let bytes = [(R(1), 0x00ff_1020), (R(2), 0xff00_2010)];
    check(
        "usad8 r0, r1, r2",
        &[0xfb71, 0xf002],
        &bytes,
        &[(R(0), 255 + 255 + 16 + 16)],
    );
    check(
        "usada8 r0, r1, r2, r3",
        &[0xfb71, 0x3002],
        &[bytes[0], bytes[1], (R(3), 0xffff_ffff)],
        &[(R(0), 541)],
    );
}

#[test]
fn a_division_by_zero_gives_zero() {
    check(
        "udiv r0, r1, r2",
        &[0xfbb1, 0xf0f2],
        &[(R(1), 100), (R(2), 7)],
        &[(R(0), 14)],
    );
    check(
        "sdiv r0, r1, r2",
        &[0xfb91, 0xf0f2],
        &[(R(1), (-100i32) as u32), (R(2), 7)],
        &[(R(0), (-14i32) as u32)],
    );
    check(
        "sdiv r0, r1, r2",
        &[0xfb91, 0xf0f2],
        &[(R(1), 0x8000_0000), (R(2), !0)],
        &[(R(0), 0x8000_0000)],
    );
    check(
        "sdiv r0, r1, r2",
        &[0xfb91, 0xf0f2],
        &[(R(1), 5), (R(2), 0)],
        &[(R(0), 0)],
    );
    check(
        "udiv r0, r1, r2",
        &[0xfbb1, 0xf0f2],
        &[(R(1), 5), (R(2), 0)],
        &[(R(0), 0)],
    );
}
