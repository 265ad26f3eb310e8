//! Dial, cap and budget of a board: from the command line to the header before the blob, and the same on the host.

use crate::{
    blob::Prepared,
    energy::{args::CostArgs, parts},
    inputs,
    output::{Usage, warn},
};
use board_host::{Settings, Spending, boards, sensors};
use clap::Args;
use energy::{BudgetOutcome, Calibration, PricedBudget};
use fixed::types::I16F16;
use quantize::{Run, Simulator};
use serde::Serialize;
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
    /// Let the board turn the dial itself, so that over many sequences it spends this many microjoules an hour, at the prices
    /// predicted from its profile and the sensor's.
    #[arg(long, value_name = "UJ")]
    pub budget_uj_per_hour: Option<NonZeroU32>,
    /// With a budget: number of sequences over which a debt is paid back and savings are spent.
    #[arg(long, default_value_t = NonZeroU16::new(50).expect("is not 0"), requires = "budget_uj_per_hour")]
    pub horizon: NonZeroU16,
    /// With a budget: a built-in sensor profile, or a TOML file; `none` for no sensor. With a real board also a sensor of
    /// `skiprnn boards`, for the profile of its driver; a program that reads a sensor has its own without it.
    #[arg(long)]
    pub sensor: Option<String>,
    /// With a budget: figures of your own board in place of the profile's, from `energy calibrate`.
    #[arg(long, requires = "budget_uj_per_hour")]
    pub calibration: Option<PathBuf>,
    /// With a budget: what an update costs.
    #[command(flatten)]
    pub cost: CostArgs,
    /// When the network answers, and where its state goes on.
    #[command(flatten)]
    pub stream: StreamArgs,
}

/// Sequences as the windows of a stream.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Stream")]
pub struct StreamArgs {
    /// Answer after every K samples, 1 for every sample, and at the end. [default: as the model says: at every sample, or at the
    /// end of each sequence]
    #[arg(long, value_name = "K")]
    pub answer_every: Option<NonZeroU32>,
    /// Begin each sequence with the state that the one before it left: the sequences are the windows of one stream.
    #[arg(long)]
    pub keep_state: bool,
}

/// How sequences are run on the host or in the emulator, where a budget also needs a board's prices.
#[derive(Args, Debug)]
#[command(next_help_heading = "Dial, cap and budget")]
pub struct HostSettingArgs {
    /// Dial, cap or budget.
    #[command(flatten)]
    pub settings: SettingArgs,
    /// With a budget: a built-in board profile of `energy`, or a TOML file, that the prices are taken from. For `emulate` also a
    /// real board of `skiprnn boards`, whose own image then runs on a model of its chip.
    #[arg(long, help_heading = "Dial, cap and budget")]
    pub board: Option<String>,
}

