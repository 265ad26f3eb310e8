//! `skiprnn emulate --board NAME`: the image of a real board, as `flash` would write it, on a model of its chip and its sensor.

use super::{
    args::App,
    charge::{Charge, Prices},
    classify,
    decision::{AnswerJson, DecisionJson, said},
    job::{Answers, Comparison, Job, without_sensor},
    power_trace,
};
use crate::{
    flash,
    output::{self, Output, Usage, tell},
    settings::SettingsJson,
    simulate::{Simulated, WithSettings},
};
use anyhow::bail;
use board_host::{
    boards::Board,
    on_board::{self, BoardOptions, Observed, ObservedSummary, Recorded},
};
use energy::PricedBudget;
use serde::Serialize;
use std::io::Write;

/// Runs the application.
pub fn run(job: &Job<'_>, board: Board, out: Output) -> anyhow::Result<()> {
    match job.args.app {
        App::Replay => replay(job, board, out),
        App::Classify => play(job, board, out),
        App::Measure => Err(Usage::error(
            "--app measure: its windows are for a power analyser, which a virtual board does not have; leave --board out",
        )),
    }
}

/// Seconds of board time that run in a second at least.
const SLOWEST: f64 = 50.0;

fn options(job: &Job<'_>, board: Board, prices: Option<&Prices>) -> anyhow::Result<BoardOptions> {
    let app = match (job.args.app, &job.args.settings.settings.sensor) {
        (App::Replay, _) => "replay".to_owned(),
        (_, Some(sensor)) => format!("classify-{sensor}"),
        (_, None) => "classify".to_owned(),
    };
    let program = board.program(&app, job.model.inputs()).map_err(|why| {
        Usage::error(format!(
            "--sensor: {why}; the sensors of a board are named as its programs are"
        ))
    })?;
    let option = match job.args.settings.settings.sensor {
        Some(_) => "--sensor",
        None => "--app",
    };
    flash::fits(&job.args.blob, job.model, program, option)?;
    let (count, length, _) = job.shape();
    let all_s = (count * length) as f64 * job.model.sample_period_ns() as f64 * 1e-9;
    let board_s = job.args.seconds.unwrap_or(all_s);
    let plain = BoardOptions::new(board, program);
    Ok(BoardOptions {
        timeout_s: plain.timeout_s.max((board_s / SLOWEST) as u64),
        settings: job.settings,
        firmware: job.args.target.firmware.clone(),
        seconds: job.args.seconds,
        charge: prices.map(|prices| prices.options(job.args.power_trace.is_some())),
        ..plain
    })
}

/// What a run drew, with the files that are asked for; none where nothing tells it.
fn charged(
    job: &Job<'_>,
    board: &Board,
    prices: Option<&Prices>,
    observed: &Observed,
    decisions: usize,
) -> anyhow::Result<Option<Charge>> {
    let charge = prices.and_then(|prices| Charge::new(prices, observed, decisions));
    if let Some(charge) = &charge {
        charge.draw(job.args, board)?;
    }
    if let (Some(path), Some(balance)) = (&job.args.power_trace, &observed.charge) {
        power_trace::write(path, balance)?;
    }
    Ok(charge)
}

/// The table, after what stands before it.
fn table(charge: Option<&Charge>) -> String {
    charge.map_or(String::new(), |charge| format!("\n{charge}"))
}

/// What a replay gives.
#[derive(Serialize)]
struct Replayed {
    #[serde(flatten)]
    simulated: Simulated,
    #[serde(flatten)]
    comparison: Comparison,
    cycles_per_update: f64,
    late_updates: u64,
    #[serde(flatten)]
    observed: ObservedSummary,
    charge: Option<Charge>,
}

