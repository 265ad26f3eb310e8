//! The network: its parameters, forward pass and costs.

use super::CnnConfig;
use crate::philox::{Purpose, Stream};
use candle_core::{D, DType, Device, Result, Tensor, Var};
use float_model::Sequences;

/// Sequences in one forward pass where none is trained on.
const BATCH: usize = 256;

/// A network with its parameters.
pub struct Cnn {
    pub(super) config: CnnConfig,
    /// I.
    pub(super) channels: usize,
    /// O.
    pub(super) classes: usize,
    /// (I, 1): x is used as (x - mean) / std.
    pub(super) mean: Tensor,
    /// See `mean`.
    pub(super) std: Tensor,
    /// (weights, bias) of each convolution, (F, C, K) and (F), then of the classifier, (O, F) and (O).
    pub(super) parameters: Vec<(Var, Var)>,
}

impl Cnn {
    /// Kaiming's uniform initialisation for ReLU, biases 0.
    pub(super) fn new(config: &CnnConfig, classes: usize, mean: &[f32], std: &[f32]) -> Result<Self> {
        let channels = mean.len();
        let mut stream = Stream::new(config.training.seed, Purpose::Initialisation, 0, 0);
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
        let column = |values: &[f32]| Tensor::from_slice(values, (channels, 1), &Device::Cpu);
        Ok(Cnn {
            config: config.clone(),
            channels,
            classes,
            mean: column(mean)?,
            std: column(std)?,
            parameters,
        })
    }

    /// Means of the last filters over time, (B, F), of normalised samples (B, T, I).
    pub(super) fn features(&self, x: &Sequences) -> Result<Tensor> {
        self.convolve(tensor(x)?)
    }

    fn convolve(&self, mut x: Tensor) -> Result<Tensor> {
        for (weights, bias) in &self.parameters[..self.config.layers] {
            let y = x
                .contiguous()?
                .conv1d(weights, self.config.kernel / 2, self.config.stride, 1, 1)?;
            x = y.broadcast_add(&bias.reshape((1, (), 1))?)?.relu()?;
        }
        x.mean(D::Minus1)
    }

    /// Logits (B, O) of features (B, F).
    pub(super) fn classify(&self, features: &Tensor) -> Result<Tensor> {
        let (weights, bias) = &self.parameters[self.config.layers];
        features.matmul(&weights.t()?)?.broadcast_add(bias)
    }

    /// Logits of each sequence, (N, O), in sensor units.
    pub(super) fn logits(&self, x: &Sequences) -> Result<Tensor> {
        let starts = (0..x.count).step_by(BATCH);
        let batches = starts.map(|start| {
            let part = x.select(start..(start + BATCH).min(x.count));
            let normalised = tensor(&part)?.broadcast_sub(&self.mean)?.broadcast_div(&self.std)?;
            self.classify(&self.convolve(normalised)?)
        });
        Tensor::cat(&batches.collect::<Result<Vec<_>>>()?, 0)
    }

    /// The class of each sequence; samples are in the units of the sensor.
    ///
    /// # Errors
    /// Sequences of another shape.
    pub fn decide(&self, x: &Sequences) -> std::result::Result<Vec<u32>, crate::Error> {
        if x.channels != self.channels || !x.lengths.is_empty() {
            let problem = format!("the network takes {} channels and one length", self.channels);
            return Err(crate::Error::usage("sequences", problem));
        }
        Ok(self.logits(x)?.argmax(1)?.to_vec1()?)
    }

    /// Multiply-accumulates of one sequence of `length` samples.
    pub fn macs(&self, length: usize) -> usize {
        let c = &self.config;
        let (mut width, mut length, mut sum) = (self.channels, length, 0);
        for _ in 0..c.layers {
            length = c.places(length);
            sum += length * c.filters * c.kernel * width;
            width = c.filters;
        }
        sum + self.classes * width
    }

    /// Values that live at the same time, at most, while one sequence of `length` samples is read layer by layer: the
    /// inputs and outputs of one layer.
    pub fn live_values(&self, length: usize) -> usize {
        let c = &self.config;
        let (mut width, mut length, mut most) = (self.channels, length, 0);
        for _ in 0..c.layers {
            let next = c.places(length);
            most = most.max(length * width + next * c.filters);
            (width, length) = (c.filters, next);
        }
        most
    }

    /// Weights and biases.
    pub fn parameter_count(&self) -> usize {
        self.parameters
            .iter()
            .map(|(w, b)| w.elem_count() + b.elem_count())
            .sum()
    }

    pub(super) fn copy(&self) -> Result<Cnn> {
        let var = |v: &Var| Var::from_tensor(&v.as_tensor().copy()?);
        let parameters = self.parameters.iter().map(|(w, b)| Ok((var(w)?, var(b)?)));
        Ok(Cnn {
            parameters: parameters.collect::<Result<_>>()?,
            config: self.config.clone(),
            mean: self.mean.clone(),
            std: self.std.clone(),
            ..*self
        })
    }
}

/// (B, I, T).
fn tensor(x: &Sequences) -> Result<Tensor> {
    Tensor::from_slice(&x.values, (x.count, x.length, x.channels), &Device::Cpu)?.transpose(1, 2)
}
