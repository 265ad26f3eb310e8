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
        return Err(Usage::error("--finetune-steps: must be at least 1"));
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
    let report = &quantized.report;
    out.print(&value, || {
        format!(
            "{}: {} bytes, kernel {}, every accumulator proven\n{report}",
            args.out.display(),
            report.blob_bytes,
            report.kernel
        )
    });
    Ok(())
}