impl HostSettingArgs {
    /// The settings for the board, and the prices of a budget; see [`SettingArgs::resolve`].
    pub fn resolve(&self, model: &Model<'_>) -> anyhow::Result<(Settings, Option<PricedBudget>)> {
        if self.settings.budget_uj_per_hour.is_none() && (self.board.is_some() || self.settings.sensor.is_some()) {
            // An unknown name is the first mistake.
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

impl SettingArgs {
    /// Refuses a budget, or a stream, for a program that measures.
    pub fn without_budget(&self, program: &str) -> anyhow::Result<()> {
        match self.budget_uj_per_hour {
            None if self.stream.keep_state || self.stream.answer_every.is_some() => Err(Usage::error(format!(
                "--keep-state, --answer-every: {program} runs every sequence for itself; take --app replay or classify"
            ))),
            None => Ok(()),
            Some(_) => Err(Usage::error(format!(
                "--budget-uj-per-hour: {program} runs every sequence alike, at a dial and a cap; take --app replay or classify"
            ))),
        }
    }

    /// The settings for a real board, whose sensor's profile is that of the driver that the program holds. `sensor` says that the
    /// program reads one.
    pub fn resolve_for(
        &self,
        board: &boards::Board,
        sensor: bool,
        model: &Model<'_>,
    ) -> anyhow::Result<(Settings, Option<PricedBudget>)> {
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
        args.resolve(Some(board.profile), model)
    }

    /// Refuses a dial for a model without a gate.
    fn gate(&self, model: &Model<'_>) -> anyhow::Result<()> {
        match self.dial != 0.0 && !model.skips() {
            true => Err(Usage::error(
                "--dial: the model has no skip gate that a dial could turn: it uses every sample; leave it out",
            )),
            false => Ok(()),
        }
    }

    /// What goes into the header, and the prices of a budget. `board` is the energy profile, where one is known.
    pub fn resolve(&self, board: Option<&str>, model: &Model<'_>) -> anyhow::Result<(Settings, Option<PricedBudget>)> {
        let fixed = Settings {
            dial: I16F16::saturating_from_num(self.dial),
            cap: self.cap,
            budget: None,
            answer_every: self.stream.answer_every,
            keep_state: self.stream.keep_state,
        };
        self.gate(model)?;
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
        warn(sensor.lacks(model.inputs()).as_slice());
        if let Some(path) = &self.calibration {
            board = Calibration::from_file(path)?.apply(&board)?;
        }
        let cost = parts::update_cost(&self.cost, &board)?;
        let priced = PricedBudget::new((board, sensor), model, cost, allowance, self.horizon)?;
        let budget = Some(priced.budget()?);
        Ok((Settings { budget, ..fixed }, Some(priced)))
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
        let simulator = simulator.with_dial(setting.dial.to_num()).with_cap(setting.cap);
        Ok(simulator.with_answers(settings.answer_every))
    };
    let fixed = Setting {
        dial: settings.dial,
        cap: settings.cap,
    };
    if settings.budget.is_none() && !settings.keep_state {
        let runs = simulator(&fixed)?.run_all(&prepared.counts, length, inputs::processors());
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
    let mut stream = None;
    for counts in prepared.counts.chunks_exact(length * model.inputs()) {
        let setting = controller.setting();
        let simulator = simulator(&setting)?;
        let run = match settings.keep_state {
            true => simulator.run_in(stream.get_or_insert_with(|| simulator.stream()), counts),
            false => simulator.run(counts),
        };
        let mut usage = controller.usage();
        run.updates.iter().for_each(|sample| usage.uses((*sample).into()));
        controller.decided(&usage);
        runs.push(run);
        used.push(setting);
    }
    Ok(Expected {
        runs,
        settings: used,
        spending: controller.spending(),
    })
}

/// How the sequences were run, as the commands print it.
#[derive(Serialize)]
pub struct SettingsJson<B> {
    dial: f64,
    cap: Option<NonZeroU32>,
    answer_every: Option<NonZeroU32>,
    keep_state: bool,
    budget: Option<B>,
}

impl<B> SettingsJson<B> {
    /// The settings, with what is known of a budget.
    pub fn new(settings: &Settings, budget: Option<B>) -> Self {
        Self {
            dial: settings.dial.to_num(),
            cap: settings.cap,
            answer_every: settings.answer_every,
            keep_state: settings.keep_state,
            budget,
        }
    }
}

impl Expected {
    /// What became of a budget on these sequences.
    pub fn outcome(&self, priced: Option<&PricedBudget>) -> anyhow::Result<Option<BudgetOutcome>> {
        let Some(priced) = priced else { return Ok(None) };
        let schedules = self.runs.iter().map(|run| run.updates.clone()).collect();
        let booked_nj = self.spending.map_or(0, |spending| spending.booked_nj);
        Ok(Some(priced.outcome(schedules, &self.settings, booked_nj)?))
    }
}

/// What became of a budget, on lines of its own for people.
pub fn line(outcome: Option<&BudgetOutcome>) -> String {
    outcome.map_or_else(String::new, |outcome| format!("\n{outcome}"))
}
