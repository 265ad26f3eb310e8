//! `skiprnn emulate --app classify`: the sequences play as a sensor's, decisions are printed as they fall.

use super::{
    args::EmulateArgs,
    decision::{AnswerJson, DecisionJson, period_s, said},
    job::{Answers, Comparison, Job},
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
use skiprnn_nostd::{Model, OutputAt};
use std::io::Write;

/// What the command gives.
#[derive(Serialize)]
struct Classified<'a> {
    #[serde(flatten)]
    evaluated: Evaluated,
    #[serde(flatten)]
    comparison: Comparison,
    decided: Vec<DecisionJson>,
    answered: Vec<AnswerJson>,
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
    let classification = board_host::classify::run(&job.load(), options, &mut |heard| {
        if !out.json {
            // A reader that leaves early is no failure.
            let _ = writeln!(std::io::stdout().lock(), "{}", said(model, heard));
        }
    })?;
    if job.args.log {
        classification.log.iter().for_each(tell);
    }
    let expected = job.expected()?;
    let answers = Answers::new(model, &job.settings, shape.1)?;
    let runs = runs(answers, &expected.runs, &classification);
    let different = first_difference(answers, &expected, &classification, &runs);
    let result = Classified {
        evaluated: evaluated(job, &expected.runs, &runs)?,
        comparison: Comparison::new(different, classification.spending == expected.spending),
        decided: classification
            .decisions
            .iter()
            .map(|d| DecisionJson::new(model, d))
            .collect(),
        answered: classification
            .answers
            .iter()
            .map(|a| AnswerJson::new(model, a))
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
        let (count, length) = (shape.0, shape.1);
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

/// Refuses options that classify has no use for, and a model that nothing asks for an answer.
pub fn check(args: &EmulateArgs, model: &Model<'_>) -> anyhow::Result<()> {
    if args.result.schedules {
        return Err(Usage::error(
            "--schedules: classify logs decisions and no schedules; leave it out, or take --app replay",
        ));
    }
    let stream = &args.settings.settings.stream;
    let silent = model.sequence_length() == 0 && model.output_at() == OutputAt::End && stream.answer_every.is_none();
    if silent {
        return Err(Usage::error(format!(
            "--answer-every: {} is made for an endless stream, and answers at an end that does not come; say after how many samples it \
             answers",
            args.blob.display()
        )));
    }
    Ok(())
}

/// The sequences that came to a decision, in the simulator's form; `None` for one that was lost.
fn runs(answers: Answers, expected: &[Run], classification: &Classification) -> Vec<Option<Run>> {
    let mut within = classification.answers.iter().peekable();
    let mut decisions = classification.decisions.iter().peekable();
    let run = |(sequence, simulated): (u64, &Run)| {
        let mut rows = Vec::new();
        while let Some(answer) = within.next_if(|answer| answer.sequence <= sequence) {
            rows.extend((answer.sequence == sequence).then_some((answer.sample, answer.logits.as_slice())));
        }
        let decision = decisions.next_if(|decision| decision.sequence == sequence)?;
        rows.push((decision.sample, &decision.logits));
        Some(Run {
            updates: simulated.updates.clone(),
            logits: answers.rows(&rows),
            state_crc: simulated.state_crc,
            decision: decision.class,
        })
    };
    (0..).zip(expected).map(run).collect()
}

/// The first sequence with another decision or answer, at another time, from another number of updates, at another dial or cap, or
/// with none.
fn first_difference(
    answers: Answers,
    expected: &Expected,
    classification: &Classification,
    runs: &[Option<Run>],
) -> Option<usize> {
    let mut decisions = classification.decisions.iter().peekable();
    let mut within = classification.answers.iter().peekable();
    let mut sequences = expected.runs.iter().zip(&expected.settings).zip(runs).enumerate();
    sequences.position(|(sequence, ((run, setting), board))| {
        let sequence = sequence as u64;
        let same = |d: &&Decision| {
            (d.sequence, d.class, Some(d.sample)) == (sequence, run.decision, last_sample(run))
                && (d.updates as usize, d.dial, d.cap) == (run.updates.len(), setting.dial, setting.cap)
        };
        let mut samples = Vec::new();
        while let Some(answer) = within.next_if(|answer| answer.sequence <= sequence) {
            samples.push(answer.sample);
        }
        decisions.next_if(|decision| same(decision)).is_none()
            || samples != answers.samples(&run.updates)
            || board.as_ref().is_none_or(|board| board.logits != run.logits)
    })
}

/// The sample after which a decision stands.
fn last_sample(run: &Run) -> Option<u64> {
    run.updates.last().copied().map(u64::from)
}

/// The metric over all sequences, with the outputs that the board gave.
fn evaluated(job: &Job<'_>, expected: &[Run], runs: &[Option<Run>]) -> anyhow::Result<Evaluated> {
    let runs: Vec<Run> = runs.iter().flatten().cloned().collect();
    Ok(match runs.len() == expected.len() {
        true => Evaluated::All(Box::new(Simulated::new(
            job.model,
            job.prepared,
            &runs,
            &job.settings,
            &job.args.result,
        )?)),
        false => Evaluated::Some {
            sequences: expected.len(),
            notes: job.prepared.data.notes.clone(),
        },
    })
}
