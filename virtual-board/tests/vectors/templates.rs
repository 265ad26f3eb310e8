//! The instructions that vectors are drawn from: one row an encoding, as a pattern of bits.
//!
//! A pattern is a string of 16 or 32 (or, for two instructions, more) characters, first halfword first: `0` and `1` stand
//! for themselves, `.` for a free bit, a letter for a free bit of the field of that name. Blanks separate.
//!
//! A field of four bits named d, n, m, t, a, x, l or h is a register that may be neither SP nor PC; named D, N, M or T one
//! that may not be PC. A row's rule says what else is UNPREDICTABLE; a draw that breaks it is drawn again. Together these are
//! the rule by which UNPREDICTABLE encodings are left out.

mod dsp;
mod float;
mod narrow;
mod wide;

/// Armv6-M.
pub const V6: u8 = 1;
/// Armv7-M.
pub const V7: u8 = 2;
/// Armv7E-M with single-precision floating point.
pub const V7E: u8 = 4;
/// Armv8-M with the Main Extension, DSP and single-precision floating point.
pub const V8: u8 = 8;
/// All of them.
pub const ALL: u8 = 15;
/// Those with Thumb-2.
pub const MAIN: u8 = V7 | V7E | V8;
/// Those with the DSP extension and floating point.
pub const RICH: u8 = V7E | V8;

/// Nothing special.
pub const PLAIN: u16 = 0;
/// Field n is the base of an access, field m its index: they are drawn so that most accesses hit the window.
pub const MEMORY: u16 = 1;
/// May not stand in an IT block.
pub const NO_IT: u16 = 2;
/// Writes PC: within an IT block it stands last.
pub const LAST: u16 = 4;
/// Registers hold multiples of 4, since one of them goes to SP or is the address of a word that goes to PC.
pub const ALIGNED: u16 = 8;
/// Registers hold nothing but bits that FPSCR has.
pub const FPSCR: u16 = 16;
/// Registers hold nothing but bits that BASEPRI has with three bits of priority.
pub const PRIORITY: u16 = 32;
/// FPSCR.RMode may be any.
pub const ROUNDING: u16 = 64;
/// Field m (M) is a target to branch to, odd seven times in eight.
pub const TARGET: u16 = 128;
/// Two instructions that run one after the other.
pub const PAIR: u16 = 256;
/// FPSCR.AHP may be set.
pub const HALF: u16 = 512;

/// One encoding.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    /// The mnemonic, with what tells it from other encodings of it.
    pub name: &'static str,
    /// Which architectures it is drawn for.
    pub on: u8,
    /// How often it is drawn, as a multiple.
    pub weight: u16,
    /// Its pattern.
    pub bits: &'static str,
    /// What to heed when its inputs are drawn.
    pub flags: u16,
    /// Whether fields are as the manual wants them.
    pub rule: fn(&Fields) -> bool,
}

/// A row without a rule of its own.
const fn row(name: &'static str, on: u8, weight: u16, bits: &'static str, flags: u16) -> Template {
    ruled(name, on, weight, bits, flags, |_| true)
}

/// A row with a rule.
const fn ruled(
    name: &'static str,
    on: u8,
    weight: u16,
    bits: &'static str,
    flags: u16,
    rule: fn(&Fields) -> bool,
) -> Template {
    Template {
        name,
        on,
        weight,
        bits,
        flags,
        rule,
    }
}

/// The fields of a drawn encoding.
#[derive(Debug, Clone)]
pub struct Fields {
    values: [u32; 128],
    widths: [u8; 128],
}

impl Fields {
    /// The value of a field; 0 of one that the pattern does not have.
    #[must_use]
    pub fn of(&self, name: char) -> u32 {
        self.values[name as usize & 127]
    }

    /// A register field, in either spelling.
    #[must_use]
    pub fn register(&self, name: char) -> Option<usize> {
        [name, name.to_ascii_uppercase()]
            .into_iter()
            .find(|name| self.widths[*name as usize & 127] != 0)
            .map(|name| self.of(name) as usize)
    }

    fn registers_are_allowed(&self) -> bool {
        let four = |name: &u8| self.widths[*name as usize] == 4;
        let value = |name: u8| self.values[name as usize];
        b"dnmtaxlh"
            .iter()
            .filter(|name| four(name))
            .all(|name| !matches!(value(*name), 13 | 15))
            && b"DNMT".iter().filter(|name| four(name)).all(|name| value(*name) != 15)
    }
}

impl Template {
    /// Fills the pattern with bits, lowest first from its end; none where the encoding is UNPREDICTABLE.
    #[must_use]
    pub fn fill(&self, mut bits: u64) -> Option<(Vec<u16>, Fields)> {
        let (mut values, mut widths, mut code) = ([0; 128], [0; 128], 0u64);
        let mut at = 0;
        for letter in self.bits.bytes().rev().filter(|letter| *letter != b' ') {
            let bit = match letter {
                b'0' => 0,
                b'1' => 1,
                _ => {
                    let bit = bits & 1;
                    bits >>= 1;
                    let letter = usize::from(letter & 127);
                    values[letter] |= (bit as u32) << widths[letter];
                    widths[letter] += 1;
                    bit
                }
            };
            code |= bit << at;
            at += 1;
        }
        let fields = Fields { values, widths };
        let halfwords = (0..at / 16).rev().map(|index| (code >> (16 * index)) as u16).collect();
        (fields.registers_are_allowed() && (self.rule)(&fields)).then_some((halfwords, fields))
    }
}

/// Every row.
pub fn all() -> impl Iterator<Item = &'static Template> {
    [
        narrow::ROWS,
        wide::DATA,
        wide::MEMORY_ROWS,
        wide::CONTROL,
        dsp::ROWS,
        float::ROWS,
    ]
    .into_iter()
    .flatten()
}
