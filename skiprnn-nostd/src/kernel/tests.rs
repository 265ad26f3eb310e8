use super::{
    units::{Planes, accumulate},
    *,
};
use proptest::prelude::*;

/// Packs rows of weights as the quantizer does: (rows, columns), one block.
fn pack(layout: Layout, rows: &[Vec<i32>]) -> Vec<u32> {
    let columns = rows[0].len().next_multiple_of(layout.columns());
    let at = |row: usize, column: usize| rows[row].get(column).copied().unwrap_or(0);
    let halves = |low: i32, high: i32| (low as u16 as u32) | (high as u32) << 16;
    let narrow = |row: usize, c: usize| {
        u32::from_le_bytes([at(row, c), at(row, c + 2), at(row, c + 1), at(row, c + 3)].map(|w| w as u8))
    };
    let both = |row: usize, c: usize| {
        halves(
            256 * at(row + 1, c) + at(row, c),
            256 * at(row + 1, c + 1) + at(row, c + 1),
        )
    };
    let mut words = Vec::new();
    for c in (0..columns).step_by(layout.columns()) {
        match layout {
            Layout::Wide => words.extend((0..rows.len()).map(|r| halves(at(r, c), at(r, c + 1)))),
            Layout::Narrow => words.extend((0..rows.len()).map(|r| narrow(r, c))),
            Layout::Plane if rows.len() == 4 => words.extend([both(0, c), both(2, c), both(0, c + 2), both(2, c + 2)]),
            Layout::Plane => words.extend([both(0, c), both(0, c + 2), narrow(2, c)]),
        }
    }
    words
}

/// Holds one block to plain sums, weight by weight and as a whole.
fn check<const R: usize>(layout: Layout, rows: &[Vec<i32>], x: &[i16], shift: u32)
where
    [i32; R]: Planes,
{
    let words = pack(layout, rows);
    let columns = rows[0].len();
    let matrix = Matrix::new(&words, layout, R, columns);
    assert_eq!(words.len(), Matrix::words(layout, 1, R, columns));
    let mut padded = x.to_vec();
    padded.resize(columns.next_multiple_of(4), 77);
    let pairs: Vec<u32> = padded
        .chunks(2)
        .map(|p| u32::from(p[0] as u16) | u32::from(p[1] as u16) << 16)
        .collect();
    let bias: [i32; R] = core::array::from_fn(|r| 1000 * r as i32 - 7);
    let mut acc = bias;
    assert!(pairs.len() >= matrix.pairs());
    accumulate(&mut acc, &matrix, &words, &pairs, shift);
    for (r, row) in rows.iter().enumerate() {
        for (c, w) in row.iter().enumerate() {
            assert_eq!(matrix.weight(0, r, c), *w, "{layout:?} row {r} column {c}");
        }
        assert!(matrix.padding_is_zero(0, r));
        let sum: i64 = row.iter().zip(x).map(|(w, x)| i64::from(*w) * i64::from(*x)).sum();
        let expected = i64::from(bias[r]) + (sum << shift);
        assert_eq!(i64::from(acc[r]), expected, "{layout:?} row {r}");
    }
}

proptest! {
    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn every_layout_is_a_plain_sum(
        columns in 1usize..40,
        shift in 0u32..9,
        seed in any::<u64>(),
    ) {
        let mut state = seed | 1;
        let mut next = move || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 33) as i32
        };
        let mut fill = |limit: i32, n: usize| -> Vec<i32> { (0..n).map(|_| next() % (2 * limit + 1) - limit).collect() };
        for layout in [Layout::Narrow, Layout::Plane, Layout::Wide] {
            let (limit, x_limit) = match layout {
                Layout::Narrow => (127, 32_767),
                Layout::Plane => (127, 1000),
                Layout::Wide => (1000, 32_767),
            };
            let rows: Vec<Vec<i32>> = (0..4).map(|_| fill(limit, columns)).collect();
            let x: Vec<i16> = fill(x_limit, columns).into_iter().map(|v| v as i16).collect();
            let shift = if layout == Layout::Plane { shift } else { 0 };
            check::<4>(layout, &rows, &x, shift);
            check::<3>(layout, &rows[..3], &x, shift);
        }
    }
}

#[test]
fn planes_at_their_limit() {
    // 66 · 127 · 1000 is just below 2^23; the even row may be anything.
    for (odd, even, x) in [
        (127, -128, 1000),
        (-127, 127, 1000),
        (127, 127, -1000),
        (-127, -128, -1000),
    ] {
        let rows: Vec<Vec<i32>> = [even, odd, even, odd].map(|w| vec![w; 66]).to_vec();
        check::<4>(Layout::Plane, &rows, &[x; 66], 3);
        check::<3>(Layout::Plane, &rows[..3], &[x; 66], 3);
    }
}

#[test]
fn a_weight_behind_the_last_column_is_found() {
    let words = pack(Layout::Narrow, &[vec![1, 2, 3, 4], vec![0; 4], vec![0; 4]]);
    let matrix = Matrix::new(&words, Layout::Narrow, 3, 3);
    assert!(!matrix.padding_is_zero(0, 0) && matrix.padding_is_zero(0, 1));
    assert_eq!(matrix.sum_of_magnitudes(0, 0), 6);
}
