//! Early exit: a network with an output at every step reads until one class is likely enough, and then stops.
//!
//! It reads all samples up to there, so that it saves the end of a sequence; a skip gate saves samples anywhere.

use crate::Error;
use float_model::{FloatModel, Forward, Objective, OutputAt, Sequences};

/// What a model does at one confidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Exit {
    /// It stops at the first sample whose likeliest class has at least this probability.
    pub confidence: f64,
    /// (N): samples read of each sequence.
    pub read: Vec<u32>,
    /// (N): the class given; that of the last sample where no class was ever likely enough.
    pub classes: Vec<u32>,
}

/// Runs `model` over sequences and stops it at each confidence, on `threads` threads.
///
/// # Errors
/// A model that is no classifier with an output at every step, data that does not match it.
pub fn exits(model: &FloatModel, x: &Sequences, confidences: &[f64], threads: usize) -> Result<Vec<Exit>, Error> {
    let d = &model.description;
    if (d.objective, d.output_at) != (Objective::Classification, OutputAt::Step) {
        let problem = "gives no class at every step; train it with --output-at step";
        return Err(Error::input("the model", problem));
    }
    let outcomes = Forward::new(model).run_all(x, 0.0, threads)?;
    let at = |confidence: f64| {
        let stops = outcomes.iter().map(|o| stop(&o.output, model.outputs, confidence));
        let (read, classes) = stops.map(|(read, class)| (read as u32, class as u32)).unzip();
        Exit {
            confidence,
            read,
            classes,
        }
    };
    Ok(confidences.iter().map(|c| at(*c)).collect())
}

/// Samples read, and the class given; `logits` is (T, O).
fn stop(logits: &[f32], outputs: usize, confidence: f64) -> (usize, usize) {
    let mut answers = logits.chunks_exact(outputs).map(likeliest).enumerate();
    let certain = answers.clone().find(|(_, (_, p))| *p >= confidence);
    let (t, (class, _)) = certain.or_else(|| answers.next_back()).unwrap_or_default();
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
    fn it_stops_where_one_class_is_likely_enough() {
        // Probabilities of class 1: 0.5, 0.73, 0.88, 0.27.
        let logits = [0.0, 0.0, 0.0, 1.0, 0.0, 2.0, 1.0, 0.0];
        assert_eq!(stop(&logits, 2, 0.5), (1, 0));
        assert_eq!(stop(&logits, 2, 0.7), (2, 1));
        assert_eq!(stop(&logits, 2, 0.88), (3, 1));
        assert_eq!(stop(&logits, 2, 0.9), (4, 0), "never likely enough: the last answer");
    }
}
