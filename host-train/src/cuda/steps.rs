//! The launches of one step.

use super::{
    machine::{Arg, Grid, Kernel, Machine},
    pass::{Answers, Extent, Pass},
    training::{Schedule, Training},
};
use crate::{Budget, Error, adam, loss::UpdateCost, params::H0_MAX};
use float_model::OutputAt;

/// Threads of `total` and `gradient_norm`, SUM_THREADS of `step.cu`.
const SUM_THREADS: u32 = 256;
/// Rows that a block of `head_and_loss` takes, a warp for each.
const HEAD_ROWS: usize = 4;
/// Words of a block in the table of `collect`.
const BLOCK_FIELDS: usize = 8;

impl<M: Machine> Training<M> {
    /// Quads from parameters.
    pub(super) fn pack(&self, parameters: &M::Buffer, packed: &(M::Buffer, M::Buffer)) -> Result<(), Error> {
        let (ahead, back) = self.plan.packed_words();
        let args = [
            Arg::Of(parameters),
            Arg::Of(&self.places),
            Arg::Of(&packed.0),
            Arg::Of(&packed.1),
        ];
        self.machine
            .launch(Kernel::Pack, Grid::over(ahead.max(back) / 4), &args)
    }

    /// The grid of the recurrence.
    pub(super) fn blocks(&self, batch: usize, shared_floats: usize) -> Grid {
        let c = &self.plan.constants;
        Grid {
            blocks: [batch.div_ceil(c.rows) as u32, 1, 1],
            threads: c.threads as u32,
            shared_floats: shared_floats as u32,
        }
    }

    /// The grid of the head.
    pub(super) fn head_grid(rows: usize) -> Grid {
        Grid {
            blocks: [rows.div_ceil(HEAD_ROWS) as u32, 1, 1],
            threads: 32 * HEAD_ROWS as u32,
            shared_floats: 0,
        }
    }

    /// Loss and gradient of a batch.
    pub(super) fn differentiate(&self, p: &Pass<M::Buffer>, schedule: Schedule, cost: UpdateCost) -> Result<(), Error> {
        let (of, int) = (Arg::Of, Arg::Int);
        let machine = &self.machine;
        let Extent { batch, length, .. } = p.extent;
        let (rows, rows_each) = (p.extent.answers(), p.extent.rows_each());
        let every_step = usize::from(p.extent.output_at == OutputAt::Step);
        self.pack(&self.parameters, &self.packed)?;
        let drawn = matches!(schedule, Schedule::Bernoulli | Schedule::Imposed);
        let args = [
            of(&self.parameters),
            of(&self.places),
            of(&self.packed.0),
            of(&p.x),
            Arg::If(p.has_dial, &p.dial),
            Arg::If(drawn, &p.draws),
            Arg::If(p.has_lengths, &p.lengths),
            int(batch),
            int(length),
            int(schedule as usize),
            int(every_step),
            int(1),
            of(&p.out),
            of(&p.used),
            of(&p.counts),
            of(&p.acts),
            of(&p.cand_h),
            of(&p.cand_c),
            of(&p.previous),
            of(&p.trace),
        ];
        let constants = &self.plan.constants;
        machine.launch(Kernel::Forward, self.blocks(batch, constants.forward_floats()), &args)?;
        let labelled = p.answers == Answers::Labels;
        let args = [
            of(&self.parameters),
            of(&self.places),
            of(&p.out),
            Arg::If(p.has_kept, &p.kept),
            int(rows),
            int(rows_each),
            int(p.answers as usize),
            Arg::If(labelled, &p.labels),
            Arg::If(!labelled, &p.values),
            of(&p.logits),
            of(&p.row_loss),
            of(&p.d_logits),
            of(&p.seen),
            of(&p.d_out),
        ];
        machine.launch(Kernel::Head, Self::head_grid(rows), &args)?;
        let terms = if labelled { rows } else { rows * self.plan.shape.outputs };
        let (budget, target) = match cost.budget {
            Budget::Cost => (0, 0.0),
            Budget::L1(target) => (1, target),
            Budget::L2(target) => (2, target),
        };
        let args = [
            of(&p.row_loss),
            int(rows),
            Arg::Double(terms as f64),
            of(&p.counts),
            Arg::If(p.has_dial, &p.cost),
            int(batch),
            int(budget),
            Arg::Float(target as f32),
            Arg::Float(cost.lambda as f32),
            of(&p.d_used),
            of(&self.figures),
        ];
        machine.launch(Kernel::Total, Grid::single(SUM_THREADS), &args)?;
        let most = cost.decision_bound(batch).map_or(f32::INFINITY, |most| most as f32);
        let args = [
            of(&self.parameters),
            of(&self.places),
            of(&self.packed.1),
            Arg::If(p.has_lengths, &p.lengths),
            int(batch),
            int(length),
            int(schedule as usize),
            int(every_step),
            Arg::Float(most),
            of(&p.used),
            of(&p.acts),
            of(&p.cand_h),
            of(&p.cand_c),
            of(&p.previous),
            of(&p.trace),
            of(&p.d_out),
            of(&p.d_used),
            of(&p.acts),
            of(&p.before),
            of(&p.d_gate),
            of(&p.d_h0),
            of(&p.d_c0),
        ];
        machine.launch(Kernel::Backward, self.blocks(batch, constants.backward_floats()), &args)?;
        self.sum(p)
    }

