//! The network: its parameters, forward pass and costs.

use super::CnnConfig;
use crate::Error;
use candle_core::{DType, Device, Result, Tensor, Var};
use float_model::Sequences;
use host_train::philox::{Purpose, Stream};

/// Sequences in one forward pass where none is trained on.
const BATCH: usize = 256;

/// A network with its parameters.
pub struct Cnn {
    pub(super) config: CnnConfig,
    /// Channels (I).
    pub(super) channels: usize,
    /// Classes (O).
    pub(super) classes: usize,
    /// (I): x is used as (x - mean) / std.
    pub(super) mean: Tensor,
    /// (I): the standard deviation of each channel.
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
        let row = |values: &[f32]| Tensor::from_slice(values, channels, &Device::Cpu);
        Ok(Cnn {
            config: config.clone(),
            channels,
            classes,
            mean: row(mean)?,
            std: row(std)?,
            parameters,
        })
    }

    /// Means of the last filters over time, (B, F), of normalised samples (B, T, I).
    pub(super) fn features(&self, x: &Sequences) -> Result<Tensor> {
        self.convolve(tensor(x)?)
    }

    /// A convolution is a matrix product with the patches that its filters see: candle 0.11.1's own has a wrong gradient
    /// (`Tensor::conv1d` takes a kernel that is not contiguous, as its backward pass gives it one, for contiguous).
    fn convolve(&self, mut x: Tensor) -> Result<Tensor> {
        let c = &self.config;
        for (weights, bias) in &self.parameters[..c.layers] {
            let (count, length, width) = x.dims3()?;
            let places = c.places(length);
            let seen = (0..places).flat_map(|p| (0..c.kernel).map(move |k| (p * c.stride + k) as u32));
            let seen = Tensor::from_vec(seen.collect(), places * c.kernel, &Device::Cpu)?;
            let patches = x
                .pad_with_zeros(1, c.kernel / 2, c.kernel / 2)?
                .index_select(&seen, 1)?;
            let patches = patches.reshape((count * places, c.kernel * width))?;
            let filters = weights.permute((2, 1, 0))?.reshape((c.kernel * width, c.filters))?;
            let y = patches.matmul(&filters)?.broadcast_add(bias)?.relu()?;
            x = y.reshape((count, places, c.filters))?;
        }
        x.mean(1)
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
    pub fn decide(&self, x: &Sequences) -> std::result::Result<Vec<u32>, Error> {
        if x.channels != self.channels || !x.lengths.is_empty() {
            let problem = format!("the network takes {} channels and one length", self.channels);
            return Err(Error::input("sequences", problem));
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

/// (B, T, I).
fn tensor(x: &Sequences) -> Result<Tensor> {
    Tensor::from_slice(&x.values, (x.count, x.length, x.channels), &Device::Cpu)
}

#[cfg(test)]
mod tests {
    use super::*;
    use host_train::{DataSource, DatasetConfig};

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let run = DataSource::Dataset(DatasetConfig::default()).default_config();
        for length in [16, 23] {
            let config = CnnConfig::like(&run, 4).unwrap();
            let cnn = Cnn::new(&config, 3, &[0.0; 2], &[1.0; 2]).unwrap();
            let values = (0..5 * length * 2).map(|k| (k as f32 * 0.7).sin()).collect();
            let x = Sequences::new("x", values, 5, length, 2).unwrap();
            let y = Tensor::from_slice(&[0u32, 1, 2, 1, 0], 5, &Device::Cpu).unwrap();
            let loss = || {
                let logits = cnn.classify(&cnn.features(&x).unwrap()).unwrap();
                candle_nn::loss::cross_entropy(&logits, &y).unwrap()
            };
            let gradients = loss().backward().unwrap();
            for (layer, (weights, bias)) in cnn.parameters.iter().enumerate() {
                for var in [weights, bias] {
                    let own: Vec<f32> = gradients.get(var).unwrap().flatten_all().unwrap().to_vec1().unwrap();
                    let at: Vec<f32> = var.flatten_all().unwrap().to_vec1().unwrap();
                    for k in (0..at.len()).step_by(7) {
                        let moved = |by: f32| {
                            let mut values = at.clone();
                            values[k] += by;
                            var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu).unwrap())
                                .unwrap();
                            let loss = loss().to_scalar::<f32>().unwrap();
                            var.set(&Tensor::from_slice(&at, var.shape(), &Device::Cpu).unwrap())
                                .unwrap();
                            loss
                        };
                        let difference = (moved(1e-2) - moved(-1e-2)) / 2e-2;
                        let error = (difference - own[k]).abs();
                        assert!(
                            error < 0.02,
                            "layer {layer}, value {k} of {length} samples: {difference}, {}",
                            own[k]
                        );
                    }
                }
            }
        }
    }
}
