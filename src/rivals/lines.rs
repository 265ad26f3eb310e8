//! The table: a line for each method and setting, and the comparisons at equal numbers of samples.

use super::{
    field::Rival,
    fronts::{self, Comparison, Node, Pair},
    judge::{self, Judged},
};
use crate::{jobs::spread, sweep::figures::unbeaten};
use energy::Interval;
use float_model::Cell;

/// What a line is.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// Skip runs that were trained for this rate.
    Skip(Cell),
    /// One skip model at a setting of its dial; the name of the model.
    Dial(Cell, String, f64),
    /// See [`Rival::Every`].
    Every(Cell, usize),
    /// See [`Rival::Random`].
    Random(Cell, f64),
    /// See [`Rival::EarlyExit`]; the confidence.
    EarlyExit(Cell, f64),
    /// See [`Rival::Cnn`].
    Cnn(usize),
}

impl Method {
    /// In words.
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

    /// What kind of a line in a picture.
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
pub struct Line {
    /// What it is.
    pub method: Method,
    /// Of its folder.
    pub name: String,
    /// Runs asked for.
    pub asked: usize,
    /// Those that are finished.
    pub runs: Vec<Judged>,
}

/// Mean, and deviation of the sample where there are two values or more.
pub type Spread = (f64, Option<f64>);

impl Line {
    fn spread(&self, of: impl Fn(&Judged) -> f64) -> Option<Spread> {
        spread(&self.runs.iter().map(of).collect::<Vec<_>>())
    }

    /// On the held-out sequences.
    pub fn accuracy(&self, labels: &[u32]) -> Option<Spread> {
        self.spread(|r| judge::share(&r.answers, labels))
    }

    /// Per sequence, on the held-out ones.
    pub fn samples(&self) -> Option<Spread> {
        self.spread(|r| r.samples.iter().map(|n| f64::from(*n)).sum::<f64>() / r.samples.len().max(1) as f64)
    }

    /// Per sequence.
    pub fn macs(&self) -> Option<f64> {
        self.spread(|r| r.macs).map(|s| s.0)
    }

    /// Of one model.
    pub fn parameters(&self) -> Option<usize> {
        self.runs.first().map(|r| r.parameters)
    }

    /// See [`Judged`].
    pub fn live_values(&self) -> Option<usize> {
        self.runs.first().map(|r| r.live_values)
    }

    /// (accuracy, samples) on the validation part, means.
    pub fn validation(&self) -> Option<(f64, f64)> {
        Some((self.spread(|r| r.validation.0)?.0, self.spread(|r| r.validation.1)?.0))
    }

    /// Means of the ends on one board; `None` where a run has none.
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
            samples: self.samples()?.0,
            right: (0..labels.len()).map(right).collect(),
        })
    }
}

/// The comparisons that the lines allow.
#[derive(Debug, Default)]
pub struct Comparisons {
    /// Every skip line against a front of its cell without a gate: fixed rates, then random skipping.
    pub skip_against_rivals: Vec<Comparison>,
    /// At the number of samples of every fixed rate: the front of the skip runs, and each dial model, against it.
    pub fronts_at_rates: Vec<Comparison>,
    /// Each dial setting against the front of the separately trained runs.
    pub dial_against_separate: Vec<Comparison>,
}

/// Lines of one front.
struct Front {
    name: String,
    cell: Cell,
    nodes: Vec<Node>,
}

fn of_class(lines: &[Line], labels: &[u32], cell: Cell, name: &str, keep: impl Fn(&Method) -> bool) -> Front {
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
fn chosen(lines: &[Line], labels: &[u32], cell: Cell, name: &str, keep: impl Fn(&Method) -> bool) -> Front {
    let mine: Vec<&Line> = lines
        .iter()
        .filter(|l| l.method.recurrent() == Some(cell) && keep(&l.method) && !l.runs.is_empty())
        .collect();
    let points: Vec<_> = mine.iter().map(|l| l.validation().map(|(a, s)| (s, a))).collect();
    let kept = mine.iter().zip(unbeaten(&points)).filter(|(_, on)| *on);
    Front {
        name: name.into(),
        cell,
        nodes: kept.filter_map(|(l, _)| l.node(labels)).collect(),
    }
}

/// Compares everything that can be.
pub fn comparisons(lines: &[Line], labels: &[u32]) -> Comparisons {
    let mut cells: Vec<Cell> = Vec::new();
    for cell in lines.iter().filter_map(|l| l.method.recurrent()) {
        if !cells.contains(&cell) {
            cells.push(cell);
        }
    }
    let (mut against_rivals, mut at_rates, mut dials) = (Vec::new(), Vec::new(), Vec::new());
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
                let rival = fronts::at(&front.nodes, node.samples)?;
                Some(Pair {
                    name: label(line),
                    against: front.name.clone(),
                    method: node.clone(),
                    rival,
                })
            };
            match &line.method {
                Method::Skip(_) => against_rivals.extend([&every, &random].into_iter().filter_map(against)),
                Method::Dial(_, model, _) => {
                    against_rivals.extend([&every, &random].into_iter().filter_map(against));
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
                let Some(rival) = rate.node(labels) else { continue };
                at_rates.extend(fronts::at(&front.nodes, rival.samples).map(|method| Pair {
                    name: front.name.clone(),
                    against: rate.name.clone(),
                    method,
                    rival,
                }));
            }
        }
    }
    // One call for all, so that the same sequences are drawn for every comparison.
    let (a, b) = (against_rivals.len(), at_rates.len());
    let mut all = fronts::compare(against_rivals.into_iter().chain(at_rates).chain(dials).collect());
    let dial_against_separate = all.split_off(a + b);
    let fronts_at_rates = all.split_off(a);
    Comparisons {
        skip_against_rivals: all,
        fronts_at_rates,
        dial_against_separate,
    }
}

fn label(line: &Line) -> String {
    match &line.method {
        Method::Dial(_, model, dial) => format!("{model}, dial {dial:+}"),
        _ => line.name.clone(),
    }
}

/// The method of a rival that is judged once.
pub fn method(rival: &Rival) -> Option<Method> {
    match *rival {
        Rival::Every(cell, k) => Some(Method::Every(cell, k)),
        Rival::Random(cell, p) => Some(Method::Random(cell, p)),
        Rival::Cnn(filters) => Some(Method::Cnn(filters)),
        Rival::EarlyExit(_) => None,
    }
}
