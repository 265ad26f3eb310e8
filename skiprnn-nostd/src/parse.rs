//! Bytes to [`Model`], every length, range and proof checked. Nothing is copied.

mod error;
mod sections;
mod texts;
mod values;

pub use error::{Field, ParseError};

use crate::{
    CellKind, MAX_LAYERS, Model, Objective, OutputAt,
    cell::{Fractions, Layer},
    format::{self, CRC, CRC_OFFSET, ChannelRecord, DialRecord, Header, Section, UnitRecord, align4, kind},
    kernel::Layout,
    model::Head,
    proof::{Maxima, PLAIN_LIMIT, X_MAX, bounds, h_max, row_bound},
    update::Gate,
};
use sections::{Sections, Shape, as_array};
use values::{entries, entry, enum_of, positive, ranged};
use zerocopy::{FromBytes, little_endian::U16};

/// Largest I, H and O of a blob.
const MAX_SIZE: u32 = 4096;
/// The most entries of a section table: 7 sections of the model, and 5 of each layer.
const MAX_SECTIONS: u32 = 7 + 5 * MAX_LAYERS as u32;

impl<'a> Model<'a> {
    /// Reads a blob in place. `bytes` may be longer than the blob, as a flash section is.
    ///
    /// # Errors
    /// Anything that is not exactly as `docs/blob-format.md` says, and any row whose accumulator could overflow.
    pub fn parse(bytes: &'a [u8]) -> Result<Model<'a>, ParseError> {
        if !bytes.as_ptr().addr().is_multiple_of(4) {
            return Err(ParseError::Misaligned);
        }
        let (header, _) = Header::read_from_prefix(bytes).map_err(|_| ParseError::Truncated {
            needed: size_of::<Header>(),
            found: bytes.len(),
        })?;
        if header.magic != format::MAGIC {
            return Err(ParseError::Magic);
        }
        if header.version.get() != format::VERSION {
            return Err(ParseError::Version {
                found: header.version.get(),
            });
        }
        let size = header.length.get() as usize;
        let Some(bytes) = bytes.get(..size) else {
            return Err(ParseError::Truncated {
                needed: size,
                found: bytes.len(),
            });
        };
        check_crc(bytes, header.crc.get())?;
        let behind = bytes.get(size_of::<Header>()..).unwrap_or(&[]);
        let count = ranged(Field::Sections, header.sections.get().into(), 0..=MAX_SECTIONS)?;
        let (table, _) = <[Section]>::ref_from_prefix_with_elems(behind, count).map_err(|_| ParseError::Value {
            field: Field::Sections,
            found: header.sections.get().into(),
        })?;
        read(&header, &Sections { bytes, table }, size)
    }
}

fn check_crc(bytes: &[u8], stored: u32) -> Result<(), ParseError> {
    let mut digest = CRC.digest();
    digest.update(bytes.get(..CRC_OFFSET).unwrap_or(&[]));
    digest.update(bytes.get(CRC_OFFSET + 4..).unwrap_or(&[]));
    let computed = digest.finalize();
    if computed == stored {
        Ok(())
    } else {
        Err(ParseError::Crc { stored, computed })
    }
}

/// Reads the header's values, then the sections that the table names.
fn read<'a>(header: &Header, sections: &Sections<'a>, size: usize) -> Result<Model<'a>, ParseError> {
    let sizes = Sizes::read(header)?;
    let formats = Formats::read(header)?;
    let Kinds {
        cell,
        objective,
        output_at,
    } = Kinds::read(header)?;
    sections.check(cell, sizes.layers, header.flags & format::FLAG_GATE != 0)?;
    let (layers, h_max) = read_layers(sections, cell, sizes, formats)?;
    let gate = match header.flags & format::FLAG_GATE {
        0 => None,
        _ => Some(read_gate(header, sections, sizes.hidden)?),
    };
    Ok(Model {
        cell,
        objective,
        output_at,
        inputs: sizes.inputs,
        hidden: sizes.hidden,
        outputs: sizes.outputs,
        sequence_length: header.sequence_length.get(),
        max_skip: header.max_skip.get(),
        sample_period_ns: header.sample_period_ns.get(),
        logit_scale: header.logit_scale.get(),
        fractions: formats.fractions,
        kernel: header.kernel,
        layers,
        gate,
        head: read_head(sections, sizes, h_max)?,
        channels: read_channels(sections, sizes.inputs)?,
        channel_text: sections.named_units(kind::CHANNEL_TEXT, Field::ChannelText, sizes.inputs)?,
        name: sections.line(kind::NAME, Field::Name)?,
        class_names: sections.names(kind::CLASS_NAMES, Field::ClassNames, sizes.outputs)?,
        dial_curve: read_dial(sections, header.sequence_length.get())?,
        size,
    })
}

