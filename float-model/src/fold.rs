//! Scales and offsets before the first layer and before the head, taken into the parameters, so that the outputs stay the same.

use crate::FloatModel;

/// y = scale · x + offset, one of each a feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Affine {
    /// Factor of each feature.
    pub scale: Vec<f64>,
    /// What is added to each feature.
    pub offset: Vec<f64>,
}

impl Affine {
    /// What changes nothing.
    #[must_use]
    pub fn identity(features: usize) -> Self {
        Affine {
            scale: vec![1.0; features],
            offset: vec![0.0; features],
        }
    }

    /// (x - mean) / std.
    #[must_use]
    pub fn of_mean_and_std(mean: &[f64], std: &[f64]) -> Self {
        let scale: Vec<f64> = std.iter().map(|s| 1.0 / s).collect();
        Affine {
            offset: mean.iter().zip(&scale).map(|(m, s)| -m * s).collect(),
            scale,
        }
    }

    /// A batch normalisation as it is used after the training: weight · (x - mean) / √(variance + epsilon) + bias.
    #[must_use]
    pub fn of_batch_norm([mean, variance]: [&[f64]; 2], [weight, bias]: [Option<&[f64]>; 2], epsilon: f64) -> Self {
        let std: Vec<f64> = variance.iter().map(|v| (v + epsilon).sqrt()).collect();
        let mut affine = Self::of_mean_and_std(mean, &std);
        if let Some(weight) = weight {
            let features = affine.scale.iter_mut().zip(&mut affine.offset).zip(weight);
            features.for_each(|((scale, offset), w)| (*scale, *offset) = (*scale * w, *offset * w));
        }
        if let Some(bias) = bias {
            affine.offset.iter_mut().zip(bias).for_each(|(offset, b)| *offset += b);
        }
        affine
    }

    /// First this, then `next`.
    #[must_use]
    pub fn then(&self, next: &Affine) -> Self {
        let features = next.scale.iter().zip(&next.offset);
        Affine {
            scale: self.scale.iter().zip(&next.scale).map(|(a, b)| a * b).collect(),
            offset: self.offset.iter().zip(features).map(|(o, (s, t))| o * s + t).collect(),
        }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.scale.iter().all(|s| *s == 1.0) && self.offset.iter().all(|o| *o == 0.0)
    }

    /// W · (scale · x + offset) = W' · x + b: changes a matrix (R, features) to W' and adds b to a vector (R).
    pub fn into_matrix(&self, weight: &mut [f32], bias: &mut [f32]) {
        for (row, bias) in weight.chunks_exact_mut(self.scale.len()).zip(bias) {
            let offset: f64 = row.iter().zip(&self.offset).map(|(w, o)| f64::from(*w) * o).sum();
            *bias = (f64::from(*bias) + offset) as f32;
            row.iter_mut()
                .zip(&self.scale)
                .for_each(|(w, s)| *w = (f64::from(*w) * s) as f32);
        }
    }
}

impl FloatModel {
    /// Puts `affine` (I features) before all that the model does with its samples: mean and standard deviation of its inputs, and,
    /// for a feature whose factor is not above zero, which no standard deviation has, the weights of the first layer.
    pub fn fold_before_input(&mut self, affine: &Affine) {
        let own: [Vec<f64>; 2] = [&self.input_mean, &self.input_std].map(|v| v.iter().map(|x| f64::from(*x)).collect());
        let all = affine.then(&Affine::of_mean_and_std(&own[0], &own[1]));
        let mut rest = Affine::identity(self.input);
        for k in 0..self.input {
            let (scale, offset) = (all.scale[k], all.offset[k]);
            (self.input_mean[k], self.input_std[k]) = if scale == 0.0 {
                (rest.scale[k], rest.offset[k]) = (0.0, offset);
                (0.0, 1.0)
            } else {
                // scale · x + offset = ±(x - mean) / std
                rest.scale[k] = scale.signum();
                ((-offset / scale) as f32, (1.0 / scale.abs()) as f32)
            };
        }
        self.fold_into_layer(0, &rest);
    }

    /// Puts `affine` before layer `k`, on what it takes: the inputs for layer 0, after their mean and standard deviation, else the
    /// hidden states of the layer below.
    pub fn fold_into_layer(&mut self, k: usize, affine: &Affine) {
        if affine.is_identity() {
            return;
        }
        let layer = &mut self.layers[k];
        affine.into_matrix(&mut layer.weight_ih, &mut layer.bias_ih);
    }

    /// Puts `affine` (H features) between the top layer's h and the head.
    pub fn fold_before_head(&mut self, affine: &Affine) {
        affine.into_matrix(&mut self.head.weight, &mut self.head.bias);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cell, Forward, Schedule, tests::small};

    fn outputs(model: &FloatModel, x: &[f32]) -> Vec<f32> {
        Forward::new(model).run(x, Schedule::Learned { dial: 0.0 }).output
    }

    fn near(a: &[f32], b: &[f32]) {
        let largest = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(a.len() == b.len() && largest < 1e-5, "{a:?} {b:?}");
    }

    #[test]
    fn what_is_folded_before_the_inputs_is_what_was_computed_before() {
        let x = [0.3, -1.0, 1.5, 0.25, -0.5, 2.0];
        for cell in [Cell::Lstm, Cell::Gru] {
            for (scale, offset) in [
                ([2.0, 0.5], [1.0, -3.0]),
                ([-2.0, 0.0], [0.5, 0.75]),
                ([0.0, -0.1], [0.0, 4.0]),
            ] {
                let affine = Affine {
                    scale: scale.to_vec(),
                    offset: offset.to_vec(),
                };
                let before = |(k, v): (usize, &f32)| (f64::from(*v) * scale[k % 2] + offset[k % 2]) as f32;
                let scaled: Vec<f32> = x.iter().enumerate().map(before).collect();
                let original = small(cell);
                let mut folded = original.clone();
                folded.fold_before_input(&affine);
                folded.validate("model").unwrap();
                near(&outputs(&folded, &x), &outputs(&original, &scaled));
            }
        }
    }

    #[test]
    fn a_batch_normalisation_is_its_formula() {
        let affine = Affine::of_batch_norm(
            [&[1.0, 2.0], &[4.0, 0.25]],
            [Some(&[3.0, -1.0]), Some(&[0.5, 0.0])],
            0.0,
        );
        let of = |x: f64, k: usize| affine.scale[k] * x + affine.offset[k];
        assert_eq!([of(5.0, 0), of(3.0, 1)], [3.0 * 4.0 / 2.0 + 0.5, -2.0]);
        let twice = affine.then(&affine);
        assert_eq!(twice.scale[1] * 3.0 + twice.offset[1], of(of(3.0, 1), 1));
        assert!(Affine::identity(3).is_identity() && !affine.is_identity());
    }
}
