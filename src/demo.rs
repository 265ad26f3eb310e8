//! `skiprnn demo`: the whole workflow, once.

use crate::{
    args::{InputArgs, ResultArgs, Task},
    blob::{self, Prepared},
    emulate, energy,
    evaluate::{self, EvalArgs},
    inputs,
    output::{self, Output, merge, tell},
    quantize::{self, QuantizeArgs},
    simulate::Simulated,
    train,
};
use ::energy::Prediction;
use ::quantize::{Report, Run as FixedRun, Simulator};
use anyhow::Context;
use board_host::Settings;
use clap::Args;
use experiments::{
    CurvePoint,
    demo::{Contents, EmulatedFigures, Figures, FixedFigures, FloatFigures, ReplayFigures, page},
    learning_curve,
};
use float_model::{Cell, Metric, Targets};
use host_train::{DataSource, TrainConfig};
use serde_json::{Value, json};
use skiprnn_nostd::Model;
use std::{
    path::{Path, PathBuf},
    time::Instant,
};

/// Options of `demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Folder for the runs, the blob, report.html and summary.json.
    #[arg(long, default_value = "runs/demo")]
    pub out: PathBuf,
    /// A smaller model and fewer sequences: takes a minute, and may not solve the task.
    #[arg(long)]
    pub quick: bool,
    /// Training steps of each model at most. [default: 2000; with --quick 200]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: Option<u64>,
    /// Seed of the training runs.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Seed of held-out data, as everywhere.
const EVALUATION_SEED: u64 = 1_000_003;
/// The board that energy is predicted for, and its sensor: the frequency task has none of its own.
const BOARD: &str = "nrf52840";
const SENSOR: &str = "none";

fn config(cell: Cell, args: &DemoArgs) -> TrainConfig {
    let data = DataSource::Frequency { sample_period_s: 1e-3 };
    let d = data.default_config();
    let steps = args.steps.unwrap_or(if args.quick { 200 } else { 2000 });
    TrainConfig {
        cell,
        hidden: if args.quick { 16 } else { 32 },
        lambda: if cell.skips() { 1e-3 } else { 0.0 },
        seed: args.seed,
        steps,
        eval_every: if args.quick { (steps / 4).max(1) } else { 25 },
        stop_metric: Some(0.995),
        stop_updates: cell.skips().then_some(40.0),
        threads: 1,
        ..d
    }
}

/// Trains one model, or finds it trained already, and returns its learning curve.
fn train_one(cell: Cell, args: &DemoArgs, dir: &Path) -> anyhow::Result<Vec<CurvePoint>> {
    train::observed(&config(cell, args), dir, true, cell.name(), |_| ()).map_err(|error| match error.downcast() {
        // There is no --resume here.
        Ok(host_train::Error::Interrupted { .. }) => experiments::Error::Interrupted.into(),
        Ok(other) => other.into(),
        Err(other) => other,
    })?;
    Ok(learning_curve(&dir.join("metrics.csv"))?)
}

/// Both models, several at a time, with the learning curves of the skipping and of the dense one.
fn train_both(
    args: &DemoArgs,
    skip_dir: &Path,
    dense_dir: &Path,
) -> anyhow::Result<(Vec<CurvePoint>, Vec<CurvePoint>)> {
    tell(format_args!(
        "training a Skip LSTM and a plain LSTM on the frequency task, seed {}",
        args.seed
    ));
    let (skip, dense) = std::thread::scope(|scope| {
        let dense = scope.spawn(|| train_one(Cell::Lstm, args, dense_dir));
        let skip = train_one(Cell::SkipLstm, args, skip_dir);
        (skip, dense.join().expect("the training thread panicked"))
    });
    Ok((skip?, dense?))
}

/// Nothing beside the figures.
const FIGURES: ResultArgs = ResultArgs {
    schedules: false,
    outputs: None,
};

/// This many held-out sequences.
fn held_out(n: usize) -> InputArgs {
    InputArgs {
        data_of: None,
        x: None,
        y: None,
        every: None,
        n: Some(n),
        seed: EVALUATION_SEED,
    }
}

/// A figure that is always there, as generated sequences come with their answers.
fn known<T>(figure: Option<T>) -> anyhow::Result<T> {
    figure.context("the task gave sequences without answers")
}

/// A float model on held-out data: what `eval` says of it.
fn evaluate_float(dir: &Path, n: usize) -> anyhow::Result<(Value, FloatFigures)> {
    let evaluation = evaluate::evaluate(&EvalArgs {
        run: dir.into(),
        dial: 0.0,
        input: held_out(n),
        result: FIGURES,
    })?;
    let summary = known(evaluation.summary())?;
    let figures = FloatFigures {
        hidden: summary.hidden,
        metric: summary.metric,
        updates_mean: summary.updates_mean,
        sequences: evaluation.sequences,
    };
    Ok((serde_json::to_value(evaluation)?, figures))
}

