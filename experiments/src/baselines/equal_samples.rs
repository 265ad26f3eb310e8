//! Two methods at the same number of samples used, and how certain the difference is.

use host_train::philox::{Purpose, Stream};

/// Resamples of an interval.
pub const RESAMPLES: usize = 10_000;
/// Seed of the resamples.
pub const SEED: u64 = 1;

/// A method at one setting, sequence by sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Mean samples used a sequence.
    pub samples: f64,
    /// (N): the share of the method's seeds that are right on each sequence.
    pub right: Vec<f64>,
}

impl Node {
    /// The mean over the sequences.
    pub fn accuracy(&self) -> f64 {
        mean(&self.right)
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The front between its two neighbours of `samples`, linear in the logarithm of the samples; `None` outside of it.
pub fn at(front: &[Node], samples: f64) -> Option<Node> {
    let mut sorted: Vec<&Node> = front.iter().collect();
    sorted.sort_by(|a, b| a.samples.total_cmp(&b.samples));
    let above = sorted.iter().find(|n| n.samples >= samples)?;
    let below = sorted.iter().rev().find(|n| n.samples <= samples)?;
    let span = (above.samples / below.samples).log2();
    let share = match span > 0.0 {
        true => (samples / below.samples).log2() / span,
        false => 0.0,
    };
    let pairs = below.right.iter().zip(&above.right);
    Some(Node {
        samples,
        right: pairs.map(|(b, a)| b + share * (a - b)).collect(),
    })
}

/// One method against a baseline at the same number of samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The method that is asked about.
    pub name: String,
    /// The baseline that it is compared with.
    pub against: String,
    /// Samples used per sequence, by both.
    pub samples: f64,
    /// The accuracy of the method, 0 to 1.
    pub accuracy: f64,
    /// The accuracy of the baseline, 0 to 1.
    pub baseline_accuracy: f64,
    /// Both ends of the 95 % interval of `accuracy - baseline_accuracy`.
    pub interval: (f64, f64),
}

impl Comparison {
    /// Whether the whole interval lies above 0.
    pub fn is_win(&self) -> bool {
        self.interval.0 > 0.0
    }

