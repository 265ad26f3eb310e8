//! `skiprnn demo`: the whole workflow, once.

use crate::{
    args::{InputArgs, ResultArgs, Task},
    blob, emulate, energy,
    evaluate::{self, EvalArgs},
    inputs,
    output::{self, Output, merge},
    quantize::{self, QuantizeArgs},
    simulate::Simulated,
    train,
};
use ::quantize::{Run as FixedRun, Simulator};
use anyhow::Context;
use clap::Args;
use experiments::{
    CurvePoint,
    demo::{Contents, EmulatedFigures, Figures, FixedFigures, page},
    learning_curve,
};
use float_model::{Cell, Metric, Targets};
use host_train::{DataSource, TrainConfig};
use serde_json::{Value, json};
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
    TrainConfig {
        cell,
        hidden: if args.quick { 16 } else { 32 },
        lambda: if cell.skips() { 1e-3 } else { 0.0 },
        seed: args.seed,
        steps: if args.quick { 200 } else { 2000 },
        eval_every: if args.quick { 50 } else { 25 },
        stop_metric: Some(0.995),
        stop_updates: cell.skips().then_some(40.0),
        threads: 1,
        ..d
    }
}

/// Trains one model, or finds it trained already, and returns its learning curve.
fn train_one(cell: Cell, args: &DemoArgs, dir: &Path) -> anyhow::Result<Vec<CurvePoint>> {
    train::observed(&config(cell, args), dir, true, cell.name(), |_| ())?;
    Ok(learning_curve(&dir.join("metrics.csv"))?)
}

fn eval(dir: &Path, n: usize) -> anyhow::Result<Value> {
    let args = EvalArgs {
        run: dir.into(),
        dial: 0.0,
        input: InputArgs {
            x: None,
            y: None,
            every: None,
            n: Some(n),
            seed: EVALUATION_SEED,
        },
        result: ResultArgs {
            schedules: false,
            outputs: None,
        },
    };
    Ok(serde_json::to_value(evaluate::evaluate(&args)?)?)
}

/// The emulated part of the summary; or why there is none, which can only be a Rust target that cannot be installed here.
fn emulated(fixed: &::quantize::Blob, prepared: &blob::Prepared) -> anyhow::Result<Value> {
    let result = ResultArgs {
        schedules: false,
        outputs: None,
    };
    let options = board_host::Options::default();
    match emulate::emulate(fixed, &fixed.model(), prepared, &options, &result) {
        Ok((replayed, ..)) => Ok(serde_json::to_value(replayed)?),
        Err(e) => match e.downcast_ref::<board_host::Error>() {
            Some(board_host::Error::TargetMissing { .. }) => {
                eprintln!("the emulator's column stays empty: {e}");
                Ok(json!({ "not_measured": e.to_string() }))
            }
            _ => Err(e),
        },
    }
}

/// Runs the command.
pub fn run(args: &DemoArgs, out: Output) -> anyhow::Result<()> {
    let started = Instant::now();
    let (skip_dir, dense_dir) = (args.out.join("skip-lstm"), args.out.join("lstm"));
    eprintln!(
        "training a Skip LSTM and a plain LSTM on the frequency task, seed {}",
        args.seed
    );
    let (skip_curve, dense_curve) = std::thread::scope(|scope| {
        let dense = scope.spawn(|| train_one(Cell::Lstm, args, &dense_dir));
        let skip = train_one(Cell::SkipLstm, args, &skip_dir);
        (skip, dense.join().expect("the training thread panicked"))
    });
    let (skip_curve, dense_curve) = (skip_curve?, dense_curve?);

    eprintln!("evaluating, quantizing, simulating");
    let n = if args.quick { 1000 } else { inputs::EVALUATION_COUNT };
    let float = eval(&skip_dir, n)?;
    let dense = eval(&dense_dir, n)?;
    let (report, quantized) = quantize::quantize(&QuantizeArgs {
        run: skip_dir,
        out: args.out.join("frequency.srnn"),
        name: Some("frequency".into()),
        ..QuantizeArgs::default()
    })?;
    let model = quantized.blob.model();
    let held_out = |n| {
        let input = InputArgs {
            x: None,
            y: None,
            every: None,
            n: Some(n),
            seed: EVALUATION_SEED,
        };
        blob::prepare(&model, Some(Task::Frequency), &input, n)
    };
    let prepared = held_out(n)?;
    let runs = Simulator::new(&model)?.run_all(&prepared.counts, prepared.data.x.length, inputs::threads());
    let quiet = ResultArgs {
        schedules: false,
        outputs: None,
    };
    let mut fixed = serde_json::to_value(Simulated::new(&model, &prepared, &runs, &quiet)?)?;
    merge(&mut fixed, report);
    // `metric` and `sequences` are those of the held-out data, not of the calibration data.
    merge(&mut fixed, json!({ "sequences": runs.len() }));
    let fixed_figures: FixedFigures = typed(&fixed, "fixed")?;
    let solved = evaluate::solved("frequency", Metric::Accuracy(fixed_figures.metric));
    merge(&mut fixed, json!({ "solved": solved }));

    eprintln!("emulating (the firmware image is built on first use)");
    let emulated = emulated(&quantized.blob, &held_out(emulate::COUNT)?)?;
    let emulated_figures: EmulatedFigures = typed(&emulated, "emulated")?;
    let basis = energy::Basis {
        updates_mean: fixed_figures.updates_mean,
        schedules: None,
        instructions: match emulated_figures {
            EmulatedFigures::Measured {
                instructions_per_update,
                ..
            } => Some(instructions_per_update.round() as u64),
            EmulatedFigures::Missing { .. } => None,
        },
    };
    let prediction = energy::prediction(&model, BOARD, SENSOR, basis)?;
    let energy = energy::json(&prediction)?;
    let figures = Figures {
        float: typed(&float, "float")?,
        dense: typed(&dense, "dense")?,
        fixed: fixed_figures,
        emulated: emulated_figures,
        energy: prediction,
        seconds: started.elapsed().as_secs_f64(),
    };
    let summary = json!({
        "float": float, "fixed": fixed, "emulated": emulated, "dense": dense,
        "energy": energy, "seconds": figures.seconds,
    });
    let labels = match &prepared.data.y {
        Some(Targets::Labels(labels)) => labels.as_slice(),
        _ => &[],
    };
    let schedules: Vec<Vec<u32>> = runs.iter().take(50).map(|r: &FixedRun| r.updates.clone()).collect();
    let html = page(&Contents {
        x: &prepared.data.x,
        labels,
        schedules: &schedules,
        class_names: &["other".into(), "5 to 6 ms".into()],
        skip_curve: &skip_curve,
        dense_curve: &dense_curve,
        figures: &figures,
    });
    output::write_atomically(&args.out.join("report.html"), html.as_bytes())?;
    output::write_atomically(&args.out.join("summary.json"), summary.to_string().as_bytes())?;
    out.print(&summary, || figures.text(&args.out.join("report.html")));
    Ok(())
}

/// The figures that a command gives as JSON.
fn typed<T: serde::de::DeserializeOwned>(value: &Value, name: &str) -> anyhow::Result<T> {
    T::deserialize(value).with_context(|| format!("the figures '{name}'"))
}
