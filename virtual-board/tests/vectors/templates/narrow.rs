//! Encodings of 16 bits: DDI 0403E (Armv7-M), A5.2; DDI 0419E (Armv6-M), A5.2.

use super::{ALIGNED, ALL, LAST, MAIN, MEMORY, NO_IT, PAIR, PLAIN, TARGET, Template, V6, V7, row, ruled};

/// The register of a high-register encoding: its top bit stands apart.
fn high(fields: &super::Fields) -> u32 {
    fields.of('e') << 3 | fields.of('d')
}

/// Rows of the encodings of 16 bits.
pub const ROWS: &[Template] = &[
    ruled("lsls imm", ALL, 2, "00000iiiii......", PLAIN, |f| f.of('i') != 0),
    row("movs reg", ALL, 1, "0000000000......", NO_IT),
    row("lsrs imm", ALL, 2, "00001...........", PLAIN),
    row("asrs imm", ALL, 2, "00010...........", PLAIN),
    row("adds reg", ALL, 2, "0001100.........", PLAIN),
    row("subs reg", ALL, 2, "0001101.........", PLAIN),
    row("adds imm3", ALL, 1, "0001110.........", PLAIN),
    row("subs imm3", ALL, 1, "0001111.........", PLAIN),
    row("movs imm8", ALL, 2, "00100...........", PLAIN),
    row("cmp imm8", ALL, 2, "00101...........", PLAIN),
    row("adds imm8", ALL, 2, "00110...........", PLAIN),
    row("subs imm8", ALL, 2, "00111...........", PLAIN),
    row("ands", ALL, 1, "0100000000......", PLAIN),
    row("eors", ALL, 1, "0100000001......", PLAIN),
    row("lsls reg", ALL, 2, "0100000010......", PLAIN),
    row("lsrs reg", ALL, 2, "0100000011......", PLAIN),
    row("asrs reg", ALL, 2, "0100000100......", PLAIN),
    row("adcs", ALL, 2, "0100000101......", PLAIN),
    row("sbcs", ALL, 2, "0100000110......", PLAIN),
    row("rors reg", ALL, 2, "0100000111......", PLAIN),
    row("tst", ALL, 1, "0100001000......", PLAIN),
    row("rsbs", ALL, 1, "0100001001......", PLAIN),
    row("cmp reg", ALL, 2, "0100001010......", PLAIN),
    row("cmn reg", ALL, 1, "0100001011......", PLAIN),
    row("orrs", ALL, 1, "0100001100......", PLAIN),
    row("muls", ALL, 2, "0100001101......", PLAIN),
    row("bics", ALL, 1, "0100001110......", PLAIN),
    row("mvns", ALL, 1, "0100001111......", PLAIN),
    ruled("add high", ALL, 2, "01000100e....ddd", PLAIN, |f| {
        high(f) != 15 && high(f) != 13
    }),
    ruled("add sp, reg", ALL, 1, "010001001MMMM101", ALIGNED, |f| f.of('M') != 13),
    ruled("add pc, reg", ALL, 1, "010001001mmmm111", LAST, |f| f.of('m') != 15),
    ruled("cmp high", ALL, 2, "01000101eMMMMddd", PLAIN, |f| {
        high(f) != 15 && (high(f) > 7 || f.of('M') > 7)
    }),
    ruled("mov high", ALL, 3, "01000110e....ddd", PLAIN, |f| {
        high(f) != 15 && high(f) != 13
    }),
    row("mov sp, reg", ALL, 1, "010001101MMMM101", ALIGNED),
    row("mov pc, reg", ALL, 1, "010001101mmmm111", LAST),
    row("bx", ALL, 2, "010001110mmmm000", LAST | TARGET),
    row("blx reg", ALL, 2, "010001111mmmm000", LAST | TARGET),
    row("ldr lit", ALL, 2, "01001...........", PLAIN),
    row("str reg", ALL, 2, "0101000mmmnnn...", MEMORY),
    row("strh reg", ALL, 2, "0101001mmmnnn...", MEMORY),
    row("strb reg", ALL, 2, "0101010mmmnnn...", MEMORY),
    row("ldrsb reg", ALL, 2, "0101011mmmnnn...", MEMORY),
    row("ldr reg", ALL, 2, "0101100mmmnnn...", MEMORY),
    row("ldrh reg", ALL, 2, "0101101mmmnnn...", MEMORY),
    row("ldrb reg", ALL, 2, "0101110mmmnnn...", MEMORY),
    row("ldrsh reg", ALL, 2, "0101111mmmnnn...", MEMORY),
    row("str imm5", ALL, 3, "01100.....nnn...", MEMORY),
    row("ldr imm5", ALL, 3, "01101.....nnn...", MEMORY),
    row("strb imm5", ALL, 2, "01110.....nnn...", MEMORY),
    row("ldrb imm5", ALL, 2, "01111.....nnn...", MEMORY),
    row("strh imm5", ALL, 2, "10000.....nnn...", MEMORY),
    row("ldrh imm5", ALL, 2, "10001.....nnn...", MEMORY),
    row("str sp", ALL, 2, "10010...........", PLAIN),
    row("ldr sp", ALL, 2, "10011...........", PLAIN),
    row("adr", ALL, 1, "10100...........", PLAIN),
    row("add reg, sp, imm", ALL, 1, "10101...........", PLAIN),
    row("add sp, imm", ALL, 1, "101100000.......", PLAIN),
    row("sub sp, imm", ALL, 1, "101100001.......", PLAIN),
    row("cbz", MAIN, 2, "101100.1........", NO_IT),
    row("cbnz", MAIN, 2, "101110.1........", NO_IT),
    row("cbz of v6-M", V6, 1, "1011.0.1........", NO_IT),
    row("sxth", ALL, 1, "1011001000......", PLAIN),
    row("sxtb", ALL, 1, "1011001001......", PLAIN),
    row("uxth", ALL, 1, "1011001010......", PLAIN),
    row("uxtb", ALL, 1, "1011001011......", PLAIN),
    ruled("push", ALL, 3, "1011010rrrrrrrrr", PLAIN, |f| f.of('r') != 0),
    ruled("pop", ALL, 2, "10111100rrrrrrrr", PLAIN, |f| f.of('r') != 0),
    row("pop pc", ALL, 2, "10111101........", LAST),
    row("rev", ALL, 1, "1011101000......", PLAIN),
    row("rev16", ALL, 1, "1011101001......", PLAIN),
    row("revsh", ALL, 1, "1011101011......", PLAIN),
    row("cps i", ALL, 1, "10110110011.0010", NO_IT),
    row("cps f", MAIN, 1, "10110110011.0001", NO_IT),
    row("cps if", MAIN, 1, "10110110011.0011", NO_IT),
    ruled("stm", ALL, 3, "11000nnnrrrrrrrr", MEMORY, |f| {
        let (list, base) = (f.of('r'), f.of('n'));
        list != 0 && (list >> base & 1 == 0 || list.trailing_zeros() == base)
    }),
    ruled("ldm", ALL, 3, "11001nnnrrrrrrrr", MEMORY, |f| f.of('r') != 0),
    ruled("b cond", ALL, 4, "1101cccc........", NO_IT, |f| f.of('c') < 14),
    row("udf", ALL, 1, "11011110........", NO_IT),
    row("svc", ALL, 1, "11011111........", LAST),
    row("b", ALL, 1, "11100...........", LAST),
    row("bkpt", ALL, 1, "10111110........", NO_IT),
    row("nop", ALL, 1, "1011111100000000", PLAIN),
    row("yield", ALL, 1, "1011111100010000", PLAIN),
    row("sev", ALL, 1, "1011111101000000", PLAIN),
    row("reserved hint", V6 | V7, 1, "1011111101110000", PLAIN),
    ruled(
        "it; movs imm8",
        MAIN,
        4,
        "10111111ccccmmmm 00100...........",
        NO_IT | PAIR,
        |f| f.of('m') != 0 && (f.of('c') < 14 || f.of('c') == 14 && f.of('m').is_power_of_two()),
    ),
    ruled(
        "it; adds reg",
        MAIN,
        3,
        "10111111ccccmmmm 0001100.........",
        NO_IT | PAIR,
        |f| f.of('m') != 0 && f.of('c') < 14,
    ),
    ruled("it of v6-M", V6, 1, "10111111ccccmmmm", NO_IT, |f| {
        f.of('m') != 0 && f.of('c') < 14
    }),
    row("undefined 1011 0110 00", V6 | V7, 1, "1011011000......", NO_IT),
    row("undefined 1011 1010 10", V6 | V7, 1, "1011101010......", NO_IT),
];
