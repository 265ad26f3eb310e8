//! Recordings of any format, and the options of reading them.

use crate::{
    Audio, Axes, ChannelConfig, Columns, Labels, Loss, Notes, Store, Window,
    answers::{Answers, Wanted},
    layout::PathRoles,
};
use float_model::{Sequences, Targets};
use std::path::{Path, PathBuf};

/// What a file or a folder holds. `Y` is `Option<Targets>`, and `Targets` where answers must be there.
#[derive(Debug, Clone, PartialEq)]
pub struct Recordings<Y = Option<Targets>> {
    /// The sequences, in the sensor's units.
    pub x: Store,
    /// The answers, one a sequence or one a step.
    pub y: Y,
    /// The file that errors about the answers name.
    pub y_path: PathBuf,
    /// (N): subject, speaker or session of each sequence; empty where unknown.
    pub groups: Labels,
    /// From `channels.toml`, or names from a header row, or empty.
    pub channels: Vec<ChannelConfig>,
    /// From `channels.toml`, or the sorted distinct labels where they are words, or empty.
    pub class_names: Vec<String>,
    /// From `channels.toml` or the files; 0 where unknown.
    pub sample_period_s: f64,
    /// The kind of file, in words.
    pub format: &'static str,
    /// What was noticed while reading.
    pub notes: Notes,
}

/// Options of reading.
#[derive(Debug, Clone, Copy)]
pub struct ReadOptions<'a> {
    /// The answers, where they are not in the same place.
    pub y: Option<&'a Path>,
    /// Whether answers in a file of their own beside the sequences (`y.npy`, IDX labels) are read without `y`.
    pub y_beside: bool,
    /// Groups (N), where they are not in the same place.
    pub groups: Option<&'a Path>,
    /// What words stand for, in the order of the classes; empty: as the data say.
    pub class_names: &'a [String],
    /// What numbers as answers are; absent: as they look.
    pub loss: Option<Loss>,
    /// Where the class and the group of a recording are found; absent: as the folder looks.
    pub path_roles: PathRoles,
    /// Seconds between samples of the grid that timestamps are put on; 0: their own median distance.
    pub sample_period_s: f64,
    /// How sound becomes samples of a sequence.
    pub audio: Audio,
    /// What columns of text files are, where they do not say it themselves.
    pub columns: Option<&'a Columns>,
    /// What the user says of the channels, or nothing: units here overrule those of text files, so that no value is converted.
    pub channels: &'a [ChannelConfig],
    /// The order of the axes of arrays; absent: (N, T, I), with a doubt where it looks like another.
    pub axes: Option<Axes>,
    /// Recordings are cut into windows.
    pub window: Option<Window>,
    /// Of a file that holds a training and a test part, the test part is read.
    pub test_part: bool,
}

impl Default for ReadOptions<'_> {
    fn default() -> Self {
        ReadOptions {
            y: None,
            y_beside: true,
            groups: None,
            class_names: &[],
            loss: None,
            path_roles: PathRoles::default(),
            sample_period_s: 0.0,
            audio: Audio::default(),
            columns: None,
            channels: &[],
            axes: None,
            window: None,
            test_part: false,
        }
    }
}

impl<'a> ReadOptions<'a> {
    /// What decides how words are understood, where a `channels.toml` beside the data may name the classes.
    pub(crate) fn wanted(&self, beside: &'a [String]) -> Wanted<'a> {
        Wanted {
            class_names: match self.class_names.is_empty() {
                true => beside,
                false => self.class_names,
            },
            loss: self.loss,
        }
    }
}

impl<Y> Recordings<Y> {
    /// The same recordings with other answers.
    pub(crate) fn with_answers<Z>(self, answers: impl FnOnce(Y) -> Z) -> Recordings<Z> {
        Recordings {
            y: answers(self.y),
            x: self.x,
            y_path: self.y_path,
            groups: self.groups,
            channels: self.channels,
            class_names: self.class_names,
            sample_period_s: self.sample_period_s,
            format: self.format,
            notes: self.notes,
        }
    }
}

impl Recordings<Option<Answers>> {
    /// No recordings yet, of a format.
    pub(crate) fn of(format: &'static str) -> Self {
        Recordings {
            x: Store::of(Sequences::default()),
            y: None,
            y_path: PathBuf::new(),
            groups: Labels::default(),
            channels: Vec::new(),
            class_names: Vec::new(),
            sample_period_s: 0.0,
            format,
            notes: Notes::default(),
        }
    }
}
