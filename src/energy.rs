//! `skiprnn energy`

use crate::{
    blob,
    cli::{EnergyArgs, EnergyCommand, PredictArgs},
    output::{Output, Usage, merge},
};
use energy::{Prediction, UpdateCost, Workload};
use serde_json::{Value, json};
use skiprnn_nostd::Model;

/// Runs the command.
pub fn run(args: &EnergyArgs, out: Output) -> anyhow::Result<()> {
    match &args.command {
        EnergyCommand::Predict(args) => predict(args, out),
    }
}

/// What the prediction is to rest on.
pub struct Basis {
    /// Mean updates per sequence.
    pub updates_mean: f64,
    /// The samples used, where they are known.
    pub schedules: Option<Vec<Vec<u32>>>,
    /// Instructions per update as counted in the emulator, where they were.
    pub instructions: Option<u64>,
}

/// Predicts the energy of a model's sequences.
pub fn prediction(model: &Model<'_>, board: &str, sensor: &str, basis: Basis) -> anyhow::Result<Prediction> {
    if model.sequence_length() == 0 {
        anyhow::bail!("sequence_length: the blob is made for an endless stream; energy per sequence needs an end");
    }
    if model.sample_period_ns() == 0 {
        anyhow::bail!("sample_period_s: the blob does not state it; quantize again with --sample-period-s");
    }
    let macs = model.macs_per_update();
    let gate = if model.skips() { model.hidden() } else { 0 };
    let cost = |macs: usize| match basis.instructions {
        Some(instructions) => UpdateCost::Counted { instructions },
        None => UpdateCost::Predicted {
            instructions: energy::predicted_instructions(macs, model.hidden()),
        },
    };
    let workload = Workload {
        sequence_length: model.sequence_length() as usize,
        sample_period_s: model.sample_period_ns() as f64 * 1e-9,
        updates_mean: basis.updates_mean,
        schedules: basis.schedules,
        update: cost(macs),
        dense_update: cost(macs - gate),
        head_macs: model.hidden() * model.outputs(),
        channels: model.inputs(),
    };
    Ok(energy::predict(
        &energy::board(board)?,
        &energy::sensor(sensor)?,
        &workload,
    )?)
}

/// The command's JSON: the prediction with its board and sensor as the user named them.
pub fn json(prediction: &Prediction) -> anyhow::Result<Value> {
    Ok(serde_json::to_value(prediction)?)
}

fn predict(args: &PredictArgs, out: Output) -> anyhow::Result<()> {
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    let (updates_mean, origin) = match args.updates_mean {
        Some(updates) => (updates, "as given"),
        None => {
            let at_zero = model
                .dial_curve()
                .find(|(dial, _, _)| *dial == 0)
                .map(|(_, updates, _)| f64::from(updates));
            (
                at_zero.ok_or_else(|| Usage::error("--updates-mean: the blob does not hold it; give it"))?,
                "from the blob",
            )
        }
    };
    let basis = Basis {
        updates_mean,
        schedules: None,
        instructions: args.instructions,
    };
    let p = prediction(&model, &args.board, &args.sensor, basis)?;
    let mut value = json(&p)?;
    merge(
        &mut value,
        json!({ "updates_mean": updates_mean, "updates_from": origin }),
    );
    out.print(&value, || text(&p, origin));
    Ok(())
}

fn text(p: &Prediction, origin: &str) -> String {
    let range = |i: &energy::Interval| format!("{:>10.2} {:>10.2} {:>10.2}", i.low, i.mid, i.high);
    let mut lines = vec![
        format!(
            "{} with {}: predicted, not measured; {:.2} updates a sequence ({origin})",
            p.board, p.sensor, p.updates_mean
        ),
        "uJ per sequence              low        mid       high".into(),
        format!("  skipping            {}", range(&p.uj_per_sequence)),
        format!("  every sample used   {}", range(&p.dense_uj_per_sequence)),
    ];
    lines.extend(
        p.parts
            .named()
            .iter()
            .map(|(name, part)| format!("  of it {name:<13} {}", range(part))),
    );
    lines.extend(p.notes.iter().map(|n| format!("  note: {n}")));
    lines.join("\n")
}
