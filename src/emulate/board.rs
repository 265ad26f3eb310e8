//! `skiprnn emulate --board NAME`: the image of a real board, as `flash` would write it, on a model of its chip and its sensor.

use super::{
    args::App,
    classify,
    decision::{DecisionJson, line},
    job::{Comparison, Job, check_output, runs, without_sensor},
};
use crate::{
    flash,
    output::{self, Output, Usage},
    settings::SettingsJson,
    simulate::{Simulated, WithSettings},
};
use anyhow::bail;
use board_host::{
    boards::Board,
    capacity::{MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS},
    on_board::{self, BoardOptions, Classification, Delivered, Found, Observed, Outcome, Recorded},
};
use energy::PricedBudget;
use serde::Serialize;
use skiprnn_nostd::{Instance, Model, Network, Sequence};
use std::io::Write;

/// A network on the host with an image's room.
type Host<'a> = Instance<'a, MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>;

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

fn options(job: &Job<'_>, board: Board) -> anyhow::Result<BoardOptions> {
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
    flash::fits(&job.args.blob, job.model, program)?;
    Ok(BoardOptions {
        settings: job.settings,
        firmware: job.args.target.firmware.clone(),
        seconds: job.args.seconds,
        ..BoardOptions::new(board, program)
    })
}

/// What a replay gives.
#[derive(Serialize)]
struct Replayed<'a> {
    #[serde(flatten)]
    simulated: Simulated,
    #[serde(flatten)]
    comparison: Comparison,
    cycles_per_update: f64,
    late_updates: u64,
    #[serde(flatten)]
    observed: ObservedJson<'a>,
}

fn replay(job: &Job<'_>, board: Board, out: Output) -> anyhow::Result<()> {
    without_sensor(job.args, job.priced.is_some())?;
    check_output(job.model)?;
    let spinner = output::progress_bar("running the board's image", 0);
    let replay = on_board::replay(
        &options(job, board)?,
        job.blob.bytes(),
        &job.prepared.counts,
        job.shape(),
    );
    spinner.finish_and_clear();
    let replay = replay?;
    let expected = job.expected()?;
    let runs = runs(&replay.records);
    let result = Replayed {
        simulated: Simulated::new(job.model, job.prepared, &runs, &job.args.result)?,
        comparison: Comparison::of_runs(&expected, &runs, replay.spending),
        cycles_per_update: replay.cycles_per_update,
        late_updates: replay.late_updates,
        observed: ObservedJson::new(&board, &replay.observed),
    };
    let (value, budget) = job.with_settings(&result, &expected)?;
    log(job, &replay.observed);
    out.print(&value, || {
        format!(
            "{}: {}\n{} the simulator (schedules, logits, final states); {:.0} cycles per update (simulated), {} late\n{}{budget}",
            board.name,
            result.simulated,
            result.comparison.verdict(),
            replay.cycles_per_update,
            replay.late_updates,
            text(&replay.observed),
        )
    });
    check(job, &board, &result.comparison, &replay.observed)
}

