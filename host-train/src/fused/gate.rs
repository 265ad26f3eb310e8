//! The skip gate: eqs (2), (4) and (5) in the carried form, and their gradient with du/dũ = 1.

use super::real::{Activation, Real};
use super::states::States;
use super::sys::Kernel;
use super::vector::{LANES, Vector, vectors, vectors_mut};

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
    /// dL/du_t: the budget's, and <dL/ds_t, S(s_{t-1}, x_t) - s_{t-1}>. dL/du_t is cut to ±`most` before it passes on.
    ///
    /// With m = min(Δũ_t, 1 - ũ_t) and 1{..} for the branch of the minimum:
    /// dL/dΔũ_t = carried + dL/dũ_{t+1}·(u + (1 - u)·1{m = Δũ_t});
    /// dL/du_t = d_u + dL/dũ_{t+1}·(Δũ_t - (ũ_t + m)) + dL/dΔũ_t·(fresh - Δũ_{t-1});
    /// dL/dũ_t = dL/du_t + dL/dũ_{t+1}·(1 - u)·1{m = Δũ_t}.
    #[inline(always)]
    pub fn backward(&self, d_next: F, d_carried: F, d_u: F, most: Option<F>) -> TraceGradient<F> {
        let (increment, is_delta) = self.increment();
        let passes = if is_delta { d_next } else { F::ZERO };
        let d_delta = d_carried + if self.updated { d_next } else { passes };
        let d_u = d_u + d_next * (self.delta() - (self.u_tilde + increment)) + d_delta * (self.fresh - self.carried);
        let d_u = clamp(d_u, most);
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

/// `x` within ±`most`, where there is a bound; NaN stays NaN, so that a run that diverged is seen.
#[inline(always)]
pub fn clamp<F: Real>(x: F, most: Option<F>) -> F {
    match most {
        Some(most) if x > most => most,
        Some(most) if x < -most => -most,
        _ => x,
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
pub struct GateIncrement<'a, F> {
    /// Rows to compute.
    pub active: &'a [u32],
    /// The states that the gate reads.
    pub top: States<'a, F>,
    /// The slot of the candidate.
    pub slot: usize,
    /// (H').
    pub weight: &'a [F],
    /// b_p.
    pub bias: F,
    /// (b): an offset on the pre-activation.
    pub dial: Option<&'a [F]>,
    /// (b).
    pub fresh: &'a mut [F],
}

impl<F: Real> Kernel for GateIncrement<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool, const WIDE: bool>(self) {
        for active in self.active.chunks(LANES) {
            let mut sums = [[F::ZERO; LANES]; LANES];
            for (v, w) in vectors(self.weight).iter().enumerate() {
                for (sums, &row) in sums.iter_mut().zip(active) {
                    multiply_add::<F, FMA>(sums, self.top.at(self.slot, v, row as usize), w);
                }
            }
            let mut pre = [F::ZERO; LANES];
            for ((pre, sums), &row) in pre.iter_mut().zip(sums).zip(active) {
                *pre = total(sums) + self.dial.map_or(self.bias, |dial| self.bias + dial[row as usize]);
            }
            let [fresh] = F::activate::<FMA, 1>([pre], [Activation::Sigmoid]);
            for (fresh, &row) in fresh.iter().zip(active) {
                self.fresh[row as usize] = *fresh;
            }
        }
    }
}

/// Gradient of W_p: += Σ pre·top over rows.
pub struct WeightGradient<'a, F> {
    /// Rows with u_t = 1.
    pub rows: &'a [u32],
    /// The states that the gate reads.
    pub top: States<'a, F>,
    /// The slot of the candidate.
    pub slot: usize,
    /// (b): gradient of the pre-activation.
    pub d_pre: &'a [F],
    /// (H').
    pub d_weight: &'a mut [F],
}

impl<F: Real> Kernel for WeightGradient<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool, const WIDE: bool>(self) {
        for (v, d_weight) in vectors_mut(self.d_weight).iter_mut().enumerate() {
            for &row in self.rows {
                let d_pre = [self.d_pre[row as usize]; LANES];
                multiply_add::<F, FMA>(d_weight, self.top.at(self.slot, v, row as usize), &d_pre);
            }
        }
    }
}

/// out += <gradient, candidate - state before> for some rows: what a state adds to dL/du_t by eq. (3).
pub struct UpdateValue<'a, F> {
    /// The rows.
    pub rows: &'a [u32],
    /// (b): the slot of the state before this step.
    pub previous: &'a [u32],
    /// The slot of the candidate.
    pub slot: usize,
    /// The states.
    pub states: States<'a, F>,
    /// (V, b) vectors: dL/ds_t.
    pub gradient: &'a [F],
    /// (b).
    pub out: &'a mut [F],
}

impl<F: Real> Kernel for UpdateValue<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool, const WIDE: bool>(self) {
        let batch = self.out.len();
        let gradient = vectors(self.gradient);
        for rows in self.rows.chunks(LANES) {
            let mut sums = [[F::ZERO; LANES]; LANES];
            for (v, gradient) in gradient.chunks_exact(batch).enumerate() {
                for (sums, &row) in sums.iter_mut().zip(rows) {
                    let row = row as usize;
                    let before = self.states.at(self.previous[row] as usize, v, row);
                    add_value::<F, FMA>(sums, &gradient[row], before, self.states.at(self.slot, v, row));
                }
            }
            for (&row, sums) in rows.iter().zip(sums) {
                self.out[row as usize] += total(sums);
            }
        }
    }
}

/// sums += gradient ⊙ (after - before).
#[inline(always)]
pub fn add_value<F: Real, const FMA: bool>(
    sums: &mut Vector<F>,
    gradient: &Vector<F>,
    before: &Vector<F>,
    after: &Vector<F>,
) {
    let mut change = *after;
    for l in 0..LANES {
        change[l] = change[l] - before[l];
    }
    multiply_add::<F, FMA>(sums, &change, gradient);
}

/// sums += a ⊙ b.
#[inline(always)]
fn multiply_add<F: Real, const FMA: bool>(sums: &mut Vector<F>, a: &Vector<F>, b: &Vector<F>) {
    // Values, not references: nothing overlaps, so the loop is vector code without checks.
    let (mut new, a, b) = (*sums, *a, *b);
    for l in 0..LANES {
        new[l] = a[l].madd::<FMA>(b[l], new[l]);
    }
    *sums = new;
}

/// The sum of the lanes, in an order that does not depend on the instruction set.
#[inline(always)]
pub fn total<F: Real>(lanes: [F; LANES]) -> F {
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