/// The numbers of inputs, units, layers and outputs.
#[derive(Clone, Copy)]
struct Sizes {
    inputs: usize,
    hidden: usize,
    outputs: usize,
    layers: usize,
}

impl Sizes {
    fn read(header: &Header) -> Result<Self, ParseError> {
        let size = |field, value: U16| ranged(field, value.get().into(), 1..=MAX_SIZE);
        Ok(Sizes {
            inputs: size(Field::Inputs, header.inputs)?,
            hidden: size(Field::Hidden, header.hidden)?,
            outputs: size(Field::Outputs, header.outputs)?,
            layers: ranged(Field::Layers, header.layers.get().into(), 1..=MAX_LAYERS as u32)?,
        })
    }
}

/// What kind of network it is.
struct Kinds {
    cell: CellKind,
    objective: Objective,
    output_at: OutputAt,
}

impl Kinds {
    fn read(header: &Header) -> Result<Self, ParseError> {
        let objectives = [
            (0, Objective::Classification),
            (1, Objective::Regression),
            (2, Objective::Multilabel),
        ];
        let kinds = Kinds {
            cell: enum_of(Field::Cell, header.cell, &[(0, CellKind::Lstm), (1, CellKind::Gru)])?,
            objective: enum_of(Field::Objective, header.objective, &objectives)?,
            output_at: enum_of(
                Field::OutputAt,
                header.output_at,
                &[(0, OutputAt::End), (1, OutputAt::Step)],
            )?,
        };
        ranged(Field::Flags, header.flags.into(), 0..=format::FLAG_GATE.into())?;
        let endless = header.sequence_length.get() == 0;
        if header.flags & format::FLAG_GATE != 0 && endless && header.max_skip.get() == u32::MAX {
            // An endless stream that skips without a bound might never be heard of again.
            return Err(ParseError::Value {
                field: Field::MaxSkip,
                found: u32::MAX.into(),
            });
        }
        Ok(kinds)
    }
}

/// How numbers are stored: the layout of the recurrent weights, and where binary points lie.
#[derive(Clone, Copy)]
struct Formats {
    layout: Layout,
    fractions: Fractions,
}

impl Formats {
    fn read(header: &Header) -> Result<Self, ParseError> {
        let layouts = [
            (format::kernel::BLOCK_8, Layout::Narrow),
            (format::kernel::BYTE_PLANE, Layout::Plane),
            (format::kernel::BLOCK_16, Layout::Wide),
        ];
        let layout = enum_of(Field::Kernel, header.kernel, &layouts)?;
        let drops = if layout == Layout::Plane { 1..=8 } else { 0..=0 };
        ranged(Field::Fractions, header.h_drop.into(), drops)?;
        ranged(Field::Fractions, header.hh_gain.into(), 0..=header.h_drop.into())?;
        let reserved = u32::from(header.reserved.iter().any(|b| *b != 0));
        ranged(Field::Reserved, reserved, 0..=0)?;
        ranged(Field::Fractions, header.x_fraction.into(), 8..=15)?;
        ranged(Field::Fractions, header.h_fraction.into(), 13..=15)?;
        ranged(Field::GateFraction, header.gate_fraction.into(), 16..=47)?;
        positive(Field::LogitScale, 0, header.logit_scale.get())?;
        let fractions = Fractions {
            x: header.x_fraction,
            h: header.h_fraction,
            drop: header.h_drop,
            shift: header.h_drop.wrapping_sub(header.hh_gain),
        };
        Ok(Formats { layout, fractions })
    }
}

