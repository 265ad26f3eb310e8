//! A small one-dimensional convolutional network, the usual choice for sensors on microcontrollers.
//!
//! Convolutions over time with stride and ReLU, the mean over what is left of time, and a linear classifier. It reads every
//! sample of a sequence and answers at its end.

use crate::{
    Error,
    dataset::select_both,
    philox::{Purpose, Stream},
};
use candle_core::{D, DType, Device, Result, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use float_model::{Sequences, Targets};

/// A network and how it is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CnnConfig {
    /// Convolutions.
    pub layers: usize,
    /// Filters of each.
    pub filters: usize,
    /// Samples that a filter sees.
    pub kernel: usize,
    /// Samples from one place of a filter to the next.
    pub stride: usize,
    /// Training steps.
    pub steps: u64,
    /// Steps between two looks at the validation part.
    pub eval_every: u64,
    /// Sequences per step.
    pub batch: usize,
    /// Of Adam.
    pub learning_rate: f64,
    /// Of initial weights and of the order of the data.
    pub seed: u64,
}

impl Default for CnnConfig {
    fn default() -> Self {
        CnnConfig {
            layers: 3,
            filters: 16,
            kernel: 5,
            stride: 2,
            steps: 1200,
            eval_every: 50,
            batch: 64,
            learning_rate: 3e-3,
            seed: 1,
        }
    }
}

/// A trained network.
pub struct Cnn {
    config: CnnConfig,
    channels: usize,
    classes: usize,
    /// (weights, bias) of each convolution, then of the classifier.
    parameters: Vec<(Var, Var)>,
}

/// What training gave.
pub struct Trained {
    /// The state with the least validation loss.
    pub cnn: Cnn,
    /// Its share of right answers on the validation part.
    pub validation_accuracy: f64,
    /// The step it was seen at.
    pub best_step: u64,
}

impl Cnn {
    /// Kaiming's uniform initialisation for ReLU, biases 0.
    fn new(config: CnnConfig, channels: usize, classes: usize) -> Result<Self> {
        let mut stream = Stream::new(config.seed, Purpose::Initialisation, 0, 0);
        let mut layer = |size: &[usize]| -> Result<(Var, Var)> {
            let inputs: usize = size[1..].iter().product();
            let bound = (6.0 / inputs as f64).sqrt();
            let count = size.iter().product();
            let values: Vec<f32> = (0..count).map(|_| stream.between(-bound, bound) as f32).collect();
            let weights = Var::from_vec(values, size, &Device::Cpu)?;
            Ok((weights, Var::zeros(size[0], DType::F32, &Device::Cpu)?))
        };
        let mut parameters = Vec::new();
        let mut width = channels;
        for _ in 0..config.layers {
            parameters.push(layer(&[config.filters, width, config.kernel])?);
            width = config.filters;
        }
        parameters.push(layer(&[classes, width])?);
        Ok(Cnn {
            config,
            channels,
            classes,
            parameters,
        })
    }

    /// Logits (B, O) of samples (B, T, I).
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = x.transpose(1, 2)?.contiguous()?;
        let (last, convolutions) = self.parameters.split_last().expect("a classifier is always there");
        for (weights, bias) in convolutions {
            let y = x.conv1d(weights, self.config.kernel / 2, self.config.stride, 1, 1)?;
            x = y.broadcast_add(&bias.reshape((1, (), 1))?)?.relu()?;
        }
        x.mean(D::Minus1)?.matmul(&last.0.t()?)?.broadcast_add(&last.1)
    }

    /// Multiply-accumulates of one sequence of `length` samples.
    pub fn macs(&self, length: usize) -> usize {
        let c = &self.config;
        let (mut width, mut length, mut sum) = (self.channels, length, 0);
        for _ in 0..c.layers {
            length = places(length, c);
            sum += length * c.filters * c.kernel * width;
            width = c.filters;
        }
        sum + self.classes * width
    }

    /// Weights and biases.
    pub fn parameter_count(&self) -> usize {
        self.parameters
            .iter()
            .map(|(w, b)| w.elem_count() + b.elem_count())
            .sum()
    }

    /// Share of right answers, and the mean cross-entropy.
    ///
    /// # Errors
    /// Data of another shape.
    pub fn judge(&self, x: &Sequences, labels: &[u32]) -> Result<(f64, f64)> {
        let logits = self.forward(&tensor(x)?)?;
        let y = Tensor::from_slice(labels, labels.len(), &Device::Cpu)?;
        let loss = candle_nn::loss::cross_entropy(&logits, &y)?.to_scalar::<f32>()?;
        let right = logits.argmax(1)?.eq(&y)?.to_dtype(DType::F64)?.mean_all()?;
        Ok((right.to_scalar()?, f64::from(loss)))
    }

    fn copy(&self) -> Result<Cnn> {
        let var = |v: &Var| Var::from_tensor(&v.as_tensor().copy()?);
        let parameters = self.parameters.iter().map(|(w, b)| Ok((var(w)?, var(b)?)));
        Ok(Cnn {
            parameters: parameters.collect::<Result<_>>()?,
            ..*self
        })
    }
}

