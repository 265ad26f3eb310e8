//! A budget of energy with the prices that a board is to keep it by. Every figure is predicted.

use crate::{Board, Error, Interval, NetworkShape, Prices, Sensor, UpdateCost, predict, prices};
use serde::Serialize;
use skiprnn_nostd::{
    Model,
    budget::{Budget, Pauses, Setting},
};
use std::{
    fmt,
    num::{NonZeroU16, NonZeroU32},
};

/// The option that asks for a budget, which errors name.
const OPTION: &str = "--budget-uj-per-hour";

/// A budget, and what sequences, updates and pauses cost on a board with a sensor.
#[derive(Debug, Clone)]
pub struct PricedBudget {
    board: Board,
    sensor: Sensor,
    shape: NetworkShape,
    cost: Option<UpdateCost>,
    prices: Prices,
    allowance_uj_per_hour: NonZeroU32,
    horizon: NonZeroU16,
    /// Mean updates at the lowest and the highest dial of the blob's curve.
    curve: (f64, f64),
}

impl PricedBudget {
    /// Prices a model's sequences. An update costs what `cost` says, or what the model's shape lets expect. `horizon` is the
    /// number of sequences over which a debt is paid back.
    ///
    /// # Errors
    /// A model without an end or a sample period, and an allowance in microjoules an hour that is less than sequences of one
    /// update each cost.
    pub fn new(
        (board, sensor): (Board, Sensor),
        model: &Model<'_>,
        cost: Option<UpdateCost>,
        allowance_uj_per_hour: NonZeroU32,
        horizon: NonZeroU16,
    ) -> Result<Self, Error> {
        let shape = NetworkShape::of_blob(model)?;
        let curve = model.dial_curve().map(|point| f64::from(point.updates_mean));
        let curve = curve.fold((f64::INFINITY, 1.0), |(low, high), n| (low.min(n), n.max(high)));
        let workload = shape.workload(board.core, 1.0, None, cost);
        let allowance = f64::from(allowance_uj_per_hour.get());
        let prices = prices(&board, &sensor, &workload)?;
        let least = prices.least_uj_per_hour();
        if least > allowance {
            return Err(fault(format!(
                "{allowance_uj_per_hour} uJ are less than an hour of sequences of one update each costs on {} with {}; the least \
                 possible is {} (predicted)",
                board.name,
                sensor.name,
                least.ceil()
            )));
        }
        Ok(Self {
            board,
            sensor,
            shape,
            cost,
            prices,
            allowance_uj_per_hour,
            horizon,
            curve,
        })
    }

    /// The budget as a board keeps it, its prices in whole nanojoules.
    ///
    /// # Errors
    /// A price above 4294967 microjoules.
    pub fn budget(&self) -> Result<Budget, Error> {
        let nj = |what: &str, uj: f64| {
            let nj = (uj * 1e3).round();
            match nj <= f64::from(u32::MAX) {
                true => Ok(nj as u32),
                false => Err(fault(format!(
                    "{what} costs {uj:.0} uJ, a board counts up to 4294967; shorten the sequence"
                ))),
            }
        };
        Ok(Budget {
            allowance_uj_per_hour: self.allowance_uj_per_hour,
            base_nj: nj("a sequence", self.prices.base_uj.mid)?,
            update_nj: NonZeroU32::new(nj("an update", self.prices.update_uj.mid)?).unwrap_or(NonZeroU32::MIN),
            pauses: Pauses {
                switch_nj: nj("switching the sensor", self.prices.switch_uj.mid)?,
                on_nj: nj("a sample with the sensor on", self.prices.on_uj.mid)?,
                off_from: self.prices.off_from_samples.unwrap_or(0),
            },
            horizon: self.horizon,
        })
    }

    /// The budget before anything has run.
    #[must_use]
    pub fn summary(&self) -> BudgetSummary {
        let allowance = f64::from(self.allowance_uj_per_hour.get());
        let per_sequence = allowance * self.prices.sequence_s / 3600.0;
        BudgetSummary {
            label: "predicted",
            allowance_uj_per_hour: allowance,
            board: self.board.name.clone(),
            sensor: self.sensor.name.clone(),
            base_uj: self.prices.base_uj.mid,
            update_uj: self.prices.update_uj.mid,
            switch_uj: self.prices.switch_uj.mid,
            on_uj: self.prices.on_uj.mid,
            off_from_samples: self.prices.off_from_samples,
            updates_affordable: self.prices.updates(per_sequence).min(self.shape.sequence_length as f64),
            curve_updates: self.curve,
            horizon: self.horizon,
        }
    }

