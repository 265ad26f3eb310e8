//! Recordings with timestamps onto one regular grid, by linear interpolation.

use crate::{Error, Notes, track::Track};

/// A distance of samples that differs from the median by more than this share makes a recording irregular.
const IRREGULAR: f64 = 0.1;
/// A rate that differs from the grid's by more than this share is another rate.
const OTHER_RATE: f64 = 0.01;

/// The lower one of two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}

/// Distances of neighbouring samples; time must rise.
fn distances(track: &Track) -> Result<Vec<f64>, Error> {
    let pairs = track.times.windows(2).map(|w| w[1] - w[0]);
    let list: Vec<f64> = pairs.collect();
    match list.iter().position(|d| *d <= 0.0) {
        None => Ok(list),
        Some(k) => Err(Error::data(
            &track.path,
            format!("time of sample {}", k + 1),
            format!(
                "{} s comes after {} s; sort the samples and remove doubles",
                track.times[k + 1],
                track.times[k]
            ),
        )),
    }
}

/// Puts all tracks that have times on a grid of `period_s`, or of their median distance where that is 0. Says so where
/// values had to be interpolated. Returns the grid's period, 0 where no track has times.
pub(crate) fn to_one_rate(
    tracks: &mut [Track],
    channels: usize,
    period_s: f64,
    notes: &mut Notes,
) -> Result<f64, Error> {
    let timed = tracks.iter().filter(|t| t.times.len() > 1);
    let every: Vec<Vec<f64>> = timed.map(distances).collect::<Result<_, _>>()?;
    if every.is_empty() {
        return Ok(0.0);
    }
    let grid = match period_s > 0.0 {
        true => period_s,
        false => rounded(median(every.iter().map(|d| median(d.clone())).collect())),
    };
    let (mut irregular, mut other_rate, mut widest) = (0, 0, (0.0f64, String::new()));
    for (track, distances) in tracks.iter_mut().filter(|t| t.times.len() > 1).zip(every) {
        let own = median(distances.clone());
        let is_irregular = distances.iter().any(|d| (d / own - 1.0).abs() > IRREGULAR);
        let is_other = (own / grid - 1.0).abs() > OTHER_RATE;
        if !is_irregular && !is_other {
            continue;
        }
        irregular += usize::from(is_irregular);
        other_rate += usize::from(is_other);
        let gap = distances.iter().copied().fold(0.0, f64::max);
        if gap > widest.0 {
            widest = (gap, track.path.display().to_string());
        }
        interpolate(track, channels, grid);
    }
    if irregular + other_rate > 0 {
        notes.warn(format!(
            "resampled to {:.6} Hz by linear interpolation: {irregular} recordings with irregular timestamps, {other_rate} of another \
             rate; the widest gap is {:.6} s, in {}",
            1.0 / grid,
            widest.0,
            widest.1
        ));
    }
    Ok(grid)
}

/// To nine digits: 0.020000000000000462 s is 20 ms.
fn rounded(v: f64) -> f64 {
    format!("{v:.8e}").parse().unwrap_or(v)
}

/// Values on the grid from the first time on, between neighbours; labels from the nearest sample.
fn interpolate(track: &mut Track, channels: usize, grid: f64) {
    let times = &track.times;
    let (first, last) = (times[0], times[times.len() - 1]);
    // The last point may fall short of the last sample by a rounding of the grid.
    let count = ((last - first) / grid + 1e-6).floor() as usize + 1;
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
        let e = to_one_rate(&mut back, 2, 0.0, &mut notes).unwrap_err().to_string();
        assert!(
            e.contains("a.csv") && e.contains("time of sample 2") && e.contains("sort"),
            "{e}"
        );
    }
}
