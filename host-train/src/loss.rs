//! The loss: that of the task, plus λ times that of the budget (Campos et al., ICLR 2018, section 3.2).
//!
//! Where a teacher's outputs are learned too, the task loss is a mean of both ([`crate::Distill`]).
//!
//! In training it is a candle tensor, so that gradients flow back from it (`of_batch`); evaluation takes the same
//! formulas in f64.

use crate::{Budget, Error, lesson::Lesson};
use candle_core::Tensor;
use candle_nn::ops::log_softmax;
use float_model::Targets;

/// What the updates of a batch cost: the budget's part of the loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UpdateCost {
    /// How the number of updates is charged.
    pub budget: Budget,
    /// λ: the weight of the budget loss, of this step.
    pub lambda: f64,
    /// Bound on |dL/du_t| of one sequence ([`TrainConfig::decision_clip`](crate::TrainConfig::decision_clip)).
    pub decision_clip: Option<f64>,
}

impl UpdateCost {
    /// The bound on |dL/du_t|, L being the mean loss of `count` sequences.
    pub(crate) fn decision_bound(&self, count: usize) -> Option<f64> {
        self.decision_clip.map(|most| most / count as f64)
    }
}

/// The loss of one batch; all are scalars.
pub(crate) struct BatchLoss {
    /// Task loss plus budget loss.
    pub(crate) total: Tensor,
    /// The budget loss, λ included, mean over the batch.
    pub(crate) budget: Tensor,
    /// Updates per sequence, mean.
    pub(crate) updates_mean: Tensor,
}

/// The loss of a batch: task loss + λ · mean over the sequences of (λ factor · budget loss). With a lesson of weight w the task
/// loss is (1 - w) · [`task_loss`] + w · [`lesson_loss`].
///
/// `outputs` are as for [`task_loss`]; `updates` is Σ_t u_t of every sequence, (B); `lambda_factors`, (B) or empty, are those of
/// the sequences' dials.
pub(crate) fn of_batch(
    outputs: &Tensor,
    updates: &Tensor,
    y: &Targets,
    lesson: Option<&Lesson>,
    lambda_factors: &[f32],
    cost: UpdateCost,
) -> Result<BatchLoss, Error> {
    let task = match lesson {
        None => task_loss(outputs, y)?,
        Some(lesson) => {
            let weight = lesson.distill.weight;
            let taught = lesson_loss(outputs, y, lesson)?.affine(weight, 0.0)?;
            (task_loss(outputs, y)?.affine(1.0 - weight, 0.0)? + taught)?
        }
    };
    let updates_mean = updates.mean(0)?;
    let costs = budget_loss(cost.budget, updates)?;
    let costs = match lambda_factors {
        [] => costs,
        factors => (&costs * Tensor::from_slice(factors, factors.len(), costs.device())?.to_dtype(costs.dtype())?)?,
    };
    let budget = costs.mean(0)?.affine(cost.lambda, 0.0)?;
    Ok(BatchLoss {
        total: (&task + &budget)?,
        budget,
        updates_mean,
    })
}

/// The loss without λ of every sequence, (B); `updates` is Σ_t u_t of every sequence, (B).
fn budget_loss(budget: Budget, updates: &Tensor) -> candle_core::Result<Tensor> {
    match budget {
        Budget::Cost => Ok(updates.clone()),
        Budget::L1(target) => updates.affine(1.0, -target)?.abs(),
        Budget::L2(target) => updates.affine(1.0, -target)?.sqr(),
    }
}

/// The loss without the budget; `outputs` is (B, O), or (B·T, O) for answers at every step.
pub(crate) fn task_loss(outputs: &Tensor, y: &Targets) -> Result<Tensor, Error> {
    let (rows, width) = outputs.dims2()?;
    let wanted =
        |values: &[f32]| Tensor::from_slice(values, (rows, width), outputs.device())?.to_dtype(outputs.dtype());
    Ok(match y.answers() {
        Targets::Values { values, .. } => (outputs - wanted(values)?)?.sqr()?.mean_all()?.affine(0.5, 0.0)?,
        Targets::Multilabel { values, .. } => flag_loss(outputs, &wanted(values)?)?.mean_all()?,
        Targets::Labels(labels) => {
            let labels = Tensor::from_slice(labels, rows, outputs.device())?;
            candle_nn::loss::cross_entropy(outputs, &labels)?
        }
        Targets::PerStep { .. } => return Err(Error::usage("targets", "answers of steps hold no further steps")),
    })
}

