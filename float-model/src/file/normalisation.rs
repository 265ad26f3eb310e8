//! Batch normalisations of a state dict: where they stand, and what they are folded into.

use super::tensors::Tensor;
use crate::{Affine, FloatModel, printable};

/// What PyTorch adds to a variance where a module names no other number; a state dict does not hold it.
const EPSILON: f64 = 1e-5;

/// A batch normalisation (`nn.BatchNorm1d`): a scale and an offset for each feature, once it is trained.
pub(super) struct Normalisation<'a> {
    mean: &'a Tensor<'a>,
    variance: &'a Tensor<'a>,
    weight: Option<&'a Tensor<'a>>,
    bias: Option<&'a Tensor<'a>>,
}

impl<'a> Normalisation<'a> {
    /// A module with these tensors, by the last parts of their names; `None` where it is no whole batch normalisation.
    pub(super) fn of(parts: &[(&str, &'a Tensor<'a>)]) -> Option<Self> {
        const LEAVES: [&str; 5] = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
        let part = |name: &str| parts.iter().find(|(leaf, _)| *leaf == name).map(|(_, t)| *t);
        let known = parts.iter().all(|(leaf, _)| LEAVES.contains(leaf));
        let [weight, bias] = ["weight", "bias"].map(part);
        (known && weight.is_some() == bias.is_some()).then_some(Normalisation {
            mean: part("running_mean")?,
            variance: part("running_var")?,
            weight,
            bias,
        })
    }

    fn tensors(&self) -> impl Iterator<Item = &'a Tensor<'a>> {
        [Some(self.mean), Some(self.variance), self.weight, self.bias]
            .into_iter()
            .flatten()
    }

    /// The names of its tensors.
    fn names(&self) -> String {
        self.tensors()
            .map(|t| printable(&t.name))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Folds it into the model, and says so.
    ///
    /// # Errors
    /// Tensors of unequal shapes, a place that the file does not tell, or values that cannot be used.
    pub(super) fn fold(&self, model: &mut FloatModel) -> Result<String, String> {
        let names = self.names();
        let [features] = self.mean.dimensions().map_err(|p| format!("{names}: {p}"))? else {
            return Err(format!(
                "{names}: has shape {}; one axis is needed",
                self.mean.shown_shape()
            ));
        };
        if let Some(other) = self.tensors().find(|t| t.shape != self.mean.shape) {
            let (other, shape) = (printable(&other.name), other.shown_shape());
            return Err(format!(
                "{other}: has shape {shape}; {} is needed",
                self.mean.shown_shape()
            ));
        }
        let places = [
            (model.input, "the inputs"),
            (model.hidden, "the hidden units"),
            (model.outputs, "the outputs"),
        ];
        let fits: Vec<&str> = places
            .iter()
            .filter(|(n, _)| n == features)
            .map(|(_, what)| *what)
            .collect();
        if fits.len() > 1 {
            return Err(format!(
                "{names}: not used here; a normalisation of {features} features may stand at {}, and the tensors do not tell which; \
                 export the model to ONNX, which tells, or fold it before saving",
                fits.join(" or at ")
            ));
        }
        let affine = self.affine().map_err(|p| format!("{names}: {p}"))?;
        let assumed = "with the epsilon of 1e-5 that PyTorch has unless told otherwise";
        match fits[..] {
            ["the inputs"] => {
                model.fold_before_input(&affine);
                Ok(format!("{names}: folded into input.mean and input.std, {assumed}"))
            }
            ["the hidden units"] if model.layers.len() == 1 => {
                model.fold_before_head(&affine);
                Ok(format!(
                    "{names}: folded into the head, as a normalisation of the last h, {assumed}"
                ))
            }
            ["the hidden units"] => Err(format!(
                "{names}: not used here; with several layers a normalisation of the hidden units may stand above any of them; export \
                 the model to ONNX, which tells where"
            )),
            _ => Err(format!(
                "{names}: not used here; a normalisation of {features} features fits neither the {} inputs nor the {} hidden units",
                model.input, model.hidden
            )),
        }
    }

    fn affine(&self) -> Result<Affine, String> {
        let read =
            |t: &Tensor<'_>| -> Result<Vec<f64>, String> { Ok(t.values()?.into_iter().map(f64::from).collect()) };
        let variance = read(self.variance)?;
        if let Some(k) = variance.iter().position(|v| *v < 0.0) {
            return Err(format!(
                "the variance of feature {k} is {}; repair the file",
                variance[k]
            ));
        }
        let [weight, bias] = [self.weight, self.bias].map(|t| t.map(read).transpose());
        let (weight, bias) = (weight?, bias?);
        Ok(Affine::of_batch_norm(
            [&read(self.mean)?, &variance],
            [weight.as_deref(), bias.as_deref()],
            EPSILON,
        ))
    }
}
