//! How uncertain a metric is that was measured on a few sequences.

use crate::{Error, Metric, Objective, Targets};

/// Parts of the sequences, one of which at a time is left out.
const PARTS: usize = 50;

impl Metric {
    /// The standard error of [`Metric::of`] over sequences drawn at random: how far the metric on other sequences of the same kind
    /// typically lies from it. `None` for fewer than two sequences.
    ///
    /// Accuracy with one answer a sequence: binomial, after Agresti and Coull (The American Statistician 52, 1998), so that 4 right
    /// ones of 4 are not certain. Others: the jackknife over up to 50 parts of the sequences (Efron, The Jackknife, the Bootstrap
    /// and Other Resampling Plans, 1982). Sequences that resemble each other, such as windows of one recording, know less than
    /// their number says: the figure is a lower bound then.
    ///
    /// # Errors
    /// As [`Metric::of`].
    pub fn standard_error(
        file: &str,
        objective: Objective,
        outputs: &[Vec<f32>],
        targets: &Targets,
    ) -> Result<Option<f64>, Error> {
        let count = outputs.len();
        let metric = Metric::of(file, objective, outputs, targets)?;
        if count < 2 {
            return Ok(None);
        }
        if let (Metric::Accuracy(share), Targets::Labels(_)) = (metric, targets) {
            return Ok(Some(binomial(share, count)));
        }
        let parts = PARTS.min(count);
        let without = |part: usize| {
            let kept: Vec<usize> = (0..count).filter(|n| n % parts != part).collect();
            let outputs: Vec<Vec<f32>> = kept.iter().map(|n| outputs[*n].clone()).collect();
            // A label that holds in this part alone leaves nothing to rank.
            Metric::of(file, objective, &outputs, &targets.select(kept))
                .ok()
                .map(Metric::value)
        };
        let values: Vec<f64> = (0..parts).filter_map(without).collect();
        if values.len() < 2 {
            return Ok(None);
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        Ok(Some(((n - 1.0) / n * squares).sqrt()))
    }

    /// Whether a standard error of this metric is worth a word: more than a point of accuracy or precision, or a tenth of a mean
    /// squared error.
    pub fn is_uncertain(self, standard_error: f64) -> bool {
        match self {
            Metric::Mse(mse) => standard_error > 0.1 * mse,
            Metric::Accuracy(_) | Metric::MeanAveragePrecision(_) => standard_error > 0.01,
        }
    }
}

/// A standard error with two significant digits, as it is told.
pub fn rounded(standard_error: f64) -> String {
    if !(standard_error.is_finite() && standard_error > 0.0) {
        return standard_error.to_string();
    }
    let digits = (1.0 - standard_error.log10().floor()).clamp(0.0, 12.0) as usize;
    format!("{standard_error:.digits$}")
}

/// The standard error of a share of `count` trials, with two successes and two failures added to them.
fn binomial(share: f64, count: usize) -> f64 {
    let n = count as f64 + 4.0;
    let p = (share * count as f64 + 2.0) / n;
    (p * (1.0 - p) / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_right_ones_of_four_are_not_certain() {
        let of = |count: usize| {
            let outputs = vec![vec![1.0, 0.0]; count];
            let y = Targets::Labels(vec![0; count]);
            Metric::standard_error("y", Objective::Classification, &outputs, &y).unwrap()
        };
        // (4 + 2) / 8 = 0.75; sqrt(0.75 · 0.25 / 8).
        assert!((of(4).unwrap() - 0.153_093).abs() < 1e-6);
        assert!(of(10_000).unwrap() < 2e-4);
        assert_eq!(of(1), None);
    }

    #[test]
    fn the_jackknife_of_a_mean_is_its_standard_error() {
        let errors = [0.0f32, 1.0, 2.0, 3.0, 1.5];
        let outputs: Vec<Vec<f32>> = errors.iter().map(|e| vec![*e]).collect();
        let y = Targets::Values {
            values: vec![0.0; 5],
            outputs: 1,
        };
        let found = Metric::standard_error("y", Objective::Regression, &outputs, &y).unwrap();
        let squares: Vec<f64> = errors.iter().map(|e| f64::from(e * e)).collect();
        let mean = squares.iter().sum::<f64>() / 5.0;
        let variance = squares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / 4.0;
        assert!((found.unwrap() - (variance / 5.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_label_that_holds_once_does_not_end_the_jackknife() {
        let outputs = vec![vec![0.9], vec![0.5], vec![0.7], vec![0.1]];
        let y = |values: Vec<f32>| Targets::Multilabel { values, outputs: 1 };
        let once = Metric::standard_error("y", Objective::Multilabel, &outputs, &y(vec![1.0, 0.0, 0.0, 0.0]));
        assert!(once.unwrap().is_some());
        let never = Metric::standard_error("y", Objective::Multilabel, &outputs, &y(vec![0.0; 4]));
        assert!(never.is_err());
    }

    #[test]
    fn two_digits_are_told() {
        let told = [0.2165, 0.0123, 4.56e-5, 12.3, 0.0].map(rounded);
        assert_eq!(told, ["0.22", "0.012", "0.000046", "12", "0"]);
    }

    #[test]
    fn a_point_of_accuracy_is_worth_a_word() {
        assert!(Metric::Accuracy(0.9).is_uncertain(0.02) && !Metric::Accuracy(0.9).is_uncertain(0.005));
        assert!(Metric::Mse(1e-3).is_uncertain(2e-4) && !Metric::Mse(1e-3).is_uncertain(5e-5));
    }
}
