//! Early exit: a network with an output at every step reads until one class is likely enough, and then stops.
//!
//! It reads all samples up to there, so that it saves the end of a sequence; a skip gate saves samples anywhere.

use crate::Error;
use float_model::{FloatModel, Forward, Objective, OutputAt, Sequences, Targets};

/// How a model does at one confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exit {
    /// It stops at the first sample whose likeliest class has at least this probability.
    pub confidence: f64,
    /// Share of right answers; the last sample's answer counts where it was never sure.
    pub accuracy: f64,
    /// Samples read, mean.
    pub samples_mean: f64,
}

/// Judges `model` on (x, labels) at each confidence, on `threads` threads.
///
/// # Errors
/// A model that is no classifier with an output at every step, labels that are no classes, data that does not match it.
pub fn exits(
    model: &FloatModel,
    x: &Sequences,
    y: &Targets,
    confidences: &[f64],
    threads: usize,
) -> Result<Vec<Exit>, Error> {
    let d = &model.description;
    if (d.objective, d.output_at) != (Objective::Classification, OutputAt::Step) {
        let problem = "the model gives no class at every step; train it with labels at every step";
        return Err(Error::usage("model", problem));
    }
    let labels = match y {
        Targets::Labels(labels) => labels.clone(),
        Targets::PerStep { answers, length } => match &**answers {
            Targets::Labels(labels) => labels.iter().skip(length - 1).step_by(*length).copied().collect(),
            _ => return Err(Error::usage("answers", "are no classes")),
        },
        _ => return Err(Error::usage("answers", "are no classes")),
    };
    let outcomes = Forward::new(model).run_all(x, 0.0, threads)?;
    let of = |confidence: f64| {
        let (mut right, mut samples) = (0usize, 0usize);
        for (outcome, label) in outcomes.iter().zip(&labels) {
            let (read, class) = stop(&outcome.output, model.outputs, confidence);
            samples += read;
            right += usize::from(class == *label as usize);
        }
        let count = outcomes.len() as f64;
        Exit {
            confidence,
            accuracy: right as f64 / count,
            samples_mean: samples as f64 / count,
        }
    };
    Ok(confidences.iter().map(|c| of(*c)).collect())
}

/// Samples read, and the class given; `logits` is (T, O).
fn stop(logits: &[f32], outputs: usize, confidence: f64) -> (usize, usize) {
    let mut judged = logits.chunks_exact(outputs).map(likeliest).enumerate();
    let sure = judged.clone().find(|(_, (_, p))| *p >= confidence);
    let (t, (class, _)) = sure.or_else(|| judged.next_back()).unwrap_or_default();
    (t + 1, class)
}

/// The class with the largest logit and its probability.
fn likeliest(logits: &[f32]) -> (usize, f64) {
    let (class, most) =
        logits.iter().enumerate().fold(
            (0, f32::NEG_INFINITY),
            |best, (c, z)| if *z > best.1 { (c, *z) } else { best },
        );
    let sum: f64 = logits.iter().map(|z| f64::from(z - most).exp()).sum();
    (class, 1.0 / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_where_it_is_sure() {
        // Probabilities of class 1: 0.5, 0.73, 0.88, 0.27.
        let logits = [0.0, 0.0, 0.0, 1.0, 0.0, 2.0, 1.0, 0.0];
        assert_eq!(stop(&logits, 2, 0.5), (1, 0));
        assert_eq!(stop(&logits, 2, 0.7), (2, 1));
        assert_eq!(stop(&logits, 2, 0.88), (3, 1));
        assert_eq!(stop(&logits, 2, 0.9), (4, 0), "never sure: the last answer");
    }
}
