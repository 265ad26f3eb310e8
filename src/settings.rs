//! Dial, cap and budget of a board: from the command line to the header before the blob, and the same on the host.

use crate::{
    blob::Prepared,
    energy::{args::CostArgs, parts},
    inputs,
    output::{Usage, merge},
};
use board_host::{Budget, Settings, Spending, boards, sensors};
use clap::Args;
use energy::{Board, Calibration, Prices, Sensor, UpdateCost};
use fixed::types::I16F16;
use quantize::{Run, Simulator};
use serde_json::{Value, json};
use skiprnn_nostd::{Model, budget::Setting};
use std::{
    num::{NonZeroU16, NonZeroU32},
    path::PathBuf,
};

/// How a board is to run its sequences.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Dial, cap and budget")]
pub struct SettingArgs {
    /// Offset of the skip gate: positive, more updates; negative, fewer.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_parser = finite)]
    #[arg(conflicts_with = "budget_uj_per_hour")]
    pub dial: f64,
    /// Most updates of a sequence; after the last one the decision is final.
    #[arg(long)]
    pub cap: Option<NonZeroU32>,
    /// Let the board turn the dial itself, so that over many sequences it spends this many microjoules an hour, by the predicted
    /// prices of its profile and the sensor's.
    #[arg(long, value_name = "UJ")]
    pub budget_uj_per_hour: Option<NonZeroU32>,
    /// With a budget: sequences over which a debt is paid back and savings are spent.
    #[arg(long, default_value_t = NonZeroU16::new(50).expect("is not 0"), requires = "budget_uj_per_hour")]
    pub horizon: NonZeroU16,
    /// With a budget: a built-in sensor profile, or a TOML file; `none` for no sensor. With a real board also a sensor of
    /// `skiprnn boards`, for the profile of its driver; a program that reads a sensor has its own without it.
    #[arg(long)]
    pub sensor: Option<String>,
    /// With a budget: figures of your own board in place of the profile's, from `energy calibrate`.
    #[arg(long, requires = "budget_uj_per_hour")]
    pub calibration: Option<PathBuf>,
    /// With a budget: an update.
    #[command(flatten)]
    pub cost: CostArgs,
}

/// The same where no board is named otherwise, on the host and in the emulator.
#[derive(Args, Debug)]
#[command(next_help_heading = "Dial, cap and budget")]
pub struct HostSettingArgs {
    /// Dial, cap or budget.
    #[command(flatten)]
    pub settings: SettingArgs,
    /// With a budget: a built-in board profile of `energy`, or a TOML file, that the prices are taken from. For `emulate` also a
    /// real board of `skiprnn boards`, whose own image then runs on a model of its chip.
    #[arg(long)]
    pub board: Option<String>,
}

impl HostSettingArgs {
    /// As [`SettingArgs::resolve`].
    pub fn resolve(&self, model: &Model<'_>) -> anyhow::Result<(Settings, Option<Priced>)> {
        if self.settings.budget_uj_per_hour.is_none() && (self.board.is_some() || self.settings.sensor.is_some()) {
            // A name that is none is the first mistake.
            let board = self.board.as_deref().unwrap_or_default();
            self.board.as_deref().map(parts::board).transpose()?;
            let sensor = self.settings.sensor.as_deref();
            sensor.map(|sensor| parts::sensor(sensor, board)).transpose()?;
            return Err(Usage::error(
                "--board, --sensor: they price a budget; give --budget-uj-per-hour too",
            ));
        }
        self.settings.resolve(self.board.as_deref(), model)
    }
}

/// A number that is one.
fn finite(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err("give a number, for example 0.5".into()),
    }
}

/// A budget with the prices that a board is to keep it by.
pub struct Priced {
    board: Board,
    sensor: Sensor,
    cost: Option<UpdateCost>,
    prices: Prices,
    allowance_uj_per_hour: f64,
    horizon: NonZeroU16,
    /// T.
    length: f64,
    /// Mean updates at the ends of the blob's dial curve.
    curve: (f64, f64),
}

impl SettingArgs {
    /// Refuses a budget for a program that measures.
    pub fn without_budget(&self, program: &str) -> anyhow::Result<()> {
        match self.budget_uj_per_hour {
            None => Ok(()),
            Some(_) => Err(Usage::error(format!(
                "--budget-uj-per-hour: {program} runs every sequence alike, at a dial and a cap; take --app replay or classify"
            ))),
        }
    }

    /// The same for a real board, whose sensor's profile is that of the driver that the program holds. `sensor` says that the
    /// program reads one.
    pub fn resolve_for(
        &self,
        board: &boards::Board,
        sensor: bool,
        model: &Model<'_>,
    ) -> anyhow::Result<(Settings, Option<Priced>)> {
        let named = self.sensor.as_deref();
        let profile = match named.and_then(sensors::find) {
            Some(sensor) => Some(board.profile_of(&sensor)),
            None if named.is_some() => named,
            None if sensor => sensors::with_channels(model.inputs()).map(|sensor| board.profile_of(&sensor)),
            None => None,
        };
        let args = Self {
            sensor: profile.map(str::to_owned),
            ..self.clone()
        };
        args.resolve(board.profile, model)
    }