    /// Whether the whole interval lies below 0.
    pub fn is_loss(&self) -> bool {
        self.interval.1 < 0.0
    }
}

/// What is to be compared: names, and both methods at the same number of samples.
pub struct Pair {
    /// The name of the method.
    pub name: String,
    /// The name of the baseline.
    pub against: String,
    /// The method that is asked about.
    pub method: Node,
    /// The baseline.
    pub baseline: Node,
}

/// Compares every pair; the same sequences are drawn for all.
pub fn compare(pairs: Vec<Pair>) -> Vec<Comparison> {
    let differences = |p: &Pair| -> Vec<f64> {
        let both = p.method.right.iter().zip(&p.baseline.right);
        both.map(|(a, b)| a - b).collect()
    };
    let intervals = intervals(&pairs.iter().map(differences).collect::<Vec<_>>(), RESAMPLES, SEED);
    let named = |(p, interval): (Pair, (f64, f64))| Comparison {
        samples: p.method.samples,
        accuracy: p.method.accuracy(),
        baseline_accuracy: p.baseline.accuracy(),
        name: p.name,
        against: p.against,
        interval,
    };
    pairs.into_iter().zip(intervals).map(named).collect()
}

/// 95 % intervals of the means of lists of equal length by the bootstrap: percentiles 2.5 and 97.5 of the means of
/// `resamples` draws with replacement. Each draw takes the same places of all lists.
fn intervals(lists: &[Vec<f64>], resamples: usize, seed: u64) -> Vec<(f64, f64)> {
    let count = lists.first().map_or(0, Vec::len);
    let mut times = vec![0u32; count];
    let mut means = vec![Vec::with_capacity(resamples); lists.len()];
    for draw in 0..resamples {
        let mut random = Stream::new(seed, Purpose::Resamples, draw as u64, 0);
        times.fill(0);
        (0..count).for_each(|_| times[random.below(count)] += 1);
        for (list, means) in lists.iter().zip(&mut means) {
            let sum: f64 = list.iter().zip(&times).map(|(v, n)| v * f64::from(*n)).sum();
            means.push(sum / count as f64);
        }
    }
    let ends = |means: &mut Vec<f64>| {
        means.sort_by(f64::total_cmp);
        let at = |share: f64| means[((share * means.len() as f64) as usize).min(means.len() - 1)];
        (at(0.025), at(0.975))
    };
    means.iter_mut().map(ends).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_by_hand() {
        // Three sequences, one of them gained: the mean of a draw is k/3 with probability C(3,k) 2^(3-k) / 27, so
        // 8, 12, 6 and 1 of 27. 2.5 % lies at 0 of 3, 97.5 % at 3 of 3 (26/27 is 96.3 %).
        let gained = vec![0.0, 1.0, 0.0];
        // Lost in one of four: 81, 108, 54, 12 and 1 of 256; 2.5 % of all lie at three lost (5.1 % have three or more, 0.4 %
        // four), 97.5 % at none.
        let [(low, high)] = intervals(std::slice::from_ref(&gained), RESAMPLES, 3)[..] else {
            panic!()
        };
        assert_eq!((low, high), (0.0, 1.0));
        let [(low, high)] = intervals(&[vec![0.0, 0.0, -1.0, 0.0]], RESAMPLES, 3)[..] else {
            panic!()
        };
        assert_eq!((low, high), (-0.75, 0.0));
        // No difference anywhere, and the same one everywhere.
        assert_eq!(
            intervals(&[vec![0.0; 9], vec![0.5; 9]], 100, 1),
            [(0.0, 0.0), (0.5, 0.5)]
        );
        // Of 400 sequences half gained: 0.5 ± 1.96 · 0.5 / 20.
        let half: Vec<f64> = (0..400).map(|n| f64::from(n % 2)).collect();
        let (low, high) = intervals(&[half], RESAMPLES, 1)[0];
        assert!(
            (low - 0.451).abs() < 0.004 && (high - 0.549).abs() < 0.004,
            "{low} {high}"
        );
    }

    #[test]
    fn the_same_sequences_are_drawn_for_all() {
        let a: Vec<f64> = (0..50).map(|n| f64::from(n % 3)).collect();
        let b: Vec<f64> = a.iter().map(|v| v + 1.0).collect();
        let [(low, high), (low_b, high_b)] = intervals(&[a, b], 200, 7)[..] else {
            panic!()
        };
        assert!((low + 1.0 - low_b).abs() < 1e-12 && (high + 1.0 - high_b).abs() < 1e-12);
    }

    #[test]
    fn between_neighbours_by_hand() {
        let node = |samples, right: [f64; 2]| Node {
            samples,
            right: right.into(),
        };
        let front = [node(16.0, [1.0, 0.5]), node(4.0, [0.0, 0.5]), node(64.0, [1.0, 1.0])];
        assert_eq!(at(&front, 8.0).unwrap().right, [0.5, 0.5], "half-way by its logarithm");
        assert_eq!(at(&front, 4.0).unwrap().right, [0.0, 0.5]);
        assert_eq!(at(&front, 64.0).unwrap().accuracy(), 1.0);
        assert_eq!(at(&front, 32.0).unwrap().right, [1.0, 0.75]);
        assert_eq!(
            (at(&front, 3.9), at(&front, 65.0)),
            (None, None),
            "nothing is known there"
        );
    }

    #[test]
    fn a_win_lies_above_zero_as_a_whole() {
        let node = |right: Vec<f64>| Node { samples: 8.0, right };
        let pair = |name: &str, method: Vec<f64>, baseline: Vec<f64>| Pair {
            name: name.into(),
            against: "it".into(),
            method: node(method),
            baseline: node(baseline),
        };
        let mixed: Vec<f64> = (0..40).map(|n| f64::from(n % 2)).collect();
        let turned: Vec<f64> = mixed.iter().map(|v| 1.0 - v).collect();
        let all = compare(vec![
            pair("better", vec![1.0; 40], mixed.clone()),
            pair("worse", mixed.clone(), vec![1.0; 40]),
            pair("other", mixed, turned),
        ]);
        let verdicts: Vec<(bool, bool)> = all.iter().map(|c| (c.is_win(), c.is_loss())).collect();
        assert_eq!(verdicts, [(true, false), (false, true), (false, false)]);
        assert_eq!((all[0].accuracy, all[0].baseline_accuracy), (1.0, 0.5));
    }
}
