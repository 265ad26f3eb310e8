//! What runs with which sizes: the constants of the program, where arrays lie, and how the sums over all samples are cut.

use super::machine::Constants;
use crate::{
    Error,
    params::{Entry, Kind, Shape},
};
use float_model::Family;

/// Threads of a block of the recurrence, at most.
const MOST_THREADS: usize = 512;
/// Sequences of a block of the recurrence, at most.
const MOST_ROWS: usize = 8;
/// Sides of a tile of `products`, and the rows that it takes at a time.
const TILE: usize = 64;
const DEPTH: usize = 16;
/// Rows of a share of `products`, at least: below, the sum of the shares would cost more than they save.
const LEAST_SHARE: usize = 8 * DEPTH;

fn quads(n: usize) -> usize {
    n.div_ceil(4)
}

/// Sizes of a network on a machine.
#[derive(Debug, Clone)]
pub struct Plan {
    pub shape: Shape,
    pub constants: Constants,
    layout: Vec<Entry>,
    /// Where each array of the layout starts in the flat vector.
    starts: Vec<usize>,
    /// Length of the flat vector.
    pub size: usize,
}

impl Plan {
    /// For batches of `batch` on `multiprocessors` multiprocessors, each block having this much shared memory. `name` is the machine's.
    ///
    /// # Errors
    /// The states of one sequence do not fit into shared memory.
    pub fn new(
        shape: Shape,
        batch: usize,
        multiprocessors: usize,
        shared_floats: usize,
        name: &str,
    ) -> Result<Self, Error> {
        let gates = shape.cell.family().gates() * shape.hidden;
        let mut constants = Constants {
            family: usize::from(shape.cell.family() == Family::Gru),
            layers: shape.layers,
            input: shape.input,
            hidden: shape.hidden,
            rows: batch.div_ceil(multiprocessors.max(1)).clamp(1, MOST_ROWS),
            threads: 0,
            resident: 0,
            resident_back: 0,
            outputs: shape.outputs,
        };
        let layout = shape.layout();
        let mut size = 0;
        let starts = layout
            .iter()
            .map(|e| {
                size += e.rows * e.cols;
                size - e.rows * e.cols
            })
            .collect();
        let plan = |constants| Plan {
            shape,
            constants,
            layout: layout.clone(),
            starts,
            size,
        };
        loop {
            // A warp for each row at least.
            constants.threads = gates.next_multiple_of(32).clamp(32 * constants.rows, MOST_THREADS);
            let states = constants.forward_floats().max(constants.backward_floats());
            if states <= shared_floats {
                let left = |states: usize, quad: usize| (shared_floats - states) / (shape.layers * quad * 4);
                let ahead = left(constants.forward_floats(), gates);
                let back = left(constants.backward_floats(), shape.hidden);
                constants.resident = ahead.min(quads(shape.hidden));
                constants.resident_back = back.min(quads(gates));
                return Ok(plan(constants));
            }
            if constants.rows == 1 {
                return Err(Error::Device {
                    device: name.into(),
                    problem: format!(
                        "{} layers of {} units need {states} floats of shared memory for one sequence, a block has \
                         {shared_floats}; give fewer, or train on cpu",
                        shape.layers, shape.hidden
                    ),
                });
            }
            constants.rows -= 1;
        }
    }

    /// Where an array starts; 0 where the network has none of the kind.
    fn place(&self, kind: Kind, layer: usize) -> usize {
        let k = self.layout.iter().position(|e| e.kind == kind && e.layer == layer);
        k.map_or(0, |k| self.starts[k])
    }

    /// The table that kernels find arrays by.
    pub fn places(&self) -> Vec<u32> {
        let of_layer = [
            Kind::WeightIh,
            Kind::WeightHh,
            Kind::Bias,
            Kind::BiasHn,
            Kind::H0,
            Kind::C0,
        ];
        let others = [Kind::GateWeight, Kind::GateBias, Kind::HeadWeight, Kind::HeadBias];
        let layers = (0..self.shape.layers).flat_map(|l| of_layer.map(|kind| (kind, l)));
        let all = layers.chain(others.map(|kind| (kind, 0)));
        all.map(|(kind, l)| self.place(kind, l) as u32).collect()
    }

