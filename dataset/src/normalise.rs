//! What of a channel's values training and the 16-bit input need: mean, standard deviation, full scale.

use crate::{
    Error, Store,
    strays::{Usual, stride},
};

/// The smallest power of two that is at least `largest`; 1 for 0.
pub(crate) fn covering_power_of_two(largest: f32) -> f32 {
    if largest == 0.0 {
        return 1.0;
    }
    let mut power = f64::from(largest).log2().ceil().exp2();
    if power < f64::from(largest) {
        power *= 2.0;
    }
    (power as f32).clamp(f32::MIN_POSITIVE, f32::MAX)
}

/// What one pass over a part says of its channels, one entry each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statistics {
    /// Means.
    pub(crate) mean: Vec<f32>,
    /// Standard deviations; 1 for a constant channel.
    pub(crate) std: Vec<f32>,
    /// Smallest values.
    pub(crate) least: Vec<f32>,
    /// Largest values.
    pub(crate) most: Vec<f32>,
    /// Channels of which all values are the same, as far as f32 tells.
    pub(crate) constant: Vec<usize>,
    /// What was found of values absurdly far from the others where the samples stay in their file, a line a channel; others are looked
    /// at when they are read.
    pub(crate) strays: Vec<String>,
}

/// Count, means and sums of squared distances from the means, of the values so far.
#[derive(Default, Clone)]
struct Moments {
    count: f64,
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl Moments {
    /// Moments of one block of samples (B, I), by two passes over it.
    fn of(block: &[f32], channels: usize) -> Self {
        let count = (block.len() / channels) as f64;
        let mut mean = vec![0.0; channels];
        for sample in block.chunks_exact(channels) {
            sample.iter().zip(&mut mean).for_each(|(v, m)| *m += f64::from(*v));
        }
        mean.iter_mut().for_each(|m| *m /= count);
        let mut square = vec![0.0; channels];
        for sample in block.chunks_exact(channels) {
            for ((v, m), s) in sample.iter().zip(&mean).zip(&mut square) {
                *s += (f64::from(*v) - m).powi(2);
            }
        }
        Moments { count, mean, square }
    }

    /// Adds other values (Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for computing sample variances, 1979).
    fn add(&mut self, other: &Moments) {
        if self.count == 0.0 {
            *self = other.clone();
            return;
        }
        let all = self.count + other.count;
        let mine = self.mean.iter_mut().zip(&mut self.square);
        for ((mean, square), (m, s)) in mine.zip(other.mean.iter().zip(&other.square)) {
            let apart = m - *mean;
            *mean += apart * other.count / all;
            *square += s + apart * apart * self.count * other.count / all;
        }
        self.count = all;
    }
}

/// Statistics of every channel over all samples, in one pass, in f64.
///
/// # Errors
/// Samples that cannot be read.
pub(crate) fn statistics(x: &Store) -> Result<Statistics, Error> {
    let channels = x.channels();
    let mut moments = Moments::default();
    let (mut least, mut most) = (vec![f32::INFINITY; channels], vec![f32::NEG_INFINITY; channels]);
    let step = stride(x.samples(), channels);
    let (mut some, mut next) = (vec![Vec::new(); channels], 0);
    x.visit(|block| {
        moments.add(&Moments::of(block, channels));
        if x.is_in_file() {
            let samples = block.len() / channels;
            while next < samples {
                let sample = &block[next * channels..][..channels];
                some.iter_mut().zip(sample).for_each(|(list, v)| list.push(*v));
                next += step;
            }
            next -= samples;
        }
        for sample in block.chunks_exact(channels) {
            for ((v, least), most) in sample.iter().zip(&mut least).zip(&mut most) {
                (*least, *most) = (least.min(*v), most.max(*v));
            }
        }
    })?;
    let mut constant = Vec::new();
    let std = moments
        .square
        .iter()
        .zip(&moments.mean)
        .enumerate()
        .map(|(k, (square, mean))| {
            let std = (square / moments.count).sqrt();
            // Below the resolution of f32 around the mean, a channel is constant.
            if std <= f64::from(f32::EPSILON) * mean.abs() || (std as f32) < f32::MIN_POSITIVE {
                constant.push(k);
                return 1.0;
            }
            std as f32
        });
    let usual: Vec<Option<Usual>> = some.iter_mut().map(|list| Usual::of(list)).collect();
    Ok(Statistics {
        strays: strays_in_file(x, &usual, &least, &most)?,
        std: std.collect(),
        mean: moments.mean.iter().map(|m| *m as f32).collect(),
        least,
        most,
        constant,
    })
}

/// Counts stray values in a second pass, where the first one met any.
fn strays_in_file(x: &Store, usual: &[Option<Usual>], least: &[f32], most: &[f32]) -> Result<Vec<String>, Error> {
    let channels = usual.len();
    let far: Vec<(usize, Usual)> = usual
        .iter()
        .enumerate()
        .filter_map(|(k, usual)| Some((k, (*usual)?)))
        .filter(|(k, usual)| usual.is_far(least[*k]) || usual.is_far(most[*k]))
        .collect();
    if far.is_empty() {
        return Ok(Vec::new());
    }
    let mut counts = vec![0; far.len()];
    x.visit(|block| {
        for sample in block.chunks_exact(channels) {
            for ((k, usual), count) in far.iter().zip(&mut counts) {
                *count += usize::from(usual.is_far(sample[*k]));
            }
        }
    })?;
    let all = x.samples();
    let few = far.iter().zip(counts).filter(|(_, count)| Usual::are_few(*count, all));
    Ok(few
        .map(|((k, usual), count)| {
            let range = format!("they reach from {:e} to {:e}", least[*k], most[*k]);
            usual.warning(&k.to_string(), (count, all), &range)
        })
        .collect())
}

impl Statistics {
    /// What should be known of the training part.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.strays.iter().cloned().chain(self.constant_channels()).collect()
    }