    /// What became of the budget on sequences that used these samples, each at its setting, and booked `booked_nj`
    /// nanojoules together.
    ///
    /// # Errors
    /// Schedules that are none of this model.
    pub fn outcome(
        &self,
        schedules: Vec<Vec<u32>>,
        settings: &[Setting],
        booked_nj: u64,
    ) -> Result<BudgetOutcome, Error> {
        let count = schedules.len() as f64;
        let updates: usize = schedules.iter().map(Vec::len).sum();
        let updates_mean = updates as f64 / count;
        let hours = count * self.prices.sequence_s / 3600.0;
        let booked = booked_nj as f64 * 1e-3 / hours;
        let dials: Vec<f64> = settings.iter().map(|setting| setting.dial.to_num()).collect();
        // The second half, when the debts and savings of the beginning have been settled.
        let late = &dials[dials.len() / 2..];
        let workload = self
            .shape
            .workload(self.board.core, updates_mean, Some(schedules), self.cost);
        let predicted = predict(&self.board, &self.sensor, &workload)?.uj_per_sequence;
        Ok(BudgetOutcome {
            summary: self.summary(),
            updates_mean,
            dial_settled: late.iter().sum::<f64>() / late.len().max(1) as f64,
            dial_last: dials.last().copied(),
            capped_sequences: settings.iter().filter(|setting| setting.cap.is_some()).count(),
            booked_uj_per_hour: booked,
            booked_share: booked / f64::from(self.allowance_uj_per_hour.get()),
            predicted_uj_per_hour: predicted.scaled(3600.0 / self.prices.sequence_s),
        })
    }
}

fn fault(problem: String) -> Error {
    Error::Option {
        option: OPTION,
        problem,
    }
}

/// A budget and what it pays for.
#[derive(Debug, Clone, Serialize)]
pub struct BudgetSummary {
    /// Always "predicted".
    pub label: &'static str,
    /// Microjoules that an hour may cost.
    pub allowance_uj_per_hour: f64,
    /// Name of the board's profile.
    pub board: String,
    /// Name of the sensor's profile.
    pub sensor: String,
    /// Microjoules of a sequence without its updates.
    pub base_uj: f64,
    /// Microjoules of an update.
    pub update_uj: f64,
    /// Microjoules that a pause adds in which the sensor is switched off.
    pub switch_uj: f64,
    /// Microjoules that each sample adds of a pause in which the sensor stays on.
    pub on_uj: f64,
    /// The shortest pause in which the sensor is switched off, in samples; `None` where no pause of a sequence is that long.
    pub off_from_samples: Option<u32>,
    /// Updates of a sequence, at equal distances, that the allowance pays for.
    pub updates_affordable: f64,
    /// Mean updates at the lowest and the highest dial of the blob's curve.
    pub curve_updates: (f64, f64),
    /// Sequences over which a debt is paid back and savings are spent.
    pub horizon: NonZeroU16,
}

impl fmt::Display for BudgetSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "budget: {} uJ an hour pay for {:.1} updates a sequence on {} with {}: {:.3} uJ a sequence and {:.3} uJ an update",
            self.allowance_uj_per_hour, self.updates_affordable, self.board, self.sensor, self.base_uj, self.update_uj,
        )?;
        if let Some(from) = self.off_from_samples {
            write!(
                f,
                ", {:.3} uJ a pause with the sensor off, from {from} samples on, and {:.3} uJ a sample with it on",
                self.switch_uj, self.on_uj
            )?;
        }
        f.write_str(" (predicted)")?;
        let (low, high) = self.curve_updates;
        match self.updates_affordable {
            n if n < low => write!(
                f,
                "; the model's lowest dial takes {low:.1} on its calibration data, so that sequences are cut short"
            ),
            n if n > high => write!(f, "; the model's highest dial takes {high:.1}"),
            _ => Ok(()),
        }
    }
}

/// What became of a budget.
#[derive(Debug, Clone, Serialize)]
pub struct BudgetOutcome {
    /// The budget.
    #[serde(flatten)]
    pub summary: BudgetSummary,
    /// Mean updates of a sequence.
    pub updates_mean: f64,
    /// Mean dial of the second half of the sequences.
    pub dial_settled: f64,
    /// Dial of the last sequence.
    pub dial_last: Option<f64>,
    /// Sequences whose updates were capped.
    pub capped_sequences: usize,
    /// Microjoules an hour that the board booked.
    pub booked_uj_per_hour: f64,
    /// The booked energy as a share of the allowance.
    pub booked_share: f64,
    /// Microjoules an hour, predicted from the pauses as they were.
    pub predicted_uj_per_hour: Interval,
}

impl fmt::Display for BudgetOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\nbooked {:.0} uJ an hour, {:.1} % of it; the dial settled at {:.2}, {:.2} updates a sequence; with pauses as they \
             were {} uJ an hour (predicted)",
            self.summary,
            self.booked_uj_per_hour,
            100.0 * self.booked_share,
            self.dial_settled,
            self.updates_mean,
            self.predicted_uj_per_hour,
        )
    }
}
