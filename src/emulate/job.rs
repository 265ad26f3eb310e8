//! What an application of `emulate` is run on, and how its results are compared with the simulator.

use super::args::EmulateArgs;
use crate::{
    blob::{self, Prepared},
    output::{Usage, notes},
    settings::{self, Expected, SettingsJson},
    simulate::WithSettings,
};
use board_host::{Load, Record, Settings, Spending};
use energy::PricedBudget;
use float_model::OutputAt;
use quantize::{Blob, Run};
use serde::Serialize;
use serde_json::Value;
use skiprnn_nostd::Model;

/// The images report the logits at the end of a sequence, not those of every step.
#[derive(Debug, thiserror::Error)]
#[error("output_at: the blob gives an output at every step, and the firmware reports the last one only; use simulate")]
pub struct OutputsAtSteps;

/// Fails where the images cannot report what the model puts out.
pub fn check_output(model: &Model<'_>) -> anyhow::Result<()> {
    match blob::output_at(model) {
        OutputAt::Step => Err(OutputsAtSteps.into()),
        OutputAt::End => Ok(()),
    }
}

/// A model with its data, and how a board is to run it.
pub struct Job<'a> {
    /// The command line.
    pub args: &'a EmulateArgs,
    /// The blob.
    pub blob: &'a Blob,
    /// The model that the blob holds.
    pub model: &'a Model<'a>,
    /// The data.
    pub prepared: &'a Prepared,
    /// How the board is to run the sequences.
    pub settings: Settings,
    /// With a budget, its prices.
    pub priced: Option<&'a PricedBudget>,
}

impl Job<'_> {
    /// (N, T, I) of the data.
    pub fn shape(&self) -> (usize, usize, usize) {
        let x = &self.prepared.data.x;
        (x.count, x.length, x.channels)
    }

    /// What the board is given.
    pub fn load(&self) -> Load<'_> {
        Load::new(self.blob.bytes(), &self.prepared.counts, self.shape())
    }

    /// What the simulator makes of the same sequences.
    pub fn expected(&self) -> anyhow::Result<Expected> {
        settings::simulate(self.model, self.prepared, &self.settings)
    }

    /// The command's JSON with how the sequences were run, and for people the lines about a budget and the notes on the data.
    pub fn with_settings(&self, results: impl Serialize, expected: &Expected) -> anyhow::Result<(Value, String)> {
        let outcome = expected.outcome(self.priced)?;
        let line = settings::line(outcome.as_ref()) + &notes(&self.prepared.data.notes);
        let settings = SettingsJson::new(&self.settings, outcome);
        Ok((serde_json::to_value(WithSettings { results, settings })?, line))
    }
}

/// How a board's run of sequences compares with the simulator's.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Comparison {
    /// Whether sequences and booked energy are the same.
    pub identical_to_simulator: bool,
    /// The first sequence that differs.
    pub first_difference: Option<usize>,
}

impl Comparison {
    /// Compares runs, and what was booked on a budget.
    pub fn of_runs(expected: &Expected, runs: &[Run], spending: Option<Spending>) -> Self {
        let missing = (runs.len() < expected.runs.len()).then_some(runs.len());
        let first = expected.runs.iter().zip(runs).position(|(a, b)| a != b);
        Self::new(
            first.or(missing),
            spending == expected.spending && runs.len() == expected.runs.len(),
        )
    }

    /// From the first sequence that differs, and whether the same energy was booked.
    pub fn new(first_difference: Option<usize>, same_booking: bool) -> Self {
        Self {
            identical_to_simulator: first_difference.is_none() && same_booking,
            first_difference,
        }
    }

    /// The result in a sentence about the board.
    pub const fn verdict(&self) -> &'static str {
        if self.identical_to_simulator {
            "identical to"
        } else {
            "NOT identical to"
        }
    }

    /// Fails where `board` and simulator differ; `why` says more of the first sequence.
    pub fn check(&self, file: &str, board: &str, why: &str) -> anyhow::Result<()> {
        match (self.identical_to_simulator, self.first_difference) {
            (true, _) => Ok(()),
            (false, Some(sequence)) => {
                anyhow::bail!("{file}: {board} and the simulator differ, first at sequence {sequence}{why}")
            }
            (false, None) => anyhow::bail!("{file}: {board} and the simulator differ in the energy that they book"),
        }
    }
}

/// What a board made of its sequences, in the simulator's form.
pub fn runs(records: &[Record]) -> Vec<Run> {
    let run = |record: &Record| Run {
        updates: record.updates.clone(),
        logits: record.logits.clone(),
        state_crc: record.state_crc,
        decision: record.decision as usize,
    };
    records.iter().map(run).collect()
}

/// Refuses `sensor` options for an application that replays sequences from flash.
pub fn without_sensor(args: &EmulateArgs, priced: bool) -> anyhow::Result<()> {
    match args.settings.settings.sensor.is_some() && !priced {
        true => Err(Usage::error("--sensor: replay reads none; take --app classify")),
        false => Ok(()),
    }
}
