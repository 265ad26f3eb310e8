//! `cargo xtask charges`: what a sequence and a used sample cost on every board with its sensor, simulated beside predicted, in
//! docs/virtual-board.md.

use crate::{
    program::{Build, between, differences},
    shell,
};
use anyhow::{Context, bail};
use dataset::save_sequences;
use float_model::Sequences;
use serde_json::Value;
use std::{fmt::Write, fs, path::Path};

const PAGE: &str = "docs/virtual-board.md";
const MARKS: (&str, &str) = (
    "<!-- begin: cargo xtask charges -->\n",
    "<!-- end: cargo xtask charges -->",
);

/// Sequences that are played.
const COUNT: usize = 16;
/// Samples of each, 50 a second.
const SAMPLES: usize = 128;
/// The widest predicted interval, as the quotient of its ends.
const WIDEST: f64 = 3.0;

/// A board with a sensor and a model of `models/`.
struct Row {
    board: &'static str,
    sensor: &'static str,
    model: &'static str,
    channels: usize,
    before: Before,
}

/// A used sample in the images as they were at first, simulated with the same figures.
struct Before {
    /// The commit.
    commit: &'static str,
    awake_us: f64,
    transfers: f64,
    uj: f64,
}

const ROWS: [Row; 5] = [
    Row {
        board: "nrf52840-dk",
        sensor: "lis3dh",
        model: "activity-accelerometer",
        channels: 3,
        before: Before {
            commit: "d9d3217",
            awake_us: 1097.0,
            transfers: 7.0,
            uj: 10.8,
        },
    },
    Row {
        board: "nrf52840-dk",
        sensor: "lsm6ds",
        model: "activity",
        channels: 6,
        before: Before {
            commit: "d9d3217",
            awake_us: 1061.0,
            transfers: 6.0,
            uj: 10.3,
        },
    },
    Row {
        board: "stm32l4-iot01a",
        sensor: "lsm6ds",
        model: "activity",
        channels: 6,
        before: Before {
            commit: "c079845",
            awake_us: 1811.0,
            transfers: 3.21,
            uj: 9.83,
        },
    },
    Row {
        board: "stm32u5-nucleo",
        sensor: "lis3dh",
        model: "activity-accelerometer",
        channels: 3,
        before: Before {
            commit: "c079845",
            awake_us: 2534.0,
            transfers: 2.96,
            uj: 2.30,
        },
    },
    Row {
        board: "rp2350-pico2",
        sensor: "lis3dh",
        model: "activity-accelerometer",
        channels: 3,
        before: Before {
            commit: "c079845",
            awake_us: 579.0,
            transfers: 2.96,
            uj: 34.9,
        },
    },
];

/// Groups of accounts, as the table's columns.
const WHERE: [(&str, &[&str]); 7] = [
    ("updates", &["updates"]),
    ("core awake", &["core awake", "core awake at the bus", "wake-ups"]),
    ("bus", &["asleep at the bus", "pulls"]),
    ("asleep", &["asleep"]),
    ("sensor starting", &["sensor starting"]),
    ("sensor on", &["sensor on"]),
    ("sensor off, rest", &["sensor off", "LEDs", "rest"]),
];

/// Runs every board, and writes the tables into the page; or, to check, fails where they are others. In both cases fails where a
/// simulated figure lies outside the predicted interval, or the interval is too wide.
pub fn run(check: bool) -> anyhow::Result<()> {
    shell::run("", Build::Development.line())?;
    let folder = tempfile::tempdir()?;
    let measured: Vec<Figures> = ROWS
        .iter()
        .map(|row| Figures::of(row, folder.path()))
        .collect::<Result<_, _>>()?;
    for (row, figures) in ROWS.iter().zip(&measured) {
        figures.hold(row)?;
    }
    let path = shell::root().join(PAGE);
    let before = fs::read_to_string(&path).context(PAGE)?;
    let after = between(&before, MARKS, &tables(&measured)).context(PAGE)?;
    let changed = differences(&before, &after);
    match changed.is_empty() {
        true => tell!("{PAGE}: every simulated figure lies in its predicted interval, and none is new"),
        false if check => bail!(
            "{PAGE} has other figures; `cargo xtask charges` writes them anew:\n  {}",
            changed.join("\n  ")
        ),
        false => {
            float_model::write_atomically(&path, after.as_bytes())?;
            tell!("{PAGE}: written");
        }
    }
    Ok(())
}

