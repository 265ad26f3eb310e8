//! The matrix product, in tiles that stay in registers: [`ROWS`] rows by up to four vectors.
//!
//! Everything is written over arrays of constant size, which compilers keep in registers: with 32 registers of 16 lanes
//! (`WIDE`) a tile takes its four vectors at once, otherwise one after the other.

use super::real::Real;
use super::vector::{LANES, Quad, Vector};

/// Rows of a tile: 6 rows of 4 vectors are 24 sums, which leaves registers for the operands.
pub const ROWS: usize = 6;

/// Sums of a product.
pub type Tile<F> = [Quad<F>; ROWS];

/// What begins at a cache line.
#[repr(align(64))]
pub struct Aligned<T>(pub T);

/// All sums 0, `N` vectors of each row.
#[inline(always)]
pub fn zeros<F: Real, const N: usize>() -> Aligned<[[Vector<F>; N]; ROWS]> {
    Aligned([[[F::ZERO; LANES]; N]; ROWS])
}

/// tile[r][g] + Σ_k rows[r][k] · panel[k][g] for `COUNT` vectors g from `FIRST` on; the others stay as they are. Sums
/// over k in order.
///
/// Tiles go in and out by value, so that they stay in registers from one product to the next.
///
/// # Panics
/// A row is shorter than the panel.
#[inline(always)]
pub fn add_rows<F: Real, const N: usize, const FIRST: usize, const COUNT: usize, const FMA: bool, const WIDE: bool>(
    mut tile: Aligned<[[Vector<F>; N]; ROWS]>,
    rows: [&[F]; ROWS],
    panel: &[Quad<F>],
) -> Aligned<[[Vector<F>; N]; ROWS]> {
    let rows = rows.map(|row| &row[..panel.len()]);
    let Aligned(sums) = &mut tile;
    if WIDE {
        let mut some = load::<F, _, COUNT>(sums, FIRST);
        for (k, b) in panel.iter().enumerate() {
            let b: [Vector<F>; COUNT] = std::array::from_fn(|g| b[FIRST + g]);
            add::<F, COUNT, FMA>(&mut some, rows.map(|row| row[k]), b);
        }
        store(sums, FIRST, &some);
        return tile;
    }
    for g in FIRST..FIRST + COUNT {
        let mut some = load::<F, _, 1>(sums, g);
        for (k, b) in panel.iter().enumerate() {
            add::<F, 1, FMA>(&mut some, rows.map(|row| row[k]), [b[g]]);
        }
        store(sums, g, &some);
    }
    tile
}

/// tile[r][g] += Σ_k columns[k·stride + r] · panel[k][g] for `COUNT` vectors g from `first` on. Sums over k in order.
///
/// # Panics
/// There are fewer than [`ROWS`] columns.
#[inline(always)]
pub fn add_columns<F: Real, const COUNT: usize, const FMA: bool, const WIDE: bool>(
    tile: &mut Tile<F>,
    first: usize,
    columns: &[F],
    stride: usize,
    panel: &[Quad<F>],
) {
    if WIDE {
        vectors_of_columns::<F, COUNT, FMA>(tile, first, columns, stride, panel);
    } else {
        for g in first..first + COUNT {
            vectors_of_columns::<F, 1, FMA>(tile, g, columns, stride, panel);
        }
    }
}

#[inline(always)]
fn vectors_of_columns<F: Real, const COUNT: usize, const FMA: bool>(
    tile: &mut Tile<F>,
    first: usize,
    columns: &[F],
    stride: usize,
    panel: &[Quad<F>],
) {
    let mut sums = load::<F, _, COUNT>(tile, first);
    for (a, b) in columns.chunks(stride).zip(panel) {
        let b: [Vector<F>; COUNT] = std::array::from_fn(|g| b[first + g]);
        // Not element by element: compilers then load pairs and shuffle, on the units that multiply.
        add::<F, COUNT, FMA>(&mut sums, *a.first_chunk().expect("columns for a tile"), b);
    }
    store(tile, first, &sums);
}

#[inline(always)]
fn load<F: Real, const N: usize, const COUNT: usize>(
    tile: &[[Vector<F>; N]; ROWS],
    first: usize,
) -> [[Vector<F>; COUNT]; ROWS] {
    std::array::from_fn(|r| std::array::from_fn(|g| tile[r][first + g]))
}

#[inline(always)]
fn store<F: Real, const N: usize, const COUNT: usize>(
    tile: &mut [[Vector<F>; N]; ROWS],
    first: usize,
    sums: &[[Vector<F>; COUNT]; ROWS],
) {
    for r in 0..ROWS {
        for g in 0..COUNT {
            tile[r][first + g] = sums[r][g];
        }
    }
}

#[inline(always)]
fn add<F: Real, const COUNT: usize, const FMA: bool>(
    sums: &mut [[Vector<F>; COUNT]; ROWS],
    a: [F; ROWS],
    b: [Vector<F>; COUNT],
) {
    for r in 0..ROWS {
        for g in 0..COUNT {
            for l in 0..LANES {
                sums[r][g][l] = a[r].madd::<FMA>(b[g][l], sums[r][g][l]);
            }
        }
    }
}
