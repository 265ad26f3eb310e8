//! What the runs of a sweep gave, and which settings no other one beats.

use super::grid::Setting;
use crate::{
    Error, Fitted, Hardware, HeldOut, Spread, TrainedModel,
    held_out::SEED,
    jobs::{Finished, Job, Progress, Run},
    network_shape, pareto_front,
    stats::{distinct, mean_updates},
    workload::HardwareNames,
};
use energy::Interval;
use float_model::{Sequences, Targets};
use host_train::DataSource;

/// What one run gives on held-out sequences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeldOutFigures {
    /// Accuracy, mean squared error or mean average precision.
    pub metric: f64,
    /// Mean updates per sequence.
    pub updates_mean: f64,
    /// Predicted energy per sequence in microjoules, where a board is given and the sequences have a rate and one length.
    pub uj: Option<Interval>,
    /// Multiply-accumulates per sequence, heads included.
    pub macs: f64,
}

/// One run.
pub struct RunResult {
    /// The cell, the sizes and the seed.
    pub setting: Setting,
    /// The folder, and how far the run is.
    pub run: Run,
    /// The figures on held-out sequences, where it is finished.
    pub figures: Option<HeldOutFigures>,
}

/// The runs of one setting, which differ in their seeds alone.
pub struct SettingResult {
    /// The name of the setting's folder.
    pub name: String,
    /// The setting of the first run.
    pub setting: Setting,
    /// Runs asked for.
    pub runs: usize,
    /// Runs that are finished.
    pub finished: usize,
    /// The figures by which settings are chosen, means over the finished runs: on the validation part, or on fresh sequences of
    /// a generated task.
    pub chosen_by: Option<ChosenBy>,
    /// The metric on held-out sequences over the finished runs.
    pub metric: Option<Spread>,
    /// Updates per held-out sequence over the finished runs.
    pub updates: Option<Spread>,
    /// Mean multiply-accumulates per held-out sequence.
    pub macs: Option<f64>,
    /// Predicted energy per held-out sequence in microjoules: the mean of each end.
    pub uj: Option<Interval>,
    /// Whether no other setting is at least as good with no more updates.
    pub on_updates_front: bool,
    /// Whether no other setting is at least as good with no more energy.
    pub on_energy_front: bool,
}

/// Figures by which a setting is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChosenBy {
    /// The metric.
    pub metric: f64,
    /// Mean updates per sequence.
    pub updates: f64,
}

/// The results of a sweep.
pub struct Front {
    /// `accuracy`, `mse` or `map`; empty where nothing is finished.
    pub metric_name: String,
    /// What the figures were measured on; `None` where nothing is finished.
    pub evaluated_on: Option<HeldOut>,
    /// The board and the sensor that energies are predicted for.
    pub hardware: Option<HardwareNames>,
    /// Every run.
    pub runs: Vec<RunResult>,
    /// Every setting.
    pub settings: Vec<SettingResult>,
    /// What is missing, and why.
    pub notes: Vec<String>,
    /// A line for each run that is there and cannot be used: of another configuration, or with damaged files.
    pub damaged: Vec<String>,
}

impl Front {
    /// Runs every finished model on the held-out data.
    ///
    /// A run whose files cannot be used is left out, and told in `damaged`.
    ///
    /// # Errors
    /// Recordings that cannot be read, or that do not fit the models.
    pub fn measure(
        settings: &[Setting],
        jobs: &[Job],
        source: &DataSource,
        hardware: Option<&Hardware>,
    ) -> Result<Front, Error> {
        let mut front = Front {
            metric_name: String::new(),
            evaluated_on: None,
            hardware: hardware.map(Hardware::names),
            runs: Vec::new(),
            settings: Vec::new(),
            notes: Vec::new(),
            damaged: Vec::new(),
        };
        let mut data: Option<Fitted<Targets>> = None;
        for (setting, job) in settings.iter().zip(jobs) {
            let figures = match &job.run.progress {
                Progress::Finished(finished) => {
                    front.finished(setting, job, finished, (source, &mut data), hardware)?
                }
                Progress::Refused(problem) | Progress::Damaged(problem) => {
                    front.left_out(&job.label, problem);
                    None
                }
                Progress::Absent | Progress::Unfinished(_) => None,
            };
            front.runs.push(RunResult {
                setting: *setting,
                run: job.run.clone(),
                figures,
            });
        }
        front.settings = setting_results(&front.runs);
        front.mark_fronts();
        Ok(front)
    }

    /// Notes a run that is there and cannot be used.
    fn left_out(&mut self, label: &str, problem: &str) {
        self.damaged.push(format!("{label}: {problem}"));
    }

