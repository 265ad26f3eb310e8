//! The format's page as a reader: what a blob says, or why it is none.

use std::sync::LazyLock;

/// Why these bytes are no blob, in a word or two by which refusals are counted.
pub type Refusal = &'static str;

/// A network as the page describes it.
#[derive(Debug, Clone)]
pub struct Network {
    pub lstm: bool,
    pub inputs: usize,
    pub hidden: usize,
    pub outputs: usize,
    pub sequence_length: i128,
    pub max_skip: i128,
    pub h_fraction: u32,
    pub h_drop: u32,
    pub hh_gain: u32,
    pub planes: bool,
    pub layers: Vec<Layer>,
    pub gate: Option<Gate>,
    /// (O) rows of (H).
    pub head: Vec<Vec<i128>>,
    pub head_bias: Vec<i128>,
    pub channels: Vec<Channel>,
    /// Dials, rising.
    pub dials: Vec<i32>,
}

/// One layer: rows unit by unit, G of them a unit; biases and multipliers 4 a unit.
#[derive(Debug, Clone)]
pub struct Layer {
    pub weight_ih: Vec<Vec<i128>>,
    pub weight_hh: Vec<Vec<i128>>,
    pub bias: Vec<i128>,
    pub multiplier: Vec<i128>,
    pub h0: Vec<i128>,
    pub c0: Vec<i128>,
}

/// Equation (4).
#[derive(Debug, Clone)]
pub struct Gate {
    pub weight: Vec<i128>,
    pub bias: i128,
    pub fraction: u32,
}

/// From counts to x.
#[derive(Debug, Clone)]
pub struct Channel {
    pub multiplier: i128,
    pub offset: i128,
    pub shift: u32,
}

/// Little-endian numbers of a piece of the blob.
#[derive(Clone, Copy)]
struct Piece<'a>(&'a [u8]);

impl<'a> Piece<'a> {
    fn unsigned(self, at: usize, bytes: usize) -> i128 {
        let of = |sum: i128, byte: &u8| sum << 8 | i128::from(*byte);
        self.0[at..at + bytes].iter().rev().fold(0, of)
    }

    fn signed(self, at: usize, bytes: usize) -> i128 {
        let value = self.unsigned(at, bytes);
        let bits = 8 * bytes as u32;
        if value >> (bits - 1) == 1 {
            value - (1 << bits)
        } else {
            value
        }
    }

    fn float(self, at: usize) -> f32 {
        f32::from_bits(self.unsigned(at, 4) as u32)
    }

    /// All of it as signed numbers of so many bytes.
    fn all(self, bytes: usize) -> Vec<i128> {
        (0..self.0.len() / bytes)
            .map(|k| self.signed(k * bytes, bytes))
            .collect()
    }

    fn of_length(self, length: usize) -> Result<Piece<'a>, Refusal> {
        require(self.0.len() == length, "section length").map(|()| self)
    }
}

fn require(good: bool, refusal: Refusal) -> Result<(), Refusal> {
    if good { Ok(()) } else { Err(refusal) }
}

static CRC_TABLE: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let bit = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    (0..256).map(|byte| (0..8).fold(byte, bit)).collect()
});

/// CRC-32/ISO-HDLC of a blob: of all its bytes but those four that hold it.
pub fn crc(blob: &[u8]) -> u32 {
    let covered = blob.iter().take(12).chain(blob.iter().skip(16));
    !covered.fold(!0, |crc, byte| CRC_TABLE[(crc as u8 ^ byte) as usize] ^ crc >> 8)
}

/// The blob at the start of `bytes`.
pub fn read(bytes: &[u8]) -> Result<Network, Refusal> {
    require(bytes.len() >= 56, "truncated")?;
    let whole = Piece(bytes);
    require(bytes[..4] == *b"SRNN", "magic")?;
    require(whole.unsigned(4, 2) == 1, "version")?;
    let length = whole.unsigned(8, 4) as usize;
    require((56..=bytes.len()).contains(&length), "length")?;
    let blob = Piece(&bytes[..length]);
    require(i128::from(crc(blob.0)) == blob.unsigned(12, 4), "crc")?;
    Reader::new(blob)?.network()
}

