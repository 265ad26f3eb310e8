//! What commands write, and whether they can: asked before the work, not after hours of it.

use crate::errors::CommandLine;
use std::path::Path;

/// What an option names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A file, which is replaced.
    File,
    /// A folder, which gets files.
    Folder,
}
use Kind::{File, Folder};

/// Command, option, and what it names.
const OUTPUTS: [(&str, &str, Kind); 36] = [
    ("demo", "out", Folder),
    ("fit", "out", Folder),
    ("train", "out", Folder),
    ("import", "out", Folder),
    ("eval", "outputs", File),
    ("reproduce", "out", Folder),
    ("reproduce", "results", File),
    ("sweep", "out", Folder),
    ("sweep", "slurm", File),
    ("baselines", "out", Folder),
    ("plot", "out", Folder),
    ("quantize", "out", File),
    ("fidelity", "out", File),
    ("compare", "svg", File),
    ("inspect", "svg", File),
    ("simulate", "outputs", File),
    ("leak", "svg", File),
    ("emulate", "outputs", File),
    ("emulate", "power-trace", File),
    ("emulate", "power-svg", File),
    ("flash", "out", Folder),
    ("collect", "out", Folder),
    ("energy predict", "svg", File),
    ("energy predict", "report", File),
    ("energy measure", "svg", File),
    ("energy measure", "report", File),
    ("energy front", "svg", File),
    ("energy front", "report", File),
    ("energy record", "out", File),
    ("energy cycles", "out", File),
    ("energy calibrate", "out", File),
    ("data describe", "svg", File),
    ("data adding", "out-x", File),
    ("data adding", "out-y", File),
    ("data frequency", "out-x", File),
    ("data frequency", "out-y", File),
];

/// Refuses a command that could not write what it was asked to write.
pub fn check(line: &CommandLine<'_>) -> anyhow::Result<()> {
    for (_, option, kind) in OUTPUTS.iter().filter(|(command, ..)| *command == line.command_name()) {
        for path in line.paths(option) {
            check_one(&path, *kind).map_err(|error| {
                let what = match kind {
                    File => "cannot be written",
                    Folder => "cannot be a folder to write into",
                };
                let (path, option) = (path.display(), line.typed(option));
                anyhow::anyhow!("{path}: {what} ({error}); give another path with --{option}")
            })?;
        }
    }
    Ok(())
}

fn check_one(path: &Path, kind: Kind) -> std::io::Result<()> {
    match kind {
        File => float_model::check_writable(path),
        Folder => float_model::check_folder(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::{Command, CommandFactory};
    use std::{any::TypeId, path::PathBuf};

    /// Options that name what is read.
    const INPUTS: [&str; 28] = [
        "blob",
        "blobs",
        "calib-x",
        "calib-y",
        "calibration",
        "channels-file",
        "cycles",
        "data",
        "data-of",
        "file",
        "firmware",
        "from",
        "groups",
        "list",
        "port",
        "recipe",
        "run",
        "runs",
        "scaler",
        "setup",
        "test-x",
        "test-y",
        "timestamps",
        "trace",
        "train-x",
        "train-y",
        "x",
        "y",
    ];

    fn leaves(command: &Command, name: &str, found: &mut Vec<(String, Command)>) {
        let mut inner = command.get_subcommands().peekable();
        if inner.peek().is_none() {
            found.push((name.trim().to_owned(), command.clone()));
        }
        inner.for_each(|c| leaves(c, &format!("{name} {}", c.get_name()), found));
    }

    #[test]
    fn every_path_is_known_to_be_read_or_written() {
        let mut commands = Vec::new();
        leaves(&Cli::command(), "", &mut commands);
        let mut written = Vec::new();
        for (name, command) in &commands {
            for arg in command.get_arguments() {
                if arg.get_value_parser().type_id() != TypeId::of::<PathBuf>() {
                    continue;
                }
                let option = arg.get_long().unwrap_or(arg.get_id().as_str());
                let listed = OUTPUTS.iter().any(|(c, o, _)| c == name && *o == option);
                let read = INPUTS.contains(&option);
                assert!(listed != read, "{name}: {option}: add it to OUTPUTS or INPUTS");
                if listed {
                    written.push((name.as_str(), option));
                }
            }
        }
        for (command, option, _) in OUTPUTS {
            assert!(written.contains(&(command, option)), "{command} has no --{option}");
        }
    }
}
