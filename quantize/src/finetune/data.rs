//! How data are cut for fine-tuning: sequences to learn from, to choose by, and to confirm the choice, none of them twice.

use crate::fidelity::Data;
use float_model::{Sequences, Targets};

/// Training sequences of a generated task that fine-tuning learns from.
const LEARNING: usize = 4096;
/// Further training sequences of a generated task that confirm the choice.
const CONFIRMING: usize = 8192;
/// Training sequences of recordings that are used at most.
const RECORDED: usize = 8192;
/// Blocks of neighbouring sequences into which recordings are cut: neighbours resemble each other, and must not stand on
/// both sides.
const BLOCKS: usize = 40;

/// What fine-tuning works with: three sets with no sequence in common.
#[derive(Debug, Clone)]
pub struct FinetuneData {
    /// The sequences to learn from.
    pub learning: Sequences,
    /// The sequences to choose a state by, with their answers where they are known.
    pub choosing: (Sequences, Option<Targets>),
    /// The sequences that confirm the choice, with their answers where they are known: the best of many is partly the
    /// luckiest.
    pub confirming: (Sequences, Option<Targets>),
}

impl FinetuneData {
    /// The fewest sequences that [`FinetuneData::cut`] cuts into full blocks.
    pub const LEAST: usize = BLOCKS;

    /// Data of a generated task: the calibration sequences choose, fresh training sequences teach and confirm. `training`
    /// gives that many training sequences, the same ones each time.
    ///
    /// # Errors
    /// Those of `training`.
    pub fn of_generated<E>(
        (x, y): Data<'_>,
        training: impl FnOnce(usize) -> Result<(Sequences, Targets), E>,
    ) -> Result<Self, E> {
        let (fresh, answers) = training(LEARNING + CONFIRMING)?;
        let rest = || LEARNING.min(fresh.count)..fresh.count;
        Ok(FinetuneData {
            learning: fresh.take(LEARNING),
            choosing: (x.clone(), y.cloned()),
            confirming: (fresh.select(rest()), Some(answers.select(rest()))),
        })
    }

    /// Data of recordings: their training part, cut into blocks. `training` gives that many training sequences at most, in
    /// the order of their recording.
    ///
    /// # Errors
    /// Those of `training`.
    pub fn of_recordings<E>(training: impl FnOnce(usize) -> Result<(Sequences, Targets), E>) -> Result<Self, E> {
        let (x, y) = training(RECORDED)?;
        Ok(Self::cut((&x, Some(&y))))
    }

    /// Cuts sequences, in the order of their recording, into 40 blocks: every other block teaches, and of the rest every
    /// other one chooses and every other one confirms.
    pub fn cut((x, y): Data<'_>) -> Self {
        let size = x.count.div_ceil(BLOCKS).max(1);
        let part = |blocks: [usize; 2]| {
            let chosen: Vec<usize> = (0..x.count).filter(|n| blocks.contains(&(n / size % 4))).collect();
            let answers = y.map(|y| y.select(chosen.iter().copied()));
            (x.select(chosen), answers)
        };
        FinetuneData {
            learning: part([0, 2]).0,
            choosing: part([1, 1]),
            confirming: part([3, 3]),
        }
    }

    /// Whether none of the three sets is empty.
    pub fn is_enough(&self) -> bool {
        self.learning.count > 0 && self.choosing.0.count > 0 && self.confirming.0.count > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// `n` sequences of one sample, whose value is their index; so is their answer.
    fn numbered(n: usize) -> (Sequences, Targets) {
        let values = (0..n).map(|k| k as f32).collect();
        let x = Sequences::new("x", values, n, 1, 1).unwrap();
        (x, Targets::Labels((0..n as u32).collect()))
    }

    fn indices(x: &Sequences) -> Vec<usize> {
        x.values.iter().map(|v| *v as usize).collect()
    }

    /// Every answer is that of its sequence.
    fn answered((x, y): &(Sequences, Option<Targets>)) -> bool {
        let labels: Vec<u32> = x.values.iter().map(|v| *v as u32).collect();
        *y == Some(Targets::Labels(labels))
    }

    #[test]
    fn recordings_are_cut_into_blocks_of_neighbours_with_no_sequence_twice() {
        let (x, y) = numbered(400);
        let data = FinetuneData::cut((&x, Some(&y)));
        assert!(data.is_enough() && answered(&data.choosing) && answered(&data.confirming));
        let sets = [&data.learning, &data.choosing.0, &data.confirming.0].map(indices);
        assert_eq!(sets.clone().map(|s| s.len()), [200, 100, 100]);
        assert_eq!(sets[0][..11], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20]);
        assert_eq!((sets[1][0], sets[2][0]), (10, 30));
        let mut all = sets.concat();
        all.sort_unstable();
        assert_eq!(all, (0..400).collect::<Vec<_>>());
    }

    #[test]
    fn a_generated_task_teaches_and_confirms_with_fresh_sequences() {
        let (x, y) = numbered(5);
        let data = FinetuneData::of_generated((&x, Some(&y)), |n| Ok::<_, Infallible>(numbered(n))).unwrap();
        assert_eq!(data.choosing, (x, Some(y)));
        assert_eq!(indices(&data.learning), (0..LEARNING).collect::<Vec<_>>());
        assert_eq!(
            indices(&data.confirming.0),
            (LEARNING..LEARNING + CONFIRMING).collect::<Vec<_>>()
        );
        assert!(answered(&data.confirming));
    }

    #[test]
    fn few_sequences_are_not_enough() {
        let (x, _) = numbered(3);
        assert!(!FinetuneData::cut((&x, None)).is_enough());
        let (x, _) = numbered(FinetuneData::LEAST);
        assert!(FinetuneData::cut((&x, None)).is_enough());
    }
}