/// The blob with its section table.
struct Reader<'a> {
    header: Piece<'a>,
    /// (kind, layer, bytes).
    sections: Vec<(usize, usize, Piece<'a>)>,
}

impl<'a> Reader<'a> {
    fn new(blob: Piece<'a>) -> Result<Self, Refusal> {
        let count = blob.unsigned(6, 2) as usize;
        require(count <= 27 && 56 + 12 * count <= blob.0.len(), "section table")?;
        let mut sections: Vec<(usize, usize, Piece<'a>)> = Vec::new();
        for at in (0..count).map(|k| 56 + 12 * k) {
            let [kind, layer] = [at, at + 2].map(|at| blob.unsigned(at, 2) as usize);
            let [offset, length] = [at + 4, at + 8].map(|at| blob.unsigned(at, 4) as usize);
            require(offset.is_multiple_of(4), "section offset")?;
            let bytes = blob.0.get(offset..offset + length).ok_or("section offset")?;
            let twice = sections.iter().any(|(k, l, _)| (*k, *l) == (kind, layer));
            require(!twice, "section twice")?;
            sections.push((kind, layer, Piece(bytes)));
        }
        Ok(Self { header: blob, sections })
    }

    fn find(&self, kind: usize, layer: usize) -> Option<Piece<'a>> {
        let found = self.sections.iter().find(|(k, l, _)| (*k, *l) == (kind, layer));
        found.map(|(_, _, bytes)| *bytes)
    }

