//! `skiprnn compare`: the float model and its blob along a sequence, and where their schedules part.

use crate::{
    args::InputArgs,
    blob,
    inputs::{self, Run},
    output::{self, Output, Usage},
};
use charts::{Axis, Chart, DEFAULT_STYLE, HEIGHT, Series, WIDTH, span, stacked};
use clap::Args;
use float_model::{Forward, Schedule};
use quantize::{Simulator, Traced};
use serde::Serialize;
use serde_json::json;
use std::path::PathBuf;

/// Sequences compared where nothing else is said.
const COUNT: usize = 1000;
/// Units of the top layer that are drawn, those with the largest range.
const UNITS: usize = 3;
/// Lines of the list for people.
const LISTED: usize = 10;

/// Options of `compare`.
#[derive(Args, Debug)]
pub struct CompareArgs {
    /// Run folder, or a model.safetensors.
    pub run: PathBuf,
    /// The blob made from it.
    pub blob: PathBuf,
    /// The picture to write: h, c, Δũ and the schedule along one sequence.
    #[arg(long, default_value = "compare.svg")]
    pub out: PathBuf,
    /// The sequence to draw. [default: the first whose schedules part, or 0]
    #[arg(long)]
    pub sequence: Option<usize>,
    /// The sequences to compare.
    #[command(flatten)]
    pub input: InputArgs,
}

/// Where the two schedules of a sequence part.
#[derive(Debug, PartialEq, Serialize)]
struct Parting {
    sequence: usize,
    /// The last sample that both used.
    sample: u32,
    /// Δũ that each left behind there.
    delta_float: f64,
    delta_fixed: f64,
    /// The sample that each used next; null where it used none.
    next_float: Option<u32>,
    next_fixed: Option<u32>,
}

impl Parting {
    /// `None` where the schedules are the same.
    fn of(sequence: usize, float: &[Traced], fixed: &[Traced]) -> Option<Parting> {
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
        Some(Parting {
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

/// Runs the command.
pub fn run(args: &CompareArgs, out: Output) -> anyhow::Result<()> {
    let run = Run::open(&args.run)?;
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    let float = &run.model;
    if (model.inputs(), model.hidden(), model.layers()) != (float.input, float.hidden, float.layers.len()) {
        anyhow::bail!(
            "{}: {} inputs and {} layers of {}, but {} has {} and {} of {}; was it made from this run?",
            args.blob.display(),
            model.inputs(),
            model.layers(),
            model.hidden(),
            args.run.display(),
            float.input,
            float.layers.len(),
            float.hidden
        );
    }
    let data = inputs::resolve(&args.input, run.source().as_ref(), COUNT)?;
    let x = data.x.take(args.input.n.unwrap_or(COUNT));
    let counts = quantize::counts(&model, &data.name, &x)?;
    if let Some(k) = args.sequence.filter(|k| *k >= x.count) {
        return Err(Usage::error(format!(
            "--sequence: {k} is out of range; there are {} sequences, counted from 0",
            x.count
        )));
    }
    let (forward, simulator) = (Forward::new(float), Simulator::new(&model)?);
    let size = x.length * x.channels;
    let both = |n: usize| {
        let fixed = simulator.trace(&counts[n * size..][..size], Schedule::Learned { dial: 0.0 });
        (trace(&forward, x.sequence(n)), fixed)
    };
    let partings: Vec<Parting> = (0..x.count)
        .filter_map(|n| {
            let (float, fixed) = both(n);
            Parting::of(n, &float, &fixed)
        })
        .collect();
    let drawn = args
        .sequence
        .or(partings.first().map(|p| p.sequence))
        .unwrap_or_default();
    let (float, fixed) = both(drawn);
    let picture = draw(drawn, x.length, run.model.hidden, &float, &fixed);
    output::write_atomically(&args.out, picture.as_bytes())?;
    let same = 1.0 - partings.len() as f64 / x.count as f64;
    let value = json!({
        "sequences": x.count, "same_schedule": same, "partings": partings, "sequence": drawn, "picture": args.out,
    });
    out.print(&value, || {
        let mut lines = vec![format!(
            "{} of {} sequences have the same schedule; sequence {drawn} is drawn in {}",
            x.count - partings.len(),
            x.count,
            args.out.display()
        )];
        let next = |n: Option<u32>| n.map_or_else(|| "none".into(), |n| n.to_string());
        lines.extend(partings.iter().take(LISTED).map(|p| {
            format!(
                "sequence {}: after sample {}, Δũ {:.6} float and {:.6} fixed; next sample {} and {}",
                p.sequence,
                p.sample,
                p.delta_float,
                p.delta_fixed,
                next(p.next_float),
                next(p.next_fixed)
            )
        }));
        if partings.len() > LISTED {
            lines.push(format!("and {} more; --json lists them all", partings.len() - LISTED));
        }
        lines.join("\n")
    });
    Ok(())
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
    fn schedules_part_after_the_last_common_update() {
        let float = [at(0, 0.25), at(2, 0.1251), at(6, 0.9)];
        assert_eq!(Parting::of(7, &float, &float), None);
        let fixed = [at(0, 0.25), at(2, 0.1249), at(7, 0.9)];
        let p = Parting::of(7, &float, &fixed).unwrap();
        assert_eq!((p.sequence, p.sample), (7, 2));
        assert_eq!((p.delta_float, p.delta_fixed), (0.1251, 0.1249));
        assert_eq!((p.next_float, p.next_fixed), (Some(6), Some(7)));
        let p = Parting::of(0, &float, &fixed[..2]).unwrap();
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
