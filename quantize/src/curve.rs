//! A point of the trade-off curve between updates and metric, and how well its mean updates are known.

use serde::Serialize;

/// Blocks of neighbouring sequences from which the error of a mean is estimated.
const BLOCKS: usize = 20;
/// Student's t for a 95 % interval from 20 blocks.
const STUDENT: f64 = 2.093;

/// One point of a measured trade-off curve: an offset of the skip gate, what it does, and how well that is known. The blob
/// stores dial, mean updates and metric of it, in f32.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Offset of the skip gate's pre-activation; positive, more updates.
    pub dial: f64,
    /// Mean updates per sequence.
    pub updates_mean: f64,
    /// Half of the 95 % interval of that mean, from the means of 20 blocks of neighbouring sequences: what was recorded
    /// together resembles each other. `None` on fewer than 40 sequences.
    pub updates_error: Option<f64>,
    /// How far the means of such blocks lie apart; `None` on fewer than 40 sequences.
    pub between: Option<BlockSpread>,
    /// Accuracy or mean squared error; `None` without answers.
    pub metric: Option<f64>,
}

/// A dial as a blob stores it, with 16 fractional bits.
pub(crate) fn stored_dial(dial: f64) -> i32 {
    (dial * 65_536.0).round() as i32
}

/// How far the mean updates of blocks of neighbouring sequences lie apart. Where a block is about what one person, machine or
/// place gave, this is how far those do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BlockSpread {
    /// Sequences of a block.
    pub sequences: usize,
    /// Standard deviation of the means of the blocks.
    pub deviation: f64,
}

impl BlockSpread {
    /// Half of the 95 % interval for the difference between the curve and the mean updates of `n` other sequences, recorded
    /// in blocks like those of the curve.
    pub fn expected(&self, n: usize) -> f64 {
        let blocks = (n as f64 / self.sequences as f64).max(1.0);
        STUDENT * self.deviation * (1.0 / BLOCKS as f64 + 1.0 / blocks).sqrt()
    }

    /// The spread of 20 blocks; `None` on fewer than 40 sequences.
    pub(crate) fn of(updates: &[usize]) -> Option<BlockSpread> {
        let sequences = updates.len() / BLOCKS;
        if sequences < 2 {
            return None;
        }
        let means: Vec<f64> = updates.chunks_exact(sequences).take(BLOCKS).map(mean).collect();
        let centre = means.iter().sum::<f64>() / BLOCKS as f64;
        let variance = means.iter().map(|m| (m - centre).powi(2)).sum::<f64>() / (BLOCKS - 1) as f64;
        Some(BlockSpread {
            sequences,
            deviation: variance.sqrt(),
        })
    }

    /// Half of the 95 % interval of the mean updates of all blocks.
    pub(crate) fn error_of_mean(&self) -> f64 {
        STUDENT * self.deviation / (BLOCKS as f64).sqrt()
    }
}

/// The mean number of updates.
pub(crate) fn mean(updates: &[usize]) -> f64 {
    updates.iter().sum::<usize>() as f64 / updates.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_mean_sees_what_goes_together() {
        // 20 people of 10 sequences each, who differ among each other and not within themselves.
        let people: Vec<usize> = (0..200).map(|n| if n / 10 % 2 == 0 { 9 } else { 11 }).collect();
        // The same numbers, shuffled evenly.
        let mixed: Vec<usize> = (0..200).map(|n| if n % 2 == 0 { 9 } else { 11 }).collect();
        let spread = BlockSpread::of(&people).unwrap();
        let error = spread.error_of_mean();
        assert!(
            (error - STUDENT * (20.0f64 / 19.0 / 20.0).sqrt()).abs() < 1e-12,
            "{error}"
        );
        assert_eq!(BlockSpread::of(&mixed).unwrap().expected(10), 0.0);
        assert_eq!(BlockSpread::of(&people[..39]), None);
        // One other person, or less of one: nearly the deviation between them; very many: the error of the mean.
        let one = STUDENT * (21.0f64 / 19.0).sqrt();
        assert!((spread.expected(10) - one).abs() < 1e-12 && spread.expected(3) == spread.expected(10));
        assert!((spread.expected(10_000_000) - error).abs() < 1e-3);
    }
}
