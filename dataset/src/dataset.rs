//! A dataset made ready for training: read, checked, split, and its channels described.

use crate::{
    DatasetConfig, Error, Store, describe,
    labelled::{Labelled, test_recordings},
    normalise::statistics,
    split::Split,
};
use float_model::{Channel, Sequences, Targets};

/// Sequences in the sensor's units, and their answers.
pub type Part = (Store, Targets);

/// Training and validation part with what is known of the channels.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Sequences and answers to train on.
    pub training: Part,
    /// Sequences and answers by which the best model is chosen.
    pub validation: Part,
    /// Name, unit and full scale of each of the I channels.
    pub channels: Vec<Channel>,
    /// One name a class, or empty.
    pub class_names: Vec<String>,
    /// Seconds between the samples that a model sees; 0 where unknown.
    pub sample_period_s: f64,
    /// Outputs that the model needs: classes, or real targets.
    pub outputs: usize,
    /// (I): means over the training part.
    pub mean: Vec<f32>,
    /// (I): standard deviations over the training part; 1 for a constant channel.
    pub std: Vec<f32>,
    /// What was changed while reading, and what looks wrong.
    pub warnings: Vec<String>,
}

impl Dataset {
    /// Reads the training files and splits the validation part off.
    ///
    /// # Errors
    /// A bad option; files that cannot be read or cannot be trained on; a reading that is in doubt, with the option that settles it.
    pub fn load(config: &DatasetConfig) -> Result<Self, Error> {
        let (labelled, outputs, split) = Self::checked(config)?;
        let path = &config.train_x;
        let training = labelled.select(&split.training);
        let validation = labelled.select(&split.validation);
        let mut warnings = labelled.notes.warnings();
        warnings.extend(split.warnings);
        for (part, y) in [("training", &training.1), ("validation", &validation.1)] {
            warnings.extend(describe::absent_classes(part, y, outputs, &labelled.class_names));
        }
        warnings.extend(describe::few_decide(&validation.1));
        let found = statistics(&training.0)?;
        warnings.extend(found.warnings());
        let channels = labelled.channels(path, &found)?;
        warnings.extend(labelled.without_units(&channels));
        Ok(Dataset {
            training,
            validation,
            channels,
            class_names: labelled.class_names.clone(),
            sample_period_s: labelled.sample_period_s,
            outputs,
            mean: found.mean,
            std: found.std,
            warnings,
        })
    }

    /// The training part and the validation part alone, without a pass over their samples.
    ///
    /// # Errors
    /// As [`Dataset::load`].
    pub fn load_parts(config: &DatasetConfig) -> Result<(Part, Part), Error> {
        let (labelled, _, split) = Self::checked(config)?;
        Ok((labelled.select(&split.training), labelled.select(&split.validation)))
    }

    /// The training part and the names of its channels, without a pass over its samples.
    ///
    /// # Errors
    /// As [`Dataset::load`], but for full scales, which are not looked at.
    pub fn load_training(config: &DatasetConfig) -> Result<(Part, Vec<String>), Error> {
        let (labelled, _, split) = Self::checked(config)?;
        let names = labelled.channel_names(&config.train_x)?;
        Ok((labelled.select(&split.training), names))
    }

    /// Recordings that can be trained on, the outputs that a model of them needs, and their parts.
    fn checked(config: &DatasetConfig) -> Result<(Labelled, usize, Split), Error> {
        config.validate()?;
        let labelled = Labelled::load(config)?;
        let path = &config.train_x;
        if let Some(doubt) = labelled.notes.doubts().first() {
            return Err(Error::data(path, "reading", doubt.to_string()));
        }
        if labelled.x.longest() < 2 {
            let (field, problem) = match config.every {
                None => (
                    "length",
                    "1 sample a sequence; a recurrent network needs at least 2".into(),
                ),
                Some(k) => (
                    "every",
                    format!("is {k}, and no sequence has more than {k} samples; give a smaller one"),
                ),
            };
            return Err(Error::data(path, field, problem));
        }
        labelled.equal_steps()?;
        labelled.several_classes()?;
        let outputs = labelled.outputs()?;
        let split = labelled.split(config)?;
        Ok((labelled, outputs, split))
    }

    /// Parts that need no normalisation: x is used as it is. Each channel is called `channel` and has the full scale 1.
    pub(crate) fn unscaled(training: Part, validation: Part, channel: &str, class_names: Vec<String>) -> Self {
        let channels = training.0.channels();
        let channel = Channel {
            name: channel.into(),
            unit: String::new(),
            full_scale: 1.0,
        };
        Dataset {
            training,
            validation,
            channels: vec![channel; channels],
            outputs: class_names.len(),
            class_names,
            sample_period_s: 0.0,
            mean: vec![0.0; channels],
            std: vec![1.0; channels],
            warnings: Vec::new(),
        }
    }

    /// Reads the test part.
    ///
    /// # Errors
    /// A bad option; a test part that is missing or cannot be read.
    pub fn load_test(config: &DatasetConfig) -> Result<Part, Error> {
        let test = test_recordings(config)?;
        Ok((test.x, test.y))
    }
}

/// The sequences at `indices`, with their answers.
pub fn select_both(x: &Sequences, y: &Targets, indices: &[usize]) -> (Sequences, Targets) {
    (x.select(indices.iter().copied()), y.select(indices.iter().copied()))
}
