//! What the skip pattern tells of the class.
//!
//! Which samples a network uses depends on what it sees. Whoever can tell when a board works, by its radio or by its supply
//! current, learns of the data without reading it. [`measure`] estimates how much.

mod information;
mod watcher;

pub use information::Estimate;

use crate::Error;
use charts::{Axis, Chart, DEFAULT_STYLE, Series, hues};
use float_model::Targets;
use information::{binned, entropy, mutual};
use quantize::Run;
use serde::Serialize;
use std::fmt::Write;

/// What each observation tells of the class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Observations {
    /// The number of updates.
    pub number: Estimate,
    /// The sample at which the decision falls.
    pub decision: Estimate,
    /// All updates, as far as naive Bayes reads them.
    pub pattern: Estimate,
}

/// What a watcher learns of the classes of some sequences.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leak {
    /// Sequences that were run.
    pub sequences: usize,
    /// The entropy of their classes in bits.
    pub class_entropy_bits: f64,
    /// Shuffles of the classes that say what chance gives.
    pub shuffles: usize,
    /// The seed of the shuffles.
    pub seed: u64,
    /// The estimates.
    pub seen: Observations,
    /// The share of the classes that a watcher who sees every update guesses rightly.
    pub watcher_right: f64,
    /// The share of the commonest class, which a watcher who sees nothing guesses rightly.
    pub best_guess_without: f64,
}

/// Shuffles at least: fewer cannot tell 99 of 100.
const LEAST_SHUFFLES: usize = 100;
/// Shuffles at most: more tell nothing more.
const MOST_SHUFFLES: usize = 1_000_000;

/// Estimates what the schedules of `runs` on sequences of `length` samples tell of the classes, beside `shuffles` shuffles of the
/// classes, drawn from `seed`.
///
/// # Errors
/// Fewer than 100 shuffles.
pub fn measure(runs: &[Run], classes: &[usize], length: usize, shuffles: usize, seed: u64) -> Result<Leak, Error> {
    check_shuffles(shuffles)?;
    let of_runs = |f: &dyn Fn(&Run) -> u32| binned(&runs.iter().map(f).collect::<Vec<u32>>());
    let schedules: Vec<&[u32]> = runs.iter().map(|r| r.updates.as_slice()).collect();
    let guesses = watcher::guesses(&schedules, length, classes, seed);
    let right = guesses.iter().zip(classes).filter(|(g, c)| g == c).count();
    let estimate = |seen: &[usize]| mutual(seen, classes, shuffles, seed);
    Ok(Leak {
        sequences: classes.len(),
        class_entropy_bits: entropy(classes),
        shuffles,
        seed,
        seen: Observations {
            number: estimate(&of_runs(&|r| r.updates.len() as u32)),
            decision: estimate(&of_runs(&|r| r.updates.last().copied().unwrap_or(0))),
            pattern: estimate(&guesses),
        },
        watcher_right: right as f64 / classes.len() as f64,
        best_guess_without: share_of_commonest(classes),
    })
}

/// Checks the number of shuffles before anything is run.
///
/// # Errors
/// Fewer than 100, or more than a million.
pub fn check_shuffles(shuffles: usize) -> Result<(), Error> {
    match shuffles {
        ..LEAST_SHUFFLES => Err(Error::option("shuffles", "too few to tell chance; give at least 100")),
        LEAST_SHUFFLES..=MOST_SHUFFLES => Ok(()),
        _ => Err(Error::option(
            "shuffles",
            format!("is {shuffles}; give at most {MOST_SHUFFLES}"),
        )),
    }
}

/// The class of every sequence.
///
/// # Errors
/// Answers that are missing, no classes, or all of one class.
pub fn classes(y: Option<&Targets>) -> Result<Vec<usize>, Error> {
    match y {
        Some(Targets::Labels(labels)) if labels.iter().any(|l| *l != labels[0]) => {
            Ok(labels.iter().map(|l| *l as usize).collect())
        }
        Some(Targets::Labels(_)) => Err(Error::data(
            "labels",
            "all sequences are of one class, of which nothing can be learned",
        )),
        Some(_) => Err(Error::data(
            "answers",
            "not one class a sequence; a leak is estimated for classes alone",
        )),
        None => Err(Error::option("y", "missing; without classes there is nothing to leak")),
    }
}

impl Leak {
    /// Lines for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} sequences; their class has {:.3} bits. What is seen, and the bits it tells of the class:\n",
            self.sequences, self.class_entropy_bits
        );
        for (meaning, e) in [
            ("number of updates", &self.seen.number),
            ("sample at which the decision falls", &self.seen.decision),
            ("all updates, as far as naive Bayes reads them", &self.seen.pattern),
        ] {
            let verdict = match e.bits > e.chance_99_bits {
                true => format!("{:.3} more than chance, p = {:.4}", e.excess_bits, e.p),
                false => format!("no more than chance, p = {:.2}", e.p),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "  {meaning:<46} {:.3} (shuffled classes: {:.3}): {verdict}",
                e.bits, e.chance_bits
            );
        }
        text + &format!(
            "A watcher who sees every update guesses {:.1} % of the classes, without seeing any {:.1} %. A board that reports at the \
             end of every sequence (`decide_at_end`) hides when its decision falls from its radio's listeners; its supply current \
             still shows the updates.",
            100.0 * self.watcher_right,
            100.0 * self.best_guess_without
        )
    }
}

/// The share of the commonest class.
fn share_of_commonest(classes: &[usize]) -> f64 {
    let of = |c: usize| classes.iter().filter(|k| **k == c).count();
    let most = (0..=classes.iter().copied().max().unwrap_or(0)).map(of).max();
    most.unwrap_or(0) as f64 / classes.len() as f64
}

/// For each class the share of its sequences over their number of updates, as an SVG file.
#[must_use]
pub fn figure(runs: &[Run], classes: &[usize], names: &[String], length: usize) -> String {
    let count = classes.iter().max().map_or(0, |m| m + 1);
    let width = runs.iter().map(|r| r.updates.len()).max().unwrap_or(1).max(2);
    let mut lines = vec![vec![0.0f64; width + 1]; count];
    for (run, class) in runs.iter().zip(classes) {
        lines[*class][run.updates.len()] += 1.0;
    }
    let mut highest = 0.0f64;
    let points: Vec<Vec<(f64, f64)>> = lines
        .iter()
        .map(|line| {
            let members = line.iter().sum::<f64>().max(1.0);
            let shares = line.iter().map(|n| n / members);
            let points: Vec<(f64, f64)> = shares.enumerate().map(|(k, p)| (k as f64, p)).collect();
            highest = points.iter().fold(highest, |m, p| m.max(p.1));
            points
        })
        .collect();
    let labels: Vec<String> = (0..count)
        .map(|c| names.get(c).cloned().unwrap_or_else(|| format!("class {c}")))
        .collect();
    let styles: Vec<String> = (0..count).map(|c| format!("class{c}")).collect();
    let series = points
        .iter()
        .enumerate()
        .map(|(c, points)| Series::line(&styles[c], &labels[c], points))
        .collect();
    let chart = Chart {
        title: "Updates, by class",
        x_label: &format!("updates of {length}"),
        x: Axis::linear(0.0, width as f64),
        y: Axis::linear(0.0, highest),
        size: (640.0, 320.0),
        series,
    };
    chart
        .draw()
        .to_file(&format!("{DEFAULT_STYLE}{}", hues("class", count)))
}
