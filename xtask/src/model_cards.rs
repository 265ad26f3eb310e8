//! `cargo xtask model-cards`: the cards and blobs of `models/`, made by the commands that they name.

use crate::{
    program::{Build, differences},
    shell,
};
use anyhow::{Context, bail};
use serde_json::Value;
use std::{fs, path::Path};

/// One folder of `models/`.
struct Entry {
    name: &'static str,
    /// The command that trained it, without `--out`.
    train: &'static str,
    about: &'static str,
    /// What `quantize` is told beside the run, the blob and its name.
    quantize: &'static str,
    /// Needs the recordings of `--data`.
    recorded: bool,
}

const ENTRIES: [Entry; 6] = [
    Entry {
        name: "activity",
        train: "skiprnn train dataset --cell skip-gru --lambda 2e-3 --dials -2.5:2.5:3 --start-every 16 --rotate 30 --decision-clip 0.3 --input-weight-limit 1.9 --learning-rate 3e-3 --learning-rate-schedule cosine:100 --steps 24000 --seed 4 --threads 1 --train-x har/train_x.npy --train-y har/train_y.npy --test-x har/test_x.npy --test-y har/test_y.npy --sample-period-s 0.02 --class-names walking,upstairs,downstairs,sitting,standing,laying --channel-names \"acceleration x,acceleration y,acceleration z,angular rate x,angular rate y,angular rate z\" --channel-units g,g,g,rad/s,rad/s,rad/s",
        about: "Six activities from a smartphone at the waist: acceleration and angular rate at 50 Hz, windows of 2.56 s (a subset of UCI HAR, Anguita et al., 2013, CC BY 4.0). Trained over a range of the dial, which moves it from 6 to 42 samples a window (docs/activity.md).",
        quantize: " --full-scale 4,4,4,10.0084,10.0084,10.0084",
        recorded: true,
    },
    Entry {
        name: "activity-accelerometer",
        train: "skiprnn train dataset --cell skip-gru --lambda 2e-3 --dials -3:3:3 --start-every 16 --rotate 30 --decision-clip 0.3 --input-weight-limit inf --learning-rate 3e-3 --learning-rate-schedule cosine:100 --steps 8000 --threads 1 --train-x har3/train_x.npy --train-y har/train_y.npy --test-x har3/test_x.npy --test-y har/test_y.npy --sample-period-s 0.02 --class-names walking,upstairs,downstairs,sitting,standing,laying --channel-names \"acceleration x,acceleration y,acceleration z\" --channel-units g,g,g",
        about: "The same six activities from the three channels of the accelerometer alone: `har3` holds the first three of the arrays.",
        quantize: " --full-scale 4,4,4",
        recorded: true,
    },
    Entry {
        name: "adding",
        train: "skiprnn train adding --cell skip-gru --lambda 2e-5 --steps 8000 --threads 1",
        about: "The sum of two marked values among 50 samples (Campos et al., section 4.1). The task has no sample period; the blob says 10 ms, so that energy can be predicted.",
        quantize: " --sample-period-s 1e-2",
        recorded: false,
    },
    Entry {
        name: "frequency",
        train: "skiprnn train frequency --lambda 1e-4 --threads 2",
        about: "Is the period of a sine wave 5 to 6 ms? A sample every millisecond, 100 ms (Campos et al., appendix A.1).",
        quantize: "",
        recorded: false,
    },
    Entry {
        name: "frequency-five",
        train: "skiprnn train frequency --lambda 1e-4 --seed 3 --settle-steps 2000 --threads 1",
        about: "The same task with five updates a sequence, at nearly always the same samples: the fewest of all runs. Its dial has hardly anything to move.",
        quantize: "",
        recorded: false,
    },
    Entry {
        name: "frequency-half-ms",
        train: "skiprnn train frequency --lambda 1e-4 --sample-period-s 5e-4 --start-every 4 --settle-steps 300 --threads 1",
        about: "The same task with a sample every half millisecond: 200 samples. Trained at one setting of the dial, it does not follow it evenly: use it at 0.",
        quantize: "",
        recorded: false,
    },
];

