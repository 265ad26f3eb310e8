//! The float model against its blob along a sequence, and the sequences on which their schedules differ.

use crate::{Error, TrainedModel};
use charts::{Axis, Chart, DEFAULT_STYLE, HEIGHT, Series, WIDTH, span, stacked};
use float_model::{Forward, Schedule, Sequences};
use quantize::{Simulator, Traced};
use serde::Serialize;
use skiprnn_nostd::Model;

/// Units of the top layer that are drawn, those with the largest range.
const UNITS: usize = 3;

/// Where the two schedules of a sequence begin to differ.
#[derive(Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The sequence.
    pub sequence: usize,
    /// The last sample that both used.
    pub sample: u32,
    /// Δũ of the float model after that sample.
    pub delta_float: f64,
    /// Δũ of the integers after that sample.
    pub delta_fixed: f64,
    /// The sample that the float model used next; null where it used none.
    pub next_float: Option<u32>,
    /// The sample that the integers used next; null where they used none.
    pub next_fixed: Option<u32>,
}

impl Difference {
    /// `None` where the schedules are the same.
    fn of(sequence: usize, float: &[Traced], fixed: &[Traced]) -> Option<Difference> {
        let common = float
            .iter()
            .zip(fixed)
            .take_while(|(a, b)| a.sample == b.sample)
            .count();
        if common == float.len() && common == fixed.len() {
            return None;
        }
        // Both use sample 0.
        let last = common.checked_sub(1)?;
        Some(Difference {
            sequence,
            sample: float[last].sample,
            delta_float: float[last].delta,
            delta_fixed: fixed[last].delta,
            next_float: float.get(common).map(|u| u.sample),
            next_fixed: fixed.get(common).map(|u| u.sample),
        })
    }
}

/// The float model's updates, as the simulator gives its own.
fn trace(forward: &Forward<'_>, x: &[f32]) -> Vec<Traced> {
    let mut updates = Vec::new();
    forward.run_observed(x, Schedule::Learned { dial: 0.0 }, |u| {
        updates.push(Traced {
            sample: u.sample,
            delta: u.delta.into(),
            h: u.h.to_vec(),
            c: u.c.to_vec(),
        });
    });
    updates
}

/// Both models on some sequences.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// Sequences compared.
    pub sequences: usize,
    /// The share of the sequences with the same schedule.
    pub same_schedule: f64,
    /// Every sequence with different schedules.
    #[serde(rename = "partings")]
    pub differences: Vec<Difference>,
    /// The sequence that is drawn.
    #[serde(rename = "sequence")]
    pub drawn: usize,
    /// The figure of it, an SVG file.
    #[serde(skip)]
    pub figure: String,
}

/// Compares the float model with the blob `model` made from it on `x`, and draws one sequence: `sequence`, or the first whose
/// schedules differ. `counts` are the same sequences (N, T, I) as the sensor counts them.
///
/// # Errors
/// A blob of another shape than the float model, a sequence that there is not.
pub fn compare(
    float: &TrainedModel,
    model: &Model<'_>,
    x: &Sequences,
    counts: &[i16],
    sequence: Option<usize>,
) -> Result<Comparison, Error> {
    if let Some(k) = sequence.filter(|k| *k >= x.count) {
        let problem = format!("{k} is out of range; there are {} sequences, counted from 0", x.count);
        return Err(Error::option("sequence", problem));
    }
    let (forward, simulator) = (Forward::new(&float.model), Simulator::new(model)?);
    let size = x.length * x.channels;
    let both = |n: usize| {
        let fixed = simulator.trace(&counts[n * size..][..size], Schedule::Learned { dial: 0.0 });
        (trace(&forward, x.sequence(n)), fixed)
    };
    let differences: Vec<Difference> = (0..x.count)
        .filter_map(|n| {
            let (float, fixed) = both(n);
            Difference::of(n, &float, &fixed)
        })
        .collect();
    let first = differences.first().map(|d| d.sequence);
    let drawn = sequence.or(first).unwrap_or_default();
    let (traced, fixed) = both(drawn);
    Ok(Comparison {
        sequences: x.count,
        same_schedule: 1.0 - differences.len() as f64 / x.count as f64,
        differences,
        drawn,
        figure: draw(drawn, x.length, float.model.hidden, &traced, &fixed),
    })
}

/// Checks that a blob has the shape of the float model that it is said to be made from.
///
/// # Errors
/// The shapes, where they differ.
pub fn check_shapes(float: &TrainedModel, float_name: &str, model: &Model<'_>, blob_name: &str) -> Result<(), Error> {
    let f = &float.model;
    if (model.inputs(), model.hidden(), model.layers()) == (f.input, f.hidden, f.layers.len()) {
        return Ok(());
    }
    let problem = format!(
        "{} inputs and {} layers of {}, but {float_name} has {} and {} of {}; was it made from this run?",
        model.inputs(),
        model.layers(),
        model.hidden(),
        f.input,
        f.layers.len(),
        f.hidden
    );
    Err(Error::data(blob_name, problem))
}

/// Differences that the text lists.
const LISTED: usize = 10;

impl Comparison {
    /// Lines for people; `figure` is where the figure lies.
    #[must_use]
    pub fn text(&self, figure: &std::path::Path) -> String {
        let mut lines = vec![format!(
            "{} of {} sequences have the same schedule; sequence {} is drawn in {}",
            self.sequences - self.differences.len(),
            self.sequences,
            self.drawn,
            figure.display()
        )];
        let next = |n: Option<u32>| n.map_or_else(|| "none".into(), |n| n.to_string());
        lines.extend(self.differences.iter().take(LISTED).map(|d| {
            format!(
                "sequence {}: after sample {}, Δũ {:.6} float and {:.6} fixed; next sample {} and {}",
                d.sequence,
                d.sample,
                d.delta_float,
                d.delta_fixed,
                next(d.next_float),
                next(d.next_fixed)
            )
        }));
        if self.differences.len() > LISTED {
            lines.push(format!(
                "and {} more; --json lists them all",
                self.differences.len() - LISTED
            ));
        }
        lines.join("\n")
    }
}

