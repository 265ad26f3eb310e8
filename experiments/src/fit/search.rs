//! The search: candidates, the choice, and the figures of the test part.

use super::{
    BuiltIn, Candidate, Data, Event, Method, Observer, Other, Plan, Reached, Target, TestFigures,
    candidates::{self, Ready, Simulated, labels, predict, simulate},
    choice, figures,
};
use crate::{Error, Hardware, HeldOut, stats::distinct};
use energy::{Battery, BatteryLife, Prediction};
use float_model::{Sequences, Targets};
use quantize::Blob;

/// The battery whose life is told where none is given: a CR2032 coin cell.
pub(super) const COIN_CELL: &str = "CR2032 coin cell";
const COIN_CELL_MAH: f64 = 225.0;
const COIN_CELL_V: f64 = 3.0;
const USABLE: f64 = 0.8;
/// Sequences of each class that the report draws.
const DRAWN: usize = 1;
/// Classes that the report draws, at most.
const DRAWN_CLASSES: usize = 8;

/// A candidate on the test part.
#[derive(Debug, Clone)]
pub(super) struct OnTest {
    /// Its place among the candidates.
    pub(super) candidate: usize,
    pub(super) figures: TestFigures,
    /// Whether each answer is right.
    pub(super) right: Vec<bool>,
    /// The energy of the test sequences.
    pub(super) prediction: Prediction,
}

/// A test sequence with the samples that the chosen model used.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) label: u32,
    pub(super) answer: u32,
    /// (T', I): every K-th sample, as the model sees the sequence.
    pub(super) values: Vec<f32>,
    pub(super) used: Vec<u32>,
}

/// How the chosen model gets onto a board.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Flash {
    /// The command that flashes it, where a program of the board takes it.
    pub command: Option<String>,
    /// What hinders, or is to be known.
    pub notes: Vec<String>,
}

/// Everything that a fit found.
pub struct Found {
    pub(super) data: Data,
    pub(super) hardware: Hardware,
    pub(super) target: Target,
    pub(super) plan: Plan,
    /// Every blob at every setting of its dial.
    pub candidates: Vec<Candidate>,
    /// The place of the chosen one.
    pub chosen: usize,
    /// Whether what was asked for was reached.
    pub reached: Reached,
    /// The blob of the chosen one.
    pub blob: Blob,
    /// The chosen one on the test part, and after it those that it is compared with.
    pub(super) tested: Vec<OnTest>,
    /// The best fixed rate that is as accurate, or the most accurate where none is.
    pub(super) fixed: Option<usize>,
    /// The best skipping candidate that is as accurate, where the chosen one does not skip.
    pub(super) skipping: Option<usize>,
    /// Convolutional networks.
    pub others: Vec<Other>,
    /// A classifier inside the sensor.
    pub built_in: Option<BuiltIn>,
    pub(super) drawn: Vec<Drawn>,
    pub(super) battery: BatteryLife,
    /// The battery in words.
    pub(super) battery_words: String,
    /// What was decided, left out or failed.
    pub notes: Vec<String>,
}

/// A battery, as far as it is given.
fn battery(
    capacity_mah: Option<f64>,
    hardware: &Hardware,
    prediction: &Prediction,
) -> Result<(BatteryLife, String), Error> {
    let voltage_v = match capacity_mah {
        Some(_) => hardware.board.supply_v.mid,
        None => COIN_CELL_V,
    };
    let battery = Battery {
        capacity_mah: capacity_mah.unwrap_or(COIN_CELL_MAH),
        voltage_v,
        usable_share: USABLE,
        decisions_per_hour: 3600.0 / prediction.sequence_s,
    };
    let words = format!(
        "{} of {} mAh at {voltage_v} V, {:.0} % of it usable (assumed: self-discharge, cut-off voltage, regulator)",
        capacity_mah.map_or(COIN_CELL, |_| "battery"),
        battery.capacity_mah,
        100.0 * USABLE
    );
    let life = energy::battery_life(&battery, prediction, &hardware.board, &hardware.sensor)?;
    Ok((life, words))
}