fn replay(job: &Job<'_>, board: Board, out: Output) -> anyhow::Result<()> {
    without_sensor(job.args, job.priced.is_some())?;
    let prices = Prices::of(&board, job.args)?;
    let options = options(job, board, prices.as_ref())?;
    let spinner = output::progress_bar("running the board's image", 0);
    let replay = on_board::replay(&options, &job.load());
    spinner.finish_and_clear();
    let replay = replay?;
    let expected = job.expected()?;
    let answers = Answers::new(job.model, &job.settings, job.prepared.data.x.length)?;
    let runs = answers.runs(&replay.records);
    let result = Replayed {
        simulated: Simulated::new(job.model, job.prepared, &runs, &job.settings, &job.args.result)?,
        comparison: Comparison::of_runs(&expected, (&replay.records, &runs), answers, replay.spending),
        cycles_per_update: replay.cycles_per_update,
        late_updates: replay.late_updates,
        observed: ObservedSummary::new(&board, &replay.observed),
        charge: charged(job, &board, prices.as_ref(), &replay.observed, replay.records.len())?,
    };
    let (value, budget) = job.with_settings(&result, &expected)?;
    log(job, &replay.observed);
    out.print(&value, || {
        format!(
            "{}: {}\n{} the simulator (schedules, logits, final states); {:.0} cycles per update (simulated), {} late\n{}{}{budget}",
            board.name,
            result.simulated,
            result.comparison.verdict(),
            replay.cycles_per_update,
            replay.late_updates,
            result.observed,
            table(result.charge.as_ref()),
        )
    });
    check(job, &board, &result.comparison, &replay.observed)
}

/// What a run of `classify` gives.
#[derive(Serialize)]
struct Played<'a> {
    sequences: usize,
    decided: Vec<DecisionJson>,
    answered: Vec<AnswerJson>,
    lost: Vec<&'a str>,
    refused: Option<&'a str>,
    notes: &'a [String],
    #[serde(flatten)]
    comparison: Comparison,
    #[serde(flatten)]
    observed: ObservedSummary,
    charge: Option<Charge>,
}

fn play(job: &Job<'_>, board: Board, out: Output) -> anyhow::Result<()> {
    classify::check(job.args, job.model)?;
    let model = job.model;
    let channels: Vec<(&str, f32)> = model
        .channels()
        .map(|channel| (channel.unit, channel.full_scale))
        .collect();
    let recorded = Recorded {
        counts: &job.prepared.counts,
        shape: job.shape(),
        channels: &channels,
        period_ns: model.sample_period_ns(),
    };
    let prices = Prices::of(&board, job.args)?;
    let options = options(job, board, prices.as_ref())?;
    let run = on_board::classify(&options, job.blob.bytes(), &recorded, &mut |heard| {
        if !out.json {
            // A reader that leaves early is no failure.
            let _ = writeln!(std::io::stdout().lock(), "{}", said(model, heard));
        }
    })?;
    log(job, &run.observed);
    let result = Played {
        sequences: run.decisions().count() + run.lost().count(),
        decided: run
            .decisions()
            .map(|decision| DecisionJson::new(model, decision))
            .collect(),
        answered: run.answers().map(|answer| AnswerJson::new(model, answer)).collect(),
        lost: run.lost().collect(),
        refused: run.refused.as_deref(),
        notes: &job.prepared.data.notes,
        comparison: Comparison::new(run.first_difference(model, &job.settings)?, true),
        observed: ObservedSummary::new(&board, &run.observed),
        charge: charged(job, &board, prices.as_ref(), &run.observed, run.decisions().count())?,
    };
    let settings = SettingsJson::new(&job.settings, job.priced.map(PricedBudget::summary));
    let comparison = result.comparison;
    let (decided, lost) = (result.decided.len(), result.lost.len());
    let answers = match result.answered.len() {
        0 => String::new(),
        answered => format!(" and {answered} answers"),
    };
    let observed = result.observed.to_string() + &table(result.charge.as_ref());
    let value = serde_json::to_value(WithSettings {
        results: result,
        settings,
    })?;
    out.print(&value, || {
        format!(
            "{}: {decided} decisions{answers}, {lost} sequences lost\n{} the simulator on the samples that the sensor delivered\n{}{}",
            board.name,
            comparison.verdict(),
            observed,
            output::notes(&job.prepared.data.notes),
        )
    });
    if let Some(why) = &run.refused {
        bail!("{}: the board came to its error state: {why}", job.args.blob.display());
    }
    check(job, &board, &comparison, &run.observed)
}

fn log(job: &Job<'_>, observed: &Observed) {
    if job.args.log {
        for line in &observed.log {
            tell(format_args!("{:>12.6} {}", line.at.as_s(), line.text));
        }
    }
}

/// Fails where board and simulator differ, or a rule was broken.
fn check(job: &Job<'_>, board: &Board, comparison: &Comparison, observed: &Observed) -> anyhow::Result<()> {
    let file = job.args.blob.display().to_string();
    comparison.check(&file, "the virtual board", "")?;
    match observed.findings.len() {
        0 => Ok(()),
        broken => bail!("{file}: {broken} rules of silicon are broken on {}", board.name),
    }
}
