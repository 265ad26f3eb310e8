//! What a vector starts from: encodings and state, drawn from the seed. `README.md` says in which order.

use super::{
    crc::Crc,
    random::Random,
    templates::{self, ALIGNED, FPSCR, HALF, LAST, MEMORY, NO_IT, PAIR, PRIORITY, ROUNDING, TARGET, Template},
};

/// Memory that is read and run, not written: from address 0.
pub const CODE_BYTES: usize = 0x20_0000;
/// Where the first vector's encoding stands.
pub const CODE_START: u32 = 0x1000;
/// Bytes of code memory of each vector: its encodings, and random ones behind.
pub const SLOT_BYTES: u32 = 16;
/// The first byte of the window of RAM.
pub const WINDOW: u32 = 0x2000_0000;
/// Bytes of the window.
pub const WINDOW_BYTES: usize = 0x1000;
/// The vector table stands at 0: the stack pointer is the window's end, every handler is here.
pub const HANDLER: u32 = 0x800;
/// An instruction CLREX stands here, which what makes the vectors runs before those that claim an address.
pub const CLREX: u32 = 0x900;

/// The bits of FPSCR that are not reserved.
const FPSCR_BITS: u32 = 0xf7c0_009f;

/// What vectors are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Architecture {
    /// Armv6-M, such as the Cortex-M0.
    V6M = 0x60,
    /// Armv7-M, such as the Cortex-M3.
    V7M = 0x70,
    /// Armv7E-M with FPv4 in single precision, such as the Cortex-M4F.
    V7EM = 0x7e,
    /// Armv8-M with the Main Extension, DSP and FPv5 in single precision, such as the Cortex-M33.
    V8M = 0x80,
}

impl Architecture {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::V6M, Self::V7M, Self::V7EM, Self::V8M];

    /// From the number that a file holds.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|architecture| *architecture as u16 == number)
    }

    /// The name of its file, without the ending.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V6M => "v6-m",
            Self::V7M => "v7-m",
            Self::V7EM => "v7e-m",
            Self::V8M => "v8-m",
        }
    }

    /// Whether floating-point registers belong to the state.
    #[must_use]
    pub const fn has_fp(self) -> bool {
        matches!(self, Self::V7EM | Self::V8M)
    }

    /// The bits of APSR that there are: N, Z, C, V, with the Main Extension Q, with DSP GE.
    #[must_use]
    pub const fn flags(self) -> u32 {
        match self {
            Self::V6M => 0xf000_0000,
            Self::V7M => 0xf800_0000,
            Self::V7EM | Self::V8M => 0xf80f_0000,
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::V6M => templates::V6,
            Self::V7M => templates::V7,
            Self::V7EM => templates::V7E,
            Self::V8M => templates::V8,
        }
    }

    /// The templates in the order in which they are drawn, each as often as it weighs.
    #[must_use]
    pub fn order(self) -> Vec<&'static Template> {
        let rows = templates::all().filter(|row| row.on & self.bit() != 0);
        rows.flat_map(|row| std::iter::repeat_n(row, usize::from(row.weight)))
            .collect()
    }
}

/// One vector before it runs.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its number.
    pub index: u32,
    /// What it was drawn from.
    pub template: &'static Template,
    /// The encodings, and the rest of its code memory.
    pub code: [u16; SLOT_BYTES as usize / 2],
    /// How many halfwords of it are encodings.
    pub halfwords: usize,
    /// How many instructions run.
    pub steps: u32,
    /// R0 to R14; R13 is the main stack pointer.
    pub r: [u32; 15],
    /// Where the encoding stands.
    pub pc: u32,
    /// N, Z, C, V, Q in bits 31 to 27, GE in bits 19 to 16.
    pub apsr: u32,
    /// ITSTATE[7:0]; 0 outside of a block.
    pub it: u8,
    /// S0 to S31.
    pub s: [u32; 32],
    /// FPSCR.
    pub fpscr: u32,
}

/// The process stack pointer of every vector.
pub const PSP: u32 = 0x2000_0080;

/// The address of a vector's encoding.
#[must_use]
pub const fn address(index: u32) -> u32 {
    CODE_START + SLOT_BYTES * index
}

