//! What the runs of a sweep gave, and which settings no other one beats.

use super::grid::Setting;
use crate::{
    energy::parts::Sizes,
    evaluate,
    inputs::{self, EVALUATION_COUNT},
    jobs::{Job, Run, spread},
};
use energy::{Board, Interval, Sensor};
use float_model::{Sequences, Targets};
use host_train::DataSource;

/// Seed of the held-out sequences of a generated task; training never draws from their stream.
const SEED: u64 = 1_000_003;

/// What one run gives on held-out sequences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Accuracy, MSE or mean average precision.
    pub metric: f64,
    /// Per sequence.
    pub updates_mean: f64,
    /// Predicted, where a board is given and the sequences have a rate and one length.
    pub uj: Option<Interval>,
    /// Multiply-accumulates per sequence, heads included.
    pub macs: f64,
}

/// One run.
pub struct Measured {
    /// What it is.
    pub setting: Setting,
    /// Its folder, and how far it is.
    pub run: Run,
    /// On held-out sequences, where it is finished.
    pub figures: Option<Figures>,
}

/// The runs of one setting that differ in their seeds alone.
pub struct Line {
    /// See [`Setting::name`].
    pub name: String,
    /// Of the first run.
    pub setting: Setting,
    /// Runs asked for, and those that are finished.
    pub runs: (usize, usize),
    /// (metric, updates) by which it is chosen, means: on the validation part, or on fresh sequences of a generated task.
    pub chosen_by: Option<(f64, f64)>,
    /// On held-out sequences, mean and deviation over the finished runs.
    pub metric: Option<(f64, Option<f64>)>,
    /// See `metric`.
    pub updates: Option<(f64, Option<f64>)>,
    /// Mean.
    pub macs: Option<f64>,
    /// Mean of each end.
    pub uj: Option<Interval>,
    /// Whether no other line is at least as good with no more updates.
    pub on_updates_front: bool,
    /// The same for energy.
    pub on_energy_front: bool,
}

/// The table of a sweep.
pub struct Front {
    /// `accuracy`, `mse` or `map`; empty where nothing is finished.
    pub metric_name: String,
    /// What the figures were measured on.
    pub judged_on: &'static str,
    /// Where energies are predicted for.
    pub board: Option<(String, String)>,
    /// Every run.
    pub runs: Vec<Measured>,
    /// Every setting.
    pub lines: Vec<Line>,
    /// What is missing, and why.
    pub notes: Vec<String>,
}

impl Front {
    /// Runs every finished model on the held-out data.
    pub fn measure(
        settings: &[Setting],
        jobs: &[Job],
        source: &DataSource,
        energy: Option<&(Board, Sensor)>,
    ) -> anyhow::Result<Front> {
        let mut front = Front {
            metric_name: String::new(),
            judged_on: "",
            board: energy.map(|(board, sensor)| (board.name.clone(), sensor.name.clone())),
            runs: Vec::new(),
            lines: Vec::new(),
            notes: Vec::new(),
        };
        let mut held_out = None;
        for (setting, job) in settings.iter().zip(jobs) {
            let figures = match job.run.finished() {
                None => None,
                Some(finished) => {
                    front.metric_name.clone_from(&finished.metric_name);
                    if held_out.is_none() {
                        let (x, y, part) = data(source, setting.seed)?;
                        front.judged_on = part;
                        held_out = Some((x, y));
                    }
                    let (x, y) = held_out.as_ref().expect("just read");
                    Some(measured(&job.run, x, y, energy, &mut front.notes)?)
                }
            };
            front.runs.push(Measured {
                setting: *setting,
                run: job.run.clone(),
                figures,
            });
        }
        front.lines = lines(&front.runs);
        let lower_is_better = front.metric_name == "mse";
        let metric = |l: &Line| l.chosen_by.map(|(m, _)| if lower_is_better { -m } else { m });
        let updates: Vec<_> = front.lines.iter().map(|l| Some((l.chosen_by?.1, metric(l)?))).collect();
        let energies: Vec<_> = front.lines.iter().map(|l| Some((l.uj?.mid, metric(l)?))).collect();
        let (updates, energies) = (unbeaten(&updates), unbeaten(&energies));
        for ((line, u), e) in front.lines.iter_mut().zip(updates).zip(energies) {
            (line.on_updates_front, line.on_energy_front) = (u, e);
        }
        Ok(front)
    }
}

