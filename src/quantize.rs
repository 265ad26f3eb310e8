//! `skiprnn quantize`

mod options;

use crate::{
    inputs::{self, Data, Run},
    output::{self, Output, Usage},
};
use float_model::Sequences;
pub use options::QuantizeArgs;
use quantize::{FinetuneData, FinetuneOptions, Options, Quantized};
use serde_json::Value;

/// Quantizes and writes the blob; the JSON is the command's.
pub fn quantize(args: &QuantizeArgs) -> anyhow::Result<(Value, Quantized)> {
    let mut run = Run::open(&args.run)?;
    args.describe(&mut run.model.description)?;
    let curve = args.options(&run)?;
    let options = Options {
        dials: Some(Vec::new()),
        ..curve.clone()
    };
    let data = calibration(args, &run)?;
    let mut quantized = quantize::quantize(&run.model, &data.x, data.y.as_ref(), &options)?;
    if args.finetune {
        let calibration = (&data.x, data.y.as_ref());
        let tuning = match &args.calib_x {
            Some(_) => None,
            None => finetune_data(&run, calibration)?,
        };
        let tuning = tuning.unwrap_or_else(|| FinetuneData::cut(calibration));
        quantized = finetuned(&run, quantized, &tuning, calibration, args.finetune_steps, &options)?;
    }
    let wanted = args.curve_sequences.unwrap_or(usize::MAX);
    let more = match &args.calib_x {
        Some(_) => None,
        None => more_for_curve(&run, data.x.count, wanted)?,
    };
    let (x, y) = (data.x.take(wanted), data.y.as_ref().map(|y| y.take(wanted)));
    quantized = quantized.with_dial_curve((&x, y.as_ref()), more.as_ref(), &curve)?;
    if run.config.as_ref().is_some_and(|c| c.p_skip.is_some()) {
        let note =
            "the run skipped samples at random; a blob without a gate uses every sample, and so do these figures";
        quantized.report.notes.push(note.into());
    }
    output::write_atomically(&args.out, quantized.blob.bytes())?;
    Ok((serde_json::to_value(&quantized.report)?, quantized))
}

/// Training sequences of a run whose `count` calibration sequences are few for a dial curve; at most `wanted` of both.
pub fn more_for_curve(run: &Run, count: usize, wanted: usize) -> anyhow::Result<Option<Sequences>> {
    match (&run.config, quantize::extra_curve_sequences(count, wanted)) {
        (Some(config), Some(n)) => Ok(Some(config.data.training(n, config.seed)?.0)),
        _ => Ok(None),
    }
}

/// What fine-tuning works with where a run names its data; `calibration` is the run's validation part.
pub fn finetune_data(run: &Run, calibration: quantize::Data<'_>) -> anyhow::Result<Option<FinetuneData>> {
    let Some(config) = &run.config else { return Ok(None) };
    let training = |n: usize| config.data.training(n, config.seed);
    Ok(Some(match config.data.is_generated() {
        true => FinetuneData::of_generated(calibration, training)?,
        false => FinetuneData::of_recordings(training)?,
    }))
}

/// Fine-tunes with a progress bar; `data` are what the report is about.
pub fn finetuned(
    run: &Run,
    quantized: Quantized,
    tuning: &FinetuneData,
    data: quantize::Data<'_>,
    steps: Option<usize>,
    options: &Options,
) -> anyhow::Result<Quantized> {
    let mut recipe = FinetuneOptions::default();
    recipe.steps = steps.unwrap_or(recipe.steps);
    if recipe.steps == 0 {
        return Err(Usage::error(
            "--finetune-steps: 0 steps change nothing; remove --finetune, or give at least 1 step",
        ));
    }
    if !tuning.is_enough() {
        return Err(Usage::error(format!(
            "--finetune: {} sequences are too few to learn from, to choose by and to confirm; give at least {}",
            data.0.count,
            FinetuneData::LEAST
        )));
    }
    let bar = output::progress_bar("fine-tuning", recipe.steps as u64);
    let tuned = quantized.finetune(&run.model, tuning, data, &recipe, options, |p| {
        bar.set_length(p.step.1 as u64);
        bar.set_position(p.step.0 as u64);
        bar.suspend(|| {
            eprintln!(
                "step {}: loss {:.5}, same schedule {:.4}, same decision {:.4}{}",
                p.step.0,
                p.loss,
                p.same_schedule,
                p.same_decision,
                match (p.acceptable, p.worse.is_empty()) {
                    (true, _) => ", acceptable".into(),
                    (false, true) => ", not clearly better".into(),
                    (false, false) => format!(", worse: {}", p.worse.join(", ")),
                }
            );
        });
    })?;
    bar.finish_and_clear();
    Ok(tuned)
}

