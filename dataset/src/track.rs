//! Recordings as they were read, one by one.

use crate::Notes;
use std::{collections::HashMap, path::PathBuf};

/// Labels of samples, each distinct word stored once: a recording may have ten million samples.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Labels {
    /// Distinct words, in the order in which they came.
    words: Vec<String>,
    places: HashMap<String, u32>,
    /// (T): index into `words`.
    ids: Vec<u32>,
}

impl Labels {
    /// Adds the label of the next sample.
    pub(crate) fn push(&mut self, word: &str) {
        let id = match self.places.get(word) {
            Some(id) => *id,
            None => {
                let id = self.words.len() as u32;
                self.words.push(word.to_owned());
                self.places.insert(word.to_owned(), id);
                id
            }
        };
        self.ids.push(id);
    }

    pub(crate) fn is_empty(&self) -> bool {
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
    pub(crate) fn get(&self, t: usize) -> &str {
        &self.words[self.ids[t] as usize]
    }

    /// The labels in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
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

impl<'a> FromIterator<&'a str> for Labels {
    fn from_iter<L: IntoIterator<Item = &'a str>>(words: L) -> Self {
        let mut labels = Labels::default();
        words.into_iter().for_each(|w| labels.push(w));
        labels
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
