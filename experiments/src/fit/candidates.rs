//! The models as integers on the validation part: answers, samples, and the energy predicted for them.

use super::method::Training;
use super::{Data, Method, plan::Plan, plan::Planned};
use crate::{
    Error, Hardware, TrainedModel,
    baselines::cnn,
    jobs::{Progress, Run},
    processors,
    stats::mean_updates,
};
use energy::{NetworkShape, Prediction};
use float_model::{Objective, Sequences, Targets};
use quantize::{Options, Quantized, Simulator};

/// Settings of the dial at which a model is tried: its range in training, in halves.
const DIALS: [f64; 11] = [-2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5];

/// A model that was trained and quantized.
pub(super) struct Ready {
    pub(super) method: Method,
    pub(super) seed: u64,
    pub(super) model: TrainedModel,
    pub(super) quantized: Quantized,
    /// The validation part, as the model sees it.
    pub(super) x: Sequences,
    pub(super) y: Targets,
}

/// A blob at a setting of its dial, with its figures on the validation part.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The kind of model.
    pub method: Method,
    /// The seed of its training.
    pub seed: u64,
    /// The offset of the gate; 0 without one.
    pub dial: f64,
    /// The share of right answers.
    pub accuracy: f64,
    /// One standard error of it, over sequences.
    pub accuracy_error: f64,
    /// Mean samples used of a sequence.
    pub samples: f64,
    /// The energy of a sequence, predicted.
    pub prediction: Prediction,
    /// Whether no other candidate is at least as accurate for no more energy.
    pub on_front: bool,
    /// The place of its blob among those that are ready.
    pub(super) ready: usize,
}

impl Candidate {
    /// Microjoules of a sequence, the middle of the prediction.
    #[must_use]
    pub fn uj(&self) -> f64 {
        self.prediction.uj_per_sequence.mid
    }

    /// Microjoules of an hour of one sequence after the other.
    #[must_use]
    pub fn uj_per_hour(&self) -> f64 {
        self.uj() * 3600.0 / self.prediction.sequence_s
    }

    /// The model and its dial in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self.method.skips() {
            true => format!("{}, dial {:+}", self.method.words(), self.dial),
            false => self.method.words(),
        }
    }
}

/// What a blob does on sequences.
pub(super) struct Simulated {
    pub(super) classes: Vec<u32>,
    pub(super) schedules: Vec<Vec<u32>>,
    pub(super) accuracy: f64,
    pub(super) accuracy_error: f64,
}

/// The classes of one-answer sequences.
pub(super) fn labels(y: &Targets) -> Result<&[u32], Error> {
    match y {
        Targets::Labels(labels) => Ok(labels),
        _ => Err(Error::input(
            "answers",
            "are not one class a sequence; models are compared by their share of right classes",
        )),
    }
}

/// Runs a blob at a setting of its dial.
pub(super) fn simulate(
    quantized: &Quantized,
    what: &str,
    (x, y): (&Sequences, &Targets),
    dial: f64,
) -> Result<Simulated, Error> {
    let model = quantized.blob.model();
    let counts = quantize::counts(&model, what, x)?;
    let simulator = Simulator::new(&model)?.with_dial(dial);
    let runs = simulator.run_all(&counts, x.length, processors());
    let outputs: Vec<Vec<f32>> = runs.iter().map(|r| simulator.outputs(r)).collect();
    let metric = float_model::Metric::of(what, Objective::Classification, &outputs, y)?;
    let error = float_model::Metric::standard_error(what, Objective::Classification, &outputs, y)?;
    Ok(Simulated {
        classes: runs.iter().map(|r| r.decision as u32).collect(),
        schedules: runs.into_iter().map(|r| r.updates).collect(),
        accuracy: metric.value(),
        accuracy_error: error.unwrap_or(0.5),
    })
}

/// The energy of the sequences that were simulated.
pub(super) fn predict(quantized: &Quantized, hardware: &Hardware, schedules: &[Vec<u32>]) -> Result<Prediction, Error> {
    let shape = NetworkShape::of_blob(&quantized.blob.model())?;
    let workload = shape.workload(
        hardware.board.core,
        mean_updates(schedules),
        Some(schedules.to_vec()),
        None,
    );
    Ok(energy::predict(&hardware.board, &hardware.sensor, &workload)?)
}

