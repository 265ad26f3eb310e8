//! An array job for a cluster under Slurm.

use crate::{
    jobs::Job,
    output::{self, Output, Usage},
};
use serde_json::json;
use std::{fmt::Write, path::Path};

/// Options of this command that a task of the array must not have; their values follow them.
const OWN: [&str; 2] = ["--slurm", "--jobs"];

/// A word of a shell's command line.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// This command line without the options that are its own.
fn without_own(words: &[String]) -> String {
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if OWN.contains(&word.as_str()) {
            words.next();
        } else if word != "--report" && word != "--json" && !OWN.iter().any(|o| word.starts_with(&format!("{o}="))) {
            kept.push(quoted(word));
        }
    }
    kept.join(" ")
}

/// The script for the runs whose places in the sweep are `tasks`.
fn script(command: &str, tasks: &[usize], threads: usize, folder: &Path) -> String {
    let list: Vec<String> = tasks.iter().map(usize::to_string).collect();
    let out = quoted(&folder.display().to_string());
    let mut s = String::from("#!/bin/bash\n");
    // Writing to a String cannot fail.
    let _ = writeln!(
        s,
        "#SBATCH --job-name=skiprnn-sweep\n#SBATCH --array={}",
        list.join(",")
    );
    let _ = writeln!(
        s,
        "#SBATCH --cpus-per-task={threads}\n#SBATCH --output={out}/slurm-%a.log"
    );
    let _ = writeln!(
        s,
        "# Submit from the folder that this was written in; add partition and time limit as the cluster asks."
    );
    let _ = writeln!(
        s,
        "# A task that is stopped goes on from its checkpoint when it is submitted again. Collect afterwards with:"
    );
    let _ = writeln!(s, "#   {command} --report");
    let _ = writeln!(s, "exec {command} --threads {threads} --job \"$SLURM_ARRAY_TASK_ID\"");
    s
}

/// Writes the script, with a task for every run that is not finished.
pub fn write(path: &Path, runs: &[Job], threads: usize, folder: &Path, out: Output) -> anyhow::Result<()> {
    let tasks: Vec<usize> = (0..runs.len()).filter(|k| runs[*k].run.finished().is_none()).collect();
    if tasks.is_empty() {
        return Err(Usage::error(
            "--slurm: every run is finished; leave it out to write the table",
        ));
    }
    let words: Vec<String> = std::env::args().collect();
    let given = words.iter().any(|w| w == "--threads" || w.starts_with("--threads="));
    let command = without_own(&words);
    let mut text = script(&command, &tasks, threads, folder);
    if given {
        text = text.replace(&format!(" --threads {threads} --job"), " --job");
    }
    output::write_atomically(path, text.as_bytes())?;
    // Slurm does not make the folder of a task's log.
    std::fs::create_dir_all(folder)?;
    out.print(&json!({ "slurm": path, "tasks": tasks.len() }), || {
        format!("{} tasks; submit them with: sbatch {}", tasks.len(), path.display())
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_and_own_options_dropped() {
        let words: Vec<String> = [
            "skiprnn", "sweep", "dataset", "--data", "my data", "--slurm", "s.sh", "--jobs=3", "--out", "o",
        ]
        .map(str::to_owned)
        .into();
        let command = without_own(&words);
        assert_eq!(command, "skiprnn sweep dataset --data 'my data' --out o");
        let text = script(&command, &[0, 2, 3], 4, Path::new("o"));
        assert!(
            text.contains("--array=0,2,3\n") && text.contains("--cpus-per-task=4"),
            "{text}"
        );
        assert!(
            text.ends_with("--out o --threads 4 --job \"$SLURM_ARRAY_TASK_ID\"\n"),
            "{text}"
        );
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
