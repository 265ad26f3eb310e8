//! Every model on the same held-out sequences: its answers, the samples it used, its MACs and predicted energy.

use super::{cnn::Cnn, early_exit};
use crate::{
    Error, Hardware, HeldOut, ModelInput, TrainedModel, network_shape, processors, stats::mean_updates,
    write_atomically,
};
use energy::{Board, Interval, UpdateCost, Workload};
use float_model::{FloatModel, Sequences, Targets, argmax};
use host_train::{DataSource, DatasetConfig};
use std::{collections::BTreeMap, fmt::Write, path::Path};

/// What one model does on the held-out sequences.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// The seed of its training.
    pub seed: u64,
    /// (N): the class given to each sequence.
    pub answers: Vec<u32>,
    /// (N): samples used of each sequence.
    pub samples: Vec<u32>,
    /// Multiply-accumulates per sequence, mean.
    pub macs: f64,
    /// Weights, biases and initial states.
    pub parameters: usize,
    /// Values that stay in RAM while a sequence is read: states of a recurrent network; of a convolutional one inputs and
    /// outputs of its widest layer.
    pub live_values: usize,
    /// Predicted energy per sequence in microjoules on each board; `None` where it cannot be predicted.
    pub uj: Vec<Option<Interval>>,
    /// The figures on the validation part.
    pub validation: ValidationFigures,
}

/// What a model does on the validation part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValidationFigures {
    /// The share of right answers.
    pub accuracy: f64,
    /// Mean samples used per sequence.
    pub samples: f64,
}

/// Answers and samples used, sequence by sequence.
struct Answers {
    classes: Vec<u32>,
    samples: Vec<u32>,
    /// The samples themselves, where they do not fall at random.
    schedules: Option<Vec<Vec<u32>>>,
}

/// The sequences at one rate.
struct View {
    test: Sequences,
    validation: Sequences,
}

/// The data that models are evaluated on, and the boards.
pub struct Evaluator {
    recordings: DatasetConfig,
    /// What models of all samples take.
    input: ModelInput,
    views: BTreeMap<usize, View>,
    /// Classes of the held-out sequences.
    pub labels: Vec<u32>,
    validation_labels: Vec<u32>,
    /// Which sequences are held out.
    pub held_out: HeldOut,
    /// Seconds between the recordings' samples; 0 where unknown.
    period_s: f64,
    hardware: Vec<Hardware>,
    /// What could not be predicted, and why.
    pub notes: Vec<String>,
}

/// Seed of the run whose validation part is taken: the part does not depend on it.
const RUN_SEED: u64 = 1;

fn classes(y: Targets) -> Result<Vec<u32>, Error> {
    match y {
        Targets::Labels(labels) => Ok(labels),
        _ => Err(Error::input(
            "answers",
            "are not one class a sequence; baselines are compared by their share of right classes",
        )),
    }
}

impl Evaluator {
    /// Reads the recordings; classes, channels and rate are those of the model of `first`.
    ///
    /// # Errors
    /// Recordings that cannot be read, that do not fit the model, or whose answers are no classes.
    pub fn new(recordings: DatasetConfig, first: &TrainedModel, hardware: Vec<Hardware>) -> Result<Self, Error> {
        let own = match first.source() {
            Some(DataSource::Dataset(config)) => config.every.unwrap_or(1),
            _ => 1,
        };
        let input = first.input().at_every(own, 1);
        let recordings = input.named(&recordings);
        let source = DataSource::Dataset(recordings.clone());
        let (validation, y) = source.validation(RUN_SEED)?;
        let validation_labels = classes(y)?;
        let (held_out, test) = HeldOut::choose(&source, RUN_SEED, &input)?;
        let labels = classes(test.y)?;
        let summary = dataset::describe(&recordings).map_err(host_train::Error::from)?;
        Ok(Evaluator {
            period_s: summary.sample_period_s.unwrap_or(0.0),
            recordings,
            input,
            views: BTreeMap::from([(
                1,
                View {
                    test: test.x,
                    validation,
                },
            )]),
            labels,
            validation_labels,
            held_out,
            hardware,
            notes: test.notes,
        })
    }

    /// The held-out sequences with all their samples.
    pub fn test(&self) -> &Sequences {
        &self.views[&1].test
    }

    fn read_view(&mut self, every: usize) -> Result<(), Error> {
        if !self.views.contains_key(&every) {
            let source = DataSource::Dataset(DatasetConfig {
                every: Some(every),
                ..self.recordings.clone()
            });
            let (validation, _) = source.validation(RUN_SEED)?;
            let input = self.input.at_every(1, every);
            let test = self.held_out.read(&source, RUN_SEED, &input)?.x;
            self.views.insert(every, View { test, validation });
        }
        Ok(())
    }

