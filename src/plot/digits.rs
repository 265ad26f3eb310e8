//! Digits with the pixels that a model uses in red and those that it skips in blue (figure 3 of Campos et al.).

use crate::inputs::Run;
use float_model::{Sequences, Targets, argmax};
use std::fmt::Write;

/// Digits drawn where nothing else is said.
pub const COUNT: usize = 16;
/// Digits side by side.
const COLUMNS: usize = 4;
/// Width and height of a digit, without its caption.
const SIZE: f64 = 196.0;
const GAP: f64 = 12.0;
const CAPTION: f64 = 20.0;
/// Levels of brightness.
const LEVELS: f32 = 12.0;

/// Neighbouring pixels of a row of `side` with the same value: (row, first column, columns, value).
fn runs<T: PartialEq + Copy>(values: &[T], side: usize) -> Vec<(usize, usize, usize, T)> {
    let mut list: Vec<(usize, usize, usize, T)> = Vec::new();
    for (k, v) in values.iter().enumerate() {
        let (row, column) = (k / side, k % side);
        match list.last_mut() {
            Some((r, _, n, last)) if *r == row && *last == *v => *n += 1,
            _ => list.push((row, column, 1, *v)),
        }
    }
    list
}

/// The digits as one picture; `None` where the sequences are no squares of one channel.
pub fn draw(run: &Run, x: &Sequences, y: Option<&Targets>, seed: u64) -> anyhow::Result<Option<String>> {
    let side = (x.length as f64).sqrt() as usize;
    if side * side != x.length || x.channels != 1 {
        return Ok(None);
    }
    let outcomes = run.outcomes(x, 0.0, seed)?;
    let pixel = SIZE / side as f64;
    let mut body = String::new();
    for (n, (digit, outcome)) in x.iter().zip(&outcomes).enumerate() {
        let place = |k: usize, size: f64| GAP + k as f64 * (size + GAP);
        let (left, top) = (place(n % COLUMNS, SIZE), place(n / COLUMNS, SIZE + CAPTION));
        let used: Vec<bool> = (0..x.length as u32)
            .map(|t| outcome.updates.binary_search(&t).is_ok())
            .collect();
        let levels: Vec<u32> = digit
            .iter()
            .map(|v| (v.clamp(0.0, 1.0) * LEVELS).round() as u32)
            .collect();
        let rectangle = |(row, column, count, style): (usize, usize, usize, String)| {
            format!(
                "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{pixel:.2}\" {style}/>",
                left + column as f64 * pixel,
                top + row as f64 * pixel,
                count as f64 * pixel
            )
        };
        for (row, column, count, used) in runs(&used, side) {
            let colour = if used { "#d1342f" } else { "#1f3f8f" };
            body += &rectangle((row, column, count, format!("fill=\"{colour}\"")));
        }
        for (row, column, count, level) in runs(&levels, side).into_iter().filter(|r| r.3 > 0) {
            let style = format!(
                "fill=\"#fff\" fill-opacity=\"{:.2}\"",
                0.75 * f64::from(level) / f64::from(LEVELS)
            );
            body += &rectangle((row, column, count, style));
        }
        let label = match y {
            Some(Targets::Labels(labels)) => format!("{}, ", labels[n]),
            _ => String::new(),
        };
        // Writing to a String cannot fail.
        let _ = write!(
            body,
            "<text x=\"{left}\" y=\"{:.1}\">{label}read as {}: {} of {} pixels</text>",
            top + SIZE + 15.0,
            argmax(&outcome.output),
            outcome.updates.len(),
            x.length
        );
    }
    let width = GAP + COLUMNS as f64 * (SIZE + GAP);
    let height = GAP + x.count.div_ceil(COLUMNS) as f64 * (SIZE + CAPTION + GAP);
    Ok(Some(format!(
        "<svg viewBox=\"0 0 {width} {height}\" xmlns=\"http://www.w3.org/2000/svg\" font-family=\"system-ui,sans-serif\" font-size=\"12\">\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>{body}</svg>\n"
    )))
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn neighbours_of_a_row_are_one_rectangle() {
        let pixels = [1, 1, 0, 0, 0, 0, 2, 2, 2];
        assert_eq!(
            runs(&pixels, 3),
            [(0, 0, 2, 1), (0, 2, 1, 0), (1, 0, 3, 0), (2, 0, 3, 2)]
        );
    }
}
