//! How close a blob is to its model: the arithmetic alone, and everything together.

use crate::{Error, Simulator, simulate};
use float_model::{Forward, Metric, Objective, Outcome, Schedule, Sequences, Targets};
use serde::Serialize;
use skiprnn_nostd::Model;

/// The figures of `docs/numerics.md`, section 3. Shares are fractions in [0, 1].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fidelity {
    /// Sequences compared.
    pub sequences: usize,
    /// Metric of the float model; `None` without answers.
    pub metric_float: Option<f64>,
    /// Metric of the integers.
    pub metric_fixed: Option<f64>,
    /// How uncertain both are by the number of sequences: the standard error of `metric_fixed`
    /// ([`float_model::Metric::standard_error`]).
    pub metric_standard_error: Option<f64>,
    /// Mean updates per sequence, float.
    pub updates_float: f64,
    /// Mean updates per sequence, integers.
    pub updates_fixed: f64,
    /// Share of sequences (of steps, with an output at every step) with the same decision as the original model. For
    /// regression, a decision is the same where |fixed - float| is at most 0.1 standard deviation of the targets (of the
    /// float outputs, without answers).
    pub same_decision: f64,
    /// Share of sequences with the same update schedule as the original model.
    pub same_schedule: f64,
    /// Share of sequences (or steps) with the same decision as f32 arithmetic on the dequantized parameters.
    pub arith_same_decision: f64,
    /// Share of sequences with the same update schedule as f32 arithmetic on the dequantized parameters.
    pub arith_same_schedule: f64,
    /// Largest |h| error of any update, on the float schedule, against f32 on the dequantized parameters.
    pub arith_max_abs_h_error: f64,
}

/// Sequences, and the answers of the first of them where they are known.
pub type Data<'a> = (&'a Sequences, Option<&'a Targets>);

/// A blob, its models, and the sequences on which they are compared.
pub(crate) struct Comparison<'a> {
    /// The original model.
    pub(crate) original: &'a float_model::FloatModel,
    /// f32 on the integers' own parameters.
    pub(crate) dequantized: &'a float_model::FloatModel,
    pub(crate) model: &'a Model<'a>,
    pub(crate) x: &'a Sequences,
    /// The answers of the first sequences, where they are known.
    pub(crate) y: Option<&'a Targets>,
    pub(crate) threads: usize,
}

/// What the integers give on the sequences of a comparison.
pub(crate) struct FixedOutcomes<'a> {
    simulator: Simulator<'a>,
    counts: Vec<i16>,
    outcomes: Vec<Outcome>,
}

impl<'a> FixedOutcomes<'a> {
    pub(crate) fn run(comparison: &Comparison<'a>) -> Result<Self, Error> {
        let counts = simulate::counts(comparison.model, "calibration data", comparison.x)?;
        let simulator = Simulator::new(comparison.model)?;
        let outcome = |r: simulate::Run| Outcome {
            output: simulator.outputs(&r),
            updates: r.updates,
        };
        let runs = simulator.run_all(&counts, comparison.x.length, comparison.threads);
        let outcomes = runs.into_iter().map(outcome).collect();
        Ok(FixedOutcomes {
            simulator,
            counts,
            outcomes,
        })
    }
}

/// The integers against the original model; vectors hold one number for each sequence.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VersusOriginal {
    /// The metric of the float model, and that of the integers.
    pub(crate) metric: Option<(Metric, Metric)>,
    /// The metric of each single sequence that has an answer; higher is better.
    pub(crate) merit: Vec<f64>,
    /// Mean updates of the float model.
    pub(crate) updates_float: f64,
    pub(crate) updates: Vec<f64>,
    pub(crate) same_decision: Vec<f64>,
    pub(crate) same_schedule: Vec<f64>,
}

/// The integers against f32 on their own parameters, sequence by sequence.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arithmetic {
    pub(crate) same_decision: Vec<f64>,
    pub(crate) same_schedule: Vec<f64>,
    /// The largest error of h in each sequence.
    pub(crate) h_error: Vec<f64>,
}

impl Arithmetic {
    pub(crate) fn max_abs_h_error(&self) -> f64 {
        self.h_error.iter().copied().fold(0.0, f64::max)
    }
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

impl Comparison<'_> {
    /// The outcomes of the original model.
    pub(crate) fn float(&self) -> Result<Vec<Outcome>, Error> {
        Ok(Forward::new(self.original).run_all(self.x, 0.0, self.threads)?)
    }

