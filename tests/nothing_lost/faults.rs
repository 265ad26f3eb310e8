//! A disk that takes nothing, a folder that is none, too few descriptors: every command that writes says so, before its work where
//! it can be known, and what was there before stays.

use crate::{
    common::{Folder, json, tiny_run},
    work::{NO_FILES, by_shell, files, partial, write_data},
};
use float_model::{Sequences, Targets};
use std::{fs, path::Path, process::Output, sync::LazyLock};

/// A model of 100 samples with one channel.
const BLOB: &str = "models/frequency/model.srnn";
/// What `flash` writes for a board that is not here.
const FLASHED: &str = "--board nrf52840-dk --app replay --task frequency --dry-run";

/// What `emulate` runs on a model of a board.
const EMULATED: &str = "models/frequency/model.srnn --board nrf52840-dk --task frequency --n 1";

/// What the commands read.
struct Inputs {
    folder: Folder,
}

static INPUTS: LazyLock<Inputs> = LazyLock::new(|| {
    let folder = Folder::new();
    let data = write_data(&folder);
    tiny_run("frequency", "skip-lstm", &folder.at("run"));
    json(&format!(
        "sweep dataset --data {data} --sample-period-s 0.02 --hidden 4 --batch 16 --cells skip-gru --lambdas 1e-2 --steps 4 \
         --eval-every 2 --threads 1 --out {}",
        folder.at("runs")
    ));
    shaken(&folder);
    let mut trace = String::from("time (s),current (mA)\n");
    for k in 0..2000 {
        let current_ma = if k % 500 < 100 { 5.0 } else { 0.01 };
        trace += &format!("{:.4},{current_ma}\n", f64::from(k) * 1e-3);
    }
    fs::write(folder.path("trace.csv"), trace).unwrap();
    let mut marked = String::from("time (s),current (mA),seq,awake,update\n");
    for k in 0..4000 {
        let sequence = (100..600).contains(&(k % 1000));
        let in_period = (k % 1000 + 1000 - 100) % 50;
        let (awake, update) = (sequence && in_period < 10, sequence && in_period < 5);
        let current_ma = if awake { 5.0 } else { 0.002 };
        marked += &format!(
            "{:.4},{current_ma},{},{},{}\n",
            f64::from(k) * 1e-3,
            u8::from(sequence),
            u8::from(awake),
            u8::from(update)
        );
    }
    fs::write(folder.path("marked.csv"), marked).unwrap();
    // Images are built on first use, which needs a disk.
    json(&format!("emulate {BLOB} --task frequency --n 1"));
    json(&format!("flash {BLOB} {FLASHED} --out {}", folder.at("flashed")));
    Inputs { folder }
});

/// Recordings of an accelerometer, every second one shaken.
fn shaken(folder: &Folder) {
    let (count, length) = (120, 12);
    let value = |k: usize| (k as f32 * 1.7).sin() * [0.05, 1.0][k / 3 / length % 2];
    let x = Sequences::new("x", (0..count * length * 3).map(value).collect(), count, length, 3).unwrap();
    let y = Targets::Labels((0..count as u32).map(|n| n % 2).collect());
    let at = folder.path("shaken");
    fs::create_dir(&at).unwrap();
    dataset::save_sequences(&at.join("x.npy"), &x).unwrap();
    dataset::save_targets(&at.join("y.npy"), &y).unwrap();
    let axes = ["x", "y", "z"].map(|axis| format!("[[channel]]\nname = \"acceleration {axis}\"\nunit = \"g\"\n"));
    fs::write(
        at.join("channels.toml"),
        format!("sample_period_s = 0.02\n{}", axes.concat()),
    )
    .unwrap();
}

/// Every command that writes, its option for where, and a line with everything else. `early`: a port is not here, so only what can
/// be known before the work is tried; a disk that fills is tried with a port of a test's own in `tests/collect.rs`, `tests/energy`.
struct Writer {
    command: &'static str,
    option: &'static str,
    kind: Kind,
    line: String,
    early: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    File,
    Folder,
}
use Kind::{File, Folder as Dir};

