//! What a model costs, counted from its shape: multiply-accumulates (MACs), parameters and state.
//!
//! I inputs, H hidden units, O outputs, L layers; G gates a unit, 4 of an LSTM and 3 of a GRU.

use crate::{Cell, Family, FloatModel, OutputAt};

impl Cell {
    /// MACs of one update: G·H·(I + H) in the first layer, G·H·2H in each layer above it, and H in the skip gate.
    ///
    /// # Panics
    /// `layers` is 0.
    pub const fn macs_per_update(self, input: usize, hidden: usize, layers: usize) -> usize {
        let gates = self.family().gates();
        let mut macs = gates * hidden * (input + hidden) + (layers - 1) * gates * hidden * 2 * hidden;
        if self.skips() {
            macs += hidden;
        }
        macs
    }
}

impl FloatModel {
    /// MACs of one update of all layers, and of the skip gate where the cell has one; the head is not in it.
    pub fn macs_per_update(&self) -> usize {
        self.cell.macs_per_update(self.input, self.hidden, self.layers.len())
    }

    /// MACs of a sequence with `updates` updates (a mean may be fractional): those of the updates, and H·O for each time
    /// that the head is evaluated, which is once a sequence, or at every update of a model that gives an output at every
    /// sample: while samples are skipped the last output stands.
    pub fn macs_per_sequence(&self, updates: f64) -> f64 {
        let heads = match self.description.output_at {
            OutputAt::End => 1.0,
            OutputAt::Step => updates,
        };
        updates * self.macs_per_update() as f64 + heads * (self.hidden * self.outputs) as f64
    }

    /// Parameters that a device stores, as many as a blob holds: weights, biases, initial states, skip gate and head. The
    /// file has two biases for each row, which count as one where they are only ever added to each other: all but those of
    /// a GRU's gate n. The scaling of the inputs does not count.
    pub fn parameter_count(&self) -> usize {
        let h = self.hidden;
        let rows = self.cell.family().gates() * h;
        let biases = match self.cell.family() {
            Family::Lstm => rows,
            Family::Gru => rows + h,
        };
        let layer = |k: usize| {
            let inputs = if k == 0 { self.input } else { h };
            rows * (inputs + h) + biases + self.cell.family().states() * h
        };
        let gate = if self.cell.skips() { h + 1 } else { 0 };
        (0..self.layers.len()).map(layer).sum::<usize>() + gate + self.outputs * (h + 1)
    }

    /// Values that a device keeps between samples: h of every layer, and of an LSTM c.
    pub fn state_count(&self) -> usize {
        self.layers.len() * self.hidden * self.cell.family().states()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Description, tests::small};

    #[test]
    fn macs_of_an_update_are_the_papers() {
        // Campos et al., ICLR 2018, table 1: adding task, an LSTM of 110 units, 112 * 440 a step (the gate's 110 come on top).
        assert_eq!(Cell::Lstm.macs_per_update(2, 110, 1), 112 * 440);
        assert_eq!(Cell::SkipLstm.macs_per_update(2, 110, 1), 112 * 440 + 110);
        assert_eq!(Cell::Gru.macs_per_update(2, 110, 1), 112 * 330);
        assert_eq!(Cell::Lstm.macs_per_update(3, 8, 2), 32 * 11 + 32 * 16);
    }

    #[test]
    fn a_head_that_answers_at_every_step_costs_as_often_as_there_are_updates() {
        let mut model = small(Cell::SkipGru);
        let update = model.macs_per_update() as f64;
        assert_eq!(model.macs_per_sequence(4.5), 4.5 * update + 6.0);
        model.description = Description {
            output_at: OutputAt::Step,
            ..model.description
        };
        assert_eq!(model.macs_per_sequence(4.5), 4.5 * (update + 6.0));
    }

    /// Every stored value of a model, but for the second biases where they are only added to the first.
    fn stored(m: &FloatModel) -> usize {
        let layers = m.layers.iter().map(|l| {
            let second = match m.cell.family() {
                Family::Lstm => 0,
                Family::Gru => m.hidden,
            };
            [&l.weight_ih, &l.weight_hh, &l.bias_ih, &l.h0, &l.c0]
                .map(Vec::len)
                .iter()
                .sum::<usize>()
                + second
        });
        let gate = m.gate.as_ref().map_or(0, |g| g.weight.len() + 1);
        layers.sum::<usize>() + gate + m.head.weight.len() + m.head.bias.len()
    }

    #[test]
    fn parameters_and_states_are_those_of_the_tensors() {
        for cell in Cell::ALL {
            let model = small(cell);
            assert_eq!(model.parameter_count(), stored(&model), "{cell}");
            let states: usize = model.layers.iter().map(|l| l.h0.len() + l.c0.len()).sum();
            assert_eq!(model.state_count(), states, "{cell}");
        }
    }
}