    /// What goes into the header, and the prices of a budget. `board` is the energy profile, where one is known.
    pub fn resolve(&self, board: Option<&str>, model: &Model<'_>) -> anyhow::Result<(Settings, Option<Priced>)> {
        let fixed = Settings {
            dial: I16F16::saturating_from_num(self.dial),
            cap: self.cap,
            budget: None,
        };
        let Some(allowance) = self.budget_uj_per_hour else {
            let cost = &self.cost;
            if cost.instructions.is_some() || cost.cycles_per_update.is_some() || cost.cycles.is_some() {
                return Err(Usage::error(
                    "--instructions, --cycles-per-update, --cycles: they price a budget; give --budget-uj-per-hour too",
                ));
            }
            return Ok((fixed, None));
        };
        let (Some(board), Some(sensor)) = (board, &self.sensor) else {
            let missing = if board.is_some() {
                "--sensor"
            } else {
                "--board and --sensor"
            };
            return Err(Usage::error(format!(
                "--budget-uj-per-hour: what an update costs is known from a board's and a sensor's profile; give {missing} \
                 (skiprnn energy boards lists them; none for no sensor)"
            )));
        };
        let (mut board, sensor) = (parts::board(board)?, parts::sensor(sensor, board)?);
        if let Some(path) = &self.calibration {
            board = Calibration::from_file(path)?.apply(&board)?;
        }
        let priced = Priced::new(self, board, sensor, model, allowance)?;
        let budget = Some(priced.budget(allowance)?);
        Ok((Settings { budget, ..fixed }, Some(priced)))
    }
}

impl Priced {
    fn new(
        args: &SettingArgs,
        board: Board,
        sensor: Sensor,
        model: &Model<'_>,
        allowance: NonZeroU32,
    ) -> anyhow::Result<Self> {
        let cost = parts::update_cost(&args.cost, &board)?;
        let curve = model.dial_curve().map(|point| f64::from(point.updates_mean));
        let curve = curve.fold((f64::INFINITY, 1.0), |(low, high), n| (low.min(n), n.max(high)));
        // The most that the dial can make of it.
        let most = curve.1.min(f64::from(model.sequence_length().max(1)));
        let workload = parts::workload(board.core, model, most, None, cost)?;
        let allowance_uj_per_hour = f64::from(allowance.get());
        let per_sequence = allowance_uj_per_hour * workload.duration_s() / 3600.0;
        let mut prices = energy::prices(&board, &sensor, &workload)?;
        if prices.updates(per_sequence) < most {
            prices = energy::prices_for(&board, &sensor, &workload, per_sequence)?;
        }
        let least = prices.least_uj_per_hour();
        if least > allowance_uj_per_hour {
            return Err(Usage::error(format!(
                "--budget-uj-per-hour: {allowance} uJ are less than an hour of sequences of one update each costs on {} with \
                 {}; the least possible is {} (predicted)",
                board.name,
                sensor.name,
                least.ceil()
            )));
        }
        Ok(Self {
            board,
            sensor,
            cost,
            prices,
            allowance_uj_per_hour,
            horizon: args.horizon,
            length: f64::from(model.sequence_length()),
            curve,
        })
    }

    /// The prices in whole nanojoules.
    fn budget(&self, allowance_uj_per_hour: NonZeroU32) -> anyhow::Result<Budget> {
        let nj = |what: &str, uj: f64| {
            let nj = (uj * 1e3).round();
            match nj <= f64::from(u32::MAX) {
                true => Ok(nj as u32),
                false => Err(Usage::error(format!(
                    "--budget-uj-per-hour: {what} costs {uj:.0} uJ, a board counts up to 4294967; shorten the sequence"
                ))),
            }
        };
        Ok(Budget {
            allowance_uj_per_hour,
            base_nj: nj("a sequence", self.prices.base_uj.mid)?,
            update_nj: NonZeroU32::new(nj("an update", self.prices.update_uj.mid)?).unwrap_or(NonZeroU32::MIN),
            horizon: self.horizon,
        })
    }

    /// The budget alone, before anything has run.
    pub fn json(&self) -> Value {
        json!({
            "label": "predicted",
            "allowance_uj_per_hour": self.allowance_uj_per_hour,
            "board": self.board.name,
            "sensor": self.sensor.name,
            "base_uj": self.prices.base_uj.mid,
            "update_uj": self.prices.update_uj.mid,
            "sensor_off_between": self.prices.sensor_off_between,
            "updates_affordable": self.updates(),
            "curve_updates": [self.curve.0, self.curve.1],
            "horizon": self.horizon,
        })
    }

    /// The same for people.
    pub fn text(&self) -> String {
        let note = match self.updates() {
            n if n < self.curve.0 => format!(
                "; the model's lowest dial takes {:.1} on its calibration data, so that sequences are cut short",
                self.curve.0
            ),
            n if n > self.curve.1 => format!("; the model's highest dial takes {:.1}", self.curve.1),
            _ => String::new(),
        };
        format!(
            "budget: {} uJ an hour pay for {:.1} updates a sequence on {} with {}: {:.3} uJ a sequence and {:.3} uJ an update \
             (predicted){note}",
            self.allowance_uj_per_hour,
            self.updates(),
            self.board.name,
            self.sensor.name,
            self.prices.base_uj.mid,
            self.prices.update_uj.mid,
        )
    }

