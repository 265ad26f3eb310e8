//! What an application of `emulate` is run on, and how its results are compared with the simulator.

use super::args::EmulateArgs;
use crate::{
    blob::Prepared,
    output::{Usage, notes},
    settings::{self, Expected, SettingsJson},
    simulate::WithSettings,
};
use board_host::{Load, Record, Settings, Spending};
use energy::PricedBudget;
use quantize::{Blob, Run, Simulator};
use serde::Serialize;
use serde_json::Value;
use skiprnn_nostd::{Model, skip::completes_answer};
use std::num::NonZeroU32;

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
    /// Compares what a board made of its sequences, as runs too, and what was booked on a budget.
    pub fn of_runs(
        expected: &Expected,
        (records, runs): (&[Record], &[Run]),
        answers: Answers,
        spending: Option<Spending>,
    ) -> Self {
        let missing = (runs.len() < expected.runs.len()).then_some(runs.len());
        let other = expected.runs.iter().zip(runs).position(|(a, b)| a != b);
        let first = [other, answers.first_misplaced(records), missing]
            .into_iter()
            .flatten()
            .min();
        Self::new(
            first,
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

/// When a board answers, and how its answers stand in the simulator's form.
#[derive(Debug, Clone, Copy)]
pub struct Answers {
    /// Samples from one answer to the next; `None` for one at the end.
    every: Option<NonZeroU32>,
    /// Samples of a sequence.
    length: u32,
}

impl Answers {
    /// As the settings, or else the model, say.
    pub fn new(model: &Model<'_>, settings: &Settings, length: usize) -> anyhow::Result<Self> {
        let simulator = Simulator::new(model)?.with_answers(settings.answer_every);
        Ok(Self {
            every: simulator.answers(),
            length: u32::try_from(length)?,
        })
    }

    /// (A, O): of each block of samples the outputs after the last update before its end. `answers` are samples and the outputs
    /// after them, in order, those at the end of the sequence included.
    pub fn rows(&self, answers: &[(u64, &[i32])]) -> Vec<i32> {
        let Some(every) = self.every else {
            return answers.last().map_or(Vec::new(), |(_, row)| row.to_vec());
        };
        let (mut rows, mut row, mut rest) = (Vec::new(), &[][..], answers.iter().peekable());
        for block in 1..=u64::from(self.length.div_ceil(every.get())) {
            while let Some((_, next)) = rest.next_if(|(sample, _)| *sample < block * u64::from(every.get())) {
                row = next;
            }
            rows.extend(row);
        }
        rows
    }

    /// The samples within a sequence after which there has to be an answer, for these updates.
    pub fn samples(&self, updates: &[u32]) -> Vec<u64> {
        let pairs = updates.iter().zip(updates.iter().skip(1));
        let complete =
            |(sample, next): &(&u32, &u32)| completes_answer(u64::from(**sample), Some(u64::from(**next)), self.every);
        pairs.filter(complete).map(|(sample, _)| u64::from(*sample)).collect()
    }

    /// What a board made of its sequences, in the simulator's form.
    pub fn runs(&self, records: &[Record]) -> Vec<Run> {
        let run = |record: &Record| {
            let last = (
                record.updates.last().copied().map_or(0, u64::from),
                record.logits.as_slice(),
            );
            let within = record.answers.iter().map(|(sample, row)| (*sample, row.as_slice()));
            let answers: Vec<(u64, &[i32])> = within.chain([last]).collect();
            Run {
                updates: record.updates.clone(),
                logits: self.rows(&answers),
                state_crc: record.state_crc,
                decision: record.decision as usize,
            }
        };
        records.iter().map(run).collect()
    }

    /// The first sequence whose answers come after other samples than its updates say.
    pub fn first_misplaced(&self, records: &[Record]) -> Option<usize> {
        let placed = |record: &Record| {
            record
                .answers
                .iter()
                .map(|(sample, _)| *sample)
                .eq(self.samples(&record.updates))
        };
        records.iter().position(|record| !placed(record))
    }
}

/// Refuses `sensor` options for an application that replays sequences from flash.
pub fn without_sensor(args: &EmulateArgs, priced: bool) -> anyhow::Result<()> {
    match args.settings.settings.sensor.is_some() && !priced {
        true => Err(Usage::error("--sensor: replay reads none; take --app classify")),
        false => Ok(()),
    }
}
