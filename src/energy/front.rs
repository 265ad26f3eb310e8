//! `skiprnn energy front`

use super::{
    args::FrontArgs,
    parts::{self, Use},
    report,
};
use crate::{
    blob,
    output::{Output, Usage, warn},
};
use energy::{Board, EnergyFront, FrontPoint, Sensor, picture::OperatingPoint};
use float_model::Objective;
use skiprnn_nostd::Model;

/// Runs the command.
pub fn run(args: &FrontArgs, out: Output) -> anyhow::Result<()> {
    let (board, sensor) = parts::load(&args.parts)?;
    let simulated = args.input.names_data(args.task);
    if !simulated && (!args.dials.is_empty() || args.input.n.is_some()) {
        return Err(Usage::error(
            "--dials, --n: no sequences to run on; give --task, --x or --data-of too",
        ));
    }
    let mut points = Vec::new();
    let mut metric_name = None;
    for path in &args.blobs {
        let blob = blob::read(path)?;
        let model = blob.model();
        warn(sensor.lacks(model.inputs()).as_slice());
        let name = match blob::objective(&model) {
            Objective::Regression => "mse",
            Objective::Classification | Objective::Multilabel => "accuracy",
        };
        if *metric_name.get_or_insert(name) != name {
            anyhow::bail!(
                "{}: its metric is the {name}, that of the blobs before is another; give them apart",
                path.display()
            );
        }
        let operated = if simulated {
            blob::to_run(&model, path)?;
            on_data(args, &model)?
        } else {
            on_blob(&path.display().to_string(), &model)?
        };
        let label = path
            .file_stem()
            .map_or_else(String::new, |s| s.to_string_lossy().into());
        for (dial, metric, found) in operated {
            points.push(point(&label, dial, metric, found, &model, &board, &sensor)?);
        }
    }
    let front = EnergyFront {
        label: "predicted",
        board: board.name,
        sensor: sensor.name,
        metric_name,
        points,
    };
    if report::wanted(&args.report) {
        if metric_name == Some("mse") {
            return Err(Usage::error("--svg, --report: only an accuracy is drawn, not an error"));
        }
        let drawn: Vec<OperatingPoint> = front.points.iter().map(FrontPoint::drawn).collect();
        let drawing = energy::picture::energy_accuracy(&drawn, "predicted");
        let title = format!("Accuracy against energy: {} with {}", front.board, front.sensor);
        report::write(
            &args.report,
            &title,
            &[("Points", front.to_string())],
            ("Picture", &drawing),
        )?;
    }
    out.print(&serde_json::to_value(&front)?, || front.to_string());
    Ok(())
}

/// Dial, metric and samples used, from the simulator.
fn on_data(args: &FrontArgs, model: &Model<'_>) -> anyhow::Result<Vec<(f64, f64, Use)>> {
    let dials = if args.dials.is_empty() {
        vec![0.0]
    } else {
        args.dials.clone()
    };
    dials
        .into_iter()
        .map(|dial| {
            let found = Use::simulated(model, args.task, &args.input, dial)?;
            let metric = found
                .metric
                .ok_or_else(|| Usage::error("--y: the answers are needed for the metric; give them"))?;
            Ok((dial, metric.value(), found))
        })
        .collect()
}

/// The same as `quantize` measured it.
fn on_blob(file: &str, model: &Model<'_>) -> anyhow::Result<Vec<(f64, f64, Use)>> {
    let curve: Vec<_> = model
        .dial_curve()
        .filter(|point| point.metric.is_finite())
        .map(|point| (point.dial.to_num::<f64>(), f64::from(point.metric)))
        .collect();
    if curve.is_empty() {
        anyhow::bail!("{file}: dial_curve: holds no metric; give --task, or --x and --y");
    }
    curve
        .into_iter()
        .map(|(dial, metric)| Ok((dial, metric, Use::stored(model, dial)?)))
        .collect()
}

fn point(
    name: &str,
    dial: f64,
    metric: f64,
    found: Use,
    model: &Model<'_>,
    board: &Board,
    sensor: &Sensor,
) -> anyhow::Result<FrontPoint> {
    let updates_mean = found.updates_mean;
    let workload = parts::workload(board.core, model, updates_mean, found.schedules, None)?;
    Ok(FrontPoint {
        name: name.to_owned(),
        dial,
        metric,
        updates_mean,
        uj_per_sequence: energy::predict(board, sensor, &workload)?.uj_per_sequence,
    })
}
