//! The GRU's pointwise work in PyTorch's reset-after form: one pass over the gates, forward and backward.

use super::layout::{LANES, blocks, blocks_mut, lanes, lanes_mut};
use super::real::Real;
use super::steps::{BackwardStep, ForwardStep, row_mut, state_row};
use super::sys::Kernel;

/// n = tanh(n_x + σ(r) ⊙ n_h); h' = (1 - σ(z)) ⊙ n + σ(z) ⊙ h, from the blocks n_x, r, z, n_h. n takes n_x's place.
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
            let h = state_row(step.h_past, batch, n, step.previous[row] as usize, row);
            forward_row::<F, FMA>(pre, h, row_mut(step.h_next, n, row));
            if step.updated[row] {
                saved.next().expect("a place for every update").copy_from_slice(pre);
            }
        }
    }
}

#[inline(always)]
fn forward_row<F: Real, const FMA: bool>(pre: &mut [F], h: &[F], h_next: &mut [F]) {
    let [px, pr, pz, ph] = blocks_mut(pre);
    let states = lanes(h).iter().zip(lanes_mut(h_next));
    for ((((px, pr), pz), ph), (h, h_next)) in px.iter_mut().zip(pr).zip(pz).zip(ph).zip(states) {
        // Values, not references: nothing overlaps, so the loop is vector code without checks.
        let (mut n, mut r, mut z, nh, mut h) = (*px, *pr, *pz, *ph, *h);
        for l in 0..LANES {
            r[l] = r[l].logistic::<FMA>();
            z[l] = z[l].logistic::<FMA>();
            n[l] = r[l].madd::<FMA>(nh[l], n[l]).tangent::<FMA>();
            h[l] = z[l].madd::<FMA>(h[l] - n[l], n[l]);
        }
        (*px, *pr, *pz, *h_next) = (n, r, z, h);
    }
}

/// The derivative of [`Forward`] by its pre-activations and, directly, by h.
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
            let h = state_row(step.h, step.batch, n, step.previous[row] as usize, row);
            let d_h = row_mut(step.d_h, n, row);
            if let Some((d_gate, weight)) = step.gate {
                for (d, w) in d_h.iter_mut().zip(weight) {
                    *d = d_gate[row].madd::<FMA>(*w, *d);
                }
            }
            backward_row::<F, FMA>(saved, h, d_h, d_pre);
        }
    }
}

#[inline(always)]
fn backward_row<F: Real, const FMA: bool>(saved: &[F], h: &[F], d_h: &mut [F], d_pre: &mut [F]) {
    let [n, r, z, nh] = blocks(saved);
    let [dx, dr, dz, dnh] = blocks_mut(d_pre);
    let states = lanes(h).iter().zip(lanes_mut(d_h));
    let gates = n.iter().zip(r).zip(z).zip(nh).zip(dx).zip(dr).zip(dz).zip(dnh);
    for ((((((((n, r), z), nh), dx), dr), dz), dnh), (h, d_h)) in gates.zip(states) {
        let (mut n, mut r, mut z, mut nh, h, mut dh) = (*n, *r, *z, *nh, *h, *d_h);
        for l in 0..LANES {
            let (nk, rk, zk, d) = (n[l], r[l], z[l], dh[l]);
            let through = d * (F::ONE - zk) * (-nk).madd::<FMA>(nk, F::ONE);
            dh[l] = d * zk;
            n[l] = through;
            r[l] = through * nh[l] * (rk * (F::ONE - rk));
            z[l] = d * (h[l] - nk) * (zk * (F::ONE - zk));
            nh[l] = through * rk;
        }
        (*dx, *dr, *dz, *dnh, *d_h) = (n, r, z, nh, dh);
    }
}
