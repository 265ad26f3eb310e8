//! Ranges, measured on real sequences.

use crate::{Error, IntegerModel};
use float_model::{Family, FloatModel, Forward, Schedule, Sequences};
use serde::Serialize;

/// What the calibration sequences show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ranges {
    /// Largest |x| after normalisation that the format of x is to hold.
    pub(crate) x: f64,
    /// Largest |x| after normalisation, with room for what a few sequences do not show.
    pub(crate) x_roomy: f64,
    /// Largest |h0|.
    pub(crate) h0: f64,
}

/// Room above the largest |x| of the calibration sequences, which are few, where the weights on it have bits to spare:
/// a bit less of x is a bit less of an i8 weight too, as both share the row's scale.
const HEADROOM: f64 = 2.0;

/// |x| after normalisation, sample by sample.
fn normalised<'a>(model: &'a FloatModel, x: &'a Sequences) -> impl Iterator<Item = f64> + 'a {
    let one = |(k, v): (usize, &f32)| {
        let c = k % x.channels;
        f64::from((v - model.input_mean[c]) / model.input_std[c]).abs()
    };
    x.values.iter().enumerate().map(one)
}

/// Measures the ranges that the formats depend on, and notes channels that never change.
///
/// The format of x is to hold `percentile` percent of the samples. A sensor's full scale bounds it where it is known.
pub(crate) fn ranges(
    model: &FloatModel,
    x: &Sequences,
    percentile: f64,
    notes: &mut Vec<String>,
) -> Result<Ranges, Error> {
    let bad = |problem: String| Error::Data {
        file: "calibration data".into(),
        problem,
    };
    if x.channels != model.input {
        return Err(bad(format!(
            "channels: {} a sample, the model takes {}",
            x.channels, model.input
        )));
    }
    if x.count == 0 || x.length == 0 {
        return Err(bad("is empty; give at least one sequence".into()));
    }
    if !(percentile > 0.0 && percentile <= 100.0) {
        return Err(bad(format!("percentile: {percentile} is not in (0, 100]")));
    }
    for c in 0..x.channels {
        let mut values = x.values.iter().skip(c).step_by(x.channels);
        let first = values.next();
        if x.count * x.length > 1 && values.all(|v| Some(v) == first) {
            notes.push(format!(
                "channel {c} never changes in the calibration data: is its sensor connected?"
            ));
        }
    }
    let mut sizes: Vec<f64> = normalised(model, x).collect();
    let held = ((sizes.len() as f64 * percentile / 100.0).ceil() as usize).clamp(1, sizes.len()) - 1;
    let (_, largest, _) = sizes.select_nth_unstable_by(held, f64::total_cmp);
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
    let reach = reach.unwrap_or(f64::INFINITY);
    Ok(Ranges {
        x: largest.min(reach),
        x_roomy: (HEADROOM * *largest).min(reach),
        h0,
    })
}

/// What the format of a tensor holds, and what the calibration data asked of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TensorRange {
    /// `x`, or `h` or `c` with its layer.
    pub name: String,
    /// Largest magnitude that the format holds.
    pub limit: f64,
    /// Largest magnitude that the float model reached on the calibration sequences.
    pub largest: f64,
    /// Share of its values beyond the limit; the integers saturate there.
    pub clipped: f64,
}

struct Gauge {
    range: TensorRange,
    count: usize,
    beyond: usize,
}

impl Gauge {
    fn new(name: String, limit: f64) -> Self {
        Gauge {
            range: TensorRange {
                name,
                limit,
                largest: 0.0,
                clipped: 0.0,
            },
            count: 0,
            beyond: 0,
        }
    }

    fn see(&mut self, size: f64) {
        self.range.largest = self.range.largest.max(size);
        self.count += 1;
        self.beyond += usize::from(size > self.range.limit);
    }

    fn finish(self) -> TensorRange {
        TensorRange {
            clipped: self.beyond as f64 / self.count.max(1) as f64,
            ..self.range
        }
    }
}

/// The ranges of x, h and c on calibration sequences, against what their formats hold.
pub(crate) fn tensor_ranges(model: &FloatModel, integers: &IntegerModel, sample: &Sequences) -> Vec<TensorRange> {
    let h = model.hidden;
    let format = |fraction: u8| 32_768.0 / f64::from(1u32 << fraction);
    let mut x = Gauge::new("x".into(), format(integers.x_fraction));
    normalised(model, sample).for_each(|size| x.see(size));
    let mut states: Vec<(Gauge, Gauge)> = (0..model.layers.len())
        .map(|k| {
            (
                Gauge::new(format!("h of layer {k}"), format(integers.h_fraction)),
                Gauge::new(format!("c of layer {k}"), 64.0),
            )
        })
        .collect();
    let forward = Forward::new(model);
    for sequence in sample.iter() {
        forward.run_observed(sequence, Schedule::Learned { dial: 0.0 }, |update| {
            for (k, (of_h, of_c)) in states.iter_mut().enumerate() {
                update.h[k * h..][..h].iter().for_each(|v| of_h.see(f64::from(v.abs())));
                let c = update.c.get(k * h..(k + 1) * h).unwrap_or(&[]);
                c.iter().for_each(|v| of_c.see(f64::from(v.abs())));
            }
        });
    }
    let has_c = model.cell.family() == Family::Lstm;
    let states = states
        .into_iter()
        .flat_map(|(of_h, of_c)| [Some(of_h), has_c.then_some(of_c)]);
    std::iter::once(x).chain(states.flatten()).map(Gauge::finish).collect()
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
    fn a_percentile_leaves_outliers_out() {
        let model = crate::tests::model(float_model::Cell::Gru, 2, 4, 1, 3, 0.5);
        let mut x = crate::tests::data(2, 20);
        x.values[7] = 40.0;
        let mut notes = Vec::new();
        let all = ranges(&model, &x, 100.0, &mut notes).unwrap();
        let most = ranges(&model, &x, 99.0, &mut notes).unwrap();
        assert!(all.x > 50.0 && most.x < 5.0, "{all:?} {most:?}");
        assert!(ranges(&model, &x, 0.0, &mut notes).is_err());
        assert!(notes.is_empty());
        let options = crate::Options {
            percentile: 99.0,
            ..crate::Options::default()
        };
        let q = crate::quantize(&model, &x, None, &options).unwrap();
        let of_x = &q.report.tensors[0];
        assert!(
            of_x.largest > of_x.limit && of_x.clipped > 0.0 && of_x.clipped < 0.01,
            "{of_x:?}"
        );
    }

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
