//! Recordings as they were read, one by one.

use crate::Notes;
use std::{collections::HashMap, path::PathBuf};

/// Words of samples or of sequences (labels, groups), each distinct one stored once: a recording may have ten million samples.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// Distinct words, in the order in which they came.
    words: Vec<String>,
    places: HashMap<String, u32>,
    /// (T): index into `words`.
    ids: Vec<u32>,
}

impl Labels {
    /// The number of a word among the distinct ones; a new one becomes the last.
    pub(crate) fn id(&mut self, word: &str) -> u32 {
        match self.places.get(word) {
            Some(id) => *id,
            None => {
                let id = self.words.len() as u32;
                self.words.push(word.to_owned());
                self.places.insert(word.to_owned(), id);
                id
            }
        }
    }

    /// Adds the label of the next sample.
    pub(crate) fn push(&mut self, word: &str) {
        let id = self.id(word);
        self.ids.push(id);
    }

    /// Adds a label of `count` samples that follow.
    pub(crate) fn push_many(&mut self, word: &str, count: usize) {
        let id = self.id(word);
        self.ids.extend(std::iter::repeat_n(id, count));
    }

    /// Samples, or sequences, that have a label.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether none has a label.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Distinct words, in the order in which they came.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }

    /// (T): index of each label into [`Labels::words`].
    pub(crate) fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// The label of sample `t`.
    ///
    /// # Panics
    /// `t` is not below [`Labels::len`].
    #[must_use]
    pub fn get(&self, t: usize) -> &str {
        &self.words[self.ids[t] as usize]
    }

    /// The labels in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().map(|id| self.words[*id as usize].as_str())
    }

    /// The label that all samples share; `None` where they differ, or where there are none.
    pub(crate) fn same(&self) -> Option<&str> {
        let first = self.ids.first()?;
        self.ids.iter().all(|id| id == first).then(|| self.get(0))
    }

    /// Labels of the samples at `indices`, which may repeat; only their words stay.
    pub(crate) fn select(&self, indices: impl IntoIterator<Item = usize>) -> Self {
        let mut labels = Labels::default();
        let mut new: HashMap<u32, u32> = HashMap::new();
        for t in indices {
            let id = self.ids[t];
            match new.get(&id) {
                Some(id) => labels.ids.push(*id),
                None => {
                    labels.push(&self.words[id as usize]);
                    new.insert(id, labels.words.len() as u32 - 1);
                }
            }
        }
        labels
    }
}

/// Whether the words are the same, one by one.
impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl FromIterator<String> for Labels {
    fn from_iter<L: IntoIterator<Item = String>>(words: L) -> Self {
        let mut labels = Labels::default();
        words.into_iter().for_each(|w| labels.push(&w));
        labels
    }
}

impl<'a> FromIterator<&'a str> for Labels {
    fn from_iter<L: IntoIterator<Item = &'a str>>(words: L) -> Self {
        let mut labels = Labels::default();
        words.into_iter().for_each(|w| labels.push(w));
        labels
    }
}

/// The line of each sample of a file, for messages; nearly always they follow each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Places {
    /// Samples at which a run of consecutive lines begins, with the line; ordered.
    runs: Vec<(usize, usize)>,
    length: usize,
}

impl Places {
    /// Adds the line of the next sample.
    pub(crate) fn push(&mut self, line: usize) {
        let follows = self
            .runs
            .last()
            .is_some_and(|(n, first)| self.length - n + first == line);
        if !follows {
            self.runs.push((self.length, line));
        }
        self.length += 1;
    }

    /// The line of sample `t`, from 1; `None` where it is unknown.
    pub(crate) fn line(&self, t: usize) -> Option<usize> {
        let run = self.runs.partition_point(|(n, _)| *n <= t).checked_sub(1)?;
        let (n, first) = self.runs[run];
        (t < self.length).then_some(t - n + first)
    }

    /// Lines of the samples at `indices`.
    pub(crate) fn select(&self, indices: impl IntoIterator<Item = usize>) -> Self {
        let mut places = Places::default();
        indices
            .into_iter()
            .filter_map(|t| self.line(t))
            .for_each(|line| places.push(line));
        places
    }
}

/// One recording, before resampling.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Track {
    /// What errors and warnings call it.
    pub(crate) path: PathBuf,
    /// (T, I).
    pub(crate) values: Vec<f32>,
    /// (T): seconds; empty where unknown.
    pub(crate) times: Vec<f64>,
    /// The unit to which `times` are rounded, in seconds; 0 where unknown.
    pub(crate) resolution_s: f64,
    /// Lines of the samples in the file; empty where they have none.
    pub(crate) places: Places,
    /// (T): labels of single samples; empty where it has none.
    pub(crate) labels: Labels,
}

/// What the samples of a folder's files are.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Header {
    /// I.
    pub(crate) count: usize,
    /// One each, or empty.
    pub(crate) names: Vec<String>,
    /// Units of the values as they were read, one each, empty where unknown; or empty.
    pub(crate) units: Vec<String>,
}

/// A folder's files.
pub(crate) struct Tracks {
    pub(crate) list: Vec<Track>,
    /// Where the files say so by themselves; else 0.
    pub(crate) sample_period_s: f64,
    pub(crate) notes: Notes,
}
