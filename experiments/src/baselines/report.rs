//! The results as Markdown, CSV, JSON and lines of text, and the figures.

use super::{
    equal_samples::{Comparison, RESAMPLES, SEED},
    methods::{Comparisons, MethodResult},
};
use crate::{
    Error, HeldOut, Spread,
    table::{aligned, head, or_dash, or_empty, row},
    workload::HardwareNames,
    write_atomically,
};
use charts::{Axis, Chart, DEFAULT_STYLE, HEIGHT, Scale, Series, WIDTH, span};
use energy::Interval;
use host_train::TrainConfig;
use serde::Serialize;
use std::{fmt::Write, path::Path};

/// Everything that the comparison gives.
pub struct Results {
    /// Each method and setting.
    pub methods: Vec<MethodResult>,
    /// Methods at equal numbers of samples.
    pub comparisons: Comparisons,
    /// Classes of the held-out sequences.
    pub labels: Vec<u32>,
    /// Which sequences are held out.
    pub evaluated_on: HeldOut,
    /// Boards and sensors that energies are predicted for.
    pub hardware: Vec<HardwareNames>,
    /// Mean samples of a held-out sequence.
    pub samples: f64,
    /// The training options of every baseline.
    pub recipe: TrainConfig,
    /// What is missing, and why.
    pub notes: Vec<String>,
    /// A line for each training that failed.
    pub failed: Vec<String>,
}

/// Colours of the methods; the rest is [`DEFAULT_STYLE`]'s.
const COLOURS: &str = "<style>circle.skip, circle.dial { stroke:none } \
    .skip { stroke:#d1342f } circle.skip, text.skip { fill:#d1342f } \
    .dial { stroke:#e08a1e } circle.dial, text.dial { fill:#e08a1e } \
    .every { stroke:#3b6fd4 } circle.every, text.every { fill:#3b6fd4 } \
    .random { stroke:#8a94a3 } circle.random, text.random { fill:#8a94a3 } \
    .exit { stroke:#2f8f5b } circle.exit, text.exit { fill:#2f8f5b } \
    .cnn { stroke:#7d4bb5 } circle.cnn, text.cnn { fill:#7d4bb5 } text { stroke:none }</style>";
/// Classes of lines and what the legend calls them.
const CLASSES: [(&str, &str); 6] = [
    ("skip", "skipping"),
    ("dial", "one model, dial"),
    ("every", "fixed rate"),
    ("random", "random"),
    ("exit", "early exit"),
    ("cnn", "1D CNN"),
];

/// Cells of a method's line: name, method, runs, accuracy, samples, share, MACs, parameters, values in RAM, energy on each board.
fn cells(t: &Results, l: &MethodResult) -> Vec<String> {
    let mut cells = vec![
        l.name.clone(),
        l.method.words(),
        format!("{} of {}", l.runs.len(), l.asked),
        or_dash(l.accuracy(&t.labels).map(|a| a.words(|v| format!("{v:.4}")))),
        or_dash(l.samples().map(|s| s.words(|v| format!("{v:.2}")))),
        or_dash(l.samples().map(|s| format!("{:.1} %", 100.0 * s.mean / t.samples))),
        or_dash(l.macs().map(|m| format!("{m:.0}"))),
        or_dash(l.parameters().map(|p| p.to_string())),
        or_dash(l.live_values().map(|v| v.to_string())),
    ];
    cells.extend((0..t.hardware.len()).map(|k| or_dash(l.uj(k).map(|u| u.to_string()))));
    cells
}

fn heads(t: &Results) -> Vec<String> {
    let names = [
        "name",
        "method",
        "runs",
        "accuracy",
        "samples",
        "share",
        "MACs",
        "parameters",
        "RAM, values",
    ];
    let boards = t.hardware.iter().map(|h| format!("uJ on {} (predicted)", h.board));
    names.map(str::to_owned).into_iter().chain(boards).collect()
}

fn comparison_heads(method: &str) -> Vec<String> {
    [
        method,
        "against",
        "samples",
        "accuracy",
        "baseline's accuracy",
        "difference, points",
        "95 % interval, points",
    ]
    .map(str::to_owned)
    .into()
}

fn comparison_cells(c: &Comparison) -> Vec<String> {
    let verdict = match (c.is_win(), c.is_loss()) {
        (true, _) => ": a win",
        (_, true) => ": a loss",
        _ => "",
    };
    vec![
        c.name.clone(),
        c.against.clone(),
        format!("{:.2}", c.samples),
        format!("{:.4}", c.accuracy),
        format!("{:.4}", c.baseline_accuracy),
        format!("{:+.2}", 100.0 * (c.accuracy - c.baseline_accuracy)),
        format!("{:+.2} to {:+.2}{verdict}", 100.0 * c.interval.0, 100.0 * c.interval.1),
    ]
}