/// The loss against what the teacher says of the same rows ([`crate::Distill`]); `outputs` as for [`task_loss`]. It is 0 where the
/// network says what the teacher says.
pub(crate) fn lesson_loss(outputs: &Tensor, y: &Targets, lesson: &Lesson) -> Result<Tensor, Error> {
    let (rows, width) = outputs.dims2()?;
    let known = lesson.places.len();
    let places: Vec<u32> = (0..width as u32).collect();
    let own = match lesson.places == places {
        true => outputs.clone(),
        false => outputs.index_select(&Tensor::from_slice(&lesson.places, known, outputs.device())?, 1)?,
    };
    let said = Tensor::from_slice(&lesson.outputs, (rows, known), outputs.device())?.to_dtype(outputs.dtype())?;
    if let Targets::Values { .. } = y.answers() {
        return Ok((own - said)?.sqr()?.mean_all()?.affine(0.5, 0.0)?);
    }
    let t = lesson.distill.temperature;
    let (own, said) = (own.affine(1.0 / t, 0.0)?, said.affine(1.0 / t, 0.0)?);
    let divergence = match y.answers() {
        Targets::Multilabel { .. } => {
            let flags = candle_nn::ops::sigmoid(&said)?;
            (flag_loss(&own, &flags)? - flag_loss(&said, &flags)?)?.mean_all()?
        }
        _ => {
            let (own, said) = (log_softmax(&own, 1)?, log_softmax(&said, 1)?);
            (said.exp()? * (said - own)?)?
                .sum_all()?
                .affine(1.0 / rows as f64, 0.0)?
        }
    };
    Ok(divergence.affine(t * t, 0.0)?)
}

/// -p ln σ(z) - (1 - p) ln(1 - σ(z)) of each logit, as max(z, 0) - z·p + ln(1 + e^-|z|): finite for every logit z.
fn flag_loss(z: &Tensor, p: &Tensor) -> candle_core::Result<Tensor> {
    let tail = (z.abs()?.neg()?.exp()? + 1.0)?.log()?;
    (z.relu()? - (z * p)?)? + tail
}

/// -ln softmax(logits)[label].
pub(crate) fn cross_entropy(logits: &[f32], label: u32) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|l| f64::from(l - largest).exp()).sum();
    sum.ln() - f64::from(logits[label as usize] - largest)
}

