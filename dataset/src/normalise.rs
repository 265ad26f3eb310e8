//! What of a channel's values training and the 16-bit input need: mean, standard deviation, full scale.

use float_model::Sequences;

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

/// Mean and standard deviation of every channel over all samples, padding aside, in f64.
pub(crate) fn normalisation(x: &Sequences, warnings: &mut Vec<String>) -> (Vec<f32>, Vec<f32>) {
    let channel = |k: usize| {
        let values = || {
            x.iter()
                .flat_map(|s| s.iter().skip(k).step_by(x.channels))
                .map(|v| f64::from(*v))
        };
        let n = x.samples() as f64;
        let mean = values().sum::<f64>() / n;
        let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        // Below the resolution of f32 around the mean, a channel is constant.
        let std = variance.sqrt();
        if std <= f64::from(f32::EPSILON) * mean.abs() || (std as f32) < f32::MIN_POSITIVE {
            warnings.push(format!(
                "channel {k} is constant in the training part; its std counts as 1"
            ));
            return (mean as f32, 1.0);
        }
        (mean as f32, std as f32)
    };
    (0..x.channels).map(channel).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_constant_channel_is_warned_of() {
        let x = Sequences::new("x", vec![1.0, 5.0, 3.0, 5.0, 1.0, 5.0, 3.0, 5.0], 2, 2, 2).unwrap();
        let mut warnings = Vec::new();
        let (mean, std) = normalisation(&x, &mut warnings);
        assert_eq!((mean, std), (vec![2.0, 5.0], vec![1.0, 1.0]));
        assert!(warnings.len() == 1 && warnings[0].contains("channel 1"));
    }
}
