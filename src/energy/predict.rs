//! `skiprnn energy predict`

use super::{
    args::{BatteryArgs, PredictArgs},
    parts::{self, Use},
    report,
};
use crate::{
    blob,
    output::{Output, Usage, merge},
};
use energy::{Battery, BatteryLife, Board, Prediction, Sensor, UpdateCost};
use serde_json::{Value, json};
use skiprnn_nostd::Model;

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
    let cost = basis
        .instructions
        .map(|instructions| UpdateCost::Counted { instructions });
    let (board, sensor) = (parts::board(board)?, parts::sensor(sensor, board)?);
    let workload = parts::workload(board.core, model, basis.updates_mean, basis.schedules, cost)?;
    Ok(energy::predict(&board, &sensor, &workload)?)
}

/// The command's JSON: the prediction with its board and sensor as the user named them.
pub fn json(prediction: &Prediction) -> anyhow::Result<Value> {
    Ok(serde_json::to_value(prediction)?)
}

/// Runs the command.
pub fn run(args: &PredictArgs, out: Output) -> anyhow::Result<()> {
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    let (board, sensor) = parts::load(&args.parts)?;
    blob::known_period(&model, &args.blob)?;
    if args.input.names_data(args.task) {
        blob::to_run(&model, &args.blob)?;
    }
    let found = samples_used(args, &model)?;
    let cost = parts::update_cost(&args.cost, &board)?;
    let workload = parts::workload(board.core, &model, found.updates_mean, found.schedules, cost)?;
    let mut p = energy::predict(&board, &sensor, &workload)?;
    p.notes.extend(found.notes);

    let mut value = json(&p)?;
    merge(
        &mut value,
        json!({ "updates_mean": found.updates_mean, "updates_from": found.origin, "sequences": found.sequences }),
    );
    if let Some(metric) = found.metric {
        merge(
            &mut value,
            json!({ "metric_name": metric.name(), "metric": metric.value() }),
        );
    }
    if args.schedules {
        merge(&mut value, json!({ "schedules": workload.schedules }));
    }
    let prices = energy::prices(&board, &sensor, &workload)?;
    merge(&mut value, json!({ "prices": prices }));
    let answers = match (found.metric, found.sequences) {
        (Some(metric), Some(n)) => format!("; {} {:.5} on {n} sequences", metric.name(), metric.value()),
        _ => String::new(),
    };
    let samples = format!("{:.2} updates a sequence, {}{answers}", p.updates_mean, found.origin);
    let mut pauses = String::new();
    if let Some(from) = prices.off_from_samples {
        pauses = format!(
            ", {} uJ a pause with the sensor off, from {from} samples on, and {} uJ a sample with it on",
            prices.switch_uj, prices.on_uj
        );
    }
    let prices = format!(
        "Prices for a budget, predicted: {} uJ a sequence and {} uJ an update{pauses}",
        prices.base_uj, prices.update_uj
    );
    let mut texts = vec![("Prediction", format!("{samples}\n{p}{prices}"))];
    if let Some(battery) = battery(&args.battery, &p, &board, &sensor)? {
        texts.push(("Battery", battery.to_string()));
        merge(&mut value, json!({ "battery": battery }));
    }
    if args.compare || report::wanted(&args.report) {
        let comparison = energy::compare(&board, &sensor, &workload)?;
        let break_even = energy::break_even(&board, &sensor, &workload)?;
        let drawing = energy::picture::comparison(&comparison);
        texts.push(("Schemes", comparison.to_string()));
        texts.push(("Break-even", break_even.to_string()));
        merge(
            &mut value,
            json!({ "comparison": comparison.scenarios, "break_even": break_even }),
        );
        let title = format!("Energy per sequence: {}", model.name());
        report::write(&args.report, &title, &texts, ("Where the energy goes", &drawing))?;
    }
    out.print(&value, || {
        let texts: Vec<&str> = texts.iter().map(|(_, text)| text.trim_end()).collect();
        texts.join("\n\n")
    });
    Ok(())
}

/// The samples used: as given, from the simulator on the data given, or from the blob.
fn samples_used(args: &PredictArgs, model: &Model<'_>) -> anyhow::Result<Use> {
    if args.input.names_data(args.task) {
        return Use::simulated(model, args.task, &args.input, args.dial);
    }
    for (option, given) in [
        ("--n", args.input.n.is_some()),
        ("--y", args.input.y.is_some()),
        ("--schedules", args.schedules),
    ] {
        if given {
            return Err(Usage::error(format!(
                "{option}: no sequences to run on; give --task, --x or --data-of too"
            )));
        }
    }
    match args.updates_mean {
        Some(updates_mean) => Ok(Use {
            updates_mean,
            schedules: None,
            metric: None,
            sequences: None,
            origin: "as given",
            notes: Vec::new(),
        }),
        None => Use::stored(model, args.dial),
    }
}

fn battery(args: &BatteryArgs, p: &Prediction, board: &Board, sensor: &Sensor) -> anyhow::Result<Option<BatteryLife>> {
    let Some(capacity_mah) = args.battery_mah else {
        return Ok(None);
    };
    let battery = Battery {
        capacity_mah,
        voltage_v: args.battery_voltage.unwrap_or(board.supply_v.mid),
        usable_share: args.battery_usable,
        decisions_per_hour: args.decisions_per_hour.unwrap_or(3600.0 / p.sequence_s),
    };
    Ok(Some(energy::battery_life(&battery, p, board, sensor)?))
}
