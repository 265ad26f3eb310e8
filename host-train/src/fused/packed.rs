//! Parameters as the products want them, and their gradients back under their names.

use super::buffer::{Buffer, quads, quads_mut, refill};
use super::layout::Layout;
use super::real::Real;
use super::shape::{Family, Shape, Tensor};
use super::vector::{LANES, QUAD, Quad};

/// The parameters of a pass, or the gradients of one, padded.
#[derive(Debug, Default)]
pub struct Packed<F> {
    /// For each layer quads (V, K): the blocks of a vector of units, for each column of `[x | 1 | h]`; the column of 1 holds
    /// the biases. All that is padding, and a block that a column does not feed, is 0 here, and ignored in a gradient.
    pub weights: Vec<Buffer<F>>,
    /// (L, H').
    pub h0: Vec<F>,
    /// (L, H'); zeros for the GRU.
    pub c0: Vec<F>,
    /// (H').
    pub gate_weight: Vec<F>,
    /// b_p.
    pub gate_bias: F,
}

/// The weights as the backward product wants them: for each group of four vectors of columns the rows of all gates, in
/// the order of quads: quads (groups, V, 64).
#[derive(Debug, Default)]
pub struct Transposed<F> {
    /// For each layer, the columns of h.
    pub h: Vec<Buffer<F>>,
    /// For each layer but the first, whose data need no gradient, the columns of x.
    pub x: Vec<Buffer<F>>,
}

/// All parameters, for both passes.
#[derive(Debug, Default)]
pub struct Parameters<F> {
    pub forward: Packed<F>,
    pub backward: Transposed<F>,
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

/// Adds to row-major `named`, (rows, cols), one value for each unit and column.
fn add_units<F: Real>(named: &mut [F], cols: usize, packed: impl Fn(usize, usize) -> F) {
    for (unit, row) in named.chunks_exact_mut(cols).enumerate() {
        for (column, to) in row.iter_mut().enumerate() {
            *to += packed(unit, column);
        }
    }
}

impl<F: Real> Packed<F> {
    /// All zeros.
    pub fn clear(&mut self, shape: &Shape) {
        let layout = Layout::new(*shape);
        let padded = layout.padded();
        self.weights.resize_with(shape.layers, Buffer::default);
        for (k, w) in self.weights.iter_mut().enumerate() {
            w.refill(layout.vectors() * layout.stride(k) * QUAD, F::ZERO);
        }
        refill(&mut self.h0, shape.layers * padded, F::ZERO);
        refill(&mut self.c0, shape.layers * padded, F::ZERO);
        refill(&mut self.gate_weight, padded, F::ZERO);
        self.gate_bias = F::ZERO;
    }

    /// Adds this gradient to the named tensors of `grads`.
    pub fn add_to(&self, shape: &Shape, grads: &mut [F]) {
        let layout = Layout::new(*shape);
        let (h, padded) = (shape.hidden, layout.padded());
        let tensors = shape.tensors();
        let mut rest = tensors.iter().map(Tensor::range);
        let mut next = || rest.next().expect("the layout lists every tensor");
        for (k, w) in self.weights.iter().enumerate() {
            let (one, stride) = (shape.inputs(k), layout.stride(k));
            let (ih, hh, b_ih, b_hh) = (next(), next(), next(), next());
            for gate in 0..shape.family.gates() {
                let (x_block, h_block) = layout.blocks_of(gate);
                let at = |unit: usize, column: usize| &quads(w)[unit / LANES * stride + column];
                let mut add = |tensor: &std::ops::Range<usize>, cols: usize, block: usize, first: usize| {
                    let start = tensor.start + gate * h * cols;
                    let named = &mut grads[start..start + h * cols];
                    add_units(named, cols, |unit, c| at(unit, first + c)[block][unit % LANES]);
                };
                add(&ih, one, x_block, 0);
                add(&b_ih, 1, x_block, one);
                add(&b_hh, 1, h_block, one);
                add(&hh, h, h_block, one + 1);
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
}

impl<F: Real> Transposed<F> {
    fn clear(&mut self, shape: &Shape) {
        let layout = Layout::new(*shape);
        let size = layout.groups() * layout.vectors() * QUAD * QUAD;
        for weights in [&mut self.h, &mut self.x] {
            weights.resize_with(shape.layers, Buffer::default);
        }
        self.h.iter_mut().for_each(|w| w.refill(size, F::ZERO));
        self.x.iter_mut().skip(1).for_each(|w| w.refill(size, F::ZERO));
    }
}

/// Writes the weights of one unit in one block, one for each column.
fn transpose<F: Real>(to: &mut [Quad<F>], layout: &Layout, block: usize, unit: usize, weights: &[F]) {
    let place = unit / LANES * QUAD + block * LANES + unit % LANES;
    let rows = to.iter_mut().skip(place).step_by(layout.vectors() * QUAD);
    for (row, weights) in rows.zip(weights.chunks(QUAD)) {
        row.as_flattened_mut()[..weights.len()].copy_from_slice(weights);
    }
}

impl<F: Real> Parameters<F> {
    /// Takes over the named tensors of `params`.
    pub fn pack(&mut self, shape: &Shape, params: &[F]) {
        let Parameters { forward, backward } = self;
        forward.clear(shape);
        backward.clear(shape);
        let layout = Layout::new(*shape);
        let (h, padded) = (shape.hidden, layout.padded());
        let tensors = shape.tensors();
        let mut rest = tensors.iter().map(|t| &params[t.range()]);
        let mut next = || rest.next().expect("the layout lists every tensor");
        for (k, w) in forward.weights.iter_mut().enumerate() {
            let (one, stride) = (shape.inputs(k), layout.stride(k));
            let (ih, hh, b_ih, b_hh) = (next(), next(), next(), next());
            let w = quads_mut(w);
            for gate in 0..shape.family.gates() {
                let (x_block, h_block) = layout.blocks_of(gate);
                for unit in 0..h {
                    let named = gate * h + unit;
                    let of_x = &ih[named * one..(named + 1) * one];
                    let of_h = &hh[named * h..(named + 1) * h];
                    let row = &mut w[unit / LANES * stride..(unit / LANES + 1) * stride];
                    let lane = unit % LANES;
                    row.iter_mut().zip(of_x).for_each(|(q, w)| q[x_block][lane] = *w);
                    row[one][x_block][lane] += b_ih[named];
                    row[one][h_block][lane] += b_hh[named];
                    row[one + 1..]
                        .iter_mut()
                        .zip(of_h)
                        .for_each(|(q, w)| q[h_block][lane] = *w);
                    transpose(quads_mut(&mut backward.h[k]), &layout, h_block, unit, of_h);
                    if k > 0 {
                        transpose(quads_mut(&mut backward.x[k]), &layout, x_block, unit, of_x);
                    }
                }
            }
        }
        copy_rows(&mut forward.h0, padded, next(), h);
        if shape.family == Family::Lstm {
            copy_rows(&mut forward.c0, padded, next(), h);
        }
        if shape.skips {
            forward.gate_weight[..h].copy_from_slice(next());
            forward.gate_bias = next()[0];
        }
    }
}