impl Ready {
    /// The best of a method's trainings on the validation part, quantized; `None` where none is finished.
    pub(super) fn of(method: Method, plan: &Plan, data: &Data) -> Result<Option<Ready>, Error> {
        let mut best: Option<(f64, &Planned)> = None;
        for planned in plan.trainings.iter().filter(|t| t.model == method.name()) {
            let Some(Training::Recurrent(config)) = plan.training_of(planned, data)? else {
                continue;
            };
            if let Progress::Finished(finished) = Run::look(config, plan.folder_of(planned)).progress
                && best.is_none_or(|(metric, _)| finished.metric > metric)
            {
                best = Some((finished.metric, planned));
            }
        }
        let Some((_, planned)) = best else { return Ok(None) };
        let model = TrainedModel::open(&plan.folder_of(planned))?;
        let (x, y) = data.source(method.every()).validation(planned.seed)?;
        let more = model.more_for_formats(x.count)?;
        let options = Ready::options(method, Some(Vec::new()));
        let quantized = quantize::quantize_with_more(&model.model, (&x, Some(&y)), more.as_ref(), &options)?;
        Ok(Some(Ready {
            method,
            seed: planned.seed,
            model,
            quantized,
            x,
            y,
        }))
    }

    fn options(method: Method, dials: Option<Vec<f64>>) -> Options {
        Options {
            name: method.name(),
            threads: processors(),
            dials,
            ..Options::default()
        }
    }

    /// With the curve of its dial in the blob, which a board needs to keep a budget.
    pub(super) fn with_curve(self) -> Result<Ready, Error> {
        let more = self.model.more_for_curve(self.x.count, usize::MAX)?;
        let options = Ready::options(self.method, None);
        let quantized = self
            .quantized
            .with_dial_curve((&self.x, Some(&self.y)), more.as_ref(), &options)?;
        Ok(Ready { quantized, ..self })
    }

    /// Its candidates, one for each setting of its dial. A setting at which a board cannot keep up is left out, and told.
    pub(super) fn candidates(
        &self,
        ready: usize,
        hardware: &Hardware,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Candidate>, Error> {
        let dials = if self.method.skips() { &DIALS[..] } else { &[0.0] };
        let mut all = Vec::new();
        for dial in dials {
            let simulated = simulate(&self.quantized, "validation part", (&self.x, &self.y), *dial)?;
            let prediction = match predict(&self.quantized, hardware, &simulated.schedules) {
                Ok(prediction) => prediction,
                Err(Error::Energy(problem @ energy::Error::Mismatch(_))) => {
                    notes.push(format!("left out: {}, dial {dial:+}: {problem}", self.method.words()));
                    continue;
                }
                Err(error) => return Err(error),
            };
            all.push(Candidate {
                method: self.method,
                seed: self.seed,
                dial: *dial,
                accuracy: simulated.accuracy,
                accuracy_error: simulated.accuracy_error,
                samples: mean_updates(&simulated.schedules),
                prediction,
                on_front: false,
                ready,
            });
        }
        Ok(all)
    }
}

/// The best of the convolutional networks of so many filters on the validation part; `None` where none is finished.
pub(super) fn cnn_of(method: Method, plan: &Plan, data: &Data) -> Result<Option<cnn::Trained>, Error> {
    let mut best: Option<cnn::Trained> = None;
    for planned in plan.trainings.iter().filter(|t| t.model == method.name()) {
        let Some(Training::Cnn(config)) = plan.training_of(planned, data)? else {
            continue;
        };
        let folder = plan.folder_of(planned);
        if cnn::existing(&config, &folder)? {
            let trained = cnn::open(&folder)?;
            if best
                .as_ref()
                .is_none_or(|b| trained.validation_accuracy > b.validation_accuracy)
            {
                best = Some(trained);
            }
        }
    }
    Ok(best)
}
