//! `skiprnn data`

use crate::{cli::DataArgs, inputs, output::Output};
use host_train::dataset;
use serde_json::json;

/// Runs the command.
pub fn run(args: &DataArgs, out: Output) -> anyhow::Result<()> {
    let source = inputs::generator(args.task, args.sample_period_s, args.length);
    let (x, y) = source.evaluation(args.n, args.seed)?;
    dataset::save_sequences(&args.out_x, &x)?;
    dataset::save_targets(&args.out_y, &y)?;
    let value = json!({
        "task": source.name(), "sequences": x.count, "sequence_length": x.length, "channels": x.channels,
        "seed": args.seed, "out_x": args.out_x, "out_y": args.out_y,
    });
    out.print(&value, || {
        format!(
            "{} sequences of {} samples, seed {}: {} and {}",
            x.count,
            x.length,
            args.seed,
            args.out_x.display(),
            args.out_y.display()
        )
    });
    Ok(())
}
