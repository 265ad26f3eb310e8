//! What the shape of a recurrent network says of its workload.

use crate::{Core, Error, Interval, UpdateCost, Workload, predicted_instructions};
use skiprnn_nostd::{CellKind, Model, OutputAt};

/// The shape of a recurrent network, as far as its energy depends on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkShape {
    /// Samples of a sequence (T).
    pub sequence_length: usize,
    /// Seconds between samples; 0 where unknown.
    pub sample_period_s: f64,
    /// Channels (I).
    pub channels: usize,
    /// Hidden units of a layer (H).
    pub hidden: usize,
    /// Rows of the weight matrices: layers · gates · hidden units.
    pub rows: usize,
    /// Multiply-accumulates of one update, gate included.
    pub macs: usize,
    /// Whether there is a skip gate.
    pub skips: bool,
    /// Outputs (O).
    pub outputs: usize,
    /// Whether there is an answer at every step.
    pub every_step: bool,
}

impl NetworkShape {
    /// The shape of a blob's network, whose sequences have an end and a time between samples.
    ///
    /// # Errors
    /// The blob states no sequence length or no sample period.
    pub fn of_blob(model: &Model<'_>) -> Result<Self, Error> {
        let missing = |problem: &str| Err(Error::Mismatch(problem.into()));
        if model.sequence_length() == 0 {
            return missing(
                "sequence_length: the blob is made for an endless stream; energy per sequence needs an end",
            );
        }
        if model.sample_period_ns() == 0 {
            return missing("sample_period_s: the blob does not state it; quantize again with --sample-period-s");
        }
        Ok(Self {
            sequence_length: model.sequence_length() as usize,
            sample_period_s: model.sample_period_ns() as f64 * 1e-9,
            channels: model.inputs(),
            hidden: model.hidden(),
            rows: rows(model),
            macs: model.macs_per_update(),
            skips: model.skips(),
            outputs: model.outputs(),
            every_step: model.output_at() == OutputAt::Step,
        })
    }

    /// The workload on a core; an update costs what `cost` says, or what the shape lets expect.
    #[must_use]
    pub fn workload(
        &self,
        core: Core,
        updates_mean: f64,
        schedules: Option<Vec<Vec<u32>>>,
        cost: Option<UpdateCost>,
    ) -> Workload {
        let of = |macs: usize| {
            cost.unwrap_or_else(|| UpdateCost::Predicted {
                instructions: predicted_instructions(core, self.rows, macs),
            })
        };
        let gate = if self.skips { self.hidden } else { 0 };
        // Between updates the last output stands.
        let heads = if self.every_step { updates_mean } else { 1.0 };
        Workload {
            sequence_length: self.sequence_length,
            sample_period_s: self.sample_period_s,
            updates_mean,
            schedules,
            update: of(self.macs),
            dense_update: of(self.macs - gate),
            head_macs: (heads * (self.hidden * self.outputs) as f64).round() as usize,
            channels: self.channels,
        }
    }
}

/// Rows of a blob's weight matrices: layers · gates · hidden units.
fn rows(model: &Model<'_>) -> usize {
    let gates = match model.cell() {
        CellKind::Lstm => 4,
        CellKind::Gru => 3,
    };
    model.layers() * gates * model.hidden()
}

/// Instructions of an update of a blob's network on a core, predicted from its shape.
#[must_use]
pub fn instructions_per_update(core: Core, model: &Model<'_>) -> Interval {
    predicted_instructions(core, rows(model), model.macs_per_update())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dense_network_has_no_gate_and_a_head_runs_as_often_as_it_answers() {
        let shape = NetworkShape {
            sequence_length: 100,
            sample_period_s: 0.02,
            channels: 3,
            hidden: 32,
            rows: 96,
            macs: 3392,
            skips: true,
            outputs: 6,
            every_step: false,
        };
        let cost = |macs| UpdateCost::Predicted {
            instructions: predicted_instructions(Core::CortexM4, 96, macs),
        };
        let work = shape.workload(Core::CortexM4, 20.0, None, None);
        assert_eq!((work.update, work.dense_update), (cost(3392), cost(3360)));
        assert_eq!((work.head_macs, work.channels), (192, 3));
        let every_step = NetworkShape {
            every_step: true,
            ..shape
        };
        assert_eq!(every_step.workload(Core::CortexM4, 20.5, None, None).head_macs, 3936);
        let counted = UpdateCost::Counted { instructions: 9000 };
        let work = shape.workload(Core::CortexM4, 20.0, None, Some(counted));
        assert_eq!((work.update, work.dense_update), (counted, counted));
    }
}
