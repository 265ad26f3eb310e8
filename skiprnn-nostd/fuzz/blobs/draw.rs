//! Blobs drawn at random: of a valid structure, close to the limits of the proofs, then with some of their fields changed to
//! what may or may not be valid, and with the right checksum in the end.

use super::read::{crc, read};

/// The largest I, H and O that is drawn.
pub const LARGEST: usize = 48;
/// Fields of the header that are drawn anew: offset and bytes. Magic, version, length and checksum are not among them.
const FIELDS: [(usize, usize); 22] = [
    (6, 2),
    (16, 1),
    (17, 1),
    (18, 1),
    (19, 1),
    (20, 2),
    (22, 2),
    (24, 2),
    (26, 2),
    (28, 4),
    (32, 4),
    (36, 8),
    (44, 1),
    (45, 1),
    (46, 1),
    (47, 1),
    (48, 1),
    (49, 1),
    (50, 1),
    (51, 1),
    (52, 4),
    (55, 1),
];
/// Numbers at which readers go wrong; as many bytes are taken as a field has.
const EXTREMES: [u64; 20] = [
    0,
    1,
    2,
    3,
    8,
    15,
    16,
    47,
    63,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0x7f80_0000,
    1 << 61,
    u64::MAX,
];
/// Texts with and without control characters; the last byte string is no UTF-8.
const TEXTS: [&[u8]; 8] = [
    b"",
    b"walk",
    b"a\nb",
    b"x\tg\n",
    b"x\tg\ny\tg\n",
    b"\x1b[2J",
    b"a\xc2\x9bb",
    b"\xff\xfe",
];

/// SplitMix64.
pub struct Noise(u64);

impl Noise {
    /// The numbers of one blob of a seed.
    pub fn new(seed: u64, index: u64) -> Self {
        let mut noise = Self(seed);
        noise.0 = noise.next().wrapping_add(index.wrapping_mul(0xd134_2543_de82_ef95));
        noise
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let a = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let b = (a ^ a >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        b ^ b >> 31
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }

    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.next() as usize % all.len()]
    }

    /// Up to `limit` in magnitude: mostly uniform, at times at an end.
    pub fn value(&mut self, limit: i64) -> i64 {
        match self.next() % 8 {
            0 => limit,
            1 => -limit,
            2 => 0,
            _ => self.between(-limit, limit),
        }
    }

    /// A raw count of a sensor.
    pub fn count(&mut self) -> i16 {
        match self.next() % 6 {
            0 => i16::MIN,
            1 => i16::MAX,
            _ => self.next() as i16,
        }
    }
}

/// A section, and what the table is to say of it.
#[derive(Debug, Clone)]
struct Section {
    kind: u16,
    layer: u16,
    bytes: Vec<u8>,
}

/// A blob before it is put together.
#[derive(Debug, Clone)]
pub struct Draft {
    header: [u8; 56],
    sections: Vec<Section>,
    /// Changes of table entries once offsets are known: entry, offset within it, bytes, value.
    table: Vec<(usize, usize, usize, u64)>,
}

