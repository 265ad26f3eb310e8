//! What commands print, write and keep.

use crate::{
    bytes,
    common::{Folder, fails, json, skiprnn},
};
use float_model::{Sequences, Targets};
use serde_json::Value;
use std::path::Path;

/// Writes `count` sequences of two classes as x.npy and y.npy into a folder, which `seed` tells apart; returns the folder.
fn write_data(f: &Folder, name: &str, count: usize, seed: usize) -> String {
    let (length, channels) = (20, 2);
    let folder = f.path(name);
    std::fs::create_dir_all(&folder).unwrap();
    let value = |k: usize| {
        let (n, t) = (k / (length * channels), k / channels % length);
        let noise = ((k * 7919 + seed * 104_729) % 1000) as f32 / 1000.0;
        noise + if n % 2 == 0 { t as f32 / 20.0 } else { 0.0 }
    };
    let x = Sequences::new(
        "x",
        (0..count * length * channels).map(value).collect(),
        count,
        length,
        channels,
    )
    .unwrap();
    let y = Targets::Labels((0..count as u32).map(|n| n % 2).collect());
    dataset::save_sequences(&folder.join("x.npy"), &x).unwrap();
    dataset::save_targets(&folder.join("y.npy"), &y).unwrap();
    f.at(name)
}

/// A command line that trains on it, without `--steps` and `--out`. A schedule that ends at the last step would make more steps
/// another run.
fn train_line(data: &str) -> String {
    let how = "--hidden 6 --batch 8 --learning-rate-schedule constant --threads 1 --eval-every 20";
    format!("train dataset --data {data} --sample-period-s 0.01 {how}")
}

fn read_json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What a command that must succeed wrote: standard output, and standard error.
fn said(line: &str) -> (String, String) {
    let out = skiprnn(line.split(' '));
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(out.stdout), text(out.stderr));
    assert!(out.status.success(), "{line}\n{stderr}");
    (stdout, stderr)
}

#[test]
fn a16_a_run_is_not_resumed_on_other_data() {
    let f = Folder::new();
    let (data, out) = (write_data(&f, "data", 60, 1), f.at("run"));
    let line = format!("{} --out {out}", train_line(&data));
    json(&format!("{line} --steps 20"));
    let before = std::fs::read(f.path("run").join("model.safetensors")).unwrap();
    // As long as before, with other values.
    write_data(&f, "data", 60, 2);
    fails(
        &format!("{line} --steps 40 --resume"),
        1,
        &[&out, "the data changed since the run began", "a new folder"],
    );
    assert_eq!(std::fs::read(f.path("run").join("model.safetensors")).unwrap(), before);
    for command in [
        "eval".to_owned(),
        "plot".into(),
        format!("quantize --out {}", f.at("m.srnn")),
    ] {
        let line = format!("{command} {out}");
        let (_, stderr) = said(&line);
        let shown = stderr + &json(&line).to_string();
        assert!(
            shown.contains("the data changed since the run began"),
            "{line}: {shown}"
        );
    }
    // The old data again.
    write_data(&f, "data", 60, 1);
    json(&format!("{line} --steps 40 --resume"));
    assert_eq!(json(&format!("eval {out}"))["warnings"], serde_json::json!([]));
}

#[test]
fn a16_a_sweep_is_not_continued_on_other_data() {
    let f = Folder::new();
    let data = write_data(&f, "data", 60, 1);
    let line = train_line(&data).replacen("train", "sweep", 1);
    let line = format!("{line} --steps 20 --jobs 1 --out {}", f.at("out"));
    json(&format!("{line} --lambdas 1e-3"));
    write_data(&f, "data", 60, 2);
    fails(
        &format!("{line} --lambdas 1e-3,1e-2"),
        1,
        &[&f.at("out"), "the data changed since the run began"],
    );
}