/// What one row showed.
struct Figures {
    updates: f64,
    simulated_uj: f64,
    predicted_uj: [f64; 3],
    /// In the order of [`WHERE`].
    parts_uj: Vec<f64>,
    awake_us: f64,
    transfers: f64,
    sample_uj: f64,
}

impl Figures {
    /// Runs and predicts a row.
    fn of(row: &Row, folder: &Path) -> anyhow::Result<Self> {
        let Row {
            board, sensor, model, ..
        } = row;
        let x = folder.join("x.npy").display().to_string();
        save_sequences(Path::new(&x), &recording(COUNT, row.channels)?)?;
        let blob = shell::root()
            .join("models")
            .join(model)
            .join("model.srnn")
            .display()
            .to_string();
        let cycles = folder.join("cycles.json").display().to_string();
        let json = |line: &[&str]| Build::Development.json(folder, line);
        let run = json(&[
            "emulate", &blob, "--board", board, "--app", "classify", "--sensor", sensor, "--x", &x,
        ])?;
        json(&["energy", "cycles", &blob, "--x", &x, "--out", &cycles])?;
        let predicted = json(&[
            "energy", "predict", &blob, "--board", board, "--sensor", sensor, "--x", &x, "--cycles", &cycles,
        ])?;
        let charge = &run["charge"];
        let accounts = charge["accounts"].as_array().context("no accounts")?;
        let account = |name: &&str| {
            let found = accounts.iter().find(|booked| booked["account"] == **name);
            number(&found.with_context(|| format!("no account {name}"))?["uj_per_decision"])
        };
        let sum = |names: &[&str]| names.iter().map(account).sum::<anyhow::Result<f64>>();
        let end = |end: &str| number(&predicted["uj_per_sequence"][end]);
        Ok(Self {
            updates: number(&predicted["updates_mean"])?,
            simulated_uj: number(&charge["uj_per_decision"])?,
            predicted_uj: [end("low")?, end("mid")?, end("high")?],
            parts_uj: WHERE.iter().map(|(_, names)| sum(names)).collect::<Result<_, _>>()?,
            awake_us: number(&run["per_sample"]["awake_us"])?,
            transfers: number(&run["per_sample"]["transfers"])?,
            sample_uj: number(&charge["uj_per_sample_core_and_bus"])?,
        })
    }

    /// Fails where prediction and simulation do not go together.
    fn hold(&self, row: &Row) -> anyhow::Result<()> {
        let [low, _, high] = self.predicted_uj;
        let Row { board, sensor, .. } = row;
        if !(low..=high).contains(&self.simulated_uj) {
            bail!(
                "{board} with {sensor}: {} uJ simulated, predicted are {low} to {high}",
                self.simulated_uj
            );
        }
        if high > WIDEST * low {
            bail!("{board} with {sensor}: predicted are {low} to {high} uJ, more than {WIDEST} times apart");
        }
        Ok(())
    }
}

/// A number of the program's JSON.
pub fn number(value: &Value) -> anyhow::Result<f64> {
    value.as_f64().with_context(|| format!("no number: {value}"))
}

