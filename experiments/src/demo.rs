//! The page of the demo: the whole workflow from training to energy, in one HTML file.

use crate::CurvePoint;
use charts::{Axis, Chart, Page, Series, StackedBars};
use energy::{Prediction, picture::parts_bar};
use float_model::Sequences;
use std::path::Path;

/// The figures of a float model, of `eval`.
#[derive(Debug, Clone)]
pub struct FloatFigures {
    /// Hidden units.
    pub hidden: usize,
    /// Accuracy.
    pub metric: f64,
    /// Mean updates per sequence.
    pub updates_mean: f64,
    /// Sequences evaluated.
    pub sequences: usize,
}

/// The figures of the integers on the host, of `simulate` and `quantize`.
#[derive(Debug, Clone)]
pub struct FixedFigures {
    /// Accuracy on held-out data.
    pub metric: f64,
    /// Mean updates per sequence.
    pub updates_mean: f64,
    /// Sequences simulated.
    pub sequences: usize,
    /// Share of the calibration sequences on which the float model decides the same.
    pub same_decision: f64,
    /// Size of the blob.
    pub blob_bytes: usize,
}

/// The figures of the integers on an emulated board, of `emulate`.
#[derive(Debug, Clone)]
pub struct ReplayFigures {
    /// Accuracy.
    pub metric: f64,
    /// Mean updates per sequence.
    pub updates_mean: f64,
    /// Sequences emulated.
    pub sequences: usize,
    /// Instructions per update, counted.
    pub instructions_per_update: f64,
    /// Whether every bit is that of the simulator.
    pub identical_to_simulator: bool,
}

/// What came of the emulated board.
#[derive(Debug, Clone)]
pub enum EmulatedFigures {
    /// It ran.
    Measured(ReplayFigures),
    /// It could not run: the reason, and what to do.
    Missing(String),
}

/// The figures of the whole workflow.
#[derive(Debug, Clone)]
pub struct Figures {
    /// The skipping float model.
    pub float: FloatFigures,
    /// The float model that uses every sample.
    pub dense: FloatFigures,
    /// The integers on the host.
    pub fixed: FixedFigures,
    /// The integers on an emulated board.
    pub emulated: EmulatedFigures,
    /// The energy prediction.
    pub energy: Prediction,
    /// Seconds that the whole workflow took.
    pub seconds: f64,
}

impl Figures {
    /// Lines for people; `page` is where the page lies.
    #[must_use]
    pub fn text(&self, page: &Path) -> String {
        let line = |name: &str, figures: Option<(f64, f64)>| match figures {
            Some((metric, updates)) => format!("  {name:<20} {metric:>12.4} {updates:>14.2}"),
            None => format!("  {name:<20} {MISSING:>12} {MISSING:>14}"),
        };
        let (emulated, identical, instructions, missing) = match &self.emulated {
            EmulatedFigures::Measured(replay) => (
                Some((replay.metric, replay.updates_mean)),
                if replay.identical_to_simulator { "yes" } else { "NO" },
                format!("{:.0}", replay.instructions_per_update),
                None,
            ),
            EmulatedFigures::Missing(why) => (None, MISSING, MISSING.to_owned(), Some(why)),
        };
        let float = |f: &FloatFigures| Some((f.metric, f.updates_mean));
        let mut lines = vec![
            format!("  {:<20} {:>12} {:>14}", "", "accuracy", "samples used"),
            line("LSTM, float", float(&self.dense)),
            line("Skip LSTM, float", float(&self.float)),
            line("Skip LSTM, fixed", Some((self.fixed.metric, self.fixed.updates_mean))),
            line("Skip LSTM, emulated", emulated),
            format!("  identical to the simulator: {identical}; {instructions} instructions per update (counted)"),
            format!(
                "  energy per sequence on {}: {:.2} uJ, dense {:.2} uJ (predicted, middle of the interval)",
                self.energy.board, self.energy.uj_per_sequence.mid, self.energy.dense_uj_per_sequence.mid
            ),
            format!("  {:.0} s; look at {}", self.seconds, page.display()),
        ];
        lines.extend(missing.map(|why| format!("  not emulated: {why}")));
        lines.join("\n")
    }
}

/// What the page shows.
pub struct Contents<'a> {
    /// The sequences that the waves are taken from, with labels and the samples that the integers used.
    pub x: &'a Sequences,
    /// Class of each sequence.
    pub labels: &'a [u32],
    /// Samples used, for as many sequences as there are.
    pub schedules: &'a [Vec<u32>],
    /// Names of the classes.
    pub class_names: &'a [String],
    /// Learning curve of the skipping model.
    pub skip_curve: &'a [CurvePoint],
    /// Learning curve of the dense model.
    pub dense_curve: &'a [CurvePoint],
    /// The figures.
    pub figures: &'a Figures,
}

/// Waves drawn of each class.
const WAVES: usize = 3;

