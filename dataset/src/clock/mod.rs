//! The clock of one recording: stamps in order, doubled and rounded ones put right, jumps refused; and its rate.
//!
//! Stamps are taken as a sensor's samples at even distances, seen through a clock that rounds, repeats and delays. What is put right
//! is counted. Nothing here needs memory by a difference of times.

mod order;
mod rate;

pub(crate) use rate::{PERIODS_S, Rate, common_period};

use crate::{Error, Notes, track::Track};

/// A gap is no recording any more where it is longer than this, and than this many samples.
const JUMP_S: f64 = 10.0;
const JUMP_SAMPLES: f64 = 100.0;

/// Puts the stamps of a recording in order and finds its rate; `None` where it has no times, or one sample. Afterwards times rise
/// strictly, but for recordings without times.
///
/// # Errors
/// A jump of the clock: a gap of more than 10 s and more than 100 samples, or a way back that sorting does not explain; stamps that are all
/// the same; a rate beyond what a recording can have. With the line.
pub(crate) fn settle(track: &mut Track, channels: usize, notes: &mut Notes) -> Result<Option<Rate>, Error> {
    if track.times.len() < 2 {
        return Ok(None);
    }
    order::sort(track, channels, notes)?;
    order::drop_repeated(track, channels, notes);
    if track.times.len() < 2 {
        return Ok(None);
    }
    let spread = order::Spread::of(track)?;
    order::refuse_jumps(track, spread.period_s)?;
    let rate = Rate::of(track, &spread, notes)?;
    Ok(Some(rate))
}

/// The longest gap of a recording, in seconds.
fn jump_s(period_s: f64) -> f64 {
    JUMP_S.max(JUMP_SAMPLES * period_s)
}

/// Where a sample stands, for messages.
fn place(track: &Track, sample: usize) -> String {
    match track.places.line(sample) {
        Some(line) => format!("line {line}"),
        None => format!("time of sample {sample}"),
    }
}

/// The middle one, the lower of two; 0 of none.
fn median(values: &mut [f64]) -> f64 {
    let middle = values.len().saturating_sub(1) / 2;
    match values.is_empty() {
        true => 0.0,
        false => *values.select_nth_unstable_by(middle, f64::total_cmp).1,
    }
}

#[cfg(test)]
mod tests;
