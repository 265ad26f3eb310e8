//! `skiprnn import`

use crate::{
    args::parsed,
    description::DescriptionArgs,
    output::{self, Output, Usage, notes},
};
use clap::Args;
use float_model::{FloatModel, OutputAt};
use import::{Imported, Scaler};
use serde::Serialize;
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// The model of a run folder.
const MODEL: &str = "model.safetensors";
/// What was understood of the file that it comes from.
const REPORT: &str = "import.json";

/// Options of `import`.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The trained network: a state dict of PyTorch (.safetensors, .pt, .pth), an ONNX model or a Keras model (.keras, .h5).
    /// docs/import.md says what each becomes.
    pub file: PathBuf,
    /// The run folder to write: what the commands take that take a run.
    #[arg(help_heading = "Output", long)]
    pub out: PathBuf,
    /// Mean and standard deviation that samples were scaled with before the network saw them: .npz or JSON with mean and std (or
    /// scale), or .npy of two rows.
    #[arg(help_heading = "Description", long, value_name = "FILE")]
    pub scaler: Option<PathBuf>,
    /// When the model is asked for its output, where the file does not say: end (after the last sample) or step (at every sample).
    #[arg(help_heading = "Description", long, value_name = "end|step", value_parser = parsed::<OutputAt>)]
    pub output_at: Option<OutputAt>,
    /// What the file does not say of the model.
    #[command(flatten)]
    pub description: DescriptionArgs,
}

/// What `import` prints.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
    kind: String,
    out: String,
    cell: &'static str,
    inputs: usize,
    hidden: usize,
    layers: usize,
    outputs: usize,
    objective: &'static str,
    output_at: &'static str,
    parameters: usize,
    /// What was understood, folded and assumed.
    notes: Vec<String>,
    /// Options of what the file does not say, which `quantize` or a board will need.
    missing: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}): {} of {} layer{}, {} units, {} inputs, {} outputs ({} at {}), {} parameters, as {}",
            self.file,
            self.kind,
            self.cell,
            self.layers,
            if self.layers == 1 { "" } else { "s" },
            self.hidden,
            self.inputs,
            self.outputs,
            self.objective,
            self.output_at,
            self.parameters,
            self.out
        )?;
        f.write_str(&notes(&self.notes))?;
        match self.missing.is_empty() {
            true => Ok(()),
            false => write!(
                f,
                "\n  the file does not say, and a board needs: {}",
                self.missing.join(", ")
            ),
        }
    }
}

/// Options that fill in what a model does not say of itself.
fn missing(model: &FloatModel, is_length_given: bool) -> Vec<String> {
    let d = &model.description;
    [
        (d.sample_period_s == 0.0, "--sample-period-s"),
        (
            d.sequence_length == 0 && !is_length_given,
            "--length (0: an endless stream)",
        ),
        (d.channels.is_empty(), "--channel-names, --channel-units, --full-scale"),
    ]
    .into_iter()
    .filter(|(is_missing, _)| *is_missing)
    .map(|(_, option)| option.to_owned())
    .collect()
}

/// A folder that holds a run of training keeps it.
fn check_folder(out: &Path) -> anyhow::Result<()> {
    let is_import = out.join(REPORT).exists();
    let held = ["config.toml", "checkpoint.safetensors", MODEL]
        .into_iter()
        .find(|name| out.join(name).exists());
    match held {
        Some(name) if !is_import || name != MODEL => Err(Usage::error(format!(
            "--out: {} holds {name} of another run; give another folder",
            out.display()
        ))),
        _ => Ok(()),
    }
}

/// Runs the command.
pub fn run(args: &ImportArgs, out: Output) -> anyhow::Result<()> {
    check_folder(&args.out)?;
    let Imported {
        mut model,
        kind,
        mut notes,
    } = import::read(&args.file)?;
    if let Some(path) = &args.scaler {
        notes.push(Scaler::read(path)?.fold_into(&mut model)?);
    }
    if let Some(output_at) = args.output_at {
        model.description.output_at = output_at;
    }
    args.description.fill_in(&mut model.description)?;
    let file = args.file.display().to_string();
    let name = args.file.file_name().map(|n| n.to_string_lossy().into_owned());
    let other = &mut model.description.other;
    other.insert("imported_from".into(), name.unwrap_or_default());
    other.insert("imported_kind".into(), kind.to_string());
    let report = Report {
        kind: kind.to_string(),
        out: args.out.display().to_string(),
        cell: model.cell.name(),
        inputs: model.input,
        hidden: model.hidden,
        layers: model.layers.len(),
        outputs: model.outputs,
        objective: model.description.objective.name(),
        output_at: model.description.output_at.name(),
        parameters: model.parameter_count(),
        missing: missing(&model, args.description.length.is_some()),
        notes,
        file,
    };
    std::fs::create_dir_all(&args.out)?;
    let text = serde_json::to_string_pretty(&report)? + "\n";
    output::write_atomically(&args.out.join(REPORT), text.as_bytes())?;
    float_model::save(&model, &args.out.join(MODEL))?;
    out.print(&serde_json::to_value(&report)?, || report.to_string());
    Ok(())
}
