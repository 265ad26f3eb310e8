//! Small images of which a model used some pixels: used pixels red, skipped ones blue.

use crate::Drawing;

/// A square image of few pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// (side · side) brightness from 0 to 1, row by row.
    pub pixels: Vec<f32>,
    /// (side · side): whether the pixel was used.
    pub used: Vec<bool>,
    /// Under the image.
    pub caption: String,
}

/// Images, four side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageGrid {
    /// Pixels on a side of every image, at least 1.
    pub side: usize,
    /// By rows.
    pub images: Vec<Image>,
}

/// Images side by side.
const COLUMNS: usize = 4;
/// Width and height of an image, without its caption.
const SIZE: f64 = 196.0;
const GAP: f64 = 12.0;
const CAPTION: f64 = 20.0;
/// Levels of brightness that are drawn.
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

impl ImageGrid {
    /// Draws them.
    #[must_use]
    pub fn draw(&self) -> Drawing {
        let width = GAP + COLUMNS as f64 * (SIZE + GAP);
        let height = GAP + self.images.len().div_ceil(COLUMNS) as f64 * (SIZE + CAPTION + GAP);
        let mut d = Drawing::new((width, height), "");
        let pixel = SIZE / self.side as f64;
        for (n, image) in self.images.iter().enumerate() {
            let place = |k: usize, size: f64| GAP + k as f64 * (size + GAP);
            let (left, top) = (place(n % COLUMNS, SIZE), place(n / COLUMNS, SIZE + CAPTION));
            let mut rectangle = |row: usize, column: usize, count: usize, style: &str| {
                d.push(format_args!(
                    "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{pixel:.2}\" {style}/>",
                    left + column as f64 * pixel,
                    top + row as f64 * pixel,
                    count as f64 * pixel
                ));
            };
            for (row, column, count, used) in runs(&image.used, self.side) {
                let colour = if used { "#d1342f" } else { "#1f3f8f" };
                rectangle(row, column, count, &format!("fill=\"{colour}\""));
            }
            let level = |v: &f32| (v.clamp(0.0, 1.0) * LEVELS).round() as u32;
            let levels: Vec<u32> = image.pixels.iter().map(level).collect();
            for (row, column, count, level) in runs(&levels, self.side).into_iter().filter(|r| r.3 > 0) {
                let opacity = 0.75 * f64::from(level) / f64::from(LEVELS);
                rectangle(
                    row,
                    column,
                    count,
                    &format!("fill=\"#fff\" fill-opacity=\"{opacity:.2}\""),
                );
            }
            d.text("name", left, top + SIZE + 15.0, &image.caption);
        }
        d
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_a_row_are_one_rectangle() {
        let pixels = [1, 1, 0, 0, 0, 0, 2, 2, 2];
        assert_eq!(
            runs(&pixels, 3),
            [(0, 0, 2, 1), (0, 2, 1, 0), (1, 0, 3, 0), (2, 0, 3, 2)]
        );
    }

    #[test]
    fn used_pixels_are_red_and_bright_ones_white() {
        let image = Image {
            pixels: vec![0.0, 1.0, 1.0, 0.0],
            used: vec![true, false, false, false],
            caption: "read as 3".into(),
        };
        let svg = ImageGrid {
            side: 2,
            images: vec![image; 5],
        }
        .draw()
        .to_svg();
        assert_eq!(svg.matches("#d1342f").count(), 5);
        assert_eq!(svg.matches("#1f3f8f").count(), 10);
        assert_eq!(svg.matches("fill-opacity=\"0.75\"").count(), 10);
        assert_eq!(svg.matches("read as 3").count(), 5);
        assert!(svg.contains("viewBox=\"0 0 844 468\""), "two rows: {svg}");
    }
}
