//! The proof by which rows are rounded and the proof by which a blob is read give one verdict.

use super::{data, model};
use crate::{Error, IntegerModel, Kernel, Options, Width, integers::RowRecord, layers::limits, quantize};
use float_model::{Cell, Family};
use skiprnn_nostd::ParseError;

const INPUTS: usize = 3;
const HIDDEN: usize = 5;

/// xorshift64*.
struct Noise(u64);

impl Noise {
    fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        low + (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % (high - low + 1) as u64) as i64
    }

    fn row(&mut self, n: usize, limit: i64) -> Vec<i16> {
        (0..n).map(|_| self.between(-limit, limit) as i16).collect()
    }
}

/// A network of zeros.
fn zeros(cell: Cell) -> IntegerModel {
    let options = Options {
        weights: Some(Width::Eight),
        kernel: Some(Kernel::Block),
        dials: Some(Vec::new()),
        threads: 1,
        ..Options::default()
    };
    let model = model(cell, INPUTS, HIDDEN, 1, 1, 0.1);
    let mut zeros = quantize(&model, &data(INPUTS, 3), None, &options).unwrap().integers;
    let layer = &mut zeros.layers[0];
    layer.ih_width = Width::Sixteen;
    layer.weight_ih.fill(0);
    layer.weight_hh.fill(0);
    layer.rows.fill(RowRecord { bias: 0, multiplier: 1 });
    zeros
}

/// Puts one row into a network of zeros, its bound at the accumulator's limit or one beside it; says what the prover thinks of it.
fn one_row(zeros: &IntegerModel, noise: &mut Noise) -> (IntegerModel, bool) {
    let mut m = zeros.clone();
    m.h_drop = noise.between(0, 8) as u8;
    m.hh_gain = noise.between(0, m.h_drop.into()) as u8;
    m.kernel = if m.h_drop == 0 {
        Kernel::Block
    } else {
        Kernel::BytePlane
    };
    m.h_fraction = noise.between(13, 15) as u8;
    let (gates, layer) = (m.family.gates(), &mut m.layers[0]);
    layer.h0 = noise.row(HIDDEN, 32_767);
    let h_max = layer
        .h0
        .iter()
        .map(|h| h.unsigned_abs().into())
        .fold(1 << m.h_fraction, u32::max);
    let (unit, gate) = (
        noise.between(0, HIDDEN as i64 - 1) as usize,
        noise.between(0, 3) as usize,
    );
    // The GRU's n has an accumulator over x and one over h, and both are of its third row.
    let (row, over_x, over_h) = match (m.family, gate) {
        (Family::Gru, 2) => (2, true, false),
        (Family::Gru, 3) => (2, false, true),
        _ => (gate, true, true),
    };
    let ih = if over_x { noise.row(INPUTS, 20_000) } else { Vec::new() };
    let hh = if over_h { noise.row(HIDDEN, 127) } else { Vec::new() };
    let limits = limits(32_768, h_max, (m.h_drop, m.hh_gain), row);
    let sum = |weights: &[i16]| weights.iter().map(|w| i64::from(w.unsigned_abs())).sum::<i64>();
    let products = sum(&ih) * i64::from(limits.x_max) + sum(&hh) * i64::from(limits.h_max);
    let bias = i64::from(i32::MAX) - products + noise.between(-1, 1);
    let sign = if noise.between(0, 1) == 0 { 1 } else { -1 };
    let bias = (sign * bias.max(0)) as i32;
    let at = unit * gates + row;
    layer.weight_ih[at * INPUTS..][..ih.len()].copy_from_slice(&ih);
    layer.weight_hh[at * HIDDEN..][..hh.len()].copy_from_slice(&hh);
    layer.rows[4 * unit + gate].bias = bias;
    let held = limits.hold(bias, &ih, &hh);
    (m, held)
}

#[test]
fn the_prover_and_the_reader_give_one_verdict() {
    let mut noise = Noise(7);
    for cell in [Cell::SkipLstm, Cell::SkipGru] {
        let zeros = zeros(cell);
        let mut held_rows = 0;
        for case in 0..2000 {
            let (m, held) = one_row(&zeros, &mut noise);
            held_rows += usize::from(held);
            match m.blob() {
                Ok(_) => assert!(held, "{cell}, case {case}: read without a proof"),
                Err(Error::Blob {
                    source: ParseError::Unproven { .. },
                    ..
                }) => assert!(!held, "{cell}, case {case}: proven, and refused"),
                Err(e) => panic!("{cell}, case {case}: {}", float_model::with_causes(&e)),
            }
        }
        assert!((500..1500).contains(&held_rows), "{cell}: {held_rows} of 2000");
    }
}
