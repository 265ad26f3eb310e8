//! Encodings of 32 bits without DSP and floating point: DDI 0403E (Armv7-M), A5.3; DDI 0553B (Armv8-M), C2.3.

use super::{ALIGNED, ALL, Fields, LAST, MAIN, MEMORY, NO_IT, PAIR, PLAIN, PRIORITY, Template, V6, V7, V8, row, ruled};

/// Whether a modified immediate is none of those that are UNPREDICTABLE: a repeated byte that is 0 (A5.3.2).
fn modified(f: &Fields) -> bool {
    f.of('i') != 0 || f.of('j') == 0 || f.of('j') > 3 || f.of('k') != 0
}

/// Whether a list of registers, bits 15 to 0, can be loaded: two or more, no SP, not both LR and PC, no base that is also
/// written back.
fn list(f: &Fields) -> bool {
    let list = f.of('p') << 14 | f.of('r');
    list.count_ones() >= 2 && f.of('p') != 3 && (f.of('w') == 0 || list >> f.of('N') & 1 == 0)
}

/// Whether an access with an index of 8 bits is one: not P = W = 0, nor LDRT (P = U = 1, W = 0), base and data differ where
/// the base is written, SP stays a multiple of 4.
fn indexed(f: &Fields) -> bool {
    let (p, u, w) = (f.of('p'), f.of('u'), f.of('w'));
    let writes = w == 1;
    (p | w) == 1
        && !(p == 1 && u == 1 && w == 0)
        && !(writes && f.of('N') == f.of('t'))
        && !(writes && f.of('N') == 13 && !f.of('k').is_multiple_of(4))
}

/// The same for a load of PC.
fn indexed_pc(f: &Fields) -> bool {
    let (p, u, w) = (f.of('p'), f.of('u'), f.of('w'));
    (p | w) == 1 && !(p == 1 && u == 1 && w == 0)
}

/// Whether a pair of registers can be loaded or stored.
fn dual(f: &Fields) -> bool {
    let (t, x, n, w) = (f.of('t'), f.of('x'), f.of('N'), f.of('w'));
    (f.of('p') | w) == 1 && t != x && (w == 0 || (n != t && n != x))
}

