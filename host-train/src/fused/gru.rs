//! The GRU in PyTorch's reset-after form: n = tanh(n_x + σ(r) ⊙ n_h); h' = (1 - σ(z)) ⊙ n + σ(z) ⊙ h.

use super::real::{Activation, Real};
use super::steps::Cell;
use super::tile::{Aligned, ROWS, Tile, add_columns, add_rows, zeros};
use super::vector::{LANES, Quad, Vector};

/// Blocks n_x, r, z, n_h: x feeds the first three, h the last three, 1 all. The activation n takes the place of n_x.
pub struct Gru;

impl Cell for Gru {
    const HAS_C: bool = false;

    #[inline(always)]
    fn multiply<F: Real, const FMA: bool, const WIDE: bool>(
        rows: [&[F]; ROWS],
        panel: &[Quad<F>],
        inputs: usize,
    ) -> Aligned<Tile<F>> {
        let (one, h) = (inputs..inputs + 1, inputs + 1..panel.len());
        let tile = add_rows::<F, 4, 0, 3, FMA, WIDE>(zeros(), rows.map(|row| &row[..inputs]), &panel[..inputs]);
        let tile = add_rows::<F, 4, 0, 4, FMA, WIDE>(tile, rows.map(|row| &row[one.clone()]), &panel[one.clone()]);
        add_rows::<F, 4, 1, 3, FMA, WIDE>(tile, rows.map(|row| &row[h.clone()]), &panel[h.clone()])
    }

    #[inline(always)]
    fn weigh<F: Real, const FMA: bool, const WIDE: bool>(
        tile: &mut Tile<F>,
        first: usize,
        inputs: usize,
        columns: &[F],
        stride: usize,
        panel: &[Quad<F>],
    ) {
        if first > inputs {
            add_columns::<F, 3, FMA, WIDE>(tile, 1, columns, stride, panel);
        } else if first + ROWS <= inputs {
            add_columns::<F, 3, FMA, WIDE>(tile, 0, columns, stride, panel);
        } else {
            add_columns::<F, 4, FMA, WIDE>(tile, 0, columns, stride, panel);
        }
    }

    #[inline(always)]
    fn forward<F: Real, const FMA: bool>(tile: &mut Tile<F>, state: &mut [Vector<F>; ROWS]) -> [Vector<F>; ROWS] {
        let places = tile.as_chunks_mut::<2>().0.iter_mut();
        for [a, b] in places {
            let gates = [a[1], a[2], b[1], b[2]];
            [a[1], a[2], b[1], b[2]] = F::activate::<FMA, 4>(gates, [Activation::Sigmoid; 4]);
        }
        let places = tile.as_chunks_mut::<{ ROWS / 2 }>().0.iter_mut();
        for (gates, state) in places.zip(state.as_chunks_mut::<{ ROWS / 2 }>().0) {
            let mut n = [[F::ZERO; LANES]; ROWS / 2];
            for (n, [nx, r, _, nh]) in n.iter_mut().zip(gates.iter()) {
                for l in 0..LANES {
                    n[l] = r[l].madd::<FMA>(nh[l], nx[l]);
                }
            }
            n = F::activate::<FMA, { ROWS / 2 }>(n, [Activation::Tanh; ROWS / 2]);
            for ((n, gates), h) in n.iter().zip(gates).zip(state) {
                let (z, mut next) = (gates[2], *h);
                for l in 0..LANES {
                    next[l] = z[l].madd::<FMA>(next[l] - n[l], n[l]);
                }
                (gates[0], *h) = (*n, next);
            }
        }
        *state
    }

    #[inline(always)]
    fn backward<F: Real, const FMA: bool>(
        gates: &Quad<F>,
        before: &Vector<F>,
        _h: &Vector<F>,
        d_h: &mut Vector<F>,
        _d_c: &mut Vector<F>,
    ) -> Quad<F> {
        let [mut n, mut r, mut z, mut nh] = *gates;
        let (h, mut dh) = (*before, *d_h);
        for l in 0..LANES {
            let (nk, rk, zk, d) = (n[l], r[l], z[l], dh[l]);
            let through = d * (F::ONE - zk) * (-nk).madd::<FMA>(nk, F::ONE);
            dh[l] = d * zk;
            n[l] = through;
            r[l] = through * nh[l] * (rk * (F::ONE - rk));
            z[l] = d * (h[l] - nk) * (zk * (F::ONE - zk));
            nh[l] = through * rk;
        }
        *d_h = dh;
        [n, r, z, nh]
    }
}
