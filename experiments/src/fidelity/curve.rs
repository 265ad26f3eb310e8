//! Whether a stored dial curve holds: its updates against those of other sequences.

use crate::{Error, processors};
use float_model::{Sequences, Targets};
use quantize::{Options, Quantized, Simulator, counts};
use serde::Serialize;
use std::fmt::Write;

/// Blocks of neighbouring sequences, of which every other one is a half: short ones, so that both halves are the same people or
/// machines doing the same things.
const BLOCKS: usize = 200;

/// One point of a stored curve, against other sequences.
#[derive(Debug, Serialize)]
pub struct CurveCheck {
    /// The name of the model.
    pub model: String,
    /// The dial.
    pub dial: f64,
    /// Mean updates in the blob.
    pub stored: f64,
    /// Half of the 95 % interval of `stored`.
    pub error: Option<f64>,
    /// One half of the calibration data against the other: the difference as a share.
    pub halves: f64,
    /// Mean updates on held-out sequences.
    pub held_out: f64,
    /// The difference between `held_out` and `stored` as a share.
    pub difference: f64,
    /// How far the difference may lie from 0 in 19 of 20 cases, as the blocks of the calibration data differ.
    pub expected: Option<f64>,
}

/// Updates of each sequence.
fn updates(blob: &quantize::Blob, dial: f64, x: &Sequences) -> Result<Vec<usize>, Error> {
    let model = blob.model();
    let simulator = Simulator::new(&model)?.with_dial(dial);
    let runs = simulator.run_all(&counts(&model, "data", x)?, x.length, processors());
    Ok(runs.iter().map(|r| r.updates.len()).collect())
}

fn mean(updates: impl Iterator<Item = usize>) -> f64 {
    let (sum, n) = updates.fold((0, 0), |(sum, n), u| (sum + u, n + 1));
    sum as f64 / n as f64
}

/// The difference between every other block and the rest.
fn halves(updates: &[usize]) -> f64 {
    let size = (updates.len() / BLOCKS).max(1);
    let half = |which: usize| mean(updates.chunks(size).skip(which).step_by(2).flatten().copied());
    half(1) / half(0) - 1.0
}

/// The curve that `quantize` would store, on `x`, `y` and `more`, against itself and against `held_out`.
pub(crate) fn check(
    name: &str,
    quantized: Quantized,
    (x, y): (&Sequences, &Targets),
    more: Option<&Sequences>,
    held_out: &Sequences,
) -> Result<Vec<CurveCheck>, Error> {
    let options = Options {
        threads: processors(),
        ..Options::default()
    };
    let quantized = quantized.with_dial_curve((x, Some(y)), more, &options)?;
    let count = held_out.count;
    let point = |p: &quantize::CurvePoint| {
        let held_out = mean(updates(&quantized.blob, p.dial, held_out)?.into_iter());
        Ok(CurveCheck {
            model: name.to_owned(),
            dial: p.dial,
            stored: p.updates_mean,
            error: p.updates_error,
            halves: halves(&updates(&quantized.blob, p.dial, more.unwrap_or(x))?),
            held_out,
            difference: held_out / p.updates_mean - 1.0,
            expected: p.between.map(|b| b.expected(count) / p.updates_mean),
        })
    };
    quantized.report.dial_curve.iter().map(point).collect()
}

/// The table, where there is a curve.
pub(crate) fn markdown(points: &[CurveCheck]) -> String {
    if points.is_empty() {
        return String::new();
    }
    let mut s = format!(
        "\n## Dial curves\n\n\
         Mean updates at each dial as the blob of the first format stores them, with their 95 % interval from the means of 20\n\
         blocks of neighbouring sequences. *Halves*: calibration data cut into {BLOCKS} blocks, every other one against the rest:\n\
         other recordings of the same people. *Held-out*: the sequences of the table above; of a dataset, other people.\n\
         *Expected within*: 95 % interval for as many sequences of other people, if they differ as the 20 blocks do.\n\n\
         | model | dial | stored | halves | held-out | against stored | expected within |\n| --- | --: | --: | --: | --: | --: | --: |\n"
    );
    for p in points {
        let error = p.error.map_or_else(String::new, |e| format!(" ± {e:.2}"));
        let expected = p
            .expected
            .map_or_else(|| "-".into(), |e| format!("± {:.1} %", 100.0 * e));
        // Writing to a String cannot fail.
        let _ = writeln!(
            s,
            "| {} | {:.2} | {:.2}{error} | {:+.1} % | {:.2} | {:+.1} % | {expected} |",
            p.model,
            p.dial,
            p.stored,
            100.0 * p.halves,
            p.held_out,
            100.0 * p.difference
        );
    }
    s
}

#[cfg(test)]
mod tests {
    use super::{BLOCKS, halves};

    #[test]
    fn halves_alternate_by_blocks() {
        let same: Vec<usize> = (0..2 * BLOCKS).map(|n| n % 2).collect();
        assert_eq!(halves(&same), 0.0);
        let apart: Vec<usize> = (0..2 * BLOCKS).map(|n| if n / 2 % 2 == 0 { 2 } else { 3 }).collect();
        assert_eq!(halves(&apart), 0.5);
        assert_eq!(halves(&[4, 6]), 0.5);
    }
}
