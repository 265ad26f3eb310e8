//! `skiprnn emulate --app classify`: the sequences play as a sensor's, decisions are printed as they fall.

use super::{
    args::EmulateArgs,
    decision::{DecisionJson, line, period_s},
    job::{Comparison, Job, check_output},
};
use crate::{
    output::{Output, Usage, tell},
    settings::Expected,
    simulate::Simulated,
};
use board_host::{
    Options,
    classify::{Classification, Decision},
};
use quantize::Run;
use serde::Serialize;
use skiprnn_nostd::Model;
use std::io::Write;

/// What the command gives.
#[derive(Serialize)]
struct Classified<'a> {
    #[serde(flatten)]
    evaluated: Evaluated,
    #[serde(flatten)]
    comparison: Comparison,
    decided: Vec<DecisionJson>,
    lost: &'a [String],
    captured: u64,
    queued_most: u64,
    power_ups: u64,
    seconds_sensor_on: f64,
    seconds_asleep: f64,
    machine: &'a str,
}

/// A lost sequence has no outputs of its own: the metric stands for all sequences only where none is lost.
#[derive(Serialize)]
#[serde(untagged)]
enum Evaluated {
    All(Box<Simulated>),
    Some { sequences: usize, notes: Vec<String> },
}

/// Runs the application.
pub fn run(job: &Job<'_>, options: &Options, out: Output) -> anyhow::Result<()> {
    check(job.args, job.model)?;
    let (model, shape) = (job.model, job.shape());
    let classification = board_host::classify::run(&job.load(), options, &mut |decision| {
        if !out.json {
            // A reader that leaves early is no failure.
            let _ = writeln!(std::io::stdout().lock(), "{}", line(model, decision));
        }
    })?;
    if job.args.log {
        classification.log.iter().for_each(tell);
    }
    let expected = job.expected()?;
    let different = first_difference(&expected, &classification);
    let result = Classified {
        evaluated: evaluated(job, &expected.runs, &classification)?,
        comparison: Comparison::new(different, classification.spending == expected.spending),
        decided: classification
            .decisions
            .iter()
            .map(|d| DecisionJson::new(model, d))
            .collect(),
        lost: &classification.lost,
        captured: classification.captured,
        queued_most: classification.queued,
        power_ups: classification.power_ups,
        seconds_sensor_on: classification.seconds_on,
        seconds_asleep: classification.seconds_asleep,
        machine: &classification.machine,
    };
    let (value, budget) = job.with_settings(&result, &expected)?;
    out.print(&value, || {
        let (count, length) = (shape.0, model.sequence_length() as usize);
        let asleep = 100.0 * classification.seconds_asleep / (count * length) as f64 / period_s(model);
        let evaluated = match &result.evaluated {
            Evaluated::All(simulated) => simulated.to_string(),
            Evaluated::Some { sequences, .. } => format!("no metric over {sequences} sequences, some of which were lost"),
        };
        format!(
            "{}: {evaluated}\n{} the simulator (decisions, times, outputs); {} lost; sensor on for {:.3} s, asleep {asleep:.1} %{budget}",
            classification.machine,
            result.comparison.verdict(),
            classification.lost.len(),
            classification.seconds_on,
        )
    });
    let why = classification
        .lost
        .first()
        .map_or(String::new(), |why| format!(" ({why})"));
    let file = job.args.blob.display().to_string();
    result.comparison.check(&file, "the emulated board", &why)
}

/// Refuses options that classify has no use for, and a model that comes to no decision or has no grid of time.
pub fn check(args: &EmulateArgs, model: &Model<'_>) -> anyhow::Result<()> {
    if args.result.schedules {
        return Err(Usage::error(
            "--schedules: classify logs decisions and no schedules; leave it out, or take --app replay",
        ));
    }
    check_output(model)?;
    let file = args.blob.display();
    if model.sequence_length() == 0 {
        return Err(Usage::error(format!(
            "--app: classify needs an end of a sequence, and {file} is made for an endless stream; take --app replay"
        )));
    }
    Ok(())
}

/// The first sequence with another decision, at another time, from another number of updates, at another dial or cap, or
/// with none.
fn first_difference(expected: &Expected, classification: &Classification) -> Option<usize> {
    let mut decisions = classification.decisions.iter().peekable();
    let mut sequences = expected.runs.iter().zip(&expected.settings).enumerate();
    sequences.position(|(sequence, (run, setting))| {
        let same = |d: &&Decision| {
            (d.sequence, d.class, Some(d.sample)) == (sequence as u64, run.decision, last_sample(run))
                && (d.updates as usize, &d.logits) == (run.updates.len(), &run.logits)
                && (d.dial, d.cap) == (setting.dial, setting.cap)
        };
        decisions.next_if(|decision| same(decision)).is_none()
    })
}

/// The sample after which a decision stands.
fn last_sample(run: &Run) -> Option<u64> {
    run.updates.last().copied().map(u64::from)
}

/// The metric over all sequences, with the outputs that the board gave.
fn evaluated(job: &Job<'_>, expected: &[Run], classification: &Classification) -> anyhow::Result<Evaluated> {
    let runs: Vec<Run> = classification
        .decisions
        .iter()
        .filter_map(|decision| {
            let simulated = expected.get(usize::try_from(decision.sequence).ok()?)?;
            Some(Run {
                updates: simulated.updates.clone(),
                logits: decision.logits.clone(),
                state_crc: simulated.state_crc,
                decision: decision.class,
            })
        })
        .collect();
    Ok(match runs.len() == expected.len() {
        true => Evaluated::All(Box::new(Simulated::new(
            job.model,
            job.prepared,
            &runs,
            &job.args.result,
        )?)),
        false => Evaluated::Some {
            sequences: expected.len(),
            notes: job.prepared.data.notes.clone(),
        },
    })
}