    /// A recurrent model that answers at the end, at a setting of its dial.
    ///
    /// # Errors
    /// A model of something else than recordings, or that does not fit them.
    pub fn run(&mut self, run: &TrainedModel, dial: f64) -> Result<Evaluation, Error> {
        let no_run = || Error::data(run.file.display(), "no run on recordings");
        let config = run.config.as_ref().ok_or_else(no_run)?;
        let DataSource::Dataset(data) = &config.data else {
            return Err(no_run());
        };
        let every = data.every.unwrap_or(1);
        self.read_view(every)?;
        let view = &self.views[&every];
        let answers = |x: &Sequences| -> Result<(Vec<u32>, Vec<Vec<u32>>), Error> {
            let outcomes = run.outcomes(x, dial as f32, config.seed)?;
            let answer = |o: float_model::Outcome| (argmax(&o.output) as u32, o.updates);
            Ok(outcomes.into_iter().map(answer).unzip())
        };
        let (on_validation, schedules) = answers(&view.validation)?;
        let validation = ValidationFigures {
            accuracy: share_right(&on_validation, &self.validation_labels),
            samples: mean_updates(&schedules),
        };
        let (classes, schedules) = answers(&view.test)?;
        let answers = Answers {
            classes,
            samples: schedules.iter().map(|s| s.len() as u32).collect(),
            schedules: config.p_skip.is_none().then_some(schedules),
        };
        Ok(self.evaluation(&run.model, every, answers, (config.seed, validation)))
    }

    /// A recurrent model that stops as soon as one class is likely enough, at each confidence.
    ///
    /// # Errors
    /// A model without an output at every step, or that does not fit the recordings.
    pub fn exits(&mut self, run: &TrainedModel, confidences: &[f64]) -> Result<Vec<Evaluation>, Error> {
        let seed = run.config.as_ref().map_or(0, |c| c.seed);
        let view = &self.views[&1];
        let on_validation = early_exit::exits(&run.model, &view.validation, confidences, processors())?;
        let on_test = early_exit::exits(&run.model, &view.test, confidences, processors())?;
        let both = on_validation.into_iter().zip(on_test);
        let evaluations = both.map(|(v, t)| {
            let validation = ValidationFigures {
                accuracy: share_right(&v.classes, &self.validation_labels),
                samples: mean(&v.read),
            };
            let answers = Answers {
                schedules: Some(t.read.iter().map(|n| (0..*n).collect()).collect()),
                classes: t.classes,
                samples: t.read,
            };
            self.evaluation(&run.model, 1, answers, (seed, validation))
        });
        Ok(evaluations.collect())
    }

    /// A convolutional network.
    ///
    /// # Errors
    /// A network that does not fit the recordings.
    pub fn cnn(&mut self, cnn: &Cnn, seed: u64) -> Result<Evaluation, Error> {
        let View { test, validation } = &self.views[&1];
        let accuracy = share_right(&cnn.decide(validation)?, &self.validation_labels);
        let (answers, length, channels) = (cnn.decide(test)?, test.length, test.channels);
        let period = self.period_s;
        let macs = cnn.macs(length);
        let uj = self.predict(|board| {
            // Its work, spread over the samples.
            let update = UpdateCost::Predicted {
                instructions: energy::mac_instructions(board.core, macs).scaled(1.0 / length as f64),
            };
            Workload {
                sequence_length: length,
                sample_period_s: period,
                updates_mean: length as f64,
                schedules: None,
                update,
                dense_update: update,
                head_macs: 0,
                channels,
            }
        });
        Ok(Evaluation {
            seed,
            samples: vec![length as u32; answers.len()],
            answers,
            macs: macs as f64,
            parameters: cnn.parameter_count(),
            live_values: cnn.live_values(length),
            uj,
            validation: ValidationFigures {
                accuracy,
                samples: length as f64,
            },
        })
    }

    fn evaluation(
        &mut self,
        model: &FloatModel,
        every: usize,
        answers: Answers,
        (seed, validation): (u64, ValidationFigures),
    ) -> Evaluation {
        let updates_mean = mean(&answers.samples);
        let shape = network_shape(model, self.views[&every].test.length);
        let uj = self.predict(|board| shape.workload(board.core, updates_mean, answers.schedules.clone(), None));
        Evaluation {
            seed,
            answers: answers.classes,
            samples: answers.samples,
            macs: model.macs_per_sequence(updates_mean),
            parameters: model.parameter_count(),
            live_values: model.state_count(),
            uj,
            validation,
        }
    }

    fn predict(&mut self, workload: impl Fn(&Board) -> Workload) -> Vec<Option<Interval>> {
        let equal_lengths = self.test().lengths.is_empty();
        let mut all = Vec::new();
        for hardware in &self.hardware {
            let reason = match hardware.uj_per_sequence(equal_lengths, &workload(&hardware.board)) {
                Ok(Ok(interval)) => {
                    all.push(Some(interval));
                    continue;
                }
                Ok(Err(reason)) => reason,
                Err(error) => error.chain(),
            };
            let note = format!("no energy is predicted: {reason}");
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
            all.push(None);
        }
        all
    }

    /// Writes what a model does on each sequence as CSV, so that anyone can count again.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, evaluation: &Evaluation, path: &Path) -> Result<(), Error> {
        let mut s = String::from("sequence,label,answer,samples\n");
        for (n, label) in self.labels.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = writeln!(s, "{n},{label},{},{}", evaluation.answers[n], evaluation.samples[n]);
        }
        write_atomically(path, s.as_bytes())
    }
}

fn mean(counts: &[u32]) -> f64 {
    counts.iter().map(|n| f64::from(*n)).sum::<f64>() / counts.len().max(1) as f64
}

/// The share of right answers.
pub fn share_right(answers: &[u32], labels: &[u32]) -> f64 {
    let right = answers.iter().zip(labels).filter(|(a, b)| a == b).count();
    right as f64 / labels.len().max(1) as f64
}
