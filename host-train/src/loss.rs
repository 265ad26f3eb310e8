//! The task loss, and the answers that it takes.

use crate::Error;
use float_model::Targets;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

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

/// The answers as `loss` takes them: numbers of 0 and 1 may be independent labels, labels may be numbers. The error is
/// the mend.
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
            .ok_or_else(|| Error::usage("loss", format!("'{text}' is none; give ce, bce or mse")))
    }
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
