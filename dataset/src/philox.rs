//! Philox 4x32-10, a counter-based random number generator.
//!
//! Salmon, Moraes, Dror, Shaw: "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011, section 3.3. A block of four
//! words is a pure function of a counter and a key, so any number of any stream can be had without drawing those
//! before it: a training sequence depends on (seed, step, index) and on nothing else.

/// What a stream is for. Streams of different purposes never share a counter, so they never overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Generated training sequences.
    Training = 0,
    /// Generated validation sequences, seen by the choice of the best model.
    Validation = 1,
    /// Generated evaluation sequences, never seen by training.
    Evaluation = 2,
    /// Initial parameters.
    Initialisation = 3,
    /// The order of a dataset in each epoch.
    Shuffle = 4,
    /// Sampled updates in training: Bernoulli gates and random skips.
    Updates = 5,
    /// Dropout before the head.
    Dropout = 6,
    /// Random skips in evaluation.
    EvaluationUpdates = 7,
    /// The dial of each training sequence.
    Dials = 8,
    /// What training does to a recorded sequence each time it is drawn.
    Augment = 9,
    /// Sequences drawn again and again from those that were evaluated, for an interval.
    Resamples = 10,
}

/// One block: four words from a counter of four and a key of two.
pub fn block(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    let product = |a: u32, b: u32| {
        let p = u64::from(a) * u64::from(b);
        ((p >> 32) as u32, p as u32)
    };
    for _ in 0..10 {
        let (hi0, lo0) = product(0xD251_1F53, counter[0]);
        let (hi1, lo1) = product(0xCD9E_8D57, counter[2]);
        counter = [hi1 ^ counter[1] ^ key[0], lo1, hi0 ^ counter[3] ^ key[1], lo0];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

/// A sequence of random numbers: the key is the seed, the counter holds (position, index, step, purpose).
#[derive(Debug, Clone)]
pub struct Stream {
    counter: [u32; 4],
    key: [u32; 2],
    words: [u32; 4],
    used: usize,
}

impl Stream {
    /// The stream of item `index` in `step`, for one purpose. `step` counts to 2^56.
    pub fn new(seed: u64, purpose: Purpose, step: u64, index: u32) -> Self {
        Stream {
            counter: [
                0,
                index,
                step as u32,
                (purpose as u32) << 24 | (step >> 32) as u32 & 0xFF_FFFF,
            ],
            key: [seed as u32, (seed >> 32) as u32],
            words: [0; 4],
            used: 4,
        }
    }

    /// 32 uniform bits.
    pub fn bits(&mut self) -> u32 {
        if self.used == 4 {
            self.words = block(self.counter, self.key);
            self.counter[0] = self.counter[0].wrapping_add(1);
            self.used = 0;
        }
        self.used += 1;
        self.words[self.used - 1]
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    pub fn uniform(&mut self) -> f64 {
        let bits = u64::from(self.bits()) << 32 | u64::from(self.bits());
        (bits >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in 0..n, n > 0; the bias is below n / 2^53.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.uniform() * n as f64) as usize).min(n - 1)
    }

    /// Puts `values` into a random order (Fisher and Yates), with one draw of [`Stream::below`] for each but the first.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for k in (1..values.len()).rev() {
            values.swap(k, self.below(k + 1));
        }
    }

    /// Standard normal (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known-answer vectors of the Random123 distribution (`kat_vectors`, philox4x32 10 rounds).
    #[test]
    fn known_answers() {
        assert_eq!(
            block([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            block([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            block(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn streams_differ_in_every_part_of_their_name() {
        let first = |seed, purpose, step, index| Stream::new(seed, purpose, step, index).uniform();
        let base = first(1, Purpose::Training, 2, 3);
        assert_eq!(base, first(1, Purpose::Training, 2, 3));
        for other in [
            first(2, Purpose::Training, 2, 3),
            first(1 << 32 | 1, Purpose::Training, 2, 3),
            first(1, Purpose::Validation, 2, 3),
            first(1, Purpose::Training, 3, 3),
            first(1, Purpose::Training, 1 << 32 | 2, 3),
            first(1, Purpose::Training, 2, 4),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn moments() {
        let mut s = Stream::new(7, Purpose::Initialisation, 0, 0);
        let n = 20_000;
        let normal: Vec<f64> = (0..n).map(|_| s.normal()).collect();
        let mean = normal.iter().sum::<f64>() / f64::from(n);
        let variance = normal.iter().map(|v| v * v).sum::<f64>() / f64::from(n);
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        assert!((0..n).all(|_| s.below(3) < 3));
        let uniform = (0..n).map(|_| s.between(-1.0, 3.0)).sum::<f64>() / f64::from(n);
        assert!((uniform - 1.0).abs() < 0.05);
    }
}
