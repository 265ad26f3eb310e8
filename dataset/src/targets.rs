//! Answers as numbers: their checks, and which answers a loss takes.

use crate::Error;
use float_model::Targets;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, path::Path, str::FromStr};

/// Most classes that labels may name; a label beyond is taken for a mistake.
pub(crate) const MOST_CLASSES: i64 = 4096;

/// Whole numbers up to this one that are saved as real numbers may be classes; larger ones are measured.
const MOST_DOUBTED: u32 = 255;

/// What training minimises, the budget aside; a mean over the batch and, with an answer at every step, over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Cross-entropy of class labels.
    Ce,
    /// Binary cross-entropy, mean over independent labels.
    Bce,
    /// Half the mean squared error of real targets.
    Mse,
}

impl Loss {
    /// The loss that answers ask for by themselves.
    pub fn of(y: &Targets) -> Self {
        match y.answers() {
            Targets::Values { .. } => Loss::Mse,
            Targets::Multilabel { .. } => Loss::Bce,
            _ => Loss::Ce,
        }
    }
}

/// The answers as `loss` takes them: numbers of 0 and 1 may be independent labels, labels may be numbers. The error
/// says how to fix it.
pub(crate) fn answers_for(loss: Option<Loss>, y: Targets) -> Result<Targets, String> {
    if let Targets::PerStep { answers, length } = y {
        let answers = Box::new(answers_for(loss, *answers)?);
        return Ok(Targets::PerStep { answers, length });
    }
    let Some(loss) = loss.filter(|l| *l != Loss::of(&y)) else {
        return Ok(y);
    };
    let (values, outputs) = match y {
        Targets::Labels(labels) => (labels.iter().map(|l| *l as f32).collect(), 1),
        Targets::Values { values, outputs } | Targets::Multilabel { values, outputs } => (values, outputs),
        Targets::PerStep { .. } => return Err("answers have too many axes".into()),
    };
    match loss {
        Loss::Mse => Ok(Targets::Values { values, outputs }),
        Loss::Bce if values.iter().all(|v: &f32| [0.0, 1.0].contains(v)) => Ok(Targets::Multilabel { values, outputs }),
        Loss::Bce => Err("bce needs labels of 0 or 1, (N, C) or (N, T, C)".into()),
        Loss::Ce => classes_of(&values, outputs).map(Targets::Labels).ok_or_else(|| {
            "ce needs class labels: whole numbers (N) or (N, T, 1), words, or rows (N, C) with a single 1".into()
        }),
    }
}

/// Numbers (rows, outputs) as classes: whole numbers, or the place of the single 1 in each row; `None` where they are neither.
fn classes_of(values: &[f32], outputs: usize) -> Option<Vec<u32>> {
    match outputs {
        0 => None,
        1 => are_whole(values).then(|| values.iter().map(|v| *v as u32).collect()),
        _ => values.chunks_exact(outputs).map(single_one).collect(),
    }
}

/// Whether all are whole numbers that may be classes.
pub(crate) fn are_whole(values: &[f32]) -> bool {
    let whole = |v: &f32| v.fract() == 0.0 && (0.0..MOST_CLASSES as f32).contains(v);
    values.iter().all(whole)
}

/// The place of the 1 in a row that else holds 0.
fn single_one(row: &[f32]) -> Option<u32> {
    let mut ones = row.iter().zip(0..).filter(|(v, _)| **v == 1.0);
    let (_, place) = ones.next()?;
    (ones.next().is_none() && row.iter().all(|v| [0.0, 1.0].contains(v))).then_some(place)
}

/// What else answers may be that were read as numbers without a loss being given, and the options that settle it.
pub(crate) fn doubt(y: &Targets) -> Option<(String, &'static str)> {
    let (values, outputs, else_loss) = match y.answers() {
        Targets::Values { values, outputs } => (values, *outputs, "--loss ce (classes) or --loss mse (real targets)"),
        Targets::Multilabel { values, outputs } if *outputs > 1 => (
            values,
            *outputs,
            "--loss ce (classes) or --loss bce (independent labels)",
        ),
        _ => return None,
    };
    let classes = classes_of(values, outputs)?;
    let (least, most) = (classes.iter().min()?, classes.iter().max()?);
    let text = match outputs {
        1 if *most > MOST_DOUBTED || most == least => return None,
        1 => format!("the answers are whole numbers {least} to {most}, saved as real numbers; are they classes?"),
        _ => format!("each row of the answers holds a single 1 among {outputs}; are they classes, one-hot?"),
    };
    Some((text, else_loss))
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::Ce => "ce",
            Loss::Bce => "bce",
            Loss::Mse => "mse",
        })
    }
}

impl FromStr for Loss {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let all = [Loss::Ce, Loss::Bce, Loss::Mse];
        all.into_iter()
            .find(|l| l.to_string() == text)
            .ok_or_else(|| Error::usage("loss", format!("unknown loss '{text}'; expected ce, bce or mse")))
    }
}

