//! The LSTM: c' = σ(f) ⊙ c + σ(i) ⊙ tanh(g); h' = σ(o) ⊙ tanh(c').

use super::real::{Activation, Real};
use super::steps::Cell;
use super::tile::{Aligned, ROWS, Tile, add_columns, add_rows, zeros};
use super::vector::{LANES, Quad, Vector};

/// Blocks i, f, g, o, all of x, 1 and h.
pub struct Lstm;

impl Cell for Lstm {
    const HAS_C: bool = true;

    #[inline(always)]
    fn multiply<F: Real, const FMA: bool, const WIDE: bool>(
        rows: [&[F]; ROWS],
        panel: &[Quad<F>],
        _inputs: usize,
    ) -> Aligned<Tile<F>> {
        add_rows::<F, 4, 0, 4, FMA, WIDE>(zeros(), rows, panel)
    }

    #[inline(always)]
    fn weigh<F: Real, const FMA: bool, const WIDE: bool>(
        tile: &mut Tile<F>,
        _first: usize,
        _inputs: usize,
        columns: &[F],
        stride: usize,
        panel: &[Quad<F>],
    ) {
        add_columns::<F, 4, FMA, WIDE>(tile, 0, columns, stride, panel);
    }

    #[inline(always)]
    fn forward<F: Real, const FMA: bool>(tile: &mut Tile<F>, state: &mut [Vector<F>; ROWS]) -> [Vector<F>; ROWS] {
        use Activation::{Sigmoid, Tanh};
        for (gates, c) in tile.iter_mut().zip(state.iter_mut()) {
            let [i, f, g, o] = F::activate::<FMA, 4>(*gates, [Sigmoid, Sigmoid, Tanh, Sigmoid]);
            let mut next = *c;
            for l in 0..LANES {
                next[l] = f[l].madd::<FMA>(next[l], i[l] * g[l]);
            }
            (*gates, *c) = ([i, f, g, o], next);
        }
        let mut h = [[F::ZERO; LANES]; ROWS];
        let halves = h.as_chunks_mut::<{ ROWS / 2 }>().0.iter_mut();
        let halves = halves.zip(state.as_chunks().0).zip(tile.as_chunks::<{ ROWS / 2 }>().0);
        for ((h, c), gates) in halves {
            let mut half = F::activate::<FMA, { ROWS / 2 }>(*c, [Tanh; ROWS / 2]);
            for (h, [_, _, _, o]) in half.iter_mut().zip(gates) {
                for l in 0..LANES {
                    h[l] = h[l] * o[l];
                }
            }
            *h = half;
        }
        h
    }

    #[inline(always)]
    fn backward<F: Real, const FMA: bool>(
        gates: &Quad<F>,
        before: &Vector<F>,
        h: &Vector<F>,
        d_h: &mut Vector<F>,
        d_c: &mut Vector<F>,
    ) -> Quad<F> {
        let [mut i, mut f, mut g, mut o] = *gates;
        let (before, h, dh, mut dc) = (*before, *h, *d_h, *d_c);
        for l in 0..LANES {
            // tanh(c), from h = σ(o)·tanh(c).
            let t = h[l] * o[l].reciprocal::<FMA>();
            let through = (dh[l] * o[l]) * (-t).madd::<FMA>(t, F::ONE);
            let d = dc[l] + through;
            let (ik, fk, gk, ok) = (i[l], f[l], g[l], o[l]);
            dc[l] = d * fk;
            i[l] = d * gk * (ik * (F::ONE - ik));
            f[l] = d * before[l] * (fk * (F::ONE - fk));
            g[l] = d * ik * (-gk).madd::<FMA>(gk, F::ONE);
            o[l] = dh[l] * t * (ok * (F::ONE - ok));
        }
        (*d_h, *d_c) = ([F::ZERO; LANES], dc);
        [i, f, g, o]
    }
}