fn writers() -> Vec<Writer> {
    let at = |name: &str| INPUTS.folder.at(name);
    let (run, runs, trace, data) = (at("run"), at("runs"), at("trace.csv"), at("data"));
    let marked = format!(
        "{} --voltage 3 --markers seq=seq,awake=awake,update=update",
        at("marked.csv")
    );
    let measured = format!("{trace} --voltage 3 --threshold 2");
    let small = "--hidden 4 --steps 2 --eval-every 1 --batch 4 --threads 1";
    let tried = |command, option, kind, line: String| Writer {
        command,
        option,
        kind,
        line,
        early: false,
    };
    let early = |command, option, kind, line: String| Writer {
        early: true,
        ..tried(command, option, kind, line)
    };
    vec![
        tried("demo", "out", Dir, "--quick".into()),
        tried(
            "fit",
            "out",
            Dir,
            format!(
                "{} --board nrf52840-dk --sensor lis3dh --steps 20 --threads 1",
                at("shaken")
            ),
        ),
        tried("train", "out", Dir, format!("frequency {small}")),
        tried("import", "out", Dir, format!("{run}/model.safetensors")),
        tried("eval", "outputs", File, format!("{run} --n 2")),
        tried("reproduce", "out", Dir, "adding --report-only".into()),
        tried(
            "reproduce",
            "results",
            File,
            format!("adding --report-only --out {}", at("none")),
        ),
        tried("sweep", "out", Dir, format!("frequency {small} --jobs 1")),
        tried(
            "sweep",
            "slurm",
            File,
            format!("frequency {small} --out {}", at("array")),
        ),
        tried(
            "baselines",
            "out",
            Dir,
            format!("{runs} --fixed-rates 2 --filters 4 --jobs 1"),
        ),
        tried("plot", "out", Dir, format!("{run} --n 2")),
        tried("quantize", "out", File, run.clone()),
        tried("fidelity", "out", File, format!("{run} --n 4")),
        tried("compare", "svg", File, format!("models/frequency {BLOB} --n 2")),
        tried("inspect", "svg", File, BLOB.into()),
        tried("simulate", "outputs", File, format!("{BLOB} --task frequency --n 2")),
        tried(
            "leak",
            "svg",
            File,
            format!("{BLOB} --task frequency --n 40 --shuffles 100"),
        ),
        tried("emulate", "outputs", File, format!("{BLOB} --task frequency --n 1")),
        tried("emulate", "power-trace", File, EMULATED.into()),
        tried("emulate", "power-svg", File, EMULATED.into()),
        tried("flash", "out", Dir, format!("{BLOB} {FLASHED}")),
        early(
            "collect",
            "out",
            Dir,
            format!("--port {} --label a --seconds 1", at("nowhere")),
        ),
        tried("energy predict", "svg", File, format!("{BLOB} --board nrf52840")),
        tried("energy predict", "report", File, format!("{BLOB} --board nrf52840")),
        tried("energy measure", "svg", File, measured.clone()),
        tried("energy measure", "report", File, measured.clone()),
        tried("energy front", "svg", File, format!("{BLOB} --board nrf52840")),
        tried("energy front", "report", File, format!("{BLOB} --board nrf52840")),
        early(
            "energy record",
            "out",
            File,
            format!("--port {} --voltage 3 --seconds 1 --mode ampere", at("nowhere")),
        ),
        tried("energy cycles", "out", File, format!("{BLOB} --task frequency")),
        tried(
            "energy calibrate",
            "out",
            File,
            format!("{marked} --cycles-per-update 1000"),
        ),
        tried("data describe", "svg", File, data),
        tried("data adding", "out-x", File, "--n 2 --out-y /dev/null".into()),
        tried("data adding", "out-y", File, "--n 2 --out-x /dev/null".into()),
        tried("data frequency", "out-x", File, "--n 2 --out-y /dev/null".into()),
        tried("data frequency", "out-y", File, "--n 2 --out-x /dev/null".into()),
    ]
}

impl Writer {
    fn name(&self) -> String {
        format!("{} --{}", self.command, self.option)
    }

    fn line(&self, out: &Path) -> String {
        format!("{} {} --{} {}", self.command, self.line, self.option, out.display())
    }

    fn run(&self, script: &str, out: &Path) -> Output {
        by_shell(script, &self.line(out)).output().unwrap()
    }

    /// That it is refused before the work: this line stands alone.
    fn refused(&self, out: &Path, says: &str) {
        let ended = self.run("exec \"$0\" \"$@\"", out);
        let stderr = String::from_utf8_lossy(&ended.stderr);
        let name = self.name();
        let lower = stderr.to_lowercase();
        assert_eq!(ended.status.code(), Some(1), "{name}: {stderr}");
        assert!(ended.stdout.is_empty(), "{name}");
        assert_eq!(stderr.lines().count(), 1, "{name}: {stderr}");
        let mend = format!("give another path with --{}", self.option);
        for part in [out.to_str().unwrap(), &mend, says] {
            let said = lower.contains(&part.to_lowercase());
            assert!(said, "{name}: does not say '{part}': {stderr}");
        }
    }
}

