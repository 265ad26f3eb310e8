//! The LSTM's pointwise work: one pass over the gates, forward and backward.

use super::layout::{LANES, blocks, blocks_mut, lanes, lanes_mut};
use super::real::Real;
use super::steps::{BackwardStep, ForwardStep, row_mut, state_row};
use super::sys::Kernel;

/// c' = σ(f) ⊙ c + σ(i) ⊙ tanh(g); h' = σ(o) ⊙ tanh(c').
pub struct Forward<'a, F>(pub ForwardStep<'a, F>);

impl<F: Real> Kernel for Forward<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let step = self.0;
        let (n, batch) = (step.padded, step.updated.len());
        let mut saved = step.saved.chunks_exact_mut(4 * n);
        for (pre, &row) in step.pre.chunks_exact_mut(4 * n).zip(step.active) {
            let row = row as usize;
            let c = state_row(step.c_past, batch, n, step.previous[row] as usize, row);
            let (h_next, c_next) = (row_mut(step.h_next, n, row), row_mut(step.c_next, n, row));
            forward_row::<F, FMA>(pre, c, h_next, c_next);
            if step.updated[row] {
                saved.next().expect("a place for every update").copy_from_slice(pre);
            }
        }
    }
}

#[inline(always)]
fn forward_row<F: Real, const FMA: bool>(pre: &mut [F], c: &[F], h_next: &mut [F], c_next: &mut [F]) {
    let [pi, pf, pg, po] = blocks_mut(pre);
    let states = lanes(c).iter().zip(lanes_mut(h_next)).zip(lanes_mut(c_next));
    let gates = pi.iter_mut().zip(pf).zip(pg).zip(po);
    for ((((pi, pf), pg), po), ((c, h_next), c_next)) in gates.zip(states) {
        // Values, not references: nothing overlaps, so the loop is vector code without checks.
        let (mut i, mut f, mut g, mut o, mut c) = (*pi, *pf, *pg, *po, *c);
        let mut h = [F::ZERO; LANES];
        for l in 0..LANES {
            i[l] = i[l].logistic::<FMA>();
            f[l] = f[l].logistic::<FMA>();
            g[l] = g[l].tangent::<FMA>();
            o[l] = o[l].logistic::<FMA>();
            c[l] = f[l].madd::<FMA>(c[l], i[l] * g[l]);
            h[l] = o[l] * c[l].tangent::<FMA>();
        }
        (*pi, *pf, *pg, *po, *c_next, *h_next) = (i, f, g, o, c, h);
    }
}

/// The derivative of [`Forward`] by its pre-activations and by c.
pub struct Backward<'a, F>(pub BackwardStep<'a, F>);

impl<F: Real> Kernel for Backward<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let step = self.0;
        let n = step.padded;
        let places = step.saved.chunks_exact(4 * n).zip(step.d_pre.chunks_exact_mut(4 * n));
        for ((saved, d_pre), &row) in places.zip(step.rows) {
            let row = row as usize;
            let c_before = state_row(step.c, step.batch, n, step.previous[row] as usize, row);
            let c = state_row(step.c, step.batch, n, step.slot, row);
            let (d_h, d_c) = (row_mut(step.d_h, n, row), row_mut(step.d_c, n, row));
            if let Some((d_gate, weight)) = step.gate {
                for (d, w) in d_c.iter_mut().zip(weight) {
                    *d = d_gate[row].madd::<FMA>(*w, *d);
                }
            }
            backward_row::<F, FMA>(saved, c_before, c, d_h, d_c, d_pre);
        }
    }
}

#[inline(always)]
fn backward_row<F: Real, const FMA: bool>(
    saved: &[F],
    c_before: &[F],
    c: &[F],
    d_h: &mut [F],
    d_c: &mut [F],
    d_pre: &mut [F],
) {
    let [i, f, g, o] = blocks(saved);
    let [di, df, dg, d_o] = blocks_mut(d_pre);
    let states = lanes(c_before)
        .iter()
        .zip(lanes(c))
        .zip(lanes_mut(d_h))
        .zip(lanes_mut(d_c));
    let gates = i.iter().zip(f).zip(g).zip(o).zip(di).zip(df).zip(dg).zip(d_o);
    for ((((((((i, f), g), o), di), df), dg), d_o), (((c_before, c), d_h), d_c)) in gates.zip(states) {
        let (mut i, mut f, mut g, mut o) = (*i, *f, *g, *o);
        let (c_before, c, dh, mut dc) = (*c_before, *c, *d_h, *d_c);
        for l in 0..LANES {
            let t = c[l].tangent::<FMA>();
            let through = (dh[l] * o[l]) * (-t).madd::<FMA>(t, F::ONE);
            let d = dc[l] + through;
            let (ik, fk, gk, ok) = (i[l], f[l], g[l], o[l]);
            dc[l] = d * fk;
            i[l] = d * gk * (ik * (F::ONE - ik));
            f[l] = d * c_before[l] * (fk * (F::ONE - fk));
            g[l] = d * ik * (-gk).madd::<FMA>(gk, F::ONE);
            o[l] = dh[l] * t * (ok * (F::ONE - ok));
        }
        (*di, *df, *dg, *d_o, *d_c) = (i, f, g, o, dc);
        *d_h = [F::ZERO; LANES];
    }
}
