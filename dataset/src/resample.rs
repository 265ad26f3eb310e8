//! Recordings with timestamps onto one regular grid, by linear interpolation.

use crate::{
    Error, Notes,
    clock::{self, Rate},
    track::{Places, Track},
};
use std::path::Path;

/// A rate that differs from the grid's by more than this share, and by more than its own uncertainty, is another rate.
const OTHER_RATE: f64 = 0.01;
/// A distance of more than this many samples is a gap, which is filled.
const GAP: f64 = 3.0;
/// A recording may grow to this many times its samples, and this many more.
const GROWTH: usize = 4;
const GROWTH_MORE: usize = 1000;

/// Puts all tracks that have times on a grid of `period_s`, or of their common rate where that is 0. Says so where values had to be
/// interpolated. Returns the grid's period, 0 where no track has times.
///
/// # Errors
/// As [`clock::settle`] and [`clock::common_period`].
pub(crate) fn to_one_rate(
    tracks: &mut [Track],
    channels: usize,
    period_s: f64,
    notes: &mut Notes,
) -> Result<f64, Error> {
    let settled = tracks.iter_mut().map(|t| clock::settle(t, channels, notes));
    let rates: Vec<Option<Rate>> = settled.collect::<Result<_, _>>()?;
    let known: Vec<(&Path, Rate)> = tracks
        .iter()
        .zip(&rates)
        .filter_map(|(track, rate)| rate.map(|rate| (track.path.as_path(), rate)))
        .collect();
    if known.is_empty() {
        return Ok(0.0);
    }
    let grid = clock::common_period(&known, period_s)?;
    let mut widest: Option<(f64, &Path)> = None;
    let mut warned = Resampled::default();
    for (track, rate) in tracks.iter_mut().zip(rates) {
        let Some(rate) = rate else { continue };
        if onto_grid(track, channels, rate, grid, &mut warned, notes)?
            && widest.is_none_or(|(gap, _)| rate.widest_s > gap)
        {
            widest = Some((rate.widest_s, &track.path));
        }
    }
    if let Some((gap, path)) = widest {
        notes.warn(warned.text(grid, gap, path));
    }
    Ok(grid)
}

/// How many recordings were interpolated, and why.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Resampled {
    irregular: usize,
    other_rate: usize,
}

impl Resampled {
    /// The warning, with the longest distance of samples and where it is.
    pub(crate) fn text(self, grid_s: f64, widest_s: f64, path: &Path) -> String {
        format!(
            "resampled to {:.6} Hz by linear interpolation: {} recordings with irregular timestamps, {} of another rate; the widest gap is \
             {widest_s:.6} s, in {}",
            1.0 / grid_s,
            self.irregular,
            self.other_rate,
            path.display()
        )
    }
}

/// Puts one settled recording on a grid of `grid_s`; returns whether it had to be interpolated.
///
/// # Errors
/// A recording that would grow beyond four times its samples and a thousand more.
pub(crate) fn onto_grid(
    track: &mut Track,
    channels: usize,
    rate: Rate,
    grid_s: f64,
    resampled: &mut Resampled,
    notes: &mut Notes,
) -> Result<bool, Error> {
    let off = (rate.period_s / grid_s - 1.0).abs();
    let is_other = off > OTHER_RATE.max(2.0 * rate.uncertainty);
    if rate.regular && !is_other {
        return Ok(false);
    }
    resampled.irregular += usize::from(!rate.regular);
    resampled.other_rate += usize::from(is_other && rate.regular);
    let count = grid_points(track, grid_s);
    let most = GROWTH * track.times.len() + GROWTH_MORE;
    if count > most as f64 {
        let problem = format!(
            "a grid of {:.6} Hz needs {count:.0} samples for the {} that there are; cut the recording where samples are missing",
            1.0 / grid_s,
            track.times.len()
        );
        return Err(Error::data(&track.path, "time", problem));
    }
    let gaps = track
        .times
        .windows(2)
        .map(|w| (w[1] - w[0]) / grid_s)
        .filter(|g| *g > GAP && *g * grid_s > GAP * rate.period_s);
    let (gaps, filled) = gaps.fold((0, 0), |(n, filled), g| (n + 1, filled + g.round() as u64 - 1));
    if filled > track.times.len() as u64 {
        let problem = format!(
            "{filled} samples would be made up in {gaps} gaps, and {} are there; cut the file at its gaps",
            track.times.len()
        );
        return Err(Error::data(&track.path, "time", problem));
    }
    notes.count(
        gaps,
        "gaps of more than 3 samples were filled by interpolation",
        &track.path,
    );
    notes.count(filled, "samples were interpolated in gaps", &track.path);
    interpolate(track, channels, grid_s, count as usize);
    Ok(true)
}