    /// The figures of a finished run; `None`, with a line in `damaged`, where its model does not fit the data. The held-out data are
    /// read for the first model.
    fn finished(
        &mut self,
        setting: &Setting,
        job: &Job,
        finished: &Finished,
        (source, data): (&DataSource, &mut Option<Fitted<Targets>>),
        hardware: Option<&Hardware>,
    ) -> Result<Option<HeldOutFigures>, Error> {
        let opened = TrainedModel::open(&job.run.folder)?;
        self.metric_name.clone_from(&finished.metric_name);
        let data = match data {
            Some(read) => &*read,
            None => {
                let (held_out, read) = HeldOut::choose(source, setting.seed, &opened.input())?;
                self.evaluated_on = Some(held_out);
                self.notes.extend(read.notes.iter().cloned());
                &*data.insert(read)
            }
        };
        match self.figures(&opened, (&data.x, &data.y), hardware) {
            Ok(figures) => Ok(Some(figures)),
            Err(error @ Error::Model(_)) => {
                self.left_out(&job.label, &format!("{}: {}", opened.file.display(), error.chain()));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn figures(
        &mut self,
        opened: &TrainedModel,
        (x, y): (&Sequences, &Targets),
        hardware: Option<&Hardware>,
    ) -> Result<HeldOutFigures, Error> {
        let (metric, schedules) = opened.evaluate(x, y, SEED)?;
        let updates_mean = mean_updates(&schedules);
        let shape = network_shape(&opened.model, x.length);
        let mut uj = None;
        if let Some(hardware) = hardware {
            let workload = shape.workload(hardware.board.core, updates_mean, Some(schedules), None);
            match hardware.uj_per_sequence(x.lengths.is_empty(), &workload)? {
                Ok(interval) => uj = Some(interval),
                Err(reason) => {
                    let note = format!("no energy is predicted: {reason}");
                    if !self.notes.contains(&note) {
                        self.notes.push(note);
                    }
                }
            }
        }
        Ok(HeldOutFigures {
            metric: metric.value(),
            updates_mean,
            uj,
            macs: opened.model.macs_per_sequence(updates_mean),
        })
    }

    fn mark_fronts(&mut self) {
        let lower_is_better = self.metric_name == "mse";
        let merit = |c: ChosenBy| if lower_is_better { -c.metric } else { c.metric };
        let points = |cost: &dyn Fn(&SettingResult, ChosenBy) -> Option<f64>| -> Vec<Option<(f64, f64)>> {
            let point = |s: &SettingResult| s.chosen_by.and_then(|c| Some((cost(s, c)?, merit(c))));
            self.settings.iter().map(point).collect()
        };
        let updates = pareto_front(&points(&|_, c| Some(c.updates)));
        let energies = pareto_front(&points(&|s, _| Some(s.uj?.mid)));
        for ((setting, u), e) in self.settings.iter_mut().zip(updates).zip(energies) {
            (setting.on_updates_front, setting.on_energy_front) = (u, e);
        }
    }
}

fn setting_results(runs: &[RunResult]) -> Vec<SettingResult> {
    let result = |name: String| {
        let of: Vec<&RunResult> = runs.iter().filter(|r| r.setting.name() == name).collect();
        let done: Vec<HeldOutFigures> = of.iter().filter_map(|r| r.figures).collect();
        let all = |figure: &dyn Fn(&HeldOutFigures) -> f64| Spread::of(&done.iter().map(figure).collect::<Vec<_>>());
        let chosen: Vec<&Finished> = of.iter().filter_map(|r| r.run.finished()).collect();
        let mean = |figure: fn(&Finished) -> f64| {
            let values: Vec<f64> = chosen.iter().map(|f| figure(f)).collect();
            Spread::of(&values).map(|s| s.mean)
        };
        let end = |figure: fn(&Interval) -> f64| {
            let ends: Vec<f64> = done.iter().filter_map(|f| f.uj.as_ref()).map(figure).collect();
            Spread::of(&ends).map(|s| s.mean)
        };
        SettingResult {
            setting: of[0].setting,
            runs: of.len(),
            finished: done.len(),
            chosen_by: mean(|f| f.metric)
                .zip(mean(|f| f.updates))
                .map(|(metric, updates)| ChosenBy { metric, updates }),
            metric: all(&|f| f.metric),
            updates: all(&|f| f.updates_mean),
            macs: all(&|f| f.macs).map(|s| s.mean),
            uj: end(|u| u.low)
                .zip(end(|u| u.mid))
                .zip(end(|u| u.high))
                .and_then(|((low, mid), high)| Interval::new(low, mid, high)),
            on_updates_front: false,
            on_energy_front: false,
            name,
        }
    };
    distinct(runs.iter().map(|r| r.setting.name()))
        .into_iter()
        .map(result)
        .collect()
}
