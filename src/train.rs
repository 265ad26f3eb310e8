//! `skiprnn train`

mod options;
pub mod recordings;

pub use options::{TrainArgs, config};

use crate::{
    evaluate,
    inputs::Run,
    interrupt,
    output::{self, Output, Usage, tell},
};
use experiments::shell;
use host_train::{DataSource, Existing, Progress, TrainConfig, TrainReport, recipe::Choice};
use indicatif::ProgressBar;
use serde::Serialize;
use std::path::Path;

/// Runs the command.
pub fn run(args: &TrainArgs, out: Output) -> anyhow::Result<()> {
    let config = config(args)?;
    if args.resume && matches!(host_train::existing(&config, &args.out), Ok(Existing::Nothing)) {
        let folder = args.out.display();
        return Err(Usage::error(format!(
            "--resume: {folder} holds no run; give the run's own folder with --out, or start a run there without --resume"
        )));
    }
    tell_choices(&config.chosen);
    let report = observed(&config, &args.out, args.resume, config.data.name(), |_| ())?;
    let run = Run::open(&args.out)?;
    let result = Trained {
        summary: summary(&config, &run, &report)?,
        metric_standard_error: report.best_error,
        validation_sequences: report.validation_count,
        best_step: report.best_step,
        test_part: config.data.has_test_part(),
        names_answers: matches!(&config.data, DataSource::Dataset(data) if dataset::names_its_answers(data)),
        chosen: config.chosen.clone(),
        warnings: report.warnings.clone(),
    };
    let json = serde_json::to_value(&result)?;
    out.print(&json, || text(&result, &report, &args.out));
    Ok(())
}

/// What `train` prints.
#[derive(Serialize)]
struct Trained {
    #[serde(flatten)]
    summary: evaluate::Summary,
    /// Of the metric on a dataset's validation part.
    metric_standard_error: Option<f64>,
    validation_sequences: usize,
    best_step: u64,
    /// Whether `eval` has held-out data to read.
    test_part: bool,
    /// Whether recordings like those that were trained on hold their answers.
    #[serde(skip)]
    names_answers: bool,
    /// Options that the data chose.
    chosen: Vec<Choice>,
    warnings: Vec<String>,
}

fn summary(config: &TrainConfig, run: &Run, report: &TrainReport) -> anyhow::Result<evaluate::Summary> {
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
    Ok(evaluate::Summary::new(run, &found))
}

/// The result for people, with what to do next.
fn text(result: &Trained, report: &TrainReport, folder: &Path) -> String {
    let judged_on = match report.fresh {
        Some(_) => "10,000 fresh sequences",
        None => "the validation part",
    };
    let mut text = format!(
        "{}\n(on {judged_on}, best state of step {})",
        result.summary, result.best_step
    );
    let metric = report.best.metric;
    if let Some(error) = result.metric_standard_error.filter(|error| metric.is_uncertain(*error)) {
        text += &format!(
            "\nthe {} is of {} validation sequences: uncertain by ±{}",
            metric.name(),
            result.validation_sequences,
            float_model::rounded(error)
        );
    }
    let folder = shell::path(folder);
    text += &match result.test_part {
        true => format!("\nnext: `skiprnn eval {folder}` reads the held-out data"),
        false => {
            let other = match result.names_answers {
                true => "--x PATH",
                false => "--x FILE --y FILE",
            };
            format!(
                "\nnext: `skiprnn eval {folder}` reads the validation part, by which this model was chosen: there is no test part; hold \
                 one out with --test-share, or give other recordings with {other}"
            )
        }
    };
    text
}

/// Says which options the data chose, and why, before the first step.
pub fn tell_choices(choices: &[Choice]) {
    if choices.is_empty() {
        return;
    }
    let given = |choice: &Choice| format!("{} {}", choice.option, choice.value);
    let width = choices.iter().map(|choice| given(choice).len()).max().unwrap_or(0);
    let lines = choices
        .iter()
        .map(|choice| format!("\n  {:width$}  {}", given(choice), choice.why));
    tell(format_args!(
        "chosen by the data (docs/recipe.md):{}",
        lines.collect::<String>()
    ));
}

/// Trains with a progress bar on standard error, and shows every step to `observe`. A signal ends it after the step that it is in,
/// with a checkpoint.
pub fn observed(
    config: &TrainConfig,
    dir: &Path,
    resume: bool,
    label: &str,
    mut observe: impl FnMut(&Progress),
) -> anyhow::Result<TrainReport> {
    let _keeping = interrupt::keep();
    let bar = output::progress_bar(label, config.steps);
    let mut last = String::new();
    let report = host_train::train_until(config, dir, resume, &mut |p| {
        show(&bar, "", p, &mut last);
        observe(p);
        interrupt::flow()
    });
    bar.finish_and_clear();
    Ok(report?)
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
