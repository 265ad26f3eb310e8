//! Quantization-aware fine-tuning: the integers learn to do what the original model does.
//!
//! Starting at the calibrated integers, a float copy of them (the student) is trained; each step rounds it to the
//! integers' own grid and runs it with the chip's roundings ([`pass`]), and the gradient passes straight through all of
//! them. The teacher is the original model, on its own schedules: its outputs, and its gate's pre-activation at every
//! update, weighed by how far an error moves the next update. No labels are needed.

mod accept;
mod data;
mod grid;
mod pass;
mod teacher;

use crate::{
    Change, Error, IntegerModel, Kernel, Options, baseline::Baseline, dequantize::dequantize, fidelity::Data,
    layers::recalibrated,
};
use accept::{acceptable, after, certainty, worse};
pub use data::FinetuneData;
use float_model::{FloatModel, Sequences, Targets};
use grid::requantized;
use pass::{Grid, Pass};
use serde::Serialize;
use teacher::{TeacherRun, teacher_runs};

/// How long and how fast to fine-tune.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FinetuneOptions {
    /// Steps of Adam.
    pub steps: usize,
    /// Sequences a step.
    pub batch: usize,
    /// First learning rate of a network of one unit; over H units it is divided by H, as a sum of H terms moves by H times
    /// the rate. It falls to 0 along half a cosine.
    pub learning_rate: f64,
    /// Evaluations among which the best is kept.
    pub evaluations: usize,
}

impl Default for FinetuneOptions {
    fn default() -> Self {
        FinetuneOptions {
            steps: 600,
            batch: 64,
            learning_rate: 6.4e-3,
            evaluations: 20,
        }
    }
}

/// What the observer is shown after each evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct FinetuneProgress {
    /// Steps done, and steps at most.
    pub step: (usize, usize),
    /// Mean loss since the last evaluation.
    pub loss: f64,
    /// Share of the decisions on the choosing sequences that are the original model's.
    pub same_decision: f64,
    /// Share of the schedules on the choosing sequences that are the original model's.
    pub same_schedule: f64,
    /// The figures of fidelity that are worse than with calibration alone; with one of them a state is not acceptable.
    pub worse: Vec<&'static str>,
    /// Whether the state is acceptable: nothing is worse and the schedules are clearly better.
    pub acceptable: bool,
}

/// What fine-tuning brought, on sequences that it neither learned from nor chose by.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FinetuneResult {
    /// The number of those sequences.
    pub sequences: usize,
    /// Each figure of fidelity against calibration alone.
    pub changes: Vec<Change>,
}

/// What fine-tuning came to.
pub(crate) enum Outcome {
    /// Integers that are clearly better, and by how much on the confirming sequences.
    Better(Box<IntegerModel>, FinetuneResult),
    /// Nothing is clearly better; the reason, in words.
    Unchanged(String),
}

/// Fine-tunes `base`, which was calibrated on the first sequences of `calibration`. With byte planes it starts with one more
/// bit of the h that they multiply, as training makes up for the coarser weights that are provable then; only where that
/// gives no acceptable state, it starts from the calibrated integers themselves.
///
/// A state is acceptable if no figure of fidelity is worse than with calibration alone and the schedules are better by more
/// than sampling error. Of those that are acceptable on the choosing sequences, the surest that is also acceptable on the
/// confirming ones is returned.
///
/// # Errors
/// Data that do not fit the model.
pub(crate) fn finetune(
    original: &FloatModel,
    base: &IntegerModel,
    data: &FinetuneData,
    calibration: &Sequences,
    (recipe, options): (&FinetuneOptions, &Options),
    mut observe: impl FnMut(&FinetuneProgress),
) -> Result<Outcome, Error> {
    let choosing = Baseline::new(original, answered(&data.choosing), base, options.threads)?;
    if choosing.all_alike() {
        let why = "fine-tuning has nothing to gain: every schedule is the original's already";
        return Ok(Outcome::Unchanged(why.into()));
    }
    let teacher = teacher_runs(original, &data.learning, options.threads);
    let mut starts = Vec::new();
    if base.kernel == Kernel::BytePlane && base.h_drop > 1 {
        // Where no scale proves, there is one start only.
        starts.extend(recalibrated(original, base, calibration, base.h_drop - 1, options).ok());
    }
    starts.push(base.clone());
    let mut fallen: Vec<&str> = Vec::new();
    for (at, start) in starts.iter().enumerate() {
        let mut observe = |mut p: FinetuneProgress| {
            fallen.extend(&p.worse);
            p.step = (at * recipe.steps + p.step.0, starts.len() * recipe.steps);
            observe(&p);
        };
        let mut states = states_from(start, &teacher, &choosing, (recipe, options), &mut observe)?;
        if states.is_empty() {
            continue;
        }
        states.sort_by(|a, b| b.0.total_cmp(&a.0));
        let confirming = Baseline::new(original, answered(&data.confirming), base, options.threads)?;
        for (_, integers) in states {
            let changes = confirming.changes(&integers, true)?;
            if acceptable(&changes) {
                let sequences = data.confirming.0.count;
                return Ok(Outcome::Better(
                    Box::new(integers),
                    FinetuneResult { sequences, changes },
                ));
            }
            fallen.extend(worse(&changes));
        }
    }
    fallen.sort_unstable();
    fallen.dedup();
    let why = match fallen.is_empty() {
        true => String::new(),
        false => format!("; fell in one state or another: {}", fallen.join(", ")),
    };
    Ok(Outcome::Unchanged(format!(
        "fine-tuning found nothing clearly better in which no figure falls: calibration alone stays{why}"
    )))
}

