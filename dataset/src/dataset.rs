//! A dataset made ready for training: read, checked, split, and its channels described.

use crate::{
    DatasetConfig, Error,
    labelled::{Labelled, test_recordings},
    normalise::normalisation,
};
use float_model::{Channel, Sequences, Targets};

/// Training and validation part with what is known of the channels.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Sequences (N, T, I) in the sensor's units, and their answers.
    pub training: (Sequences, Targets),
    /// Sequences and answers by which the best model is chosen.
    pub validation: (Sequences, Targets),
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
    /// A bad option; files that cannot be read or cannot be trained on.
    pub fn load(config: &DatasetConfig) -> Result<Self, Error> {
        config.validate()?;
        let labelled = Labelled::load(config, &config.train_x, config.train_y())?;
        let path = &config.train_x;
        if labelled.x.length < 2 {
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
        if let Some(doubt) = labelled.notes.doubts().first() {
            return Err(Error::data(path, "reading", doubt.to_string()));
        }
        labelled.several_classes()?;
        let outputs = labelled.outputs()?;
        let split = labelled.split(config)?;
        let training = select_both(&labelled.x, &labelled.y, &split.training);
        let validation = select_both(&labelled.x, &labelled.y, &split.validation);

        let mut warnings = labelled.notes.warnings();
        for (part, y) in [("training", &training.1), ("validation", &validation.1)] {
            warnings.extend(absent_classes(part, y, outputs, &labelled.class_names));
        }
        let (mean, std) = normalisation(&training.0, &mut warnings);
        let channels = labelled.channels(path, &training.0)?;
        Ok(Dataset {
            training,
            validation,
            channels,
            class_names: labelled.class_names,
            sample_period_s: labelled.sample_period_s,
            outputs,
            mean,
            std,
            warnings,
        })
    }

    /// Parts that need no normalisation: x is used as it is. Each channel is called `channel` and has the full scale 1.
    pub(crate) fn unscaled(
        training: (Sequences, Targets),
        validation: (Sequences, Targets),
        channel: &str,
        class_names: Vec<String>,
    ) -> Self {
        let channels = training.0.channels;
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
    pub fn load_test(config: &DatasetConfig) -> Result<(Sequences, Targets), Error> {
        let test = test_recordings(config)?;
        Ok((test.x, test.y))
    }
}

/// Classes of which a part has no sequence.
fn absent_classes(part: &str, y: &Targets, outputs: usize, names: &[String]) -> Option<String> {
    let Targets::Labels(labels) = y else { return None };
    let absent: Vec<String> = (0..outputs)
        .filter(|c| !labels.contains(&(*c as u32)))
        .map(|c| names.get(c).cloned().unwrap_or_else(|| c.to_string()))
        .collect();
    (!absent.is_empty()).then(|| format!("the {part} part has no sequence of class {}", absent.join(", ")))
}

/// The sequences at `indices`, with their answers.
pub fn select_both(x: &Sequences, y: &Targets, indices: &[usize]) -> (Sequences, Targets) {
    (x.select(indices.iter().copied()), y.select(indices.iter().copied()))
}
