//! The rate of a recording, and that of many.

use super::{median, order::Spread};
use crate::{Error, Notes, track::Track};

/// A distance of samples that differs from the usual one by more than this share makes a recording irregular.
const IRREGULAR: f64 = 0.1;
/// A step of more than this many periods is a gap, which says nothing of the rate.
const GAP: f64 = 1.75;
/// As `GAP`, where samples come late and several at once.
const JUMP_STEPS: f64 = 20.0;
/// Recordings whose rates differ by more than this factor are not of one set.
pub(crate) const OTHER_KIND: f64 = 10.0;
/// Between a sample every microsecond and one every day.
pub(crate) const PERIODS_S: std::ops::RangeInclusive<f64> = 1e-6..=86_400.0;

/// The rate of a recording, as its stamps say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    /// Seconds between samples, on average.
    pub(crate) period_s: f64,
    /// What the rounding of the stamps leaves open of `period_s`, as a share of it.
    pub(crate) uncertainty: f64,
    /// Whether the stamps, as far as they are known, are those of even distances.
    pub(crate) regular: bool,
    /// The longest distance of two samples, in seconds.
    pub(crate) widest_s: f64,
    /// Seconds over which the rate was measured.
    pub(crate) span_s: f64,
}

impl Rate {
    /// Measures the rate of a recording whose stamps are in order. Samples that share a stamp get times of their own.
    pub(super) fn of(track: &mut Track, spread: &Spread, notes: &mut Notes) -> Result<Self, Error> {
        let count = track.times.len();
        let doubles = count - spread.starts.len();
        let resolution = track.resolution_s.max(rounding(&track.times));
        let widest = |times: &[f64]| times.windows(2).map(|w| w[1] - w[0]).fold(0.0, f64::max);
        let span = track.times[count - 1] - track.times[0];
        let mean = span / (count - 1) as f64;
        if is_line(&track.times, mean, resolution) {
            // Even distances, seen through a clock that rounds.
            let period_s = slope(&track.times);
            checked(track, period_s)?;
            if doubles > 0 {
                notes.count(
                    doubles as u64,
                    "samples share the rounded time of the one before; they were taken to be evenly spaced",
                    &track.path,
                );
            }
            if doubles > 0 || resolution > IRREGULAR * period_s {
                let first = track.times[0];
                track
                    .times
                    .iter_mut()
                    .enumerate()
                    .for_each(|(k, t)| *t = first + k as f64 * period_s);
            }
            let uncertainty = resolution / span;
            return Ok(Rate {
                period_s,
                uncertainty,
                regular: true,
                widest_s: period_s,
                span_s: span,
            });
        }
        if spread.has_doubles(count) {
            track.times = spread.times(track);
            notes.count(
                doubles as u64,
                "samples with the time of the one before were spread evenly to the next time",
                &track.path,
            );
        }
        let mut steps: Vec<f64> = track.times.windows(2).map(|w| w[1] - w[0]).collect();
        let usual = median(&mut steps);
        let mean = steps.iter().sum::<f64>() / steps.len() as f64;
        // Where stamps are doubled, samples came late and together: what lacks before is there behind, and the mean is right. Where none
        // are, a long step is a loss.
        let longest = if doubles > 0 { JUMP_STEPS } else { GAP };
        let inside = |d: &&f64| **d <= longest * usual.max(mean.min(2.0 * usual));
        let (sum, number) = steps
            .iter()
            .filter(inside)
            .fold((0.0, 0usize), |(s, n), d| (s + d, n + 1));
        let period_s = sum / number.max(1) as f64;
        checked(track, period_s)?;
        let slack = IRREGULAR * period_s + resolution.min(period_s) * 1.01;
        let even = resolution < 0.5 * period_s && steps.iter().all(|d| (d - period_s).abs() <= slack);
        let widest_s = widest(&track.times);
        Ok(Rate {
            period_s,
            uncertainty: (resolution + if even { 0.0 } else { usual }) / sum.max(usual),
            regular: even && doubles == 0,
            widest_s,
            span_s: sum,
        })
    }
}