/// Makes the cards and blobs of the models named (of all where none is), or, with `check`, compares them with the
/// committed ones. `data` is a folder with `har` and `har3` in it; without it the models that need it are skipped.
pub fn run(check: bool, data: Option<&Path>, names: &[String]) -> anyhow::Result<()> {
    if let Some(name) = names.iter().find(|n| ENTRIES.iter().all(|e| e.name != **n)) {
        bail!("{name}: no such model; the list is in xtask/src/model_cards.rs");
    }
    let build = if check { Build::Development } else { Build::Release };
    shell::run("", build.line())?;
    let mut changed = Vec::new();
    let wanted = |e: &&Entry| names.is_empty() || names.iter().any(|n| n == e.name);
    for entry in ENTRIES.iter().filter(wanted) {
        if entry.recorded && data.is_none() {
            tell!("{}: skipped, needs its recordings (--data FOLDER)", entry.name);
            continue;
        }
        let folder = shell::root().join("models").join(entry.name);
        let scratch = tempfile::tempdir()?;
        let blob = scratch.path().join("model.srnn");
        let card = card(entry, build, &folder, &blob, data)?;
        if check {
            let path = folder.join("card.md");
            let committed = fs::read_to_string(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
            let found = differences(&committed, &card);
            let verdict = if found.is_empty() { "reproduced" } else { "differs" };
            tell!("{}: {verdict}", entry.name);
            changed.extend(found.into_iter().map(|d| format!("{}: {d}", entry.name)));
        } else {
            float_model::write_atomically(&folder.join("card.md"), card.as_bytes())?;
            fs::copy(&blob, folder.join("model.srnn"))?;
        }
    }
    if !changed.is_empty() {
        bail!(
            "the commands give other figures than the cards; `cargo xtask model-cards` writes them anew:\n  {}",
            changed.join("\n  ")
        );
    }
    Ok(())
}

fn card(entry: &Entry, build: Build, folder: &Path, blob: &Path, data: Option<&Path>) -> anyhow::Result<String> {
    let Entry {
        name,
        train,
        about,
        quantize,
        ..
    } = entry;
    let (run, blob) = (folder.display().to_string(), blob.display().to_string());
    let start = data.map_or_else(shell::root, Path::to_path_buf);
    let e = build.json(&start, &["eval", &run])?;
    let mut arguments = vec!["quantize", &run, "--out", &blob, "--name", name];
    arguments.extend(quantize.split_whitespace());
    let q = build.json(&start, &arguments)?;
    let path = folder.join("training.json");
    let t: Value = serde_json::from_slice(&fs::read(&path).with_context(|| path.display().to_string())?)?;
    let number = |v: &Value| v.as_f64().unwrap_or(f64::NAN);
    let text = |v: &Value| v.as_str().unwrap_or("?").to_owned();
    let metric = |v: &Value| match e["metric_name"].as_str() {
        Some("mse") => format!("MSE {:.2e}", number(v)),
        _ => format!("accuracy {:.4}", number(v)),
    };
    let held = match entry.recorded {
        true => format!("{} test windows", e["sequences"]),
        false => "10,000 held-out sequences".into(),
    };
    let (length, updates) = (number(&e["sequence_length"]), number(&e["updates_mean"]));
    let rows = [
        (
            "cell".into(),
            format!("{}, {} units, {} layer", text(&e["cell"]), e["hidden"], e["layers"]),
        ),
        (
            "seed, steps".into(),
            format!(
                "{}, {} (best state: step {}, chosen on validation data)",
                e["seed"], t["steps"], t["best_step"]
            ),
        ),
        (
            format!("float, {held} (`skiprnn eval`)"),
            format!(
                "{}{}",
                metric(&e["metric"]),
                if e["solved"] == true { ", solved" } else { "" }
            ),
        ),
        (
            "samples used".into(),
            format!("{updates:.2} of {length} ({:.1} %)", 100.0 * updates / length),
        ),
        (
            "MACs per sequence".into(),
            format!("{:.0}", number(&e["macs_per_sequence"])),
        ),
        (
            "blob".into(),
            format!(
                "{} bytes, {}-bit weights, kernel {}",
                q["blob_bytes"],
                q["weights_bits"],
                text(&q["kernel"])
            ),
        ),
        (
            format!("integers, {} validation sequences (`skiprnn quantize`)", q["sequences"]),
            format!(
                "{} with {:.2} updates; float there: {} with {:.2}",
                metric(&q["metric_fixed"]),
                number(&q["updates_fixed"]),
                metric(&q["metric_float"]),
                number(&q["updates_float"])
            ),
        ),
        (
            "same decision, same schedule".into(),
            format!(
                "{:.1} %, {:.1} %",
                100.0 * number(&q["same_decision"]),
                100.0 * number(&q["same_schedule"])
            ),
        ),
    ];
    let table: String = rows.iter().map(|(k, v)| format!("| {k} | {v} |\n")).collect();
    Ok(format!(
        "# {name}\n\n{about}\n\n    {train} --out runs/{name}\n    skiprnn quantize runs/{name} --out model.srnn --name {name}{quantize}\n\n| | |\n| --- | --- |\n{table}"
    ))
}
