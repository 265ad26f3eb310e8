//! The trainings of a fit: which models from which seeds, with how many steps, and how far they are.
//!
//! How many steps a time limit pays for is measured once, and written into the folder as `plan.json`. From then on a fit is a
//! function of that file and the recordings: a resumed one ends as an undisturbed one would.

use super::{Data, Event, Method, Observer, meter::Meter, method::Training, speed};
use crate::{
    Error,
    baselines::cnn,
    jobs::{self, Job, Run, Task},
    write_atomically,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// The file of the plan in the folder.
const FILE: &str = "plan.json";
/// The version of [`FILE`].
const VERSION: u32 = 1;
/// The share of the time that trainings may take; the rest is for quantizing, simulating and the report.
const TRAINING_SHARE: f64 = 0.7;
/// Steps of a training, at least.
const LEAST_STEPS: u64 = 100;
/// Seeds of every model, at most.
const SEEDS: u64 = 3;
/// The share of a full training below which it is said that the figures suffer.
const SHORT: f64 = 0.5;

/// What is asked of a plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// The first seed.
    pub seed: u64,
    /// Minutes of the whole fit.
    pub minutes: f64,
    /// In place of what the minutes pay for: steps of a training that learns its dial; others get a third.
    pub steps: Option<u64>,
    /// Trainings at the same time, one thread each.
    pub threads: usize,
}

/// One training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// The name of the model's method.
    pub model: String,
    /// The seed.
    pub seed: u64,
    /// Training steps.
    pub steps: u64,
}

/// The trainings of a fit, in the order in which they are done.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The folder of the fit.
    pub folder: PathBuf,
    /// The trainings.
    pub trainings: Vec<Planned>,
    /// What the time limit allowed, in words.
    pub notes: Vec<String>,
    /// Seconds that one step of each training is expected to take, for the time that is left; 1 where it was not measured.
    step_s: Vec<f64>,
    length: usize,
}

/// `plan.json`.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    seed: u64,
    minutes: f64,
    steps: Option<u64>,
    data: Value,
    fingerprint: Option<String>,
    trainings: Vec<Planned>,
    step_s: Vec<f64>,
    notes: Vec<String>,
}

/// A method with what its full training takes.
#[derive(Debug, Clone, Copy)]
struct Priced {
    method: Method,
    steps: u64,
    step_s: f64,
}

impl Priced {
    fn of(method: Method, data: &Data, speeds: &HashMap<String, f64>) -> Self {
        Priced {
            method,
            steps: method.steps(data),
            step_s: speeds.get(&method.name()).copied().unwrap_or(0.0),
        }
    }

    fn full_s(&self) -> f64 {
        self.steps as f64 * self.step_s
    }
}

impl Plan {
    /// The plan of a folder that is resumed, or a new one, whose speeds are measured.
    ///
    /// # Errors
    /// A folder that holds a fit (without `resume`), none (with it), or one of other data, seed or time; recordings that cannot be
    /// trained on; [`Error::Interrupted`].
    pub fn make(
        data: &Data,
        wanted: &Wanted,
        folder: &Path,
        resume: bool,
        observer: Observer<'_>,
    ) -> Result<Plan, Error> {
        let (Wanted { minutes, threads, .. }, exists) = (*wanted, folder.join(FILE).exists());
        if !(minutes.is_finite() && minutes > 0.0) {
            return Err(Error::option("minutes", format!("is {minutes}; give a time above 0")));
        }
        if threads == 0 || wanted.steps == Some(0) {
            let option = if threads == 0 { "threads" } else { "steps" };
            return Err(Error::option(option, "is 0; give at least 1"));
        }
        match (resume, exists) {
            (false, true) => Err(Error::input(
                folder.display(),
                "holds a fit; continue it with --resume, or give another folder",
            )),
            // It ended while it measured.
            (true, false) if speed::folder(folder).exists() => Plan::begin(data, wanted, folder, observer),
            (true, false) => Err(Error::option(
                "resume",
                format!("{} holds no fit; leave it out to begin one there", folder.display()),
            )),
            (true, true) => Plan::load(data, wanted, folder),
            (false, false) => Plan::begin(data, wanted, folder, observer),
        }
    }

