//! A blob with data to run it on, shared by `simulate` and `emulate`.

use crate::{
    args::{InputArgs, Task},
    inputs::{self, Data},
    output::Usage,
};
use anyhow::Context;
use experiments::ModelInput;
pub use experiments::{objective, output_at};
use quantize::{Blob, Simulator};
use skiprnn_nostd::Model;
use std::path::Path;

/// The data for a blob, and the same as sensor counts.
pub struct Prepared {
    /// Real samples and answers.
    pub data: Data,
    /// (N, T, I) as the sensor would count them.
    pub counts: Vec<i16>,
}

/// Finds the data that the options name and converts it to counts.
pub fn prepare(model: &Model<'_>, task: Option<Task>, args: &InputArgs, default_n: usize) -> anyhow::Result<Prepared> {
    prepare_as(model, &ModelInput::of_blob(model), task, args, default_n)
}

/// [`prepare`], the recordings being read as `input` says.
pub fn prepare_as(
    model: &Model<'_>,
    input: &ModelInput,
    task: Option<Task>,
    args: &InputArgs,
    default_n: usize,
) -> anyhow::Result<Prepared> {
    let period = model.sample_period_ns() as f64 * 1e-9;
    if task.is_some() && args.data_of.is_some() {
        return Err(Usage::error("--task, --data-of: both name the data; give one of them"));
    }
    let source = task.map(|task| inputs::generator(task, period, model.sequence_length() as usize));
    let data = inputs::resolve(args, input, source.as_ref(), default_n)?;
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
pub fn read(path: &Path) -> anyhow::Result<Blob> {
    if path.is_dir() {
        let inside = path.join("model.srnn");
        let hint = match inside.is_file() {
            true => format!("give {}", inside.display()),
            false => "give a file that `skiprnn quantize` has written (.srnn)".to_owned(),
        };
        anyhow::bail!("{}: is a folder, and this command takes a blob; {hint}", path.display());
    }
    if path.extension().is_some_and(|e| e == "safetensors") {
        anyhow::bail!(
            "{}: is a float model, and this command takes a blob; `skiprnn quantize` makes one of it",
            path.display()
        );
    }
    Ok(Blob::read(path)?)
}

/// Refuses a model that is too large to be run.
pub fn to_run(model: &Model<'_>, file: &Path) -> anyhow::Result<()> {
    Simulator::new(model).with_context(|| file.display().to_string())?;
    Ok(())
}

/// Seconds between samples of a model that is to run in time.
pub fn known_period(model: &Model<'_>, file: &Path) -> anyhow::Result<()> {
    match model.sample_period_ns() {
        0 => Err(anyhow::anyhow!(
            "{}: sample_period_s: states no time between samples; quantize with --sample-period-s",
            file.display()
        )),
        _ => Ok(()),
    }
}
