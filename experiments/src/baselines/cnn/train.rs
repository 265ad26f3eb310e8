//! The training of a convolutional network.

use super::{Cnn, CnnConfig};
use crate::Error;
use candle_core::{Device, Result, Tensor};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, loss::cross_entropy};
use float_model::{Sequences, Targets};
use host_train::{
    BatchSource, TrainConfig,
    philox::{Purpose, Stream},
};

/// What training gave.
pub struct Trained {
    /// The network with the least validation loss.
    pub cnn: Cnn,
    /// The share of right answers on the validation part.
    pub validation_accuracy: f64,
    /// The mean cross-entropy on the validation part.
    pub validation_loss: f64,
    /// The step with that state.
    pub best_step: u64,
}

/// A part whose answers are classes.
struct Part<'a> {
    x: &'a Sequences,
    labels: &'a [u32],
}

impl<'a> Part<'a> {
    fn of((x, y): &'a (Sequences, Targets)) -> std::result::Result<Self, Error> {
        let Targets::Labels(labels) = y else {
            let problem = "are no classes; the convolutional network takes one class a sequence";
            return Err(Error::input("answers", problem));
        };
        if !x.lengths.is_empty() {
            let problem = "differ; the convolutional network takes sequences of one length";
            return Err(Error::input("lengths", problem));
        }
        Ok(Part { x, labels })
    }

    /// Accuracy and mean cross-entropy.
    fn evaluate(&self, cnn: &Cnn) -> Result<(f64, f64)> {
        let logits = cnn.logits(self.x)?;
        let y = Tensor::from_slice(self.labels, self.labels.len(), &Device::Cpu)?;
        let loss = cross_entropy(&logits, &y)?.to_scalar::<f32>()?;
        let classes: Vec<u32> = logits.argmax(1)?.to_vec1()?;
        let right = classes.iter().zip(self.labels).filter(|(a, b)| a == b).count();
        Ok((right as f64 / self.labels.len() as f64, f64::from(loss)))
    }
}

/// Factors on features (B, F): 0, or 1 / (1 - p).
fn dropout(config: &TrainConfig, step: u64, features: &Tensor) -> Result<Tensor> {
    if config.dropout == 0.0 {
        return Ok(features.clone());
    }
    let mut random = Stream::new(config.seed, Purpose::Dropout, step, 0);
    let scale = (1.0 / (1.0 - config.dropout)) as f32;
    let mut factor = || if random.uniform() < config.dropout { 0.0 } else { scale };
    let factors: Vec<f32> = (0..features.elem_count()).map(|_| factor()).collect();
    features.mul(&Tensor::from_vec(factors, features.shape(), &Device::Cpu)?)
}

/// Reads the data and trains.
///
/// # Errors
/// A bad field, answers that are no classes, sequences of unequal length, a loss that is never a number.
pub fn train(config: &CnnConfig) -> std::result::Result<Trained, Error> {
    config.validate()?;
    fit(config, BatchSource::new(&config.training)?)
}