#[test]
fn c2_a_mistyped_folder_is_not_a_new_run() {
    let f = Folder::new();
    let data = write_data(&f, "data", 60, 1);
    let line = format!("{} --steps 20 --out {}", train_line(&data), f.at("run"));
    let says = [
        f.at("mistyped"),
        "holds no run; give the run's own folder with --out".into(),
    ];
    let says = [says[0].as_str(), "--resume: ", &says[1]];
    let mistyped = format!("{line} --resume").replace("/run", "/mistyped");
    fails(&mistyped, 2, &says);
    // An empty folder is none either.
    std::fs::create_dir(f.path("mistyped")).unwrap();
    fails(&mistyped, 2, &says);
    assert_eq!(std::fs::read_dir(f.path("mistyped")).unwrap().count(), 0);
    json(&line);
    let more = format!("{line} --resume").replace("--steps 20", "--steps 40");
    assert_eq!(json(&more)["steps"], 40);
}

#[test]
fn d1_what_train_prints_as_its_next_step_works() {
    let f = Folder::new();
    let data = write_data(&f, "data", 60, 1);
    let next = |line: &str| {
        let (stdout, _) = said(line);
        let next = stdout
            .split('`')
            .nth(1)
            .unwrap_or_else(|| panic!("no next step: {stdout}"));
        (stdout.clone(), next.strip_prefix("skiprnn ").unwrap().to_owned())
    };
    // Without a test part.
    let out = f.at("run");
    let (stdout, command) = next(&format!("{} --steps 20 --out {out}", train_line(&data)));
    assert!(
        ["there is no test part", "--test-share", "--x FILE --y FILE"]
            .iter()
            .all(|word| stdout.contains(word)),
        "{stdout}"
    );
    let given = format!("{command} --x {data}/x.npy --y {data}/y.npy");
    assert_eq!(json(&given)["sequences"], 60);
    let value = json(&command);
    assert_eq!(value["evaluated_on"], "the validation part, as there is no test part");
    let (stdout, _) = said(&format!("eval {out}"));
    assert!(
        stdout.contains("of the validation part") && stdout.contains("--test-share"),
        "{stdout}"
    );
    said(&format!("plot {out}"));
    assert!(f.path("run").join("samples.svg").is_file() && f.path("run").join("curves.svg").is_file());

    // With one.
    let held = f.at("held");
    let (stdout, command) = next(&format!(
        "{} --steps 20 --test-share 0.2 --out {held}",
        train_line(&data)
    ));
    assert!(!stdout.contains("no test part"), "{stdout}");
    assert_eq!(json(&command)["evaluated_on"], "the test part");
}

#[test]
fn uncertain_choices_are_told() {
    let f = Folder::new();
    let data = write_data(&f, "data", 40, 1);
    let line = format!("{} --steps 20 --out", train_line(&data));
    let value = json(&format!("{line} {}", f.at("a")));
    let (count, error) = (
        &value["validation_sequences"],
        value["metric_standard_error"].as_f64().unwrap(),
    );
    assert!(count.as_u64().unwrap() < 20 && error > 0.05, "{value}");
    let (stdout, _) = said(&format!("{line} {}", f.at("b")));
    let told = format!(
        "the accuracy is of {count} validation sequences: uncertain by ±{}",
        float_model::rounded(error)
    );
    assert!(stdout.contains(&told), "{stdout}");
    // Formats are chosen by training sequences too, and quantize says what its metric is worth.
    let report = json(&format!("quantize {} --out {}", f.at("a"), f.at("m.srnn")));
    assert_eq!(report["compared_sequences"], 40);
    assert_eq!(report["sequences"], *count);
    assert!(report["metric_standard_error"].as_f64().unwrap() > 0.05, "{report}");
    let notes = report["notes"].to_string();
    let told = format!("the metric, and that of the dial curve, is of {count} sequences: uncertain by ±0.");
    assert!(notes.contains(&told), "{notes}");
    let summary = read_json(&f.path("a").join("training.json"));
    assert_eq!(summary["best_standard_error"], value["metric_standard_error"]);
}

