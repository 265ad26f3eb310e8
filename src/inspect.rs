//! `skiprnn inspect`

use crate::{blob, cli::InspectArgs, output::Output};
use serde_json::json;
use skiprnn_nostd::{CellKind, Model};

/// Bytes of RAM that the state of a model takes where it is sized exactly.
fn state_bytes(model: &Model<'_>) -> usize {
    6 * model.layers() * model.hidden() + 2 * model.hidden() + 2 * model.inputs() + 4
}

/// Runs the command.
pub fn run(args: &InspectArgs, out: Output) -> anyhow::Result<()> {
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    let cell = match model.cell() {
        CellKind::Lstm => "lstm",
        CellKind::Gru => "gru",
    };
    let (x, h, pre) = model.fractions();
    let layers: Vec<_> = (0..model.layers())
        .map(|k| {
            let (ih, hh) = model.weight_bits(k).unwrap_or_default();
            let largest = model.row_bounds(k).max().unwrap_or(0);
            json!({
                "weight_ih_bits": ih, "weight_hh_bits": hh, "rows": model.row_bounds(k).count(),
                "largest_row_bound": largest, "share_of_accumulator": largest as f64 / f64::from(i32::MAX),
            })
        })
        .collect();
    let curve: Vec<_> = model
        .dial_curve()
        .map(|(dial, updates, metric)| {
            json!({ "dial": dial.to_num::<f64>(), "updates_mean": updates, "metric": metric.is_finite().then_some(metric) })
        })
        .collect();
    let channels: Vec<_> = model
        .channels()
        .map(|c| json!({ "name": c.name, "unit": c.unit, "full_scale": c.full_scale }))
        .collect();
    let value = json!({
        "name": model.name(), "version": skiprnn_nostd::format::VERSION, "cell": cell, "skips": model.skips(),
        "inputs": model.inputs(), "hidden": model.hidden(), "layers": layers, "outputs": model.outputs(),
        "objective": blob::objective(&model).name(), "output_at": blob::output_at(&model).name(),
        "sequence_length": model.sequence_length(), "sample_period_s": model.sample_period_ns() as f64 * 1e-9,
        "max_skip": model.max_skip(), "class_names": model.class_names().collect::<Vec<_>>(), "channels": channels,
        "fractions": { "x": x, "h": h, "pre_activation": pre, "c": skiprnn_nostd::format::CELL_FRACTION },
        "kernel": "row", "blob_bytes": model.size(), "state_bytes": state_bytes(&model),
        "macs_per_update": model.macs_per_update(), "logit_scale": model.logit_scale(), "dial_curve": curve,
    });
    out.print(&value, || text(&model, cell, &value));
    Ok(())
}

fn text(model: &Model<'_>, cell: &str, value: &serde_json::Value) -> String {
    let (x, h, pre) = model.fractions();
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
            "formats          x Q{}.{x}, h Q{}.{h}, pre-activation Q{}.{pre}, gates Q0.15, c Q7.24",
            15 - x,
            15 - h,
            15 - pre
        ),
        format!("flash            {} bytes (blob)", model.size()),
        format!("RAM              {} bytes (state)", state_bytes(model)),
        format!("MACs per update  {}", model.macs_per_update()),
    ];
    for (k, layer) in value["layers"].as_array().into_iter().flatten().enumerate() {
        lines.push(format!(
            "layer {k}          weights i{} (input) and i{} (recurrent); {} rows proven, the largest sum is {:.1} % of 2^31",
            layer["weight_ih_bits"],
            layer["weight_hh_bits"],
            layer["rows"],
            100.0 * layer["share_of_accumulator"].as_f64().unwrap_or(0.0)
        ));
    }
    for c in model.channels() {
        lines.push(format!("channel          {} ±{} {}", c.name, c.full_scale, c.unit));
    }
    lines.push("dial      updates     metric (calibration data)".into());
    for (dial, updates, metric) in model.dial_curve() {
        let metric = if metric.is_finite() {
            format!("{metric:.5}")
        } else {
            "-".into()
        };
        lines.push(format!("{dial:>6.2} {updates:>10.2} {metric:>10}"));
    }
    lines.join("\n")
}
