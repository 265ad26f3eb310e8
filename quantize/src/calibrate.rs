//! Ranges, measured on real sequences.

use crate::Error;
use float_model::{FloatModel, Sequences};

/// What the calibration sequences show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ranges {
    /// Largest |x| after normalisation that the format of x is to hold.
    pub(crate) x: f64,
    /// Largest |h0|.
    pub(crate) h0: f64,
}

/// Room above the largest |x| of the calibration sequences, which are few: one bit of sixteen. A sensor's full scale
/// bounds it where it is known.
const HEADROOM: f64 = 2.0;

/// Measures the ranges that the formats depend on.
pub(crate) fn ranges(model: &FloatModel, x: &Sequences) -> Result<Ranges, Error> {
    if x.channels != model.input {
        return Err(Error::Data {
            file: "calibration data".into(),
            problem: format!("{} channels a sample, the model takes {}", x.channels, model.input),
        });
    }
    let scale = |(k, v): (usize, &f32)| {
        let c = k % x.channels;
        f64::from((v - model.input_mean[c]) / model.input_std[c]).abs()
    };
    let largest = x.values.iter().enumerate().map(scale).fold(0.0, f64::max);
    let h0 = model
        .layers
        .iter()
        .flat_map(|l| &l.h0)
        .fold(0.0f64, |m, v| m.max(f64::from(v.abs())));
    let reach = model
        .description
        .channels
        .iter()
        .zip(model.input_mean.iter().zip(&model.input_std));
    let reach = reach
        .map(|(c, (mean, std))| f64::from((c.full_scale + mean.abs()) / std))
        .reduce(f64::max);
    Ok(Ranges {
        x: (HEADROOM * largest).min(reach.unwrap_or(f64::INFINITY)),
        h0,
    })
}

/// Fractional bits, at most 15 and at least `least`, that hold a magnitude; a magnitude of exactly a power of two
/// saturates by one step, which costs less than a bit.
pub(crate) fn fraction_bits(magnitude: f64, least: u8) -> u8 {
    let whole = magnitude.max(1e-9).log2().ceil().max(0.0) as i32;
    (15 - whole).clamp(i32::from(least), 15) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions() {
        for (magnitude, bits) in [
            (0.0, 15),
            (0.3, 15),
            (1.0, 15),
            (1.01, 14),
            (2.0, 14),
            (7.9, 12),
            (1e9, 8),
        ] {
            assert_eq!(fraction_bits(magnitude, 8), bits, "{magnitude}");
        }
        assert_eq!(fraction_bits(4.5, 13), 13);
    }
}