/// -y ln σ(z) - (1 - y) ln(1 - σ(z)).
pub(crate) fn binary_cross_entropy(z: f64, y: f32) -> f64 {
    z.max(0.0) - z * f64::from(y) + (-z.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Distill;
    use candle_core::{Device, Var};

    /// Loss and gradient for sequences of 3 and 7 updates.
    fn of(text: &str) -> (f64, Vec<f64>) {
        let updates = Var::new(&[3.0f64, 7.0], &Device::Cpu).unwrap();
        let losses = budget_loss(text.parse().unwrap(), updates.as_tensor()).unwrap();
        let loss = losses.mean(0).unwrap();
        let store = loss.backward().unwrap();
        let gradient = store.get(updates.as_tensor()).unwrap().to_vec1().unwrap();
        (loss.to_scalar().unwrap(), gradient)
    }

    #[test]
    fn budget_losses_by_hand() {
        assert_eq!(of("cost"), (5.0, vec![0.5, 0.5]));
        assert_eq!(of("l1:6"), (2.0, vec![-0.5, 0.5]));
        assert_eq!(of("l2:4"), (5.0, vec![-1.0, 3.0]));
    }

    /// Against the formulas with logarithms, at logits where those are still exact.
    #[test]
    fn task_losses_by_hand() {
        let outputs = Tensor::from_slice(&[0.5f32, -2.0, 1.0, 0.0], (2, 2), &Device::Cpu).unwrap();
        let of = |y: Targets| task_loss(&outputs, &y).unwrap().to_scalar::<f32>().unwrap();
        let sigmoid = |z: f32| 1.0 / (1.0 + (-z).exp());
        let flags = Targets::Multilabel {
            values: vec![1.0, 0.0, 0.0, 1.0],
            outputs: 2,
        };
        let terms = [sigmoid(0.5), 1.0 - sigmoid(-2.0), 1.0 - sigmoid(1.0), sigmoid(0.0)];
        let expected = -terms.map(f32::ln).iter().sum::<f32>() / 4.0;
        assert!((of(flags.clone()) - expected).abs() < 1e-6);
        // The same rows as the two steps of one sequence.
        let steps = Targets::PerStep {
            answers: Box::new(flags),
            length: 2,
        };
        assert!((of(steps) - expected).abs() < 1e-6);
        let far = Tensor::from_slice(&[200.0f32, -200.0], (1, 2), &Device::Cpu).unwrap();
        let wrong = Targets::Multilabel {
            values: vec![0.0, 1.0],
            outputs: 2,
        };
        assert_eq!(task_loss(&far, &wrong).unwrap().to_scalar::<f32>().unwrap(), 200.0);
    }

    /// A teacher of two outputs, which belong to the third and the first of the network's three.
    fn lesson(outputs: &[f32], temperature: f64) -> Lesson {
        Lesson {
            outputs: outputs.to_vec(),
            places: vec![2, 0],
            distill: Distill {
                temperature,
                weight: 0.25,
            },
        }
    }

    /// Two rows of each kind of answer.
    fn kinds() -> [Targets; 3] {
        let values = vec![1.0, 0.0, 0.0, 1.0, 1.0, 0.0];
        [
            Targets::Labels(vec![1, 2]),
            Targets::Multilabel {
                values: values.clone(),
                outputs: 3,
            },
            Targets::Values { values, outputs: 3 },
        ]
    }

    #[test]
    fn lessons_by_hand() {
        let z = [0.5f64, -2.0, 1.0, 0.0, 3.0, -1.0];
        let said = [[0.25f64, -1.0], [2.0, 0.5]];
        let t = 2.0f64;
        let outputs = Tensor::from_slice(&z, (2, 3), &Device::Cpu).unwrap();
        let lesson = lesson(&[0.25, -1.0, 2.0, 0.5], t);
        let rows = |of: &dyn Fn([f64; 2], [f64; 2]) -> f64| -> f64 {
            (0..2).map(|n| of(said[n], [z[3 * n + 2], z[3 * n]])).sum::<f64>() / 2.0
        };
        let softmax = |v: [f64; 2]| v.map(|a| (a / t).exp() / v.iter().map(|b| (b / t).exp()).sum::<f64>());
        let sigmoid = |v: f64| 1.0 / (1.0 + (-v / t).exp());
        let term = |p: f64, q: f64| p * (p / q).ln();
        let classes = rows(&|teacher, own| {
            let (p, q) = (softmax(teacher), softmax(own));
            t * t * (term(p[0], q[0]) + term(p[1], q[1]))
        });
        let labels = rows(&|teacher, own| {
            let of = |k: usize| {
                let (p, q) = (sigmoid(teacher[k]), sigmoid(own[k]));
                term(p, q) + term(1.0 - p, 1.0 - q)
            };
            t * t * (of(0) + of(1)) / 2.0
        });
        let values = rows(&|teacher, own| 0.5 * ((teacher[0] - own[0]).powi(2) + (teacher[1] - own[1]).powi(2)) / 2.0);
        for (y, expected) in kinds().into_iter().zip([classes, labels, values]) {
            let found = lesson_loss(&outputs, &y, &lesson).unwrap().to_scalar::<f64>().unwrap();
            assert!((found - expected).abs() < 1e-12, "{y:?}: {found} {expected}");
            let same = Lesson {
                outputs: z.map(|v| v as f32).to_vec(),
                places: vec![0, 1, 2],
                ..lesson.clone()
            };
            let found = lesson_loss(&outputs, &y, &same).unwrap().to_scalar::<f64>().unwrap();
            assert!(found.abs() < 1e-15, "{y:?}: {found} where both say the same");
        }
    }

    /// The gradient of the whole loss, teacher's share included, against central differences in f64.
    #[test]
    fn the_gradient_of_a_lesson_is_that_of_finite_differences() {
        let z = [0.5f64, -2.0, 1.0, 0.3, 3.0, -1.0];
        let cost = UpdateCost {
            budget: Budget::Cost,
            lambda: 0.1,
            decision_clip: None,
        };
        for temperature in [0.5, 1.0, 4.0] {
            let lesson = lesson(&[0.25, -1.0, 2.0, 0.5], temperature);
            for y in kinds() {
                let updates = Tensor::from_slice(&[3.0f64, 7.0], 2, &Device::Cpu).unwrap();
                let loss = |z: &Tensor| of_batch(z, &updates, &y, Some(&lesson), &[], cost).unwrap().total;
                let variable = Var::from_slice(&z, (2, 3), &Device::Cpu).unwrap();
                let store = loss(variable.as_tensor()).backward().unwrap();
                let gradient = store.get(variable.as_tensor()).unwrap().flatten_all().unwrap();
                for (k, found) in gradient.to_vec1::<f64>().unwrap().into_iter().enumerate() {
                    let at = |step: f64| {
                        let mut moved = z;
                        moved[k] += step;
                        let moved = Tensor::from_slice(&moved, (2, 3), &Device::Cpu).unwrap();
                        loss(&moved).to_scalar::<f64>().unwrap()
                    };
                    let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
                    assert!(
                        (found - expected).abs() < 1e-8,
                        "{y:?} {temperature} {k}: {found} {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn cross_entropy_by_hand() {
        assert!((cross_entropy(&[0.0, 0.0], 1) - 2f64.ln()).abs() < 1e-12);
        assert!((cross_entropy(&[1000.0, 0.0], 1) - 1000.0).abs() < 1e-9);
        assert!((binary_cross_entropy(0.5, 1.0) - (1.0 + (-0.5f64).exp()).ln()).abs() < 1e-12);
        assert_eq!(binary_cross_entropy(1000.0, 0.0), 1000.0);
    }
}
