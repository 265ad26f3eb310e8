//! The blob is written: an integer model as bytes (`docs/blob-format.md`).

use crate::{
    Blob, Error, IntegerModel, Kernel, Width,
    blocks::pack,
    curve::stored_dial,
    integers::{IntegerLayer, RowRecord},
};
use float_model::{Family, Objective, OutputAt};
use skiprnn_nostd::format::{
    CRC, CRC_OFFSET, ChannelRecord, DialRecord, FLAG_GATE, Header, MAGIC, Section, UnitRecord, VERSION, align4, kernel,
    kind,
};
use zerocopy::IntoBytes;

/// The sections, in the order in which they are written.
struct Sections(Vec<(u16, u16, Vec<u8>)>);

impl Sections {
    fn push(&mut self, kind: u16, layer: usize, bytes: Vec<u8>) {
        self.0.push((kind, layer as u16, bytes));
    }
}

fn bytes_16(values: &[i16]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn bytes_32(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(align4(bytes.len()), 0);
    bytes
}

/// The record of a unit: its four accumulators.
fn unit(rows: &[RowRecord; 4]) -> UnitRecord {
    UnitRecord {
        bias: rows.map(|r| r.bias),
        multiplier: rows.map(|r| r.multiplier),
    }
}

fn layer(sections: &mut Sections, model: &IntegerModel, k: usize, layer: &IntegerLayer) {
    let rows = model.family.gates();
    let columns = layer.weight_ih.len() / (rows * model.hidden);
    let (kind, ih_layout) = match layer.ih_width {
        Width::Eight => (kind::WEIGHT_IH_8, kernel::BLOCK_8),
        Width::Sixteen => (kind::WEIGHT_IH_16, kernel::BLOCK_16),
    };
    sections.push(kind, k, pack(&layer.weight_ih, rows, columns, ih_layout));
    let hh = pack(&layer.weight_hh, rows, model.hidden, layout(model));
    sections.push(kind::WEIGHT_HH, k, hh);
    let units: Vec<UnitRecord> = layer.rows.as_chunks().0.iter().map(unit).collect();
    sections.push(kind::UNITS, k, units.as_bytes().to_vec());
    sections.push(kind::H0, k, bytes_16(&layer.h0));
    if !layer.c0.is_empty() {
        sections.push(kind::C0, k, bytes_32(&layer.c0));
    }
}

impl IntegerModel {
    /// The blob that holds these integers, parsed and proven.
    ///
    /// # Errors
    /// The integers contradict each other, or the sum of a row is not proven.
    pub fn blob(&self) -> Result<Blob, Error> {
        Blob::new("blob", &bytes(self))
    }
}

/// The layout of the recurrent weights, as the format numbers it.
fn layout(model: &IntegerModel) -> u8 {
    match (model.kernel, model.layers.first().map(|l| l.hh_width)) {
        (Kernel::BytePlane, _) => kernel::BYTE_PLANE,
        (Kernel::Block, Some(Width::Sixteen)) => kernel::BLOCK_16,
        (Kernel::Block, _) => kernel::BLOCK_8,
    }
}

/// The bytes of the blob.
pub(crate) fn bytes(model: &IntegerModel) -> Vec<u8> {
    let description = &model.source.model.description;
    let mut sections = Sections(Vec::new());
    sections.push(kind::NAME, 0, model.source.name.clone().into_bytes());
    sections.push(kind::CLASS_NAMES, 0, description.class_names.join("\n").into_bytes());
    let channels: Vec<u8> = model
        .channels
        .iter()
        .flat_map(|c| {
            ChannelRecord {
                full_scale: c.full_scale.into(),
                multiplier: c.multiplier.into(),
                offset: c.offset.into(),
                shift: c.shift.into(),
            }
            .as_bytes()
            .to_vec()
        })
        .collect();
    sections.push(kind::CHANNELS, 0, channels);
    let text: String = model
        .channels
        .iter()
        .map(|c| format!("{}\t{}\n", c.name, c.unit))
        .collect();
    sections.push(kind::CHANNEL_TEXT, 0, text.into_bytes());
    let dial: Vec<u8> = model
        .dial_curve
        .iter()
        .flat_map(|p| {
            let record = DialRecord {
                dial: stored_dial(p.dial).into(),
                updates_mean: (p.updates_mean as f32).into(),
                metric: p.metric.map_or(f32::NAN, |m| m as f32).into(),
            };
            record.as_bytes().to_vec()
        })
        .collect();
    sections.push(kind::DIAL, 0, dial);
    if let Some(gate) = &model.gate {
        let mut bytes = padded(bytes_16(&gate.weight));
        bytes.extend(gate.bias.to_le_bytes());
        sections.push(kind::GATE, 0, bytes);
    }
    let mut head = padded(bytes_16(&model.head_weight));
    head.extend(bytes_32(&model.head_bias));
    sections.push(kind::HEAD, 0, head);
    for (k, l) in model.layers.iter().enumerate() {
        layer(&mut sections, model, k, l);
    }
    assemble(model, sections)
}

fn assemble(model: &IntegerModel, sections: Sections) -> Vec<u8> {
    let description = &model.source.model.description;
    let mut offset = size_of::<Header>() + sections.0.len() * size_of::<Section>();
    let mut table = Vec::new();
    let mut body = Vec::new();
    for (kind, layer, bytes) in &sections.0 {
        table.push(Section {
            kind: (*kind).into(),
            layer: (*layer).into(),
            offset: (offset as u32).into(),
            length: (bytes.len() as u32).into(),
        });
        body.extend(padded(bytes.clone()));
        offset += align4(bytes.len());
    }
    let header = Header {
        magic: MAGIC,
        version: VERSION.into(),
        sections: (sections.0.len() as u16).into(),
        length: (offset as u32).into(),
        crc: 0.into(),
        cell: match model.family {
            Family::Lstm => 0,
            Family::Gru => 1,
        },
        flags: if model.gate.is_some() { FLAG_GATE } else { 0 },
        objective: match description.objective {
            Objective::Classification => 0,
            Objective::Regression => 1,
            Objective::Multilabel => 2,
        },
        output_at: match description.output_at {
            OutputAt::End => 0,
            OutputAt::Step => 1,
        },
        inputs: (model.inputs as u16).into(),
        hidden: (model.hidden as u16).into(),
        layers: (model.layers.len() as u16).into(),
        outputs: (model.outputs as u16).into(),
        sequence_length: model.sequence_length.into(),
        max_skip: model.max_skip.into(),
        sample_period_ns: model.sample_period_ns.into(),
        x_fraction: model.x_fraction,
        h_fraction: model.h_fraction,
        h_drop: model.h_drop,
        kernel: layout(model),
        gate_fraction: model.gate.as_ref().map_or(16, |g| g.fraction),
        hh_gain: model.hh_gain,
        reserved: [0; 2],
        logit_scale: (model.logit_scale as f32).into(),
    };
    let mut blob = header.as_bytes().to_vec();
    blob.extend(table.as_bytes());
    blob.extend(body);
    let mut digest = CRC.digest();
    digest.update(&blob[..CRC_OFFSET]);
    digest.update(&blob[CRC_OFFSET + 4..]);
    blob[CRC_OFFSET..CRC_OFFSET + 4].copy_from_slice(&digest.finalize().to_le_bytes());
    blob
}
