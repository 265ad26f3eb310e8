//! Where the trainer's batches come from: generated sequences, or a dataset in random order, epoch by epoch.

use crate::{
    DataSource, Error, TrainConfig,
    augment::Augmenter,
    philox::{Purpose, Stream},
};
use dataset::Dataset;
use float_model::{Channel, Description, Sequences, Targets};

/// A batch, (B, T, I), normalised, with its answers.
pub type NormalisedBatch = (Sequences, Targets);

/// Training data, validation data, and what a model file says of them.
pub struct BatchSource {
    source: DataSource,
    seed: u64,
    size: usize,
    /// A dataset's training part, normalised.
    recorded: Option<NormalisedBatch>,
    /// What is done to the recordings each time they are drawn.
    augment: Option<Augmenter>,
    /// The epoch that `order` belongs to, and its order.
    epoch: u64,
    order: Vec<u32>,
    /// The validation part, as it was recorded or generated.
    pub validation: (Sequences, Targets),
    /// What the model file says of the data.
    pub description: Description,
    /// Outputs of a model (O).
    pub outputs: usize,
    /// (I): the mean of each channel over the training part.
    pub mean: Vec<f32>,
    /// (I): the standard deviation of each channel over the training part.
    pub std: Vec<f32>,
    pub(crate) warnings: Vec<String>,
}

impl BatchSource {
    /// Reads the data of a configuration.
    ///
    /// # Errors
    /// A bad option, or a dataset that cannot be read.
    pub fn new(config: &TrainConfig) -> Result<Self, Error> {
        match (config.data.recorded()?, &config.data) {
            (Some(dataset), _) => Self::recorded(config, dataset),
            (None, generated) => {
                let validation = generated.validation(config.seed)?;
                let (names, classes, outputs, period): (&[&str], &[&str], usize, f64) = match generated {
                    DataSource::Frequency { sample_period_s } => {
                        (&["signal"], &["other", "target"], 2, *sample_period_s)
                    }
                    _ => (&["value", "marker"], &[], 1, 0.0),
                };
                let channel = |name: &&str| Channel {
                    name: (*name).into(),
                    unit: String::new(),
                    full_scale: 1.0,
                };
                let mut batches = Self::bare(config, validation, outputs);
                batches.description.channels = names.iter().map(channel).collect();
                batches.description.class_names = classes.iter().map(|c| (*c).into()).collect();
                batches.description.sample_period_s = period;
                Ok(batches)
            }
        }
    }

    /// The batches of a dataset that was read already.
    ///
    /// # Errors
    /// Changes to the sequences that do not fit the channels.
    pub fn recorded(config: &TrainConfig, dataset: Dataset) -> Result<Self, Error> {
        let mut batches = Self::bare(config, dataset.validation, dataset.outputs);
        let (x, y) = dataset.training;
        let scale = (&dataset.mean[..], &dataset.std[..]);
        batches.augment = Augmenter::new(config.augment, config.seed, &dataset.channels, scale)?;
        batches.description.channels = dataset.channels;
        batches.description.class_names = dataset.class_names;
        batches.description.sample_period_s = dataset.sample_period_s;
        batches.mean = dataset.mean;
        batches.std = dataset.std;
        batches.recorded = Some((batches.normalised(&x), y));
        batches.warnings = dataset.warnings;
        Ok(batches)
    }

    fn bare(config: &TrainConfig, validation: (Sequences, Targets), outputs: usize) -> Self {
        let channels = validation.0.channels;
        BatchSource {
            source: config.data.clone(),
            seed: config.seed,
            size: config.batch,
            recorded: None,
            augment: None,
            epoch: u64::MAX,
            order: Vec::new(),
            description: Description {
                task: config.data.name().into(),
                seed: config.seed,
                lambda: config.lambda,
                // 0: the lengths differ.
                sequence_length: match validation.0.lengths.is_empty() {
                    true => validation.0.length,
                    false => 0,
                },
                objective: validation.1.objective(),
                output_at: validation.1.output_at(),
                ..Description::default()
            },
            validation,
            outputs,
            mean: vec![0.0; channels],
            std: vec![1.0; channels],
            warnings: Vec::new(),
        }
    }

    /// (x - mean) / std, as the network reads it.
    pub(crate) fn normalised(&self, x: &Sequences) -> Sequences {
        let mut x = x.clone();
        for sample in x.values.chunks_exact_mut(x.channels) {
            for ((v, mean), std) in sample.iter_mut().zip(&self.mean).zip(&self.std) {
                *v = (*v - mean) / std;
            }
        }
        x
    }

    /// The batch of one step; sequence n of it depends on (seed, step, n) alone.
    pub fn batch(&mut self, step: u64) -> NormalisedBatch {
        let Some((x, y)) = self.recorded.take() else {
            return self.source.generate(self.size, self.seed, Purpose::Training, step);
        };
        // Position n of step s is position s·B + n in the epochs' orders laid end to end.
        let indices: Vec<usize> = (0..self.size as u64)
            .map(|n| self.shuffled(x.count as u64, step * self.size as u64 + n))
            .collect();
        let mut batch = dataset::select_both(&x, &y, &indices);
        if let Some(augment) = &self.augment {
            augment.apply(&mut batch.0, step);
        }
        self.recorded = Some((x, y));
        batch
    }

    fn shuffled(&mut self, count: u64, position: u64) -> usize {
        let epoch = position / count;
        if self.epoch != epoch {
            self.order = (0..count as u32).collect();
            Stream::new(self.seed, Purpose::Shuffle, epoch, 0).shuffle(&mut self.order);
            self.epoch = epoch;
        }
        self.order[(position % count) as usize] as usize
    }
}