/// Made-up sequences of 2.56 s: somebody walks, sits, sways and lies, in turns. Acceleration in g, angular rate in radians a second.
pub fn recording(count: usize, channels: usize) -> anyhow::Result<Sequences> {
    let value = |index: usize| {
        let (sequence, sample, channel) = (
            index / (SAMPLES * channels),
            index / channels % SAMPLES,
            index % channels,
        );
        let (t, axis) = (sample as f32 * 0.02, (channel % 3) as f32);
        let wave = |hz: f32, size: f32| size * (std::f32::consts::TAU * hz * t + axis).sin();
        let moving = match (sequence % 4, channel < 3) {
            (0, true) => wave(1.9, 0.3) + wave(3.8, 0.1),
            (0, false) => wave(1.9, 0.8),
            (2, true) => wave(0.5, 0.15),
            (2, false) => wave(0.5, 0.2),
            (_, true) => wave(7.0, 0.01),
            (_, false) => wave(7.0, 0.02),
        };
        let down = if sequence % 4 == 3 { 1 } else { 0 };
        moving + if channel == down { 1.0 } else { 0.0 }
    };
    let values = (0..count * SAMPLES * channels).map(value).collect();
    Ok(Sequences::new("x", values, count, SAMPLES, channels)?)
}

/// A figure with three digits.
fn digits(value: f64) -> String {
    match value {
        v if v >= 99.95 => format!("{v:.0}"),
        v if v >= 9.995 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

fn tables(measured: &[Figures]) -> String {
    let mut text = String::from("\n| board, sensor, model | samples | a sequence, simulated | predicted |");
    for (name, _) in WHERE {
        // Writing to a string cannot fail.
        let _ = write!(text, " {name} |");
    }
    let _ = writeln!(text, "\n| --- | --: | --: | --: |{}", " --: |".repeat(WHERE.len()));
    for (row, f) in ROWS.iter().zip(measured) {
        let [low, mid, high] = f.predicted_uj.map(digits);
        let _ = write!(
            text,
            "| {}, {}, `{}` | {} | {} µJ | {mid} µJ ({low} to {high}) |",
            row.board,
            row.sensor.to_uppercase(),
            row.model,
            digits(f.updates),
            digits(f.simulated_uj),
        );
        for uj in &f.parts_uj {
            let _ = write!(text, " {} |", digits(*uj));
        }
        text.push('\n');
    }
    text.push_str(
        "\n| a used sample | transfers | core awake | core and bus | at first: transfers | core awake | core and bus | commit |\n\
         | --- | --: | --: | --: | --: | --: | --: | --- |\n",
    );
    for (row, f) in ROWS.iter().zip(measured) {
        let before = &row.before;
        let _ = writeln!(
            text,
            "| {}, {} | {} | {} µs | {} µJ | {} | {} µs | {} µJ | {} |",
            row.board,
            row.sensor.to_uppercase(),
            digits(f.transfers),
            digits(f.awake_us),
            digits(f.sample_uj),
            digits(before.transfers),
            digits(before.awake_us),
            digits(before.uj),
            before.commit,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_written() {
        for (value, text) in [
            (1234.4, "1234"),
            (99.96, "100"),
            (12.34, "12.3"),
            (9.994, "9.99"),
            (0.5, "0.50"),
        ] {
            assert_eq!(digits(value), text);
        }
    }

    #[test]
    fn a_figure_outside_its_interval_and_an_interval_too_wide_are_refused() {
        let figures = |simulated_uj, predicted_uj| Figures {
            updates: 10.0,
            simulated_uj,
            predicted_uj,
            parts_uj: Vec::new(),
            awake_us: 1.0,
            transfers: 1.0,
            sample_uj: 1.0,
        };
        assert!(figures(2.0, [1.0, 2.0, 3.0]).hold(&ROWS[0]).is_ok());
        let outside = figures(3.1, [1.0, 2.0, 3.0]).hold(&ROWS[0]).unwrap_err().to_string();
        assert!(outside.contains("nrf52840-dk with lis3dh: 3.1 uJ"), "{outside}");
        let wide = figures(2.0, [1.0, 2.0, 3.1]).hold(&ROWS[0]).unwrap_err().to_string();
        assert!(wide.contains("more than 3 times apart"), "{wide}");
    }

    #[test]
    fn the_recording_has_the_models_shape() {
        for channels in [3, 6] {
            let x = recording(COUNT, channels).unwrap();
            assert_eq!((x.count, x.length, x.channels), (COUNT, SAMPLES, channels));
        }
    }
}
