//! Answers that are written as text.

use crate::{Error, targets, track::Labels};
use float_model::Targets;
use std::{collections::BTreeSet, path::Path};

/// One answer, of one or more numbers or of one word, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) place: String,
    pub(crate) cells: Vec<String>,
}

/// Answers as class indices, as words, or as real targets, whichever all of them can be; words are looked up in
/// `class_names`, or, where that is empty, become classes in sorted order. Returns the class names too.
pub(crate) fn parse(path: &Path, list: &[Written], class_names: &[String]) -> Result<(Targets, Vec<String>), Error> {
    let single = list.iter().all(|a| a.cells.len() == 1);
    let indices: Result<Vec<i64>, _> = list.iter().map(|a| a.cells[0].parse()).collect();
    if let (true, Ok(labels)) = (single, indices) {
        return Ok((targets::labels(path, &labels, 1)?, class_names.to_vec()));
    }
    let numbers: Result<Vec<f32>, _> = list.iter().flat_map(|a| &a.cells).map(|c| c.parse()).collect();
    match numbers {
        Ok(values) if class_names.is_empty() => {
            let outputs = list.first().map_or(1, |a| a.cells.len());
            Ok((targets::real_targets(path, values, outputs)?, Vec::new()))
        }
        _ if single => words(path, list, class_names),
        _ => Err(Error::data(
            path,
            "label",
            "several columns, but not all are numbers; give one label, or real targets",
        )),
    }
}

fn words(path: &Path, list: &[Written], class_names: &[String]) -> Result<(Targets, Vec<String>), Error> {
    let word = |a: &Written| a.cells[0].clone();
    let names: Vec<String> = match class_names.is_empty() {
        true => list.iter().map(word).collect::<BTreeSet<_>>().into_iter().collect(),
        false => class_names.to_vec(),
    };
    let index = |a: &Written| {
        let k = names.iter().position(|n| *n == a.cells[0]);
        k.map(|k| k as u32).ok_or_else(|| {
            Error::data(
                path,
                format!("label of {}", a.place),
                format!("unknown class '{}'; expected one of {}", a.cells[0], names.join(", ")),
            )
        })
    };
    let labels = list.iter().map(index).collect::<Result<_, _>>()?;
    Ok((Targets::Labels(labels), names))
}

/// Labels of single samples, (N) of (T_n), as answers at every step, padded to `length` with class 0.
pub(crate) fn parse_samples(
    path: &Path,
    sequences: &[Labels],
    length: usize,
    class_names: &[String],
) -> Result<(Targets, Vec<String>), Error> {
    let of_sequence = |(n, labels): (usize, &Labels)| -> Vec<Written> {
        let written = |(t, label): (usize, &str)| Written {
            place: format!("sequence {n}, sample {t}"),
            cells: vec![label.to_owned()],
        };
        labels.iter().enumerate().map(written).collect()
    };
    let list: Vec<Written> = sequences.iter().enumerate().flat_map(of_sequence).collect();
    let (Targets::Labels(flat), names) = parse(path, &list, class_names)? else {
        let problem = "the labels of single samples are no classes; give class indices or words";
        return Err(Error::data(path, "label", problem));
    };
    let (mut padded, mut flat) = (Vec::new(), flat.into_iter());
    for (n, labels) in sequences.iter().enumerate() {
        padded.extend(flat.by_ref().take(labels.len()));
        padded.resize((n + 1) * length, 0);
    }
    let answers = Box::new(Targets::Labels(padded));
    Ok((Targets::PerStep { answers, length }, names))
}
