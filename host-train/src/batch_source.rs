//! Where the trainer's batches come from: generated sequences, or a dataset in random order, epoch by epoch.

use crate::{
    DataSource, Error, TrainConfig,
    augment::Augmenter,
    philox::{Purpose, Stream},
    start::Fitted,
};
use dataset::{Dataset, Part, Store};
use float_model::{Channel, Description, Sequences, Targets};

/// A batch, (B, T, I), normalised, with its answers.
pub type NormalisedBatch = (Sequences, Targets);

/// Training data, validation data, and what a model file says of them.
pub struct BatchSource {
    source: DataSource,
    seed: u64,
    size: usize,
    /// A dataset's training part, as it was recorded.
    recorded: Option<Part>,
    /// What is done to the recordings each time they are drawn.
    augment: Option<Augmenter>,
    /// The epoch that `order` belongs to, and its order.
    epoch: u64,
    order: Vec<u32>,
    /// The validation part, as it was recorded or generated.
    pub validation: Part,
    /// What the model file says of the data.
    pub description: Description,
    /// Outputs of a model (O).
    pub outputs: usize,
    /// (I): the mean of each channel over the training part.
    pub mean: Vec<f32>,
    /// (I): the standard deviation of each channel over the training part.
    pub std: Vec<f32>,
    pub(crate) warnings: Vec<String>,
    /// The model that the run starts from, as these data take it.
    pub(crate) start: Option<Fitted>,
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
                let (x, y) = generated.validation(config.seed)?;
                let validation = (Store::of(x), y);
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
                batches.start_from(config)?;
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
        batches.description.channels = dataset.channels;
        batches.description.class_names = dataset.class_names;
        batches.description.sample_period_s = dataset.sample_period_s;
        let spread = dataset.std.clone();
        batches.mean = dataset.mean;
        batches.std = dataset.std;
        batches.start_from(config)?;
        let scale = (&batches.mean[..], &batches.std[..]);
        let channels = &batches.description.channels;
        batches.augment = Augmenter::new(config.augment, config.seed, channels, scale, &spread)?;
        batches.recorded = Some(dataset.training);
        batches.description.sequence_length = batches.sequence_length();
        batches.warnings = dataset.warnings;
        Ok(batches)
    }

    fn bare(config: &TrainConfig, validation: Part, outputs: usize) -> Self {
        let channels = validation.0.channels();
        let mut batches = BatchSource {
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
                objective: validation.1.objective(),
                output_at: validation.1.output_at(),
                ..Description::default()
            },
            validation,
            outputs,
            mean: vec![0.0; channels],
            std: vec![1.0; channels],
            warnings: Vec::new(),
            start: None,
        };
        batches.description.sequence_length = batches.sequence_length();
        batches
    }

    /// Takes over what the model that a run starts from says of inputs and outputs, its normalisation too.
    fn start_from(&mut self, config: &TrainConfig) -> Result<(), Error> {
        let Some(start) = &config.from else { return Ok(()) };
        let fitted = start.fit(&self.description, self.outputs, self.validation.0.channels())?;
        self.mean.clone_from(&fitted.model.input_mean);
        self.std.clone_from(&fitted.model.input_std);
        self.outputs = fitted.rows.len();
        self.description.class_names.clone_from(&fitted.class_names);
        self.description.channels.clone_from(&fitted.channels);
        self.start = Some(fitted);
        Ok(())
    }

    /// The recordings of the training part, and whether they are seen as they are; `None` for a generated task.
    pub(crate) fn training(&self) -> Option<(&Store, bool)> {
        let (x, _) = self.recorded.as_ref()?;
        Some((x, self.augment.is_none()))
    }

    /// The places in the training part of the sequences of one step; `None` for a generated task.
    pub(crate) fn indices(&mut self, step: u64) -> Option<Vec<usize>> {
        let count = self.recorded.as_ref()?.0.count();
        // Position n of step s is position s·B + n in the epochs' orders laid end to end.
        let position = |n: u64| step * self.size as u64 + n;
        let positions: Vec<u64> = (0..self.size as u64).map(position).collect();
        Some(positions.into_iter().map(|p| self.shuffled(count as u64, p)).collect())
    }

    /// The parts whose sequences a model sees.
    fn parts(&self) -> impl Iterator<Item = &Store> {
        let training = self.recorded.as_ref().map(|(x, _)| x);
        training.into_iter().chain([&self.validation.0])
    }

    /// Samples of the longest sequence.
    pub(crate) fn longest(&self) -> usize {
        self.parts().map(Store::longest).max().unwrap_or(0)
    }

    /// Samples of every sequence; 0 where their lengths differ.
    fn sequence_length(&self) -> usize {
        let longest = self.longest();
        let same = |x: &Store| x.has_one_length() && x.longest() == longest;
        if self.parts().all(same) { longest } else { 0 }
    }

    /// (x - mean) / std, as the network reads it.
    pub(crate) fn normalised(&self, mut x: Sequences) -> Sequences {
        for sample in x.values.chunks_exact_mut(x.channels) {
            for ((v, mean), std) in sample.iter_mut().zip(&self.mean).zip(&self.std) {
                *v = (*v - mean) / std;
            }
        }
        x
    }

    /// The batch of one step; sequence n of it depends on (seed, step, n) alone.
    ///
    /// # Errors
    /// Recordings that stay in their file and cannot be read any more.
    pub fn batch(&mut self, step: u64) -> Result<NormalisedBatch, Error> {
        let Some(indices) = self.indices(step) else {
            let (x, y) = self.source.generate(self.size, self.seed, Purpose::Training, step);
            return Ok((self.normalised(x), y));
        };
        let (x, y) = self.recorded.as_ref().expect("its sequences were counted");
        let mut x = self.normalised(x.gather(&indices)?);
        if let Some(augment) = &self.augment {
            augment.apply(&mut x, step);
        }
        Ok((x, y.select(indices)))
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
