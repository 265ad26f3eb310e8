//! A watcher who sees every update of a sequence, and guesses its class.

use host_train::philox::{Purpose, Stream};

/// Parts that the sequences are cut into: each is guessed by what the others taught.
const FOLDS: usize = 5;

/// Guesses the class of every sequence from the samples that it used, by naive Bayes on (sample used or not), taught by
/// the sequences of the other folds.
///
/// It takes samples for independent given the class, so that it learns less than is there; what it does learn is a lower
/// bound of what the pattern tells.
pub fn guesses(schedules: &[&[u32]], length: usize, classes: &[usize], seed: u64) -> Vec<usize> {
    let count = classes.iter().max().map_or(1, |m| m + 1);
    let mut order: Vec<usize> = (0..classes.len()).collect();
    Stream::new(seed, Purpose::Shuffle, u64::MAX, 0).shuffle(&mut order);
    let mut guesses = vec![0; classes.len()];
    for fold in 0..FOLDS {
        let (asked, taught): (Vec<_>, Vec<_>) = order.iter().enumerate().partition(|(k, _)| k % FOLDS == fold);
        let mut members = vec![0usize; count];
        let mut used = vec![vec![0usize; length]; count];
        for (_, n) in taught {
            members[classes[*n]] += 1;
            for t in schedules[*n] {
                used[classes[*n]][*t as usize] += 1;
            }
        }
        // Laplace's rule: one sequence of each kind more than were seen.
        let log = |part: usize, whole: usize| ((part as f64 + 1.0) / (whole as f64 + 2.0)).ln();
        let none: Vec<f64> = (0..count)
            .map(|c| {
                let unused = used[c].iter().map(|u| log(members[c] - u, members[c]));
                log(members[c], order.len()) + unused.sum::<f64>()
            })
            .collect();
        for (_, n) in asked {
            let score = |c: usize| {
                let change = |t: &u32| {
                    let u = used[c][*t as usize];
                    log(u, members[c]) - log(members[c] - u, members[c])
                };
                none[c] + schedules[*n].iter().map(change).sum::<f64>()
            };
            let best = (0..count).max_by(|a, b| score(*a).total_cmp(&score(*b)));
            guesses[*n] = best.unwrap_or(0);
        }
    }
    guesses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_gives_the_class_away_is_read() {
        let classes: Vec<usize> = (0..200).map(|n| n % 2).collect();
        let (even, odd) = (vec![0u32, 2, 4], vec![0u32, 3, 4]);
        let schedules: Vec<&[u32]> = classes
            .iter()
            .map(|c| if *c == 0 { &even[..] } else { &odd[..] })
            .collect();
        assert_eq!(guesses(&schedules, 6, &classes, 1), classes);
        let same: Vec<&[u32]> = classes.iter().map(|_| &even[..]).collect();
        let right = guesses(&same, 6, &classes, 1)
            .iter()
            .zip(&classes)
            .filter(|(g, c)| g == c)
            .count();
        assert!((60..=140).contains(&right), "{right} of 200 without any information");
    }
}