    /// The standard error of the metric of what the integers gave.
    fn standard_error(&self, fixed: &FixedOutcomes<'_>) -> Result<Option<f64>, Error> {
        let Some(y) = self.y else { return Ok(None) };
        let answered = fixed.outcomes.iter().take(y.count());
        let outputs: Vec<Vec<f32>> = answered.map(|o| o.output.clone()).collect();
        let objective = self.original.description.objective;
        Ok(Metric::standard_error("calibration data", objective, &outputs, y)?)
    }

    fn same_decision(&self, float: &[Outcome]) -> impl Fn(&Outcome, &Outcome) -> f64 + use<> {
        let tolerance = 0.1 * spread(self.y, float);
        same_answers(self.original.description.objective, self.original.outputs, tolerance)
    }

    /// Compares with the original model, whose outcomes are `float`.
    pub(crate) fn versus_original(
        &self,
        float: &[Outcome],
        fixed: &FixedOutcomes<'_>,
    ) -> Result<VersusOriginal, Error> {
        let fixed = &fixed.outcomes;
        let objective = self.original.description.objective;
        let of = |outputs: &[Vec<f32>], y: &Targets| Metric::of("calibration data", objective, outputs, y);
        let metric = |outcomes: &[Outcome], y: &Targets| {
            let answered = outcomes.iter().take(y.count());
            let outputs: Vec<Vec<f32>> = answered.map(|o| o.output.clone()).collect();
            of(&outputs, y)
        };
        let metrics = |y| -> Result<_, Error> { Ok((metric(float, y)?, metric(fixed, y)?)) };
        let merit = |(n, outcome): (usize, &Outcome)| {
            let answer = self.y?.select([n]);
            Some(match of(std::slice::from_ref(&outcome.output), &answer) {
                Ok(Metric::Mse(v)) => -v,
                Ok(other) => other.value(),
                // A sequence in which no label holds ranks nothing.
                Err(_) => 0.0,
            })
        };
        let answered = fixed.iter().take(self.y.map_or(0, Targets::count));
        Ok(VersusOriginal {
            metric: self.y.map(metrics).transpose()?,
            merit: answered.enumerate().filter_map(merit).collect(),
            updates_float: mean_updates(float),
            updates: fixed.iter().map(|o| o.updates.len() as f64).collect(),
            same_decision: alike(float, fixed, self.same_decision(float)),
            same_schedule: alike(float, fixed, same_schedule),
        })
    }

    /// Compares with f32 on the integers' own parameters; `float` are the outcomes of the original model.
    pub(crate) fn arithmetic(&self, float: &[Outcome], fixed: &FixedOutcomes<'_>) -> Result<Arithmetic, Error> {
        let rounded = Forward::new(self.dequantized).run_all(self.x, 0.0, self.threads)?;
        Ok(Arithmetic {
            same_decision: alike(&rounded, &fixed.outcomes, self.same_decision(float)),
            same_schedule: alike(&rounded, &fixed.outcomes, same_schedule),
            h_error: h_error(self, &fixed.simulator, &fixed.counts).0,
        })
    }
}

/// Runs both comparisons and gives the means.
pub(crate) fn fidelity(comparison: &Comparison<'_>) -> Result<Fidelity, Error> {
    let (float, fixed) = (comparison.float()?, FixedOutcomes::run(comparison)?);
    let versus_original = comparison.versus_original(&float, &fixed)?;
    let arithmetic = comparison.arithmetic(&float, &fixed)?;
    Ok(Fidelity {
        sequences: comparison.x.count,
        metric_float: versus_original.metric.map(|m| m.0.value()),
        metric_fixed: versus_original.metric.map(|m| m.1.value()),
        metric_standard_error: comparison.standard_error(&fixed)?,
        updates_float: versus_original.updates_float,
        updates_fixed: mean(&versus_original.updates),
        same_decision: mean(&versus_original.same_decision),
        same_schedule: mean(&versus_original.same_schedule),
        arith_same_decision: mean(&arithmetic.same_decision),
        arith_same_schedule: mean(&arithmetic.same_schedule),
        arith_max_abs_h_error: arithmetic.max_abs_h_error(),
    })
}

pub(crate) fn mean_updates(outcomes: &[Outcome]) -> f64 {
    outcomes.iter().map(|o| o.updates.len()).sum::<usize>() as f64 / outcomes.len() as f64
}

