//! `skiprnn train`

mod options;
pub mod recordings;

pub use options::{TrainArgs, config};

use crate::{
    evaluate,
    inputs::Run,
    output::{self, Output, tell},
};
use host_train::{Progress, TrainConfig, TrainReport};
use indicatif::ProgressBar;
use std::path::Path;

/// Runs the command.
pub fn run(args: &TrainArgs, out: Output) -> anyhow::Result<()> {
    let config = config(args)?;
    let report = observed(&config, &args.out, args.resume, config.data.name(), |_| ())?;
    let run = Run::open(&args.out)?;
    let judged = report.fresh.unwrap_or(report.best);
    let sequence_length = run.model.description.sequence_length;
    let samples_mean = match sequence_length {
        0 => evaluate::samples_mean(&config.data.validation(config.seed)?.0),
        n => n as f64,
    };
    let found = evaluate::Found {
        metric: judged.metric,
        solved: judged.solved,
        updates_mean: judged.updates_mean,
        sequence_length,
        samples_mean,
        seconds: report.seconds,
        steps: Some(report.steps),
    };
    let summary = evaluate::Summary::new(&run, &found);
    let json = serde_json::to_value(&summary)?;
    out.print(&json, || {
        format!(
            "{}\n(on {}, best state of step {}; `skiprnn eval {}` reads the held-out data)",
            summary,
            match report.fresh {
                Some(_) => "10,000 fresh sequences",
                None => "the validation part",
            },
            report.best_step,
            args.out.display()
        )
    });
    Ok(())
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
        show(&bar, "", p, &mut last);
        observe(p);
    })?;
    bar.finish_and_clear();
    Ok(report)
}

/// Shows one step; `label` begins its lines.
pub fn show(bar: &ProgressBar, label: &str, p: &Progress, last: &mut String) {
    if let Some(message) = &p.message {
        bar.suspend(|| tell(format_args!("{label}{message}")));
    }
    if let Some(e) = &p.evaluation {
        *last = format!(
            "{} {:.4} with {:.1} updates",
            e.metric.name(),
            e.metric.value(),
            e.updates_mean
        );
        if bar.is_hidden() {
            tell(format_args!(
                "{label}step {}: loss {:.4}, {last}, {:.1} steps/s",
                p.step, p.loss, p.steps_per_s
            ));
        }
    }
    bar.set_position(p.step);
    bar.set_message(format!("loss {:.4} {last} {:.1} steps/s", p.loss, p.steps_per_s));
}
