//! What is in a blob.

use crate::Error;
use charts::{Chart, DEFAULT_STYLE, Drawing, HEIGHT, Series, WIDTH, span, stacked};
use energy::{Core, Interval, predicted_instructions};
use float_model::{Objective, OutputAt, printable};
use serde::Serialize;
use skiprnn_nostd::{
    CellKind, FractionBits, Kernel, Model,
    format::{CELL_FRACTION, CELL_LIMIT, VERSION, kernel},
};
use std::{collections::BTreeMap, fmt::Write};

/// The objective of a blob, as the float model calls it.
#[must_use]
pub fn objective(model: &Model<'_>) -> Objective {
    match model.objective() {
        skiprnn_nostd::Objective::Classification => Objective::Classification,
        skiprnn_nostd::Objective::Regression => Objective::Regression,
        skiprnn_nostd::Objective::Multilabel => Objective::Multilabel,
    }
}

/// When a blob gives outputs, as the float model calls it.
#[must_use]
pub fn output_at(model: &Model<'_>) -> OutputAt {
    match model.output_at() {
        skiprnn_nostd::OutputAt::End => OutputAt::End,
        skiprnn_nostd::OutputAt::Step => OutputAt::Step,
    }
}

/// Cores whose instructions are predicted.
const CORES: [Core; 3] = [Core::CortexM0Plus, Core::CortexM4, Core::CortexM33];

/// Bytes of RAM that the state of a model takes where it is sized exactly: those of `skiprnn_nostd::State`, whose 16-bit
/// arrays have room for 3 values more and are aligned to 4.
fn state_bytes(hidden: usize, layers: usize, inputs: usize) -> usize {
    let padded = |n: usize| (2 * (n + 3)).next_multiple_of(4);
    (layers + 1) * padded(hidden) + 4 * layers * hidden + padded(inputs) + 4
}

/// One layer: its formats, its proofs, and what its weights make of their range.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layer {
    /// The input weights.
    pub weight_ih: Weights,
    /// The recurrent weights.
    pub weight_hh: Weights,
    /// How the recurrent weights are multiplied.
    pub kernel: String,
    /// Rows of the weight matrices.
    pub rows: usize,
    /// The largest proven bound of a row's accumulator.
    pub largest_row_bound: u64,
    /// That bound as a share of 2^31 - 1.
    pub share_of_accumulator: f64,
    /// Smallest and largest value of one step of an accumulator, as a pre-activation.
    pub accumulator_step: (f64, f64),
    /// The largest |h0|.
    pub h0_largest: f64,
}

/// The integers of one weight matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Weights {
    /// Width of a weight.
    pub bits: u8,
    /// Number of weights.
    pub count: usize,
    /// Weights that are 0.
    pub zeros: usize,
    /// Weights at the end of their width, where clipping ends too.
    pub at_limit: usize,
}

impl Weights {
    fn new(bits: u8, weights: impl Iterator<Item = i32>) -> Self {
        let limit = (1i32 << (bits - 1)) - 1;
        let mut w = Weights {
            bits,
            count: 0,
            zeros: 0,
            at_limit: 0,
        };
        for v in weights {
            w.count += 1;
            w.zeros += usize::from(v == 0);
            w.at_limit += usize::from(v.abs() >= limit);
        }
        w
    }
}

fn kernel_name(model: &Model<'_>) -> String {
    let Kernel { layout, h_drop: drop } = model.kernel();
    match layout {
        kernel::BYTE_PLANE => match model.recurrent_gain() {
            0 => format!("byte-plane-i8, h narrowed by {drop} bits"),
            gain => format!("byte-plane-i8, h narrowed by {drop} bits, recurrent weights finer by {gain}"),
        },
        kernel::BLOCK_16 => "block-i16-a16".into(),
        _ => "block-i8-a16".into(),
    }
}

fn layer(model: &Model<'_>, k: usize) -> Layer {
    let bits = model.weight_bits(k).unwrap_or_default();
    let largest = model.row_bounds(k).max().unwrap_or(0);
    // An accumulator times its multiplier / 2^32 has 16 fractional bits.
    let steps = model.multipliers(k).map(|m| f64::from(m) / 2f64.powi(48));
    let range = steps.fold((f64::INFINITY, 0.0f64), |(low, high), s| (low.min(s), high.max(s)));
    let h_step = f64::from(1u32 << model.fractions().h);
    let h0 = model.initial_hidden(k).iter().map(|h| f64::from(*h).abs() / h_step);
    Layer {
        weight_ih: Weights::new(bits.ih, model.weights(k, false)),
        weight_hh: Weights::new(bits.hh, model.weights(k, true)),
        kernel: kernel_name(model),
        rows: model.row_bounds(k).count(),
        largest_row_bound: largest,
        share_of_accumulator: largest as f64 / f64::from(i32::MAX),
        accumulator_step: range,
        h0_largest: h0.fold(0.0, f64::max),
    }
}