/// The integers on the host: what `simulate` and `quantize` say of them.
fn evaluate_fixed(
    model: &Model<'_>,
    prepared: &Prepared,
    runs: &[FixedRun],
    report: &Report,
) -> anyhow::Result<(Value, FixedFigures)> {
    let simulated = Simulated::new(model, prepared, runs, &Settings::default(), &FIGURES)?;
    let metric = known(simulated.metric)?;
    let figures = FixedFigures {
        metric,
        updates_mean: simulated.updates_mean,
        sequences: simulated.sequences,
        same_decision: report.fidelity.same_decision,
        blob_bytes: report.blob_bytes,
    };
    let mut value = serde_json::to_value(simulated)?;
    merge(&mut value, serde_json::to_value(report)?);
    // `sequences` are those of the held-out data, not of the calibration data.
    let solved = evaluate::solved("frequency", Metric::Accuracy(metric));
    merge(&mut value, json!({ "sequences": figures.sequences, "solved": solved }));
    Ok((value, figures))
}

/// The emulated part of the summary; or why there is none, which can only be a Rust target that cannot be installed here.
fn evaluate_emulated(blob: &::quantize::Blob, prepared: &Prepared) -> anyhow::Result<(Value, EmulatedFigures)> {
    tell("emulating (the firmware image is built on first use)");
    let options = board_host::Options::default();
    match emulate::emulate(blob, &blob.model(), prepared, &options, &FIGURES) {
        Ok((replayed, ..)) => {
            let figures = ReplayFigures {
                metric: known(replayed.simulated.metric)?,
                updates_mean: replayed.simulated.updates_mean,
                sequences: replayed.simulated.sequences,
                instructions_per_update: replayed.instructions_per_update,
                identical_to_simulator: replayed.comparison.identical_to_simulator,
            };
            Ok((serde_json::to_value(replayed)?, EmulatedFigures::Measured(figures)))
        }
        Err(e) => match e.downcast_ref::<board_host::Error>() {
            Some(board_host::Error::TargetMissing { .. }) => {
                tell(format_args!("the emulator's column stays empty: {e}"));
                let why = e.to_string();
                Ok((json!({ "not_measured": why }), EmulatedFigures::Missing(why)))
            }
            _ => Err(e),
        },
    }
}

/// The energy of one sequence, from the updates simulated and the instructions counted.
fn predict_energy(model: &Model<'_>, fixed: &FixedFigures, emulated: &EmulatedFigures) -> anyhow::Result<Prediction> {
    let instructions = match emulated {
        EmulatedFigures::Measured(replay) => Some(replay.instructions_per_update.round() as u64),
        EmulatedFigures::Missing(_) => None,
    };
    let basis = energy::Basis {
        updates_mean: fixed.updates_mean,
        schedules: None,
        instructions,
    };
    energy::prediction(model, BOARD, SENSOR, basis)
}

/// Runs the command.
pub fn run(args: &DemoArgs, out: Output) -> anyhow::Result<()> {
    let started = Instant::now();
    let (skip_dir, dense_dir) = (args.out.join("skip-lstm"), args.out.join("lstm"));
    let (skip_curve, dense_curve) = train_both(args, &skip_dir, &dense_dir)?;

    tell("evaluating, quantizing, simulating");
    let n = if args.quick { 1000 } else { inputs::EVALUATION_COUNT };
    let (float, float_figures) = evaluate_float(&skip_dir, n)?;
    let (dense, dense_figures) = evaluate_float(&dense_dir, n)?;
    let quantized = quantize::quantize(&QuantizeArgs {
        run: skip_dir,
        out: args.out.join("frequency.srnn"),
        name: Some("frequency".into()),
        ..QuantizeArgs::default()
    })?;
    let model = quantized.blob.model();
    let prepare = |n| blob::prepare(&model, Some(Task::Frequency), &held_out(n), n);
    let prepared = prepare(n)?;
    let runs = Simulator::new(&model)?.run_all(&prepared.counts, prepared.data.x.length, inputs::processors());
    let (fixed, fixed_figures) = evaluate_fixed(&model, &prepared, &runs, &quantized.report)?;
    let (emulated, emulated_figures) = evaluate_emulated(&quantized.blob, &prepare(emulate::COUNT)?)?;
    let figures = Figures {
        float: float_figures,
        dense: dense_figures,
        energy: predict_energy(&model, &fixed_figures, &emulated_figures)?,
        fixed: fixed_figures,
        emulated: emulated_figures,
        seconds: started.elapsed().as_secs_f64(),
    };
    let summary = json!({
        "float": float, "fixed": fixed, "emulated": emulated, "dense": dense,
        "energy": energy::json(&figures.energy)?, "seconds": figures.seconds,
    });
    let labels = match &prepared.data.y {
        Some(Targets::Labels(labels)) => labels.as_slice(),
        _ => &[],
    };
    let schedules: Vec<Vec<u32>> = runs.iter().take(50).map(|r| r.updates.clone()).collect();
    let html = page(&Contents {
        x: &prepared.data.x,
        labels,
        schedules: &schedules,
        class_names: &["other".into(), "5 to 6 ms".into()],
        skip_curve: &skip_curve,
        dense_curve: &dense_curve,
        figures: &figures,
    });
    let report = args.out.join("report.html");
    output::write_atomically(&report, html.as_bytes())?;
    output::write_atomically(&args.out.join("summary.json"), summary.to_string().as_bytes())?;
    out.print(&summary, || figures.text(&report));
    Ok(())
}
