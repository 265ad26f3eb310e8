//! Every model on the same held-out sequences: what it answers, the samples it used, its MACs and predicted energy.

use crate::{
    energy::parts::Sizes,
    evaluate::mean_updates,
    inputs::{self, EVALUATION_COUNT, Run},
    output,
};
use energy::{Board, Interval, Sensor, UpdateCost, Workload};
use float_model::{FloatModel, Sequences, Targets, argmax};
use host_train::{
    DataSource, DatasetConfig,
    rivals::{cnn::Cnn, early_exit},
};
use std::{collections::BTreeMap, fmt::Write, path::Path};

/// What one model does.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Of its training.
    pub seed: u64,
    /// (N): the class given.
    pub answers: Vec<u32>,
    /// (N): samples used.
    pub samples: Vec<u32>,
    /// Multiply-accumulates per sequence, mean.
    pub macs: f64,
    /// Weights, biases and initial states.
    pub parameters: usize,
    /// Values that stay in RAM while a sequence is read: states of a recurrent network; of a convolutional one inputs and
    /// outputs of its widest layer.
    pub live_values: usize,
    /// Predicted per sequence, on each board; `None` where it cannot be.
    pub uj: Vec<Option<Interval>>,
    /// (accuracy, samples per sequence) on the validation part.
    pub validation: (f64, f64),
}

/// Sequences at one rate.
struct View {
    test: Sequences,
    validation: Sequences,
}

/// The data that models are judged on, and the boards.
pub struct Judge {
    recordings: DatasetConfig,
    views: BTreeMap<usize, View>,
    /// Classes of the held-out sequences.
    pub labels: Vec<u32>,
    validation_labels: Vec<u32>,
    /// What the held-out sequences are.
    pub judged_on: &'static str,
    /// Seconds between the recordings' samples; 0 where unknown.
    period_s: f64,
    boards: Vec<(Board, Sensor)>,
    /// What could not be predicted, and why.
    pub notes: Vec<String>,
}

fn classes(y: Targets) -> anyhow::Result<Vec<u32>> {
    match y {
        Targets::Labels(labels) => Ok(labels),
        _ => Err(output::Usage::error(
            "answers: are not one class a sequence; rivals are compared by their share of right classes",
        )),
    }
}

impl Judge {
    /// Reads the data.
    pub fn new(recordings: DatasetConfig, boards: Vec<(Board, Sensor)>) -> anyhow::Result<Self> {
        let source = DataSource::Dataset(recordings.clone());
        let (validation, y) = source.validation(1)?;
        let validation_labels = classes(y)?;
        let ((test, y), judged_on) = match source.evaluation(EVALUATION_COUNT, 1) {
            Ok(both) => (both, "the test part"),
            Err(error) if error.is_usage() => {
                let both = source.validation(1)?;
                (both, "the validation part, as there is no test part")
            }
            Err(error) => return Err(error.into()),
        };
        let labels = classes(y)?;
        let summary = dataset::describe(&recordings)?;
        Ok(Judge {
            period_s: summary.sample_period_s.unwrap_or(0.0),
            recordings,
            views: BTreeMap::from([(1, View { test, validation })]),
            labels,
            validation_labels,
            judged_on,
            boards,
            notes: Vec::new(),
        })
    }

    /// The held-out sequences with all their samples.
    pub fn test(&self) -> &Sequences {
        &self.views[&1].test
    }

    fn view(&mut self, every: usize) -> anyhow::Result<()> {
        if !self.views.contains_key(&every) {
            let source = DataSource::Dataset(DatasetConfig {
                every: Some(every),
                ..self.recordings.clone()
            });
            let validation = source.validation(1)?.0;
            let test = match self.judged_on {
                "the test part" => source.evaluation(EVALUATION_COUNT, 1)?.0,
                _ => validation.clone(),
            };
            self.views.insert(every, View { test, validation });
        }
        Ok(())
    }

    /// A recurrent model that answers at the end, at a setting of its dial.
    pub fn run(&mut self, run: &Run, dial: f64) -> anyhow::Result<Judged> {
        let config = run.config.as_ref().expect("a run folder");
        let DataSource::Dataset(data) = &config.data else {
            anyhow::bail!("{}: no run on recordings", run.file.display());
        };
        let every = data.every.unwrap_or(1);
        self.view(every)?;
        let view = &self.views[&every];
        let judge = |x: &Sequences| -> anyhow::Result<(Vec<u32>, Vec<Vec<u32>>)> {
            let outcomes = run.outcomes(x, dial as f32, config.seed)?;
            Ok(outcomes
                .into_iter()
                .map(|o| (argmax(&o.output) as u32, o.updates))
                .unzip())
        };
        let (seen, schedules) = judge(&view.validation)?;
        let validation = (share(&seen, &self.validation_labels), mean_updates(&schedules));
        let (answers, schedules) = judge(&view.test)?;
        let samples: Vec<u32> = schedules.iter().map(|s| s.len() as u32).collect();
        let known = config.p_skip.is_none().then_some(schedules);
        let seed = config.seed;
        Ok(self.judged(&run.model, every, (answers, samples), known, (seed, validation)))
    }

