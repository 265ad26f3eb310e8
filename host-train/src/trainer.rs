//! The training loop.

use crate::{
    Device, Engine, Error, TrainConfig,
    batch_source::BatchSource,
    checkpoint::State,
    compute::Compute,
    evaluate::{Evaluation, EvaluationRecord},
    params::{Parameters, Shape},
    run_folder::{self, Existing, Metrics},
    teacher::Teacher,
};
use float_model::FloatModel;
use std::{ops::ControlFlow, path::Path, sync::mpsc, time::Instant};

/// Global norm that gradients are clipped to.
const GRADIENT_NORM: f64 = 1.0;

/// Share of the updates that counts as a fall.
const SETTLED: f64 = 0.01;

/// Draw of the fresh sequences that confirm a new best state, and of those on which the result is finally measured.
const CONFIRMATION: u64 = 1;
const FINAL: u64 = 2;

/// Seconds from the start to the first checkpoint, at most; the others are `checkpoint_seconds` apart.
const FIRST_CHECKPOINT_S: f64 = 2.0;

/// What the observer is shown after every step.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// Steps at most.
    pub steps: u64,
    /// Loss of this step: task loss plus budget loss.
    pub loss: f64,
    /// Updates per training sequence in this step, mean.
    pub updates_mean: f64,
    /// Steps per second since the start of this call.
    pub steps_per_s: f64,
    /// Evaluation on the validation part, at every `eval_every`-th step and after the last.
    pub evaluation: Option<Evaluation>,
    /// Whether that evaluation is the best so far.
    pub improved: bool,
    /// Something to tell: a warning, or what is being resumed.
    pub message: Option<String>,
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainReport {
    /// The best model seen; it is also on disk.
    pub model: FloatModel,
    /// Steps done.
    pub steps: u64,
    /// Training time, of all parts of a resumed run.
    pub seconds: f64,
    /// The best model on the validation part; on [`crate::FRESH_COUNT`] sequences where it solves a
    /// generated task, and solved there only where it is by more than chance may give.
    pub best: Evaluation,
    /// The best model on sequences that had no part in its choice; `None` for a dataset, whose test part is for `eval`.
    pub fresh: Option<Evaluation>,
    /// The standard error of the metric of `best`, where it was measured on the validation part of a dataset
    /// ([`float_model::Metric::standard_error`]).
    pub best_error: Option<f64>,
    /// Sequences of the validation part.
    pub validation_count: usize,
    /// Times the collapse guard took the run back to its best state.
    pub returns: u64,
    /// The step at which the best model was seen.
    pub best_step: u64,
    /// Whether the stop rule, or the collapse guard, ended the run before `steps`.
    pub stopped: bool,
    /// What looked wrong before the first step, of the data and of a continued run.
    pub warnings: Vec<String>,
    /// How the model that the run started from does on the validation part as it is; `None` where there is none, or where it lacks
    /// classes of the run.
    pub source: Option<Evaluation>,
    /// What was matched, added or left away of the model that the run started from.
    pub notes: Vec<String>,
}

/// Trains into the run folder `out` and returns the best model: [`train_until`] with an observer that never ends the run.
///
/// # Errors
/// As [`train_until`], without the interruption.
pub fn train(
    config: &TrainConfig,
    out: &Path,
    resume: bool,
    observe: &mut dyn FnMut(&Progress),
) -> Result<TrainReport, Error> {
    train_until(config, out, resume, &mut |progress| {
        observe(progress);
        ControlFlow::Continue(())
    })
}