fn put(bytes: &mut [u8], at: usize, width: usize, value: u64) {
    bytes[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
}

/// Numbers of `width` bytes each.
fn packed(values: impl IntoIterator<Item = i64>, width: usize) -> Vec<u8> {
    let bytes = |v: i64| v.to_le_bytes().into_iter().take(width);
    values.into_iter().flat_map(bytes).collect()
}

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// What a valid draft is drawn for.
struct Shape {
    lstm: bool,
    gated: bool,
    inputs: usize,
    hidden: usize,
    layers: usize,
    outputs: usize,
    /// As the header codes it.
    kernel: u8,
    drop: u8,
    length: u32,
}

/// The blob of this number of a seed, with the right checksum.
pub fn blob(noise: &mut Noise) -> Vec<u8> {
    let mut draft = Draft::valid(noise);
    if noise.one_in(3) {
        draft.fill_to_the_edge(noise);
    }
    for _ in 0..noise.of(&[0, 0, 0, 1, 1, 1, 2, 3]) {
        draft.mutate(noise);
    }
    draft.bytes()
}

impl Draft {
    /// A draft that is valid, but for accumulators that may be too large.
    fn valid(noise: &mut Noise) -> Self {
        let kernel = noise.of(&[1, 2, 3]);
        let largest = if noise.one_in(16) { LARGEST as i64 } else { 10 };
        let shape = Shape {
            lstm: noise.one_in(2),
            gated: !noise.one_in(4),
            inputs: noise.between(1, 6) as usize,
            hidden: noise.between(1, largest) as usize,
            layers: noise.of(&[1, 1, 2, 3]),
            outputs: noise.between(1, 4) as usize,
            kernel,
            drop: if kernel == 2 { noise.between(1, 8) as u8 } else { 0 },
            length: noise.of(&[0, 1, 8, 100, u32::MAX]),
        };
        let mut draft = Self {
            header: [0; 56],
            sections: Vec::new(),
            table: Vec::new(),
        };
        draft.set_header(noise, &shape);
        draft.add_texts_and_records(noise, &shape);
        for k in 0..shape.layers {
            draft.add_layer(noise, &shape, k);
        }
        draft
    }

    fn set_header(&mut self, noise: &mut Noise, shape: &Shape) {
        self.header[..4].copy_from_slice(b"SRNN");
        let max_skip = match noise.next() % 3 {
            0 if shape.length != 0 => u32::MAX.into(),
            1 => 0,
            _ => noise.next() % 1000,
        };
        let gain = noise.between(0, shape.drop.into()) as u64;
        for (at, width, value) in [
            (4, 2, 1),
            (16, 1, u64::from(!shape.lstm)),
            (17, 1, shape.gated.into()),
            (18, 1, noise.next() % 3),
            (19, 1, noise.next() % 2),
            (20, 2, shape.inputs as u64),
            (22, 2, shape.hidden as u64),
            (24, 2, shape.layers as u64),
            (26, 2, shape.outputs as u64),
            (28, 4, shape.length.into()),
            (32, 4, max_skip),
            (36, 8, noise.of(&[0, 1, 20_000_000, u64::MAX])),
            (44, 1, noise.between(8, 15) as u64),
            (45, 1, noise.between(13, 15) as u64),
            (46, 1, shape.drop.into()),
            (47, 1, shape.kernel.into()),
            (48, 1, noise.between(16, 47) as u64),
            (49, 1, gain),
            (52, 4, 1.0f32.to_bits().into()),
        ] {
            put(&mut self.header, at, width, value);
        }
    }

    fn add(&mut self, kind: u16, layer: usize, bytes: Vec<u8>) {
        self.sections.push(Section {
            kind,
            layer: layer as u16,
            bytes,
        });
    }

    fn add_texts_and_records(&mut self, noise: &mut Noise, shape: &Shape) {
        self.add(1, 0, b"drawn".to_vec());
        let names = vec!["class"; if noise.one_in(2) { shape.outputs } else { 0 }];
        self.add(2, 0, names.join("\n").into_bytes());
        let mut channels = Vec::new();
        for _ in 0..shape.inputs {
            // Half of them hand counts on as they are, so that x reaches its ends.
            let shift = if noise.one_in(2) { 30 } else { noise.between(1, 62) };
            let (multiplier, offset) = match shift {
                30 => (1 << 30, 0),
                _ => (noise.value((1 << 31) - 1).abs(), noise.value((1 << 61) - 1)),
            };
            channels.extend(1.0f32.to_le_bytes());
            channels.extend(packed([multiplier], 4));
            channels.extend(packed([offset], 8));
            channels.extend(packed([shift], 4));
        }
        self.add(3, 0, channels);
        self.add(4, 0, "x\tg\n".repeat(shape.inputs).into_bytes());
        let below = noise.one_in(2).then(|| -noise.between(1, 1 << 20));
        let above = noise.one_in(2).then(|| noise.between(1, 1 << 20));
        let mut dial = Vec::new();
        for point in below.into_iter().chain([0]).chain(above) {
            let updates = if shape.length == 1 {
                1.0
            } else {
                1.0 + noise.between(0, 6) as f32
            };
            dial.extend(packed([point], 4));
            dial.extend(updates.to_le_bytes());
            dial.extend(f32::NAN.to_le_bytes());
        }
        self.add(5, 0, dial);
        if shape.gated {
            let fraction = u32::from(self.header[48]);
            let weights = (0..shape.hidden).map(|_| noise.value(32_767)).collect::<Vec<_>>();
            let mut gate = padded(packed(weights, 2));
            let limit = (20 << fraction).min((1 << 61) - 1);
            gate.extend(packed([noise.value(limit)], 8));
            self.add(6, 0, gate);
        }
        let limit = (1 << 30) / (shape.hidden as i64 * 32_768);
        let limit = if noise.one_in(8) { 32_767 } else { limit };
        let weights = (0..shape.outputs * shape.hidden).map(|_| noise.value(limit.min(32_767)));
        let mut head = padded(packed(weights.collect::<Vec<_>>(), 2));
        head.extend(packed((0..shape.outputs).map(|_| noise.value(1 << 29)), 4));
        self.add(7, 0, head);
    }

    fn add_layer(&mut self, noise: &mut Noise, shape: &Shape, k: usize) {
        let (rows, hidden) = (if shape.lstm { 4 } else { 3 }, shape.hidden);
        let columns = if k == 0 { shape.inputs } else { hidden };
        let wide = noise.one_in(2);
        let ih = blocks(noise, if wide { 3 } else { 1 }, rows, columns, hidden, 0);
        self.add(if wide { 17 } else { 16 }, k, ih);
        let hh = blocks(noise, shape.kernel, rows, hidden, hidden, shape.drop);
        self.add(18, k, hh);
        let mut units = Vec::new();
        for _ in 0..hidden {
            let limit = noise.of(&[1 << 16, 1 << 24, 1 << 29]);
            units.extend(packed((0..4).map(|_| noise.value(limit)), 4));
            let limit = noise.of(&[1 << 12, 1 << 20, (1 << 31) - 1]);
            units.extend(packed((0..4).map(|_| noise.value(limit).abs()), 4));
        }
        self.add(20, k, units);
        let limit = noise.of(&[100, 8192, 32_767]);
        let h0 = (0..hidden).map(|_| if noise.one_in(16) { -32_768 } else { noise.value(limit) });
        let h0 = h0.collect::<Vec<_>>();
        self.add(21, k, packed(h0, 2));
        if shape.lstm {
            let c0 = (0..hidden).map(|_| noise.value((1 << 30) - 1));
            self.add(22, k, packed(c0, 4));
        }
    }

    /// The bytes, with the right length and checksum.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.header.to_vec();
        let mut offset = 56 + 12 * self.sections.len();
        for section in &self.sections {
            bytes.extend(section.kind.to_le_bytes());
            bytes.extend(section.layer.to_le_bytes());
            bytes.extend((offset as u32).to_le_bytes());
            bytes.extend((section.bytes.len() as u32).to_le_bytes());
            offset += section.bytes.len().next_multiple_of(4);
        }
        for section in &self.sections {
            bytes.extend(padded(section.bytes.clone()));
        }
        if self.header[6..8] == [0; 2] {
            put(&mut bytes, 6, 2, self.sections.len() as u64);
        }
        for (entry, at, width, value) in &self.table {
            put(
                &mut bytes,
                56 + 12 * (entry % self.sections.len().max(1)) + at,
                *width,
                *value,
            );
        }
        let length = bytes.len() as u64;
        put(&mut bytes, 8, 4, length);
        let crc = crc(&bytes);
        put(&mut bytes, 12, 4, crc.into());
        bytes
    }

    /// Gives accumulators the largest bias that is still proven, or one more, with the sign of their products where h is h0 and
    /// the sample is that of [`fullest`].
    fn fill_to_the_edge(&mut self, noise: &mut Noise) {
        let Ok(network) = read(&self.bytes()) else {
            return;
        };
        let beyond = i64::from(noise.one_in(12));
        for k in 0..network.layers.len() {
            let bounds = network.bounds(k);
            let Some(units) = self
                .sections
                .iter_mut()
                .find(|s| s.kind == 20 && usize::from(s.layer) == k)
            else {
                return;
            };
            for (index, bound) in bounds.iter().enumerate() {
                let products = bound.all - network.layers[k].bias[index].abs();
                let most = i64::from(i32::MAX) - products as i64 + beyond;
                if most > 0 && noise.one_in(2) {
                    let bias = if noise.one_in(2) { most } else { -most };
                    put(&mut units.bytes, 32 * (index / 4) + 4 * (index % 4), 4, bias as u64);
                }
            }
        }
    }

    fn mutate(&mut self, noise: &mut Noise) {
        let section = noise.next() as usize % self.sections.len().max(1);
        match noise.next() % 12 {
            0..3 => {
                let (at, width) = noise.of(&FIELDS);
                let value = match noise.one_in(4) {
                    true => noise.next(),
                    false => noise.of(&EXTREMES),
                };
                put(&mut self.header, at, width, value);
            }
            3 => {
                // One more or one less than what is there.
                let (at, width) = noise.of(&FIELDS);
                let mut old = [0; 8];
                old[..width].copy_from_slice(&self.header[at..at + width]);
                let by = noise.of(&[1, u64::MAX]);
                put(&mut self.header, at, width, u64::from_le_bytes(old).wrapping_add(by));
            }
            4 => {
                let (at, width) = noise.of(&[(0, 2), (2, 2), (4, 4), (8, 4)]);
                let value = noise.of(&EXTREMES);
                self.table.push((section, at, width, value));
            }
            _ if self.sections.is_empty() => (),
            5 => drop(self.sections.remove(section)),
            6 => {
                let mut again = self.sections[section].clone();
                again.kind = noise.of(&[again.kind, 0, 6, 8, 16, 17, 19, 22, 23, 0xffff]);
                self.sections.push(again);
            }
            7 => {
                let bytes = &mut self.sections[section].bytes;
                let length = (bytes.len() as i64 + noise.of(&[-4, -2, -1, 1, 2, 4, 12])).max(0);
                bytes.resize(length as usize, 0);
            }
            8 => {
                let kind = noise.of(&[1, 2, 4]);
                let text = noise.of(&TEXTS).to_vec();
                for section in self.sections.iter_mut().filter(|s| s.kind == kind) {
                    section.bytes.clone_from(&text);
                }
            }
            _ => {
                // A number of a section.
                let bytes = &mut self.sections[section].bytes;
                let width = noise.of(&[1, 2, 4, 8]);
                if bytes.len() >= width {
                    let at = noise.next() as usize % (bytes.len() / width) * width;
                    put(bytes, at, width, noise.of(&EXTREMES));
                }
            }
        }
    }
}

