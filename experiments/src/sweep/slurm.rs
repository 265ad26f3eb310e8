//! An array job for a cluster under Slurm.

use crate::{Error, shell::quoted};
use std::{ffi::OsString, fmt::Write, path::Path};

/// Options of the sweep that a task of the array must not have; their values follow them.
const OWN: [&str; 2] = ["--slurm", "--jobs"];
/// Options without a value that a task of the array must not have.
const OWN_FLAGS: [&str; 3] = ["--report-only", "--report", "--json"];

/// A command line without the options that are the sweep's own.
fn without_own(words: &[OsString]) -> String {
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        if OWN.contains(&&*text) {
            words.next();
            continue;
        }
        let own = OWN_FLAGS.contains(&&*text) || OWN.iter().any(|own| text.starts_with(&format!("{own}=")));
        if !own {
            kept.push(quoted(word));
        }
    }
    kept.join(" ")
}

/// A folder's name in an option of `#SBATCH`, which Slurm reads by rules of its own and not as a shell does.
fn in_option(folder: &Path) -> Result<String, Error> {
    let readable = |c: char| !c.is_control() && !"'\"\\".contains(c);
    let name = folder.to_str().filter(|name| name.chars().all(readable));
    let name = name.ok_or_else(|| Error::Input {
        what: "--out".into(),
        problem: format!(
            "--slurm writes {folder:?} into an #SBATCH line, where quotes, backslashes, line breaks, other control characters and \
             bytes that are no UTF-8 cannot stand; give another folder"
        ),
    })?;
    // A percent sign begins a pattern.
    Ok(format!("\"{}/slurm-%a.log\"", name.replace('%', "%%")))
}

/// The script of an array job whose tasks are the runs of a sweep at the places `tasks`, each on `threads` processors;
/// `command_line` is that of the sweep, whose folder is `folder`. Every word of the command line is quoted.
///
/// # Errors
/// The folder's name cannot stand in an option of Slurm.
pub fn script(command_line: &[OsString], tasks: &[usize], threads: usize, folder: &Path) -> Result<String, Error> {
    let command = without_own(command_line);
    let given = command_line.iter().any(|word| {
        let word = word.to_string_lossy();
        word == "--threads" || word.starts_with("--threads=")
    });
    let threads_option = match given {
        true => String::new(),
        false => format!(" --threads {threads}"),
    };
    let list: Vec<String> = tasks.iter().map(usize::to_string).collect();
    let log = in_option(folder)?;
    let mut s = String::from("#!/bin/bash\n");
    // Writing to a String cannot fail.
    let _ = writeln!(
        s,
        "#SBATCH --job-name=skiprnn-sweep\n#SBATCH --array={}",
        list.join(",")
    );
    let _ = writeln!(s, "#SBATCH --cpus-per-task={threads}\n#SBATCH --output={log}");
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
    Ok(s)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn words_are_quoted_and_own_options_dropped() {
        let line = words(&[
            "skiprnn", "sweep", "dataset", "--data", "my data", "--json", "--slurm", "s.sh", "--jobs=3", "--out", "o",
        ]);
        assert_eq!(without_own(&line), "skiprnn sweep dataset --data 'my data' --out o");
        let text = script(&line, &[0, 2, 3], 4, Path::new("o")).unwrap();
        assert!(
            text.contains("--array=0,2,3\n") && text.contains("--cpus-per-task=4"),
            "{text}"
        );
        assert!(text.contains("\n#SBATCH --output=\"o/slurm-%a.log\"\n"), "{text}");
        assert!(
            text.ends_with("--out o --threads 4 --job \"$SLURM_ARRAY_TASK_ID\"\n"),
            "{text}"
        );
        let line = words(&["skiprnn", "sweep", "--threads=2"]);
        let text = script(&line, &[0], 2, Path::new("o")).unwrap();
        assert!(
            text.ends_with("exec skiprnn sweep --threads=2 --job \"$SLURM_ARRAY_TASK_ID\"\n"),
            "{text}"
        );
    }

    #[test]
    fn a_folder_that_slurm_would_read_otherwise_is_refused() {
        for folder in ["n\ntouch INJECTED\n#", "it's", "a\"b", "a\\b", "a\u{1b}"] {
            let error = script(&words(&["skiprnn"]), &[0], 1, Path::new(folder))
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with("--out: --slurm writes ") && !error.contains('\n'),
                "{error}"
            );
        }
        let text = script(&words(&["skiprnn"]), &[0], 1, Path::new("a b/100%j")).unwrap();
        assert!(
            text.contains("#SBATCH --output=\"a b/100%%j/slurm-%a.log\"\n"),
            "{text}"
        );
    }
}