/// A channel of the sensor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChannelJson {
    name: String,
    unit: String,
    full_scale: f32,
}

/// A point of the stored dial curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DialPointJson {
    dial: f64,
    updates_mean: f32,
    /// `None` where it is not known.
    metric: Option<f32>,
}

/// Fractional bits of each kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fractions {
    x: u8,
    h: u8,
    pre_activation: u8,
    c: u32,
}

/// The largest magnitude of each kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ranges {
    x: f64,
    h: f64,
    c: f64,
}

/// What is in a blob.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    name: String,
    version: u16,
    cell: &'static str,
    skips: bool,
    inputs: usize,
    hidden: usize,
    layers: Vec<Layer>,
    outputs: usize,
    objective: &'static str,
    output_at: &'static str,
    /// Samples of a sequence; 0 for an endless stream.
    sequence_length: u32,
    sample_period_s: f64,
    max_skip: u32,
    class_names: Vec<String>,
    channels: Vec<ChannelJson>,
    fractions: Fractions,
    ranges: Ranges,
    kernel: String,
    h_drop: u8,
    hh_gain: u8,
    blob_bytes: usize,
    /// Bytes of RAM that the state takes.
    state_bytes: usize,
    macs_per_update: usize,
    /// Instructions of one update on each core, predicted from the shape.
    instructions_per_update_predicted: BTreeMap<String, Interval>,
    logit_scale: f32,
    dial_curve: Vec<DialPointJson>,
}

impl Inspection {
    /// Reads everything from a parsed blob.
    #[must_use]
    pub fn of(model: &Model<'_>) -> Self {
        let (cell, gates) = match model.cell() {
            CellKind::Lstm => ("lstm", 4),
            CellKind::Gru => ("gru", 3),
        };
        let FractionBits { x, h, pre_activation } = model.fractions();
        let limit = |fraction: u8| 32_768.0 / f64::from(1u32 << fraction);
        let rows = gates * model.hidden() * model.layers();
        let instructions = |core: Core| {
            let predicted = predicted_instructions(core, rows, model.macs_per_update());
            (core.to_string(), predicted)
        };
        Inspection {
            name: model.name().to_owned(),
            version: VERSION,
            cell,
            skips: model.skips(),
            inputs: model.inputs(),
            hidden: model.hidden(),
            layers: (0..model.layers()).map(|k| layer(model, k)).collect(),
            outputs: model.outputs(),
            objective: objective(model).name(),
            output_at: output_at(model).name(),
            sequence_length: model.sequence_length(),
            sample_period_s: model.sample_period_ns() as f64 * 1e-9,
            max_skip: model.max_skip(),
            class_names: model.class_names().map(str::to_owned).collect(),
            channels: model
                .channels()
                .map(|c| ChannelJson {
                    name: c.name.to_owned(),
                    unit: c.unit.to_owned(),
                    full_scale: c.full_scale,
                })
                .collect(),
            fractions: Fractions {
                x,
                h,
                pre_activation,
                c: CELL_FRACTION,
            },
            ranges: Ranges {
                x: limit(x),
                h: limit(h),
                c: f64::from(CELL_LIMIT) / f64::from(1 << CELL_FRACTION),
            },
            kernel: kernel_name(model),
            h_drop: model.kernel().h_drop,
            hh_gain: model.recurrent_gain(),
            blob_bytes: model.size(),
            state_bytes: state_bytes(model.hidden(), model.layers(), model.inputs()),
            macs_per_update: model.macs_per_update(),
            instructions_per_update_predicted: CORES.into_iter().map(instructions).collect(),
            logit_scale: model.logit_scale(),
            dial_curve: model
                .dial_curve()
                .map(|p| DialPointJson {
                    dial: p.dial.to_num(),
                    updates_mean: p.updates_mean,
                    metric: p.metric.is_finite().then_some(p.metric),
                })
                .collect(),
        }
    }

