//! `report.html`: a fit on one page.

use super::{Flash, Found, Reached};
use charts::{Axis, Chart, IntervalPoint, Mark, Page, Scale, Series, StackedBars, WIDTH, span};
use energy::picture::parts_bar;

impl Found {
    /// The page as HTML; it loads nothing.
    #[must_use]
    pub fn report(&self, flash: &Flash) -> String {
        let (board, sensor) = (&self.hardware.board.name, &self.hardware.sensor.name);
        let mut page = Page::new("skiprnn fit", &format!("A model for {board} with {sensor}"));
        if let Reached::No(problem) = &self.reached {
            page.claim("Not reached: ", problem);
        }
        page.claim(&self.choice().words(), &format!(": {}.", self.target.rule()));
        page.paragraph(&self.on_test())
            .paragraph(&self.verdict())
            .note(&self.chosen_by());
        if let Some(command) = &flash.command {
            page.preformatted(command);
        }
        for note in &flash.notes {
            page.note(note);
        }
        self.front(&mut page);
        self.compared_table(&mut page);
        self.samples_used(&mut page);
        self.by_class(&mut page);
        self.by_group(&mut page);
        self.energy_parts(&mut page);
        page.heading("If the choice is wrong");
        for line in self.what_if() {
            page.paragraph(&line);
        }
        page.heading("Battery").paragraph(&self.battery_line());
        self.trainings(&mut page);
        page.heading("What was decided, and what limits the figures");
        for note in &self.notes {
            page.note(note);
        }
        page.note("Accuracies are measured on recordings by the integers that run on the board; energies are predicted from \
                   profiles of board and sensor, with the middle of each interval shown where one figure stands. All figures: \
                   fit.json beside this page.");
        page.finish()
    }

    /// Accuracy against energy, every candidate, with the choice marked.
    fn front(&self, page: &mut Page) {
        page.heading("Accuracy against energy");
        // Powers of two are near enough to each other to be read.
        let point = |accuracy: f64, uj_per_hour: f64| ((1e-3 * uj_per_hour).log2(), 100.0 * accuracy);
        let of = |skips: bool| -> Vec<(f64, f64)> {
            let kept = self.candidates.iter().filter(|c| c.method.skips() == skips);
            kept.map(|c| point(c.accuracy, c.uj_per_hour())).collect()
        };
        let (skipping, fixed) = (of(true), of(false));
        let cnn: Vec<_> = self
            .others
            .iter()
            .map(|o| point(o.accuracy, o.uj_per_hour(&self.data)))
            .collect();
        let mut front: Vec<_> = self
            .candidates
            .iter()
            .filter(|c| c.on_front)
            .map(|c| point(c.accuracy, c.uj_per_hour()))
            .collect();
        front.sort_by(|a, b| a.0.total_cmp(&b.0));
        let c = self.choice();
        let per_uj = c.uj_per_hour() / c.uj();
        let energy = c.prediction.uj_per_sequence;
        let chosen = [IntervalPoint {
            x: [energy.low, energy.mid, energy.high].map(|uj| point(0.0, uj * per_uj).0),
            y: 100.0 * c.accuracy,
            name: "choice".into(),
        }];
        let all = || skipping.iter().chain(&fixed).chain(&cnn);
        let (low, high) = span(all().map(|p| p.0).chain(chosen[0].x));
        let (least, most) = span(all().map(|p| p.1));
        let room = 0.05 * (most - least).max(1.0);
        let mut series = vec![
            Series::line("wave", "", &front),
            Series::dots("p1", "fixed rate", &fixed),
            Series::dots("p0", "skipping", &skipping),
        ];
        if !cnn.is_empty() {
            series.push(Series::dots("p4", "CNN", &cnn));
        }
        series.push(Series {
            class: "used",
            label: "choice",
            mark: Mark::Intervals(&chosen),
        });
        let chart = Chart {
            title: "Accuracy (%) on the validation part",
            x_label: "mJ an hour (predicted)",
            x: Axis {
                range: ((low - 0.1).floor(), (high + 0.1).ceil()),
                scale: Scale::Log2,
            },
            y: Axis::linear(least - room, (most + room).min(100.0)),
            size: (WIDTH, 380.0),
            series,
        };
        page.figure(&chart.draw()).note(
            "Each dot is a model at a setting of its dial, as integers; the line is the front that no other dot beats. The red \
             dot is the choice, with the interval of its prediction.",
        );
    }

