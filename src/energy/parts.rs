//! Board, sensor and workload from their options.

use super::args::CostArgs;
pub use super::args::PartArgs;
use crate::{
    args::{InputArgs, Task},
    blob, inputs,
    output::Usage,
};
use board_host::boards;
use energy::{Board, Calibration, Core, Interval, NetworkShape, Sensor, UpdateCost, Workload};
use experiments::Hardware;
use float_model::Metric;
use quantize::Simulator;
use skiprnn_nostd::Model;

/// The energy profile of a board: by the profile's own name or file, or by the name of a real board of `skiprnn boards`.
pub fn board(name: &str) -> anyhow::Result<Board> {
    Ok(energy::board(boards::energy_profile(name))?)
}

/// The energy profile of a sensor: by the profile's own name or file, or by the name of a sensor of `skiprnn boards`, whose
/// profile is that of its driver on this board.
pub fn sensor(name: &str, board: &str) -> anyhow::Result<Sensor> {
    let built_in = energy::sensors();
    let profile = boards::sensor_energy_profile(name, board, |name| built_in.contains(&name));
    Ok(energy::sensor(profile)?)
}

/// The profiles, the board's with the figures of a calibration.
pub fn load(args: &PartArgs) -> anyhow::Result<(Board, Sensor)> {
    let (mut board, sensor) = (board(&args.board)?, sensor(&args.sensor, &args.board)?);
    if let Some(path) = &args.calibration {
        board = Calibration::from_file(path)?.apply(&board)?;
    }
    Ok((board, sensor))
}

/// The profiles as an experiment takes them.
pub fn hardware(args: &PartArgs) -> anyhow::Result<Hardware> {
    let (board, sensor) = load(args)?;
    Ok(Hardware { board, sensor })
}

/// Cycles or instructions of an update, at most: what a workload takes.
const MOST_FOR_AN_UPDATE: f64 = 1e15;

/// What an update costs on a board, where the options say.
pub fn update_cost(args: &CostArgs, board: &Board) -> anyhow::Result<Option<UpdateCost>> {
    let given = args.cycles_per_update.map(|cycles| ("--cycles-per-update", cycles));
    let given = given.or(args.instructions.map(|count| ("--instructions", count as f64)));
    if let Some((option, count)) = given.filter(|(_, count)| !(*count > 0.0 && *count <= MOST_FOR_AN_UPDATE)) {
        return Err(Usage::error(format!(
            "{option}: is {count:e}; an update takes more than 0 and at most {MOST_FOR_AN_UPDATE:e}"
        )));
    }
    if let Some(cycles) = args.cycles_per_update {
        let cycles = Interval::exact(cycles);
        return Ok(Some(UpdateCost::Cycles { cycles }));
    }
    match &args.cycles {
        Some(path) => Ok(Some(energy::update_cost(path, board)?)),
        None => Ok(args
            .instructions
            .map(|instructions| UpdateCost::Counted { instructions })),
    }
}

/// The samples that a model uses, and how well it answers from them.
pub struct Use {
    /// Mean updates per sequence.
    pub updates_mean: f64,
    /// The samples, where they are known.
    pub schedules: Option<Vec<Vec<u32>>>,
    /// Accuracy or MSE, where answers are known.
    pub metric: Option<Metric>,
    /// Sequences that it was found on.
    pub sequences: Option<usize>,
    /// Where it is known from.
    pub origin: &'static str,
    /// What was understood of the data, converted, or looks wrong.
    pub notes: Vec<String>,
}

impl Use {
    /// Runs the simulator on the data that the options name.
    pub fn simulated(model: &Model<'_>, task: Option<Task>, input: &InputArgs, dial: f64) -> anyhow::Result<Self> {
        let prepared = blob::prepare(model, task, input, inputs::EVALUATION_COUNT)?;
        if prepared.data.x.length != model.sequence_length() as usize {
            anyhow::bail!(
                "{}: sequences of {} samples, the blob is made for {}; energy per sequence needs the blob's length",
                prepared.data.name,
                prepared.data.x.length,
                model.sequence_length()
            );
        }
        let simulator = Simulator::new(model)?.with_dial(dial);
        let runs = simulator.run_all(&prepared.counts, prepared.data.x.length, inputs::processors());
        let metric = match &prepared.data.y {
            Some(y) => {
                let outputs: Vec<Vec<f32>> = runs.iter().map(|r| simulator.outputs(r)).collect();
                Some(Metric::of(&prepared.data.name, blob::objective(model), &outputs, y)?)
            }
            None => None,
        };
        let schedules: Vec<Vec<u32>> = runs.into_iter().map(|r| r.updates).collect();
        Ok(Self {
            updates_mean: schedules.iter().map(Vec::len).sum::<usize>() as f64 / schedules.len().max(1) as f64,
            sequences: Some(schedules.len()),
            schedules: Some(schedules),
            metric,
            origin: "from the simulator",
            notes: prepared.data.notes,
        })
    }

    /// Takes what `quantize` measured, from the blob.
    pub fn stored(model: &Model<'_>, dial: f64) -> anyhow::Result<Self> {
        let at_dial = model
            .dial_curve()
            .find(|point| point.dial.to_num::<f64>() == dial)
            .map(|point| f64::from(point.updates_mean));
        let missing = || {
            Usage::error(format!(
                "--updates-mean: the blob does not hold it for the dial at {dial}; give it, or --task or --x"
            ))
        };
        Ok(Self {
            updates_mean: at_dial.ok_or_else(missing)?,
            schedules: None,
            metric: None,
            sequences: None,
            origin: "from the blob",
            notes: Vec::new(),
        })
    }
}

/// The workload of a model on a core; an update costs what `cost` says, or what its shape lets expect.
pub fn workload(
    core: Core,
    model: &Model<'_>,
    updates_mean: f64,
    schedules: Option<Vec<Vec<u32>>>,
    cost: Option<UpdateCost>,
) -> anyhow::Result<Workload> {
    Ok(NetworkShape::of_blob(model)?.workload(core, updates_mean, schedules, cost))
}
