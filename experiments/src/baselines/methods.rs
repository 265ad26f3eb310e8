//! The results of each method and setting, and the comparisons at equal numbers of samples.

use super::{
    equal_samples::{self, Comparison, Node, Pair},
    evaluate::{Evaluation, ValidationFigures, share_right},
    training::Baseline,
};
use crate::{Spread, pareto_front, stats::distinct};
use energy::Interval;
use float_model::Cell;

/// A method at one setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// Skip runs that were trained for this rate.
    Skip(Cell),
    /// One skip model at a setting of its dial; the name of the model.
    Dial(Cell, String, f64),
    /// The cell without a gate on samples 0, K, 2K, ...; 1: on all.
    Every(Cell, usize),
    /// The cell without a gate, which skips each sample with this probability.
    Random(Cell, f64),
    /// The cell without a gate, which stops as soon as one class has at least this probability.
    EarlyExit(Cell, f64),
    /// A convolutional network with this many filters a layer.
    Cnn(usize),
}

impl Method {
    /// The method in words.
    pub fn words(&self) -> String {
        match self {
            Method::Skip(_) => "skipping".into(),
            Method::Dial(_, _, dial) => format!("skipping, one model, dial {dial:+}"),
            Method::Every(_, 1) => "every sample".into(),
            Method::Every(_, k) => format!("samples 0, {k}, {}, ...", 2 * k),
            Method::Random(_, p) => format!("random, p_skip {p}"),
            Method::EarlyExit(_, c) => format!("early exit at {c}"),
            Method::Cnn(filters) => format!("1D CNN, {filters} filters"),
        }
    }

    /// `skip-gru`, `gru`, `cnn` and so on.
    pub fn cell(&self) -> String {
        match self {
            Method::Skip(cell) | Method::Dial(cell, ..) => cell.to_string(),
            Method::Every(cell, _) | Method::Random(cell, _) | Method::EarlyExit(cell, _) => cell.to_string(),
            Method::Cnn(_) => "cnn".into(),
        }
    }

    /// The CSS class in figures, and the method's name in CSV and JSON.
    pub fn class(&self) -> &'static str {
        match self {
            Method::Skip(_) => "skip",
            Method::Dial(..) => "dial",
            Method::Every(..) => "every",
            Method::Random(..) => "random",
            Method::EarlyExit(..) => "exit",
            Method::Cnn(_) => "cnn",
        }
    }

    fn recurrent(&self) -> Option<Cell> {
        match self {
            Method::Skip(cell) | Method::Dial(cell, ..) => Some(cell.dense()),
            Method::Every(cell, _) | Method::Random(cell, _) | Method::EarlyExit(cell, _) => Some(*cell),
            Method::Cnn(_) => None,
        }
    }
}

/// The models of one method and setting that differ in their seeds alone.
#[derive(Debug, Clone)]
pub struct MethodResult {
    /// The method and its setting.
    pub method: Method,
    /// The name of its folder.
    pub name: String,
    /// Runs asked for.
    pub asked: usize,
    /// Evaluations of the runs that are finished.
    pub runs: Vec<Evaluation>,
}

impl MethodResult {
    fn spread(&self, of: impl Fn(&Evaluation) -> f64) -> Option<Spread> {
        Spread::of(&self.runs.iter().map(of).collect::<Vec<_>>())
    }

    /// The share of right answers on the held-out sequences.
    #[must_use]
    pub fn accuracy(&self, labels: &[u32]) -> Option<Spread> {
        self.spread(|r| share_right(&r.answers, labels))
    }

    /// Samples used per held-out sequence.
    #[must_use]
    pub fn samples(&self) -> Option<Spread> {
        self.spread(|r| r.samples.iter().map(|n| f64::from(*n)).sum::<f64>() / r.samples.len().max(1) as f64)
    }

    /// Multiply-accumulates per held-out sequence.
    #[must_use]
    pub fn macs(&self) -> Option<f64> {
        self.spread(|r| r.macs).map(|s| s.mean)
    }

    /// Parameters of one model.
    #[must_use]
    pub fn parameters(&self) -> Option<usize> {
        self.runs.first().map(|r| r.parameters)
    }

    /// Values that stay in RAM while a sequence is read, of one model.
    #[must_use]
    pub fn live_values(&self) -> Option<usize> {
        self.runs.first().map(|r| r.live_values)
    }

    /// The figures on the validation part, means over the runs.
    #[must_use]
    pub fn validation(&self) -> Option<ValidationFigures> {
        Some(ValidationFigures {
            accuracy: self.spread(|r| r.validation.accuracy)?.mean,
            samples: self.spread(|r| r.validation.samples)?.mean,
        })
    }

    /// Predicted energy per sequence on one board in microjoules, the mean of each end; `None` where a run has none.
    #[must_use]
    pub fn uj(&self, board: usize) -> Option<Interval> {
        let all: Option<Vec<Interval>> = self.runs.iter().map(|r| r.uj[board]).collect();
        let all = all.filter(|a| !a.is_empty())?;
        Some(Interval::from_corners(|c| {
            all.iter().map(|u| u.at(c)).sum::<f64>() / all.len() as f64
        }))
    }

