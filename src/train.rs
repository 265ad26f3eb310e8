//! `skiprnn train`

use crate::{
    cli::{DatasetArgs, TrainArgs, TrainTask},
    evaluate,
    inputs::Run,
    output::{self, Output, Usage},
};
use anyhow::Context;
use host_train::{ChannelConfig, DataSource, DatasetConfig, Progress, TrainConfig, TrainReport};
use std::path::{Path, PathBuf};

/// Runs the command.
pub fn run(args: &TrainArgs, out: Output) -> anyhow::Result<()> {
    let config = config(args)?;
    let report = observed(&config, &args.out, args.resume, config.data.name(), |_| ())?;
    let run = Run::open(&args.out)?;
    let summary = evaluate::Summary {
        metric: report.best.metric,
        solved: report.best.solved,
        updates_mean: report.best.updates_mean,
        sequence_length: run.model.description.sequence_length,
        seconds: report.seconds,
        steps: Some(report.steps),
    };
    let json = summary.json(&run);
    out.print(&json, || {
        format!(
            "{}\n(on the validation part, best state of step {}; `skiprnn eval {}` reads the held-out data)",
            summary.text(&run),
            report.best_step,
            args.out.display()
        )
    });
    Ok(())
}

/// The configuration that the options ask for.
fn config(args: &TrainArgs) -> anyhow::Result<TrainConfig> {
    if args.device != "cpu" {
        return Err(Usage::error(format!(
            "--device {}: this version trains on `cpu` only",
            args.device
        )));
    }
    let data = match args.task {
        TrainTask::Frequency => DataSource::Frequency {
            sample_period_s: args.sample_period_s.unwrap_or(1e-3),
        },
        TrainTask::Adding => DataSource::Adding { length: args.length },
        TrainTask::Dataset => DataSource::Dataset(dataset(&args.dataset, args.sample_period_s)?),
    };
    let d = data.default_config();
    Ok(TrainConfig {
        cell: args.cell,
        hidden: args.hidden.unwrap_or(d.hidden),
        layers: args.layers,
        lambda: args.lambda.unwrap_or(d.lambda),
        seed: args.seed,
        steps: args.steps.unwrap_or(d.steps),
        batch: args.batch.unwrap_or(d.batch),
        learning_rate: args.learning_rate.unwrap_or(d.learning_rate),
        eval_every: args.eval_every.unwrap_or(d.eval_every),
        stop_metric: args.stop_metric.or(d.stop_metric),
        stop_updates: args.stop_updates.or(d.stop_updates),
        threads: args.threads.unwrap_or(d.threads),
        ..d
    })
}

fn dataset(args: &DatasetArgs, sample_period_s: Option<f64>) -> anyhow::Result<DatasetConfig> {
    let Some(train_x) = &args.train_x else {
        return Err(Usage::error(
            "--train-x: missing; give a .npy file or a folder of CSV files",
        ));
    };
    let train_y = match (&args.train_y, train_x.is_dir()) {
        (Some(y), _) => absolute(y)?,
        (None, true) => PathBuf::new(),
        (None, false) => {
            return Err(Usage::error(
                "--train-y: missing; a .npy file of sequences needs its answers",
            ));
        }
    };
    let named = args.channel_names.len();
    for (option, n) in [
        ("--channel-units", args.channel_units.len()),
        ("--full-scale", args.full_scale.len()),
    ] {
        if n != 0 && n != named {
            return Err(Usage::error(format!(
                "{option}: {n} given for {named} --channel-names; give one each"
            )));
        }
    }
    let channels = args
        .channel_names
        .iter()
        .enumerate()
        .map(|(k, name)| ChannelConfig {
            name: name.clone(),
            unit: args.channel_units.get(k).cloned().unwrap_or_default(),
            full_scale: args.full_scale.get(k).copied(),
        })
        .collect();
    let optional = |path: &Option<PathBuf>| path.as_deref().map(absolute).transpose();
    Ok(DatasetConfig {
        train_x: absolute(train_x)?,
        train_y,
        test_x: optional(&args.test_x)?,
        test_y: optional(&args.test_y)?,
        sample_period_s: sample_period_s.unwrap_or(0.0),
        channels,
        channels_file: optional(&args.channels_file)?,
        class_names: args.class_names.clone(),
    })
}

/// Paths go into config.toml, which is read from anywhere later.
fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{}: not a usable path", path.display()))
}

/// Trains with a progress bar on standard error, and shows every step to `observe`.
pub fn observed(
    config: &TrainConfig,
    dir: &Path,
    resume: bool,
    label: &str,
    mut observe: impl FnMut(&Progress),
) -> anyhow::Result<TrainReport> {
    let bar = output::progress_bar(label, config.steps);
    let mut last = String::new();
    let report = host_train::train(config, dir, resume, &mut |p| {
        show(&bar, p, &mut last);
        observe(p);
    })?;
    bar.finish_and_clear();
    Ok(report)
}

/// Shows one step.
fn show(bar: &indicatif::ProgressBar, p: &Progress, last: &mut String) {
    if let Some(message) = &p.message {
        bar.suspend(|| eprintln!("{message}"));
    }
    if let Some(e) = &p.evaluation {
        *last = format!(
            "{} {:.4} with {:.1} updates",
            e.metric.name(),
            e.metric.value(),
            e.updates_mean
        );
        if bar.is_hidden() {
            eprintln!(
                "step {}: loss {:.4}, {last}, {:.1} steps/s",
                p.step, p.loss, p.steps_per_s
            );
        }
    }
    bar.set_position(p.step);
    bar.set_message(format!("loss {:.4} {last} {:.1} steps/s", p.loss, p.steps_per_s));
}