    /// The gradient, from all sums over samples, rows and sequences.
    fn sum(&self, p: &Pass<M::Buffer>) -> Result<(), Error> {
        let (machine, s, sums) = (&self.machine, self.plan.shape, &p.sums);
        let states = p.extent.batch * p.extent.length * s.hidden;
        let of = Arg::Of;
        for (l, product) in sums.layers.iter().enumerate() {
            let inputs = match l {
                0 => of(&p.x),
                l => Arg::At(&p.cand_h, (l - 1) * states),
            };
            let (d_pre, before) = (Arg::At(&p.acts, 4 * l * states), Arg::At(&p.before, l * states));
            self.product(p, *product, d_pre, inputs, before, of(&p.used))?;
        }
        let none = || Arg::If(false, &p.x);
        if let Some(gate) = sums.gate {
            let candidates = if self.plan.constants.family == 0 {
                &p.cand_c
            } else {
                &p.cand_h
            };
            let top = Arg::At(candidates, (s.layers - 1) * states);
            self.product(p, gate, of(&p.d_gate), top, none(), of(&p.used))?;
        }
        self.product(p, sums.head, of(&p.d_logits), of(&p.seen), none(), none())?;
        self.product(p, sums.h0, of(&p.d_h0), none(), none(), none())?;
        if let Some(c0) = sums.c0 {
            self.product(p, c0, of(&p.d_c0), none(), none(), none())?;
        }
        let args = [
            of(&p.partial),
            of(&p.blocks),
            Arg::Int(sums.blocks.len() / BLOCK_FIELDS),
            Arg::Int(self.plan.size),
            of(&self.gradient),
        ];
        machine.launch(Kernel::Collect, Grid::over(self.plan.size), &args)
    }

    fn product(
        &self,
        p: &Pass<M::Buffer>,
        which: usize,
        a: Arg<'_, M::Buffer>,
        left: Arg<'_, M::Buffer>,
        right: Arg<'_, M::Buffer>,
        used: Arg<'_, M::Buffer>,
    ) -> Result<(), Error> {
        let product = p.sums.products[which];
        let (across, down) = product.tiles();
        let grid = Grid {
            blocks: [across as u32, down as u32, product.shares as u32],
            threads: 256,
            shared_floats: 0,
        };
        let args = [
            a,
            Arg::Int(product.m),
            left,
            Arg::Int(product.lefts),
            right,
            Arg::Int(product.rights),
            used,
            Arg::Int(product.rows),
            Arg::Int(product.share),
            Arg::At(&p.partial, product.start),
        ];
        self.machine.launch(Kernel::Products, grid, &args)
    }

    /// Clipping, the `number`-th step of Adam, and the projection of h0 and of the weights.
    pub(super) fn descend(&self, limit: f64, learning_rate: f64, number: u64) -> Result<(), Error> {
        let size = Arg::Int(self.plan.size);
        let args = [Arg::Of(&self.gradient), size, Arg::Of(&self.figures)];
        self.machine.launch(Kernel::Norm, Grid::single(SUM_THREADS), &args)?;
        let (scale1, scale2) = adam::corrections(number);
        let args = [
            Arg::Of(&self.parameters),
            Arg::Of(&self.places),
            Arg::Of(&self.gradient),
            Arg::Of(&self.mean),
            Arg::Of(&self.square),
            Arg::Int(self.plan.size),
            Arg::Of(&self.figures),
            Arg::Double(limit),
            Arg::Double(learning_rate),
            Arg::Double(scale1),
            Arg::Double(scale2),
            Arg::Float(H0_MAX),
            Arg::Float(self.config.input_weight_limit.unwrap_or(f32::MAX)),
        ];
        self.machine.launch(Kernel::Adam, Grid::over(self.plan.size), &args)
    }
}
