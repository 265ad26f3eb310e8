//! The skip gate: eqs (2), (4) and (5) in the carried form, and their gradient with du/dũ = 1.

use super::layout::{LANES, lanes};
use super::real::Real;
use super::steps::state_row;
use super::sys::Kernel;

/// What the gate holds for one sequence at one step.
#[derive(Debug, Clone, Copy)]
pub struct Trace<F> {
    /// ũ_t.
    pub u_tilde: F,
    /// σ(W_p S(s_{t-1}, x_t) + b_p).
    pub fresh: F,
    /// Δũ_{t-1}.
    pub carried: F,
    /// u_t.
    pub updated: bool,
}

impl<F: Real> Trace<F> {
    /// Δũ_t = u_t·fresh + (1 - u_t)·Δũ_{t-1}.
    #[inline(always)]
    pub fn delta(&self) -> F {
        if self.updated { self.fresh } else { self.carried }
    }

    /// min(Δũ_t, 1 - ũ_t), and whether it is Δũ_t.
    #[inline(always)]
    fn increment(&self) -> (F, bool) {
        let (delta, room) = (self.delta(), F::ONE - self.u_tilde);
        if delta <= room { (delta, true) } else { (room, false) }
    }

    /// ũ_{t+1}, eq. (5).
    #[inline(always)]
    pub fn advance(&self) -> F {
        if self.updated {
            self.fresh
        } else {
            self.u_tilde + self.increment().0
        }
    }

    /// The gradient of one step, from that of ũ_{t+1} and that of Δũ_t as Δũ_{t+1} carries it. `d_u` is the rest of
    /// dL/du_t: the budget's, and <dL/ds_t, S(s_{t-1}, x_t) - s_{t-1}>.
    ///
    /// With m = min(Δũ_t, 1 - ũ_t) and 1{..} for the branch of the minimum:
    /// dL/dΔũ_t = carried + dL/dũ_{t+1}·(u + (1 - u)·1{m = Δũ_t});
    /// dL/du_t = d_u + dL/dũ_{t+1}·(Δũ_t - (ũ_t + m)) + dL/dΔũ_t·(fresh - Δũ_{t-1});
    /// dL/dũ_t = dL/du_t + dL/dũ_{t+1}·(1 - u)·1{m = Δũ_t}.
    #[inline(always)]
    pub fn backward(&self, d_next: F, d_carried: F, d_u: F) -> TraceGradient<F> {
        let (increment, is_delta) = self.increment();
        let passes = if is_delta { d_next } else { F::ZERO };
        let d_delta = d_carried + if self.updated { d_next } else { passes };
        let d_u = d_u + d_next * (self.delta() - (self.u_tilde + increment)) + d_delta * (self.fresh - self.carried);
        if self.updated {
            TraceGradient {
                u_tilde: d_u,
                carried: F::ZERO,
                pre: d_delta * self.fresh * (F::ONE - self.fresh),
            }
        } else {
            TraceGradient {
                u_tilde: d_u + passes,
                carried: d_delta,
                pre: F::ZERO,
            }
        }
    }
}

/// What [`Trace::backward`] gives.
#[derive(Debug, Clone, Copy)]
pub struct TraceGradient<F> {
    /// dL/dũ_t.
    pub u_tilde: F,
    /// dL/dΔũ_{t-1}.
    pub carried: F,
    /// The gradient of W_p S + b_p: zero where u_t = 0.
    pub pre: F,
}

/// fresh = σ(W_p·top + b_p) for the active rows.
pub struct Fresh<'a, F> {
    /// H'.
    pub padded: usize,
    /// Rows to compute.
    pub active: &'a [u32],
    /// (b, H'): the candidate that the gate reads.
    pub top: &'a [F],
    /// (H').
    pub weight: &'a [F],
    /// b_p.
    pub bias: F,
    /// (b): an offset on the pre-activation.
    pub dial: Option<&'a [F]>,
    /// (b).
    pub fresh: &'a mut [F],
}

impl<F: Real> Kernel for Fresh<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for &row in self.active {
            let row = row as usize;
            let mut sums = [F::ZERO; LANES];
            let top = state_row(self.top, 0, self.padded, 0, row);
            for (t, w) in lanes(top).iter().zip(lanes(self.weight)) {
                for l in 0..LANES {
                    sums[l] = t[l].madd::<FMA>(w[l], sums[l]);
                }
            }
            let bias = self.dial.map_or(self.bias, |dial| self.bias + dial[row]);
            self.fresh[row] = (total(sums) + bias).logistic::<FMA>();
        }
    }
}

/// Gradient of W_p: += Σ pre·top over rows.
pub struct WeightGradient<'a, F> {
    /// H'.
    pub padded: usize,
    /// Rows with u_t = 1.
    pub rows: &'a [u32],
    /// (b, H'): the candidate that the gate reads.
    pub top: &'a [F],
    /// (b): gradient of the pre-activation.
    pub d_pre: &'a [F],
    /// (H').
    pub d_weight: &'a mut [F],
}

impl<F: Real> Kernel for WeightGradient<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for &row in self.rows {
            let row = row as usize;
            let top = state_row(self.top, 0, self.padded, 0, row);
            for (d, t) in self.d_weight.iter_mut().zip(top) {
                *d = t.madd::<FMA>(self.d_pre[row], *d);
            }
        }
    }
}

/// out += <gradient, candidate - state before> for every row: what a state tensor adds to dL/du_t by eq. (3).
pub struct UpdateValue<'a, F> {
    /// H'.
    pub padded: usize,
    /// (b): the slot of the state before this step.
    pub previous: &'a [u32],
    /// The slot of the candidate.
    pub slot: usize,
    /// (slots, b, H').
    pub states: &'a [F],
    /// (b, H'): dL/ds_t.
    pub gradient: &'a [F],
    /// (b).
    pub out: &'a mut [F],
}

impl<F: Real> Kernel for UpdateValue<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let (n, batch) = (self.padded, self.previous.len());
        for (row, (out, before)) in self.out.iter_mut().zip(self.previous).enumerate() {
            let before = lanes(state_row(self.states, batch, n, *before as usize, row));
            let candidate = lanes(state_row(self.states, batch, n, self.slot, row));
            let gradient = lanes(state_row(self.gradient, 0, n, 0, row));
            let mut sums = [F::ZERO; LANES];
            for ((b, c), g) in before.iter().zip(candidate).zip(gradient) {
                for l in 0..LANES {
                    sums[l] = g[l].madd::<FMA>(c[l] - b[l], sums[l]);
                }
            }
            *out += total(sums);
        }
    }
}

/// The sum of the lanes, in an order that does not depend on the instruction set.
#[inline(always)]
fn total<F: Real>(lanes: [F; LANES]) -> F {
    let mut lanes = lanes;
    let mut half = LANES / 2;
    while half > 0 {
        for l in 0..half {
            lanes[l] += lanes[l + half];
        }
        half /= 2;
    }
    lanes[0]
}
