//! How much one number tells of another: mutual information of two discrete variables, beside what chance gives.

use host_train::philox::{Purpose, Stream};
use serde::Serialize;

/// Values that a numeric observation is cut into at most, each with about as many sequences.
const BINS: usize = 16;

/// An estimate of mutual information in bits, beside what chance gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The plug-in estimate: that of the frequencies as they were counted. It is never negative and, on few sequences, too
    /// high.
    pub bits: f64,
    /// The mean of the same estimator on shuffled classes.
    pub chance_bits: f64,
    /// 99 of 100 shuffles give less than this.
    pub chance_99_bits: f64,
    /// The estimate without what chance gives: at least 0.
    pub excess_bits: f64,
    /// The share of the shuffles, the data among them, that give at least as much as the data.
    pub p: f64,
}

/// Equal values stay together; neighbours share a bin where there are more than [`BINS`] values.
pub fn binned(values: &[u32]) -> Vec<usize> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let mut distinct = sorted.clone();
    distinct.dedup();
    let upper: Vec<u32> = match distinct.len() <= BINS {
        true => distinct,
        false => {
            let mut edges: Vec<u32> = (1..=BINS)
                .map(|k| sorted[(k * sorted.len()).div_ceil(BINS) - 1])
                .collect();
            edges.dedup();
            edges
        }
    };
    values.iter().map(|v| upper.partition_point(|u| u < v)).collect()
}

/// The entropy -Σ p log2 p in bits.
pub fn entropy(values: &[usize]) -> f64 {
    of_counts(&counts(values, width(values)), values.len())
}

fn width(values: &[usize]) -> usize {
    values.iter().max().map_or(0, |m| m + 1)
}

fn counts(values: &[usize], width: usize) -> Vec<usize> {
    let mut counts = vec![0; width];
    values.iter().for_each(|v| counts[*v] += 1);
    counts
}

fn of_counts(counts: &[usize], total: usize) -> f64 {
    let share = |n: &usize| *n as f64 / total as f64;
    counts
        .iter()
        .filter(|n| **n > 0)
        .map(share)
        .map(|p| -p * p.log2())
        .sum()
}

/// H(seen) + H(class) - H(seen, class).
fn plug_in(seen: &[usize], classes: &[usize]) -> f64 {
    let (a, b) = (width(seen), width(classes));
    let both: Vec<usize> = seen.iter().zip(classes).map(|(s, c)| s * b + c).collect();
    let joint = of_counts(&counts(&both, a * b), seen.len());
    (entropy(seen) + entropy(classes) - joint).max(0.0)
}

/// The mutual information I(seen; class), beside that of `shuffles` shuffles of the classes, drawn from `seed`.
pub fn mutual(seen: &[usize], classes: &[usize], shuffles: usize, seed: u64) -> Estimate {
    let found = plug_in(seen, classes);
    let mut classes = classes.to_vec();
    let mut by_chance: Vec<f64> = (0..shuffles)
        .map(|k| {
            Stream::new(seed, Purpose::Shuffle, k as u64, 0).shuffle(&mut classes);
            plug_in(seen, &classes)
        })
        .collect();
    by_chance.sort_by(f64::total_cmp);
    // As many decimals as sums in another order keep.
    let as_much = by_chance.iter().filter(|v| **v >= found - 1e-12).count();
    let chance = by_chance.iter().sum::<f64>() / shuffles as f64;
    Estimate {
        bits: found,
        chance_bits: chance,
        excess_bits: (found - chance).max(0.0),
        chance_99_bits: by_chance[(99 * shuffles).div_ceil(100) - 1],
        p: (as_much + 1) as f64 / (shuffles + 1) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn information_by_hand() {
        // What is seen is the class, for half of the sequences: I = 1 - H(1/4) at p(seen = class) = 3/4.
        let classes = [0, 0, 0, 0, 1, 1, 1, 1];
        let seen = [0, 0, 0, 1, 1, 1, 1, 0];
        let h = -(0.25f64 * 0.25f64.log2() + 0.75 * 0.75f64.log2());
        assert!((plug_in(&seen, &classes) - (1.0 - h)).abs() < 1e-12);
        assert!((plug_in(&classes, &classes) - 1.0).abs() < 1e-12);
        assert_eq!(plug_in(&[3; 8], &classes), 0.0);
        assert!((entropy(&[0, 1, 2, 3]) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn bins_hold_equal_shares_and_keep_equal_values_together() {
        assert_eq!(binned(&[7, 5, 7, 90]), [1, 0, 1, 2]);
        let many: Vec<u32> = (0..1600).map(|k| k * 3).collect();
        let bins = binned(&many);
        assert_eq!(counts(&bins, BINS), [100; BINS]);
        let skewed: Vec<u32> = (0..1000).map(|k| if k < 900 { 4 } else { k }).collect();
        let bins = binned(&skewed);
        assert!(bins[..900].iter().all(|b| *b == bins[0]) && width(&bins) > 1);
    }

    /// Independent: no more than chance. Dependent: more than every shuffle.
    #[test]
    fn chance_is_told_from_information() {
        let mut random = Stream::new(1, Purpose::Evaluation, 0, 0);
        let classes: Vec<usize> = (0..600).map(|_| random.below(6)).collect();
        let noise: Vec<usize> = (0..600).map(|_| random.below(12)).collect();
        let none = mutual(&noise, &classes, 200, 5);
        assert!(none.bits > 0.03 && none.excess_bits < 0.03 && none.p > 0.01, "{none:?}");
        let some: Vec<usize> = classes
            .iter()
            .map(|c| if random.uniform() < 0.5 { *c } else { random.below(6) })
            .collect();
        let some = mutual(&some, &classes, 200, 5);
        assert!(
            some.p < 0.01 && some.bits > some.chance_99_bits && some.excess_bits > 0.3,
            "{some:?}"
        );
    }
}