/// The place of answer `n`, where every sequence has `steps` of them.
pub(crate) fn place(n: usize, steps: usize) -> String {
    match steps {
        1 => format!("label of sequence {n}"),
        _ => format!("label of sequence {}, sample {}", n / steps, n % steps),
    }
}

/// The names of classes that are written as whole numbers. Numbers from 0 on are indices of classes and give no names. Where the least
/// is another, the distinct numbers in ascending order are the classes and their names: 1 to 9 are nine classes, not ten with an
/// empty one. Negative numbers other than -1 and 1 alone are no classes.
pub(crate) fn names_of_numbers(path: &Path, distinct: &BTreeSet<i64>) -> Result<Vec<String>, Error> {
    // A negative number often stands for "unknown", unless the classes are -1 and 1.
    let counts_from_zero = matches!(distinct.first(), None | Some(0));
    let is_negative = distinct.first().is_some_and(|l| *l < 0) && !distinct.iter().eq(&[-1, 1]);
    if counts_from_zero || is_negative {
        return Ok(Vec::new());
    }
    match distinct.len() as i64 > MOST_CLASSES {
        false => Ok(distinct.iter().map(i64::to_string).collect()),
        true => {
            let problem = format!(
                "{} different whole numbers; classes are at most {MOST_CLASSES}. For real targets give --loss mse",
                distinct.len()
            );
            Err(Error::data(path, "label", problem))
        }
    }
}

/// What is wrong with a label that is no index of a class.
pub(crate) fn out_of_range(label: i64) -> String {
    format!(
        "{label} is out of range; classes count from 0 to at most {}",
        MOST_CLASSES - 1
    )
}

/// Labels of 0 or 1, (rows, outputs).
pub(crate) fn independent_labels(path: &Path, labels: &[i64], outputs: usize) -> Result<Targets, Error> {
    if outputs == 0 {
        return Err(Error::data(path, "shape", "has no column; give one a label"));
    }
    let flag = |(k, l): (usize, &i64)| match l {
        0 | 1 => Ok(*l as f32),
        _ => Err(Error::data(
            path,
            format!("answer {}, label {}", k / outputs, k % outputs),
            format!("is {l}; independent labels are 0 or 1, class labels have one column"),
        )),
    };
    Ok(Targets::Multilabel {
        values: labels.iter().enumerate().map(flag).collect::<Result<_, _>>()?,
        outputs,
    })
}

/// Finite real targets.
pub(crate) fn real_targets(path: &Path, values: Vec<f32>, outputs: usize) -> Result<Targets, Error> {
    if outputs == 0 {
        return Err(Error::data(
            path,
            "shape",
            "has no column; targets are (N, O), O at least 1",
        ));
    }
    if let Some(k) = values.iter().position(|v| !v.is_finite()) {
        return Err(Error::data(
            path,
            format!("target of sequence {}, output {}", k / outputs, k % outputs),
            format!("is {}; remove the sequence", values[k]),
        ));
    }
    Ok(Targets::Values { values, outputs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_what_the_loss_takes() {
        let labels = || Targets::Labels(vec![0, 1, 1]);
        let flags = |values: &[f32]| Targets::Multilabel {
            values: values.to_vec(),
            outputs: 1,
        };
        let of = |text: &str, y| answers_for(Some(text.parse().unwrap()), y);
        assert_eq!(of("ce", labels()).unwrap(), labels());
        assert_eq!(of("bce", labels()).unwrap(), flags(&[0.0, 1.0, 1.0]));
        assert!(of("bce", Targets::Labels(vec![2])).unwrap_err().contains("0 or 1"));
        let numbers = |values: &[f32], outputs| Targets::Values {
            values: values.to_vec(),
            outputs,
        };
        assert_eq!(of("ce", numbers(&[0.0, 2.0], 1)).unwrap(), Targets::Labels(vec![0, 2]));
        let one_hot = numbers(&[0.0, 1.0, 0.0, 1.0, 0.0, 0.0], 3);
        assert_eq!(of("ce", one_hot).unwrap(), Targets::Labels(vec![1, 0]));
        for y in [
            numbers(&[0.5], 1),
            numbers(&[-1.0], 1),
            numbers(&[1.0, 1.0], 2),
            numbers(&[0.0, 0.0], 2),
        ] {
            assert!(of("ce", y).unwrap_err().contains("class labels"));
        }
        let steps = |y| Targets::PerStep {
            answers: Box::new(y),
            length: 3,
        };
        assert_eq!(of("bce", steps(labels())).unwrap(), steps(flags(&[0.0, 1.0, 1.0])));
        assert_eq!(answers_for(None, steps(labels())).unwrap(), steps(labels()));
        assert!("rms".parse::<Loss>().unwrap_err().is_usage());
    }
}
