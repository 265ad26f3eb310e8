//! Which samples of a recording a model sees, every K-th, and whether it is asked for an answer at every step.

use crate::{DatasetConfig, Error, Store, targets};
use float_model::Targets;
use std::path::Path;

impl DatasetConfig {
    /// Recordings as this dataset's models see them.
    pub(crate) fn view(&self, x: Store, y: Option<Targets>, y_path: &Path) -> Result<(Store, Option<Targets>), Error> {
        let problem = |problem: String| Error::data(y_path, "loss", problem);
        let y = y
            .map(|y| targets::answers_for(self.loss, y))
            .transpose()
            .map_err(problem)?;
        let (x, y) = match self.every {
            Some(every) => every_kth(&x, y, every)?,
            None => (x, y),
        };
        match y {
            Some(y) if self.answers_at_steps => {
                let y = at_steps(&x, y).map_err(|problem| Error::data(y_path, "answers_at_steps", problem))?;
                Ok((x, Some(y)))
            }
            y => Ok((x, y)),
        }
    }
}

/// Samples 0, K, 2K, ... of each sequence: ⌈T/K⌉ of T, each sequence by its own length. Of answers at every step those at
/// the samples that stay.
///
/// # Errors
/// K = 0.
pub fn every_kth(x: &Store, y: Option<Targets>, every: usize) -> Result<(Store, Option<Targets>), Error> {
    if every == 0 {
        let problem = "is 0; give K to use samples 0, K, 2K, ..., 1 for all of them";
        return Err(Error::usage("every", problem));
    }
    let y = y.map(|y| match y {
        Targets::PerStep { answers, length: steps } => {
            let asked = (0..answers.count()).filter(|k| k % steps % every == 0);
            Targets::PerStep {
                answers: Box::new(answers.select(asked)),
                length: steps.div_ceil(every),
            }
        }
        once => once,
    });
    Ok((x.every_kth(every), y))
}

/// The answer of a sequence at every one of its samples. The error says how to fix it.
fn at_steps(x: &Store, y: Targets) -> Result<Targets, String> {
    if !x.has_one_length() {
        return Err("needs sequences of equal length; cut them with --window LENGTH:STRIDE".into());
    }
    Ok(match y {
        Targets::PerStep { .. } => y,
        once => Targets::PerStep {
            answers: Box::new(once.select((0..once.count()).flat_map(|n| std::iter::repeat_n(n, x.longest())))),
            length: x.longest(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use float_model::Sequences;

    fn ragged(lengths: &[u32]) -> Store {
        // Sample t of channel c in sequence n is 100 n + 10 c + t.
        let (count, length) = (lengths.len(), 7);
        let value = |k: usize| (k / 14 * 100 + k % 2 * 10 + k / 2 % length) as f32;
        let values = (0..count * length * 2).map(value).collect();
        Store::of(Sequences::ragged("x", values, (count, length, 2), lengths.to_vec()).unwrap())
    }

    #[test]
    fn every_third_sample_of_unequal_lengths() {
        let (seen, y) = every_kth(&ragged(&[7, 6, 1, 4]), Some(Targets::Labels(vec![0, 1, 0, 1])), 3).unwrap();
        assert_eq!((seen.longest(), seen.length_of(3), seen.samples()), (3, 2, 8));
        let x = seen.all().unwrap();
        assert_eq!((x.length, x.lengths.as_slice()), (3, &[3, 2, 1, 2][..]));
        assert_eq!(x.sequence(0), [0.0, 10.0, 3.0, 13.0, 6.0, 16.0]);
        assert_eq!(x.sequence(1), [100.0, 110.0, 103.0, 113.0]);
        assert_eq!(x.sequence(3), [300.0, 310.0, 303.0, 313.0]);
        assert_eq!(x.sequence(2), [200.0, 210.0]);
        assert_eq!(y, Some(Targets::Labels(vec![0, 1, 0, 1])));
        let (one, _) = every_kth(&seen, None, 1).unwrap();
        assert_eq!(one, seen);
        let (sixth, _) = every_kth(&seen, None, 2).unwrap();
        assert_eq!(sixth.all().unwrap().sequence(0), [0.0, 10.0, 6.0, 16.0]);
        assert!(
            every_kth(&seen, None, 0)
                .unwrap_err()
                .to_string()
                .contains("every: is 0")
        );
    }

    #[test]
    fn answers_at_steps_stay_with_their_samples() {
        let x = Store::of(Sequences::new("x", (0..10).map(|v| v as f32).collect(), 2, 5, 1).unwrap());
        let steps = |labels: Vec<u32>, length| Targets::PerStep {
            answers: Box::new(Targets::Labels(labels)),
            length,
        };
        let (seen, y) = every_kth(&x, Some(steps((0..10).collect(), 5)), 2).unwrap();
        assert_eq!(seen.all().unwrap().values, [0.0, 2.0, 4.0, 5.0, 7.0, 9.0]);
        assert_eq!(y, Some(steps(vec![0, 2, 4, 5, 7, 9], 3)));
        let config = DatasetConfig {
            every: Some(2),
            answers_at_steps: true,
            ..DatasetConfig::default()
        };
        let (_, y) = config
            .view(x, Some(Targets::Labels(vec![3, 4])), Path::new("y"))
            .unwrap();
        assert_eq!(y, Some(steps(vec![3, 3, 3, 4, 4, 4], 3)));
        let refused = config.view(ragged(&[7, 3]), Some(Targets::Labels(vec![3, 4])), Path::new("y.npy"));
        let text = refused.unwrap_err().to_string();
        assert!(text.contains("y.npy") && text.contains("equal length"), "{text}");
    }
}
