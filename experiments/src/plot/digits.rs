//! Digits with the pixels that a model uses in red and those that it skips in blue (figure 3 of Campos et al.).

use crate::{Error, TrainedModel};
use charts::{DEFAULT_STYLE, Image, ImageGrid};
use float_model::{Sequences, Targets, argmax};

/// Digits drawn where nothing else is said.
pub const COUNT: usize = 16;

/// The digits as one SVG file; `None` where the sequences are no squares of one channel. `seed` is that of random skipping.
///
/// # Errors
/// Sequences that do not fit the model.
pub fn draw(run: &TrainedModel, x: &Sequences, y: Option<&Targets>, seed: u64) -> Result<Option<String>, Error> {
    let side = (x.length as f64).sqrt() as usize;
    if side == 0 || side * side != x.length || x.channels != 1 {
        return Ok(None);
    }
    let outcomes = run.outcomes(x, 0.0, seed)?;
    let image = |(n, (digit, outcome)): (usize, (&[f32], &float_model::Outcome))| {
        let label = match y {
            Some(Targets::Labels(labels)) => format!("{}, ", labels[n]),
            _ => String::new(),
        };
        Image {
            pixels: digit.to_vec(),
            used: (0..x.length as u32)
                .map(|t| outcome.updates.binary_search(&t).is_ok())
                .collect(),
            caption: format!(
                "{label}read as {}: {} of {} pixels",
                argmax(&outcome.output),
                outcome.updates.len(),
                x.length
            ),
        }
    };
    let images = x.iter().zip(&outcomes).enumerate().map(image).collect();
    Ok(Some(ImageGrid { side, images }.draw().to_file(DEFAULT_STYLE)))
}