    /// Says which channels are constant, in one line.
    fn constant_channels(&self) -> Option<String> {
        let list: Vec<String> = self.constant.iter().map(usize::to_string).collect();
        match &list[..] {
            [] => None,
            [one] => Some(format!(
                "channel {one} is constant in the training part; its std counts as 1"
            )),
            many => Some(format!(
                "channels {} are constant in the training part; their std counts as 1",
                many.join(", ")
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use float_model::Sequences;

    #[test]
    fn full_scale_covers() {
        for (largest, power) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (1.1, 2.0),
            (0.3, 0.5),
            (8.0, 8.0),
            (8.000_001, 16.0),
        ] {
            assert_eq!(covering_power_of_two(largest), power);
        }
    }

    #[test]
    fn constant_channels_are_warned_of_in_one_line() {
        let x = Sequences::new("x", vec![1.0, 5.0, 3.0, 5.0, 1.0, 5.0, 3.0, 5.0], 2, 2, 2).unwrap();
        let found = statistics(&Store::of(x)).unwrap();
        assert_eq!((&found.mean, &found.std), (&vec![2.0, 5.0], &vec![1.0, 1.0]));
        assert_eq!((&found.least, &found.most), (&vec![1.0, 5.0], &vec![3.0, 5.0]));
        assert!(found.constant_channels().unwrap().starts_with("channel 1 is constant"));
        let silent = Sequences::new("x", vec![0.0; 16 * 4], 2, 2, 16).unwrap();
        let warning = statistics(&Store::of(silent)).unwrap().constant_channels().unwrap();
        assert!(
            warning.starts_with("channels 0, 1, 2,") && warning.contains("15 are constant"),
            "{warning}"
        );
    }

    #[test]
    fn one_pass_is_as_good_as_two_far_from_zero() {
        // A slow ramp of small steps on a large offset, in many blocks.
        let values: Vec<f32> = (0..400_000).map(|k| 4096.0 + (k % 977) as f32 / 1024.0).collect();
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / 400_000.0;
        let square = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>();
        let std = (square / 400_000.0).sqrt();
        let x = Store::of(Sequences::new("x", values, 4, 100_000, 1).unwrap());
        let found = statistics(&x).unwrap();
        assert_eq!((found.mean[0], found.std[0]), (mean as f32, std as f32));
    }
}
