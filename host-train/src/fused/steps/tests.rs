use super::super::gate::{GateIncrement, UpdateValue};
use super::super::sys::{Level, dispatch_at};
use super::super::vector::QUAD;
use super::super::{gru::Gru, lstm::Lstm};
use super::*;

const VECTORS: usize = 2;
const PADDED: usize = VECTORS * LANES;
/// Whole tiles of columns of x, of h, and one of both.
const INPUTS: usize = 8;
const STRIDE: usize = 18;
/// Two blocks of rows in the weight gradient.
const CHUNK: usize = 131;
const BATCH: usize = 3;

/// Numbers in [-2, 2) that look random.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let bits = |k: u32| (k + seed).wrapping_mul(2_654_435_761) >> 8;
    (0..count as u32)
        .map(|k| bits(k) as f32 / 2f32.powi(22) - 2.0)
        .collect()
}

/// Everything that the kernels write at one level, where rows 0 and 2 have u_t = 1.
fn pass<C: Cell>(level: Level) -> Vec<f32> {
    let (states, cell) = (BATCH * PADDED, PhantomData::<C>);
    let quads = |count: usize, seed: u32| numbers(count * QUAD, seed).as_chunks().0.as_chunks().0.to_vec();
    let (mut h, mut c) = (numbers(2 * states, 1), numbers(2 * states, 2));
    let (operand, weights) = (numbers(BATCH * STRIDE, 3), quads(VECTORS * STRIDE, 8));
    let (mut saved, mut d_pre) = (quads(VECTORS * 2, 9), quads(VECTORS * CHUNK, 10));
    let (mut d_h, mut d_c) = (numbers(states, 4), numbers(states, 5));
    let (mut fresh, mut values) = (vec![0.0; BATCH], vec![0.0; BATCH]);
    let (d_gate, weight, previous) = (numbers(BATCH, 6), numbers(PADDED, 7), [0; BATCH]);
    let ((h_past, h_next), (c_past, c_next)) = (h.split_at_mut(states), c.split_at_mut(states));
    let forward = Forward {
        vectors: VECTORS,
        inputs: INPUTS,
        columns: STRIDE - 2,
        stride: STRIDE,
        active: &[0, 1, 2],
        updated: &[true, false, true],
        previous: &previous,
        operand: &operand,
        weights: &weights,
        saved: &mut saved,
        past: States::new(if C::HAS_C { c_past } else { h_past }, VECTORS, BATCH),
        h_next,
        c_next,
        cell,
    };
    dispatch_at(level, forward);
    let gate = GateIncrement {
        active: &[0, 1, 2],
        top: States::new(&h, VECTORS, BATCH),
        slot: 1,
        weight: &weight,
        bias: 0.25,
        dial: None,
        fresh: &mut fresh,
    };
    dispatch_at(level, gate);
    let value = UpdateValue {
        rows: &[0, 1],
        previous: &previous,
        slot: 1,
        states: States::new(&h, VECTORS, BATCH),
        gradient: &d_h,
        out: &mut values,
    };
    dispatch_at(level, value);
    let mut worth = vec![0.0; BATCH * LANES];
    let backward = Backward {
        vectors: VECTORS,
        batch: BATCH,
        rows: &[0, 2],
        previous: &previous,
        saved: &saved,
        states: States::new(if C::HAS_C { &c } else { &h }, VECTORS, BATCH),
        h: &h[states..],
        d_h: &mut d_h,
        d_c: &mut d_c,
        gate: Some((&d_gate, &weight)),
        d_pre: &mut d_pre,
        first: 1,
        value: Some(Value {
            h: States::new(&h, VECTORS, BATCH),
            slot: 1,
            sums: &mut worth,
        }),
        cell,
    };
    dispatch_at(level, backward);
    let through = OperandGradient {
        vectors: VECTORS,
        batch: BATCH,
        rows: &[0, 2],
        blocks: 1..4,
        weights: &quads(VECTORS * QUAD, 11),
        d_pre: &d_pre,
        first: 1,
        to: &mut d_h,
    };
    dispatch_at(level, through);
    let mut gradient = quads(VECTORS * STRIDE, 12);
    let weigh = AddWeightGradient {
        vectors: VECTORS,
        inputs: INPUTS,
        stride: STRIDE,
        filled: CHUNK,
        operands: &numbers(CHUNK * STRIDE, 13),
        d_pre: &d_pre,
        weights: &mut gradient,
        cell,
    };
    dispatch_at(level, weigh);
    let quads = [saved, d_pre, gradient].concat();
    let quads = quads.as_flattened().as_flattened().to_vec();
    [h, c, d_h, d_c, fresh, values, worth, quads].concat()
}

fn assert_same<C: Cell>() {
    let expected = pass::<C>(Level::Portable);
    for level in Level::available() {
        for (found, expected) in pass::<C>(level).iter().zip(&expected) {
            assert!(
                (found - expected).abs() <= 1e-5 * expected.abs().max(1.0),
                "{level:?}: {found} {expected}"
            );
        }
    }
}

/// The portable code is the readable reference for what the vector units run.
#[test]
fn every_level_gives_the_same() {
    assert_same::<Lstm>();
    assert_same::<Gru>();
}