/// The training options as TOML, without the place of the recordings, the seed and the machine.
fn recipe(config: &TrainConfig) -> Result<String, Error> {
    let wrong = |e: toml::ser::Error| Error::data("configuration", e.to_string());
    let mut table = toml::Table::try_from(config).map_err(wrong)?;
    for key in [
        "data",
        "seed",
        "threads",
        "checkpoint_seconds",
        "device",
        "cell",
        "engine",
        "binarize",
        "rollback",
        "budget",
    ] {
        table.remove(key);
    }
    toml::to_string(&table).map_err(wrong)
}

fn markdown(t: &Results) -> Result<String, Error> {
    let mut s = format!(
        "# Skipping against baselines\n\nWritten by `skiprnn baselines`; do not edit it. Accuracy, samples and MACs are measured on {} ({} sequences of \
         {:.1} samples, mean), and are means ± standard deviation over seeds. Every state was chosen on the validation part. ",
        t.evaluated_on.words(),
        t.labels.len(),
        t.samples
    );
    if !t.hardware.is_empty() {
        let pairs: Vec<String> = t.hardware.iter().map(ToString::to_string).collect();
        let _ = write!(
            s,
            "Energy is predicted, not measured, by the model of `skiprnn energy predict`, for {}: from the shape of the network and the samples \
             used, the sensor switched off where that pays. A convolutional network reads every sample; a MAC of it costs as many \
             instructions as one of the dense kernels in `benches/mcu.md` on that core, and all else (loops, rescaling, ReLU) nothing, which is kind \
             to it. ",
            pairs.join(" and ")
        );
    }
    s += "Parameters are those of a blob: weights, one bias a row, initial states, gate, head. Values in RAM stay there \
          while a sequence is read: the state of a recurrent network; of a convolutional one the inputs and outputs of its widest layer, the \
          window among them.\n\n## Methods\n\n";
    s += &head(&heads(t));
    t.methods.iter().for_each(|l| s += &row(&cells(t, l)));
    for file in figures(t).iter().map(|(file, _)| file) {
        let _ = write!(s, "\n![{file}]({file})\n");
    }
    let _ = write!(
        s,
        "\n## At equal numbers of samples\n\nThe baseline's accuracy lies on the line between its two settings next to the same number of samples \
         (linear in the logarithm of the samples; no setting, no comparison). Intervals: paired bootstrap over the held-out sequences, {RESAMPLES} \
         draws from seed {SEED}, the same sequences for both methods, of the mean over the seeds; sequences count as independent. A win is an interval \
         above 0.\n"
    );
    let c = &t.comparisons;
    for (title, method, list) in [
        (
            "Each skip model against fixed rates and random skipping",
            "skip model",
            &c.skip_against_baselines,
        ),
        (
            "The fronts of skip models at the samples of each fixed rate (settings that no other one beats on the validation part)",
            "front",
            &c.fronts_at_rates,
        ),
        (
            "One model with a dial against separately trained ones",
            "dial",
            &c.dial_against_separate,
        ),
    ] {
        if !list.is_empty() {
            let _ = write!(s, "\n### {title}\n\n");
            s += &head(&comparison_heads(method));
            list.iter().for_each(|c| s += &row(&comparison_cells(c)));
        }
    }
    let _ = write!(
        s,
        "\n## How they were trained\n\nEvery baseline with the training options of the skip runs, without those of the gate; the convolutional networks with \
         those that apply to them (steps, batch, rate and schedule, dropout):\n\n```toml\n{}```\n",
        recipe(&t.recipe)?
    );
    s += "\nEvery line: [rivals.csv](rivals.csv); every comparison: [comparisons.csv](comparisons.csv).\n";
    if !t.notes.is_empty() {
        s += "\nNotes:\n\n";
        t.notes.iter().for_each(|n| s += &format!("- {n}\n"));
    }
    Ok(s)
}