/// Trains into the run folder `out` and returns the best model, or ends where `observe` asks for it.
///
/// The folder gets `config.toml`, `metrics.csv`, `model.safetensors` (the best model, as soon as it is seen),
/// `checkpoint.safetensors` and, at the end, `training.json`. No model is written before a checkpoint that knows it, so that a
/// resumed run never replaces a model by a worse one. With `resume`, a run that was interrupted in any way continues and ends, on
/// as many threads of the same device, with the same bits; an empty folder starts a new run. `observe` is called after every step,
/// on the caller's thread. Where it breaks, the run ends after the step that it is in, with a checkpoint and without
/// `training.json`.
///
/// A run with [`TrainConfig::from`] starts from that model. Its state before the first step counts among those of which the best is
/// kept, so that no run ends with a worse model than it began with, by the rule of the best state.
///
/// A run that collapses, or solves its task no longer, goes back to its best state with half the learning rate, half of λ
/// or both ([`crate::Rollback`]), and reports it to `observe`.
///
/// # Errors
/// A bad option; data that cannot be read; a folder that holds a run (without `resume`), a run of another configuration or of other
/// data, or a model without a checkpoint (with it); a folder that another process trains in; a device that is not there; a loss of
/// NaN or infinity; files that cannot be written; [`Error::Interrupted`] where `observe` broke before the end.
pub fn train_until(
    config: &TrainConfig,
    out: &Path,
    resume: bool,
    observe: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<TrainReport, Error> {
    config.validate()?;
    let mut batches = BatchSource::new(config)?;
    let shape = network(config, &batches);
    if let (Some(start), Some(from)) = (&mut batches.start, &config.from) {
        let wanted = crate::start::Wanted {
            shape,
            start_every: config.start_every,
            input_weight_limit: config.input_weight_limit,
        };
        start.check(&wanted, &from.model)?;
    }
    // Before anything is written: where a GPU is missing, no folder is left.
    let compute = compute(config, &batches)?;
    let _held = run_folder::hold(out)?;
    let found = run_folder::open(config, out, resume)?;
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let work = || Run::new(config, out, found, batches, compute, sender)?.train();
        let handle = scope.spawn(work);
        for progress in receiver {
            if observe(&progress).is_break() {
                break; // drops the receiver, which the run sees at its next step
            }
        }
        match handle.join() {
            Ok(report) => report,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

mod evaluating;
mod steps;

/// The sizes of the network that a run trains.
fn network(config: &TrainConfig, batches: &BatchSource) -> Shape {
    Shape {
        cell: config.cell,
        input: batches.validation.0.channels(),
        hidden: config.hidden,
        outputs: batches.outputs,
        layers: config.layers,
    }
}

/// The parameters before the first step.
fn start(config: &TrainConfig, batches: &BatchSource, shape: Shape) -> Parameters {
    let mut parameters = Parameters::initial(shape, config.seed);
    match &batches.start {
        Some(start) => start.put_into(&mut parameters, config.start_every),
        None => parameters.start_every(config.start_every.unwrap_or(1)),
    }
    parameters.project(config.input_weight_limit);
    parameters
}

/// The engine and the device of a run.
fn compute(config: &TrainConfig, batches: &BatchSource) -> Result<Compute, Error> {
    Compute::open(config, network(config, batches), batches.longest())
}

/// The warning about a run that was begun on `threads` threads of `device` and is continued elsewhere.
fn moved(config: &TrainConfig, threads: usize, device: Device) -> Option<String> {
    let elsewhere = if device != config.device {
        format!("on {} instead of {device}", config.device)
    } else if threads != config.threads && config.engine == Engine::Fused && device == Device::Cpu {
        format!("on {} threads instead of {threads}", config.threads)
    } else {
        return None;
    };
    Some(format!(
        "{elsewhere}: the last bits will differ from an uninterrupted run's"
    ))
}

struct Run<'a> {
    config: &'a TrainConfig,
    out: &'a Path,
    batches: BatchSource,
    /// The teacher, where the run has one.
    teacher: Option<Teacher>,
    /// How the model that the run starts from does.
    source: Option<Evaluation>,
    /// Where it has an accelerator, the state's parameters and moments are as of the last [`Run::fetch`].
    compute: Compute,
    state: State,
    metrics: Metrics,
    observer: mpsc::Sender<Progress>,
    started: Instant,
    /// When the last checkpoint was written, and the seconds after which the next is due.
    saved_at: Instant,
    save_after_s: f64,
    /// Seconds and steps of earlier calls.
    before: (f64, u64),
    /// What looked wrong before the first step.
    warnings: Vec<String>,
}

impl<'a> Run<'a> {
    fn new(
        config: &'a TrainConfig,
        out: &'a Path,
        found: Existing,
        mut batches: BatchSource,
        compute: Compute,
        observer: mpsc::Sender<Progress>,
    ) -> Result<Self, Error> {
        let shape = network(config, &batches);
        let mut warnings = std::mem::take(&mut batches.warnings);
        let (mut saved, mut resumed) = (None, None);
        if let Existing::Unfinished { threads, device } | Existing::Finished { threads, device, .. } = found {
            saved = State::load(out, shape)?;
            resumed = Some(match &saved {
                Some(state) => format!("resuming after step {}", state.adam.step),
                None => "no checkpoint yet: starting from step 0".into(),
            });
            warnings.extend(moved(config, threads, device));
        }
        let state = saved.unwrap_or_else(|| State::new(start(config, &batches, shape)));
        let teacher = match &batches.start {
            Some(start) => Teacher::new(
                config.from.as_ref(),
                config.threads,
                start,
                batches.description.output_at,
            )?,
            None => None,
        };
        let mut run = Run {
            config,
            out,
            batches,
            teacher,
            source: None,
            compute,
            metrics: Metrics::open(out, state.adam.step)?,
            before: (state.seconds, state.adam.step),
            state,
            observer,
            started: Instant::now(),
            saved_at: Instant::now(),
            save_after_s: FIRST_CHECKPOINT_S.min(config.checkpoint_seconds),
            warnings,
        };
        run.save_best()?;
        run.upload()?;
        let notes = run.batches.start.as_ref().map(|start| &start.notes[..]);
        for message in resumed.iter().chain(notes.unwrap_or_default()).chain(&run.warnings) {
            run.report(0.0, 0.0, None, false, Some(message.clone()));
        }
        Ok(run)
    }

    fn train(mut self) -> Result<TrainReport, Error> {
        self.evaluate_source()?;
        while self.goes_on() {
            if !self.advance()? {
                break;
            }
        }
        let interrupted = self.goes_on();
        if self.state.best.is_none() && !interrupted {
            self.evaluate()?;
        }
        self.save()?;
        self.save_best()?;
        match interrupted {
            true => Err(Error::Interrupted {
                path: self.out.into(),
                step: self.state.adam.step,
            }),
            false => self.finish(),
        }
    }

    /// Whether there are steps to take.
    fn goes_on(&self) -> bool {
        self.state.adam.step < self.config.steps && !self.state.stopped
    }

    /// One step with the evaluation and the checkpoint that fall due after it. False where nobody listens any more:
    /// the observer broke, or panicked.
    fn advance(&mut self) -> Result<bool, Error> {
        let (loss, updates) = self.step()?;
        let step = self.state.adam.step;
        let (mut evaluation, mut improved) = (None, false);
        let mut message = None;
        if step.is_multiple_of(self.config.eval_every) || step == self.config.steps {
            let (e, better) = self.evaluate()?;
            self.state.stopped = e.stops(self.config.stop_metric, self.config.stop_updates) || self.settled();
            if !better && !self.state.stopped {
                message = self.guard(&e);
                if message.is_some() {
                    self.upload()?;
                }
            }
            (evaluation, improved) = (Some(e), better);
        }
        if improved || self.saved_at.elapsed().as_secs_f64() >= self.save_after_s {
            self.save()?;
        }
        if improved {
            self.save_best()?;
        }
        Ok(self.report(loss, updates, evaluation, improved, message))
    }

    /// Whether the best state is solved and its updates have not fallen by more than [`SETTLED`] for `settle_steps`.
    fn settled(&mut self) -> bool {
        let (Some(patience), Some(best)) = (self.config.settle_steps, &self.state.best) else {
            return false;
        };
        if best.evaluation.solved != Some(true) {
            return false;
        }
        let (step, updates) = (self.state.adam.step, best.evaluation.updates_mean);
        match self.state.settling {
            Some((since, level)) if updates >= (1.0 - SETTLED) * level => {
                !self.config.cell.skips() || step - since >= patience
            }
            _ => {
                self.state.settling = Some((step, updates));
                !self.config.cell.skips()
            }
        }
    }

    /// Goes back to the best state where the guard says so, and says it.
    fn guard(&mut self, now: &Evaluation) -> Option<String> {
        // Nothing need be solved at the lowest dial.
        let threshold = self
            .config
            .data
            .solved_threshold()
            .filter(|_| self.config.dials.is_none());
        let state = &mut self.state;
        let best = state.best.as_ref()?;
        let reason = state.guard.check(now, &best.evaluation, threshold)?;
        state.parameters.values.clone_from(&best.values);
        state.adam.mean.clone_from(&best.mean);
        state.adam.square.clone_from(&best.square);
        state.stopped = state.guard.gives_up();
        let next = match state.stopped {
            true => "the run ends".into(),
            false => {
                let (rate, lambda) = state.guard.factors(self.config.rollback);
                format!("learning rate times {rate}, lambda times {lambda}")
            }
        };
        let at = state.adam.step;
        Some(format!(
            "step {at}: {reason}; back to the best state, of step {}: {next}",
            best.step
        ))
    }

    fn diverged(&self, step: u64, tensor: String, loss: f64) -> Error {
        Error::Diverged {
            tensor,
            step,
            loss,
            model: self.state.best.is_some().then(|| self.out.join(run_folder::MODEL)),
        }
    }

    fn model(&self, values: &[Vec<f32>]) -> FloatModel {
        let parameters = Parameters {
            shape: self.state.parameters.shape,
            values: values.to_vec(),
        };
        let batches = &self.batches;
        parameters.to_model(&batches.mean, &batches.std, &batches.description)
    }

    /// Writes the best model, where there is one. A checkpoint that knows it is on the disk already.
    fn save_best(&self) -> Result<(), Error> {
        let Some(best) = &self.state.best else { return Ok(()) };
        let model = self.model(&best.values);
        Ok(float_model::save(&model, &self.out.join(run_folder::MODEL))?)
    }

    /// Writes a checkpoint.
    fn save(&mut self) -> Result<(), Error> {
        self.fetch()?;
        self.state.seconds = self.seconds();
        self.state.save(self.out)?;
        (self.saved_at, self.save_after_s) = (Instant::now(), self.config.checkpoint_seconds);
        Ok(())
    }

    fn seconds(&self) -> f64 {
        self.before.0 + self.started.elapsed().as_secs_f64()
    }

    fn report(
        &self,
        loss: f64,
        updates_mean: f64,
        evaluation: Option<Evaluation>,
        improved: bool,
        message: Option<String>,
    ) -> bool {
        let step = self.state.adam.step;
        let seconds = self.started.elapsed().as_secs_f64().max(1e-9);
        let progress = Progress {
            step,
            steps: self.config.steps,
            loss,
            updates_mean,
            steps_per_s: (step - self.before.1) as f64 / seconds,
            evaluation,
            improved,
            message,
        };
        self.observer.send(progress).is_ok()
    }

    fn finish(mut self) -> Result<TrainReport, Error> {
        let best = self.state.best.take().expect("evaluated at least once");
        let best_error = match self.config.data.is_generated() {
            true => None,
            false => self.validation_error(&best.values)?,
        };
        let report = TrainReport {
            best_error,
            validation_count: self.batches.validation.0.count(),
            fresh: self.on_fresh(&best.values, FINAL)?,
            returns: self.state.guard.returns,
            model: self.model(&best.values),
            steps: self.state.adam.step,
            seconds: self.state.seconds,
            best: best.evaluation,
            best_step: best.step,
            stopped: self.state.stopped,
            warnings: std::mem::take(&mut self.warnings),
            source: self.source,
            notes: self
                .batches
                .start
                .as_ref()
                .map(|start| start.notes.clone())
                .unwrap_or_default(),
        };
        let path = self.out.join(run_folder::SUMMARY);
        let front = match self.config.dials {
            None => None,
            Some(dials) => {
                let (x, y) = self.batches.validation.clone();
                let all = self.along_the_dial(dials, &best.values, &x, &y)?;
                let records = all.into_iter().map(EvaluationRecord::from);
                Some(dials.settings().into_iter().zip(records).collect::<Vec<_>>())
            }
        };
        let mut summary = serde_json::json!({
            "task": self.config.data.name(),
            "cell": self.config.cell.name(),
            "hidden": self.config.hidden,
            "layers": self.config.layers,
            "lambda": self.config.lambda,
            "seed": self.config.seed,
            "steps": report.steps,
            "seconds": report.seconds,
            "stopped": report.stopped,
            "best_step": report.best_step,
            "returns": report.returns,
            "best": EvaluationRecord::from(report.best),
            "best_standard_error": report.best_error,
            "validation_sequences": report.validation_count,
            "fresh": report.fresh.map(EvaluationRecord::from),
            "chosen": self.config.chosen,
            "warnings": report.warnings,
        });
        if let Some(from) = &self.config.from {
            summary["from"] = serde_json::json!({
                "model": from.model,
                "validation": report.source.map(EvaluationRecord::from),
                "notes": report.notes,
            });
        }
        if let Some(front) = front {
            let of = |(dial, e): (f64, EvaluationRecord)| serde_json::json!({ "dial": dial, "validation": e });
            summary["dials"] = front.into_iter().map(of).collect();
        }
        float_model::write_atomically(&path, format!("{summary:#}\n").as_bytes()).map_err(Error::io(&path))?;
        Ok(report)
    }
}

#[cfg(test)]
mod tests;