    /// The choice beside what else one would take.
    fn compared_table(&self, page: &mut Page) {
        page.heading("Beside what else one would take");
        let mut rows = Vec::new();
        for (n, t) in self.tested.iter().enumerate() {
            let c = &self.candidates[t.candidate];
            rows.push(vec![
                format!("{}{}", c.words(), if n == 0 { " (choice)" } else { "" }),
                format!("{:.2}", 100.0 * c.accuracy),
                format!(
                    "{:.2} ± {:.2}",
                    100.0 * t.figures.accuracy,
                    100.0 * t.figures.standard_error
                ),
                format!("{:.1}", t.figures.samples),
                t.prediction.uj_per_sequence.to_string(),
                "predicted".into(),
            ]);
        }
        for o in &self.others {
            let way = if o.through_buffer {
                ", fed by the sensor's buffer"
            } else {
                ""
            };
            rows.push(vec![
                format!("{}{way}", o.method.words()),
                format!("{:.2}", 100.0 * o.accuracy),
                format!("{:.2}", 100.0 * o.test_accuracy),
                self.data.length.to_string(),
                o.uj_per_sequence.to_string(),
                "predicted".into(),
            ]);
        }
        if let Some(b) = &self.built_in {
            let (least, most) = b.uj(self.data.sequence_s());
            rows.push(vec![
                b.what.into(),
                "unknown".into(),
                "unknown".into(),
                "all".into(),
                format!("{least:.0} to {most:.0}"),
                "published; processor not counted".into(),
            ]);
        }
        let heads = ["", "validation, %", "test, %", "samples", "uJ a sequence", "energy"];
        page.table(&heads, &rows);
        if let Some(b) = &self.built_in {
            page.note(b.source);
        }
        page.note(
            "The validation part chose among many settings, so its figures flatter; the test part had no part in any \
                   choice.",
        );
    }

    /// A sequence of each class with the samples that were used.
    fn samples_used(&self, page: &mut Page) {
        page.heading("Samples used");
        let channels = self.data.summary.channels.len().max(1);
        for drawn in &self.drawn {
            let length = drawn.values.len() / channels;
            let lines: Vec<Vec<(f64, f64)>> = (0..channels)
                .map(|k| {
                    let channel = drawn.values.iter().skip(k).step_by(channels).enumerate();
                    channel.map(|(t, v)| (t as f64, f64::from(*v))).collect()
                })
                .collect();
            let (low, high) = span(lines.iter().flatten().map(|p| p.1));
            let used: Vec<(f64, f64)> = drawn.used.iter().map(|t| (f64::from(*t), low)).collect();
            let spans: Vec<(f64, f64)> = drawn
                .used
                .iter()
                .map(|t| (f64::from(*t) - 0.2, f64::from(*t) + 0.2))
                .collect();
            let answer = match drawn.label == drawn.answer {
                true => "right".to_owned(),
                false => format!("taken for \"{}\"", self.data.class_name(drawn.answer as usize)),
            };
            let title = format!(
                "\"{}\", {answer}: {} of {length} samples used",
                self.data.class_name(drawn.label as usize),
                used.len()
            );
            let mut series = vec![Series {
                class: "window",
                label: "",
                mark: Mark::Spans(&spans),
            }];
            series.extend(lines.iter().map(|points| Series::line("wave", "", points)));
            series.push(Series::dots("used", "used", &used));
            let chart = Chart {
                title: &title,
                x_label: "sample",
                x: Axis::linear(-0.5, length.max(2) as f64 - 0.5),
                y: Axis::linear(low, high),
                size: (WIDTH, 150.0),
                series,
            };
            page.figure(&chart.draw());
        }
        page.note("The first test sequence of each class, all channels; red dots are the samples at which the board is awake.");
    }

