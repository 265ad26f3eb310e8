//! Answers that are written as text.

use crate::{Error, targets, track::Labels};
use float_model::Targets;
use std::path::Path;

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
        let place = |n: usize| format!("label of {}", list[n].place);
        return targets::numbered_classes(path, labels, place, class_names);
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
    let place = |n: usize| format!("label of {}", list[n].place);
    targets::named_classes(path, list.iter().map(|a| a.cells[0].as_str()), place, class_names)
}

/// Answers as a reader finds them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answers {
    /// One a sequence, or one a step of sequences of one length.
    Whole(Targets),
    /// (sum of T_n): the class of each sample, sequence after sequence, without padding.
    Samples(Vec<u32>),
}

impl From<Targets> for Answers {
    fn from(targets: Targets) -> Self {
        Answers::Whole(targets)
    }
}

impl Answers {
    /// Answers at every step, for sequences that all have `length` samples.
    pub(crate) fn at_steps(self, path: &Path, length: Option<usize>) -> Result<Targets, Error> {
        match (self, length) {
            (Answers::Whole(targets), _) => Ok(targets),
            (Answers::Samples(labels), Some(length)) => Ok(Targets::PerStep {
                answers: Box::new(Targets::Labels(labels)),
                length,
            }),
            (Answers::Samples(_), None) => {
                let problem =
                    "answers at every step need sequences of equal length; cut them with --window LENGTH:STRIDE";
                Err(Error::data(path, "lengths", problem))
            }
        }
    }
}

/// Labels of single samples, (N) of (T_n), as the classes of all samples.
pub(crate) fn parse_samples(
    path: &Path,
    sequences: &[Labels],
    class_names: &[String],
) -> Result<(Answers, Vec<String>), Error> {
    let mut distinct = Labels::default();
    let mut ids = Vec::with_capacity(sequences.iter().map(Labels::len).sum());
    for labels in sequences {
        let own: Vec<u32> = labels.words().map(|word| distinct.id(word)).collect();
        ids.extend(labels.ids().map(|id| own[id as usize]));
    }
    // Each distinct label is parsed once; its place is that of its first sample.
    let mut first = vec![None; distinct.words().count()];
    let mut samples = sequences
        .iter()
        .enumerate()
        .flat_map(|(n, l)| (0..l.len()).map(move |t| (n, t)));
    for (id, place) in ids.iter().zip(&mut samples) {
        first[*id as usize].get_or_insert(place);
    }
    let written = |(word, place): (&str, &Option<(usize, usize)>)| {
        let (n, t) = place.unwrap_or_default();
        Written {
            place: format!("sequence {n}, sample {t}"),
            cells: vec![word.to_owned()],
        }
    };
    let list: Vec<Written> = distinct.words().zip(&first).map(written).collect();
    let (Targets::Labels(classes), names) = parse(path, &list, class_names)? else {
        let problem = "the labels of single samples are no classes; give class indices or words";
        return Err(Error::data(path, "label", problem));
    };
    Ok((
        Answers::Samples(ids.iter().map(|id| classes[*id as usize]).collect()),
        names,
    ))
}