#[test]
fn d17_many_classes_are_no_long_line() {
    let f = Folder::new();
    let data = write_data(&f, "data", 600, 1);
    let y = Targets::Labels((0..600).map(|n| n % 500).collect());
    dataset::save_targets(&f.path("data").join("y.npy"), &y).unwrap();
    let out = f.at("run");
    for line in [
        format!(
            "{} --steps 4 --out {out}",
            train_line(&data).replace("--eval-every 20", "--eval-every 4")
        ),
        format!("eval {out}"),
        format!("plot {out}"),
    ] {
        let (stdout, stderr) = said(&line);
        let longest = stdout.lines().chain(stderr.lines()).max_by_key(|l| l.len()).unwrap();
        assert!(longest.len() < 400, "{line}: {longest}");
    }
}

#[test]
fn d17_a_single_class_is_not_trained_on() {
    let f = Folder::new();
    let data = write_data(&f, "data", 60, 1);
    dataset::save_targets(&f.path("data").join("y.npy"), &Targets::Labels(vec![0; 60])).unwrap();
    let out = f.at("run");
    let refused = skiprnn(format!("{} --steps 4 --out {out}", train_line(&data)).split(' '));
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && stderr.contains("class"), "{stderr}");
    assert!(!f.path("run").join("model.safetensors").exists());
}

/// The file of an image of a board or a machine, without code that does anything.
fn image(f: &Folder, board: &str) -> String {
    let path = f.path(&format!("{board}.elf"));
    std::fs::write(&path, bytes::elf(board)).unwrap();
    path.display().to_string()
}

/// A blob of one channel, without a budget.
fn blob() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("models/frequency/model.srnn").display().to_string()
}

#[test]
fn d10_an_image_of_another_machine_is_refused_at_once() {
    let f = Folder::new();
    for (image_of, run_on, option) in [
        ("nrf52840-dk", "mps2-an386", "--machine mps2-an386"),
        ("mps2-an385", "mps2-an386", "--machine mps2-an386"),
        ("stm32u5-nucleo", "nrf52840-dk", "--board nrf52840-dk"),
        ("mps2-an386", "nrf52840-dk", "--board nrf52840-dk"),
    ] {
        let image = image(&f, image_of);
        let why = format!("an image of {image_of}, not of {run_on}");
        fails(
            &format!("emulate {} --task frequency --n 2 {option} --firmware {image}", blob()),
            1,
            &[&image, &why],
        );
    }
}

#[test]
fn d11_an_image_of_another_board_is_refused_without_a_board_too() {
    let f = Folder::new();
    let image = image(&f, "stm32u5-nucleo");
    fails(
        &format!(
            "flash {} --board nrf52840-dk --task frequency --n 2 --dry-run --firmware {image}",
            blob()
        ),
        1,
        &["an image of stm32u5-nucleo, not of nrf52840-dk"],
    );
}

/// `flash` with a program in place of probe-rs.
#[cfg(unix)]
mod probe_rs {
    use super::*;
    use std::{
        os::unix::fs::PermissionsExt,
        process::{Command, Output},
    };

