//! Judging parameters: the forward pass alone, by the skip rule that the chip follows.

use super::{
    machine::{Arg, Kernel, Machine},
    training::{Draw, Schedule, Training},
};
use crate::{Error, evaluate::EvaluationSchedule, philox::Purpose};
use float_model::{Outcome, OutputAt, Sequences};

/// Floats of a part's largest array: as many sequences run together as keep below it.
const PART_FLOATS: usize = 1 << 26;
/// Sequences of a part, at most.
const PART: usize = 4096;

impl<M: Machine> Training<M> {
    /// [`crate::accelerator::Accelerator::run`].
    pub(super) fn evaluate_all(
        &mut self,
        values: &[Vec<f32>],
        x: &Sequences,
        output_at: OutputAt,
        samples_used: EvaluationSchedule,
    ) -> Result<Vec<Outcome>, Error> {
        let machine = &self.machine;
        let parameters = machine.floats_of(&values.concat())?;
        let (ahead, back) = self.plan.packed_words();
        let packed = (machine.zeros(ahead)?, machine.zeros(back)?);
        self.pack(&parameters, &packed)?;
        let hidden = self.plan.shape.hidden;
        let per_sequence = x.length
            * match output_at {
                OutputAt::End => self.plan.shape.input,
                OutputAt::Step => self.plan.shape.input.max(hidden),
            };
        let part = (PART_FLOATS / per_sequence.max(hidden)).clamp(1, PART);
        let mut outcomes = Vec::with_capacity(x.count);
        for first in (0..x.count).step_by(part) {
            let range = first..(first + part).min(x.count);
            outcomes.extend(self.evaluate_part((&parameters, &packed.0), x, range, output_at, samples_used)?);
        }
        Ok(outcomes)
    }

    fn evaluate_part(
        &self,
        (parameters, packed): (&M::Buffer, &M::Buffer),
        x: &Sequences,
        range: std::ops::Range<usize>,
        output_at: OutputAt,
        samples_used: EvaluationSchedule,
    ) -> Result<Vec<Outcome>, Error> {
        let (machine, s) = (&self.machine, self.plan.shape);
        let (count, length) = (range.len(), x.length);
        let (rows_each, every_step) = match output_at {
            OutputAt::End => (1, 0),
            OutputAt::Step => (length, 1),
        };
        let zeros = |words: usize| machine.zeros(words);
        let stride = length * s.input;
        let samples = machine.floats_of(&x.values[range.start * stride..range.end * stride])?;
        let lengths = match x.lengths.get(range.clone()) {
            Some(lengths) => machine.buffer_of(lengths)?,
            None => zeros(1)?,
        };
        let (used, counts) = (zeros(count * length)?, zeros(count)?);
        let (out, logits) = (
            zeros(count * rows_each * s.hidden)?,
            zeros(count * rows_each * s.outputs)?,
        );
        let (draws, dials, schedule) = match samples_used {
            EvaluationSchedule::Rule { dial } if s.cell.skips() => {
                (zeros(1)?, machine.floats_of(&vec![dial; count])?, Schedule::Rule)
            }
            EvaluationSchedule::Rule { .. } => (zeros(1)?, zeros(1)?, Schedule::Every),
            EvaluationSchedule::Random { p_skip, seed, first } => {
                let draws = zeros(count * length)?;
                let stream = (Purpose::EvaluationUpdates, 0, seed);
                let of = (first + range.start, count, length);
                self.draw(stream, of, Draw::Allowed, (p_skip, 1.0), &draws)?;
                (draws, zeros(1)?, Schedule::Imposed)
            }
        };
        let none = || Arg::If(false, &used);
        let args = [
            Arg::Of(parameters),
            Arg::Of(&self.places),
            Arg::Of(packed),
            Arg::Of(&samples),
            Arg::If(schedule == Schedule::Rule, &dials),
            Arg::If(schedule == Schedule::Imposed, &draws),
            Arg::If(!x.lengths.is_empty(), &lengths),
            Arg::Int(count),
            Arg::Int(length),
            Arg::Int(schedule as usize),
            Arg::Int(every_step),
            Arg::Int(0),
            Arg::Of(&out),
            Arg::Of(&used),
            Arg::Of(&counts),
            none(),
            none(),
            none(),
            none(),
            none(),
        ];
        let grid = self.blocks(count, self.plan.constants.forward_floats());
        machine.launch(Kernel::Forward, grid, &args)?;
        let rows = count * rows_each;
        let args = [
            Arg::Of(parameters),
            Arg::Of(&self.places),
            Arg::Of(&out),
            none(),
            Arg::Int(rows),
            Arg::Int(rows_each),
            Arg::Int(0),
            none(),
            none(),
            Arg::Of(&logits),
            none(),
            none(),
            none(),
            none(),
        ];
        machine.launch(Kernel::Head, Self::head_grid(rows), &args)?;
        let logits = machine.read_floats(&logits, rows * s.outputs)?;
        let used = machine.read_floats(&used, count * length)?;
        let of_sequence = |n: usize| {
            let own = x.length_of(range.start + n);
            let rows = if every_step == 1 { own } else { 1 };
            let start = n * rows_each * s.outputs;
            let steps = used[n * length..n * length + own].iter().zip(0..);
            Outcome {
                output: logits[start..start + rows * s.outputs].to_vec(),
                updates: steps.filter(|(u, _)| **u > 0.5).map(|(_, t)| t).collect(),
            }
        };
        Ok((0..count).map(of_sequence).collect())
    }
}