impl Target {
    /// The budget of a battery that is to last so many days: at the board's supply voltage, with 80 % of the rated energy usable.
    ///
    /// # Errors
    /// A capacity or a number of days that is no number above 0.
    pub fn of_battery(capacity_mah: f64, days: f64, hardware: &Hardware) -> Result<Target, Error> {
        for (option, value) in [("battery_mah", capacity_mah), ("days", days)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::option(option, format!("is {value}; give a number above 0")));
            }
        }
        let voltage_v = hardware.board.supply_v.mid;
        // mAh * V = 3.6e6 uJ
        let uj_per_hour = capacity_mah * voltage_v * USABLE * 3.6e6 / (days * 24.0);
        let origin = format!(
            "{capacity_mah} mAh at {voltage_v} V, the board's supply, {:.0} % of it usable, over {days} days",
            100.0 * USABLE
        );
        Ok(Target::Budget {
            uj_per_hour,
            origin: Some(origin),
        })
    }

    /// Refuses a budget that does not pay for one update a sequence of the smallest network, before anything is trained.
    ///
    /// # Errors
    /// As [`Target::check`], and such a budget, with the least possible.
    pub fn check_against(&self, data: &Data, hardware: &Hardware) -> Result<(), Error> {
        self.check()?;
        let Target::Budget { uj_per_hour, origin } = self else {
            return Ok(());
        };
        let least = least_uj_per_hour(data, hardware)?;
        match *uj_per_hour < least {
            false => Ok(()),
            true => {
                let option = if origin.is_some() { "days" } else { "budget_uj_per_hour" };
                let problem = format!(
                    "{uj_per_hour:.0} uJ an hour{} are less than one update a sequence of the smallest network costs on {} with \
                     {}; the least possible is {} (predicted)",
                    origin.as_ref().map_or_else(String::new, |o| format!(" ({o})")),
                    hardware.board.name,
                    hardware.sensor.name,
                    least.ceil()
                );
                Err(Error::option(option, problem))
            }
        }
    }
}

/// What an hour of one sequence after the other costs at least: one update each of the smallest network that is tried.
fn least_uj_per_hour(data: &Data, hardware: &Hardware) -> Result<f64, Error> {
    let hidden = Method::core(data.length)
        .into_iter()
        .chain(Method::more())
        .filter_map(|m| match m {
            Method::Dial(_, hidden, _) | Method::Every(_, hidden, _) => Some(hidden),
            Method::Cnn(_) => None,
        });
    let hidden = hidden.min().unwrap_or(1);
    let channels = data.summary.channels.len();
    // A GRU: three gates.
    let shape = energy::NetworkShape {
        sequence_length: data.length,
        sample_period_s: data.period_s,
        channels,
        hidden,
        rows: 3 * hidden,
        macs: 3 * hidden * (hidden + channels) + hidden,
        skips: true,
        outputs: data.summary.outputs,
        every_step: false,
    };
    let workload = shape.workload(hardware.board.core, 1.0, None, None);
    Ok(energy::prices(&hardware.board, &hardware.sensor, &workload)?.least_uj_per_hour())
}

/// The test part as models of one K see it.
struct Tests<'a> {
    data: &'a Data,
    groups: Vec<String>,
    views: Vec<(usize, Sequences, Targets)>,
}