/// (sample, value), by rising sample.
type Points = Vec<(f64, f64)>;

/// A figure of each update as steps: it holds until the next one.
fn held(updates: &[Traced], length: usize, value: impl Fn(&Traced) -> f64) -> Points {
    let ends = updates.iter().skip(1).map(|u| u.sample).chain([length as u32]);
    let step = |(u, end): (&Traced, u32)| {
        let v = value(u);
        [(f64::from(u.sample), v), (f64::from(end), v)]
    };
    updates.iter().zip(ends).flat_map(step).collect()
}

fn draw(sequence: usize, length: usize, hidden: usize, float: &[Traced], fixed: &[Traced]) -> String {
    let axis = Axis::linear(0.0, length as f64);
    let mut panels = Vec::new();
    let panel = |title: String, curves: &[(Points, Points)]| {
        let y = span(curves.iter().flat_map(|(a, b)| a.iter().chain(b)).map(|p| p.1));
        let series = curves.iter().enumerate().flat_map(|(k, (a, b))| {
            let label = |text| if k == 0 { text } else { "" };
            [
                Series::line("wave", label("float"), a),
                Series::dots("used", label("fixed"), b),
            ]
        });
        Chart {
            title: &title,
            x_label: "sample",
            x: axis,
            y: y.into(),
            size: (WIDTH, HEIGHT),
            series: series.collect(),
        }
        .draw()
    };
    let dots =
        |value: &dyn Fn(&Traced) -> f64| -> Points { fixed.iter().map(|u| (f64::from(u.sample), value(u))).collect() };
    let samples =
        |updates: &[Traced], at: f64| -> Points { updates.iter().map(|u| (f64::from(u.sample), at)).collect() };
    panels.push(
        Chart {
            title: &format!(
                "Sequence {sequence}: samples used, {} by float and {} by fixed",
                float.len(),
                fixed.len()
            ),
            x_label: "sample",
            x: axis,
            y: Axis::linear(0.0, 3.0),
            size: (WIDTH, HEIGHT / 2.0),
            series: vec![
                Series::dots("skipped", "float", &samples(float, 2.0)),
                Series::dots("used", "fixed", &samples(fixed, 1.0)),
            ],
        }
        .draw(),
    );
    let delta = |u: &Traced| u.delta;
    panels.push(panel(
        "Δũ after each update".into(),
        &[(held(float, length, delta), dots(&delta))],
    ));
    for (name, of) in [("h", (|u: &Traced| &u.h) as fn(&Traced) -> &Vec<f32>), ("c", |u| &u.c)] {
        let units = widest(float, hidden, of);
        if units.is_empty() {
            continue;
        }
        let curves: Vec<_> = units
            .iter()
            .map(|k| {
                let value = |u: &Traced| f64::from(of(u)[of(u).len() - hidden + k]);
                (held(float, length, value), dots(&value))
            })
            .collect();
        panels.push(panel(format!("{name} of units {units:?} of the top layer"), &curves));
    }
    stacked(&panels).to_file(DEFAULT_STYLE)
}

/// The units of the top layer whose state moves most.
fn widest(updates: &[Traced], hidden: usize, of: fn(&Traced) -> &Vec<f32>) -> Vec<usize> {
    if updates.first().is_none_or(|u| of(u).is_empty()) {
        return Vec::new();
    }
    let range = |k: usize| {
        let (low, high) = span(updates.iter().map(|u| f64::from(of(u)[of(u).len() - hidden + k])));
        high - low
    };
    let mut units: Vec<usize> = (0..hidden).collect();
    units.sort_by(|a, b| range(*b).total_cmp(&range(*a)));
    units.truncate(UNITS);
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(sample: u32, delta: f64) -> Traced {
        Traced {
            sample,
            delta,
            h: vec![sample as f32, 0.5],
            c: Vec::new(),
        }
    }

    #[test]
    fn schedules_differ_after_the_last_common_update() {
        let float = [at(0, 0.25), at(2, 0.1251), at(6, 0.9)];
        assert_eq!(Difference::of(7, &float, &float), None);
        let fixed = [at(0, 0.25), at(2, 0.1249), at(7, 0.9)];
        let p = Difference::of(7, &float, &fixed).unwrap();
        assert_eq!((p.sequence, p.sample), (7, 2));
        assert_eq!((p.delta_float, p.delta_fixed), (0.1251, 0.1249));
        assert_eq!((p.next_float, p.next_fixed), (Some(6), Some(7)));
        let p = Difference::of(0, &float, &fixed[..2]).unwrap();
        assert_eq!((p.next_float, p.next_fixed), (Some(6), None));
    }

    #[test]
    fn a_state_holds_until_the_next_update() {
        let points = held(&[at(0, 0.1), at(3, 0.2)], 5, |u| u.delta);
        assert_eq!(points, [(0.0, 0.1), (3.0, 0.1), (3.0, 0.2), (5.0, 0.2)]);
        assert_eq!(widest(&[at(0, 0.1), at(3, 0.2)], 2, |u| &u.h), [0, 1]);
        let svg = draw(0, 5, 2, &[at(0, 0.1), at(3, 0.2)], &[at(0, 0.1)]);
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
        assert!(
            svg.contains("2 by float and 1 by fixed") && !svg.contains("c of units"),
            "{svg}"
        );
    }
}
