//! Answers that are written as text: what each word stands for is decided here, once for all readers.

use crate::{Error, Loss, Notes, names, targets, track::Labels};
use float_model::Targets;
use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

/// One answer, of one or more numbers or of one word, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) place: String,
    pub(crate) cells: Vec<String>,
}

/// What decides how words are understood, beside the words themselves.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    /// What words stand for, in the order of the classes; empty: as the words say.
    pub(crate) class_names: &'a [String],
    /// What numbers are: classes (`ce`), labels of 0 or 1 (`bce`) or real targets (`mse`); absent: as they look.
    pub(crate) loss: Option<Loss>,
}

/// Answers as class indices, as words, or as real targets, whichever all of them can be.
///
/// Words are looked up in the class names that are given, numbers too where all of them are such names; without any, the distinct words
/// in sorted order are the classes. Other whole numbers are classes as [`targets::numbered_classes`] says, and numbers with a point
/// are real targets. Returns the class names too.
pub(crate) fn parse(
    path: &Path,
    list: &[Written],
    wanted: Wanted<'_>,
    notes: &mut Notes,
) -> Result<(Targets, Vec<String>), Error> {
    let outputs = list.first().map_or(1, |a| a.cells.len());
    let place = |n: usize| format!("label of {}", list[n].place);
    let numbers: Option<Vec<f32>> = list.iter().flat_map(|a| &a.cells).map(|c| c.parse().ok()).collect();
    if outputs != 1 {
        let problem = "several columns, but not all are numbers; give one label, or real targets";
        let values = numbers.ok_or_else(|| Error::data(path, "label", problem))?;
        return Ok((targets::real_targets(path, values, outputs)?, Vec::new()));
    }
    let words = || list.iter().map(|a| a.cells[0].as_str());
    if let (Some(values), Some(Loss::Mse | Loss::Bce)) = (&numbers, wanted.loss) {
        return Ok((targets::real_targets(path, values.clone(), 1)?, Vec::new()));
    }
    let given: HashSet<&str> = wanted.class_names.iter().map(String::as_str).collect();
    let all_given = !given.is_empty() && words().all(|w| given.contains(w));
    let whole: Option<Vec<i64>> = words().map(|w| w.parse().ok()).collect();
    match (whole, numbers) {
        (Some(labels), _) if !all_given => targets::numbered_classes(path, labels, place, wanted.class_names),
        (None, Some(values)) if given.is_empty() => Ok((targets::real_targets(path, values, 1)?, Vec::new())),
        _ => {
            let (y, names) = targets::named_classes(path, words(), place, wanted.class_names)?;
            if given.is_empty() {
                warn_of_case(&names, notes);
            }
            Ok((y, names))
        }
    }
}

/// `Walk` beside `walk` is nearly always one class.
fn warn_of_case(class_names: &[String], notes: &mut Notes) {
    let mut known: HashMap<String, &str> = HashMap::new();
    for name in class_names {
        if let Some(other) = known.insert(name.to_lowercase(), name) {
            notes.warn(format!(
                "the classes '{}' and '{}' differ only in case; write one of them everywhere if they are one",
                names::shown(other),
                names::shown(name)
            ));
        }
    }
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
    wanted: Wanted<'_>,
    notes: &mut Notes,
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
    let (Targets::Labels(classes), names) = parse(path, &list, wanted, notes)? else {
        let problem = "the labels of single samples are no classes; give class indices or words";
        return Err(Error::data(path, "label", problem));
    };
    Ok((
        Answers::Samples(ids.iter().map(|id| classes[*id as usize]).collect()),
        names,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str], wanted: Wanted<'_>) -> Result<(Targets, Vec<String>, Notes), Error> {
        let list: Vec<Written> = words
            .iter()
            .enumerate()
            .map(|(n, w)| Written {
                place: format!("line {n}"),
                cells: vec![(*w).to_owned()],
            })
            .collect();
        let mut notes = Notes::default();
        let (y, names) = parse(Path::new("labels.csv"), &list, wanted, &mut notes)?;
        Ok((y, names, notes))
    }

    fn with<'a>(class_names: &'a [String], loss: Option<Loss>) -> Wanted<'a> {
        Wanted { class_names, loss }
    }

    #[test]
    fn numbers_from_one_on_are_classes_with_their_own_names() {
        let (y, names, _) = of(&["3", "1", "2"], Wanted::default()).unwrap();
        assert_eq!(y, Targets::Labels(vec![2, 0, 1]));
        assert_eq!(names, ["1", "2", "3"]);
        // Another part of the same set knows the names, and has not all classes.
        let (y, ..) = of(&["3", "2"], with(&names, None)).unwrap();
        assert_eq!(y, Targets::Labels(vec![2, 1]));
        assert!(
            of(&["4"], with(&names, None))
                .unwrap_err()
                .to_string()
                .contains("4 is out of range")
        );
        let (y, names, _) = of(&["0", "2"], Wanted::default()).unwrap();
        assert_eq!((y, names.len()), (Targets::Labels(vec![0, 2]), 0));
    }

    #[test]
    fn given_names_decide_what_words_and_numbers_are() {
        let names = ["sit".to_owned(), "walk".to_owned()];
        for words in [["walk", "sit"], ["1", "0"]] {
            assert_eq!(of(&words, with(&names, None)).unwrap().0, Targets::Labels(vec![1, 0]));
        }
        let numbers = ["7".to_owned(), "3".to_owned()];
        assert_eq!(
            of(&["3", "7"], with(&numbers, None)).unwrap().0,
            Targets::Labels(vec![1, 0])
        );
        let e = of(&["walk", "Walk"], with(&names, None)).unwrap_err().to_string();
        assert!(
            e.contains("label of line 1: unknown class 'Walk'; expected one of sit, walk"),
            "{e}"
        );
    }

    #[test]
    fn a_loss_says_what_numbers_are() {
        for loss in [Loss::Mse, Loss::Bce] {
            let (y, names, _) = of(&["1", "5"], with(&[], Some(loss))).unwrap();
            assert!(
                matches!(&y, Targets::Values { values, .. } if values[..] == [1.0, 5.0]),
                "{y:?}"
            );
            assert!(names.is_empty());
        }
        let (y, ..) = of(&["0.5", "1"], Wanted::default()).unwrap();
        assert!(matches!(y, Targets::Values { outputs: 1, .. }));
    }

    #[test]
    fn words_are_bounded_and_plain() {
        let many: Vec<String> = (0..5000).map(|n| format!("w{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(
            of(&many, Wanted::default())
                .unwrap_err()
                .to_string()
                .contains("5000 distinct words")
        );
        let e = of(&["a", "b\u{7}"], Wanted::default()).unwrap_err().to_string();
        assert!(e.contains("label of line 1") && e.contains("control character"), "{e}");
        let (_, _, notes) = of(&["Walk", "walk"], Wanted::default()).unwrap();
        assert!(notes.warnings()[0].contains("differ only in case"));
    }
}