    fn begin(data: &Data, wanted: &Wanted, folder: &Path, observer: Observer<'_>) -> Result<Plan, Error> {
        let threads = wanted.threads;
        let mut plan = Plan {
            folder: folder.into(),
            trainings: Vec::new(),
            notes: Vec::new(),
            step_s: Vec::new(),
            length: data.length,
        };
        let (core, more) = (Method::core(data.length), Method::more());
        match wanted.steps {
            Some(steps) => plan.fixed(&core, &more, wanted.seed, steps),
            None => {
                let _ = observer(&Event::Stage("measuring how long a training step takes"));
                let all: Vec<Method> = core.iter().chain(&more).copied().collect();
                let speeds = speed::measure((data, &all), (wanted.seed, threads), folder, observer)?;
                let priced =
                    |all: &[Method]| -> Vec<Priced> { all.iter().map(|m| Priced::of(*m, data, &speeds)).collect() };
                plan.allot(&priced(&core), &priced(&more), wanted);
            }
        }
        plan.save(data, wanted)?;
        Ok(plan)
    }

    /// The same steps for every model, from one seed.
    fn fixed(&mut self, core: &[Method], more: &[Method], seed: u64, steps: u64) {
        for method in core.iter().chain(more) {
            let steps = if method.skips() { steps } else { (steps / 3).max(1) };
            self.add(method, seed, steps, 1.0);
        }
        self.notes.push(format!(
            "trainings: {steps} steps, as given by --steps, and a third for models without a dial; one seed"
        ));
    }

    fn add(&mut self, method: &Method, seed: u64, steps: u64, step_s: f64) {
        self.trainings.push(Planned {
            model: method.name(),
            seed,
            steps,
        });
        self.step_s.push(step_s);
    }

    /// Gives the trainings the steps that the time pays for: first every model of the core in full, or, where that takes too long,
    /// the same share of each; then other sizes, and then all from further seeds, as long as the next one fits.
    fn allot(&mut self, core: &[Priced], more: &[Priced], wanted: &Wanted) {
        let mut left_s = 60.0 * wanted.minutes * TRAINING_SHARE * wanted.threads as f64;
        let core_s: f64 = core.iter().map(Priced::full_s).sum();
        let share = (left_s / core_s.max(f64::MIN_POSITIVE)).min(1.0);
        for priced in core {
            let steps = (priced.steps as f64 * share) as u64 / 10 * 10;
            self.add(&priced.method, wanted.seed, steps.max(LEAST_STEPS), priced.step_s);
        }
        left_s -= core_s * share;
        let mut stopped = share < 1.0;
        for seed in 0..SEEDS {
            let again = if seed == 0 { &[][..] } else { core };
            for priced in again.iter().chain(more) {
                stopped |= priced.full_s() > left_s;
                if !stopped {
                    self.add(&priced.method, wanted.seed + seed, priced.steps, priced.step_s);
                    left_s -= priced.full_s();
                }
            }
        }
        let seeds = self.trainings.iter().map(|t| t.seed).max().unwrap_or(wanted.seed) - wanted.seed + 1;
        self.notes.push(format!(
            "trainings: {} in {} minutes on {} threads, {:.0} % of the steps of a full training, from {seeds} seed{}",
            self.trainings.len(),
            wanted.minutes,
            wanted.threads,
            100.0 * share,
            if seeds == 1 { "" } else { "s" }
        ));
        if share < SHORT {
            self.notes.push(format!(
                "the time is short: full trainings of the first {} models take about {:.0} minutes, and models that are trained \
                 longer are better; give more --minutes",
                core.len(),
                (core_s / (60.0 * TRAINING_SHARE * wanted.threads as f64)).ceil()
            ));
        }
    }