    fn section(&self, kind: usize, layer: usize) -> Result<Piece<'a>, Refusal> {
        self.find(kind, layer).ok_or("section missing")
    }

    fn byte(&self, at: usize) -> u32 {
        u32::from(self.header.0[at])
    }

    fn network(&self) -> Result<Network, Refusal> {
        let size = |at| self.header.unsigned(at, 2) as usize;
        let [inputs, hidden, layers, outputs] = [20, 22, 24, 26].map(size);
        for (size, most) in [(inputs, 4096), (hidden, 4096), (layers, 4), (outputs, 4096)] {
            require((1..=most).contains(&size), "sizes")?;
        }
        self.codes()?;
        let (lstm, gated) = (self.byte(16) == 0, self.byte(17) == 1);
        self.table(lstm, gated, layers)?;
        let mut network = Network {
            lstm,
            inputs,
            hidden,
            outputs,
            sequence_length: self.header.unsigned(28, 4),
            max_skip: self.header.unsigned(32, 4),
            h_fraction: self.byte(45),
            h_drop: self.byte(46),
            hh_gain: self.byte(49),
            planes: self.byte(47) == 2,
            layers: Vec::new(),
            gate: None,
            head: Vec::new(),
            head_bias: Vec::new(),
            channels: self.channels(inputs)?,
            dials: self.dials()?,
        };
        require(
            !gated || network.sequence_length > 0 || network.max_skip < 0xffff_ffff,
            "max_skip",
        )?;
        for k in 0..layers {
            let columns = if k == 0 { inputs } else { hidden };
            network.layers.push(self.layer(lstm, k, columns, hidden)?);
        }
        if gated {
            network.gate = Some(self.gate(hidden)?);
        }
        let weights = (2 * outputs * hidden).next_multiple_of(4);
        let head = self.section(7, 0)?.of_length(weights + 4 * outputs)?;
        network.head = Piece(&head.0[..2 * outputs * hidden])
            .all(2)
            .chunks(hidden)
            .map(<[i128]>::to_vec)
            .collect();
        network.head_bias = Piece(&head.0[weights..]).all(4);
        self.texts(inputs, outputs)?;
        Ok(network)
    }

    /// The bytes of the header that are codes or small numbers.
    fn codes(&self) -> Result<(), Refusal> {
        let byte = |at| self.byte(at);
        require(byte(16) <= 1, "cell")?;
        require(byte(17) <= 1, "flags")?;
        require(byte(18) <= 2, "objective")?;
        require(byte(19) <= 1, "output_at")?;
        require((8..=15).contains(&byte(44)), "x_fraction")?;
        require((13..=15).contains(&byte(45)), "h_fraction")?;
        require((1..=3).contains(&byte(47)), "kernel")?;
        let drops = if byte(47) == 2 { 1..=8 } else { 0..=0 };
        require(drops.contains(&byte(46)), "h_drop")?;
        require((16..=47).contains(&byte(48)), "gate_fraction")?;
        require(byte(49) <= byte(46), "hh_gain")?;
        require(byte(50) == 0 && byte(51) == 0, "reserved")?;
        let scale = self.header.float(52);
        require(scale.is_finite() && scale > 0.0, "logit_scale")
    }

    /// Nothing stands in the table that this model does not have.
    fn table(&self, lstm: bool, gated: bool, layers: usize) -> Result<(), Refusal> {
        for (kind, layer, _) in &self.sections {
            let known = match kind {
                1..=5 | 7 => *layer == 0,
                6 => *layer == 0 && gated,
                16 => *layer < layers && self.find(17, *layer).is_none(),
                17 | 18 | 20 | 21 => *layer < layers,
                22 => *layer < layers && lstm,
                _ => false,
            };
            require(known, "section unknown")?;
        }
        Ok(())
    }

    fn channels(&self, inputs: usize) -> Result<Vec<Channel>, Refusal> {
        let records = self.section(3, 0)?.of_length(20 * inputs)?;
        let mut channels = Vec::new();
        for at in (0..inputs).map(|k| 20 * k) {
            let full_scale = records.float(at);
            let channel = Channel {
                multiplier: records.signed(at + 4, 4),
                offset: records.signed(at + 8, 8),
                shift: records.unsigned(at + 16, 4) as u32,
            };
            let good = full_scale.is_finite()
                && full_scale > 0.0
                && channel.multiplier >= 0
                && channel.offset.abs() < 1 << 61
                && (1..=62).contains(&channel.shift);
            require(good, "channel")?;
            channels.push(channel);
        }
        Ok(channels)
    }

    fn dials(&self) -> Result<Vec<i32>, Refusal> {
        let records = self.section(5, 0)?;
        require(records.0.len().is_multiple_of(12), "section length")?;
        let length = self.header.unsigned(28, 4);
        let mut dials = Vec::new();
        for at in (0..records.0.len()).step_by(12) {
            let updates = records.float(at + 4);
            let most = if length == 0 { f32::MAX } else { length as f32 };
            require(updates >= 1.0 && updates <= most, "dial")?;
            dials.push(records.signed(at, 4) as i32);
        }
        require(dials.windows(2).all(|w| w[0] < w[1]) && dials.contains(&0), "dial")?;
        Ok(dials)
    }

    fn layer(&self, lstm: bool, k: usize, columns: usize, hidden: usize) -> Result<Layer, Refusal> {
        let rows = if lstm { 4 } else { 3 };
        let (ih, layout) = match self.find(16, k) {
            Some(bytes) => (bytes, 1),
            None => (self.section(17, k)?, 3),
        };
        let units = self.section(20, k)?.of_length(32 * hidden)?;
        // Four biases, then four multipliers a unit.
        let of_units = |first: usize| -> Vec<i128> {
            let at = |unit: usize| (0..4).map(move |k| 32 * unit + 4 * (first + k));
            (0..hidden).flat_map(at).map(|at| units.signed(at, 4)).collect()
        };
        let (bias, multiplier) = (of_units(0), of_units(4));
        require(multiplier.iter().all(|m| *m >= 0), "multiplier")?;
        let c0 = match lstm {
            true => self.section(22, k)?.of_length(4 * hidden)?.all(4),
            false => Vec::new(),
        };
        require(c0.iter().all(|c| (-(1 << 30)..1 << 30).contains(c)), "c0")?;
        Ok(Layer {
            weight_ih: matrix(ih, layout, rows, columns, hidden)?,
            weight_hh: matrix(self.section(18, k)?, self.byte(47), rows, hidden, hidden)?,
            bias,
            multiplier,
            h0: self.section(21, k)?.of_length(2 * hidden)?.all(2),
            c0,
        })
    }

    fn gate(&self, hidden: usize) -> Result<Gate, Refusal> {
        let at = (2 * hidden).next_multiple_of(4);
        let bytes = self.section(6, 0)?.of_length(at + 8)?;
        let bias = bytes.signed(at, 8);
        require(bias.abs() < 1 << 61, "gate bias")?;
        Ok(Gate {
            weight: Piece(&bytes.0[..2 * hidden]).all(2),
            bias,
            fraction: self.byte(48),
        })
    }

    fn texts(&self, inputs: usize, outputs: usize) -> Result<(), Refusal> {
        let text = |kind, separators: &[char]| -> Result<&str, Refusal> {
            let bytes = self.find(kind, 0).map_or(&[][..], |bytes| bytes.0);
            let text = std::str::from_utf8(bytes).map_err(|_| "text")?;
            let control = |c: char| c.is_control() && !separators.contains(&c);
            require(!text.contains(control), "text").map(|()| text)
        };
        text(1, &[])?;
        let names = text(2, &['\n'])?;
        require(names.is_empty() || names.split('\n').count() == outputs, "names")?;
        let channels = text(4, &['\t', '\n'])?;
        let lines = channels.strip_suffix('\n').ok_or("names")?;
        let whole = |line: &str| line.matches('\t').count() == 1;
        require(
            lines.split('\n').count() == inputs && lines.split('\n').all(whole),
            "names",
        )
    }
}

