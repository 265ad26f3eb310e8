//! Named tensors of a file, and their values as f32.

use safetensors::{Dtype, SafeTensors};
use std::borrow::Cow;

/// The number format of a tensor, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// 32-bit floats.
    F32,
    /// 64-bit floats.
    F64,
    /// 16-bit floats of IEEE 754.
    F16,
    /// The upper half of 32-bit floats.
    BF16,
    /// Integers, truth values and others, of which no parameter is.
    Other(&'static str),
}

/// A tensor as a file holds it: its name, its shape, and the bytes of its values, the last axis side by side.
#[derive(Debug, Clone)]
pub struct Tensor<'a> {
    /// The name in the file.
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    numbers: Numbers,
    data: Cow<'a, [u8]>,
}

impl<'a> Tensor<'a> {
    /// A tensor whose bytes were read from a file. Bytes that are fewer or more than the shape says are refused when the tensor is
    /// used.
    pub fn new(name: String, shape: Vec<usize>, numbers: Numbers, data: impl Into<Cow<'a, [u8]>>) -> Self {
        Tensor {
            name,
            shape,
            numbers,
            data: data.into(),
        }
    }
}

/// All tensors of a file, by name.
pub(super) fn all<'a>(file: &SafeTensors<'a>) -> Vec<Tensor<'a>> {
    let mut tensors: Vec<Tensor<'a>> = file
        .iter()
        .map(|(name, view)| {
            let numbers = numbers(view.dtype());
            Tensor::new(name.to_owned(), view.shape().to_vec(), numbers, view.data())
        })
        .collect();
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    tensors
}

fn numbers(dtype: Dtype) -> Numbers {
    match dtype {
        Dtype::F32 => Numbers::F32,
        Dtype::F64 => Numbers::F64,
        Dtype::F16 => Numbers::F16,
        Dtype::BF16 => Numbers::BF16,
        Dtype::BOOL => Numbers::Other("bool"),
        Dtype::I8 | Dtype::I16 | Dtype::I32 | Dtype::I64 => Numbers::Other("signed integers"),
        Dtype::U8 | Dtype::U16 | Dtype::U32 | Dtype::U64 => Numbers::Other("unsigned integers"),
        _ => Numbers::Other("numbers of 8 bits or fewer"),
    }
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
        (self.numbers != Numbers::F32).then(|| format!("{:?}", self.numbers).to_lowercase())
    }

    /// The values, rounded to f32 where they are f64, f16 or bf16.
    ///
    /// # Errors
    /// Values of another type, or that are not finite.
    pub(super) fn values(&self) -> Result<Vec<f32>, String> {
        let values: Vec<f32> = match self.numbers {
            Numbers::F32 => self.each(f32::from_le_bytes),
            Numbers::F64 => self.each(|b| f64::from_le_bytes(b) as f32),
            Numbers::F16 => self.each(|b| half::f16::from_le_bytes(b).to_f32()),
            Numbers::BF16 => self.each(|b| half::bf16::from_le_bytes(b).to_f32()),
            Numbers::Other(what) => return Err(format!("holds {what}; convert it to f32 before saving")),
        };
        let count = self.shape.iter().try_fold(1usize, |all, n| all.checked_mul(*n));
        if count != Some(values.len()) {
            let shape = self.shown_shape();
            return Err(format!("has shape {shape}, but {} values; save it again", values.len()));
        }
        match values.iter().position(|v| !v.is_finite()) {
            Some(k) => Err(not_finite(k, values[k])),
            None => Ok(values),
        }
    }

    fn each<const BYTES: usize>(&self, number: impl Fn([u8; BYTES]) -> f32) -> Vec<f32> {
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