fn checked(track: &Track, period_s: f64) -> Result<(), Error> {
    match PERIODS_S.contains(&period_s) {
        true => Ok(()),
        false => {
            let problem = format!(
                "{period_s:e} s between samples, which is beyond 1 us to a day: give the unit of the time column, --columns time=NAME:ms (s, us, ns)"
            );
            Err(Error::data(&track.path, "time", problem))
        }
    }
}

/// What a float of a stamp can tell apart.
fn rounding(times: &[f64]) -> f64 {
    let most = times.iter().fold(0.0f64, |m, t| m.max(t.abs()));
    4.0 * most * f64::EPSILON
}

/// Least squares: the distance of samples, where the k-th has the time `times[k]`.
fn slope(times: &[f64]) -> f64 {
    let middle = (times.len() - 1) as f64 / 2.0;
    let (mut up, mut down) = (0.0, 0.0);
    for (k, t) in times.iter().enumerate() {
        let x = k as f64 - middle;
        up += x * (t - times[0]);
        down += x * x;
    }
    up / down
}

/// Whether all stamps are one line but for one unit of their rounding, and a tenth of a period.
fn is_line(times: &[f64], mean: f64, resolution: f64) -> bool {
    let period = slope(times);
    if !(period > 0.0 && (period / mean - 1.0).abs() < 0.5) {
        return false;
    }
    let off = times.iter().enumerate().map(|(k, t)| t - times[0] - k as f64 * period);
    let (least, most) = off.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), d| (a.min(d), b.max(d)));
    most - least <= 1.5 * resolution + IRREGULAR * period
}

/// The period of all recordings: the one that is asked for, or the middle one of theirs, in the roundest number that the stamps leave open.
///
/// # Errors
/// A period that differs from the stamps' by more than a factor of ten, and recordings that differ by as much from each other.
pub(crate) fn common_period(rates: &[(&std::path::Path, Rate)], asked_s: f64) -> Result<f64, Error> {
    let mut periods: Vec<f64> = rates.iter().map(|(_, r)| r.period_s).collect();
    let own = median(&mut periods);
    let differs = |a: f64, b: f64| a / b > OTHER_KIND || b / a > OTHER_KIND;
    let hz = |period: f64| format!("{:.6} Hz", 1.0 / period);
    if asked_s > 0.0 {
        if !PERIODS_S.contains(&asked_s) {
            let problem = format!("{asked_s:e} s between samples; give 1e-6 to 86400");
            return Err(Error::usage("sample_period_s", problem));
        }
        if let Some((path, rate)) = rates.iter().find(|(_, r)| differs(r.period_s, asked_s)) {
            let problem = format!(
                "{} is asked for, the times of {} say {}; give the unit of the times, --columns time=NAME:ms (s, us, ns), or leave them out, \
                 --columns ignore=NAME",
                hz(asked_s),
                path.display(),
                hz(rate.period_s)
            );
            return Err(Error::usage("sample_period_s", problem));
        }
        return Ok(asked_s);
    }
    if let Some((path, rate)) = rates.iter().find(|(_, r)| differs(r.period_s, own)) {
        let problem = format!(
            "{} here, {} in most other recordings; give the unit of the times, --columns time=NAME:ms (s, us, ns), or take the recording away",
            hz(rate.period_s),
            hz(own)
        );
        return Err(Error::data(path, "time", problem));
    }
    // What all recordings of this rate together leave open.
    let alike = rates
        .iter()
        .filter(|(_, r)| (r.period_s / own - 1.0).abs() <= r.uncertainty.max(0.01));
    let (open, span) = alike.fold((0.0, 0.0), |(open, span), (_, r)| {
        let error = r.uncertainty * r.span_s;
        (open + error * error, span + r.span_s)
    });
    Ok(roundest(own, (open.sqrt() / span).max(1e-9)))
}

/// The period within `share` of `period_s` that has the fewest digits, as a period or as a rate.
fn roundest(period_s: f64, share: f64) -> f64 {
    let near = |p: f64| (p / period_s - 1.0).abs() <= share;
    let to = |v: f64, digits: usize| format!("{v:.digits$e}").parse::<f64>().unwrap_or(v);
    for digits in 0..9 {
        let (period, rate) = (to(period_s, digits), to(1.0 / period_s, digits));
        if near(1.0 / rate) {
            return 1.0 / rate;
        }
        if near(period) {
            return period;
        }
    }
    to(period_s, 8)
}