/// The page as HTML.
#[must_use]
pub fn page(c: &Contents<'_>) -> String {
    let f = c.figures;
    let mut page = Page::new("skiprnn demo", "A network that sleeps through what it skips");
    page.paragraph(&format!(
        "A Skip LSTM with {} units learned to tell whether the period of a sine wave lies between 5 and 6 ms, at a cost for every \
         sample it uses. After each update it knows how many samples it will skip, so a board sleeps until then. Below: which \
         samples it used, how it learned, and what became of it as integers on an emulated Cortex-M4.",
        f.float.hidden
    ));
    page.heading("Samples used and samples slept through")
        .note("The integer model on held-out waves.");
    waves(&mut page, c);
    page.heading("Training");
    curves(&mut page, c);
    page.heading("Float, fixed, emulated");
    table(&mut page, f);
    page.heading("Energy per sequence");
    energy(&mut page, &f.energy);
    page.note(&format!(
        "{:.0} s in all. Figures and their keys: summary.json beside this page.",
        f.seconds
    ));
    page.finish()
}

fn waves(page: &mut Page, c: &Contents<'_>) {
    for class in (0..c.class_names.len()).rev() {
        let of_class = (0..c.schedules.len()).filter(|n| c.labels.get(*n) == Some(&(class as u32)));
        for n in of_class.take(WAVES) {
            let samples = c.x.sequence(n).iter().enumerate();
            let wave: Vec<(f64, f64)> = samples.map(|(t, v)| (t as f64, f64::from(*v))).collect();
            let (used, skipped): (Vec<_>, Vec<_>) =
                wave.iter().partition(|(t, _)| c.schedules[n].contains(&(*t as u32)));
            let title = format!(
                "class \"{}\": {} of {} samples used",
                c.class_names[class],
                used.len(),
                wave.len()
            );
            let chart = Chart {
                title: &title,
                x_label: "sample",
                x: Axis::linear(0.0, (c.x.length - 1) as f64),
                y: Axis::linear(-1.1, 1.1),
                size: (860.0, 150.0),
                series: vec![
                    Series::line("wave", "", &wave),
                    Series::dots("skipped", "skipped", &skipped),
                    Series::dots("used", "used", &used),
                ],
            };
            page.figure(&chart.draw());
        }
    }
}

fn curves(page: &mut Page, c: &Contents<'_>) {
    let steps = c.skip_curve.iter().chain(c.dense_curve).map(|p| p.step);
    let last = steps.max().unwrap_or(1) as f64;
    let length = c.x.length as f64;
    let pick = |points: &[CurvePoint], f: fn(&CurvePoint) -> f64| -> Vec<(f64, f64)> {
        points.iter().map(|p| (p.step as f64, f(p))).collect()
    };
    let mut chart = |title, y: Axis, value: fn(&CurvePoint) -> f64| {
        let (skip, dense) = (pick(c.skip_curve, value), pick(c.dense_curve, value));
        let chart = Chart {
            title,
            x_label: "training step",
            x: Axis::linear(0.0, last),
            y,
            size: (860.0, 210.0),
            series: vec![
                Series::line("skip", "Skip LSTM", &skip),
                Series::line("dense", "LSTM", &dense),
            ],
        };
        page.figure(&chart.draw());
    };
    chart("Accuracy on validation data", Axis::linear(0.4, 1.0), |p| p.metric);
    chart("Samples used per sequence", Axis::linear(0.0, length), |p| p.updates);
}

const MISSING: &str = "not measured";

fn percent(v: f64) -> String {
    format!("{:.2} %", 100.0 * v)
}

/// Accuracy, updates, sequences, instructions and identity of the emulated column.
fn emulated_cells(emulated: &EmulatedFigures) -> [String; 5] {
    match emulated {
        EmulatedFigures::Measured(replay) => [
            percent(replay.metric),
            format!("{:.2}", replay.updates_mean),
            replay.sequences.to_string(),
            format!("{:.0}", replay.instructions_per_update),
            match replay.identical_to_simulator {
                true => "yes, to the bit".into(),
                false => "NO".into(),
            },
        ],
        EmulatedFigures::Missing(why) => {
            let mut cells = [MISSING; 5].map(str::to_owned);
            cells[4] = format!("{MISSING}: {why}");
            cells
        }
    }
}