/// Places of a filter along `length` samples, with half a filter of zeros at either end: at least one.
fn places(length: usize, c: &CnnConfig) -> usize {
    (length + 2 * (c.kernel / 2) - c.kernel) / c.stride + 1
}

fn tensor(x: &Sequences) -> Result<Tensor> {
    Tensor::from_slice(&x.values, (x.count, x.length, x.channels), &Device::Cpu)
}

fn labels<'a>(y: &'a Targets, field: &str) -> std::result::Result<&'a [u32], Error> {
    match y {
        Targets::Labels(labels) => Ok(labels),
        _ => Err(Error::usage(
            field,
            "the convolutional rival takes one class a sequence",
        )),
    }
}

/// Trains on normalised sequences and keeps the state with the least loss on the validation part.
///
/// # Errors
/// Answers that are no classes, a size of 0, a loss that is never a number.
pub fn train(
    config: CnnConfig,
    training: &(Sequences, Targets),
    validation: &(Sequences, Targets),
    classes: usize,
) -> std::result::Result<Trained, Error> {
    let sizes = [
        config.filters,
        config.kernel,
        config.stride,
        config.batch,
        config.steps as usize,
    ];
    if sizes.contains(&0) || config.eval_every == 0 {
        return Err(Error::usage("cnn", "a size is 0; give at least 1"));
    }
    let (x, y) = training;
    labels(y, "training answers")?;
    let judged = labels(&validation.1, "validation answers")?;
    let cnn = Cnn::new(config, x.channels, classes)?;
    let variables = cnn
        .parameters
        .iter()
        .flat_map(|(w, b)| [w.clone(), b.clone()])
        .collect();
    let settings = ParamsAdamW {
        lr: config.learning_rate,
        weight_decay: 0.0,
        ..ParamsAdamW::default()
    };
    let mut adam = AdamW::new(variables, settings)?;
    let mut best: Option<(f64, Trained)> = None;
    let mut order: Vec<usize> = (0..x.count).collect();
    let mut position = order.len();
    let mut epoch = 0;
    for step in 1..=config.steps {
        let mut batch = Vec::with_capacity(config.batch);
        while batch.len() < config.batch {
            if position == order.len() {
                Stream::new(config.seed, Purpose::Shuffle, epoch, 0).shuffle(&mut order);
                (position, epoch) = (0, epoch + 1);
            }
            batch.push(order[position]);
            position += 1;
        }
        let (bx, by) = select_both(x, y, &batch);
        let answers = Tensor::from_slice(labels(&by, "training answers")?, batch.len(), &Device::Cpu)?;
        let loss = candle_nn::loss::cross_entropy(&cnn.forward(&tensor(&bx)?)?, &answers)?;
        adam.backward_step(&loss)?;
        if step.is_multiple_of(config.eval_every) || step == config.steps {
            let (accuracy, loss) = cnn.judge(&validation.0, judged)?;
            if best.as_ref().is_none_or(|(least, _)| loss < *least) {
                let trained = Trained {
                    cnn: cnn.copy()?,
                    validation_accuracy: accuracy,
                    best_step: step,
                };
                best = Some((loss, trained));
            }
        }
    }
    let nothing = || Error::usage("learning_rate", "the loss was never a number; give a smaller one");
    best.map(|(_, trained)| trained).ok_or_else(nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(count: usize, seed: u64) -> (Sequences, Targets) {
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

    #[test]
    fn it_learns_to_see_a_bump_and_comes_out_the_same_again() {
        let config = CnnConfig {
            steps: 400,
            filters: 8,
            layers: 2,
            ..CnnConfig::default()
        };
        let (training, validation) = (data(300, 1), data(200, 2));
        let run = || train(config, &training, &validation, 2).unwrap();
        let trained = run();
        let Targets::Labels(answers) = &validation.1 else {
            panic!("classes")
        };
        let (accuracy, loss) = trained.cnn.judge(&validation.0, answers).unwrap();
        assert!(accuracy > 0.95, "{accuracy}");
        assert_eq!(
            accuracy, trained.validation_accuracy,
            "the best state is the one that is kept"
        );
        assert_eq!(run().cnn.judge(&validation.0, answers).unwrap(), (accuracy, loss));
        // 40 samples: 20 places of 8 filters of 5, then 10 of 8 filters of 5 by 8; 8 weights a class.
        assert_eq!(trained.cnn.macs(40), 20 * 8 * 5 + 10 * 8 * 40 + 2 * 8);
        assert_eq!(trained.cnn.parameter_count(), 8 * 5 + 8 + 8 * 40 + 8 + 2 * 8 + 2);
    }

    #[test]
    fn bad_sizes_are_named() {
        let (training, validation) = (data(10, 1), data(10, 2));
        let says = |config: CnnConfig| train(config, &training, &validation, 2).err().unwrap().to_string();
        let zero = CnnConfig {
            filters: 0,
            ..CnnConfig::default()
        };
        assert!(says(zero).contains("is 0"));
    }
}