/// Sequences that had no part in training, if there are any.
fn data(source: &DataSource, seed: u64) -> anyhow::Result<(Sequences, Targets, &'static str)> {
    if source.is_generated() {
        let (x, y) = source.evaluation(EVALUATION_COUNT, SEED)?;
        return Ok((x, y, "10,000 fresh sequences"));
    }
    match source.evaluation(EVALUATION_COUNT, SEED) {
        Ok((x, y)) => Ok((x, y, "the test part")),
        Err(error) if error.is_usage() => {
            let (x, y) = source.validation(seed)?;
            Ok((x, y, "the validation part, as there is no test part"))
        }
        Err(error) => Err(error.into()),
    }
}

fn measured(
    run: &Run,
    x: &Sequences,
    y: &Targets,
    energy: Option<&(Board, Sensor)>,
    notes: &mut Vec<String>,
) -> anyhow::Result<Figures> {
    let opened = inputs::Run::open(&run.folder)?;
    let model = &opened.model;
    let (metric, schedules) = opened.judge(x, y, SEED)?;
    let updates_mean = evaluate::mean_updates(&schedules);
    let sizes = Sizes::of(model, x.length);
    let mut uj = None;
    if let Some((board, sensor)) = energy {
        let lacks = match (x.lengths.is_empty(), sizes.sample_period_s > 0.0) {
            (false, _) => Some("the sequences are of unequal length"),
            (_, false) => Some("the time between samples is unknown: give --sample-period-s"),
            _ => None,
        };
        match lacks {
            None => {
                let workload = sizes.workload(board.core, updates_mean, Some(schedules), None);
                uj = Some(energy::predict(board, sensor, &workload)?.uj_per_sequence);
            }
            Some(reason) => {
                let note = format!("no energy is predicted: {reason}");
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
    }
    Ok(Figures {
        metric: metric.value(),
        updates_mean,
        uj,
        macs: model.macs_per_sequence(updates_mean),
    })
}

fn lines(runs: &[Measured]) -> Vec<Line> {
    let mut names: Vec<String> = Vec::new();
    for run in runs {
        let name = run.setting.name();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let line = |name: String| {
        let of: Vec<&Measured> = runs.iter().filter(|r| r.setting.name() == name).collect();
        let done: Vec<Figures> = of.iter().filter_map(|r| r.figures).collect();
        let all = |figure: &dyn Fn(&Figures) -> f64| spread(&done.iter().map(figure).collect::<Vec<_>>());
        let chosen: Vec<_> = of.iter().filter_map(|r| r.run.finished()).collect();
        let n = chosen.len() as f64;
        let mean = |figure: &dyn Fn(&Interval) -> f64| {
            let ends: Vec<f64> = done.iter().filter_map(|f| f.uj.as_ref()).map(figure).collect();
            spread(&ends).map(|(mean, _)| mean)
        };
        Line {
            setting: of[0].setting,
            runs: (of.len(), done.len()),
            chosen_by: (!chosen.is_empty()).then(|| {
                let sum =
                    |figure: &dyn Fn(&crate::jobs::Finished) -> f64| chosen.iter().map(|f| figure(f)).sum::<f64>();
                (sum(&|f| f.metric) / n, sum(&|f| f.updates) / n)
            }),
            metric: all(&|f| f.metric),
            updates: all(&|f| f.updates_mean),
            macs: all(&|f| f.macs).map(|(mean, _)| mean),
            uj: mean(&|u| u.low)
                .zip(mean(&|u| u.mid))
                .zip(mean(&|u| u.high))
                .and_then(|((low, mid), high)| Interval::new(low, mid, high)),
            on_updates_front: false,
            on_energy_front: false,
            name,
        }
    };
    names.into_iter().map(line).collect()
}

/// Which points (cost, merit) no other one beats: none costs as little or less, is as good or better, and differs.
pub fn unbeaten(points: &[Option<(f64, f64)>]) -> Vec<bool> {
    let beaten = |(cost, merit): (f64, f64)| {
        let mut others = points.iter().flatten();
        others.any(|(c, m)| *c <= cost && *m >= merit && (*c < cost || *m > merit))
    };
    points.iter().map(|p| p.is_some_and(|p| !beaten(p))).collect()
}

#[cfg(test)]
mod tests {
    use super::unbeaten;

    #[test]
    fn the_front_by_hand() {
        let points = [
            Some((10.0, 0.9)),
            Some((5.0, 0.8)),
            Some((7.0, 0.8)),  // 5 updates give as much
            Some((12.0, 0.9)), // 10 do
            None,
            Some((20.0, 0.95)),
            Some((20.0, 0.95)), // a twin does not beat
            Some((1.0, 0.1)),
        ];
        assert_eq!(unbeaten(&points), [true, true, false, false, false, true, true, true]);
    }
}
