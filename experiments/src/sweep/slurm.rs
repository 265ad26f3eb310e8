//! An array job for a cluster under Slurm.

use std::{fmt::Write, path::Path};

/// Options of the sweep that a task of the array must not have; their values follow them.
const OWN: [&str; 2] = ["--slurm", "--jobs"];
/// Options without a value that a task of the array must not have.
const OWN_FLAGS: [&str; 3] = ["--report-only", "--report", "--json"];

/// A word of a shell's command line.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// A command line without the options that are the sweep's own.
fn without_own(words: &[String]) -> String {
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if OWN.contains(&word.as_str()) {
            words.next();
            continue;
        }
        let own = OWN_FLAGS.contains(&word.as_str()) || OWN.iter().any(|o| word.starts_with(&format!("{o}=")));
        if !own {
            kept.push(quoted(word));
        }
    }
    kept.join(" ")
}

/// The script of an array job whose tasks are the runs of a sweep at the places `tasks`, each on `threads` processors;
/// `command_line` is that of the sweep, whose folder is `folder`.
#[must_use]
pub fn script(command_line: &[String], tasks: &[usize], threads: usize, folder: &Path) -> String {
    let command = without_own(command_line);
    let given = command_line
        .iter()
        .any(|w| w == "--threads" || w.starts_with("--threads="));
    let threads_option = match given {
        true => String::new(),
        false => format!(" --threads {threads}"),
    };
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
        "# A task that was stopped resumes from its checkpoint when it is submitted again. Collect afterwards with:"
    );
    let _ = writeln!(s, "#   {command} --report-only");
    let _ = writeln!(s, "exec {command}{threads_option} --job \"$SLURM_ARRAY_TASK_ID\"");
    s
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_and_own_options_dropped() {
        let words: Vec<String> = [
            "skiprnn", "sweep", "dataset", "--data", "my data", "--json", "--slurm", "s.sh", "--jobs=3", "--out", "o",
        ]
        .map(str::to_owned)
        .into();
        assert_eq!(without_own(&words), "skiprnn sweep dataset --data 'my data' --out o");
        let text = script(&words, &[0, 2, 3], 4, Path::new("o"));
        assert!(
            text.contains("--array=0,2,3\n") && text.contains("--cpus-per-task=4"),
            "{text}"
        );
        assert!(
            text.ends_with("--out o --threads 4 --job \"$SLURM_ARRAY_TASK_ID\"\n"),
            "{text}"
        );
        assert_eq!(quoted("it's"), "'it'\\''s'");
        let words: Vec<String> = ["skiprnn", "sweep", "--threads=2"].map(str::to_owned).into();
        let text = script(&words, &[0], 2, Path::new("o"));
        assert!(
            text.ends_with("exec skiprnn sweep --threads=2 --job \"$SLURM_ARRAY_TASK_ID\"\n"),
            "{text}"
        );
    }
}