/// The calibration data: given, or the run's own validation part.
fn calibration(args: &QuantizeArgs, run: &Run) -> anyhow::Result<Data> {
    if let Some(x) = &args.calib_x {
        return inputs::from_files(x, args.calib_y.as_deref(), None, None, run.source().as_ref());
    }
    if args.calib_y.is_some() {
        return Err(Usage::error("--calib-y: answers without sequences; give --calib-x too"));
    }
    let Some(config) = &run.config else {
        return Err(Usage::error(format!(
            "{}: no config.toml beside the model names its data; give --calib-x (and --calib-y)",
            args.run.display()
        )));
    };
    let (x, y) = config.data.validation(config.seed)?;
    Ok(Data {
        x,
        y: Some(y),
        name: "validation part".into(),
    })
}

/// Runs the command.
pub fn run(args: &QuantizeArgs, out: Output) -> anyhow::Result<()> {
    let (value, quantized) = quantize(args)?;
    out.print(&value, || text(args, &quantized));
    Ok(())
}

fn text(args: &QuantizeArgs, q: &Quantized) -> String {
    let (r, f) = (&q.report, &q.report.fidelity);
    let number = |v: Option<f64>| v.map_or_else(|| "not known".into(), |v| format!("{v:.5}"));
    let mut lines = vec![
        format!(
            "{}: {} bytes, kernel {}, every accumulator proven",
            args.out.display(),
            r.blob_bytes,
            r.kernel
        ),
        format!("on {} sequences      float      fixed", f.sequences),
        format!(
            "  metric        {:>12} {:>10}",
            number(f.metric_float),
            number(f.metric_fixed)
        ),
        format!("  updates       {:>12.3} {:>10.3}", f.updates_float, f.updates_fixed),
        format!(
            "  same decision {:.4}, same schedule {:.4}",
            f.same_decision, f.same_schedule
        ),
        format!(
            "  arithmetic alone: same decision {:.4}, same schedule {:.4}, largest error of h {:.1e}",
            f.arith_same_decision, f.arith_same_schedule, f.arith_max_abs_h_error
        ),
    ];
    for b in r.bars.iter().filter(|b| !b.met()) {
        let sense = if b.least { "at least" } else { "at most" };
        lines.push(format!(
            "  missed: {} is {:.4}, {sense} {} is asked",
            b.name, b.value, b.limit
        ));
    }
    for t in &r.tensors {
        lines.push(format!(
            "  range of {}: ±{:.3} seen, ±{} held, {:.3} % clipped",
            t.name,
            t.largest,
            t.limit,
            100.0 * t.clipped
        ));
    }
    if let Some(f) = &r.finetuned {
        lines.push(format!("  fine-tuning, on {} other sequences:", f.sequences));
        lines.extend(f.changes.iter().map(|c| {
            format!(
                "    {:<22} {:>10.5} to {:>10.5}, gain {:.5} ± {:.5}",
                c.figure, c.before, c.after, c.gain, c.error
            )
        }));
    }
    if let Some(p) = r.dial_curve.iter().find(|p| p.dial == 0.0) {
        let error = p.updates_error.map_or_else(String::new, |e| format!(" ± {e:.2}"));
        lines.push(format!(
            "  dial curve: {} points, {:.2}{error} updates at dial 0, on {} sequences{}",
            r.dial_curve.len(),
            p.updates_mean,
            r.curve_sequences,
            p.between.map_or_else(String::new, |b| format!(
                "; {} recorded together elsewhere: {:.2} ± {:.2}",
                b.sequences,
                p.updates_mean,
                b.expected(b.sequences)
            ))
        ));
    }
    lines.extend(r.notes.iter().map(|n| format!("  note: {n}")));
    lines.join("\n")
}