impl Tests<'_> {
    fn read(&mut self, ready: &Ready) -> Result<(&Sequences, &Targets), Error> {
        let every = ready.method.every();
        if !self.views.iter().any(|(k, ..)| *k == every) {
            let read = HeldOut::Test.read(&self.data.source(every), ready.seed, &ready.model.input())?;
            self.views.push((every, read.x, read.y));
        }
        let view = self.views.iter().find(|(k, ..)| *k == every);
        let (_, x, y) = view.ok_or_else(|| Error::data("the test part", "was not read"))?;
        Ok((x, y))
    }

    fn run(
        &mut self,
        (k, candidate): (usize, &Candidate),
        ready: &Ready,
        hardware: &Hardware,
    ) -> Result<(OnTest, Simulated), Error> {
        let groups = self.groups.clone();
        let classes = self.data.summary.outputs;
        let (x, y) = self.read(ready)?;
        let simulated = simulate(&ready.quantized, "the test part", (x, y), candidate.dial)?;
        let labels = labels(y)?;
        let on_test = OnTest {
            candidate: k,
            figures: TestFigures::of(&simulated, labels, &groups, classes),
            right: simulated.classes.iter().zip(labels).map(|(a, b)| a == b).collect(),
            prediction: predict(&ready.quantized, hardware, &simulated.schedules)?,
        };
        Ok((on_test, simulated))
    }
}

impl Found {
    /// Quantizes and simulates the models of a plan whose trainings are done, chooses one, and runs it on the test part. `failed`
    /// are trainings that failed; `capacity_mah` is a battery whose life is told.
    ///
    /// # Errors
    /// No model that could be evaluated; recordings that cannot be read; [`Error::Interrupted`].
    pub fn search(
        (data, hardware): (Data, Hardware),
        plan: Plan,
        (target, capacity_mah): (Target, Option<f64>),
        failed: Vec<String>,
        observer: Observer<'_>,
    ) -> Result<Found, Error> {
        let mut notes = [data.notes.clone(), plan.notes.clone()].concat();
        notes.extend(
            failed
                .into_iter()
                .map(|problem| format!("a training failed: {problem}")),
        );
        let (mut ready, mut all) = (Vec::new(), Vec::new());
        for method in plan.methods().into_iter().filter(|m| !matches!(m, Method::Cnn(_))) {
            said(observer, &format!("quantizing and simulating: {}", method.words()))?;
            match Ready::of(method, &plan, &data)? {
                Some(found) => {
                    all.extend(found.candidates(ready.len(), &hardware, &mut notes)?);
                    ready.push(found);
                }
                None => notes.push(format!(
                    "left out: {}, as no training of it is finished",
                    method.words()
                )),
            }
        }
        choice::mark(&mut all);
        let Some((chosen, reached)) = choice::choose(&all, &target) else {
            let problem = format!(
                "no model of {} can run there: {}",
                plan.trainings.len(),
                notes.join("; ")
            );
            return Err(Error::data(
                format!("{} with {}", hardware.board.name, hardware.sensor.name),
                problem,
            ));
        };
        said(observer, "running the choice on the test part, once")?;
        let (fixed, skipping) = compared_with(&all, chosen);
        let mut tests = Tests {
            data: &data,
            groups: figures::test_groups(&data)?,
            views: Vec::new(),
        };
        let shown = distinct([Some(chosen), fixed, skipping].into_iter().flatten());
        let (mut tested, mut drawn) = (Vec::new(), Vec::new());
        for k in shown {
            let (on_test, simulated) = tests.run((k, &all[k]), &ready[all[k].ready], &hardware)?;
            if k == chosen {
                drawn = draw(&simulated, tests.read(&ready[all[k].ready])?, data.summary.outputs)?;
            }
            tested.push(on_test);
        }
        let others = others(&plan, &data, &hardware, &ready)?;
        said(observer, "measuring the curve of the dial")?;
        let blob = ready.swap_remove(all[chosen].ready).with_curve()?.quantized.blob;
        let (life, battery_words) = battery(capacity_mah, &hardware, &all[chosen].prediction)?;
        Ok(Found {
            built_in: BuiltIn::of(&hardware.sensor.name),
            data,
            hardware,
            target,
            plan,
            candidates: all,
            chosen,
            reached,
            blob,
            tested,
            fixed,
            skipping,
            others,
            drawn,
            battery: life,
            battery_words,
            notes: distinct(notes),
        })
    }