pub(super) fn fit(config: &CnnConfig, mut batches: BatchSource) -> std::result::Result<Trained, Error> {
    let training = &config.training;
    let cnn = Cnn::new(config, batches.outputs, &batches.mean, &batches.std)?;
    let variables = cnn.parameters.iter().flat_map(|(w, b)| [w.clone(), b.clone()]);
    let settings = ParamsAdamW {
        weight_decay: 0.0,
        ..ParamsAdamW::default()
    };
    let mut adam = AdamW::new(variables.collect(), settings)?;
    let validation = (
        batches.validation.0.all().map_err(host_train::Error::from)?,
        batches.validation.1.clone(),
    );
    let mut best: Option<Trained> = None;
    for step in 1..=training.steps {
        let batch = batches.batch(step - 1)?;
        let batch = Part::of(&batch)?;
        let features = dropout(training, step, &cnn.features(batch.x)?)?;
        let answers = Tensor::from_slice(batch.labels, batch.labels.len(), &Device::Cpu)?;
        let loss = cross_entropy(&cnn.classify(&features)?, &answers)?;
        let factor = training.learning_rate_schedule.factor(step, training.steps);
        adam.set_learning_rate(training.learning_rate * factor);
        adam.backward_step(&loss)?;
        if step.is_multiple_of(training.eval_every) || step == training.steps {
            let (accuracy, loss) = Part::of(&validation)?.evaluate(&cnn)?;
            if best.as_ref().map_or(loss.is_finite(), |b| loss < b.validation_loss) {
                best = Some(Trained {
                    cnn: cnn.copy()?,
                    validation_accuracy: accuracy,
                    validation_loss: loss,
                    best_step: step,
                });
            }
        }
    }
    best.ok_or_else(|| {
        let problem = "the loss was never a number; give a smaller one";
        Error::from(host_train::Error::usage("learning_rate", problem))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dataset::{Dataset, Store};
    use float_model::Channel;
    use host_train::{DataSource, DatasetConfig};

    fn part(count: usize, seed: u64) -> (Sequences, Targets) {
        // Is there a bump among the noise?
        let mut random = Stream::new(seed, Purpose::Training, 0, 0);
        let labels: Vec<u32> = (0..count as u32).map(|n| n % 2).collect();
        let mut values: Vec<f32> = (0..count * 40).map(|_| 0.3 * random.normal() as f32).collect();
        for (n, sequence) in values.chunks_exact_mut(40).enumerate() {
            let at = random.below(34);
            (0..5).filter(|_| n % 2 == 1).for_each(|k| sequence[at + k] += 1.0);
        }
        (
            Sequences::new("x", values, count, 40, 1).unwrap(),
            Targets::Labels(labels),
        )
    }

    fn stored((x, y): (Sequences, Targets)) -> dataset::Part {
        (Store::of(x), y)
    }

    fn data(count: usize) -> Dataset {
        Dataset {
            training: stored(part(count, 1)),
            validation: stored(part(200, 2)),
            channels: vec![Channel {
                name: "a".into(),
                unit: String::new(),
                full_scale: 4.0,
            }],
            class_names: Vec::new(),
            sample_period_s: 0.0,
            outputs: 2,
            mean: vec![0.1],
            std: vec![0.5],
            warnings: Vec::new(),
        }
    }

    fn config() -> CnnConfig {
        let mut run = DataSource::Dataset(DatasetConfig::default()).default_config();
        (run.steps, run.eval_every, run.dropout, run.augment.noise) = (400, 50, 0.1, 0.1);
        CnnConfig {
            layers: 2,
            ..CnnConfig::like(&run, 8).unwrap()
        }
    }

    fn fitted(data: Dataset) -> std::result::Result<Trained, Error> {
        fit(&config(), BatchSource::recorded(&config().training, data)?)
    }

    #[test]
    fn it_learns_to_see_a_bump_and_comes_out_the_same_again() {
        let run = || fitted(data(300)).unwrap();
        let (trained, validation) = (run(), part(200, 2));
        let validation = Part::of(&validation).unwrap();
        let (accuracy, loss) = validation.evaluate(&trained.cnn).unwrap();
        assert!(accuracy > 0.95, "{accuracy}");
        assert_eq!(
            (accuracy, loss),
            (trained.validation_accuracy, trained.validation_loss),
            "the best state is the one that is kept"
        );
        assert_eq!(validation.evaluate(&run().cnn).unwrap(), (accuracy, loss));
        // 40 samples: 20 places of 8 filters of 5, then 10 of 8 filters of 5 by 8; 8 weights a class.
        assert_eq!(trained.cnn.macs(40), 20 * 8 * 5 + 10 * 8 * 40 + 2 * 8);
        assert_eq!(trained.cnn.live_values(40), 20 * 8 + 10 * 8);
        assert_eq!(trained.cnn.parameter_count(), 8 * 5 + 8 + 8 * 40 + 8 + 2 * 8 + 2);
    }

    #[test]
    fn what_it_cannot_take_is_named() {
        let zero = CnnConfig { filters: 0, ..config() };
        assert!(
            zero.validate()
                .unwrap_err()
                .to_string()
                .contains("filters: must be at least 1")
        );
        let mut ragged = data(10);
        ragged.training.0 = Store::of(Sequences::ragged("x", vec![0.0; 400], (10, 40, 1), (31..41).collect()).unwrap());
        let says = |data: Dataset| fitted(data).err().unwrap().to_string();
        assert!(says(ragged).contains("one length"));
        let mut targets = data(10);
        targets.training.1 = Targets::Values {
            values: vec![0.0; 10],
            outputs: 1,
        };
        assert!(says(targets).contains("no classes"));
        let adding = DataSource::Adding { length: 50 }.default_config();
        assert!(CnnConfig::like(&adding, 8).is_err());
    }
}