fn table(page: &mut Page, f: &Figures) {
    let models = [&f.dense, &f.float];
    let [accuracy, updates, sequences, instructions, identical] = emulated_cells(&f.emulated);
    let interval = |i: &energy::Interval| format!("{:.0} ({:.0} to {:.0})", i.mid, i.low, i.high);
    let row = |name: &str, cells: [String; 4]| {
        let mut row = vec![name.to_owned()];
        row.extend(cells);
        row
    };
    let of_all = |name: &str, float: fn(&FloatFigures) -> String, fixed: String, emulated: String| {
        let [dense, skip] = models.map(float);
        row(name, [dense, skip, fixed, emulated])
    };
    let fixed_only = |name: &str, fixed: String| row(name, [String::new(), String::new(), fixed, String::new()]);
    let emulated_only =
        |name: &str, emulated: String| row(name, [String::new(), String::new(), String::new(), emulated]);
    let samples = [
        format!("{:.1}", f.dense.updates_mean),
        format!("{:.2}", f.float.updates_mean),
        format!("{:.2}", f.fixed.updates_mean),
        updates,
    ];
    let energies = [
        interval(&f.energy.dense_uj_per_sequence),
        String::new(),
        String::new(),
        interval(&f.energy.uj_per_sequence),
    ];
    let rows = [
        of_all("accuracy", |m| percent(m.metric), percent(f.fixed.metric), accuracy),
        row("samples used, of 100", samples),
        of_all(
            "sequences",
            |m| m.sequences.to_string(),
            f.fixed.sequences.to_string(),
            sequences,
        ),
        fixed_only("same decision as float", percent(f.fixed.same_decision)),
        fixed_only("bytes", f.fixed.blob_bytes.to_string()),
        emulated_only("instructions per update (counted)", instructions),
        row("energy per sequence, uJ (predicted)", energies),
        emulated_only("identical to the simulator", identical),
    ];
    let heads = [
        "",
        "LSTM, float",
        "Skip LSTM, float",
        "Skip LSTM, fixed",
        "Skip LSTM, emulated",
    ];
    page.table(&heads, &rows);
}

fn energy(page: &mut Page, p: &Prediction) {
    let bars = StackedBars {
        title: "Where the energy goes (middle of the prediction)",
        x_label: "uJ per sequence (predicted)",
        bars: vec![
            parts_bar("skipping", &p.parts, p.uj_per_sequence),
            parts_bar("every sample", &p.dense_parts, p.dense_uj_per_sequence),
        ],
    };
    let range = |i: &energy::Interval| format!("{:.2} to {:.2} uJ (middle {:.2})", i.low, i.high, i.mid);
    page.figure(&bars.draw()).claim(
        "Predicted, not measured",
        &format!(
            ", for {} with {}: {} a sequence, against {} with every sample used.",
            p.board,
            p.sensor,
            range(&p.uj_per_sequence),
            range(&p.dense_uj_per_sequence)
        ),
    );
    for note in p.warnings.iter().chain(&p.notes) {
        page.note(note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use energy::{UpdateCost, Workload};

    fn figures(emulated: EmulatedFigures) -> Figures {
        let cost = UpdateCost::Counted { instructions: 20_000 };
        let work = Workload {
            sequence_length: 100,
            sample_period_s: 1e-3,
            updates_mean: 14.0,
            schedules: None,
            update: cost,
            dense_update: cost,
            head_macs: 64,
            channels: 1,
        };
        let (board, sensor) = (energy::board("nrf52840").unwrap(), energy::sensor("none").unwrap());
        let float = FloatFigures {
            hidden: 32,
            metric: 0.99,
            updates_mean: 14.5,
            sequences: 1000,
        };
        Figures {
            float: float.clone(),
            dense: float,
            fixed: FixedFigures {
                metric: 0.98,
                updates_mean: 14.6,
                sequences: 1000,
                same_decision: 0.999,
                blob_bytes: 5000,
            },
            emulated,
            energy: energy::predict(&board, &sensor, &work).unwrap(),
            seconds: 61.0,
        }
    }

    #[test]
    fn an_empty_column_says_why_and_what_to_type() {
        let missing = EmulatedFigures::Missing("no target; type: rustup target add thumbv7em-none-eabihf".into());
        let said = figures(missing).text(Path::new("d"));
        assert!(said.contains("Skip LSTM, emulated  not measured"), "{said}");
        assert!(
            said.ends_with("type: rustup target add thumbv7em-none-eabihf"),
            "{said}"
        );
        let measured = EmulatedFigures::Measured(ReplayFigures {
            metric: 1.0,
            updates_mean: 14.0,
            sequences: 200,
            instructions_per_update: 9000.4,
            identical_to_simulator: true,
        });
        let said = figures(measured).text(Path::new("d"));
        assert!(
            !said.contains("not ") && said.contains("simulator: yes; 9000 instr"),
            "{said}"
        );
    }

    #[test]
    fn the_page_holds_every_figure() {
        let x = Sequences::new("x", vec![0.5; 200], 2, 100, 1).unwrap();
        let curve =
            [(1, 0.5, 100.0), (200, 0.99, 14.0)].map(|(step, metric, updates)| CurvePoint { step, metric, updates });
        let page = page(&Contents {
            x: &x,
            labels: &[0, 1],
            schedules: &[vec![0, 7], vec![0]],
            class_names: &["other".into(), "5 to 6 ms".into()],
            skip_curve: &curve,
            dense_curve: &curve,
            figures: &figures(EmulatedFigures::Missing("no <target>".into())),
        });
        for part in [
            "99.00 %",
            "not measured: no &lt;target&gt;",
            "class &quot;5 to 6 ms&quot;: 1 of 100 samples used",
            "Predicted, not measured",
            "Where the energy goes",
        ] {
            assert!(page.contains(part), "{part}");
        }
        assert_eq!(page.matches("<svg").count(), 2 + 2 + 1);
    }
}