    /// The name of the sensor's profile.
    #[must_use]
    pub fn sensor_name(&self) -> &str {
        &self.hardware.sensor.name
    }

    /// The budget that was asked for, where one was.
    #[must_use]
    pub fn budget_uj_per_hour(&self) -> Option<f64> {
        match &self.target {
            Target::Budget { uj_per_hour, .. } => Some(*uj_per_hour),
            _ => None,
        }
    }

    /// The chosen candidate.
    #[must_use]
    pub fn choice(&self) -> &Candidate {
        &self.candidates[self.chosen]
    }

    /// The figures of the chosen one on the test part.
    #[must_use]
    pub fn test(&self) -> &TestFigures {
        &self.tested[0].figures
    }

    /// How much more accurate the chosen one is than another candidate on the same test sequences, and one standard error of that.
    pub(super) fn difference(&self, other: usize) -> Option<(f64, f64)> {
        let (a, b) = (&self.tested[0], self.tested.iter().find(|t| t.candidate == other)?);
        let n = a.right.len() as f64;
        let of: Vec<f64> = a
            .right
            .iter()
            .zip(&b.right)
            .map(|(a, b)| f64::from(*a) - f64::from(*b))
            .collect();
        let mean = of.iter().sum::<f64>() / n;
        let squares = of.iter().map(|d| (d - mean).powi(2)).sum::<f64>();
        Some((mean, (squares / (n - 1.0).max(1.0) / n).sqrt()))
    }
}

/// Tells what begins, and ends where the observer asks for it.
fn said(observer: Observer<'_>, stage: &str) -> Result<(), Error> {
    match observer(&Event::Stage(stage)).is_break() {
        true => Err(Error::Interrupted),
        false => Ok(()),
    }
}

/// The fixed rate and, where the chosen one does not skip, the skipping candidate that it is compared with.
fn compared_with(all: &[Candidate], chosen: usize) -> (Option<usize>, Option<usize>) {
    let c = &all[chosen];
    if c.method.skips() {
        let most = || choice::best(all, |o| !o.method.skips());
        return (choice::fixed_rate(all, c).or_else(most), None);
    }
    let most = || choice::best(all, |o| o.method.skips());
    (None, choice::skipping(all, c).or_else(most))
}

/// The convolutional networks on the validation and the test part; none where their work is more than a board does.
fn others(plan: &Plan, data: &Data, hardware: &Hardware, ready: &[Ready]) -> Result<Vec<Other>, Error> {
    let mut all = Vec::new();
    let Some(any) = ready.first() else { return Ok(all) };
    let input = any.model.input().at_every(any.method.every(), 1);
    let mut test = None;
    for method in plan.methods() {
        let Some(trained) = candidates::cnn_of(method, plan, data)? else {
            continue;
        };
        if test.is_none() {
            test = Some(HeldOut::Test.read(&data.source(1), any.seed, &input)?);
        }
        if let Some(test) = &test {
            all.push(Other::cnn(method, &trained, data, hardware, (&test.x, &test.y))?);
        }
    }
    Ok(all)
}

/// The first sequences of each class.
fn draw(simulated: &Simulated, (x, y): (&Sequences, &Targets), classes: usize) -> Result<Vec<Drawn>, Error> {
    let labels = labels(y)?;
    let of_class = |class: u32| {
        let members = (0..labels.len()).filter(move |n| labels[*n] == class);
        members.take(DRAWN).map(|n| Drawn {
            label: labels[n],
            answer: simulated.classes[n],
            values: x.sequence(n).to_vec(),
            used: simulated.schedules[n].clone(),
        })
    };
    Ok((0..classes.min(DRAWN_CLASSES) as u32).flat_map(of_class).collect())
}
