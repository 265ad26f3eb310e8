//! `skiprnn emulate --app classify`: the sequences play as a sensor's, decisions are printed as they fall.

use super::args::EmulateArgs;
use crate::{
    blob::Prepared,
    output::{Output, Usage, merge},
    settings::{self, Expected, Priced},
    simulate,
};
use anyhow::bail;
use board_host::{
    Load, Options,
    classify::{Classification, Decision},
};
use quantize::{Blob, Run};
use serde_json::{Value, json};
use skiprnn_nostd::{Model, Objective};
use std::io::Write;

/// Runs the command.
pub fn run(
    args: &EmulateArgs,
    blob: &Blob,
    model: &Model<'_>,
    prepared: &Prepared,
    options: &Options,
    priced: Option<&Priced>,
    out: Output,
) -> anyhow::Result<()> {
    check(args, model)?;
    let x = &prepared.data.x;
    let (file, length) = (args.blob.display(), model.sequence_length() as usize);
    let shape = (x.count, x.length, x.channels);
    let load = Load::new(blob.bytes(), &prepared.counts, shape);
    let classification = board_host::classify::run(&load, options, &mut |decision| {
        if !out.json {
            // A reader that leaves early is no failure.
            let _ = writeln!(std::io::stdout().lock(), "{}", line(model, decision));
        }
    })?;
    if args.log {
        classification.log.iter().for_each(|line| eprintln!("{line}"));
    }
    let expected = settings::simulate(model, prepared, &options.settings)?;
    let different = first_difference(&expected, &classification);
    let identical = different.is_none() && classification.spending == expected.spending;
    let mut value = summary(args, model, prepared, &expected.runs, &classification, different)?;
    merge(&mut value, json!({ "identical_to_simulator": identical }));
    let budget = settings::add(&mut value, model, &options.settings, priced, &expected)?;
    out.print(&value, || {
        let asleep = 100.0 * classification.seconds_asleep / (x.count * length) as f64 / period_s(model);
        format!(
            "{}: {}\n{} the simulator (decisions, times, outputs); {} lost; sensor on for {:.3} s, asleep {asleep:.1} %{budget}",
            classification.machine,
            simulate::text(&value, model),
            if identical { "identical to" } else { "NOT identical to" },
            classification.lost.len(),
            classification.seconds_on,
        )
    });
    match different {
        None if identical => Ok(()),
        None => bail!("{file}: the emulated board books another energy than the simulator"),
        Some(sequence) => bail!(
            "{file}: the emulated board and the simulator part, first at sequence {sequence}{}",
            classification
                .lost
                .first()
                .map_or(String::new(), |why| format!(" ({why})"))
        ),
    }
}

/// Refuses options that classify has no use for, and a model that comes to no decision or has no grid of time.
pub fn check(args: &EmulateArgs, model: &Model<'_>) -> anyhow::Result<()> {
    if args.result.schedules {
        return Err(Usage::error(
            "--schedules: classify logs decisions and no schedules; leave it out, or take --app replay",
        ));
    }
    super::check_output(model)?;
    let file = args.blob.display();
    if model.sample_period_ns() == 0 {
        return Err(Usage::error(format!(
            "--app: classify needs a sample period, and {file} states none; quantize with --sample-period-s"
        )));
    }
    if model.sequence_length() == 0 {
        return Err(Usage::error(format!(
            "--app: classify needs an end of a sequence, and {file} is made for an endless stream; take --app replay"
        )));
    }
    Ok(())
}

fn period_s(model: &Model<'_>) -> f64 {
    model.sample_period_ns() as f64 * 1e-9
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

/// The name of a class, where the model gives it one.
fn class_name<'a>(model: &Model<'a>, class: usize) -> Option<&'a str> {
    (model.objective() == Objective::Classification)
        .then(|| model.class_names().nth(class))
        .flatten()
}

/// A decision in a line for people.
pub fn line(model: &Model<'_>, decision: &Decision) -> String {
    let what = match (model.objective(), class_name(model, decision.class)) {
        (_, Some(name)) => name.to_owned(),
        (Objective::Classification, None) => format!("class {}", decision.class),
        _ => {
            let scale = f64::from(model.logit_scale());
            let outputs: Vec<String> = decision
                .logits
                .iter()
                .map(|l| format!("{:.4}", f64::from(*l) * scale))
                .collect();
            outputs.join(", ")
        }
    };
    let (period, length) = (period_s(model), model.sequence_length());
    format!(
        "sequence {}: {what} at sample {} of {length} ({:.4} s, {:.4} s before its end), {} updates",
        decision.sequence,
        decision.sample,
        decision.sample as f64 * period,
        (f64::from(length) - decision.sample as f64) * period,
        decision.updates
    )
}

/// A decision for machines.
pub fn json(model: &Model<'_>, d: &Decision) -> Value {
    json!({
        "sequence": d.sequence,
        "class": d.class,
        "class_name": class_name(model, d.class),
        "sample": d.sample,
        "time_s": d.sample as f64 * period_s(model),
        "updates": d.updates,
        "dial": d.dial.to_num::<f64>(),
        "cap": d.cap,
        "board_time_s": d.at_s,
    })
}

/// The command's JSON.
fn summary(
    args: &EmulateArgs,
    model: &Model<'_>,
    prepared: &Prepared,
    expected: &[Run],
    classification: &Classification,
    different: Option<usize>,
) -> anyhow::Result<Value> {
    // A lost sequence has no outputs of its own; the summary stands for all sequences only where none is lost.
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
    let mut value = match runs.len() == expected.len() {
        true => simulate::summarize(model, prepared, &runs, &args.result)?,
        false => json!({ "sequences": expected.len() }),
    };
    let decisions: Vec<Value> = classification.decisions.iter().map(|d| json(model, d)).collect();
    merge(
        &mut value,
        json!({
            "first_difference": different,
            "decided": decisions,
            "lost": classification.lost,
            "captured": classification.captured,
            "queued_most": classification.queued,
            "power_ups": classification.power_ups,
            "seconds_sensor_on": classification.seconds_on,
            "seconds_asleep": classification.seconds_asleep,
            "machine": classification.machine,
        }),
    );
    Ok(value)
}