/// What the window holds before each vector: random bytes, the top byte of a word never 0xfe or 0xff.
#[must_use]
pub fn window(seed: u64) -> Vec<u8> {
    let mut random = Random::of(seed);
    (0..WINDOW_BYTES / 4)
        .flat_map(|_| (random.word() & 0xefff_ffff).to_le_bytes())
        .collect()
}

/// The code memory that holds these vectors.
#[must_use]
pub fn code_memory(cases: &[Case]) -> Vec<u8> {
    let mut bytes = vec![0; CODE_BYTES];
    for (entry, word) in bytes.chunks_mut(4).take(256).enumerate() {
        let value = if entry == 0 {
            WINDOW + WINDOW_BYTES as u32
        } else {
            HANDLER | 1
        };
        word.copy_from_slice(&value.to_le_bytes());
    }
    bytes[CLREX as usize..][..4].copy_from_slice(&[0xbf, 0xf3, 0x2f, 0x8f]);
    for case in cases {
        let slot = bytes[case.pc as usize..].iter_mut();
        for (byte, value) in slot.zip(case.code.iter().flat_map(|halfword| halfword.to_le_bytes())) {
            *byte = value;
        }
    }
    bytes
}

/// A value of a general register.
fn general(random: &mut Random) -> u32 {
    const EDGES: [u32; 8] = [0, 1, !0, 0x8000_0000, 0x7fff_ffff, 0x8000, 0xffff, 0x7fff_8000];
    let y = random.word();
    match random.below(8) {
        0 => EDGES[y as usize % 8],
        1 => y & 31,
        2 => y & 0x00ff_00ff,
        3 => WINDOW | y & 0xffc,
        _ => y,
    }
}

/// A value of a floating-point register: zeros, infinities, both kinds of NaN, subnormal numbers, integers, values whose
/// products or sums leave the range, and any bits. With `edges` it is one of sixteen, so that infinities, zeros and NaNs meet.
fn single(random: &mut Random, edges: bool) -> u32 {
    const EDGES: [u32; 16] = [
        0,
        0x8000_0000,
        0x3f80_0000,
        0xbf80_0000,
        0x7f80_0000,
        0xff80_0000,
        0x7fc0_0000,
        0x7f80_0001,
        0xffc1_2345,
        0xffa0_0001,
        1,
        0x807f_ffff,
        0x0080_0000,
        0x7f7f_ffff,
        0x4f00_0000,
        0x3fc0_0000,
    ];
    let y = random.word();
    match random.below(11) {
        _ if edges => EDGES[y as usize % 16],
        0 | 1 => EDGES[y as usize % 16],
        8 => y & 0x877f_ffff,
        9 => y | 0x7000_0000,
        10 => y & 0x80ff_ffff | 0x1f80_0000,
        2 => y & 0x807f_ffff | (y >> 3 & 1) << 23,
        3 | 4 => (((y & 0xff_ffff) as f32 - 8_388_608.0) / 4096.0).to_bits(),
        5 => ((y as i32 >> (y & 31)) as f32).to_bits(),
        6 => 0x3f80_0000 | y & 0x80ff_ffff,
        _ => y,
    }
}

/// Keeps a value away from addresses that mean something of their own: bit-band and its aliases, the system space, and the
/// values that return from exceptions.
fn tame(value: u32) -> u32 {
    match value >> 24 {
        0x21..=0x23 | 0x41..=0x43 | 0xdf..=0xe1 | 0xfe => value ^ 0x1800_0000,
        _ => value,
    }
}