fn answered(part: &(Sequences, Option<Targets>)) -> Data<'_> {
    (&part.0, part.1.as_ref())
}

/// Trains from `start`; gives the states that are acceptable on the choosing sequences, each with how sure that is.
fn states_from(
    start: &IntegerModel,
    teacher: &[TeacherRun],
    choosing: &Baseline<'_>,
    (recipe, options): (&FinetuneOptions, &Options),
    observe: &mut impl FnMut(FinetuneProgress),
) -> Result<Vec<(f64, IntegerModel)>, Error> {
    let mut states = Vec::new();
    let mut student = Student::new(start, teacher);
    let every = (recipe.steps / recipe.evaluations.max(1)).max(1);
    let mut loss = 0.0;
    for step in 0..recipe.steps {
        let batch: Vec<&TeacherRun> = (0..recipe.batch)
            .map(|k| &teacher[(step * recipe.batch + k) % teacher.len()])
            .collect();
        loss += student.step(&batch, recipe, step, options.threads) / every as f64;
        if (step + 1) % every != 0 {
            continue;
        }
        let integers = requantized(start, &student.latent);
        let changes = choosing.changes(&integers, false)?;
        let acceptable = acceptable(&changes);
        observe(FinetuneProgress {
            step: (step + 1, recipe.steps),
            loss,
            same_decision: after(&changes, "same_decision"),
            same_schedule: after(&changes, "same_schedule"),
            worse: worse(&changes),
            acceptable,
        });
        loss = 0.0;
        if acceptable {
            states.push((certainty(&changes), integers));
        }
    }
    Ok(states)
}

/// The float copy of the integers, which is trained.
struct Student<'a> {
    base: &'a IntegerModel,
    latent: FloatModel,
    grid: Grid,
    /// (O): 1 / variance of the original's outputs.
    output_weight: Vec<f32>,
    mean: Vec<f32>,
    square: Vec<f32>,
}

impl<'a> Student<'a> {
    fn new(base: &'a IntegerModel, teacher: &[TeacherRun]) -> Self {
        let step = |fraction: u8| 2f32.powi(-i32::from(fraction));
        let x = step(base.x_fraction);
        let latent = dequantize(base);
        let count = flat(&latent).len();
        let output_weight = (0..latent.outputs).map(|o| {
            let values = || {
                teacher
                    .iter()
                    .flat_map(|l| l.outputs.iter().skip(o).step_by(latent.outputs))
            };
            let n = values().count() as f32;
            let mean = values().sum::<f32>() / n;
            let variance = values().map(|v| (v - mean).powi(2)).sum::<f32>() / n;
            1.0 / variance.max(1e-6)
        });
        Student {
            output_weight: output_weight.collect(),
            base,
            latent,
            grid: Grid {
                x: (x, 32_768.0 * x),
                h: step(base.h_fraction),
                multiplied_h: step(base.h_fraction - base.h_drop),
                gate: step(15),
            },
            mean: vec![0.0; count],
            square: vec![0.0; count],
        }
    }

    /// One step of Adam; returns the loss.
    fn step(&mut self, batch: &[&TeacherRun], recipe: &FinetuneOptions, step: usize, threads: usize) -> f64 {
        let rounded = dequantize(&requantized(self.base, &self.latent));
        let zero = {
            let mut zero = self.latent.clone();
            assign(&mut zero, &vec![0.0; self.mean.len()]);
            zero
        };
        let share = batch.len().div_ceil(threads.max(1)).max(1);
        let parts: Vec<(f64, FloatModel)> = std::thread::scope(|scope| {
            let handles: Vec<_> = batch
                .chunks(share)
                .map(|part| {
                    let (rounded, mut gradients) = (&rounded, zero.clone());
                    let (grid, weight) = (self.grid, &self.output_weight);
                    scope.spawn(move || {
                        let loss = part
                            .iter()
                            .map(|l| gradient(rounded, grid, l, weight, &mut gradients))
                            .sum();
                        (loss, gradients)
                    })
                })
                .collect();
            handles
                .into_iter()
                .map(|h| h.join().expect("a worker panicked"))
                .collect()
        });
        let scale = 1.0 / batch.len() as f32;
        let mut gradient = vec![0.0; self.mean.len()];
        for (_, part) in &parts {
            for (sum, g) in gradient.iter_mut().zip(flat(part)) {
                *sum += scale * g;
            }
        }
        let progress = step as f64 / recipe.steps as f64;
        let first = recipe.learning_rate / self.base.hidden as f64;
        let rate = first * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
        self.adam(&gradient, rate as f32, step as i32 + 1);
        parts.iter().map(|p| p.0).sum::<f64>() / batch.len() as f64
    }