    fn save(&self, data: &Data, wanted: &Wanted) -> Result<(), Error> {
        let path = self.folder.join(FILE);
        let stored = Stored {
            version: VERSION,
            seed: wanted.seed,
            minutes: wanted.minutes,
            steps: wanted.steps,
            data: json(&path, &data.config)?,
            fingerprint: data.source(1).fingerprint()?,
            trainings: self.trainings.clone(),
            step_s: self.step_s.clone(),
            notes: self.notes.clone(),
        };
        let text = format!("{:#}\n", json(&path, &stored)?);
        write_atomically(&path, text.as_bytes())
    }

    fn load(data: &Data, wanted: &Wanted, folder: &Path) -> Result<Plan, Error> {
        let path = folder.join(FILE);
        let text = fs::read_to_string(&path).map_err(Error::io(&path, "read"))?;
        let wrong = |problem: String| Error::data(path.display(), format!("{problem}; give another folder with --out"));
        let stored: Stored = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        if stored.version != VERSION || stored.trainings.len() != stored.step_s.len() {
            return Err(wrong(format!(
                "version {}, this program reads {VERSION}",
                stored.version
            )));
        }
        let differs = |option: &'static str, was: String| {
            let problem = format!(
                "the fit in {} was begun with {was}; give that, or another folder",
                folder.display()
            );
            Err(Error::option(option, problem))
        };
        if stored.seed != wanted.seed {
            return differs("seed", stored.seed.to_string());
        }
        if stored.steps != wanted.steps {
            return differs("steps", stored.steps.map_or("none".into(), |s| s.to_string()));
        }
        if stored.steps.is_none() && stored.minutes != wanted.minutes {
            return differs("minutes", stored.minutes.to_string());
        }
        // As they come back from a file too: a number may change in its last digit there.
        let written = json(&path, &data.config)?.to_string();
        let now: Value = serde_json::from_str(&written).map_err(|e| wrong(e.to_string()))?;
        if now != stored.data {
            return Err(wrong(
                "the fit was begun with other recordings, or read in another way".into(),
            ));
        }
        if stored.fingerprint != data.source(1).fingerprint()? {
            return Err(wrong("the recordings have changed since the fit was begun".into()));
        }
        let known = Plan::known(data.length);
        if let Some(unknown) = stored
            .trainings
            .iter()
            .find(|t| !known.iter().any(|m| m.name() == t.model))
        {
            return Err(wrong(format!("the model {} is not known", unknown.model)));
        }
        Ok(Plan {
            folder: folder.into(),
            trainings: stored.trainings,
            notes: stored.notes,
            step_s: stored.step_s,
            length: data.length,
        })
    }

    fn known(length: usize) -> Vec<Method> {
        Method::core(length).into_iter().chain(Method::more()).collect()
    }

    /// The methods of the plan, each once, in its order.
    #[must_use]
    pub fn methods(&self) -> Vec<Method> {
        let planned = |m: &Method| self.trainings.iter().any(|t| t.model == m.name());
        Plan::known(self.length).into_iter().filter(planned).collect()
    }

    /// The folder of a training.
    #[must_use]
    pub fn folder_of(&self, planned: &Planned) -> PathBuf {
        self.folder
            .join("runs")
            .join(&planned.model)
            .join(format!("seed-{}", planned.seed))
    }

    /// The training of one of the plan; `None` where it learns from a model whose training is not finished, or where no method is
    /// called so.
    ///
    /// # Errors
    /// As [`Method::training`].
    pub(super) fn training_of(&self, planned: &Planned, data: &Data) -> Result<Option<Training>, Error> {
        let Some(method) = self.method_of(planned) else {
            return Ok(None);
        };
        let teacher = match method.teacher() {
            None => None,
            Some(teacher) => match self.finished(&teacher, planned.seed, data)? {
                None => return Ok(None),
                found => found,
            },
        };
        let training = method.training(data, planned.seed, planned.steps, teacher.as_deref())?;
        Ok(Some(training))
    }

    /// The folder of a method's training from a seed, where it is finished.
    fn finished(&self, method: &Method, seed: u64, data: &Data) -> Result<Option<PathBuf>, Error> {
        let of = |t: &&Planned| t.seed == seed && t.model == method.name();
        let Some(planned) = self.trainings.iter().find(of) else {
            return Ok(None);
        };
        let folder = self.folder_of(planned);
        let done = match method.training(data, planned.seed, planned.steps, None)? {
            Training::Recurrent(config) => Run::look(config, folder.clone()).finished().is_some(),
            Training::Cnn(_) => false,
        };
        Ok(done.then_some(folder))
    }

    /// Trains what is not finished, `threads` at the same time: first those that learn from no other, then those that do. Returns a
    /// line for each training that failed.
    ///
    /// # Errors
    /// A folder that holds something else; [`Error::Interrupted`].
    pub fn train(&self, data: &Data, threads: usize, observer: Observer<'_>) -> Result<Vec<String>, Error> {
        let mut meter = Meter::default();
        let mut waiting = 0;
        let (mut first, mut taught) = (Vec::new(), Vec::new());
        for (planned, step_s) in self.trainings.iter().zip(&self.step_s) {
            let is_taught = self.method_of(planned).is_some_and(|method| method.teacher().is_some());
            let task = match self.training_of(planned, data)? {
                // Its teacher waits too.
                None => None,
                Some(training) => match self.task(planned, training)? {
                    None => {
                        meter.add(label(planned), planned.steps as f64 * step_s, 1.0);
                        continue;
                    }
                    task => task,
                },
            };
            meter.add(label(planned), planned.steps as f64 * step_s, 0.0);
            waiting += 1;
            match is_taught {
                true => taught.push(planned),
                false => first.extend(task),
            }
        }
        if waiting == 0 {
            return Ok(Vec::new());
        }
        let stage = format!("training {waiting} of {} models", self.trainings.len());
        let _ = observer(&Event::Stage(&stage));
        meter.begin();
        let meter = Mutex::new(meter);
        let see = |event: &jobs::Event<'_>| {
            let said = {
                let mut meter = meter.lock().unwrap_or_else(PoisonError::into_inner);
                meter.see(event)
            };
            said.iter().try_for_each(observer)
        };
        let mut failed = jobs::do_all(first, threads, &see)?;
        let mut tasks = Vec::new();
        for planned in taught {
            match self.training_of(planned, data)? {
                Some(training) => tasks.extend(self.task(planned, training)?),
                None => failed.push(format!(
                    "{}: the model that it learns from was not trained",
                    label(planned)
                )),
            }
        }
        failed.extend(jobs::do_all(tasks, threads, &see)?);
        Ok(failed)
    }

    fn method_of(&self, planned: &Planned) -> Option<Method> {
        Plan::known(self.length)
            .into_iter()
            .find(|method| method.name() == planned.model)
    }

    /// What there is to do for a training; `None` where it is finished.
    fn task(&self, planned: &Planned, training: Training) -> Result<Option<Task>, Error> {
        let (label, folder) = (label(planned), self.folder_of(planned));
        Ok(match training {
            Training::Recurrent(config) => {
                let run = Run::look(config, folder);
                jobs::tasks(vec![Job { label, run }])?.pop()
            }
            Training::Cnn(config) => match cnn::existing(&config, &folder)? {
                true => None,
                false => Some(cnn::task(config, folder, label)),
            },
        })
    }
}

fn label(planned: &Planned) -> String {
    format!("{} {}", planned.model, planned.seed)
}

fn json(path: &Path, value: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|e| Error::data(path.display(), e.to_string()))
}

#[cfg(test)]
mod tests;