/// Data processing.
pub const DATA: &[Template] = &[
    ruled("and imm", MAIN, 2, "11110i00000.nnnn 0jjjddddkkkkkkkk", PLAIN, modified),
    ruled("bic imm", MAIN, 2, "11110i00001.nnnn 0jjjddddkkkkkkkk", PLAIN, modified),
    ruled("orr imm", MAIN, 2, "11110i00010.nnnn 0jjjddddkkkkkkkk", PLAIN, modified),
    ruled("orn imm", MAIN, 2, "11110i00011.nnnn 0jjjddddkkkkkkkk", PLAIN, modified),
    ruled("eor imm", MAIN, 2, "11110i00100.nnnn 0jjjddddkkkkkkkk", PLAIN, modified),
    ruled("add imm", MAIN, 2, "11110i01000.NNNN 0jjjddddkkkkkkkk", PLAIN, modified),
    ruled("adc imm", MAIN, 2, "11110i01010.nnnn 0jjjddddkkkkkkkk", PLAIN, modified),
    ruled("sbc imm", MAIN, 2, "11110i01011.nnnn 0jjjddddkkkkkkkk", PLAIN, modified),
    ruled("sub imm", MAIN, 2, "11110i01101.NNNN 0jjjddddkkkkkkkk", PLAIN, modified),
    ruled("rsb imm", MAIN, 2, "11110i01110.nnnn 0jjjddddkkkkkkkk", PLAIN, modified),
    ruled("mov imm", MAIN, 2, "11110i00010.1111 0jjjddddkkkkkkkk", PLAIN, modified),
    ruled("mvn imm", MAIN, 2, "11110i00011.1111 0jjjddddkkkkkkkk", PLAIN, modified),
    ruled("tst imm", MAIN, 2, "11110i000001nnnn 0jjj1111kkkkkkkk", PLAIN, modified),
    ruled("teq imm", MAIN, 2, "11110i001001nnnn 0jjj1111kkkkkkkk", PLAIN, modified),
    ruled("cmn imm", MAIN, 2, "11110i010001NNNN 0jjj1111kkkkkkkk", PLAIN, modified),
    ruled("cmp imm", MAIN, 2, "11110i011011NNNN 0jjj1111kkkkkkkk", PLAIN, modified),
    row("add.w sp, imm", MAIN, 1, "11110001000.1101 00001101......00", PLAIN),
    row("sub.w sp, imm", MAIN, 1, "11110001101.1101 00001101......00", PLAIN),
    row("addw", MAIN, 2, "11110.100000NNNN 0...dddd........", PLAIN),
    row("subw", MAIN, 2, "11110.101010NNNN 0...dddd........", PLAIN),
    row("addw sp", MAIN, 1, "11110.1000001101 0...1101......00", PLAIN),
    row("subw sp", MAIN, 1, "11110.1010101101 0...1101......00", PLAIN),
    row("adr.w add", MAIN, 1, "11110.1000001111 0...dddd........", PLAIN),
    row("adr.w sub", MAIN, 1, "11110.1010101111 0...dddd........", PLAIN),
    row("movw", MAIN, 2, "11110.100100.... 0...dddd........", PLAIN),
    row("movt", MAIN, 2, "11110.101100.... 0...dddd........", PLAIN),
    ruled("ssat", MAIN, 3, "1111001100e0nnnn 0jjjddddjj0.....", PLAIN, |f| {
        f.of('e') == 0 || f.of('j') != 0
    }),
    ruled("usat", MAIN, 3, "1111001110e0nnnn 0jjjddddjj0.....", PLAIN, |f| {
        f.of('e') == 0 || f.of('j') != 0
    }),
    ruled("sbfx", MAIN, 2, "111100110100nnnn 0jjjddddjj0wwwww", PLAIN, |f| {
        f.of('j') + f.of('w') < 32
    }),
    ruled("ubfx", MAIN, 2, "111100111100nnnn 0jjjddddjj0wwwww", PLAIN, |f| {
        f.of('j') + f.of('w') < 32
    }),
    ruled("bfi", MAIN, 2, "111100110110nnnn 0jjjddddjj0wwwww", PLAIN, |f| {
        f.of('w') >= f.of('j')
    }),
    ruled("bfc", MAIN, 1, "1111001101101111 0jjjddddjj0wwwww", PLAIN, |f| {
        f.of('w') >= f.of('j')
    }),
    row("and reg", MAIN, 2, "11101010000.nnnn 0...dddd....mmmm", PLAIN),
    row("bic reg", MAIN, 2, "11101010001.nnnn 0...dddd....mmmm", PLAIN),
    row("orr reg", MAIN, 2, "11101010010.nnnn 0...dddd....mmmm", PLAIN),
    row("orn reg", MAIN, 2, "11101010011.nnnn 0...dddd....mmmm", PLAIN),
    row("eor reg", MAIN, 2, "11101010100.nnnn 0...dddd....mmmm", PLAIN),
    row("add reg", MAIN, 3, "11101011000.NNNN 0...dddd....mmmm", PLAIN),
    row("adc reg", MAIN, 2, "11101011010.nnnn 0...dddd....mmmm", PLAIN),
    row("sbc reg", MAIN, 2, "11101011011.nnnn 0...dddd....mmmm", PLAIN),
    row("sub reg", MAIN, 3, "11101011101.NNNN 0...dddd....mmmm", PLAIN),
    row("rsb reg", MAIN, 2, "11101011110.nnnn 0...dddd....mmmm", PLAIN),
    row("mov or shift imm", MAIN, 4, "11101010010.1111 0...dddd....mmmm", PLAIN),
    row("rrx", MAIN, 1, "11101010010.1111 0000dddd0011mmmm", PLAIN),
    row("mvn reg", MAIN, 2, "11101010011.1111 0...dddd....mmmm", PLAIN),
    row("tst reg", MAIN, 2, "111010100001nnnn 0...1111....mmmm", PLAIN),
    row("teq reg", MAIN, 2, "111010101001nnnn 0...1111....mmmm", PLAIN),
    row("cmn reg", MAIN, 2, "111010110001NNNN 0...1111....mmmm", PLAIN),
    row("cmp reg", MAIN, 2, "111010111011NNNN 0...1111....mmmm", PLAIN),
    row("shift reg", MAIN, 8, "111110100...nnnn 1111dddd0000mmmm", PLAIN),
    row("sxth.w", MAIN, 1, "1111101000001111 1111dddd10..mmmm", PLAIN),
    row("uxth.w", MAIN, 1, "1111101000011111 1111dddd10..mmmm", PLAIN),
    row("sxtb.w", MAIN, 1, "1111101001001111 1111dddd10..mmmm", PLAIN),
    row("uxtb.w", MAIN, 1, "1111101001011111 1111dddd10..mmmm", PLAIN),
    ruled("rev.w", MAIN, 1, "111110101001nnnn 1111dddd1000mmmm", PLAIN, |f| {
        f.of('n') == f.of('m')
    }),
    ruled("rev16.w", MAIN, 1, "111110101001nnnn 1111dddd1001mmmm", PLAIN, |f| {
        f.of('n') == f.of('m')
    }),
    ruled("rbit", MAIN, 1, "111110101001nnnn 1111dddd1010mmmm", PLAIN, |f| {
        f.of('n') == f.of('m')
    }),
    ruled("revsh.w", MAIN, 1, "111110101001nnnn 1111dddd1011mmmm", PLAIN, |f| {
        f.of('n') == f.of('m')
    }),
    ruled("clz", MAIN, 1, "111110101011nnnn 1111dddd1000mmmm", PLAIN, |f| {
        f.of('n') == f.of('m')
    }),
    row("mla", MAIN, 2, "111110110000nnnn aaaadddd0000mmmm", PLAIN),
    row("mls", MAIN, 2, "111110110000nnnn aaaadddd0001mmmm", PLAIN),
    row("mul.w", MAIN, 2, "111110110000nnnn 1111dddd0000mmmm", PLAIN),
    ruled("smull", MAIN, 2, "111110111000nnnn llllhhhh0000mmmm", PLAIN, |f| {
        f.of('l') != f.of('h')
    }),
    ruled("umull", MAIN, 2, "111110111010nnnn llllhhhh0000mmmm", PLAIN, |f| {
        f.of('l') != f.of('h')
    }),
    ruled("smlal", MAIN, 2, "111110111100nnnn llllhhhh0000mmmm", PLAIN, |f| {
        f.of('l') != f.of('h')
    }),
    ruled("umlal", MAIN, 2, "111110111110nnnn llllhhhh0000mmmm", PLAIN, |f| {
        f.of('l') != f.of('h')
    }),
    row("sdiv", MAIN, 2, "111110111001nnnn 1111dddd1111mmmm", PLAIN),
    row("udiv", MAIN, 2, "111110111011nnnn 1111dddd1111mmmm", PLAIN),
];