    /// Kingma and Ba, ICLR 2015, algorithm 1, on gradients clipped to a norm of 1.
    fn adam(&mut self, gradient: &[f32], rate: f32, t: i32) {
        const BETA: (f32, f32) = (0.9, 0.999);
        let norm = gradient.iter().map(|g| g * g).sum::<f32>().sqrt();
        let clip = if norm > 1.0 { 1.0 / norm } else { 1.0 };
        let correct = (1.0 / (1.0 - BETA.0.powi(t)), 1.0 / (1.0 - BETA.1.powi(t)));
        let mut values = flat(&self.latent);
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((v, g), (m, s)) in values.iter_mut().zip(gradient).zip(moments) {
            let g = g * clip;
            *m = BETA.0 * *m + (1.0 - BETA.0) * g;
            *s = BETA.1 * *s + (1.0 - BETA.1) * g * g;
            *v -= rate * *m * correct.0 / ((*s * correct.1).sqrt() + 1e-8);
        }
        assign(&mut self.latent, &values);
    }
}

/// Weight of the outputs relative to the schedule: decisions are few, and a better schedule must not cost any.
const OUTPUTS: f32 = 10.0;

/// Adds the gradient of the loss on one sequence: half the squared error of the outputs in units of their variance, weighed, and
/// half the squared error of the next update in samples, from one sample on linear (Huber), mean over the updates.
fn gradient(model: &FloatModel, grid: Grid, teacher: &TeacherRun, output_weight: &[f32], to: &mut FloatModel) -> f64 {
    let pass = Pass::forward(model, grid, &teacher.x);
    let mut loss = 0.0;
    let mut d_outputs = Vec::with_capacity(pass.outputs.len());
    let answers = (pass.outputs.len() / model.outputs) as f32;
    for ((own, wanted), weight) in pass
        .outputs
        .iter()
        .zip(&teacher.outputs)
        .zip(output_weight.iter().cycle())
    {
        let (error, weight) = (own - wanted, OUTPUTS * weight / answers);
        loss += 0.5 * f64::from(error * error * weight);
        d_outputs.push(error * weight);
    }
    let updates = pass.gate.len().max(1) as f32;
    let mut d_gate = Vec::with_capacity(pass.gate.len());
    for ((own, wanted), weight) in pass.gate.iter().zip(&teacher.gate).zip(&teacher.weight) {
        let samples = (own - wanted) * weight;
        let size = samples.abs();
        loss += f64::from(if size < 1.0 { 0.5 * size * size } else { size - 0.5 } / updates);
        d_gate.push(samples.clamp(-1.0, 1.0) * weight / updates);
    }
    pass.backward(&d_outputs, &d_gate, to);
    loss
}

/// Every parameter, in one order.
fn flat(model: &FloatModel) -> Vec<f32> {
    let mut out = Vec::new();
    for l in &model.layers {
        for tensor in [&l.weight_ih, &l.weight_hh, &l.bias_ih, &l.bias_hh, &l.h0, &l.c0] {
            out.extend_from_slice(tensor);
        }
    }
    if let Some(gate) = &model.gate {
        out.extend_from_slice(&gate.weight);
        out.push(gate.bias);
    }
    out.extend_from_slice(&model.head.weight);
    out.extend_from_slice(&model.head.bias);
    out
}

/// The reverse of [`flat`].
fn assign(model: &mut FloatModel, values: &[f32]) {
    let mut rest = values;
    let mut take = |tensor: &mut [f32]| {
        let (head, tail) = rest.split_at(tensor.len());
        tensor.copy_from_slice(head);
        rest = tail;
    };
    for l in &mut model.layers {
        for tensor in [
            &mut l.weight_ih,
            &mut l.weight_hh,
            &mut l.bias_ih,
            &mut l.bias_hh,
            &mut l.h0,
            &mut l.c0,
        ] {
            take(tensor);
        }
    }
    if let Some(gate) = &mut model.gate {
        take(&mut gate.weight);
        take(std::slice::from_mut(&mut gate.bias));
    }
    take(&mut model.head.weight);
    take(&mut model.head.bias);
}

#[cfg(test)]
mod tests;