    /// A recurrent model that stops when it is sure, at each confidence.
    pub fn exits(&mut self, run: &Run, confidences: &[f64]) -> anyhow::Result<Vec<Judged>> {
        let seed = run.config.as_ref().map_or(0, |c| c.seed);
        let view = &self.views[&1];
        let threads = inputs::threads();
        let on_validation = early_exit::exits(&run.model, &view.validation, confidences, threads)?;
        let on_test = early_exit::exits(&run.model, &view.test, confidences, threads)?;
        let both = on_validation.into_iter().zip(on_test);
        let judged = both.map(|(v, t)| {
            let read = v.read.iter().map(|n| f64::from(*n)).sum::<f64>() / v.read.len().max(1) as f64;
            let validation = (share(&v.classes, &self.validation_labels), read);
            let schedules = t.read.iter().map(|n| (0..*n).collect()).collect();
            self.judged(&run.model, 1, (t.classes, t.read), Some(schedules), (seed, validation))
        });
        Ok(judged.collect())
    }

    /// A convolutional network.
    pub fn cnn(&mut self, cnn: &Cnn, seed: u64) -> anyhow::Result<Judged> {
        let View { test, validation } = &self.views[&1];
        let seen = share(&cnn.decide(validation)?, &self.validation_labels);
        let (answers, length, channels) = (cnn.decide(test)?, test.length, test.channels);
        let period = self.period_s;
        let macs = cnn.macs(length);
        let uj = self.predict(|board| Workload {
            sequence_length: length,
            sample_period_s: period,
            updates_mean: length as f64,
            schedules: None,
            // Its work, spread over the samples.
            update: UpdateCost::Predicted {
                instructions: energy::mac_instructions(board.core, macs).scaled(1.0 / length as f64),
            },
            dense_update: UpdateCost::Predicted {
                instructions: energy::mac_instructions(board.core, macs).scaled(1.0 / length as f64),
            },
            head_macs: 0,
            channels,
        });
        Ok(Judged {
            seed,
            samples: vec![length as u32; answers.len()],
            answers,
            macs: macs as f64,
            parameters: cnn.parameter_count(),
            live_values: cnn.live_values(length),
            uj,
            validation: (seen, length as f64),
        })
    }

    fn judged(
        &mut self,
        model: &FloatModel,
        every: usize,
        (answers, samples): (Vec<u32>, Vec<u32>),
        schedules: Option<Vec<Vec<u32>>>,
        (seed, validation): (u64, (f64, f64)),
    ) -> Judged {
        let length = self.views[&every].test.length;
        let mean = samples.iter().map(|n| f64::from(*n)).sum::<f64>() / samples.len().max(1) as f64;
        let sizes = Sizes::of(model, length);
        let heads = if sizes.every_step { mean } else { 1.0 };
        let uj = self.predict(|board| sizes.workload(board.core, mean, schedules.clone(), None));
        Judged {
            seed,
            answers,
            samples,
            macs: mean * sizes.macs as f64 + heads * (sizes.hidden * sizes.outputs) as f64,
            parameters: parameters(model),
            live_values: model.layers.len() * model.hidden * states(model),
            uj,
            validation,
        }
    }

    fn predict(&mut self, workload: impl Fn(&Board) -> Workload) -> Vec<Option<Interval>> {
        let mut notes = Vec::new();
        let ragged = !self.test().lengths.is_empty();
        let of = |(board, sensor): &(Board, Sensor)| {
            let workload = workload(board);
            let reason = match (ragged, workload.sample_period_s > 0.0) {
                (true, _) => "the sequences are of unequal length".to_owned(),
                (_, false) => "the time between samples is unknown: train with --sample-period-s".to_owned(),
                _ => match energy::predict(board, sensor, &workload) {
                    Ok(p) => return Some(p.uj_per_sequence),
                    Err(error) => error.to_string(),
                },
            };
            notes.push(format!("no energy is predicted: {reason}"));
            None
        };
        let all = self.boards.iter().map(of).collect();
        for note in notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        all
    }

    /// What a model does on each sequence, as CSV: so that anyone can count again.
    pub fn write(&self, judged: &Judged, path: &Path) -> anyhow::Result<()> {
        let mut s = String::from("sequence,label,answer,samples\n");
        for (n, label) in self.labels.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = writeln!(s, "{n},{label},{},{}", judged.answers[n], judged.samples[n]);
        }
        output::write_atomically(path, s.as_bytes())
    }
}

/// Of right answers.
pub fn share(answers: &[u32], labels: &[u32]) -> f64 {
    let right = answers.iter().zip(labels).filter(|(a, b)| a == b).count();
    right as f64 / labels.len().max(1) as f64
}

/// h, and of an LSTM c.
fn states(model: &FloatModel) -> usize {
    match model.cell.family() {
        float_model::Family::Lstm => 2,
        float_model::Family::Gru => 1,
    }
}

/// Weights and one bias a row, initial states, gate and head: what a blob holds.
fn parameters(model: &FloatModel) -> usize {
    let (h, rows, states) = (model.hidden, model.cell.family().gates() * model.hidden, states(model));
    // A GRU's n has two biases.
    let biases = if states == 1 { rows + h } else { rows };
    let layer = |k: usize| rows * (if k == 0 { model.input } else { h } + h) + biases + states * h;
    let gate = if model.cell.skips() { h + 1 } else { 0 };
    (0..model.layers.len()).map(layer).sum::<usize>() + gate + model.outputs * (h + 1)
}
