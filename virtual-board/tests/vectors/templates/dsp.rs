//! Encodings of the DSP extension: DDI 0403E (Armv7E-M), A5.3.12 to A5.3.17.

use super::{Fields, PLAIN, RICH, Template, row, ruled};

/// The two halves of a result differ.
fn halves(f: &Fields) -> bool {
    f.of('l') != f.of('h')
}

/// S, Q, SH (U, UQ, UH) and not the fourth.
fn prefix(f: &Fields) -> bool {
    f.of('p') != 3
}

/// Rows of the DSP extension.
pub const ROWS: &[Template] = &[
    row("ssat16", RICH, 1, "111100110010nnnn 0000dddd0000....", PLAIN),
    row("usat16", RICH, 1, "111100111010nnnn 0000dddd0000....", PLAIN),
    row("pkh", RICH, 2, "111010101100nnnn 0...dddd...0mmmm", PLAIN),
    row("sxtah", RICH, 1, "111110100000nnnn 1111dddd10..mmmm", PLAIN),
    row("uxtah", RICH, 1, "111110100001nnnn 1111dddd10..mmmm", PLAIN),
    row("sxtab16", RICH, 1, "111110100010nnnn 1111dddd10..mmmm", PLAIN),
    row("uxtab16", RICH, 1, "111110100011nnnn 1111dddd10..mmmm", PLAIN),
    row("sxtab", RICH, 1, "111110100100nnnn 1111dddd10..mmmm", PLAIN),
    row("uxtab", RICH, 1, "111110100101nnnn 1111dddd10..mmmm", PLAIN),
    row("sxtb16", RICH, 1, "1111101000101111 1111dddd10..mmmm", PLAIN),
    row("uxtb16", RICH, 1, "1111101000111111 1111dddd10..mmmm", PLAIN),
    ruled(
        "parallel add8",
        RICH,
        4,
        "111110101000nnnn 1111dddd0.ppmmmm",
        PLAIN,
        prefix,
    ),
    ruled(
        "parallel add16",
        RICH,
        4,
        "111110101001nnnn 1111dddd0.ppmmmm",
        PLAIN,
        prefix,
    ),
    ruled(
        "parallel asx",
        RICH,
        4,
        "111110101010nnnn 1111dddd0.ppmmmm",
        PLAIN,
        prefix,
    ),
    ruled(
        "parallel sub8",
        RICH,
        4,
        "111110101100nnnn 1111dddd0.ppmmmm",
        PLAIN,
        prefix,
    ),
    ruled(
        "parallel sub16",
        RICH,
        4,
        "111110101101nnnn 1111dddd0.ppmmmm",
        PLAIN,
        prefix,
    ),
    ruled(
        "parallel sax",
        RICH,
        4,
        "111110101110nnnn 1111dddd0.ppmmmm",
        PLAIN,
        prefix,
    ),
    row("qadd", RICH, 1, "111110101000nnnn 1111dddd1000mmmm", PLAIN),
    row("qdadd", RICH, 1, "111110101000nnnn 1111dddd1001mmmm", PLAIN),
    row("qsub", RICH, 1, "111110101000nnnn 1111dddd1010mmmm", PLAIN),
    row("qdsub", RICH, 1, "111110101000nnnn 1111dddd1011mmmm", PLAIN),
    row("sel", RICH, 1, "111110101010nnnn 1111dddd1000mmmm", PLAIN),
    row("smlaxy", RICH, 3, "111110110001nnnn aaaadddd00..mmmm", PLAIN),
    row("smulxy", RICH, 3, "111110110001nnnn 1111dddd00..mmmm", PLAIN),
    row("smlad", RICH, 2, "111110110010nnnn aaaadddd000.mmmm", PLAIN),
    row("smuad", RICH, 2, "111110110010nnnn 1111dddd000.mmmm", PLAIN),
    row("smlawy", RICH, 2, "111110110011nnnn aaaadddd000.mmmm", PLAIN),
    row("smulwy", RICH, 2, "111110110011nnnn 1111dddd000.mmmm", PLAIN),
    row("smlsd", RICH, 2, "111110110100nnnn aaaadddd000.mmmm", PLAIN),
    row("smusd", RICH, 2, "111110110100nnnn 1111dddd000.mmmm", PLAIN),
    row("smmla", RICH, 2, "111110110101nnnn aaaadddd000.mmmm", PLAIN),
    row("smmul", RICH, 2, "111110110101nnnn 1111dddd000.mmmm", PLAIN),
    row("smmls", RICH, 2, "111110110110nnnn aaaadddd000.mmmm", PLAIN),
    row("usad8", RICH, 1, "111110110111nnnn 1111dddd0000mmmm", PLAIN),
    row("usada8", RICH, 1, "111110110111nnnn aaaadddd0000mmmm", PLAIN),
    ruled("smlalxy", RICH, 3, "111110111100nnnn llllhhhh10..mmmm", PLAIN, halves),
    ruled("smlald", RICH, 2, "111110111100nnnn llllhhhh110.mmmm", PLAIN, halves),
    ruled("smlsld", RICH, 2, "111110111101nnnn llllhhhh110.mmmm", PLAIN, halves),
    ruled("umaal", RICH, 1, "111110111110nnnn llllhhhh0110mmmm", PLAIN, halves),
];
