//! Answers as numbers: their checks, and which answers a loss takes.

use crate::Error;
use float_model::Targets;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    path::Path,
    str::FromStr,
};

/// Most classes that labels may name; a label beyond is taken for a mistake.
const MOST_CLASSES: i64 = 4096;

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
    let whole = |v: &f32| v.fract() == 0.0 && (0.0..MOST_CLASSES as f32).contains(v);
    match outputs {
        0 => None,
        1 => values
            .iter()
            .all(whole)
            .then(|| values.iter().map(|v| *v as u32).collect()),
        _ => values.chunks_exact(outputs).map(single_one).collect(),
    }
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

/// Labels that are numbers, as classes. Where class names are given, they are indices of these, and the names stay. Where none
/// are given and the smallest label is 1, the classes are 1, 2, ... to the largest, and are named so; names of that kind are
/// looked up again where no label is 0. Returns the class names too. `place` says where a label stands.
pub(crate) fn numbered_classes(
    path: &Path,
    labels: impl IntoIterator<Item = i64>,
    place: impl Fn(usize) -> String,
    class_names: &[String],
) -> Result<(Targets, Vec<String>), Error> {
    let check = |(n, l): (usize, i64)| match (0..MOST_CLASSES).contains(&l) {
        true => Ok(l as u32),
        false => {
            let most = MOST_CLASSES - 1;
            let problem = format!("{l} is out of range; classes count from 0 to at most {most}");
            Err(Error::data(path, place(n), problem))
        }
    };
    let labels: Vec<u32> = labels.into_iter().enumerate().map(check).collect::<Result<_, _>>()?;
    let counts_from_one = |(k, name): (usize, &String)| *name == (k + 1).to_string();
    let from_one = match class_names.is_empty() {
        true => labels.iter().min() == Some(&1),
        false => class_names.iter().enumerate().all(counts_from_one) && !labels.contains(&0),
    };
    if !from_one {
        return Ok((Targets::Labels(labels), class_names.to_vec()));
    }
    let names: Vec<String> = match class_names.is_empty() {
        true => (1..=labels.iter().copied().max().unwrap_or(0))
            .map(|l| l.to_string())
            .collect(),
        false => class_names.to_vec(),
    };
    if let Some(n) = labels.iter().position(|l| *l as usize > names.len()) {
        let problem = format!("{} is out of range, the classes are 1 to {}", labels[n], names.len());
        return Err(Error::data(path, place(n), problem));
    }
    Ok((Targets::Labels(labels.into_iter().map(|l| l - 1).collect()), names))
}

/// Labels that are words, as classes: looked up in `class_names`, or, where that is empty, in sorted order. Returns the class names
/// too. `place` says where a label stands.
pub(crate) fn named_classes<'a>(
    path: &Path,
    words: impl Iterator<Item = &'a str>,
    place: impl Fn(usize) -> String,
    class_names: &[String],
) -> Result<(Targets, Vec<String>), Error> {
    let (mut distinct, mut known) = (Vec::new(), HashMap::new());
    let number = |word: &'a str| {
        *known.entry(word).or_insert_with(|| {
            distinct.push(word);
            distinct.len() - 1
        })
    };
    let places: Vec<usize> = words.map(number).collect();
    let names: Vec<String> = match class_names.is_empty() {
        true => distinct
            .iter()
            .map(|w| (*w).to_owned())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        false => class_names.to_vec(),
    };
    if names.len() > MOST_CLASSES as usize {
        let problem = format!(
            "{} distinct words; at most {MOST_CLASSES} classes are learned",
            names.len()
        );
        return Err(Error::data(path, "labels", problem));
    }
    let indices: HashMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
    let classes: Vec<Option<u32>> = distinct.iter().map(|word| indices.get(word).copied()).collect();
    let of_word = |(n, k): (usize, &usize)| {
        classes[*k].ok_or_else(|| {
            let problem = format!("unknown class '{}'; expected one of {}", distinct[*k], names.join(", "));
            Error::data(path, place(n), problem)
        })
    };
    let labels = places.iter().enumerate().map(of_word).collect::<Result<_, _>>()?;
    Ok((Targets::Labels(labels), names))
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