    fn node(&self, labels: &[u32]) -> Option<Node> {
        let right = |n: usize| {
            let count = self.runs.iter().filter(|r| r.answers[n] == labels[n]).count();
            count as f64 / self.runs.len() as f64
        };
        Some(Node {
            samples: self.samples()?.mean,
            right: (0..labels.len()).map(right).collect(),
        })
    }
}

/// The comparisons that the lines allow.
#[derive(Debug, Default)]
pub struct Comparisons {
    /// Every skip model against a front of its cell without a gate: fixed rates, then random skipping.
    pub skip_against_baselines: Vec<Comparison>,
    /// At the number of samples of every fixed rate: the front of the skip runs, and each dial model, against it.
    pub fronts_at_rates: Vec<Comparison>,
    /// Each dial setting against the front of the separately trained runs.
    pub dial_against_separate: Vec<Comparison>,
}

/// Settings of one front.
struct Front {
    name: String,
    cell: Cell,
    nodes: Vec<Node>,
}

fn of_class(lines: &[MethodResult], labels: &[u32], cell: Cell, name: &str, keep: impl Fn(&Method) -> bool) -> Front {
    let mine = lines
        .iter()
        .filter(|l| l.method.recurrent() == Some(cell) && keep(&l.method));
    Front {
        name: name.into(),
        cell,
        nodes: mine.filter_map(|l| l.node(labels)).collect(),
    }
}

/// Those of the lines that no other one beats on the validation part.
fn chosen(lines: &[MethodResult], labels: &[u32], cell: Cell, name: &str, keep: impl Fn(&Method) -> bool) -> Front {
    let mine: Vec<&MethodResult> = lines
        .iter()
        .filter(|l| l.method.recurrent() == Some(cell) && keep(&l.method) && !l.runs.is_empty())
        .collect();
    let points: Vec<_> = mine
        .iter()
        .map(|l| l.validation().map(|v| (v.samples, v.accuracy)))
        .collect();
    let kept = mine.iter().zip(pareto_front(&points)).filter(|(_, on)| *on);
    Front {
        name: name.into(),
        cell,
        nodes: kept.filter_map(|(l, _)| l.node(labels)).collect(),
    }
}

/// Compares everything that can be.
pub fn comparisons(lines: &[MethodResult], labels: &[u32]) -> Comparisons {
    let cells = distinct(lines.iter().filter_map(|l| l.method.recurrent()));
    let (mut against_baselines, mut at_rates, mut dials) = (Vec::new(), Vec::new(), Vec::new());
    for cell in cells {
        let every = of_class(lines, labels, cell, "fixed rate", |m| matches!(m, Method::Every(..)));
        let random = of_class(lines, labels, cell, "random skipping", |m| {
            matches!(m, Method::Random(..) | Method::Every(_, 1))
        });
        let separate = chosen(lines, labels, cell, "separately trained", |m| {
            matches!(m, Method::Skip(_))
        });
        let mut fronts = vec![];
        for line in lines.iter().filter(|l| l.method.recurrent() == Some(cell)) {
            let Some(node) = line.node(labels) else { continue };
            let against = |front: &Front| {
                let baseline = equal_samples::at(&front.nodes, node.samples)?;
                Some(Pair {
                    name: label(line),
                    against: front.name.clone(),
                    method: node.clone(),
                    baseline,
                })
            };
            match &line.method {
                Method::Skip(_) => against_baselines.extend([&every, &random].into_iter().filter_map(against)),
                Method::Dial(_, model, _) => {
                    against_baselines.extend([&every, &random].into_iter().filter_map(against));
                    dials.extend(against(&separate));
                    if !fronts.iter().any(|f: &Front| f.name == *model) {
                        let own = |m: &Method| matches!(m, Method::Dial(_, name, _) if name == model);
                        fronts.push(chosen(lines, labels, cell, model, own));
                    }
                }
                _ => {}
            }
        }
        fronts.insert(0, separate);
        for front in &fronts {
            for rate in lines
                .iter()
                .filter(|l| matches!(l.method, Method::Every(c, 2..) if c == front.cell))
            {
                let Some(baseline) = rate.node(labels) else { continue };
                at_rates.extend(equal_samples::at(&front.nodes, baseline.samples).map(|method| Pair {
                    name: front.name.clone(),
                    against: rate.name.clone(),
                    method,
                    baseline,
                }));
            }
        }
    }
    // One call for all, so that the same sequences are drawn for every comparison.
    let (a, b) = (against_baselines.len(), at_rates.len());
    let mut all = equal_samples::compare(against_baselines.into_iter().chain(at_rates).chain(dials).collect());
    let dial_against_separate = all.split_off(a + b);
    let fronts_at_rates = all.split_off(a);
    Comparisons {
        skip_against_baselines: all,
        fronts_at_rates,
        dial_against_separate,
    }
}

fn label(line: &MethodResult) -> String {
    match &line.method {
        Method::Dial(_, model, dial) => format!("{model}, dial {dial:+}"),
        _ => line.name.clone(),
    }
}

/// The method of a baseline that gives one result.
pub fn method(baseline: &Baseline) -> Option<Method> {
    match *baseline {
        Baseline::Every(cell, k) => Some(Method::Every(cell, k)),
        Baseline::Random(cell, p) => Some(Method::Random(cell, p)),
        Baseline::Cnn(filters) => Some(Method::Cnn(filters)),
        Baseline::EarlyExit(_) => None,
    }
}
