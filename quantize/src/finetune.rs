//! Quantization-aware fine-tuning: the integers learn to do what the original model does.
//!
//! Starting at the calibrated integers, a float copy of them is trained; each step rounds it to the integers' own grid
//! and runs it with the chip's roundings ([`pass`]), and the gradient passes straight through all of them. The lesson
//! is the original model itself, on its own schedules: its outputs, and its gate's pre-activation at every update,
//! weighed by how far an error moves the next update. No labels are needed.

mod grid;
mod keep;
mod pass;
mod teacher;

use crate::{Error, IntegerModel, Options, Quantized, dequantize::dequantize};
use float_model::{FloatModel, Sequences, Targets};
use grid::requantized;
use keep::{Judge, joined};
use pass::{Grid, Pass};
use teacher::{Lesson, lessons};

/// How long and how fast to fine-tune.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finetune {
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

impl Default for Finetune {
    fn default() -> Self {
        Finetune {
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
    /// Steps done.
    pub step: usize,
    /// Mean loss since the last evaluation.
    pub loss: f64,
    /// Share of the decisions on the judging sequences that are the original model's.
    pub same_decision: f64,
    /// Share of the schedules that are.
    pub same_schedule: f64,
    /// The figures of fidelity that are worse than calibration's; such a state does not count.
    pub worse: Vec<&'static str>,
    /// Whether this is the best state so far.
    pub kept: bool,
}

/// Sequences that judge, at least: where there are fewer, lessons judge too, as a decision among a few hundred is luck.
const JUDGED: usize = 2000;

/// Fine-tunes a quantized model on `lessons_x`, judged on `x` and `y` against calibration alone; where they are fewer than
/// 2,000, on the first lessons and their answers too, if they have any. What is returned is the state with most schedules unchanged among those in which no figure of fidelity is worse, or `quantized` as it was.
///
/// # Errors
/// Data that do not fit the model.
pub fn finetune(
    original: &FloatModel,
    quantized: Quantized,
    (lessons_x, lessons_y): (&Sequences, Option<&Targets>),
    (x, y): (&Sequences, Option<&Targets>),
    (recipe, options): (&Finetune, &Options),
    mut observe: impl FnMut(&FinetuneProgress),
) -> Result<Quantized, Error> {
    let (mut judged, mut answers) = (x.clone(), y.cloned());
    let more = lessons_x.take(JUDGED.saturating_sub(x.count));
    if more.count > 0 && (more.length, more.channels) == (x.length, x.channels) {
        judged.values.extend(&more.values);
        judged.count += more.count;
        if let (Some(y), Some(of_lessons)) = (y, lessons_y) {
            answers = joined(y, &of_lessons.take(more.count)).or(answers);
        }
    }
    let judge = Judge::new(original, &judged, answers.as_ref(), options.threads)?;
    let base = quantized.integers.clone();
    let floor = judge.floor(&base)?;
    let lessons = lessons(original, lessons_x, options.threads);
    let mut student = Student::new(&base, &lessons);
    let mut best: Option<(f64, IntegerModel)> = None;
    let mut spoiled: Vec<&str> = Vec::new();
    let every = (recipe.steps / recipe.evaluations.max(1)).max(1);
    let mut loss = 0.0;
    for step in 0..recipe.steps {
        let batch: Vec<&Lesson> = (0..recipe.batch)
            .map(|k| &lessons[(step * recipe.batch + k) % lessons.len()])
            .collect();
        loss += student.step(&batch, recipe, step, options.threads) / every as f64;
        if (step + 1) % every != 0 {
            continue;
        }
        let integers = requantized(&base, &student.latent);
        let (figures, worse) = judge.compare(&floor, &integers)?;
        let held = best.as_ref().map_or(floor.whole.same_schedule, |b| b.0);
        let kept = worse.is_empty() && figures.same_schedule >= held;
        spoiled.extend(&worse);
        observe(&FinetuneProgress {
            step: step + 1,
            loss,
            same_decision: figures.same_decision,
            same_schedule: figures.same_schedule,
            worse,
            kept,
        });
        loss = 0.0;
        if kept {
            best = Some((figures.same_schedule, integers));
        }
    }
    match best {
        Some((_, integers)) => quantized.replaced(original, integers, (x, y), options),
        None => {
            spoiled.sort_unstable();
            spoiled.dedup();
            let figures = spoiled.join(", ");
            Ok(quantized.noted(format!(
                "fine-tuning: no state kept every figure of calibration alone, which stays ({figures} fell)"
            )))
        }
    }
}

/// The float copy that is trained.
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
    fn new(base: &'a IntegerModel, lessons: &[Lesson]) -> Self {
        let step = |fraction: u8| 2f32.powi(-i32::from(fraction));
        let x = step(base.x_fraction);
        let latent = dequantize(base);
        let count = flat(&latent).len();
        let output_weight = (0..latent.outputs).map(|o| {
            let values = || {
                lessons
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
    fn step(&mut self, batch: &[&Lesson], recipe: &Finetune, step: usize, threads: usize) -> f64 {
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

/// Weight of the outputs beside the schedule: decisions are few and must not be paid with.
const OUTPUTS: f32 = 10.0;

/// Adds the gradient of one lesson's loss: half the squared error of the outputs in units of their variance, weighed, and
/// half the squared error of the next update in samples, from one sample on linear (Huber), mean over the updates.
fn gradient(model: &FloatModel, grid: Grid, lesson: &Lesson, output_weight: &[f32], to: &mut FloatModel) -> f64 {
    let pass = Pass::forward(model, grid, &lesson.x);
    let mut loss = 0.0;
    let mut d_outputs = Vec::with_capacity(pass.outputs.len());
    let answers = (pass.outputs.len() / model.outputs) as f32;
    for ((own, wanted), weight) in pass
        .outputs
        .iter()
        .zip(&lesson.outputs)
        .zip(output_weight.iter().cycle())
    {
        let (error, weight) = (own - wanted, OUTPUTS * weight / answers);
        loss += 0.5 * f64::from(error * error * weight);
        d_outputs.push(error * weight);
    }
    let updates = pass.gate.len().max(1) as f32;
    let mut d_gate = Vec::with_capacity(pass.gate.len());
    for ((own, wanted), weight) in pass.gate.iter().zip(&lesson.gate).zip(&lesson.weight) {
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
