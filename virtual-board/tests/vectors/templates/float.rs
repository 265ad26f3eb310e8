//! Encodings of the floating-point extension, single precision: DDI 0403E (Armv7E-M), A6; DDI 0553B (Armv8-M), C2.3.

use super::{FPSCR, Fields, HALF, MEMORY, NO_IT, PLAIN, RICH, ROUNDING, Template, V7E, V8, row, ruled};

/// A list of single-precision registers: one or more, none beyond S31.
fn singles(f: &Fields) -> bool {
    let first = f.of('c') << 1 | f.of('e');
    f.of('k') != 0 && first + f.of('k') <= 32
}

/// A list of double-precision registers, none beyond D15.
fn doubles(f: &Fields) -> bool {
    f.of('k') != 0 && f.of('c') + f.of('k') <= 16
}

/// Rows of the floating-point extension.
pub const ROWS: &[Template] = &[
    row("vmla", RICH, 2, "111011100.00.... ....1010.0.0....", PLAIN),
    row("vmls", RICH, 2, "111011100.00.... ....1010.1.0....", PLAIN),
    row("vnmls", RICH, 2, "111011100.01.... ....1010.0.0....", PLAIN),
    row("vnmla", RICH, 2, "111011100.01.... ....1010.1.0....", PLAIN),
    row("vmul", RICH, 3, "111011100.10.... ....1010.0.0....", PLAIN),
    row("vnmul", RICH, 2, "111011100.10.... ....1010.1.0....", PLAIN),
    row("vadd", RICH, 3, "111011100.11.... ....1010.0.0....", PLAIN),
    row("vsub", RICH, 3, "111011100.11.... ....1010.1.0....", PLAIN),
    row("vdiv", RICH, 3, "111011101.00.... ....1010.0.0....", PLAIN),
    row("vfnms", RICH, 2, "111011101.01.... ....1010.0.0....", PLAIN),
    row("vfnma", RICH, 2, "111011101.01.... ....1010.1.0....", PLAIN),
    row("vfma", RICH, 3, "111011101.10.... ....1010.0.0....", PLAIN),
    row("vfms", RICH, 3, "111011101.10.... ....1010.1.0....", PLAIN),
    row("vmov imm", RICH, 1, "111011101.11.... ....10100000....", PLAIN),
    row("vmov reg", RICH, 1, "111011101.110000 ....101001.0....", PLAIN),
    row("vabs", RICH, 1, "111011101.110000 ....101011.0....", PLAIN),
    row("vneg", RICH, 1, "111011101.110001 ....101001.0....", PLAIN),
    row("vsqrt", RICH, 2, "111011101.110001 ....101011.0....", PLAIN),
    row(
        "vcvtb, vcvtt to single",
        RICH,
        2,
        "111011101.110010 ....1010.1.0....",
        HALF,
    ),
    row(
        "vcvtb, vcvtt to half",
        RICH,
        2,
        "111011101.110011 ....1010.1.0....",
        HALF,
    ),
    row("vcmp", RICH, 4, "111011101.110100 ....1010.1.0....", PLAIN),
    row("vcmp zero", RICH, 2, "111011101.110101 ....1010.1000000", PLAIN),
    row("vcvt from integer", RICH, 3, "111011101.111000 ....1010.1.0....", PLAIN),
    row("vcvt to integer", RICH, 3, "111011101.11110. ....101011.0....", PLAIN),
    row("vcvtr", RICH, 2, "111011101.11110. ....101001.0....", ROUNDING),
    ruled("vcvt fixed", RICH, 6, "111011101.111.1. ....1010s1k0kkkk", PLAIN, |f| {
        let bits = (f.of('k') & 15) << 1 | f.of('k') >> 4;
        f.of('s') == 1 || bits <= 16
    }),
    row("vmov to single", RICH, 1, "111011100000.... tttt1010.0010000", PLAIN),
    row("vmov from single", RICH, 1, "111011100001.... tttt1010.0010000", PLAIN),
    row(
        "vmov to half of double",
        RICH,
        1,
        "1110111000.0.... tttt101100010000",
        PLAIN,
    ),
    row(
        "vmov from half of double",
        RICH,
        1,
        "1110111000.1.... tttt101100010000",
        PLAIN,
    ),
    ruled(
        "vmov two singles",
        RICH,
        1,
        "11101100010oxxxx tttt101000e1cccc",
        PLAIN,
        |f| !(f.of('c') == 15 && f.of('e') == 1) && (f.of('o') == 0 || f.of('t') != f.of('x')),
    ),
    ruled(
        "vmov double",
        RICH,
        1,
        "11101100010oxxxx tttt10110001....",
        PLAIN,
        |f| f.of('o') == 0 || f.of('t') != f.of('x'),
    ),
    row("vmrs", RICH, 1, "1110111011110001 tttt101000010000", PLAIN),
    row("vmrs apsr", RICH, 1, "1110111011110001 1111101000010000", PLAIN),
    row("vmsr", RICH, 1, "1110111011100001 tttt101000010000", FPSCR),
    row("vldr", RICH, 3, "11101101..01NNNN ....1010........", MEMORY),
    row("vstr", RICH, 3, "11101101..00NNNN ....1010........", MEMORY),
    row("vldr lit", RICH, 1, "11101101..011111 ....1010........", PLAIN),
    row("vldr double", RICH, 2, "11101101.001NNNN ....1011........", MEMORY),
    row("vstr double", RICH, 2, "11101101.000NNNN ....1011........", MEMORY),
    ruled("vldmia", RICH, 2, "111011001ew1NNNN cccc1010000kkkkk", MEMORY, singles),
    ruled("vstmia", RICH, 2, "111011001ew0NNNN cccc1010000kkkkk", MEMORY, singles),
    ruled("vldmdb", RICH, 1, "111011010e11NNNN cccc1010000kkkkk", MEMORY, singles),
    ruled("vstmdb", RICH, 1, "111011010e10NNNN cccc1010000kkkkk", MEMORY, singles),
    ruled(
        "vldmia double",
        RICH,
        1,
        "1110110010w1NNNN cccc1011000kkkk0",
        MEMORY,
        doubles,
    ),
    ruled(
        "vstmia double",
        RICH,
        1,
        "1110110010w0NNNN cccc1011000kkkk0",
        MEMORY,
        doubles,
    ),
    ruled("vpush", RICH, 2, "111011010e101101 cccc1010000kkkkk", PLAIN, singles),
    ruled("vpop", RICH, 2, "111011001e111101 cccc1010000kkkkk", PLAIN, singles),
    ruled(
        "vpush double",
        RICH,
        1,
        "1110110100101101 cccc1011000kkkk0",
        PLAIN,
        doubles,
    ),
    ruled(
        "vpop double",
        RICH,
        1,
        "1110110010111101 cccc1011000kkkk0",
        PLAIN,
        doubles,
    ),
    row("vsel", V8, 2, "111111100....... ....1010.0.0....", NO_IT),
    row("vmaxnm", V8, 2, "111111101.00.... ....1010.0.0....", NO_IT),
    row("vminnm", V8, 2, "111111101.00.... ....1010.1.0....", NO_IT),
    row("vrint directed", V8, 3, "111111101.1110.. ....101001.0....", NO_IT),
    row("vcvt directed", V8, 4, "111111101.1111.. ....1010.1.0....", NO_IT),
    row("vrintr, vrintz", V8, 2, "111011101.110110 ....1010.1.0....", ROUNDING),
    row("vrintx", V8, 1, "111011101.110111 ....101001.0....", ROUNDING),
    row("fpv5 on fpv4", V7E, 1, "111111101.00.... ....1010...0....", NO_IT),
    row(
        "double arithmetic, undefined",
        RICH,
        1,
        "111011100.11.... ....1011...0....",
        NO_IT,
    ),
];
