//! The two generated tasks of Campos et al., ICLR 2018: frequency discrimination (appendix A.1) and adding (4.1).

use crate::philox::{Purpose, Stream};
use float_model::{Sequences, Targets};

/// Length of a frequency signal in seconds.
const SIGNAL_S: f64 = 0.1;

/// Samples per sequence of the frequency task: 100 ms over the sample period, rounded.
pub fn frequency_length(sample_period_s: f64) -> usize {
    (SIGNAL_S / sample_period_s).round() as usize
}

/// A stratified batch of sine waves: odd sequences have a period of 5 to 6 ms (label 1), even ones any other period
/// from 1 to 100 ms (label 0).
///
/// x_t = sin(2π (t·T_s + φ) / T), φ uniform in [0, T). Sequence n depends on (seed, purpose, step, n) alone.
pub fn frequency(sample_period_s: f64, count: usize, seed: u64, purpose: Purpose, step: u64) -> (Sequences, Targets) {
    let length = frequency_length(sample_period_s);
    let sample_period_ms = sample_period_s * 1e3;
    let mut values = Vec::with_capacity(count * length);
    let mut labels = Vec::with_capacity(count);
    for n in 0..count {
        let mut random = Stream::new(seed, purpose, step, n as u32);
        let label = (n % 2) as u32;
        let period_ms = frequency_period_ms(&mut random, label);
        let shift_ms = random.between(0.0, period_ms);
        let angle = |t: usize| std::f64::consts::TAU * (t as f64 * sample_period_ms + shift_ms) / period_ms;
        values.extend((0..length).map(|t| angle(t).sin() as f32));
        labels.push(label);
    }
    let sequences = Sequences {
        values,
        count,
        length,
        channels: 1,
        lengths: Vec::new(),
    };
    (sequences, Targets::Labels(labels))
}

/// A period in ms: U(5, 6) for label 1, U over (1, 5) ∪ (6, 100) for label 0.
fn frequency_period_ms(random: &mut Stream, label: u32) -> f64 {
    if label == 1 {
        return random.between(5.0, 6.0);
    }
    let r = random.between(0.0, 4.0 + 94.0);
    if r < 4.0 { 1.0 + r } else { 2.0 + r }
}

/// A batch of adding sequences: channel 0 is the value, U(-0.5, 0.5), channel 1 the marker, 1 at two samples.
///
/// One marker is uniform among the first tenth of the samples (at least one), the second among the last half; the
/// target is the sum of the two marked values. Sequence n depends on (seed, purpose, step, n) alone.
pub fn adding(length: usize, count: usize, seed: u64, purpose: Purpose, step: u64) -> (Sequences, Targets) {
    let mut values = Vec::with_capacity(count * length * 2);
    let mut sums = Vec::with_capacity(count);
    for n in 0..count {
        let mut random = Stream::new(seed, purpose, step, n as u32);
        let half = length / 2;
        let first = random.below((length / 10).max(1));
        let second = length - half + random.below(half);
        let mut sum = 0.0;
        for t in 0..length {
            let value = random.between(-0.5, 0.5) as f32;
            let marked = t == first || t == second;
            if marked {
                sum += value;
            }
            values.extend([value, f32::from(u8::from(marked))]);
        }
        sums.push(sum);
    }
    let sequences = Sequences {
        values,
        count,
        length,
        channels: 2,
        lengths: Vec::new(),
    };
    let targets = Targets::Values {
        values: sums,
        outputs: 1,
    };
    (sequences, targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequency_is_stratified_and_of_the_stated_periods() {
        let (x, y) = frequency(1e-3, 256, 1, Purpose::Training, 0);
        assert_eq!((x.count, x.length, x.channels), (256, 100, 1));
        assert!(x.values.iter().all(|v| v.abs() <= 1.0));
        let Targets::Labels(labels) = y else { panic!() };
        assert_eq!(labels.iter().sum::<u32>(), 128);
        assert_eq!(frequency_length(5e-4), 200);

        let mut random = Stream::new(3, Purpose::Training, 0, 0);
        let n = 50_000;
        let (mut below, mut above) = (0, 0);
        for _ in 0..n {
            let t = frequency_period_ms(&mut random, 0);
            assert!((1.0..5.0).contains(&t) || (6.0..100.0).contains(&t), "{t}");
            below += usize::from(t < 5.0);
            above += usize::from(t > 53.0);
            assert!((5.0..6.0).contains(&frequency_period_ms(&mut random, 1)));
        }
        // Uniform over a measure of 4 + 94 ms.
        assert!((below as f64 / n as f64 - 4.0 / 98.0).abs() < 0.005);
        assert!((above as f64 / n as f64 - 47.0 / 98.0).abs() < 0.01);
    }

    #[test]
    fn frequency_samples_follow_the_formula() {
        let (x, _) = frequency(1e-3, 2, 9, Purpose::Evaluation, 0);
        // sin a + sin c = 2 cos(ω) sin b holds for any three neighbours of a sine wave.
        for s in x.iter() {
            let k = f64::from(s[0] + s[2]) / f64::from(2.0 * s[1]);
            for w in s.windows(3) {
                let error = f64::from(w[0] + w[2]) - 2.0 * k * f64::from(w[1]);
                assert!(error.abs() < 1e-3, "{error}");
            }
        }
    }

    #[test]
    fn adding_has_two_markers_and_their_sum() {
        let (x, y) = adding(50, 4000, 5, Purpose::Validation, 0);
        let Targets::Values { values, outputs: 1 } = y else {
            panic!()
        };
        let (mut firsts, mut seconds) = ([0; 5], [0; 25]);
        for (s, sum) in x.iter().zip(&values) {
            let marked: Vec<usize> = (0..50).filter(|t| s[2 * t + 1] == 1.0).collect();
            assert_eq!(marked.len(), 2);
            assert!((s[2 * marked[0]] + s[2 * marked[1]] - sum).abs() < 1e-6);
            firsts[marked[0]] += 1;
            seconds[marked[1] - 25] += 1;
        }
        assert!(firsts.iter().all(|c| (700..900).contains(c)), "{firsts:?}");
        assert!(seconds.iter().all(|c| (110..210).contains(c)), "{seconds:?}");
        let variance = values.iter().map(|v| f64::from(v * v)).sum::<f64>() / 4000.0;
        assert!((variance - 1.0 / 6.0).abs() < 0.01, "{variance}");
        for length in [2, 3, 5, 19] {
            let (x, _) = adding(length, 50, 5, Purpose::Training, 1);
            assert!(x.iter().all(|s| s.iter().skip(1).step_by(2).sum::<f32>() == 2.0));
        }
    }

    #[test]
    fn batches_are_reproducible_and_disjoint() {
        let (a, _) = frequency(1e-3, 8, 1, Purpose::Training, 4);
        let (same, _) = frequency(1e-3, 3, 1, Purpose::Training, 4);
        assert_eq!(a.take(3), same);
        let others = [
            frequency(1e-3, 8, 1, Purpose::Training, 5).0,
            frequency(1e-3, 8, 1, Purpose::Validation, 4).0,
            frequency(1e-3, 8, 1, Purpose::Evaluation, 4).0,
            frequency(1e-3, 8, 2, Purpose::Training, 4).0,
        ];
        for other in others {
            for s in other.iter() {
                assert!(a.iter().all(|t| t != s));
            }
        }
    }
}
