//! Channels that are none: row numbers, times without a name, answers. One file cannot tell; all files together can.

use crate::Notes;
use std::collections::HashMap;

/// Samples from which a rise says something.
const FEWEST: usize = 8;
/// As `FEWEST`, of columns that rise unevenly.
const FEWEST_UNEVEN: usize = 20;
/// Steps that differ by no more than this share are even.
const EVEN: f64 = 1e-3;

/// Which columns rise with every sample of a file, or of all files.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Rising {
    columns: Vec<Column>,
    /// Samples that were seen.
    samples: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Column {
    /// As options call it.
    typed: String,
    last: f64,
    /// The first step; all others must be alike.
    step: f64,
    even: bool,
    /// Whether every sample is larger than the one before.
    rises: bool,
    /// Whether all values are whole numbers.
    whole: bool,
}

impl Rising {
    /// Of channels with these names, as options call them.
    pub(crate) fn new(typed: Vec<String>) -> Self {
        let column = |typed| Column {
            typed,
            last: 0.0,
            step: 0.0,
            even: true,
            rises: true,
            whole: true,
        };
        Rising {
            columns: typed.into_iter().map(column).collect(),
            samples: 0,
        }
    }

    /// Takes the next sample of a file.
    pub(crate) fn push(&mut self, sample: &[f64]) {
        let n = self.samples;
        self.samples += 1;
        for (column, value) in self.columns.iter_mut().zip(sample).filter(|(c, _)| c.rises) {
            let step = value - column.last;
            // Cells have a few digits: a step is known to a share of the value.
            let slack = EVEN * column.step.abs() + 2.0 * f64::from(f32::EPSILON) * value.abs();
            match n {
                0 => {}
                1 => (column.step, column.rises) = (step, step > 0.0),
                _ => {
                    column.even &= (step - column.step).abs() <= slack;
                    column.rises = step > 0.0;
                }
            }
            column.whole &= value.fract() == 0.0;
            column.last = *value;
        }
    }

    /// What holds for this file and for another one; columns go by their place.
    pub(crate) fn and(&mut self, other: &Rising) {
        for (column, others) in self.columns.iter_mut().zip(&other.columns) {
            column.rises &= others.rises;
            column.even &= others.even && (others.step - column.step).abs() <= 0.2 * column.step.abs();
            column.whole &= others.whole;
        }
        self.samples = self.samples.min(other.samples);
    }
}

/// Doubts channels that rise evenly in every file. `rising` is that of all files together.
pub(crate) fn doubt_rising(rising: &Rising, notes: &mut Notes) {
    if rising.samples < FEWEST || rising.columns.len() < 2 {
        return;
    }
    let risers = rising.columns.iter().filter(|c| c.rises);
    for column in risers.filter(|c| c.even || rising.samples >= FEWEST_UNEVEN) {
        let (typed, step) = (&column.typed, column.step as f32);
        let (what, option) = match (column.even, column.whole) {
            (true, true) => (
                format!("rises by {step} from line to line in every file: is it a row number or a time?"),
                format!("--columns ignore={typed}, or --columns time={typed}:ms (s, us, ns)"),
            ),
            (true, false) => (
                format!(
                    "rises by {step} from line to line in every file: is it a time (in seconds, {:.4} Hz)?",
                    1.0 / column.step
                ),
                format!("--columns time={typed}:s (ms, us, ns), or --columns ignore={typed}"),
            ),
            (false, _) => (
                "rises from line to line in every file: is it a time?".to_owned(),
                format!("--columns time={typed}:ms (s, us, ns), or --columns ignore={typed}"),
            ),
        };
        notes.doubt(format!("column {typed} is taken for a channel; it {what}"), option);
    }
}

/// Warns of channels that tell the label: each label has one value, and there are several. `samples` are channel values with the label
/// of their sample or recording; `names` may be empty.
pub(crate) fn warn_of_answers<'a>(
    samples: impl IntoIterator<Item = (&'a [f32], &'a str)>,
    channels: usize,
    names: &[String],
    notes: &mut Notes,
) {
    let mut open: Vec<usize> = (0..channels).collect();
    let mut values: HashMap<&str, Vec<f32>> = HashMap::new();
    for (sample, label) in samples {
        let known = values.entry(label).or_insert_with(|| sample.to_vec());
        open.retain(|k| sample[*k] == known[*k]);
        if open.is_empty() {
            return;
        }
    }
    for k in open {
        let mut distinct: Vec<f32> = values.values().map(|v| v[k]).collect();
        distinct.sort_by(f32::total_cmp);
        distinct.dedup();
        if distinct.len() > 1 && distinct.len() == values.len() {
            let name = names.get(k).cloned().unwrap_or_else(|| (k + 1).to_string());
            notes.warn(format!(
                "channel {name} is a function of the label: each class has a value of its own; leave it out with --columns ignore={name} unless \
                 the board can measure it"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rising(values: &[[f64; 2]]) -> Rising {
        let mut rising = Rising::new(vec!["n".into(), "ax".into()]);
        values.iter().for_each(|v| rising.push(v));
        rising
    }

    #[test]
    fn what_rises_evenly_in_every_file_is_doubted() {
        let of = |first: f64, step: f64| {
            rising(
                &(0..10)
                    .map(|k| [first + step * f64::from(k), f64::from(k % 3)])
                    .collect::<Vec<_>>(),
            )
        };
        for (step, word) in [(1.0, "row number"), (0.02, "50.0000 Hz")] {
            let mut all = of(0.0, step);
            all.and(&of(100.0, step));
            let mut notes = Notes::default();
            doubt_rising(&all, &mut notes);
            assert_eq!(notes.doubts().len(), 1, "{:?}", notes.doubts());
            assert!(notes.doubts()[0].text.contains(word) && notes.doubts()[0].option.contains("ignore=n"));
        }
        let mut one = of(0.0, 1.0);
        one.and(&of(0.0, -1.0));
        let mut notes = Notes::default();
        doubt_rising(&one, &mut notes);
        doubt_rising(&rising(&[[0.0, 1.0], [1.0, 1.0]]), &mut notes);
        assert!(notes.doubts().is_empty(), "{:?}", notes.doubts());
    }

    #[test]
    fn a_channel_that_tells_the_label_is_warned_of() {
        let mut notes = Notes::default();
        let names = ["ax".to_owned(), "class".to_owned()];
        let samples = [(&[0.1, 0.0][..], "a"), (&[0.2, 1.0], "b"), (&[0.3, 0.0], "a")];
        warn_of_answers(samples, 2, &names, &mut notes);
        assert!(notes.warnings()[0].contains("channel class is a function of the label"));
        let mut notes = Notes::default();
        warn_of_answers([(&[0.1, 0.0][..], "a"), (&[0.1, 0.0], "b")], 2, &names, &mut notes);
        assert!(notes.warnings().is_empty(), "constant channels tell nothing");
    }
}
