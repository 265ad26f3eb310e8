//! What `config.toml` says of recordings.

use crate::{
    Audio, Axes, ChannelConfig, Columns, Error, Loss, Origin, PathRoles, ReadOptions, Window, clock::PERIODS_S,
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A dataset in files.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatasetConfig {
    /// Anything that [`crate::read`] reads: `.npy` (N, T, I), `.npz`, CSV, IDX, a folder of CSV or WAV files.
    pub train_x: PathBuf,
    /// Answers, as [`crate::load_targets`] reads them; empty where they lie beside or in `train_x`.
    pub train_y: PathBuf,
    /// The test part, like `train_x`; read by evaluation only.
    pub test_x: Option<PathBuf>,
    /// Like `train_y`.
    pub test_y: Option<PathBuf>,
    /// Without `test_x`: this share of `train_x` is the test part, whole groups where groups are known.
    pub test_share: f64,
    /// Whose each training sequence is, integers (N) as `.npy`; absent: as the files say, or unknown.
    pub groups: Option<PathBuf>,
    /// Recordings are cut into windows.
    pub window: Option<Window>,
    /// A model sees samples 0, K, 2K, ... of each sequence, K times `sample_period_s` apart; absent: all.
    pub every: Option<usize>,
    /// The answer of a sequence is asked for at every sample that a model sees.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub answers_at_steps: bool,
    /// What columns of text files are, where they do not say it themselves.
    #[serde(skip_serializing_if = "Columns::is_empty")]
    pub columns: Columns,
    /// Where the class of a recording is written; absent: as the files and folders look.
    pub label_from: Option<Origin>,
    /// Where it is written whose a recording is; absent: as the files and folders look.
    pub group_from: Option<Origin>,
    /// The order of the axes of arrays; absent: (N, T, I).
    pub axes: Option<Axes>,
    /// How WAV files become samples; absent: frames of log-mel energies.
    pub audio: Option<Audio>,
    /// The task loss; absent: as the answers ask for.
    pub loss: Option<Loss>,
    /// Seconds between samples of the recordings; 0: unknown, or as `channels.toml` says.
    pub sample_period_s: f64,
    /// One entry per channel; empty: as `channels.toml` says, or `channel0`, `channel1`, ...
    pub channels: Vec<ChannelConfig>,
    /// A `channels.toml`; where absent, one beside or in `train_x` is read if it exists.
    pub channels_file: Option<PathBuf>,
    /// One name per class; empty: as the labels or `channels.toml` say.
    pub class_names: Vec<String>,
}

impl DatasetConfig {
    /// Checks every field that can be checked without reading a file.
    ///
    /// # Errors
    /// The first field that cannot work.
    pub fn validate(&self) -> Result<(), Error> {
        if self.train_x.as_os_str().is_empty() {
            let problem = "missing; give a .npy file or a folder of CSV files";
            return Err(Error::usage("train_x", problem));
        }
        if self.every == Some(0) {
            return Err(Error::usage(
                "every",
                "is 0; give K to use samples 0, K, 2K, ..., 1 for all of them",
            ));
        }
        if !(0.0..=0.9).contains(&self.test_share) {
            let problem = format!("is {}; give a share of the sequences, 0 to 0.9", self.test_share);
            return Err(Error::usage("test_share", problem));
        }
        if self.sample_period_s != 0.0 && !PERIODS_S.contains(&self.sample_period_s) {
            let problem = format!(
                "{} s; give the seconds between samples, 1e-6 to 86400, or 0 where unknown",
                self.sample_period_s
            );
            return Err(Error::usage("sample_period_s", problem));
        }
        Ok(())
    }

    /// The answers of the training part, where they have a file of their own.
    pub(crate) fn train_y(&self) -> Option<&Path> {
        (!self.train_y.as_os_str().is_empty()).then_some(&self.train_y)
    }

    /// How files are read, the answers being in `y`.
    pub(crate) fn read_options<'a>(&'a self, y: Option<&'a Path>) -> ReadOptions<'a> {
        ReadOptions {
            y,
            y_beside: true,
            groups: self.groups.as_deref(),
            class_names: &self.class_names,
            loss: self.loss,
            path_roles: PathRoles {
                label: self.label_from,
                group: self.group_from,
            },
            sample_period_s: self.sample_period_s,
            audio: self.audio.unwrap_or_default(),
            channels: &self.channels,
            columns: (!self.columns.is_empty()).then_some(&self.columns),
            axes: self.axes,
            window: self.window,
            test_part: false,
        }
    }
}
