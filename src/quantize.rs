//! `skiprnn quantize`

mod options;

use crate::{
    inputs::{self, Data, Run},
    output::{self, Output, Usage},
};
use float_model::{Sequences, Targets};
pub use options::QuantizeArgs;
use quantize::{Finetune, Options, Quantized};
use serde_json::Value;

/// Quantizes and writes the blob; the JSON is the command's.
pub fn quantize(args: &QuantizeArgs) -> anyhow::Result<(Value, Quantized)> {
    let mut run = Run::open(&args.run)?;
    args.describe(&mut run.model.description)?;
    let options = args.options(&run)?;
    let data = calibration(args, &run)?;
    let mut quantized = quantize::quantize(&run.model, &data.x, data.y.as_ref(), &options)?;
    if args.finetune {
        let lessons = match &args.calib_x {
            Some(_) => data.x.take(LESSONS),
            None => lessons(&run, &data.x)?,
        };
        let judged = (&data.x, data.y.as_ref());
        quantized = finetuned(&run, quantized, &lessons, judged, args.finetune_steps, &options)?;
    }
    if run.config.as_ref().is_some_and(|c| c.p_skip.is_some()) {
        let note =
            "the run skipped samples at random; a blob without a gate uses every sample, and so do these figures";
        quantized.report.notes.push(note.into());
    }
    output::write_atomically(&args.out, quantized.blob.bytes())?;
    Ok((serde_json::to_value(&quantized.report)?, quantized))
}

/// Sequences that fine-tuning learns from.
const LESSONS: usize = 4096;

/// Training sequences of the run, or `x` where nothing says where they come from.
pub fn lessons(run: &Run, x: &Sequences) -> anyhow::Result<Sequences> {
    Ok(match &run.config {
        Some(config) => config.data.training(LESSONS, config.seed)?.0,
        None => x.take(LESSONS),
    })
}

/// Fine-tunes with a progress bar.
pub fn finetuned(
    run: &Run,
    quantized: Quantized,
    lessons: &Sequences,
    judged: (&Sequences, Option<&Targets>),
    steps: Option<usize>,
    options: &Options,
) -> anyhow::Result<Quantized> {
    let mut recipe = Finetune::default();
    recipe.steps = steps.unwrap_or(recipe.steps);
    if recipe.steps == 0 {
        return Err(Usage::error(
            "--finetune-steps: 0 steps change nothing; leave --finetune away",
        ));
    }
    let bar = output::progress_bar("fine-tuning", recipe.steps as u64);
    let tuned = quantize::finetune(&run.model, quantized, lessons, judged, (&recipe, options), |p| {
        bar.set_position(p.step as u64);
        bar.suspend(|| {
            eprintln!(
                "step {}: loss {:.5}, same schedule {:.4}, same decision {:.4}{}",
                p.step,
                p.loss,
                p.agreement.same_schedule,
                p.agreement.same_decision,
                if p.kept { ", kept" } else { "" }
            );
        });
    })?;
    bar.finish_and_clear();
    Ok(tuned)
}

/// The calibration data: given, or the run's own validation part.
fn calibration(args: &QuantizeArgs, run: &Run) -> anyhow::Result<Data> {
    if let Some(x) = &args.calib_x {
        return inputs::from_files(x, args.calib_y.as_deref(), None, run.source().as_ref());
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
    lines.extend(r.notes.iter().map(|n| format!("  note: {n}")));
    lines.join("\n")
}