type Layers<'a> = heapless::Vec<Layer<'a>, MAX_LAYERS>;

/// Reads every layer and proves its accumulators; returns the largest |h| of the top one too.
fn read_layers<'a>(
    sections: &Sections<'a>,
    cell: CellKind,
    sizes: Sizes,
    formats: Formats,
) -> Result<(Layers<'a>, u32), ParseError> {
    let mut layers = heapless::Vec::new();
    let mut x_max = X_MAX;
    for k in 0..sizes.layers {
        let columns = if k == 0 { sizes.inputs } else { sizes.hidden };
        let layer = read_layer(sections, cell, formats.layout, k, columns, sizes.hidden)?;
        let h_max = h_max(layer.h0, formats.fractions.h);
        prove(cell, layer, k, Maxima::new(x_max, h_max, formats.fractions))?;
        // The layer above reads h only after this one's update, so 1 bounds it; h0 is kept in for simplicity.
        x_max = h_max;
        layers.push(layer).map_err(|_| ParseError::Value {
            field: Field::Layers,
            found: sizes.layers as i64,
        })?;
    }
    Ok((layers, x_max))
}

/// Checks that no accumulator of a layer can overflow.
fn prove(cell: CellKind, layer: Layer<'_>, k: usize, maxima: Maxima) -> Result<(), ParseError> {
    for (row, (bound, plane)) in bounds(cell, layer, maxima).enumerate() {
        for (bound, limit) in [(bound, PLAIN_LIMIT), (plane, format::PLANE_LIMIT - 1)] {
            if bound > limit {
                return Err(ParseError::Unproven {
                    layer: k,
                    row,
                    bound,
                    limit,
                });
            }
        }
    }
    Ok(())
}

fn read_channels<'a>(sections: &Sections<'a>, inputs: usize) -> Result<&'a [ChannelRecord], ParseError> {
    let channels = sections.array::<ChannelRecord>(kind::CHANNELS, 0, Field::Channels, inputs)?;
    for (index, c) in channels.iter().enumerate() {
        let entry = |field, found, good| entry(field, 0, index, found, good);
        let (shift, multiplier, offset) = (c.shift.get(), c.multiplier.get(), c.offset.get());
        entry(Field::ChannelShift, shift.into(), (1..=62).contains(&shift))?;
        entry(Field::ChannelMultiplier, multiplier.into(), multiplier >= 0)?;
        entry(Field::ChannelOffset, offset, offset.unsigned_abs() < 1 << 61)?;
        positive(Field::FullScale, index, c.full_scale.get())?;
    }
    Ok(channels)
}

/// Reads the curve: by rising dial, a point for dial 0 among them, and mean updates that sequences of this length can have.
fn read_dial<'a>(sections: &Sections<'a>, sequence_length: u32) -> Result<&'a [DialRecord], ParseError> {
    let bytes = sections.required(kind::DIAL, 0, Field::Dial)?;
    let curve: &[DialRecord] = as_array(bytes, 0, Field::Dial, bytes.len() / size_of::<DialRecord>())?;
    let most = match sequence_length {
        0 => f32::MAX,
        samples => samples as f32,
    };
    let mut last = None;
    for (index, point) in curve.iter().enumerate() {
        let dial = point.dial.get();
        let rises = last.is_none_or(|last| last < dial);
        entry(Field::Dial, 0, index, dial.into(), rises)?;
        last = Some(dial);
        if !(1.0..=most).contains(&point.updates_mean.get()) {
            return Err(ParseError::Updates {
                index,
                bits: point.updates_mean.get().to_bits(),
            });
        }
    }
    match curve.iter().any(|point| point.dial.get() == 0) {
        true => Ok(curve),
        false => Err(ParseError::NoDialZero),
    }
}