fn csv(t: &Results) -> String {
    let mut s = String::from(
        "name,cell,method,runs,accuracy,accuracy_deviation,samples,samples_deviation,share,macs_per_sequence,parameters,live_values,validation_accuracy,\
         validation_samples",
    );
    for HardwareNames { board, .. } in &t.hardware {
        let _ = write!(s, ",{board}_uj_low,{board}_uj_mid,{board}_uj_high");
    }
    s += "\n";
    let mean = |v: Option<Spread>| or_empty(v.map(|v| v.mean));
    let deviation = |v: Option<Spread>| or_empty(v.and_then(|v| v.deviation));
    for l in &t.methods {
        let (accuracy, samples, validation) = (l.accuracy(&t.labels), l.samples(), l.validation());
        let mut cells = vec![
            l.name.clone(),
            l.method.cell(),
            l.method.class().into(),
            l.runs.len().to_string(),
            mean(accuracy),
            deviation(accuracy),
            mean(samples),
            deviation(samples),
            or_empty(samples.map(|s| s.mean / t.samples)),
            or_empty(l.macs()),
            or_empty(l.parameters().map(|p| p as f64)),
            or_empty(l.live_values().map(|v| v as f64)),
            or_empty(validation.map(|v| v.accuracy)),
            or_empty(validation.map(|v| v.samples)),
        ];
        for k in 0..t.hardware.len() {
            let uj = l.uj(k);
            cells.extend([uj.map(|u| u.low), uj.map(|u| u.mid), uj.map(|u| u.high)].map(or_empty));
        }
        s += &format!("{}\n", cells.join(","));
    }
    s
}

/// The comparisons by the names that CSV gives them.
fn sections(c: &Comparisons) -> [(&'static str, &Vec<Comparison>); 3] {
    [
        ("skip_against_rivals", &c.skip_against_baselines),
        ("fronts_at_rates", &c.fronts_at_rates),
        ("dial_against_separate", &c.dial_against_separate),
    ]
}

fn comparisons_csv(c: &Comparisons) -> String {
    let mut s = String::from("table,method,against,samples,accuracy,rival_accuracy,difference,low,high\n");
    for (table, list) in sections(c) {
        for c in list {
            let _ = writeln!(
                s,
                "{table},{},{},{},{},{},{},{},{}",
                c.name.replace(',', ";"),
                c.against,
                c.samples,
                c.accuracy,
                c.baseline_accuracy,
                c.accuracy - c.baseline_accuracy,
                c.interval.0,
                c.interval.1
            );
        }
    }
    s
}

/// A method and setting as the command's JSON gives it.
#[derive(Debug, Serialize)]
pub struct MethodJson {
    name: String,
    cell: String,
    method: &'static str,
    asked: usize,
    runs: usize,
    accuracy: Option<f64>,
    accuracy_deviation: Option<f64>,
    samples_mean: Option<f64>,
    samples_share: Option<f64>,
    macs_per_sequence: Option<f64>,
    parameters: Option<usize>,
    live_values: Option<usize>,
    uj_per_sequence: Vec<Option<Interval>>,
}

/// A comparison as the command's JSON gives it.
#[derive(Debug, Serialize)]
pub struct ComparisonJson {
    method: String,
    against: String,
    samples: f64,
    accuracy: f64,
    rival_accuracy: f64,
    difference: f64,
    low: f64,
    high: f64,
    win: bool,
}

impl From<&Comparison> for ComparisonJson {
    fn from(c: &Comparison) -> Self {
        ComparisonJson {
            method: c.name.clone(),
            against: c.against.clone(),
            samples: c.samples,
            accuracy: c.accuracy,
            rival_accuracy: c.baseline_accuracy,
            difference: c.accuracy - c.baseline_accuracy,
            low: c.interval.0,
            high: c.interval.1,
            win: c.is_win(),
        }
    }
}

#[derive(Debug, Serialize)]
struct BootstrapJson {
    resamples: usize,
    seed: u64,
}

/// The results as the command's JSON gives them.
#[derive(Debug, Serialize)]
pub struct ResultsJson<'a> {
    out: &'a Path,
    judged_on: HeldOut,
    sequences: usize,
    samples_mean: f64,
    energy_label: &'static str,
    boards: &'a [HardwareNames],
    bootstrap: BootstrapJson,
    failed: &'a [String],
    notes: &'a [String],
    methods: Vec<MethodJson>,
    skip_against_rivals: Vec<ComparisonJson>,
    fronts_at_rates: Vec<ComparisonJson>,
    dial_against_separate: Vec<ComparisonJson>,
}

