//! `skiprnn quantize`

use crate::{
    cli::QuantizeArgs,
    inputs::{self, Data, Run},
    output::{self, Output, Usage},
};
use quantize::{Options, Quantized, Width};
use serde_json::Value;

/// Quantizes and writes the blob; the JSON is the command's.
pub fn quantize(args: &QuantizeArgs) -> anyhow::Result<(Value, Quantized)> {
    let mut run = Run::open(&args.run)?;
    let d = &mut run.model.description;
    if let Some(period) = args.sample_period_s {
        if !(period.is_finite() && period > 0.0) {
            return Err(Usage::error(format!(
                "--sample-period-s: {period} is not a time; give seconds above 0"
            )));
        }
        d.sample_period_s = period;
    }
    if let Some(length) = args.length {
        d.sequence_length = length;
    }
    let data = calibration(args, &run)?;
    let options = Options {
        weights: if args.weights == 16 {
            Width::Sixteen
        } else {
            Width::Eight
        },
        name: args.name.clone().unwrap_or_else(|| run.name()),
        max_skip: args.max_skip,
        threads: inputs::threads(),
        ..Options::default()
    };
    let mut quantized = quantize::quantize(&run.model, &data.x, data.y.as_ref(), &options)?;
    if run.config.as_ref().is_some_and(|c| c.p_skip.is_some()) {
        let note =
            "the run skipped samples at random; a blob without a gate uses every sample, and so do these figures";
        quantized.report.notes.push(note.into());
    }
    output::write_atomically(&args.out, quantized.blob.bytes())?;
    Ok((serde_json::to_value(&quantized.report)?, quantized))
}

/// The calibration data: given, or the run's own validation part.
fn calibration(args: &QuantizeArgs, run: &Run) -> anyhow::Result<Data> {
    if let Some(x) = &args.calib_x {
        return inputs::from_files(x, args.calib_y.as_deref(), None);
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
    lines.extend(r.notes.iter().map(|n| format!("  note: {n}")));
    lines.join("\n")
}
