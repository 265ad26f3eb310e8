//! A trained float model, with the configuration of its run where there is one.

use crate::{Error, ModelInput};
use float_model::{FloatModel, Forward, Metric, Outcome, Sequences, Targets};
use host_train::{DataSource, TrainConfig};
use quantize::FinetuneData;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A run folder or a lone model file, of this program or of another.
pub struct TrainedModel {
    /// The float model.
    pub model: FloatModel,
    /// The run's configuration, where there is one.
    pub config: Option<TrainConfig>,
    /// The model file.
    pub file: PathBuf,
    /// Steps trained, where the run says so.
    pub steps: Option<u64>,
    /// What was understood of the model file, and assumed.
    pub notes: Vec<String>,
}

/// What `training.json` says of the length of a training.
#[derive(Deserialize)]
struct Steps {
    steps: Option<u64>,
}

impl TrainedModel {
    /// Reads `path`: a folder with model.safetensors (and config.toml), or a file that [`import::read`] takes. The words of
    /// its recordings are the model's classes.
    ///
    /// # Errors
    /// Files that are missing, cannot be read, or hold what a model cannot.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let folder = path.is_dir();
        let file = match folder {
            true => path.join("model.safetensors"),
            false => path.to_path_buf(),
        };
        if folder && !file.exists() {
            let problem = "no model.safetensors in this folder; give a run folder, or a model file";
            return Err(Error::data(path.display(), problem));
        }
        let import::Imported { model, notes, .. } = import::read(&file)?;
        let mut config = match folder && path.join("config.toml").exists() {
            true => Some(configuration(path)?),
            false => None,
        };
        if let Some(DataSource::Dataset(data)) = config.as_mut().map(|c| &mut c.data) {
            *data = ModelInput::of_float(&model).named(data);
        }
        let summary = std::fs::read_to_string(path.join("training.json"));
        let steps = summary.ok().and_then(|text| serde_json::from_str::<Steps>(&text).ok());
        Ok(TrainedModel {
            model,
            config,
            file,
            steps: steps.and_then(|s| s.steps),
            notes,
        })
    }

    /// What the model says of the recordings that it takes.
    #[must_use]
    pub fn input(&self) -> ModelInput {
        ModelInput::of_float(&self.model)
    }

    /// A warning where the files of the run's data are not those that it began with; `None` where they are, where the run does not
    /// say, and where they cannot be read, which whoever needs them will say.
    #[must_use]
    pub fn data_changed(&self) -> Option<String> {
        let config = self.config.as_ref()?;
        let was = config.data_fingerprint.as_ref()?;
        let now = config.data.fingerprint().ok()??;
        (now != *was).then(|| "the data changed since the run began".into())
    }

    /// A short name for reports and blobs.
    #[must_use]
    pub fn name(&self) -> String {
        let folder = self.file.parent().and_then(Path::file_name);
        let stem = self.file.file_stem();
        let name = match stem.is_some_and(|s| s == "model") {
            true => folder.or(stem),
            false => stem,
        };
        name.map_or_else(|| "model".into(), |n| n.to_string_lossy().into_owned())
    }

    /// Runs the float model over `x` as it was trained, with an offset of its gate: updates fall by its gate, or, in a run with
    /// `p_skip`, at random with draws from `seed`.
    ///
    /// # Errors
    /// Sequences that do not fit the model.
    pub fn outcomes(&self, x: &Sequences, dial: f32, seed: u64) -> Result<Vec<Outcome>, Error> {
        let forward = Forward::new(&self.model);
        Ok(match self.config.as_ref().and_then(|c| c.p_skip) {
            None => forward.run_all(x, dial, processors())?,
            Some(p) => forward.run_imposed(x, processors(), |n| {
                host_train::random_schedule(p, seed, n, x.length_of(n))
            })?,
        })
    }

    /// Runs the float model over held-out sequences with its dial at 0: the metric, and the samples that each sequence used.
    ///
    /// # Errors
    /// Sequences or answers that do not fit the model.
    pub fn evaluate(&self, x: &Sequences, y: &Targets, seed: u64) -> Result<(Metric, Vec<Vec<u32>>), Error> {
        let outcomes = self.outcomes(x, 0.0, seed)?;
        let (outputs, schedules): (Vec<_>, Vec<_>) = outcomes.into_iter().map(|o| (o.output, o.updates)).unzip();
        let metric = Metric::of("held-out data", self.model.description.objective, &outputs, y)?;
        Ok((metric, schedules))
    }

    /// The data of fine-tuning, where the run names its data; `calibration` is the run's validation part.
    ///
    /// # Errors
    /// Data that cannot be read.
    pub fn finetune_data(&self, calibration: quantize::Data<'_>) -> Result<Option<FinetuneData>, Error> {
        let Some(config) = &self.config else { return Ok(None) };
        let training = |n: usize| config.data.training(n, config.seed);
        Ok(Some(match config.data.is_generated() {
            true => FinetuneData::of_generated(calibration, training)?,
            false => FinetuneData::of_recordings(training)?,
        }))
    }

    /// Training sequences beside `count` calibration sequences, where those are few to choose formats by.
    ///
    /// # Errors
    /// Data that cannot be read.
    pub fn more_for_formats(&self, count: usize) -> Result<Option<Sequences>, Error> {
        match (&self.config, quantize::extra_compared_sequences(count)) {
            (Some(config), Some(n)) => Ok(Some(config.data.training(n, config.seed)?.0)),
            _ => Ok(None),
        }
    }

    /// Training sequences beside `count` calibration sequences, where those are few for a dial curve; at most `wanted` of both.
    ///
    /// # Errors
    /// Data that cannot be read.
    pub fn more_for_curve(&self, count: usize, wanted: usize) -> Result<Option<Sequences>, Error> {
        match (&self.config, quantize::extra_curve_sequences(count, wanted)) {
            (Some(config), Some(n)) => Ok(Some(config.data.training(n, config.seed)?.0)),
            _ => Ok(None),
        }
    }

    /// Where fresh sequences of this run's task come from.
    #[must_use]
    pub fn source(&self) -> Option<DataSource> {
        self.config.as_ref().map(|c| c.data.clone())
    }
}

/// The configuration of a run folder. A bad field is a fault of its file, not of an option.
fn configuration(folder: &Path) -> Result<TrainConfig, Error> {
    let config = TrainConfig::load(folder)?;
    match config.validate() {
        Err(error) if error.is_usage() => Err(Error::data(folder.join("config.toml").display(), error.to_string())),
        other => Ok(other.map(|()| config)?),
    }
}

/// Processors of this machine: the threads to evaluate with, and the jobs to run at the same time.
#[must_use]
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