/// That an error is clear: no panic, one error, which names what could not be written.
fn clear(name: &str, ended: &Output, below: &Path) {
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{name}: {stderr}");
    assert!(!stderr.contains("panicked"), "{name}: {stderr}");
    let error = stderr
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect::<Vec<_>>();
    assert_eq!(error.len(), 1, "{name}: {stderr}");
    let named = stderr.contains(below.to_str().unwrap());
    assert!(named, "{name}: does not name the file: {stderr}");
}

#[test]
fn every_output_of_every_command_is_tried() {
    let source = include_str!("../../src/outputs.rs");
    let listed: Vec<String> = source
        .lines()
        .filter_map(|line| {
            let mut words = line.trim().strip_prefix("(\"")?.strip_suffix("),")?.split("\", ");
            let (command, option, kind) = (words.next()?, words.next()?, words.next()?);
            Some(format!("{command} --{} {kind}", option.trim_start_matches('"')))
        })
        .collect();
    let kind = |kind| if kind == File { "File" } else { "Folder" };
    let tried: Vec<String> = writers()
        .iter()
        .map(|w| format!("{} {}", w.name(), kind(w.kind)))
        .collect();
    assert_eq!(listed, tried);
}

#[test]
fn a_file_in_place_of_a_folder_is_refused_before_the_work() {
    let f = Folder::new();
    fs::write(f.path("file"), "kept").unwrap();
    for writer in writers() {
        writer.refused(&f.path("file").join("below"), "not a directory");
        if writer.kind == Dir {
            writer.refused(&f.path("file"), "not a directory");
        }
    }
    assert_eq!(fs::read(f.path("file")).unwrap(), b"kept");
    assert_eq!(f.names(), ["file"]);
}

#[test]
fn a_folder_in_place_of_a_file_is_refused_before_the_work() {
    let f = Folder::new();
    fs::create_dir(f.path("folder")).unwrap();
    for writer in writers().iter().filter(|w| w.kind == File) {
        writer.refused(&f.path("folder"), "is a directory");
    }
    assert_eq!(files(&f.path("")), NO_FILES);
}

/// `/sys` takes no files from anybody, root included.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_folder_is_refused_before_the_work() {
    for writer in writers() {
        writer.refused(Path::new("/sys/kernel/out"), "(os error ");
    }
}

/// No file may hold a byte, by the limit of the size of files: what a write to a full disk does, without root rights.
#[test]
fn a_disk_that_takes_nothing_loses_nothing_and_leaves_nothing() {
    for writer in writers().iter().filter(|w| !w.early) {
        let f = Folder::new();
        let out = f.path("out");
        if writer.kind == File {
            fs::write(&out, "earlier").unwrap();
        }
        let ended = writer.run("ulimit -f 0; exec \"$0\" \"$@\"", &out);
        clear(&writer.name(), &ended, &f.path(""));
        assert_eq!(partial(&f.path("")), NO_FILES, "{}", writer.name());
        if writer.kind == File {
            assert_eq!(fs::read(&out).unwrap(), b"earlier", "{}", writer.name());
        }
    }
}

/// With so few descriptors a command does its work or fails, and never half.
#[test]
fn few_descriptors_lose_nothing() {
    for writer in writers().iter().filter(|w| !w.early && w.command != "demo") {
        let f = Folder::new();
        let out = f.path("out");
        if writer.kind == File {
            fs::write(&out, "earlier").unwrap();
        }
        for most in [4, 5, 7] {
            let script = format!("ulimit -n {most}; exec \"$0\" \"$@\"");
            let ended = writer.run(&script, &out);
            let stderr = String::from_utf8_lossy(&ended.stderr);
            let name = format!("{}, {most} descriptors", writer.name());
            assert!(!stderr.contains("panicked"), "{name}: {stderr}");
            assert_eq!(partial(&f.path("")), NO_FILES, "{name}");
            if ended.status.success() {
                break;
            }
            // The system's linker, or the second run in a folder, may have other codes; a signal is none.
            assert!(ended.status.code().is_some(), "{name}: {stderr}");
            if writer.kind == File {
                assert_eq!(fs::read(&out).unwrap(), b"earlier", "{name}");
            }
        }
    }
}
