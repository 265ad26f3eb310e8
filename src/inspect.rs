//! `skiprnn inspect`

use crate::{
    blob,
    output::{self, Output},
};
use charts::{Chart, DEFAULT_STYLE, Drawing, HEIGHT, Series, WIDTH, span, stacked};
use clap::Args;
use energy::{Core, Interval, predicted_instructions};
use float_model::Objective;
use serde::Serialize;
use serde_json::{Value, json};
use skiprnn_nostd::{
    CellKind, FractionBits, Kernel, Model,
    format::{CELL_FRACTION, CELL_LIMIT, kernel},
};
use std::path::{Path, PathBuf};

/// Options of `inspect`.
#[derive(Args, Debug)]
pub struct InspectArgs {
    /// The blob.
    pub blob: PathBuf,
    /// Also draw the dial curve, updates and metric over the dial, to this file as SVG.
    #[arg(long, alias = "curve")]
    pub svg: Option<PathBuf>,
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
#[derive(Serialize)]
struct Layer {
    weight_ih: Weights,
    weight_hh: Weights,
    /// How weight_hh is multiplied.
    kernel: String,
    rows: usize,
    largest_row_bound: u64,
    /// Of 2^31 - 1.
    share_of_accumulator: f64,
    /// Smallest and largest value of one step of an accumulator, as a pre-activation.
    accumulator_step: (f64, f64),
    /// Largest |h0|, and |c0| for an LSTM.
    h0_largest: f64,
}

#[derive(Serialize)]
struct Weights {
    bits: u8,
    count: usize,
    zeros: usize,
    /// Weights at the end of their width, where clipping ends too.
    at_limit: usize,
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

/// Instructions of an update on each core, predicted.
fn instructions(model: &Model<'_>) -> Vec<(Core, Interval)> {
    let gates = match model.cell() {
        CellKind::Lstm => 4,
        CellKind::Gru => 3,
    };
    let rows = gates * model.hidden() * model.layers();
    let of = |core: Core| (core, predicted_instructions(core, rows, model.macs_per_update()));
    CORES.into_iter().map(of).collect()
}

/// Runs the command.
pub fn run(args: &InspectArgs, out: Output) -> anyhow::Result<()> {
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    let cell = match model.cell() {
        CellKind::Lstm => "lstm",
        CellKind::Gru => "gru",
    };
    let FractionBits {
        x,
        h,
        pre_activation: pre,
    } = model.fractions();
    let state = state_bytes(model.hidden(), model.layers(), model.inputs());
    let limit = |fraction: u8| 32_768.0 / f64::from(1u32 << fraction);
    let layers: Vec<Layer> = (0..model.layers()).map(|k| layer(&model, k)).collect();
    let curve: Vec<_> = model
        .dial_curve()
        .map(|p| {
            let metric = p.metric.is_finite().then_some(p.metric);
            json!({ "dial": p.dial.to_num::<f64>(), "updates_mean": p.updates_mean, "metric": metric })
        })
        .collect();
    let channels: Vec<_> = model
        .channels()
        .map(|c| json!({ "name": c.name, "unit": c.unit, "full_scale": c.full_scale }))
        .collect();
    if let Some(path) = &args.svg {
        output::write_atomically(path, draw_curve(&model, &args.blob)?.as_bytes())?;
    }
    let predicted = instructions(&model);
    let per_core: serde_json::Map<String, Value> = predicted
        .iter()
        .map(|(core, i)| (core.to_string(), json!({ "low": i.low, "mid": i.mid, "high": i.high })))
        .collect();
    let value = json!({
        "name": model.name(), "version": skiprnn_nostd::format::VERSION, "cell": cell, "skips": model.skips(),
        "inputs": model.inputs(), "hidden": model.hidden(), "layers": layers, "outputs": model.outputs(),
        "objective": blob::objective(&model).name(), "output_at": blob::output_at(&model).name(),
        "sequence_length": model.sequence_length(), "sample_period_s": model.sample_period_ns() as f64 * 1e-9,
        "max_skip": model.max_skip(), "class_names": model.class_names().collect::<Vec<_>>(), "channels": channels,
        "fractions": { "x": x, "h": h, "pre_activation": pre, "c": CELL_FRACTION },
        "ranges": { "x": limit(x), "h": limit(h), "c": f64::from(CELL_LIMIT) / f64::from(1 << CELL_FRACTION) },
        "kernel": kernel_name(&model), "h_drop": model.kernel().h_drop, "hh_gain": model.recurrent_gain(),
        "blob_bytes": model.size(), "state_bytes": state,
        "macs_per_update": model.macs_per_update(), "instructions_per_update_predicted": per_core,
        "logit_scale": model.logit_scale(), "dial_curve": curve,
    });
    out.print(&value, || text(&model, cell, &layers, &predicted));
    Ok(())
}

/// Updates, and the metric where it is known, over the dial.
fn draw_curve(model: &Model<'_>, file: &Path) -> anyhow::Result<String> {
    let points = |value: fn(f32, f32) -> f32| -> Vec<(f64, f64)> {
        let all = model
            .dial_curve()
            .map(|p| (p.dial.to_num(), f64::from(value(p.updates_mean, p.metric))));
        all.filter(|p| p.1.is_finite()).collect()
    };
    let updates = points(|updates, _| updates);
    if updates.len() < 2 {
        anyhow::bail!(
            "{}: dial_curve: {} point is no curve; does the model skip?",
            file.display(),
            updates.len()
        );
    }
    let metric = match blob::objective(model) {
        Objective::Regression => "Mean squared error",
        Objective::Classification | Objective::Multilabel => "Accuracy",
    };
    let panels: Vec<Drawing> = [
        ("Mean updates a sequence", updates),
        (metric, points(|_, metric| metric)),
    ]
    .iter()
    .filter(|(_, points)| !points.is_empty())
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

fn text(model: &Model<'_>, cell: &str, layers: &[Layer], predicted: &[(Core, Interval)]) -> String {
    let FractionBits {
        x,
        h,
        pre_activation: pre,
    } = model.fractions();
    let mut lines = vec![
        format!("name             {}", model.name()),
        format!(
            "cell             {}{cell}, {} layers of {}",
            if model.skips() { "skip-" } else { "" },
            model.layers(),
            model.hidden()
        ),
        format!("inputs, outputs  {}, {}", model.inputs(), model.outputs()),
        format!(
            "sequence         {} samples, {} s apart",
            model.sequence_length(),
            model.sample_period_ns() as f64 * 1e-9
        ),
        format!(
            "formats          x Q{}.{x}, h Q{}.{h}, pre-activation Q15.{pre}, gates Q0.15, c Q7.24 saturating at ±64",
            15 - x,
            15 - h,
        ),
        format!("flash            {} bytes (blob)", model.size()),
        format!(
            "RAM              {} bytes (state)",
            state_bytes(model.hidden(), model.layers(), model.inputs())
        ),
        format!("MACs per update  {}", model.macs_per_update()),
    ];
    for (core, i) in predicted {
        lines.push(format!(
            "instructions     {:.0} ({:.0} to {:.0}) per update on a {core}, predicted",
            i.mid, i.low, i.high
        ));
    }
    for (k, layer) in layers.iter().enumerate() {
        lines.push(format!(
            "layer {k}          kernel {}; {} rows proven, the largest sum is {:.1} % of 2^31",
            layer.kernel,
            layer.rows,
            100.0 * layer.share_of_accumulator
        ));
        for (name, w) in [("input", &layer.weight_ih), ("recurrent", &layer.weight_hh)] {
            lines.push(format!(
                "                 {name} weights i{}: {}, {:.2} % at the limit, {:.1} % zero",
                w.bits,
                w.count,
                100.0 * w.at_limit as f64 / w.count.max(1) as f64,
                100.0 * w.zeros as f64 / w.count.max(1) as f64
            ));
        }
        lines.push(format!(
            "                 one step of a sum is {:.1e} to {:.1e} of a pre-activation; |h0| up to {:.3}",
            layer.accumulator_step.0, layer.accumulator_step.1, layer.h0_largest
        ));
    }
    for c in model.channels() {
        lines.push(format!("channel          {} ±{} {}", c.name, c.full_scale, c.unit));
    }
    lines.push("dial      updates     metric (calibration data)".into());
    for point in model.dial_curve() {
        let metric = if point.metric.is_finite() {
            format!("{:.5}", point.metric)
        } else {
            "-".into()
        };
        lines.push(format!("{:>6.2} {:>10.2} {metric:>10}", point.dial, point.updates_mean));
    }
    lines.join("\n")
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