    /// Updates, and the metric where it is known, over the dial, as an SVG file.
    ///
    /// # Errors
    /// A curve of fewer than two points; `blob` is what the error calls the blob.
    pub fn curve_figure(&self, blob: &str) -> Result<String, Error> {
        if self.dial_curve.len() < 2 {
            let problem = format!("{} point is no curve; does the model skip?", self.dial_curve.len());
            return Err(Error::data(format!("{blob}: dial_curve"), problem));
        }
        let points = |value: fn(&DialPointJson) -> Option<f32>| -> Vec<(f64, f64)> {
            let point = |p: &DialPointJson| Some((p.dial, f64::from(value(p)?)));
            self.dial_curve.iter().filter_map(point).collect()
        };
        let metric = match self.objective == Objective::Regression.name() {
            true => "Mean squared error",
            false => "Accuracy",
        };
        let curves = [
            ("Mean updates a sequence", points(|p| Some(p.updates_mean))),
            (metric, points(|p| p.metric)),
        ];
        let shown = curves.iter().filter(|(_, points)| !points.is_empty());
        let panels: Vec<Drawing> = shown
            .map(|(title, points)| {
                Chart {
                    title,
                    x_label: "dial",
                    x: span(points.iter().map(|p| p.0)).into(),
                    y: span(points.iter().map(|p| p.1)).into(),
                    size: (WIDTH, HEIGHT),
                    series: vec![Series::line("curve", "", points), Series::dots("used", "", points)],
                }
                .draw()
            })
            .collect();
        Ok(stacked(&panels).to_file(DEFAULT_STYLE))
    }

    /// Lines for people.
    #[must_use]
    pub fn text(&self) -> String {
        let Fractions {
            x, h, pre_activation, ..
        } = self.fractions;
        // Writing to a String cannot fail.
        let mut t = format!("name             {}\n", printable(&self.name));
        let _ = writeln!(
            t,
            "cell             {}{}, {} layers of {}",
            if self.skips { "skip-" } else { "" },
            self.cell,
            self.layers.len(),
            self.hidden
        );
        let _ = writeln!(t, "inputs, outputs  {}, {}", self.inputs, self.outputs);
        let _ = writeln!(
            t,
            "sequence         {} samples, {} s apart",
            self.sequence_length, self.sample_period_s
        );
        let _ = writeln!(
            t,
            "formats          x Q{}.{x}, h Q{}.{h}, pre-activation Q15.{pre_activation}, gates Q0.15, c Q7.24 saturating at ±64",
            15 - x,
            15 - h,
        );
        let _ = writeln!(t, "flash            {} bytes (blob)", self.blob_bytes);
        let _ = writeln!(t, "RAM              {} bytes (state)", self.state_bytes);
        let _ = writeln!(t, "MACs per update  {}", self.macs_per_update);
        for core in CORES.map(|core| core.to_string()) {
            let i = &self.instructions_per_update_predicted[&core];
            let _ = writeln!(
                t,
                "instructions     {:.0} ({:.0} to {:.0}) per update on a {core}, predicted",
                i.mid, i.low, i.high
            );
        }
        for (k, layer) in self.layers.iter().enumerate() {
            layer.write(k, &mut t);
        }
        for c in &self.channels {
            let _ = writeln!(
                t,
                "channel          {} ±{} {}",
                printable(&c.name),
                c.full_scale,
                printable(&c.unit)
            );
        }
        t += "dial      updates     metric (calibration data)";
        for p in &self.dial_curve {
            let metric = p.metric.map_or_else(|| "-".into(), |m| format!("{m:.5}"));
            let _ = write!(t, "\n{:>6.2} {:>10.2} {metric:>10}", p.dial, p.updates_mean);
        }
        t
    }
}

impl Layer {
    fn write(&self, k: usize, t: &mut String) {
        let _ = writeln!(
            t,
            "layer {k}          kernel {}; {} rows proven, the largest sum is {:.1} % of 2^31",
            self.kernel,
            self.rows,
            100.0 * self.share_of_accumulator
        );
        for (name, w) in [("input", &self.weight_ih), ("recurrent", &self.weight_hh)] {
            let _ = writeln!(
                t,
                "                 {name} weights i{}: {}, {:.2} % at the limit, {:.1} % zero",
                w.bits,
                w.count,
                100.0 * w.at_limit as f64 / w.count.max(1) as f64,
                100.0 * w.zeros as f64 / w.count.max(1) as f64
            );
        }
        let _ = writeln!(
            t,
            "                 one step of a sum is {:.1e} to {:.1e} of a pre-activation; |h0| up to {:.3}",
            self.accumulator_step.0, self.accumulator_step.1, self.h0_largest
        );
    }
}

#[cfg(test)]
mod tests {
    use super::state_bytes;
    use skiprnn_nostd::State;

    #[test]
    fn the_state_is_as_large_as_it_is() {
        assert_eq!(state_bytes(110, 1, 1), size_of::<State<110, 1, 1>>());
        assert_eq!(state_bytes(32, 1, 6), size_of::<State<32, 1, 6>>());
        assert_eq!(state_bytes(17, 2, 3), size_of::<State<17, 2, 3>>());
        assert_eq!(state_bytes(64, 4, 28), size_of::<State<64, 4, 28>>());
    }
}
