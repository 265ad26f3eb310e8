//! Parameters as the products want them, and their gradients back under their names.

use super::layout::{BLOCKS, Layout};
use super::real::Real;
use super::shape::{Family, Shape, Tensor};

/// The parameters of a pass, or the gradients of one, padded.
#[derive(Debug, Default)]
pub struct Packed<F> {
    /// For each layer (4·H', K): rows are the gates of [`BLOCKS`] blocks, columns `[x | 1 | h]`; the column of 1 holds
    /// the biases. H' is H padded; all that is padding is 0 here, and ignored in a gradient.
    pub weights: Vec<Vec<F>>,
    /// (L, H').
    pub h0: Vec<F>,
    /// (L, H'); zeros for the GRU.
    pub c0: Vec<F>,
    /// (H').
    pub gate_weight: Vec<F>,
    /// b_p.
    pub gate_bias: F,
}

fn reset<F: Real>(v: &mut Vec<F>, count: usize) {
    v.clear();
    v.resize(count, F::ZERO);
}

/// Row-major (rows, cols) from `from` to rows that begin `stride` apart.
fn copy_rows<F: Real>(to: &mut [F], stride: usize, from: &[F], cols: usize) {
    for (to, from) in to.chunks_mut(stride).zip(from.chunks_exact(cols)) {
        to[..cols].copy_from_slice(from);
    }
}

/// `named` += the first elements of rows that begin `stride` apart.
fn add_rows<F: Real>(named: &mut [F], cols: usize, packed: &[F], stride: usize) {
    for (to, from) in named.chunks_exact_mut(cols).zip(packed.chunks(stride)) {
        for (to, from) in to.iter_mut().zip(from) {
            *to += *from;
        }
    }
}

impl<F: Real> Packed<F> {
    /// All zeros.
    pub fn clear(&mut self, shape: &Shape) {
        let layout = Layout::new(*shape);
        let padded = layout.padded();
        self.weights.resize_with(shape.layers, Vec::new);
        for (k, w) in self.weights.iter_mut().enumerate() {
            reset(w, layout.gates() * layout.columns(k));
        }
        reset(&mut self.h0, shape.layers * padded);
        reset(&mut self.c0, shape.layers * padded);
        reset(&mut self.gate_weight, padded);
        self.gate_bias = F::ZERO;
    }

    /// Takes over the named tensors of `params`.
    pub fn pack(&mut self, shape: &Shape, params: &[F]) {
        self.clear(shape);
        let layout = Layout::new(*shape);
        let (h, padded) = (shape.hidden, layout.padded());
        let tensors = shape.tensors();
        let mut rest = tensors.iter().map(|t| &params[t.range()]);
        let mut next = || rest.next().expect("the layout lists every tensor");
        for (k, w) in self.weights.iter_mut().enumerate() {
            let (inputs, columns) = (shape.inputs(k), layout.columns(k));
            let (ih, hh, b_ih, b_hh) = (next(), next(), next(), next());
            for gate in 0..shape.family.gates() {
                let (x_block, h_block) = layout.blocks_of(gate);
                for unit in 0..h {
                    let named = gate * h + unit;
                    let row = (x_block * padded + unit) * columns;
                    w[row..row + inputs].copy_from_slice(&ih[named * inputs..(named + 1) * inputs]);
                    w[row + inputs] += b_ih[named];
                    let row = (h_block * padded + unit) * columns;
                    w[row + inputs] += b_hh[named];
                    w[row + inputs + 1..row + columns].copy_from_slice(&hh[named * h..(named + 1) * h]);
                }
            }
        }
        copy_rows(&mut self.h0, padded, next(), h);
        if shape.family == Family::Lstm {
            copy_rows(&mut self.c0, padded, next(), h);
        }
        if shape.skips {
            self.gate_weight[..h].copy_from_slice(next());
            self.gate_bias = next()[0];
        }
    }

    /// Adds this gradient to the named tensors of `grads`.
    pub fn add_to(&self, shape: &Shape, grads: &mut [F]) {
        let layout = Layout::new(*shape);
        let (h, padded) = (shape.hidden, layout.padded());
        let tensors = shape.tensors();
        let mut rest = tensors.iter().map(Tensor::range);
        let mut next = || rest.next().expect("the layout lists every tensor");
        for (k, w) in self.weights.iter().enumerate() {
            let (inputs, columns) = (shape.inputs(k), layout.columns(k));
            let (ih, hh, b_ih, b_hh) = (next(), next(), next(), next());
            for gate in 0..shape.family.gates() {
                let (x_block, h_block) = layout.blocks_of(gate);
                let block = |b: usize| &w[b * padded * columns..(b + 1) * padded * columns];
                let of_gate = |tensor: &std::ops::Range<usize>, cols: usize| {
                    tensor.start + gate * h * cols..tensor.start + (gate + 1) * h * cols
                };
                add_rows(&mut grads[of_gate(&ih, inputs)], inputs, block(x_block), columns);
                add_rows(&mut grads[of_gate(&b_ih, 1)], 1, &block(x_block)[inputs..], columns);
                add_rows(&mut grads[of_gate(&b_hh, 1)], 1, &block(h_block)[inputs..], columns);
                add_rows(&mut grads[of_gate(&hh, h)], h, &block(h_block)[inputs + 1..], columns);
            }
        }
        add_rows(&mut grads[next()], h, &self.h0, padded);
        if shape.family == Family::Lstm {
            add_rows(&mut grads[next()], h, &self.c0, padded);
        }
        if shape.skips {
            add_rows(&mut grads[next()], h, &self.gate_weight, padded);
            grads[next()][0] += self.gate_bias;
        }
    }

    /// Rows `blocks` and columns `columns` of a layer's weights begin here, in a matrix with K columns.
    pub fn part_offset(layout: &Layout, layer: usize, block: usize, column: usize) -> usize {
        debug_assert!(block < BLOCKS);
        block * layout.padded() * layout.columns(layer) + column
    }
}
