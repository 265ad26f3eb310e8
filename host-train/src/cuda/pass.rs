//! The memory of one step's passes.

use super::{
    machine::Machine,
    plan::{Plan, Sums},
};
use crate::{Error, batch::Batch};
use float_model::{OutputAt, Targets};

/// The sizes that the memory was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// B.
    pub batch: usize,
    /// T.
    pub length: usize,
    /// Which states the head reads.
    pub output_at: OutputAt,
}

impl Extent {
    pub fn of(batch: &Batch) -> Self {
        Extent {
            batch: batch.x.count,
            length: batch.x.length,
            output_at: batch.y.output_at(),
        }
    }

    /// Rows that the head reads for each sequence.
    pub fn rows_each(&self) -> usize {
        match self.output_at {
            OutputAt::End => 1,
            OutputAt::Step => self.length,
        }
    }

    /// Rows that the head reads.
    pub fn answers(&self) -> usize {
        self.batch * self.rows_each()
    }
}

/// How the loss takes the answers: constants of `step.cu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    Labels = 0,
    Flags = 1,
    Numbers = 2,
}

impl Answers {
    pub fn of(y: &Targets) -> Self {
        match y.answers() {
            Targets::Values { .. } => Answers::Numbers,
            Targets::Multilabel { .. } => Answers::Flags,
            _ => Answers::Labels,
        }
    }
}

/// What the passes read and write; shapes as in `recurrence.cu` and `step.cu`.
pub struct Pass<B> {
    pub extent: Extent,
    pub sums: Sums,
    pub answers: Answers,
    pub x: B,
    pub labels: B,
    pub values: B,
    /// Where updates are not the gate's alone.
    pub draws: B,
    pub dial: B,
    pub cost: B,
    pub kept: B,
    pub lengths: B,
    /// Whether this batch has dials, factors of dropout, and lengths of its own.
    pub has_dial: bool,
    pub has_kept: bool,
    pub has_lengths: bool,
    pub out: B,
    pub used: B,
    pub counts: B,
    /// Activations, and then, in their place, the gradient of the pre-activations.
    pub acts: B,
    pub cand_h: B,
    pub cand_c: B,
    pub previous: B,
    pub trace: B,
    pub before: B,
    pub logits: B,
    pub row_loss: B,
    pub d_logits: B,
    pub seen: B,
    pub d_out: B,
    pub d_used: B,
    pub d_gate: B,
    pub d_h0: B,
    pub d_c0: B,
    pub partial: B,
    pub blocks: B,
}

impl<B> Pass<B> {
    pub fn new<M: Machine<Buffer = B>>(
        machine: &M,
        plan: &Plan,
        extent: Extent,
        answers: Answers,
    ) -> Result<Self, Error> {
        let s = plan.shape;
        let (batch, steps, rows) = (extent.batch, extent.batch * extent.length, extent.answers());
        let states = s.layers * steps * s.hidden;
        let lstm = usize::from(plan.constants.family == 0);
        let sums = plan.sums(batch, extent.length, rows, machine.multiprocessors());
        let zeros = |words: usize| machine.zeros(words.max(1));
        Ok(Pass {
            extent,
            answers,
            x: zeros(steps * s.input)?,
            labels: zeros(rows)?,
            values: zeros(rows * s.outputs)?,
            draws: zeros(steps)?,
            dial: zeros(batch)?,
            cost: zeros(batch)?,
            kept: zeros(batch * s.hidden)?,
            lengths: zeros(batch)?,
            has_dial: false,
            has_kept: false,
            has_lengths: false,
            out: zeros(rows * s.hidden)?,
            used: zeros(steps)?,
            counts: zeros(batch)?,
            acts: zeros(4 * states)?,
            cand_h: zeros(states)?,
            cand_c: zeros(lstm * states)?,
            previous: zeros(steps)?,
            trace: zeros(3 * steps)?,
            before: zeros(states)?,
            logits: zeros(rows * s.outputs)?,
            row_loss: zeros(rows)?,
            d_logits: zeros(rows * s.outputs)?,
            seen: zeros(rows * s.hidden)?,
            d_out: zeros(rows * s.hidden)?,
            d_used: zeros(batch)?,
            d_gate: zeros(steps)?,
            d_h0: zeros(batch * s.layers * s.hidden)?,
            d_c0: zeros(lstm * batch * s.layers * s.hidden)?,
            partial: zeros(sums.words)?,
            blocks: machine.buffer_of(&sums.blocks)?,
            sums,
        })
    }
}