fn read_layer<'a>(
    sections: &Sections<'a>,
    cell: CellKind,
    layout: Layout,
    k: usize,
    columns: usize,
    hidden: usize,
) -> Result<Layer<'a>, ParseError> {
    let units: &[UnitRecord] = sections.array(kind::UNITS, k, Field::Units, hidden)?;
    let multipliers = units.iter().flat_map(|u| u.multiplier);
    entries(Field::Multiplier, k, multipliers, |m| m >= 0)?;
    let c0: &[i32] = match cell {
        CellKind::Lstm => sections.array(kind::C0, k, Field::C0, hidden)?,
        CellKind::Gru => &[],
    };
    let limit = format::CELL_LIMIT;
    entries(Field::C0, k, c0.iter().copied(), |c| (-limit..limit).contains(&c))?;
    let shape = |columns| Shape {
        units: hidden,
        rows: cell.rows(),
        columns,
    };
    let (ih_kind, ih_layout) = match sections.find(kind::WEIGHT_IH_8, k, Field::WeightIh)? {
        Some(_) => (kind::WEIGHT_IH_8, Layout::Narrow),
        None => (kind::WEIGHT_IH_16, Layout::Wide),
    };
    Ok(Layer {
        weight_ih: sections.matrix(ih_kind, ih_layout, k, Field::WeightIh, shape(columns))?,
        weight_hh: sections.matrix(kind::WEIGHT_HH, layout, k, Field::WeightHh, shape(hidden))?,
        units,
        h0: sections.array(kind::H0, k, Field::H0, hidden)?,
        c0,
    })
}

fn read_gate<'a>(header: &Header, sections: &Sections<'a>, hidden: usize) -> Result<Gate<'a>, ParseError> {
    // `Formats::read` has seen that it is 16 or more.
    let shift = u32::from(header.gate_fraction).saturating_sub(16);
    let bytes = sections.required(kind::GATE, 0, Field::Gate)?;
    let at = align4(2 * hidden);
    let (Some(weights), Some(bias)) = (bytes.get(..2 * hidden), bytes.get(at..)) else {
        return Err(ParseError::Size {
            field: Field::Gate,
            layer: 0,
            needed: at + 8,
            found: bytes.len(),
        });
    };
    let weight = as_array(weights, 0, Field::Gate, hidden)?;
    let bias = <[u8; 8]>::read_from_bytes(bias)
        .map(i64::from_le_bytes)
        .map_err(|_| ParseError::Size {
            field: Field::Gate,
            layer: 0,
            needed: at + 8,
            found: bytes.len(),
        })?;
    // Σ|w|·|c| is below 2^12 · 2^15 · 2^30, so that with this bias the 64-bit sum stays below 2^62.
    if bias.unsigned_abs() >= 1 << 61 {
        return Err(ParseError::Value {
            field: Field::GateBias,
            found: bias,
        });
    }
    Ok(Gate { weight, bias, shift })
}

/// Reads the head and proves its sums over a top layer whose |h| is at most `h_max`.
fn read_head<'a>(sections: &Sections<'a>, sizes: Sizes, h_max: u32) -> Result<Head<'a>, ParseError> {
    let Sizes { outputs, hidden, .. } = sizes;
    let bytes = sections.required(kind::HEAD, 0, Field::Head)?;
    let weights = 2 * outputs * hidden;
    let (Some(weight), Some(bias)) = (bytes.get(..weights), bytes.get(align4(weights)..)) else {
        let needed = align4(weights) + 4 * outputs;
        return Err(ParseError::Size {
            field: Field::Head,
            layer: 0,
            needed,
            found: bytes.len(),
        });
    };
    let weight: &[i16] = as_array(weight, 0, Field::Head, outputs * hidden)?;
    let bias: &[i32] = as_array(bias, 0, Field::Head, outputs)?;
    for (row, (bias, weights)) in bias.iter().zip(weight.chunks_exact(hidden.max(1))).enumerate() {
        let weights = weights.iter().map(|w| i32::from(*w));
        let bound = row_bound(*bias, weights, h_max, core::iter::empty(), 0);
        if bound > PLAIN_LIMIT {
            return Err(ParseError::Unproven {
                layer: sizes.layers,
                row,
                bound,
                limit: PLAIN_LIMIT,
            });
        }
    }
    Ok(Head { weight, bias })
}
