//! One training batch: data, and the random numbers that go with it.

use crate::{
    TrainConfig,
    config::Binarize,
    lesson::Lesson,
    philox::{Purpose, Stream},
};
use dataset::select_both;
use float_model::{Sequences, Targets};
use std::ops::Range;

/// Where the updates of a pass come from; see [`crate::fused::Schedule`].
#[derive(Debug, Clone, PartialEq)]
pub enum Updates {
    /// At every sample.
    Every,
    /// Where ũ_t >= 0.5.
    Gate,
    /// Where ũ_t exceeds the uniform number of (B, T).
    Bernoulli(Vec<f32>),
    /// Where (B, T) says so.
    Imposed(Vec<bool>),
}

/// What a step of training sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// (B, T, I), normalised.
    pub x: Sequences,
    /// B answers.
    pub y: Targets,
    /// Where the updates come from.
    pub updates: Updates,
    /// (B, H): factors on the state that the head reads (dropout): 0 or 1 / (1 - dropout); empty for none.
    pub kept: Vec<f32>,
    /// The dial of each sequence and the λ that belongs to it.
    pub dials: DialDraws,
    /// What a teacher says, where the run has one.
    pub lesson: Option<Lesson>,
}

/// The dials that the sequences of a batch draw in a run with [`Dials`](crate::Dials); empty for other runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DialDraws {
    /// (B): offsets on the gate's pre-activation.
    pub dial: Vec<f32>,
    /// (B): factors on λ.
    pub lambda_factor: Vec<f32>,
}

impl DialDraws {
    /// Draws the dials of the `count` sequences of step `step`.
    pub(crate) fn draw(config: &TrainConfig, step: u64, count: usize) -> Self {
        let Some(range) = config.dials else {
            return DialDraws::default();
        };
        let of_sequence = |n: usize| {
            let uniform = Stream::new(config.seed, Purpose::Dials, step, n as u32).uniform() as f32;
            range.draw(f64::from(uniform))
        };
        let drawn: Vec<f64> = (0..count).map(of_sequence).collect();
        DialDraws {
            dial: drawn.iter().map(|d| *d as f32).collect(),
            lambda_factor: drawn.iter().map(|d| range.lambda_factor(*d) as f32).collect(),
        }
    }
}

impl Batch {
    /// The batch of step `step`; sequence n of it depends on (seed, step, n) alone.
    pub(crate) fn new((x, y): (Sequences, Targets), config: &TrainConfig, step: u64) -> Self {
        let uniforms = |purpose: Purpose, count: usize| -> Vec<f32> {
            let of_sequence = |n: usize| {
                let mut random = Stream::new(config.seed, purpose, step, n as u32);
                (0..count).map(move |_| random.uniform() as f32)
            };
            (0..x.count).flat_map(of_sequence).collect()
        };
        let updates = match (config.p_skip, config.binarize) {
            (Some(p), _) => {
                let draws = uniforms(Purpose::Updates, x.length);
                Updates::Imposed(draws.into_iter().map(|v| f64::from(v) >= p).collect())
            }
            (None, _) if !config.cell.skips() => Updates::Every,
            (None, Binarize::Bernoulli) => Updates::Bernoulli(uniforms(Purpose::Updates, x.length)),
            (None, Binarize::Round) => Updates::Gate,
        };
        let mut kept = Vec::new();
        if config.dropout > 0.0 {
            let scale = (1.0 / (1.0 - config.dropout)) as f32;
            let keep = |v: f32| if f64::from(v) < config.dropout { 0.0 } else { scale };
            kept = uniforms(Purpose::Dropout, config.hidden)
                .into_iter()
                .map(keep)
                .collect();
        }
        let dials = DialDraws::draw(config, step, x.count);
        Batch {
            x,
            y,
            updates,
            kept,
            dials,
            lesson: None,
        }
    }

    /// Some of its sequences.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        let steps = range.start * self.x.length..range.end * self.x.length;
        let hidden = self.kept.len() / self.x.count;
        let dialled = |values: &[f32]| values.get(range.clone()).unwrap_or_default().to_vec();
        let (x, y) = select_both(&self.x, &self.y, &range.clone().collect::<Vec<_>>());
        Batch {
            x,
            y,
            updates: match &self.updates {
                Updates::Bernoulli(v) => Updates::Bernoulli(v[steps].to_vec()),
                Updates::Imposed(u) => Updates::Imposed(u[steps].to_vec()),
                other => other.clone(),
            },
            kept: self.kept[range.start * hidden..range.end * hidden].to_vec(),
            dials: DialDraws {
                dial: dialled(&self.dials.dial),
                lambda_factor: dialled(&self.dials.lambda_factor),
            },
            lesson: self.lesson.as_ref().map(|lesson| {
                let width = lesson.width(self.x.count);
                Lesson {
                    outputs: lesson.outputs[range.start * width..range.end * width].to_vec(),
                    ..lesson.clone()
                }
            }),
        }
    }
}
