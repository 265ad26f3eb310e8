//! `skiprnn quantize`

mod options;

use crate::{
    inputs::{self, Data, Run},
    output::{self, Output, Usage, tell},
};
use anyhow::Context;
use experiments::{HeldOut, ModelInput};
use indicatif::ProgressBar;
pub use options::QuantizeArgs;
use quantize::{FinetuneData, FinetuneOptions, FinetuneProgress, Options, Quantized};

/// Quantizes and writes the blob.
pub fn quantize(args: &QuantizeArgs) -> anyhow::Result<Quantized> {
    let mut run = Run::open(&args.run)?;
    let own = run.input();
    args.description.fill_in(&mut run.model.description)?;
    let input = own.completed_by(&run.input());
    let curve = args.options(&run)?;
    let options = Options {
        dials: Some(Vec::new()),
        ..curve.clone()
    };
    let data = calibration(args, &run, &input)?;
    // The few sequences of a validation part may be of one length by chance. Where the length was given, or the model never skips, the
    // blob is meant for a stream.
    let stream = args.description.length.is_some() || args.max_skip.is_some() || run.model.gate.is_none();
    let varied = run.config.is_some() && run.model.description.sequence_length == 0 && !stream;
    if !data.x.lengths.is_empty() || varied {
        anyhow::bail!(
            "{}: lengths: the sequences are of unequal length, and integers run on sequences of one length; train with --window \
             LENGTH:STRIDE, or give --calib-x with sequences of one length",
            data.name
        );
    }
    let warnings = data.changed_since(&run);
    let more = match &args.calib_x {
        Some(_) => None,
        None => run.more_for_formats(data.x.count)?,
    };
    let mut quantized = quantize::quantize_with_more(&run.model, (&data.x, data.y.as_ref()), more.as_ref(), &options)?;
    if args.finetune {
        let calibration = (&data.x, data.y.as_ref());
        let tuning = match &args.calib_x {
            Some(_) => None,
            None => run.finetune_data(calibration)?,
        };
        let tuning = tuning.unwrap_or_else(|| FinetuneData::cut(calibration));
        quantized = finetuned(&run, quantized, &tuning, calibration, args.finetune_steps, &options)?;
    }
    let wanted = args.curve_sequences.unwrap_or(usize::MAX);
    let more = match &args.calib_x {
        Some(_) => None,
        None => run.more_for_curve(data.x.count, wanted)?,
    };
    let (x, y) = (data.x.take(wanted), data.y.as_ref().map(|y| y.take(wanted)));
    quantized = quantized.with_dial_curve((&x, y.as_ref()), more.as_ref(), &curve)?;
    if run.config.as_ref().is_some_and(|c| c.p_skip.is_some()) {
        let note =
            "the run skipped samples at random; a blob without a gate uses every sample, and so do these figures";
        quantized.report.notes.push(note.into());
    }
    quantized.report.notes.splice(0..0, warnings);
    quantized.report.notes.extend(run.notes);
    quantized.report.notes.extend(data.notes);
    quantized.report.notes.extend(input.odd_rate());
    output::write_atomically(&args.out, quantized.blob.bytes())?;
    Ok(quantized)
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
    let bar = FinetuneBar::new();
    let tuned = quantized.finetune(&run.model, tuning, data, &recipe, options, |p| bar.show(p))?;
    bar.clear();
    Ok(tuned)
}

/// A progress bar of fine-tuning.
pub struct FinetuneBar(ProgressBar);

impl FinetuneBar {
    /// A bar that appears with the first step.
    pub fn new() -> Self {
        FinetuneBar(output::progress_bar("fine-tuning", 0))
    }

    /// Shows one step.
    pub fn show(&self, p: &FinetuneProgress) {
        if self.0.is_finished() {
            self.0.reset();
        }
        self.0.set_length(p.step.1 as u64);
        self.0.set_position(p.step.0 as u64);
        let verdict = match (p.acceptable, p.worse.is_empty()) {
            (true, _) => ", acceptable".into(),
            (false, true) => ", not clearly better".into(),
            (false, false) => format!(", worse: {}", p.worse.join(", ")),
        };
        self.0.suspend(|| {
            tell(format_args!(
                "step {}: loss {:.5}, same schedule {:.4}, same decision {:.4}{verdict}",
                p.step.0, p.loss, p.same_schedule, p.same_decision
            ));
        });
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// The calibration data: given, or the run's own validation part.
fn calibration(args: &QuantizeArgs, run: &Run, input: &ModelInput) -> anyhow::Result<Data> {
    if let Some(x) = &args.calib_x {
        let (y, source) = (args.calib_y.as_deref(), run.source());
        return inputs::from_files(x, y, None, None, (input, source.as_ref()));
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
    let own = "the run's own data cannot be read; give --calib-x (and --calib-y)";
    let (x, y) = config.data.validation(config.seed).context(own)?;
    Ok(Data {
        notes: input.notes_on(&x),
        x,
        y: Some(y),
        name: "validation part".into(),
        held_out: Some(HeldOut::Validation),
    })
}

/// Runs the command.
pub fn run(args: &QuantizeArgs, out: Output) -> anyhow::Result<()> {
    let report = &quantize(args)?.report;
    out.print(&serde_json::to_value(report)?, || {
        format!(
            "{}: {} bytes, kernel {}, every accumulator proven\n{report}",
            args.out.display(),
            report.blob_bytes,
            report.kernel
        )
    });
    Ok(())
}
