//! What a family's kernels read and write in one step of one layer.

/// Forward: every active row r, at place k of the active list, gets its candidate.
pub struct ForwardStep<'a, F> {
    /// H'.
    pub padded: usize,
    /// Rows whose candidate is computed, ascending.
    pub active: &'a [u32],
    /// (b): u_t.
    pub updated: &'a [bool],
    /// (b): the slot of the state before this step.
    pub previous: &'a [u32],
    /// (active, 4·H'): pre-activations; used as scratch.
    pub pre: &'a mut [F],
    /// (updated, 4·H'): receives the activations of the rows with u_t = 1.
    pub saved: &'a mut [F],
    /// (slots, b, H'): h of the slots so far.
    pub h_past: &'a [F],
    /// (slots, b, H'): c of the slots so far; empty for the GRU.
    pub c_past: &'a [F],
    /// (b, H'): receives h of the candidate.
    pub h_next: &'a mut [F],
    /// (b, H'): receives c of the candidate; empty for the GRU.
    pub c_next: &'a mut [F],
}

/// Backward through S for the rows with u_t = 1.
pub struct BackwardStep<'a, F> {
    /// H'.
    pub padded: usize,
    /// b.
    pub batch: usize,
    /// Rows with u_t = 1, ascending.
    pub rows: &'a [u32],
    /// (b): the slot of the state before this step.
    pub previous: &'a [u32],
    /// The slot of the state after it.
    pub slot: usize,
    /// (rows, 4·H'): the activations.
    pub saved: &'a [F],
    /// (slots, b, H').
    pub h: &'a [F],
    /// (slots, b, H'); empty for the GRU.
    pub c: &'a [F],
    /// (b, H'): in: dL/dh_t; out: the part of dL/dh_{t-1} that does not pass the product.
    pub d_h: &'a mut [F],
    /// (b, H'): in: dL/dc_t; out: dL/dc_{t-1}; empty for the GRU.
    pub d_c: &'a mut [F],
    /// (b): gradient of the skip gate's pre-activation, and its weights (H'), where this layer feeds it.
    pub gate: Option<(&'a [F], &'a [F])>,
    /// (rows, 4·H'): receives the gradient of the pre-activations.
    pub d_pre: &'a mut [F],
}

/// Row `row` of slot `slot` in (slots, b, H').
#[inline(always)]
pub fn state_row<F>(states: &[F], batch: usize, padded: usize, slot: usize, row: usize) -> &[F] {
    let start = (slot * batch + row) * padded;
    &states[start..start + padded]
}

/// Row `row` in (b, n).
#[inline(always)]
pub fn row_mut<F>(rows: &mut [F], n: usize, row: usize) -> &mut [F] {
    &mut rows[row * n..(row + 1) * n]
}

#[cfg(test)]
mod tests {
    use super::super::gate::{Fresh, UpdateValue};
    use super::super::shape::Family;
    use super::super::sys::{Level, dispatch_at};
    use super::super::{gru, lstm};
    use super::*;

    const PADDED: usize = 32;
    const BATCH: usize = 3;

    /// Numbers in [-2, 2) that look random.
    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let bits = |k: u32| (k + seed).wrapping_mul(2_654_435_761) >> 8;
        (0..count as u32)
            .map(|k| bits(k) as f32 / 2f32.powi(22) - 2.0)
            .collect()
    }

    /// Everything that the kernels write at one level, where rows 0 and 2 have u_t = 1.
    fn pass(level: Level, family: Family) -> Vec<f32> {
        let (states, gates) = (BATCH * PADDED, 4 * PADDED);
        let (mut h, mut c) = (numbers(2 * states, 1), numbers(2 * states, 2));
        let (mut pre, mut saved) = (numbers(BATCH * gates, 3), vec![0.0; 2 * gates]);
        let (mut d_h, mut d_c) = (numbers(states, 4), numbers(states, 5));
        let (mut d_pre, mut fresh, mut values) = (vec![0.0; 2 * gates], vec![0.0; BATCH], vec![0.0; BATCH]);
        let (d_gate, weight, previous) = (numbers(BATCH, 6), numbers(PADDED, 7), [0; BATCH]);
        let ((h_past, h_next), (c_past, c_next)) = (h.split_at_mut(states), c.split_at_mut(states));
        let step = ForwardStep {
            padded: PADDED,
            active: &[0, 1, 2],
            updated: &[true, false, true],
            previous: &previous,
            pre: &mut pre,
            saved: &mut saved,
            h_past,
            c_past,
            h_next,
            c_next,
        };
        match family {
            Family::Lstm => dispatch_at(level, lstm::Forward(step)),
            Family::Gru => dispatch_at(level, gru::Forward(step)),
        }
        let gate = Fresh {
            padded: PADDED,
            active: &[0, 1, 2],
            top: &h[states..],
            weight: &weight,
            bias: 0.25,
            dial: None,
            fresh: &mut fresh,
        };
        dispatch_at(level, gate);
        let value = UpdateValue {
            padded: PADDED,
            previous: &previous,
            slot: 1,
            states: &h,
            gradient: &d_h,
            out: &mut values,
        };
        dispatch_at(level, value);
        let step = BackwardStep {
            padded: PADDED,
            batch: BATCH,
            rows: &[0, 2],
            previous: &previous,
            slot: 1,
            saved: &saved,
            h: &h,
            c: &c,
            d_h: &mut d_h,
            d_c: &mut d_c,
            gate: Some((&d_gate, &weight)),
            d_pre: &mut d_pre,
        };
        match family {
            Family::Lstm => dispatch_at(level, lstm::Backward(step)),
            Family::Gru => dispatch_at(level, gru::Backward(step)),
        }
        [h, c, saved, d_h, d_c, d_pre, fresh, values].concat()
    }

    /// The portable code is the readable twin of what the vector units run.
    #[test]
    fn every_level_gives_the_same() {
        for family in [Family::Lstm, Family::Gru] {
            let expected = pass(Level::Portable, family);
            for level in Level::available() {
                for (found, expected) in pass(level, family).iter().zip(&expected) {
                    assert!(
                        (found - expected).abs() <= 2e-6 * expected.abs().max(1.0),
                        "{level:?}: {found} {expected}"
                    );
                }
            }
        }
    }
}
