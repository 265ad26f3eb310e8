//! Answers that are written as text: what each word stands for is decided here, once for all readers.

use crate::{
    Error, Loss, Notes, names,
    targets::{self, MOST_CLASSES},
    track::Labels,
};
use float_model::Targets;
use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

/// Answers at every step, padding included, that a summary of sequences of unequal length may hold.
const MOST_PADDED: usize = 1 << 26;

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

/// What distinct words stand for.
enum Meaning {
    /// (W): the class of each word, and the names of the classes; no names where the words are indices.
    Classes(Vec<u32>, Vec<String>),
    /// The words are real numbers.
    Numbers,
}

/// Answers as class indices, as words, or as real targets, whichever all of them can be.
///
/// Words are looked up in the class names that are given; without any, the distinct words in sorted order are the classes. Whole
/// numbers from 0 on are indices of classes, without names; where the least of them is not 0, the distinct numbers in ascending
/// order are the classes, and their names. Numbers with a point are real targets. Returns the class names too.
pub(crate) fn parse(
    path: &Path,
    list: &[Written],
    wanted: Wanted<'_>,
    notes: &mut Notes,
) -> Result<(Targets, Vec<String>), Error> {
    let numbers = || {
        list.iter()
            .flat_map(|a| &a.cells)
            .map(|c| c.parse::<f32>().ok())
            .collect()
    };
    let outputs = list.first().map_or(1, |a| a.cells.len());
    if outputs != 1 {
        let values: Option<Vec<f32>> = numbers();
        let problem = "several columns, but not all are numbers; give one label, or real targets";
        let values = values.ok_or_else(|| Error::data(path, "label", problem))?;
        return Ok((targets::real_targets(path, values, outputs)?, Vec::new()));
    }
    let words: Labels = list.iter().map(|a| a.cells[0].as_str()).collect();
    let place = |w: usize| {
        let first = words.ids().iter().position(|id| *id as usize == w).unwrap_or(0);
        format!("label of {}", list[first].place)
    };
    match meaning(path, words.words(), &place, wanted, notes)? {
        Meaning::Classes(class_of, names) => {
            let labels = words.ids().iter().map(|id| class_of[*id as usize]).collect();
            Ok((Targets::Labels(labels), names))
        }
        Meaning::Numbers => {
            let values: Option<Vec<f32>> = numbers();
            Ok((targets::real_targets(path, values.unwrap_or_default(), 1)?, Vec::new()))
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
    /// Answers at every step of sequences of `lengths` samples. Where these are unequal, the answers are padded with class 0 to the
    /// longest, for a summary; training refuses them.
    pub(crate) fn at_steps(
        self,
        path: &Path,
        lengths: impl ExactSizeIterator<Item = usize> + Clone,
    ) -> Result<Targets, Error> {
        let labels = match self {
            Answers::Whole(targets) => return Ok(targets),
            Answers::Samples(labels) => labels,
        };
        let (count, length) = (lengths.len(), lengths.clone().max().unwrap_or(0));
        if lengths.clone().all(|own| own == length) {
            let answers = Box::new(Targets::Labels(labels));
            return Ok(Targets::PerStep { answers, length });
        }
        if count.saturating_mul(length) > MOST_PADDED {
            return Err(unequal(path));
        }
        let (mut padded, mut rest) = (Vec::with_capacity(count * length), &labels[..]);
        for (n, own) in lengths.enumerate() {
            let (own, others) = rest.split_at(own);
            padded.extend_from_slice(own);
            padded.resize((n + 1) * length, 0);
            rest = others;
        }
        let answers = Box::new(Targets::Labels(padded));
        Ok(Targets::PerStep { answers, length })
    }
}

/// The error for answers at every step of sequences of unequal length.
pub(crate) fn unequal(path: &Path) -> Error {
    let problem = "answers at every step need sequences of equal length; cut them with --window LENGTH:STRIDE";
    Error::data(path, "lengths", problem)
}

/// Whole numbers (N) of an array as classes, or, where the loss says so, as real targets. Returns the class names too. `place`
/// says where a label stands.
pub(crate) fn of_numbers(
    path: &Path,
    labels: &[i64],
    place: impl Fn(usize) -> String,
    wanted: Wanted<'_>,
    notes: &mut Notes,
) -> Result<(Targets, Vec<String>), Error> {
    let (mut words, mut first, mut known) = (Vec::new(), Vec::new(), HashMap::new());
    let mut ids = Vec::with_capacity(labels.len());
    for (n, label) in labels.iter().enumerate() {
        ids.push(*known.entry(*label).or_insert_with(|| {
            words.push(label.to_string());
            first.push(n);
            words.len() - 1
        }));
    }
    Ok(match meaning(path, &words, &|w| place(first[w]), wanted, notes)? {
        Meaning::Classes(classes, names) => (Targets::Labels(ids.iter().map(|k| classes[*k]).collect()), names),
        Meaning::Numbers => {
            let values = labels.iter().map(|l| *l as f32).collect();
            (targets::real_targets(path, values, 1)?, Vec::new())
        }
    })
}

/// Words (N) of an array as classes. Returns the class names too. `place` says where a label stands.
pub(crate) fn of_words<'a>(
    path: &Path,
    words: impl Iterator<Item = &'a str>,
    place: impl Fn(usize) -> String,
    wanted: Wanted<'_>,
    notes: &mut Notes,
) -> Result<(Targets, Vec<String>), Error> {
    let written = |(n, word): (usize, &str)| Written {
        place: place(n),
        cells: vec![word.to_owned()],
    };
    parse(path, &words.enumerate().map(written).collect::<Vec<_>>(), wanted, notes)
}

/// Labels of single samples, (N) of (T_n), as the classes of all samples, and the class names.
pub(crate) fn parse_samples(
    path: &Path,
    sequences: &[Labels],
    wanted: Wanted<'_>,
    notes: &mut Notes,
) -> Result<(Answers, Vec<String>), Error> {
    let mut words = Labels::default();
    let mut first: Vec<usize> = Vec::new();
    for (n, labels) in sequences.iter().enumerate() {
        for word in labels.words() {
            words.push(word);
            first.resize(words.words().len(), n);
        }
    }
    let place = |w: usize| format!("label of a sample of sequence {}", first[w]);
    let Meaning::Classes(class_of, names) = meaning(path, words.words(), &place, wanted, notes)? else {
        let problem = "the labels of single samples are no classes; give class indices or words";
        return Err(Error::data(path, "label", problem));
    };
    let class_of: HashMap<&str, u32> = words.words().iter().map(String::as_str).zip(class_of).collect();
    let mut all = Vec::with_capacity(sequences.iter().map(Labels::len).sum());
    for labels in sequences {
        let own: Vec<u32> = labels.words().iter().map(|w| class_of[w.as_str()]).collect();
        all.extend(labels.ids().iter().map(|id| own[*id as usize]));
    }
    Ok((Answers::Samples(all), names))
}

/// What distinct words stand for; `place` says where word w first stands.
fn meaning(
    path: &Path,
    words: &[String],
    place: &dyn Fn(usize) -> String,
    wanted: Wanted<'_>,
    notes: &mut Notes,
) -> Result<Meaning, Error> {
    let whole: Option<Vec<i64>> = words.iter().map(|w| w.parse().ok()).collect();
    let numbers: Option<Vec<f64>> = words.iter().map(|w| w.parse().ok()).collect();
    if wanted.loss == Some(Loss::Mse) && numbers.is_some() {
        return Ok(Meaning::Numbers);
    }
    if !wanted.class_names.is_empty() {
        return known(path, words, place, wanted.class_names, whole);
    }
    match (whole, numbers) {
        (Some(whole), _) => numbered(path, &whole, place, wanted),
        (None, Some(numbers)) => {
            let is_whole = |v: &f64| v.fract() == 0.0 && (0.0..MOST_CLASSES as f64).contains(v);
            if !numbers.iter().all(is_whole) {
                return Ok(Meaning::Numbers);
            }
            let whole: Vec<i64> = numbers.iter().map(|v| *v as i64).collect();
            if wanted.loss.is_some() {
                return numbered(path, &whole, place, wanted);
            }
            let (least, most) = (whole.iter().min().unwrap_or(&0), whole.iter().max().unwrap_or(&0));
            notes.doubt(
                format!(
                    "the labels of {} are whole numbers {least} to {most} written with a point: read as real targets, but classes?",
                    path.display()
                ),
                "--loss ce (classes) or --loss mse (real targets)",
            );
            Ok(Meaning::Numbers)
        }
        (None, None) => sorted(path, words, place, notes),
    }
}

/// Words by the class names that are given.
fn known(
    path: &Path,
    words: &[String],
    place: &dyn Fn(usize) -> String,
    class_names: &[String],
    whole: Option<Vec<i64>>,
) -> Result<Meaning, Error> {
    let index: HashMap<&str, u32> = class_names.iter().map(String::as_str).zip(0..).collect();
    let mut classes = Vec::with_capacity(words.len());
    let unknown = words.iter().position(|word| match index.get(word.as_str()) {
        Some(k) => {
            classes.push(*k);
            false
        }
        None => true,
    });
    let Some(w) = unknown else {
        return Ok(Meaning::Classes(classes, class_names.to_vec()));
    };
    // Names that are numbers are what the numbers are looked up in; elsewhere numbers may be indices.
    let named_by_numbers = class_names.iter().any(|n| n.parse::<i64>().is_ok());
    if let (Some(whole), false) = (whole, named_by_numbers) {
        let names = class_names.len() as i64;
        return match whole.iter().position(|l| !(0..names).contains(l)) {
            None => Ok(Meaning::Classes(
                whole.iter().map(|l| *l as u32).collect(),
                class_names.to_vec(),
            )),
            Some(w) => {
                let problem = format!("{} is out of range, {names} class names are given", words[w]);
                Err(Error::data(path, place(w), problem))
            }
        };
    }
    let problem = format!(
        "unknown class '{}'; expected one of {}",
        names::shown(&words[w]),
        names::list(class_names)
    );
    Err(Error::data(path, place(w), problem))
}

/// Classes that are whole numbers.
fn numbered(path: &Path, whole: &[i64], place: &dyn Fn(usize) -> String, wanted: Wanted<'_>) -> Result<Meaning, Error> {
    let distinct: BTreeSet<i64> = whole.iter().copied().collect();
    let names = match wanted.loss {
        Some(Loss::Bce) => Vec::new(),
        _ => targets::names_of_numbers(path, &distinct)?,
    };
    if !names.is_empty() {
        let index: HashMap<i64, u32> = distinct.into_iter().zip(0..).collect();
        return Ok(Meaning::Classes(whole.iter().map(|l| index[l]).collect(), names));
    }
    match whole.iter().position(|l| !(0..MOST_CLASSES).contains(l)) {
        None => Ok(Meaning::Classes(whole.iter().map(|l| *l as u32).collect(), names)),
        Some(w) => Err(Error::data(path, place(w), targets::out_of_range(whole[w]))),
    }
}

/// Words as classes in sorted order.
fn sorted(path: &Path, words: &[String], place: &dyn Fn(usize) -> String, notes: &mut Notes) -> Result<Meaning, Error> {
    if words.len() > MOST_CLASSES as usize {
        let problem = format!(
            "{} different words, '{}' for example; a classifier has at most {MOST_CLASSES} classes. Are they numbers with a sign \
             that is not read?",
            words.len(),
            names::shown(&words[0])
        );
        return Err(Error::data(path, "label", problem));
    }
    if let Some(w) = words.iter().position(|word| word.chars().any(char::is_control)) {
        let problem = format!(
            "'{}' holds a control character; write plain words",
            names::shown(&words[w])
        );
        return Err(Error::data(path, place(w), problem));
    }
    let mut order: Vec<usize> = (0..words.len()).collect();
    order.sort_by_key(|w| &words[*w]);
    let mut classes = vec![0; words.len()];
    let mut without_case: HashMap<String, &str> = HashMap::new();
    for (class, w) in order.iter().enumerate() {
        classes[*w] = class as u32;
        if let Some(other) = without_case.insert(words[*w].to_lowercase(), &words[*w]) {
            notes.warn(format!(
                "the classes '{other}' and '{}' differ only in case; write one of them everywhere if they are one",
                words[*w]
            ));
        }
    }
    Ok(Meaning::Classes(
        classes,
        order.into_iter().map(|w| words[w].clone()).collect(),
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
        let (y, names, _) = of(&["9", "1", "3"], Wanted::default()).unwrap();
        assert_eq!(y, Targets::Labels(vec![2, 0, 1]));
        assert_eq!(names, ["1", "3", "9"]);
        // Another part of the same set knows the names, and has not all classes.
        let (y, ..) = of(&["9", "3"], with(&names, None)).unwrap();
        assert_eq!(y, Targets::Labels(vec![2, 1]));
        assert!(
            of(&["2"], with(&names, None))
                .unwrap_err()
                .to_string()
                .contains("unknown class '2'")
        );
        let (y, names, _) = of(&["0", "2"], Wanted::default()).unwrap();
        assert_eq!((y, names.len()), (Targets::Labels(vec![0, 2]), 0));
    }

    #[test]
    fn given_names_decide_what_words_and_numbers_are() {
        let names = ["sit".to_owned(), "walk".to_owned()];
        let (y, ..) = of(&["walk", "sit"], with(&names, None)).unwrap();
        assert_eq!(y, Targets::Labels(vec![1, 0]));
        let (y, ..) = of(&["1", "0"], with(&names, None)).unwrap();
        assert_eq!(y, Targets::Labels(vec![1, 0]));
        let says = |words: &[&str], part: &str| {
            let e = of(words, with(&names, None)).unwrap_err().to_string();
            assert!(e.contains(part), "{e}");
        };
        says(
            &["walk", "Walk"],
            "label of line 1: unknown class 'Walk'; expected one of sit, walk",
        );
        says(&["2"], "2 is out of range, 2 class names");
    }

    #[test]
    fn whole_numbers_with_a_point_are_asked_about() {
        let (y, _, notes) = of(&["0.0", "1.0"], Wanted::default()).unwrap();
        assert!(matches!(y, Targets::Values { outputs: 1, .. }));
        assert!(notes.doubts()[0].option.contains("--loss ce"), "{notes:?}");
        let (y, _, notes) = of(&["0.0", "1.0"], with(&[], Some(Loss::Ce))).unwrap();
        assert_eq!((y, notes.doubts().len()), (Targets::Labels(vec![0, 1]), 0));
        let (y, _, notes) = of(&["0.0", "1.0"], with(&[], Some(Loss::Mse))).unwrap();
        assert!(matches!(y, Targets::Values { .. }) && notes.doubts().is_empty());
        let (_, _, notes) = of(&["0.5", "1.0"], Wanted::default()).unwrap();
        assert!(notes.doubts().is_empty());
        let (y, ..) = of(&["60", "70"], with(&[], Some(Loss::Mse))).unwrap();
        assert!(
            matches!(&y, Targets::Values { values, .. } if values[..] == [60.0, 70.0]),
            "{y:?}"
        );
    }

    #[test]
    fn words_are_bounded_and_plain() {
        let many: Vec<String> = (0..5000).map(|n| format!("w{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(
            of(&many, Wanted::default())
                .unwrap_err()
                .to_string()
                .contains("5000 different words")
        );
        let e = of(&["a", "b\u{7}"], Wanted::default()).unwrap_err().to_string();
        assert!(e.contains("label of line 1") && !e.chars().any(char::is_control), "{e}");
        let (_, _, notes) = of(&["Walk", "walk"], Wanted::default()).unwrap();
        assert!(notes.warnings()[0].contains("differ only in case"));
    }

    #[test]
    fn labels_of_samples_follow_each_other() {
        let sequences: [Labels; 2] = [["b", "a", "b"].into_iter().collect(), ["c"].into_iter().collect()];
        let mut notes = Notes::default();
        let (y, names) = parse_samples(Path::new("x"), &sequences, Wanted::default(), &mut notes).unwrap();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(y, Answers::Samples(vec![1, 0, 1, 2]));
    }
}