impl Results {
    /// What the command gives as JSON.
    #[must_use]
    pub fn json<'a>(&'a self, folder: &'a Path) -> ResultsJson<'a> {
        let method = |l: &MethodResult| {
            let (accuracy, samples) = (l.accuracy(&self.labels), l.samples());
            MethodJson {
                name: l.name.clone(),
                cell: l.method.cell(),
                method: l.method.class(),
                asked: l.asked,
                runs: l.runs.len(),
                accuracy: accuracy.map(|a| a.mean),
                accuracy_deviation: accuracy.and_then(|a| a.deviation),
                samples_mean: samples.map(|s| s.mean),
                samples_share: samples.map(|s| s.mean / self.samples),
                macs_per_sequence: l.macs(),
                parameters: l.parameters(),
                live_values: l.live_values(),
                uj_per_sequence: (0..self.hardware.len()).map(|k| l.uj(k)).collect(),
            }
        };
        let comparisons = |list: &[Comparison]| list.iter().map(ComparisonJson::from).collect();
        ResultsJson {
            out: folder,
            judged_on: self.evaluated_on,
            sequences: self.labels.len(),
            samples_mean: self.samples,
            energy_label: "predicted",
            boards: &self.hardware,
            bootstrap: BootstrapJson {
                resamples: RESAMPLES,
                seed: SEED,
            },
            failed: &self.failed,
            notes: &self.notes,
            methods: self.methods.iter().map(method).collect(),
            skip_against_rivals: comparisons(&self.comparisons.skip_against_baselines),
            fronts_at_rates: comparisons(&self.comparisons.fronts_at_rates),
            dial_against_separate: comparisons(&self.comparisons.dial_against_separate),
        }
    }

    /// Lines for people; `folder` is that of the baselines.
    #[must_use]
    pub fn text(&self, folder: &Path) -> String {
        let lines = self.methods.iter().map(|l| cells(self, l));
        let table: Vec<Vec<String>> = std::iter::once(heads(self)).chain(lines).collect();
        let mut s = aligned(&table);
        let all = sections(&self.comparisons).into_iter().flat_map(|(_, list)| list);
        let rows: Vec<Vec<String>> = all.map(comparison_cells).collect();
        if !rows.is_empty() {
            let table: Vec<_> = std::iter::once(comparison_heads("method")).chain(rows).collect();
            s += &format!(
                "\n\nAt equal numbers of samples (paired bootstrap, {RESAMPLES} draws, seed {SEED})\n{}",
                aligned(&table)
            );
        }
        self.notes.iter().for_each(|n| s += &format!("\nNote: {n}"));
        format!("{s}\n{}", folder.join("rivals.md").display())
    }

    /// Writes `rivals.md`, `rivals.csv`, `comparisons.csv`, `rivals.svg` and, for each board, `rivals-BOARD.svg`.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        for (file, svg) in figures(self) {
            write_atomically(&folder.join(file), svg.as_bytes())?;
        }
        for (file, text) in [
            ("rivals.csv", csv(self)),
            ("comparisons.csv", comparisons_csv(&self.comparisons)),
            ("rivals.md", markdown(self)?),
        ] {
            write_atomically(&folder.join(file), text.as_bytes())?;
        }
        Ok(())
    }
}

/// Accuracy over a cost of every line, those of a kind joined by rising cost; `None` where no cost is known.
fn figure(t: &Results, title: &str, x_label: &str, cost: &dyn Fn(&MethodResult) -> Option<f64>) -> Option<String> {
    let points = |class: &str| -> Vec<(f64, f64)> {
        let mine = t.methods.iter().filter(|l| l.method.class() == class);
        let mut points: Vec<(f64, f64)> = mine
            .filter_map(|l| Some((cost(l)?.log2(), l.accuracy(&t.labels)?.mean)))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    };
    let all: Vec<_> = CLASSES
        .iter()
        .map(|(class, label)| (*class, *label, points(class)))
        .collect();
    let shown = || all.iter().flat_map(|(_, _, points)| points);
    shown().next()?;
    let (x, y) = (span(shown().map(|p| p.0)), span(shown().map(|p| p.1)));
    let margin = 0.05 * (y.1 - y.0);
    let mut series = Vec::new();
    for (class, label, points) in all.iter().filter(|(_, _, points)| !points.is_empty()) {
        series.extend([Series::line(class, "", points), Series::dots(class, label, points)]);
    }
    let chart = Chart {
        title,
        x_label,
        x: Axis {
            range: (x.0 - 0.2, x.1 + 0.2),
            scale: Scale::Log2,
        },
        y: Axis::linear(y.0 - margin, y.1 + margin),
        size: (WIDTH, 2.0 * HEIGHT),
        series,
    };
    Some(chart.draw().to_file(&format!("{DEFAULT_STYLE}{COLOURS}")))
}

fn figures(t: &Results) -> Vec<(String, String)> {
    let samples = figure(t, "Accuracy", "samples per sequence", &|l| l.samples().map(|s| s.mean));
    let mut all: Vec<(String, String)> = samples.map(|svg| ("rivals.svg".into(), svg)).into_iter().collect();
    for (k, hardware) in t.hardware.iter().enumerate() {
        let label = format!("microjoules per sequence, predicted, {hardware}");
        let svg = figure(t, "Accuracy", &label, &|l| l.uj(k).map(|u| u.mid));
        let file = hardware.board.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        all.extend(svg.map(|svg| (format!("rivals-{file}.svg"), svg)));
    }
    all
}
