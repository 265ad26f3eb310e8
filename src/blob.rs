//! A blob with data to run it on, shared by `simulate` and `emulate`.

use crate::{
    args::{InputArgs, Task},
    inputs::{self, Data},
    output::Usage,
};
pub use experiments::{objective, output_at};
use quantize::Blob;
use skiprnn_nostd::Model;

/// The data for a blob, and the same as sensor counts.
pub struct Prepared {
    /// Real samples and answers.
    pub data: Data,
    /// (N, T, I) as the sensor would count them.
    pub counts: Vec<i16>,
}

/// Finds the data that the options name and converts it to counts.
pub fn prepare(model: &Model<'_>, task: Option<Task>, args: &InputArgs, default_n: usize) -> anyhow::Result<Prepared> {
    let period = model.sample_period_ns() as f64 * 1e-9;
    let source = task.map(|task| inputs::generator(task, period, model.sequence_length() as usize));
    let data = inputs::resolve(args, source.as_ref(), default_n)?;
    if let (Some(source), None) = (&source, &args.x)
        && data.x.channels != model.inputs()
    {
        return Err(Usage::error(format!(
            "--task: {} has {} channels, the model {}; give the task that it was trained on, or --x",
            source.name(),
            data.x.channels,
            model.inputs()
        )));
    }
    let counts = quantize::counts(model, &data.name, &data.x)?;
    Ok(Prepared { data, counts })
}

/// Reads a blob from a file.
pub fn read(path: &std::path::Path) -> anyhow::Result<Blob> {
    Ok(Blob::read(path)?)
}