fn registers(random: &mut Random, template: &Template, fields: &templates::Fields) -> [u32; 15] {
    let has = |flag| template.flags & flag != 0;
    let mut r = [0; 15];
    for value in &mut r {
        *value = tame(general(random));
    }
    let (y, z, odd) = (random.word(), random.word(), random.below(8));
    if has(MEMORY) {
        let index = fields.register('m').filter(|m| *m < 15);
        let base = fields.register('n').map(|n| n & 15).filter(|n| *n < 15);
        if let Some(m) = index {
            r[m] = if odd < 6 { z & 0xff } else { z & 0xfff };
        }
        if let Some(n) = base {
            r[n] = WINDOW | if z >> 29 == 0 { y & 0xfff } else { y & 0xffc };
        }
        if let Some(n) = base.filter(|_| base == index) {
            // Base and index in one: the sum lies in the window, and aligned wherever else a shift puts it.
            r[n] = (WINDOW / 2) | y & 0x7fc;
        }
    }
    if has(TARGET)
        && let Some(m) = fields.register('m')
    {
        r[m] = r[m] & 0x1fff_fffe | u32::from(odd != 0);
    }
    let mask = match () {
        () if has(ALIGNED) => !3,
        () if has(FPSCR) => FPSCR_BITS,
        () if has(PRIORITY) => 0xe0,
        () => !0,
    };
    for value in &mut r {
        *value &= mask;
    }
    r[13] = WINDOW + 0x400 + (random.word() & 0xbfc);
    r
}

fn fpscr(random: &mut Random, template: &Template) -> u32 {
    let y = random.word();
    let mode = random.below(32);
    let mut value = y & 0xf000_0000 | if mode & 1 == 0 { y & 0x9f } else { 0 };
    value |= if mode & 2 == 0 && template.flags & HALF != 0 {
        1 << 26
    } else {
        0
    };
    value |= if mode & 0xc == 4 { 1 << 25 } else { 0 };
    value |= if mode & 0xc == 8 { 1 << 24 } else { 0 };
    value
        | if template.flags & ROUNDING != 0 {
            y & 0x00c0_0000
        } else {
            0
        }
}

impl Case {
    /// Draws a vector. `order` is [`Architecture::order`].
    #[must_use]
    pub fn draw(architecture: Architecture, seed: u64, order: &[&'static Template], index: u32) -> Self {
        let number = seed
            .wrapping_add(u64::from(architecture as u16) << 48)
            .wrapping_add(u64::from(index) + 1);
        let mut random = Random::of(number);
        let template = order[index as usize % order.len()];
        let (encodings, fields) = loop {
            if let Some(filled) = template.fill(random.next()) {
                break filled;
            }
        };
        let mut code = [0; SLOT_BYTES as usize / 2];
        for halfword in &mut code {
            *halfword = random.word() as u16;
        }
        code[..encodings.len()].copy_from_slice(&encodings);
        let y = random.word();
        let may = architecture != Architecture::V6M && template.flags & NO_IT == 0;
        let mask = if template.flags & LAST != 0 {
            8
        } else {
            (y >> 8 & 15).max(1) as u8
        };
        let it = if may && y & 3 == 0 {
            ((y >> 16) % 14) as u8 * 16 + mask
        } else {
            0
        };
        let r = registers(&mut random, template, &fields);
        let apsr = random.word() & architecture.flags();
        let (mut s, mut control) = ([0; 32], 0);
        if architecture.has_fp() {
            let edges = random.below(4) == 0;
            for value in &mut s {
                *value = single(&mut random, edges);
            }
            control = fpscr(&mut random, template);
        }
        Self {
            index,
            template,
            code,
            halfwords: encodings.len(),
            steps: if template.flags & PAIR != 0 { 2 } else { 1 },
            r,
            pc: address(index),
            apsr,
            it,
            s,
            fpscr: control,
        }
    }

    /// Puts all inputs into a checksum.
    fn add_to(&self, crc: &mut Crc) {
        for halfword in self.code {
            crc.bytes(&halfword.to_le_bytes());
        }
        for word in self
            .r
            .iter()
            .chain([&self.apsr, &u32::from(self.it), &self.steps])
            .chain(&self.s)
            .chain([&self.fpscr])
        {
            crc.word(*word);
        }
    }
}

/// All vectors of an architecture.
#[must_use]
pub fn draw_all(architecture: Architecture, seed: u64, count: u32) -> Vec<Case> {
    let order = architecture.order();
    (0..count)
        .map(|index| Case::draw(architecture, seed, &order, index))
        .collect()
}

/// The checksum of the inputs of all vectors, by which a file knows that the generator still draws what it was made for.
#[must_use]
pub fn inputs_crc(architecture: Architecture, seed: u64, count: u32) -> u32 {
    let mut crc = Crc::new();
    crc.bytes(&window(seed));
    for case in draw_all(architecture, seed, count) {
        case.add_to(&mut crc);
    }
    crc.value()
}
