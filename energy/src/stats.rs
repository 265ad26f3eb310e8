//! Median, mean and a bootstrap interval.

use serde::Serialize;

/// The middle of a set of figures, and how far it is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Median.
    pub median: f64,
    /// Mean.
    pub mean: f64,
    /// Lower end of the 95 % bootstrap interval of the mean; null for a single figure.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

const RESAMPLES: usize = 2000;
const SEED: u64 = 0x5eed_0000_0000_0001;

impl Estimate {
    /// Median, mean and the percentile bootstrap of the mean: 2000 resamples with replacement from a fixed seed, so
    /// that the same trace gives the same interval. The mean is what a battery pays. `None` for no figures.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (median, mean) = (median(&sorted), mean(values));
        if values.len() == 1 {
            return Some(Self {
                median,
                mean,
                low: None,
                high: None,
            });
        }
        let mut random = SplitMix(SEED);
        let mut means: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                (0..values.len())
                    .map(|_| values[random.below(values.len())])
                    .sum::<f64>()
                    / values.len() as f64
            })
            .collect();
        means.sort_by(f64::total_cmp);
        let tail = RESAMPLES / 40;
        Some(Self {
            median,
            mean,
            low: Some(means[tail]),
            high: Some(means[RESAMPLES - 1 - tail]),
        })
    }

    /// Every figure divided.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let scale = |x: Option<f64>| x.map(|x| x * factor);
        Self {
            median: self.median * factor,
            mean: self.mean * factor,
            low: scale(self.low),
            high: scale(self.high),
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The median of a sorted list that is not empty.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        0.5 * (sorted[middle - 1] + sorted[middle])
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): enough for a bootstrap, and the same on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`, by the high half of a product.
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_figures() {
        assert_eq!(Estimate::of(&[]), None);
        let one = Estimate::of(&[3.0]).unwrap();
        assert_eq!((one.median, one.mean, one.low, one.high), (3.0, 3.0, None, None));
        assert_eq!(Estimate::of(&[4.0, 1.0, 2.0, 3.0]).unwrap().median, 2.5);
    }

    #[test]
    fn the_bootstrap_interval_is_that_of_the_normal_approximation_for_many_figures() {
        // Mean 0.5, standard deviation sqrt(1/12), 1200 figures: 0.5 +- 1.96 * 0.00833.
        let values: Vec<f64> = (0..1200).map(|i| (f64::from(i) + 0.5) / 1200.0).collect();
        let e = Estimate::of(&values).unwrap();
        let half = 1.96 * (1.0_f64 / 12.0 / 1200.0).sqrt();
        assert!((e.low.unwrap() - (0.5 - half)).abs() < 0.1 * half);
        assert!((e.high.unwrap() - (0.5 + half)).abs() < 0.1 * half);
        assert_eq!(Estimate::of(&values), Some(e));
    }
}