/// Loads and stores.
pub const MEMORY_ROWS: &[Template] = &[
    row("strb imm12", MAIN, 2, "111110001000NNNN tttt............", MEMORY),
    row("strh imm12", MAIN, 2, "111110001010NNNN tttt............", MEMORY),
    row("str imm12", MAIN, 2, "111110001100NNNN tttt............", MEMORY),
    row("ldrb imm12", MAIN, 2, "111110001001NNNN tttt............", MEMORY),
    row("ldrh imm12", MAIN, 2, "111110001011NNNN tttt............", MEMORY),
    row("ldr imm12", MAIN, 2, "111110001101NNNN tttt............", MEMORY),
    row("ldrsb imm12", MAIN, 2, "111110011001NNNN tttt............", MEMORY),
    row("ldrsh imm12", MAIN, 2, "111110011011NNNN tttt............", MEMORY),
    ruled(
        "strb imm8",
        MAIN,
        2,
        "111110000000NNNN tttt1puwkkkkkkkk",
        MEMORY,
        indexed,
    ),
    ruled(
        "strh imm8",
        MAIN,
        2,
        "111110000010NNNN tttt1puwkkkkkkkk",
        MEMORY,
        indexed,
    ),
    ruled(
        "str imm8",
        MAIN,
        2,
        "111110000100NNNN tttt1puwkkkkkkkk",
        MEMORY,
        indexed,
    ),
    ruled(
        "ldrb imm8",
        MAIN,
        2,
        "111110000001NNNN tttt1puwkkkkkkkk",
        MEMORY,
        indexed,
    ),
    ruled(
        "ldrh imm8",
        MAIN,
        2,
        "111110000011NNNN tttt1puwkkkkkkkk",
        MEMORY,
        indexed,
    ),
    ruled(
        "ldr imm8",
        MAIN,
        2,
        "111110000101NNNN tttt1puwkkkkkkkk",
        MEMORY,
        indexed,
    ),
    ruled(
        "ldrsb imm8",
        MAIN,
        2,
        "111110010001NNNN tttt1puwkkkkkkkk",
        MEMORY,
        indexed,
    ),
    ruled(
        "ldrsh imm8",
        MAIN,
        2,
        "111110010011NNNN tttt1puwkkkkkkkk",
        MEMORY,
        indexed,
    ),
    row("strb.w reg", MAIN, 2, "111110000000NNNN tttt000000..mmmm", MEMORY),
    row("strh.w reg", MAIN, 2, "111110000010NNNN tttt000000..mmmm", MEMORY),
    row("str.w reg", MAIN, 2, "111110000100NNNN tttt000000..mmmm", MEMORY),
    row("ldrb.w reg", MAIN, 2, "111110000001NNNN tttt000000..mmmm", MEMORY),
    row("ldrh.w reg", MAIN, 2, "111110000011NNNN tttt000000..mmmm", MEMORY),
    row("ldr.w reg", MAIN, 2, "111110000101NNNN tttt000000..mmmm", MEMORY),
    row("ldrsb.w reg", MAIN, 2, "111110010001NNNN tttt000000..mmmm", MEMORY),
    row("ldrsh.w reg", MAIN, 2, "111110010011NNNN tttt000000..mmmm", MEMORY),
    row("ldr.w lit", MAIN, 1, "11111000.1011111 tttt............", PLAIN),
    row("ldrb.w lit", MAIN, 1, "11111000.0011111 tttt............", PLAIN),
    row("ldrh.w lit", MAIN, 1, "11111000.0111111 tttt............", PLAIN),
    row("ldrsb.w lit", MAIN, 1, "11111001.0011111 tttt............", PLAIN),
    row("ldrsh.w lit", MAIN, 1, "11111001.0111111 tttt............", PLAIN),
    row("strt", MAIN, 1, "111110000100NNNN tttt1110........", MEMORY),
    row("strbt", MAIN, 1, "111110000000NNNN tttt1110........", MEMORY),
    row("strht", MAIN, 1, "111110000010NNNN tttt1110........", MEMORY),
    row("ldrt", MAIN, 1, "111110000101NNNN tttt1110........", MEMORY),
    row("ldrbt", MAIN, 1, "111110000001NNNN tttt1110........", MEMORY),
    row("ldrht", MAIN, 1, "111110000011NNNN tttt1110........", MEMORY),
    row("ldrsbt", MAIN, 1, "111110010001NNNN tttt1110........", MEMORY),
    row("ldrsht", MAIN, 1, "111110010011NNNN tttt1110........", MEMORY),
    row(
        "ldr.w pc, imm12",
        MAIN,
        1,
        "111110001101NNNN 1111..........00",
        MEMORY | LAST | ALIGNED,
    ),
    ruled(
        "ldr.w pc, imm8",
        MAIN,
        1,
        "111110000101NNNN 11111puw......00",
        MEMORY | LAST | ALIGNED,
        indexed_pc,
    ),
    row(
        "ldr.w pc, reg",
        MAIN,
        1,
        "111110000101NNNN 1111000000..mmmm",
        MEMORY | LAST | ALIGNED,
    ),
    row("pld imm12", MAIN, 1, "111110001001NNNN 1111............", MEMORY),
    row("pli imm12", MAIN, 1, "111110011001NNNN 1111............", MEMORY),
    ruled(
        "ldm.w",
        MAIN,
        3,
        "1110100010w1NNNN pp0rrrrrrrrrrrrr",
        MEMORY | LAST,
        list,
    ),
    ruled(
        "ldmdb",
        MAIN,
        3,
        "1110100100w1NNNN pp0rrrrrrrrrrrrr",
        MEMORY | LAST,
        list,
    ),
    ruled("stm.w", MAIN, 3, "1110100010w0NNNN 0q0rrrrrrrrrrrrr", MEMORY, |f| {
        let list = f.of('q') << 14 | f.of('r');
        list.count_ones() >= 2 && (f.of('w') == 0 || list >> f.of('N') & 1 == 0)
    }),
    ruled("stmdb", MAIN, 3, "1110100100w0NNNN 0q0rrrrrrrrrrrrr", MEMORY, |f| {
        let list = f.of('q') << 14 | f.of('r');
        list.count_ones() >= 2 && (f.of('w') == 0 || list >> f.of('N') & 1 == 0)
    }),
    ruled("pop.w", MAIN, 2, "1110100010111101 pp0rrrrrrrrrrrrr", LAST, list),
    ruled("push.w", MAIN, 2, "1110100100101101 0q0rrrrrrrrrrrrr", PLAIN, |f| {
        (f.of('q') << 14 | f.of('r')).count_ones() >= 2
    }),
    ruled("ldrd", MAIN, 3, "1110100pu1w1NNNN ttttxxxxkkkkkkkk", MEMORY, dual),
    ruled("strd", MAIN, 3, "1110100pu1w0NNNN ttttxxxxkkkkkkkk", MEMORY, dual),
    ruled("ldrd lit", MAIN, 1, "11101001u1011111 ttttxxxxkkkkkkkk", PLAIN, |f| {
        f.of('t') != f.of('x')
    }),
    row("ldrex", MAIN, 1, "111010000101NNNN tttt1111........", MEMORY),
    row("ldrexb", MAIN, 1, "111010001101NNNN tttt111101001111", MEMORY),
    row("ldrexh", MAIN, 1, "111010001101NNNN tttt111101011111", MEMORY),
    ruled(
        "strex without a claim",
        MAIN,
        1,
        "111010000100NNNN ttttdddd00000000",
        MEMORY | ALIGNED,
        |f| f.of('d') != f.of('N') && f.of('d') != f.of('t'),
    ),
    ruled(
        "ldrex; strex",
        MAIN,
        2,
        "111010000101NNNN xxxx111100000000 111010000100NNNN ttttdddd00000000",
        MEMORY | PAIR | NO_IT,
        |f| {
            let n = f.of('N') & 15;
            f.of('N') >> 4 == n && !matches!(n, 13 | 15) && f.of('x') != n && f.of('d') != n && f.of('d') != f.of('t')
        },
    ),
    ruled(
        "ldrexb; strexb",
        MAIN,
        1,
        "111010001101NNNN xxxx111101001111 111010001100NNNN tttt11110100dddd",
        MEMORY | PAIR | NO_IT,
        |f| {
            let n = f.of('N') & 15;
            f.of('N') >> 4 == n && !matches!(n, 13 | 15) && f.of('x') != n && f.of('d') != n && f.of('d') != f.of('t')
        },
    ),
    ruled(
        "ldrexh; strexh",
        MAIN,
        1,
        "111010001101NNNN xxxx111101011111 111010001100NNNN tttt11110101dddd",
        MEMORY | PAIR | NO_IT,
        |f| {
            let n = f.of('N') & 15;
            f.of('N') >> 4 == n && !matches!(n, 13 | 15) && f.of('x') != n && f.of('d') != n && f.of('d') != f.of('t')
        },
    ),
    row("tbb", MAIN, 1, "111010001101nnnn 111100000000mmmm", MEMORY | LAST),
    row("tbh", MAIN, 1, "111010001101nnnn 111100000001mmmm", MEMORY | LAST),
    row("tbb pc", MAIN, 1, "1110100011011111 111100000000mmmm", MEMORY | LAST),
    row("tbh pc", MAIN, 1, "1110100011011111 111100000001mmmm", MEMORY | LAST),
    row("lda", V8, 1, "111010001101NNNN tttt111110101111", MEMORY),
    row("ldab", V8, 1, "111010001101NNNN tttt111110001111", MEMORY),
    row("ldah", V8, 1, "111010001101NNNN tttt111110011111", MEMORY),
    row("stl", V8, 1, "111010001100NNNN tttt111110101111", MEMORY),
    row("stlb", V8, 1, "111010001100NNNN tttt111110001111", MEMORY),
    row("stlh", V8, 1, "111010001100NNNN tttt111110011111", MEMORY),
    row("ldaex", V8, 1, "111010001101NNNN tttt111111101111", MEMORY),
    row("ldaexb", V8, 1, "111010001101NNNN tttt111111001111", MEMORY),
    row("ldaexh", V8, 1, "111010001101NNNN tttt111111011111", MEMORY),
    ruled(
        "stlex without a claim",
        V8,
        1,
        "111010001100NNNN tttt11111110dddd",
        MEMORY | ALIGNED,
        |f| f.of('d') != f.of('N') && f.of('d') != f.of('t'),
    ),
    ruled(
        "ldaex; stlex",
        V8,
        2,
        "111010001101NNNN xxxx111111101111 111010001100NNNN tttt11111110dddd",
        MEMORY | PAIR | NO_IT,
        |f| {
            let n = f.of('N') & 15;
            f.of('N') >> 4 == n && !matches!(n, 13 | 15) && f.of('x') != n && f.of('d') != n && f.of('d') != f.of('t')
        },
    ),
];

