//! Changes to the bytes of a file, drawn from a seed.

/// Numbers that a reader may choke on, as text.
const EXTREMES: [&str; 18] = [
    "0",
    "-1",
    "-0",
    "1e308",
    "-1e308",
    "1e-308",
    "1e400",
    "NaN",
    "inf",
    "-inf",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "99999999999999999999999999",
    "1e18",
    "0.0000000000001",
    "",
];

/// Numbers of 1, 2, 4 or 8 bytes that a reader may choke on.
const BYTES: [[u8; 8]; 6] = [
    [0xff; 8],
    [0; 8],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    [0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f],
    [0, 0, 0, 0x80, 0, 0, 0, 0x80],
    [0, 0, 0xc0, 0x7f, 0, 0, 0xf8, 0x7f],
];

/// Pieces of text and bytes that have a meaning somewhere.
const PIECES: [&[u8]; 10] = [
    b"\x1b[31m",
    b"\0",
    b"\xff\xfe",
    b"\n",
    b",",
    b"\"",
    b"[[[[[[[[",
    b"=",
    b"\r",
    b"../",
];

/// Random numbers of a seed (Marsaglia, Xorshift RNGs, 2003).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end.max(1)
    }

    fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// One to three changes.
pub fn mutated(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(3) {
        change(&mut bytes, random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    let end = (at + 1 + random.below(40)).min(bytes.len());
    match random.below(9) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
        1 => bytes.truncate(at),
        2 if !bytes.is_empty() => {
            let piece = bytes[at..end].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, piece);
        }
        3 if !bytes.is_empty() => drop(bytes.drain(at..end)),
        4 => drop(bytes.splice(at..at, random.one_of(&PIECES).iter().copied())),
        5 => {
            let width = *random.one_of(&[1, 2, 4, 8]);
            let number = &random.one_of(&BYTES)[8 - width..];
            let place = bytes.iter_mut().skip(at / width * width);
            place.zip(number).for_each(|(byte, new)| *byte = *new);
        }
        // Text is made of numbers more than of anything else.
        _ => number(bytes, random),
    }
}

/// Puts another number in the place of one that is written as text.
fn number(bytes: &mut Vec<u8>, random: &mut Random) {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let starts: Vec<usize> = (0..bytes.len())
        .filter(|k| bytes[*k].is_ascii_digit() && (*k == 0 || !is_digit(&bytes[*k - 1])))
        .collect();
    if starts.is_empty() {
        return;
    }
    let start = *random.one_of(&starts);
    let length = bytes[start..].iter().take_while(|byte| is_digit(byte)).count();
    bytes.splice(start..start + length, random.one_of(&EXTREMES).bytes());
}