/// The rows of a matrix stored in blocks; `layout` as `kernel` in the header.
fn matrix(
    bytes: Piece<'_>,
    layout: u32,
    rows: usize,
    columns: usize,
    hidden: usize,
) -> Result<Vec<Vec<i128>>, Refusal> {
    let wide = if layout == 3 { 2 } else { 4 };
    let groups = columns.div_ceil(wide);
    bytes.of_length(4 * hidden * groups * rows)?;
    let mut matrix = vec![vec![0; groups * wide]; rows * hidden];
    for unit in 0..hidden {
        for group in 0..groups {
            let at = 4 * rows * (unit * groups + group);
            for row in 0..rows {
                for column in 0..wide {
                    let weight = weight(bytes, at, layout, rows, row, column);
                    matrix[unit * rows + row][group * wide + column] = weight;
                }
            }
        }
    }
    for row in &mut matrix {
        let padding = row.split_off(columns);
        require(padding.iter().all(|w| *w == 0), "padding")?;
    }
    Ok(matrix)
}

/// One weight of the group that begins at `at`.
fn weight(bytes: Piece<'_>, at: usize, layout: u32, rows: usize, row: usize, column: usize) -> i128 {
    match layout {
        3 => bytes.signed(at + 4 * row + 2 * column, 2),
        2 if row / 2 < rows / 2 => {
            let word = row / 2 + rows / 2 * (column / 2);
            let half = at + 4 * word + 2 * (column % 2);
            let lower = bytes.signed(half, 1);
            match row % 2 {
                0 => lower,
                _ => (bytes.signed(half, 2) - lower) / 256,
            }
        }
        _ => bytes.signed(at + 4 * row + [0, 2, 1, 3][column], 1),
    }
}