    fn flash(f: &Folder, probe_rs: &str, options: &str) -> Output {
        let folder = f.path("bin");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("probe-rs");
        std::fs::write(&path, format!("#!/bin/sh\n{probe_rs}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let image = image(f, "nrf52840-dk");
        let line = format!(
            "flash {} --board nrf52840-dk --task frequency --n 2 --firmware {image} --out {} {options}",
            blob(),
            f.at("sections")
        );
        let mut command = Command::new(env!("CARGO_BIN_EXE_skiprnn"));
        command.args(line.split_whitespace()).env("PATH", folder);
        command.output().unwrap()
    }

    #[test]
    fn a13_what_probe_rs_prints_does_not_mix_with_the_json() {
        let f = Folder::new();
        let out = flash(&f, "echo Finished in 1.2s", "--json");
        let stderr = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{stderr}");
        assert_eq!(stderr.matches("Finished in 1.2s").count(), 3, "{stderr}");
        let value: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(value["flashed"], true);
    }

    #[test]
    fn d11_options_are_passed_on() {
        let f = Folder::new();
        let out = flash(
            &f,
            "echo given: $*",
            "--probe 1366:1051:0042 --speed 1000 --allow-erase-all",
        );
        let stdout = String::from_utf8_lossy(&out.stdout);
        let given = "--chip nRF52840_xxAA --probe 1366:1051:0042 --speed 1000 --allow-erase-all";
        for command in ["download", "download", "run"] {
            assert!(stdout.contains(&format!("given: {command} {given} ")), "{stdout}");
        }
        let help = String::from_utf8(skiprnn(["flash", "--help"]).stdout).unwrap();
        assert!(help.contains("PROBE_RS_PROBE"), "{help}");
    }

    #[test]
    fn d11_a_failure_of_probe_rs_says_what_to_do() {
        let f = Folder::new();
        for (said, advice) in [
            (
                "Error: 2 probes were found: J-Link, STLink",
                "--probe VID:PID or VID:PID:SERIAL, or in PROBE_RS_PROBE",
            ),
            (
                "Error: lacked the permission to do so: erase_all (APPROTECT)",
                "--allow-erase-all erases all of it",
            ),
            ("Error: No connected probes were found.", "no debug probe was found"),
            ("Error: the page write failed", "it said why above"),
        ] {
            let out = flash(&f, &format!("echo '{said}' >&2\nexit 1"), "");
            let stderr = String::from_utf8_lossy(&out.stderr);
            assert_eq!(out.status.code(), Some(1), "{stderr}");
            assert!(out.stdout.is_empty(), "nothing was flashed");
            assert!(stderr.contains(said) && stderr.contains(advice), "{stderr}");
        }
    }
}

#[cfg(unix)]
mod signals_and_pipes {
    use super::*;
    use std::{
        io::{BufRead, BufReader},
        process::{Child, Command, Stdio},
        time::{Duration, Instant},
    };

    const PROGRAM: &str = env!("CARGO_BIN_EXE_skiprnn");

    /// Runs the program by a shell, in which it is `"$0" "$@"`.
    fn by_shell(script: &str, line: &str) -> Command {
        let mut command = Command::new("bash");
        command.args(["-c", script, PROGRAM]).args(line.split(' '));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts the program and reads the first line of its standard error, which nobody reads from then on.
    fn read_one_line(line: &str) -> Child {
        let mut child = by_shell("exec \"$0\" \"$@\"", line).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stderr.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        assert!(!first.is_empty(), "{line}: no progress");
        child
    }

    /// Waits until a file is there, at most a minute.
    fn wait_for(path: &Path) {
        let started = Instant::now();
        while !path.exists() {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "{}: never written",
                path.display()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(child: &Child, name: &str) {
        let kill = Command::new("kill")
            .args([&format!("-{name}"), &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
    }

    #[test]
    fn b4_a_training_does_not_end_with_the_reader_of_its_progress() {
        let f = Folder::new();
        let data = write_data(&f, "data", 60, 1);
        let line = |out: &str| format!("{} --steps 200 --out {}", train_line(&data), f.at(out));
        let whole = |out: &str| {
            let summary = read_json(&f.path(out).join("training.json"));
            assert_eq!(
                (&summary["steps"], &summary["stopped"]),
                (&200.into(), &false.into()),
                "{out}"
            );
        };
        assert!(read_one_line(&line("head")).wait().unwrap().success());
        whole("head");
        for (out, script) in [
            ("closed", "exec \"$0\" \"$@\" 2>&-"),
            ("full", "exec \"$0\" \"$@\" 2>/dev/full"),
        ] {
            assert!(by_shell(script, &line(out)).output().unwrap().status.success(), "{out}");
            whole(out);
        }
    }

    #[test]
    fn b4_a_sweep_does_not_end_with_the_reader_of_its_progress() {
        let f = Folder::new();
        let data = write_data(&f, "data", 60, 1);
        let line = train_line(&data).replacen("train", "sweep", 1);
        let line = format!(
            "{line} --lambdas 1e-3,1e-2 --jobs 1 --steps 40 --json --out {}",
            f.at("out")
        );
        let out = read_one_line(&line).wait_with_output().unwrap();
        assert!(out.status.success());
        let table: Value = serde_json::from_slice(&out.stdout).unwrap();
        let finished = table["settings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["finished"].as_u64().unwrap());
        assert_eq!(finished.collect::<Vec<_>>(), [1, 1]);
    }

    #[test]
    fn c1_a_signal_ends_a_training_with_a_checkpoint() {
        for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
            let f = Folder::new();
            let data = write_data(&f, "data", 60, 1);
            let line = format!("{} --out {}", train_line(&data), f.at("run"));
            let child = by_shell("exec \"$0\" \"$@\"", &format!("{line} --steps 100000000"))
                .spawn()
                .unwrap();
            // The first evaluation: a model is never there without its checkpoint.
            wait_for(&f.path("run").join("model.safetensors"));
            assert!(f.path("run").join("checkpoint.safetensors").is_file());
            signal(&child, name);
            let out = child.wait_with_output().unwrap();
            let stderr = String::from_utf8_lossy(&out.stderr);
            assert_eq!(out.status.code(), Some(code), "{name}: {stderr}");
            assert!(out.stdout.is_empty());
            assert!(!f.path("run").join("training.json").exists(), "the run has not ended");
            let told = stderr.lines().find(|l| l.starts_with("error: ")).unwrap().to_owned();
            assert!(told.contains("with a checkpoint; continue it with --resume"), "{told}");
            let after = told.split("after step ").nth(1).unwrap().split(',').next().unwrap();
            let steps = after.parse::<u64>().unwrap() + 20;
            let (_, stderr) = said(&format!("{line} --resume --steps {steps}"));
            assert!(stderr.contains(&format!("resuming after step {after}")), "{stderr}");
            assert_eq!(read_json(&f.path("run").join("training.json"))["steps"], steps);
        }
    }

    #[test]
    fn c1_the_first_checkpoint_comes_within_seconds() {
        let f = Folder::new();
        let data = write_data(&f, "data", 60, 1);
        let line = train_line(&data).replace("--eval-every 20", "--eval-every 100000000");
        let line = format!("{line} --steps 100000000 --out {}", f.at("run"));
        let child = by_shell("exec \"$0\" \"$@\"", &line).spawn().unwrap();
        wait_for(&f.path("run").join("metrics.csv"));
        let started = Instant::now();
        wait_for(&f.path("run").join("checkpoint.safetensors"));
        let waited = started.elapsed();
        signal(&child, "TERM");
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(143));
        assert!(waited < Duration::from_secs(15), "{waited:?}");
        assert!(
            !f.path("run").join("model.safetensors").exists(),
            "nothing was evaluated"
        );
    }

    #[test]
    fn c1_a_model_without_its_checkpoint_is_not_replaced() {
        let f = Folder::new();
        let data = write_data(&f, "data", 60, 1);
        let line = format!("{} --out {}", train_line(&data), f.at("run"));
        json(&format!("{line} --steps 20"));
        for file in ["checkpoint.safetensors", "training.json"] {
            std::fs::remove_file(f.path("run").join(file)).unwrap();
        }
        fails(
            &format!("{line} --steps 20 --resume"),
            1,
            &[&f.at("run"), "holds a model, but no checkpoint", "another folder"],
        );
        assert!(f.path("run").join("model.safetensors").is_file());
    }

    #[test]
    fn links_in_a_run_folder_lead_to_no_other_file() {
        let f = Folder::new();
        let data = write_data(&f, "data", 60, 1);
        let line = format!("{} --out {}", train_line(&data), f.at("run"));
        json(&format!("{line} --steps 20"));
        std::fs::write(f.path("precious"), "kept").unwrap();
        for name in [
            "model.safetensors.partial",
            "checkpoint.safetensors.partial",
            "training.json",
            "metrics.csv",
        ] {
            let _ = std::fs::remove_file(f.path("run").join(name));
            std::os::unix::fs::symlink(f.path("precious"), f.path("run").join(name)).unwrap();
        }
        // What the link of the result leads to is no result.
        let steps = format!("{line} --steps 40 --resume");
        fails(&steps, 1, &["training.json"]);
        std::fs::remove_file(f.path("run").join("training.json")).unwrap();
        json(&steps);
        let lock = f.path("run").join("run.lock");
        std::fs::remove_file(&lock).unwrap();
        std::os::unix::fs::symlink(f.path("precious"), &lock).unwrap();
        fails(&steps.replace("40", "60"), 1, &["run.lock", "remove it"]);
        assert_eq!(std::fs::read(f.path("precious")).unwrap(), b"kept");
    }

    #[test]
    fn c1_a_signal_ends_a_sweep_with_checkpoints() {
        let f = Folder::new();
        let data = write_data(&f, "data", 60, 1);
        let line = train_line(&data).replacen("train", "sweep", 1);
        let line = format!(
            "{line} --lambdas 1e-3,1e-2 --jobs 1 --steps 100000000 --out {}",
            f.at("out")
        );
        let child = by_shell("exec \"$0\" \"$@\"", &line).spawn().unwrap();
        wait_for(&f.path("out"));
        let checkpoints = || {
            let mut found = Vec::new();
            let mut folders = vec![f.path("out")];
            while let Some(folder) = folders.pop() {
                for entry in std::fs::read_dir(folder).unwrap() {
                    let path = entry.unwrap().path();
                    match path.is_dir() {
                        true => folders.push(path),
                        false if path.ends_with("checkpoint.safetensors") => found.push(path),
                        false => {}
                    }
                }
            }
            found
        };
        let started = Instant::now();
        while checkpoints().is_empty() {
            assert!(started.elapsed() < Duration::from_secs(60), "no checkpoint");
            std::thread::sleep(Duration::from_millis(20));
        }
        signal(&child, "TERM");
        let out = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(143), "{stderr}");
        assert!(stderr.contains("the same command continues them"), "{stderr}");
        assert_eq!(checkpoints().len(), 1, "the second run never began");
    }

    #[test]
    fn c1_a_training_outlives_its_terminal_under_nohup() {
        let f = Folder::new();
        let data = write_data(&f, "data", 60, 1);
        let line = format!("{} --steps 3000 --out {}", train_line(&data), f.at("run"));
        let child = by_shell("trap '' HUP; exec \"$0\" \"$@\"", &line).spawn().unwrap();
        wait_for(&f.path("run").join("model.safetensors"));
        signal(&child, "HUP");
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }

    /// Files may not grow beyond 8 KiB, as if the disk were full.
    #[test]
    fn c3_a_full_disk_is_told_once_and_leaves_no_partial_file() {
        let f = Folder::new();
        let data = write_data(&f, "data", 60, 1);
        let line = format!(
            "{} --steps 40 --hidden 30 --out {}",
            train_line(&data).replace(" --hidden 6", ""),
            f.at("run")
        );
        let out = by_shell("trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"", &line)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(1), "{stderr}");
        let error = stderr.lines().last().unwrap();
        assert!(error.contains("checkpoint.safetensors"), "{error}");
        assert_eq!(error.matches("File too large").count(), 1, "{error}");
        let names: Vec<String> = std::fs::read_dir(f.path("run"))
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        assert!(names.iter().all(|name| !name.ends_with(".partial")), "{names:?}");
        assert!(
            !names.contains(&"model.safetensors".into()),
            "no checkpoint knows it: {names:?}"
        );
        // With room again, the run starts and ends.
        said(&format!("{line} --resume"));
    }
}