    /// Words of the quads that `pack` makes for the forward and for the backward pass.
    pub fn packed_words(&self) -> (usize, usize) {
        let (h, rows) = (self.shape.hidden, self.shape.cell.family().gates() * self.shape.hidden);
        let above = self.shape.layers - 1;
        (
            4 * rows * (quads(self.shape.input) + quads(h) + above * 2 * quads(h)),
            4 * h * quads(rows) * (1 + 2 * above),
        )
    }

    /// The arrays of the layout from the flat vector, which is them in their order.
    pub fn arrays(&self, flat: &[f32]) -> Vec<Vec<f32>> {
        let of = |(e, start): (&Entry, &usize)| flat[*start..start + e.rows * e.cols].to_vec();
        self.layout.iter().zip(&self.starts).map(of).collect()
    }

    /// The sums that make up the gradient for batches of `batch` sequences of `length` samples with `answers` rows for the
    /// head, and the blocks that `collect` takes from them.
    pub fn sums(&self, batch: usize, length: usize, answers: usize, multiprocessors: usize) -> Sums {
        let s = self.shape;
        let lstm = s.cell.family() == Family::Lstm;
        let mut sums = Sums {
            multiprocessors,
            ..Sums::default()
        };
        let layers: Vec<usize> = (0..s.layers)
            .map(|l| {
                let inputs = if l == 0 { s.input } else { s.hidden };
                sums.add(4 * s.hidden, inputs, s.hidden, batch * length)
            })
            .collect();
        let gate = s.cell.skips().then(|| sums.add(1, s.hidden, 0, batch * length));
        let head = sums.add(s.outputs, s.hidden, 0, answers);
        let h0 = sums.add(s.layers * s.hidden, 0, 0, batch);
        let c0 = lstm.then(|| sums.add(s.layers * s.hidden, 0, 0, batch));
        (sums.layers, sums.gate, sums.head, sums.h0, sums.c0) = (layers, gate, head, h0, c0);
        for (e, start) in self.layout.iter().zip(&self.starts) {
            let (h, l) = (s.hidden, e.layer);
            let inputs = if l == 0 { s.input } else { h };
            let of = |product: Option<usize>| product.expect("the layout has only arrays of this network");
            let of_layer = sums.layers[l];
            // (product, first row, first column), columns and start.
            match e.kind {
                Kind::WeightIh => sums.block(of_layer, 0, 0, inputs, *start),
                Kind::Bias => sums.block(of_layer, 0, inputs, 1, *start),
                Kind::WeightHh => {
                    sums.block(of_layer, 0, inputs + 1, h, *start);
                    if !lstm {
                        // n's part is the one inside the reset: rows 3H to 4H.
                        sums.block(of_layer, 3 * h, inputs + 1, h, start + 2 * h * h);
                    }
                }
                Kind::BiasHn => sums.block(of_layer, 3 * h, inputs, 1, *start),
                Kind::H0 => sums.block(h0, l * h, 0, 1, *start),
                Kind::C0 => sums.block(of(c0), l * h, 0, 1, *start),
                Kind::GateWeight => sums.block(of(gate), 0, 0, h, *start),
                Kind::GateBias => sums.block(of(gate), 0, h, 1, *start),
                Kind::HeadWeight => sums.block(head, 0, 0, h, *start),
                Kind::HeadBias => sums.block(head, 0, h, 1, *start),
            }
        }
        sums
    }
}

impl Constants {
    fn gates(&self) -> usize {
        (4 - self.family) * self.hidden
    }

    /// FORWARD_FLOATS of `recurrence.cu`.
    pub fn forward_floats(&self) -> usize {
        let (h, padded) = (self.hidden, 4 * quads(self.hidden));
        let states = 2 * self.layers * padded + padded + 4 * quads(self.input) + 4 * h + h + 4;
        self.layers * self.resident * self.gates() * 4 + self.rows * states
    }

