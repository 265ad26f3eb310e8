//! Tensors of a safetensors file, and their values as f32.

use safetensors::{Dtype, SafeTensors};

/// A tensor as it lies in the file.
pub(super) struct Tensor<'a> {
    /// The name in the file.
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    dtype: Dtype,
    data: &'a [u8],
}

/// All tensors of a file, by name.
pub(super) fn all<'a>(file: &SafeTensors<'a>) -> Vec<Tensor<'a>> {
    let mut tensors: Vec<Tensor<'a>> = file
        .iter()
        .map(|(name, view)| Tensor {
            name: name.to_owned(),
            shape: view.shape().to_vec(),
            dtype: view.dtype(),
            data: view.data(),
        })
        .collect();
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    tensors
}

impl Tensor<'_> {
    /// The shape as messages show it, for example `(32, 8)`.
    pub(super) fn shown_shape(&self) -> String {
        shown(&self.shape)
    }

    /// The shape, where every axis has at least one entry, so that no axis is longer than the file.
    ///
    /// # Errors
    /// What is wrong with the tensor.
    pub(super) fn dimensions(&self) -> Result<&[usize], String> {
        match self.shape.contains(&0) {
            true => Err(format!("has shape {} and no values", self.shown_shape())),
            false => Ok(&self.shape),
        }
    }

    /// The type of its values where it is not f32.
    pub(super) fn other_type(&self) -> Option<String> {
        (self.dtype != Dtype::F32).then(|| format!("{:?}", self.dtype).to_lowercase())
    }

    /// The values, rounded to f32 where they are f64, f16 or bf16.
    ///
    /// # Errors
    /// Values of another type, or that are not finite.
    pub(super) fn values(&self) -> Result<Vec<f32>, String> {
        let values: Vec<f32> = match self.dtype {
            Dtype::F32 => self.numbers(f32::from_le_bytes),
            Dtype::F64 => self.numbers(|b| f64::from_le_bytes(b) as f32),
            Dtype::F16 => self.numbers(|b| half::f16::from_le_bytes(b).to_f32()),
            Dtype::BF16 => self.numbers(|b| half::bf16::from_le_bytes(b).to_f32()),
            other => return Err(format!("is {other:?}; convert it to f32 before saving")),
        };
        match values.iter().position(|v| !v.is_finite()) {
            Some(k) => Err(not_finite(k, values[k])),
            None => Ok(values),
        }
    }

    fn numbers<const BYTES: usize>(&self, number: impl Fn([u8; BYTES]) -> f32) -> Vec<f32> {
        let (whole, _) = self.data.as_chunks::<BYTES>();
        whole.iter().map(|bytes| number(*bytes)).collect()
    }
}

/// What is wrong with value `k` of a tensor.
pub(crate) fn not_finite(k: usize, value: f32) -> String {
    format!("value {k} is {value}; retrain or repair the file")
}

/// A shape as messages show it.
pub(super) fn shown(shape: &[usize]) -> String {
    let axes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("({})", axes.join(", "))
}
