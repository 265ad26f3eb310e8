//! Answers as numbers: their checks, and which answers a loss takes.

use crate::Error;
use float_model::Targets;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, path::Path, str::FromStr};

/// Most classes that labels may name; a label beyond is taken for a mistake.
pub(crate) const MOST_CLASSES: i64 = 4096;

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
        Loss::Ce => Err("ce needs class labels, integers (N) or (N, T, 1)".into()),
    }
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
/// empty one.
pub(crate) fn numbered_classes(path: &Path, distinct: &BTreeSet<i64>) -> Result<Vec<String>, Error> {
    if matches!(distinct.first(), None | Some(0)) {
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

/// Labels within 0..[`MOST_CLASSES`], `steps` a sequence.
pub(crate) fn labels(path: &Path, labels: &[i64], steps: usize) -> Result<Targets, Error> {
    let check = |(n, l): (usize, &i64)| match (0..MOST_CLASSES).contains(l) {
        true => Ok(*l as u32),
        false => Err(Error::data(path, place(n, steps), out_of_range(*l))),
    };
    Ok(Targets::Labels(
        labels.iter().enumerate().map(check).collect::<Result<_, _>>()?,
    ))
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
        assert!(of("ce", flags(&[1.0])).unwrap_err().contains("class labels"));
        let steps = |y| Targets::PerStep {
            answers: Box::new(y),
            length: 3,
        };
        assert_eq!(of("bce", steps(labels())).unwrap(), steps(flags(&[0.0, 1.0, 1.0])));
        assert_eq!(answers_for(None, steps(labels())).unwrap(), steps(labels()));
        assert!("rms".parse::<Loss>().unwrap_err().is_usage());
    }
}