/// Branches, special registers, barriers, and what is UNDEFINED.
pub const CONTROL: &[Template] = &[
    ruled("b.w cond", MAIN, 3, "11110.cccc...... 10.0............", NO_IT, |f| {
        f.of('c') < 14
    }),
    row("b.w", MAIN, 1, "11110........... 10.1............", LAST),
    row("bl", ALL, 2, "11110........... 11.1............", LAST),
    row("msr apsr", ALL, 1, "111100111000nnnn 1000100000000000", PLAIN),
    row("msr eapsr", ALL, 1, "111100111000nnnn 1000100000000010", PLAIN),
    row("msr apsr_g", RICH_ONLY, 1, "111100111000nnnn 1000.10000000000", PLAIN),
    row("msr msp", ALL, 1, "111100111000nnnn 1000100000001000", ALIGNED),
    row("msr psp", ALL, 1, "111100111000nnnn 1000100000001001", ALIGNED),
    row("msr primask", ALL, 1, "111100111000nnnn 1000100000010000", PLAIN),
    row("msr basepri", MAIN, 1, "111100111000nnnn 1000100000010001", PRIORITY),
    row(
        "msr basepri_max",
        MAIN,
        1,
        "111100111000nnnn 1000100000010010",
        PRIORITY,
    ),
    row("msr faultmask", MAIN, 1, "111100111000nnnn 1000100000010011", PLAIN),
    ruled("mrs psr", ALL, 2, "1111001111101111 1000dddd00000kkk", PLAIN, |f| {
        f.of('k') != 4
    }),
    row("mrs sp", ALL, 1, "1111001111101111 1000dddd0000100.", PLAIN),
    row("mrs primask", ALL, 1, "1111001111101111 1000dddd00010000", PLAIN),
    ruled("mrs mask", MAIN, 1, "1111001111101111 1000dddd000100kk", PLAIN, |f| {
        f.of('k') != 0
    }),
    row("dsb", ALL, 1, "1111001110111111 1000111101001111", PLAIN),
    row("dmb", ALL, 1, "1111001110111111 1000111101011111", PLAIN),
    row("isb", ALL, 1, "1111001110111111 1000111101101111", PLAIN),
    row("clrex", MAIN, 1, "1111001110111111 1000111100101111", PLAIN),
    row("nop.w", MAIN, 1, "1111001110101111 1000000000000000", PLAIN),
    row("udf.w", ALL, 1, "111101111111.... 1010............", NO_IT),
    ruled(
        "wide, undefined on v6-M",
        V6,
        2,
        "111aabbbbbbb.... cccc............",
        NO_IT,
        |f| f.of('a') == 1 || f.of('a') == 3 || f.of('a') == 2 && f.of('c') < 8,
    ),
    row("multiply, undefined", V7, 1, "111110110000.... ........001.....", NO_IT),
    row(
        "dsp, undefined on v7-M",
        V7,
        1,
        "111110101....... 1111....0.......",
        NO_IT,
    ),
    row(
        "smulbb, undefined on v7-M",
        V7,
        1,
        "111110110001.... ........00......",
        NO_IT,
    ),
    row(
        "absent coprocessor",
        MAIN,
        1,
        "11101110........ ....0...........",
        NO_IT,
    ),
];

/// APSR_g is written where there are GE flags.
const RICH_ONLY: u8 = super::RICH;