    /// BACKWARD_FLOATS of `recurrence.cu`.
    pub fn backward_floats(&self) -> usize {
        let h = self.hidden;
        let parts = (self.threads / h).max(1);
        let states = 2 * 4 * quads(self.gates()) + 2 * self.layers * h + parts * h + 4;
        self.layers * self.resident_back * h * 4 + self.rows * states
    }
}

/// One product of `products`: (M, lefts + 1 + rights) over `rows` rows.
#[derive(Debug, Clone, Copy)]
pub struct Product {
    pub m: usize,
    pub lefts: usize,
    pub rights: usize,
    pub rows: usize,
    /// Rows of a share, and shares.
    pub share: usize,
    pub shares: usize,
    /// Where its partial sums start.
    pub start: usize,
}

impl Product {
    pub fn columns(&self) -> usize {
        self.lefts + 1 + self.rights
    }

    /// Tiles in x and y.
    pub fn tiles(&self) -> (usize, usize) {
        (self.columns().div_ceil(TILE), self.m.div_ceil(TILE))
    }
}

/// All products of a step.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    multiprocessors: usize,
    pub products: Vec<Product>,
    pub layers: Vec<usize>,
    pub gate: Option<usize>,
    pub head: usize,
    pub h0: usize,
    pub c0: Option<usize>,
    /// The table of `collect`.
    pub blocks: Vec<u32>,
    /// Words of all partial sums.
    pub words: usize,
}

impl Sums {
    fn add(&mut self, m: usize, lefts: usize, rights: usize, rows: usize) -> usize {
        let mut product = Product {
            m,
            lefts,
            rights,
            rows,
            share: 0,
            shares: 0,
            start: self.words,
        };
        let (across, down) = product.tiles();
        // Two blocks for each multiprocessor.
        let wanted = (2 * self.multiprocessors).div_ceil(across * down);
        product.share = rows.div_ceil(wanted).max(LEAST_SHARE).next_multiple_of(DEPTH);
        product.shares = rows.div_ceil(product.share);
        self.words += product.shares * m * product.columns();
        self.products.push(product);
        self.products.len() - 1
    }

    fn block(&mut self, product: usize, row: usize, column: usize, columns: usize, start: usize) {
        let p = self.products[product];
        let fields = [p.start, p.shares, p.m, p.columns(), row, column, columns, start];
        self.blocks.extend(fields.map(|v| v as u32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use float_model::Cell;

    #[test]
    fn plans_fit_their_machine() {
        let of = |hidden, layers, floats| {
            let shape = Shape {
                cell: Cell::SkipLstm,
                input: 1,
                hidden,
                outputs: 2,
                layers,
            };
            Plan::new(shape, 256, 132, floats, "test").map(|plan| plan.constants)
        };
        // 227 KiB, as a block has on an H100 or H200.
        let whole = of(110, 1, 58_112).unwrap();
        assert_eq!((whole.rows, whole.threads), (2, 448));
        assert_eq!((whole.resident, whole.resident_back), (28, 110), "all weights");
        let held = |hidden| {
            let c = of(hidden, 1, 58_112).unwrap();
            (c.resident, c.resident_back) == (hidden.div_ceil(4), hidden)
        };
        assert!(held(117) && !held(118), "as docs/cuda.md says");
        for (hidden, layers) in [(128, 1), (110, 2), (512, 2), (1, 1)] {
            let c = of(hidden, layers, 58_112).unwrap();
            assert!(c.forward_floats().max(c.backward_floats()) <= 58_112);
            assert_eq!(c.resident == hidden.div_ceil(4), hidden == 1, "{c:?}");
        }
        assert_eq!(of(1024, 2, 58_112).unwrap().rows, 2);
        assert!(of(512, 2, 12_288).unwrap().rows < 2, "48 KiB: one sequence at a time");
        let text = of(4096, 16, 58_112).unwrap_err().to_string();
        assert!(matches!(of(4096, 16, 58_112), Err(Error::Device { .. })), "{text}");
        assert!(text.contains("shared memory") && text.contains("cpu"), "{text}");
    }
}