fn alike(a: &[Outcome], b: &[Outcome], same: impl Fn(&Outcome, &Outcome) -> f64) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| same(a, b)).collect()
}

/// 1 where both used the same samples, else 0.
pub(crate) fn same_schedule(a: &Outcome, b: &Outcome) -> f64 {
    f64::from(u8::from(a.updates == b.updates))
}

/// The share of the answers of a sequence, of `outputs` numbers each, in which two outcomes decide the same.
pub(crate) fn same_answers(objective: Objective, outputs: usize, tolerance: f64) -> impl Fn(&Outcome, &Outcome) -> f64 {
    move |a, b| {
        let answers = a.output.chunks_exact(outputs).zip(b.output.chunks_exact(outputs));
        let same = answers
            .filter(|(a, b)| same_decision(objective, a, b, tolerance))
            .count();
        same as f64 / (a.output.len() / outputs) as f64
    }
}

fn same_decision(objective: Objective, a: &[f32], b: &[f32], tolerance: f64) -> bool {
    let mut pairs = a.iter().zip(b);
    match objective {
        Objective::Classification => float_model::argmax(a) == float_model::argmax(b),
        Objective::Multilabel => pairs.all(|(a, b)| (*a > 0.0) == (*b > 0.0)),
        Objective::Regression => pairs.all(|(a, b)| f64::from((a - b).abs()) <= tolerance),
    }
}

/// Standard deviation of the targets, or of the float outputs where there are none.
pub(crate) fn spread(y: Option<&Targets>, float: &[Outcome]) -> f64 {
    let values: Vec<f64> = match y.map(Targets::answers) {
        Some(Targets::Values { values, .. }) => values.iter().map(|v| f64::from(*v)).collect(),
        _ => float.iter().flat_map(|o| &o.output).map(|v| f64::from(*v)).collect(),
    };
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

/// The largest error of the hidden state in each sequence, and the mean square of all, with the float model's own
/// schedule imposed on both.
pub(crate) fn h_error(comparison: &Comparison<'_>, simulator: &Simulator<'_>, counts: &[i16]) -> (Vec<f64>, f64) {
    let size = comparison.x.length * comparison.x.channels;
    let share = comparison.x.count.div_ceil(comparison.threads.max(1)).max(1) * size;
    let parts: Vec<(Vec<f64>, f64, usize)> = std::thread::scope(|scope| {
        let work = comparison.x.values.chunks(share).zip(counts.chunks(share));
        let handles: Vec<_> = work
            .map(|(x, counts)| scope.spawn(move || h_error_of(comparison, simulator, x, counts)))
            .collect();
        handles
            .into_iter()
            .map(|h| h.join().expect("a worker panicked"))
            .collect()
    });
    let (sum, n) = parts.iter().fold((0.0, 0), |(s, n), p| (s + p.1, n + p.2));
    let largest = parts.into_iter().flat_map(|p| p.0).collect();
    (largest, sum / n.max(1) as f64)
}

/// The errors of h on some of the sequences: the largest of each sequence, the sum of their squares, and their number.
fn h_error_of(
    comparison: &Comparison<'_>,
    simulator: &Simulator<'_>,
    x: &[f32],
    counts: &[i16],
) -> (Vec<f64>, f64, usize) {
    let forward = Forward::new(comparison.dequantized);
    let size = comparison.x.length * comparison.x.channels;
    let step = 1.0 / f64::from(1u32 << comparison.model.fractions().h);
    let (mut all, mut sum, mut n) = (Vec::new(), 0.0, 0usize);
    for (x, counts) in x.chunks_exact(size).zip(counts.chunks_exact(size)) {
        let mut states: Vec<f32> = Vec::new();
        let outcome = forward.run_observed(x, Schedule::Learned { dial: 0.0 }, |u| states.extend(u.h));
        let mut expected = states.iter();
        let mut largest = 0.0f64;
        simulator.run_observed(counts, Schedule::Imposed(&outcome.updates), |seen| {
            for layer in 0..seen.model.layers() {
                for (h, e) in seen.state.hidden(seen.model, layer).iter().zip(&mut expected) {
                    let error = (f64::from(*h) * step - f64::from(*e)).abs();
                    largest = largest.max(error);
                    sum += error * error;
                    n += 1;
                }
            }
        });
        all.push(largest);
    }
    (all, sum, n)
}