    /// Updates of a sequence that it pays for.
    fn updates(&self) -> f64 {
        let per_sequence = self.allowance_uj_per_hour * self.prices.sequence_s / 3600.0;
        self.prices.updates(per_sequence).min(self.length)
    }

    /// What became of the budget on these sequences, and the line for people.
    pub fn outcome(&self, model: &Model<'_>, expected: &Expected) -> anyhow::Result<(Value, String)> {
        let count = expected.runs.len() as f64;
        let updates: usize = expected.runs.iter().map(|run| run.updates.len()).sum();
        let hours = count * self.prices.sequence_s / 3600.0;
        let booked = expected.spending.map_or(0, |spending| spending.booked_nj) as f64 * 1e-3 / hours;
        let dials: Vec<f64> = expected.settings.iter().map(|setting| setting.dial.to_num()).collect();
        // The second half, when the debts and savings of the beginning have been settled.
        let late = &dials[dials.len() / 2..];
        let settled = late.iter().sum::<f64>() / late.len().max(1) as f64;
        let capped = expected.settings.iter().filter(|setting| setting.cap.is_some()).count();
        let schedules = expected.runs.iter().map(|run| run.updates.clone()).collect();
        let workload = parts::workload(
            self.board.core,
            model,
            updates as f64 / count,
            Some(schedules),
            self.cost,
        )?;
        let predicted = energy::predict(&self.board, &self.sensor, &workload)?
            .uj_per_sequence
            .scaled(3600.0 / self.prices.sequence_s);
        let share = booked / self.allowance_uj_per_hour;
        let mut value = self.json();
        merge(
            &mut value,
            json!({
                "updates_mean": updates as f64 / count,
                "dial_settled": settled,
                "dial_last": dials.last(),
                "capped_sequences": capped,
                "booked_uj_per_hour": booked,
                "booked_share": share,
                "predicted_uj_per_hour": predicted,
            }),
        );
        let text = format!(
            "{}\nbooked {booked:.0} uJ an hour, {:.1} % of it; the dial settled at {settled:.2}, {:.2} updates a sequence; with \
             pauses as they were {predicted} uJ an hour (predicted)",
            self.text(),
            100.0 * share,
            updates as f64 / count,
        );
        Ok((value, text))
    }
}

/// What the simulator makes of sequences that a board is to run by some settings.
pub struct Expected {
    /// One for each sequence.
    pub runs: Vec<Run>,
    /// Dial and cap of each.
    pub settings: Vec<Setting>,
    /// What the board has to have booked.
    pub spending: Option<Spending>,
}

/// Runs the sequences as the board is told to.
pub fn simulate(model: &Model<'_>, prepared: &Prepared, settings: &Settings) -> anyhow::Result<Expected> {
    let length = prepared.data.x.length;
    let simulator = |setting: &Setting| -> anyhow::Result<Simulator<'_>> {
        let simulator = Simulator::new(model)?;
        Ok(simulator.with_dial(setting.dial.to_num()).with_cap(setting.cap))
    };
    let fixed = Setting {
        dial: settings.dial,
        cap: settings.cap,
    };
    if settings.budget.is_none() {
        let runs = simulator(&fixed)?.run_all(&prepared.counts, length, inputs::threads());
        return Ok(Expected {
            settings: vec![fixed; runs.len()],
            runs,
            spending: None,
        });
    }
    let samples = u32::try_from(length)?;
    let mut controller = settings
        .controller(model, samples)
        .map_err(|error| Usage::error(format!("--budget-uj-per-hour: {error}; take a dial and a cap")))?;
    let (mut runs, mut used) = (Vec::new(), Vec::new());
    for counts in prepared.counts.chunks_exact(length * model.inputs()) {
        let setting = controller.setting();
        let run = simulator(&setting)?.run(counts);
        controller.decided(u32::try_from(run.updates.len())?);
        runs.push(run);
        used.push(setting);
    }
    Ok(Expected {
        runs,
        settings: used,
        spending: controller.spending(),
    })
}

/// Adds to a command's JSON how the sequences were run; returns what became of a budget, for people.
pub fn add(
    value: &mut Value,
    model: &Model<'_>,
    settings: &Settings,
    priced: Option<&Priced>,
    expected: &Expected,
) -> anyhow::Result<String> {
    let (budget, text) = match priced {
        Some(priced) => {
            let (value, text) = priced.outcome(model, expected)?;
            (Some(value), format!("\n{text}"))
        }
        None => (None, String::new()),
    };
    merge(value, json!({ "settings": self::json(settings, budget) }));
    Ok(text)
}

/// Settings for the JSON of a command, with what it says of a budget.
pub fn json(settings: &Settings, budget: Option<Value>) -> Value {
    json!({ "dial": settings.dial.to_num::<f64>(), "cap": settings.cap, "budget": budget })
}