/// Points of a grid that begins at the first sample. The last point may fall short of the last sample by a rounding of the grid.
fn grid_points(track: &Track, grid_s: f64) -> f64 {
    let span = track.times[track.times.len() - 1] - track.times[0];
    (span / grid_s + 1e-6).floor() + 1.0
}

/// Values on the grid from the first time on, between neighbours; labels from the nearest sample.
fn interpolate(track: &mut Track, channels: usize, grid: f64, count: usize) {
    let times = &track.times;
    let first = times[0];
    let (mut values, mut nearest, mut k) = (Vec::with_capacity(count * channels), Vec::new(), 0);
    for n in 0..count {
        let t = first + n as f64 * grid;
        while k + 2 < times.len() && times[k + 1] <= t {
            k += 1;
        }
        let share = ((t - times[k]) / (times[k + 1] - times[k])).clamp(0.0, 1.0);
        let sample = |k: usize| &track.values[k * channels..(k + 1) * channels];
        let between = |(a, b): (&f32, &f32)| (f64::from(*a) + share * f64::from(b - a)) as f32;
        values.extend(sample(k).iter().zip(sample(k + 1)).map(between));
        if !track.labels.is_empty() {
            nearest.push(k + usize::from(share >= 0.5));
        }
    }
    track.labels = track.labels.select(nearest);
    track.values = values;
    track.places = Places::default();
    track.times = (0..count).map(|n| first + n as f64 * grid).collect();
}

/// Sound of rate `from_hz` at `to_hz`, by linear interpolation.
pub(crate) fn at_rate(values: &[f32], from_hz: f64, to_hz: f64) -> Vec<f32> {
    let count = (values.len() as f64 * to_hz / from_hz) as usize;
    let at = |n: usize| {
        let place = n as f64 * from_hz / to_hz;
        let k = (place as usize).min(values.len() - 1);
        let next = values[(k + 1).min(values.len() - 1)];
        values[k] + (place - k as f64) as f32 * (next - values[k])
    };
    (0..count).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(times: &[f64]) -> Track {
        Track {
            path: "a.csv".into(),
            values: times.iter().flat_map(|t| [10.0 * *t as f32, 1.0]).collect(),
            times: times.to_vec(),
            resolution_s: 0.0,
            places: Places::default(),
            labels: times.iter().map(|t| if *t >= 0.3 { "1" } else { "0" }).collect(),
        }
    }

    #[test]
    fn a_line_stays_a_line_and_irregular_times_are_told() {
        let mut tracks = [track(&[0.0, 0.1, 0.2, 0.5, 0.6]), track(&[1.0, 1.1, 1.2])];
        let mut notes = Notes::default();
        assert_eq!(to_one_rate(&mut tracks, 2, 0.0, &mut notes).unwrap(), 0.1);
        let found: Vec<f32> = tracks[0].values.iter().step_by(2).copied().collect();
        assert_eq!(found.len(), 7);
        for (n, v) in found.iter().enumerate() {
            assert!((v - n as f32).abs() < 1e-5, "{found:?}");
        }
        assert_eq!(tracks[0].labels.iter().collect::<String>(), "0000111");
        assert_eq!(tracks[1].values.len(), 6, "a regular one stays as it is");
        let warnings = notes.warnings();
        assert!(
            warnings.len() == 1 && warnings[0].contains("1 recordings with irregular"),
            "{warnings:?}"
        );
        assert!(warnings[0].contains("0.300000 s, in a.csv"), "{warnings:?}");
    }

    #[test]
    fn another_rate_is_told() {
        let mut tracks = [track(&[0.0, 0.1, 0.2]), track(&[0.0, 0.05, 0.1])];
        let mut notes = Notes::default();
        assert_eq!(to_one_rate(&mut tracks, 2, 0.05, &mut notes).unwrap(), 0.05);
        assert_eq!((tracks[0].values.len(), tracks[1].values.len()), (10, 6));
        let warnings = notes.warnings();
        assert!(
            warnings[0].contains("20.000000 Hz") && warnings[0].contains("1 of another rate"),
            "{warnings:?}"
        );
        let mut back = [track(&[0.0, 0.2, 0.1])];
        assert_eq!(to_one_rate(&mut back, 2, 0.0, &mut notes).unwrap(), 0.1);
        assert_eq!(back[0].values, [0.0, 1.0, 1.0, 1.0, 2.0, 1.0]);
        assert!(
            notes.warnings()[0].contains("1 samples were out of order"),
            "{:?}",
            notes.warnings()
        );
    }
}