/// What a run of `classify` gives.
#[derive(Serialize)]
struct Played<'a> {
    sequences: usize,
    decided: Vec<DecisionJson>,
    lost: Vec<&'a str>,
    refused: Option<&'a str>,
    #[serde(flatten)]
    comparison: Comparison,
    #[serde(flatten)]
    observed: ObservedJson<'a>,
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
    let run = on_board::classify(&options(job, board)?, job.blob.bytes(), &recorded, &mut |decision| {
        if !out.json {
            // A reader that leaves early is no failure.
            let _ = writeln!(std::io::stdout().lock(), "{}", line(model, decision));
        }
    })?;
    log(job, &run.observed);
    let result = Played {
        sequences: run.outcomes.len(),
        decided: run
            .decisions()
            .map(|decision| DecisionJson::new(model, decision))
            .collect(),
        lost: run.lost().collect(),
        refused: run.refused.as_deref(),
        comparison: Comparison::new(first_difference(model, &run)?, true),
        observed: ObservedJson::new(&board, &run.observed),
    };
    let settings = SettingsJson::new(&job.settings, job.priced.map(PricedBudget::summary));
    let comparison = result.comparison;
    let (decided, lost) = (result.decided.len(), result.lost.len());
    let value = serde_json::to_value(WithSettings {
        results: result,
        settings,
    })?;
    out.print(&value, || {
        format!(
            "{}: {decided} decisions, {lost} sequences lost\n{} the simulator on the samples that the sensor delivered\n{}",
            board.name,
            comparison.verdict(),
            text(&run.observed),
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
            eprintln!("{:>12.6} {}", line.at.as_s(), line.text);
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

/// The first sequence that ended otherwise than the simulator ends on the samples that the sensor delivered for it.
fn first_difference(model: &Model<'_>, run: &Classification) -> anyhow::Result<Option<usize>> {
    for (index, (outcome, delivered)) in run.outcomes.iter().enumerate() {
        if let Outcome::Decided(decision) = outcome {
            let mut network = Host::new(model.clone())?;
            network.set_dial(decision.dial);
            let mut sequence = Sequence::new(network).with_cap(decision.cap);
            let same = decided(&mut sequence, delivered).is_some_and(|(sample, updates, class, logits)| {
                (sample, updates, class) == (decision.sample, decision.updates, decision.class)
                    && logits == decision.logits
            });
            if !same {
                return Ok(Some(index));
            }
        }
    }
    Ok(None)
}

/// What a network decides on samples, each used as it comes: the last sample's index, updates, class and logits. None where it
/// asks for another number of samples.
fn decided(sequence: &mut Sequence<Host<'_>>, delivered: &[Delivered]) -> Option<(u64, u32, usize, Vec<i32>)> {
    sequence.restart().ok()?;
    let mut last = None;
    for sample in delivered {
        last = Some(sequence.step(&sample.counts()).ok()?);
    }
    let last = last.filter(|progress| progress.next.is_none())?;
    let mut logits = vec![0; sequence.network().outputs()];
    sequence.outputs(&mut logits).ok()?;
    let class = sequence.network().decide(&logits);
    Some((last.sample, sequence.timeline().updates(), class, logits))
}

/// What every run on a virtual board shows. All of it is simulated.
#[derive(Serialize)]
struct ObservedJson<'a> {
    board: &'static str,
    label: &'static str,
    seconds: f64,
    seconds_asleep: f64,
    instructions: u64,
    cycles: Range,
    sleeps: usize,
    resets: u64,
    stack: Stack,
    samples_delivered: usize,
    transfers: usize,
    per_sample: Option<PerSample>,
    rules_checked: &'a [&'static str],
    findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Range {
    low: u64,
    high: u64,
}

#[derive(Serialize)]
struct Stack {
    used_bytes: u32,
    bytes: u32,
}

#[derive(Serialize)]
struct PerSample {
    transfers: f64,
    bus_us: f64,
    awake_us: f64,
    asleep_at_bus_us: f64,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    count: u64,
    at_s: f64,
    pc: Option<u32>,
    what: &'a str,
    fix: &'a str,
}

impl<'a> ObservedJson<'a> {
    fn new(board: &Board, observed: &'a Observed) -> Self {
        let finding = |found: &'a Found| Finding {
            rule: found.first.rule,
            count: found.count,
            at_s: found.first.at.as_s(),
            pc: found.first.pc,
            what: &found.first.what,
            fix: found.first.mend,
        };
        Self {
            board: board.name,
            label: "simulated",
            seconds: observed.time.as_s(),
            seconds_asleep: observed.asleep.as_s(),
            instructions: observed.instructions,
            cycles: Range {
                low: observed.cycles.0,
                high: observed.cycles.1,
            },
            sleeps: observed.sleeps.len(),
            resets: observed.resets,
            stack: Stack {
                used_bytes: observed.stack.used,
                bytes: observed.stack.bytes,
            },
            samples_delivered: observed.delivered.len(),
            transfers: observed.transfers.len(),
            per_sample: observed.per_sample().map(|p| PerSample {
                transfers: p.transfers,
                bus_us: p.bus_us,
                awake_us: p.awake_us,
                asleep_at_bus_us: p.asleep_at_bus_us,
            }),
            rules_checked: &observed.rules,
            findings: observed.findings.iter().map(finding).collect(),
        }
    }
}

/// The same for people.
fn text(observed: &Observed) -> String {
    let mut text = format!(
        "{:.3} s of board time, asleep {:.2} %; {} instructions; stack {} of {} bytes (simulated)\n",
        observed.time.as_s(),
        100.0 * observed.asleep.as_s() / observed.time.as_s().max(f64::MIN_POSITIVE),
        observed.instructions,
        observed.stack.used,
        observed.stack.bytes,
    );
    if let Some(p) = observed.per_sample() {
        text += &format!(
            "for each used sample {:.2} transfers, {:.0} us on the bus, core awake for {:.0} us, asleep at the bus for {:.0} us (simulated)\n",
            p.transfers, p.bus_us, p.awake_us, p.asleep_at_bus_us
        );
    }
    match observed.findings.len() {
        0 => text += &format!("no rule of silicon broken, {} checked", observed.rules.len()),
        _ => {
            text += "rules of silicon broken:";
            for found in &observed.findings {
                text += &format!("\n  {} times: {}", found.count, found.first);
            }
        }
    }
    text
}