/// A matrix in blocks whose rows are proven more often than not: the largest weight is chosen by the number of columns.
fn blocks(noise: &mut Noise, layout: u8, rows: usize, columns: usize, hidden: usize, drop: u8) -> Vec<u8> {
    let reach = |sum: i64| (sum / columns as i64).max(1);
    let limit = match layout {
        // The row's sum times 2^15 is to stay below 2^30.
        3 => reach(noise.of(&[1 << 14, 1 << 15, 1 << 16])).min(32_767),
        // Half of the weights' mean magnitude, times the narrowed h.
        2 => reach(2 * ((1 << 23) / (32_768 >> drop))).min(127),
        _ => 127,
    };
    let wide = if layout == 3 { 2 } else { 4 };
    let groups = columns.div_ceil(wide);
    let mut bytes = Vec::new();
    for _ in 0..hidden {
        for group in 0..groups {
            let mut weights = vec![vec![0; wide]; rows];
            for row in &mut weights {
                for (k, weight) in row.iter_mut().enumerate() {
                    if group * wide + k < columns {
                        *weight = if noise.one_in(64) {
                            -limit - 1
                        } else {
                            noise.value(limit)
                        };
                    }
                }
            }
            bytes.extend(group_of(&weights, layout));
        }
    }
    bytes
}

/// One group as the page lays it out.
fn group_of(weights: &[Vec<i64>], layout: u8) -> Vec<u8> {
    let narrow = |row: &Vec<i64>| [0, 2, 1, 3].map(|k| row[k] as u8).to_vec();
    match layout {
        3 => weights.iter().flat_map(|row| packed(row.iter().copied(), 2)).collect(),
        2 => {
            let (pairs, third) = weights.as_chunks::<2>();
            let word = |columns: [usize; 2]| {
                let halves = move |[even, odd]: &[Vec<i64>; 2]| columns.map(|k| 256 * odd[k] + even[k]);
                pairs.iter().flat_map(move |pair| packed(halves(pair), 2))
            };
            let planes = word([0, 1]).chain(word([2, 3]));
            planes.chain(third.iter().flat_map(narrow)).collect()
        }
        _ => weights.iter().flat_map(narrow).collect(),
    }
}