    fn by_class(&self, page: &mut Page) {
        let confusion = &self.test().confusion;
        let classes = confusion.counts.len();
        page.heading("By class (test part)");
        let names: Vec<String> = (0..classes).map(|k| self.data.class_name(k)).collect();
        let mut heads = vec!["is, answered as"];
        heads.extend(names.iter().map(String::as_str));
        heads.push("right, %");
        let rows: Vec<Vec<String>> = (0..classes)
            .map(|k| {
                let mut row = vec![names[k].clone()];
                row.extend(confusion.counts[k].iter().map(usize::to_string));
                row.push(confusion.recall(k).map_or("-".into(), |r| format!("{:.1}", 100.0 * r)));
                row
            })
            .collect();
        page.table(&heads, &rows);
        if let Some((a, b, n)) = confusion.worst() {
            page.note(&format!(
                "Most often taken for another: {} for {}, {n} times.",
                names[a], names[b]
            ));
        }
    }

    fn by_group(&self, page: &mut Page) {
        page.heading("By person or group (test part)");
        let groups = &self.test().groups;
        if groups.is_empty() {
            page.note("It is not known whose the sequences are.");
            return;
        }
        let row = |g: &super::GroupFigures| {
            vec![
                g.name.clone(),
                g.sequences.to_string(),
                format!("{:.1}", 100.0 * g.accuracy),
                format!("{:.1}", g.samples),
            ]
        };
        let rows: Vec<Vec<String>> = groups.iter().map(row).collect();
        page.table(&["group", "sequences", "right, %", "samples"], &rows);
    }

    fn energy_parts(&self, page: &mut Page) {
        page.heading("Where the energy goes");
        let of = |label: &str, t: &super::search::OnTest| {
            parts_bar(label, &t.prediction.parts, t.prediction.uj_per_sequence)
        };
        let mut bars = vec![of("choice", &self.tested[0])];
        bars.extend(
            self.tested
                .iter()
                .skip(1)
                .map(|t| of(&self.candidates[t.candidate].method.name(), t)),
        );
        let bars = StackedBars {
            title: "Middle of the prediction",
            x_label: "uJ per sequence (predicted)",
            bars,
        };
        page.figure(&bars.draw());
        for note in &self.tested[0].prediction.notes {
            page.note(note);
        }
    }

    fn trainings(&self, page: &mut Page) {
        page.heading("Models that were tried");
        let of_method = |name: &str| {
            let own = || self.candidates.iter().filter(move |c| c.method.name() == name);
            let best = own().map(|c| c.accuracy).fold(f64::NAN, f64::max);
            let least = own().map(super::Candidate::uj_per_hour).fold(f64::NAN, f64::min);
            (best, least)
        };
        let rows = self.plan.methods().into_iter().map(|method| {
            let name = method.name();
            let own: Vec<_> = self.plan.trainings.iter().filter(|t| t.model == name).collect();
            let (best, least) = of_method(&name);
            let shown = |v: f64, text: String| if v.is_nan() { "-".into() } else { text };
            vec![
                method.words(),
                own.iter().map(|t| t.seed.to_string()).collect::<Vec<_>>().join(", "),
                own.first().map_or(0, |t| t.steps).to_string(),
                shown(best, format!("{:.2}", 100.0 * best)),
                shown(least, format!("{least:.0}")),
            ]
        });
        let heads = ["model", "seeds", "steps", "best validation, %", "least uJ an hour"];
        page.table(&heads, &rows.collect::<Vec<_>>());
    }
}
