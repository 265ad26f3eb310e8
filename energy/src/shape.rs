//! What the shape of a recurrent network says of its workload.

use crate::{Core, UpdateCost, Workload, predicted_instructions};

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
