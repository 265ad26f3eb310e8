//! What the first time stamps of a trace say of its clock.

/// Off the raster by more than this share of a period.
const OFF_RASTER: f64 = 0.05;
/// Rounded stamps of an even clock lie in a strip one unit wide; the straight line through them is not quite the best one.
const STRIP_UNITS: f64 = 1.3;
/// Fewer steps of another length than this are lost samples, not the beat of rounding.
const LEAST_ODD_STEPS: usize = 3;

/// How samples follow each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Stamps {
    /// Whole multiples of a period, but for a few.
    Regular { period_s: f64 },
    /// Even, but the stamps are rounded to a unit that the period is no multiple of.
    Rounded { unit_s: f64, period_s: f64 },
    /// Several samples on one stamp, as they came out of a buffer.
    Shared,
    /// Anything else.
    Irregular,
}

/// How many periods a step is long; `None` where it is off the raster.
pub(super) fn on_raster(dt: f64, period_s: f64) -> Option<u64> {
    let ratio = dt / period_s;
    let whole = ratio.round();
    ((ratio - whole).abs() <= OFF_RASTER && whole >= 1.0).then_some(whole as u64)
}

/// The period of stamps that all lie on one raster, the mean over them.
pub(super) fn strictly_regular(times: &[f64]) -> Option<f64> {
    let least_s = steps(times).fold(f64::INFINITY, f64::min);
    let mut periods = 0;
    for dt in steps(times) {
        periods += on_raster(dt, least_s)?;
    }
    Some((times.last()? - times.first()?) / periods as f64)
}

/// What stamps say that do not fall, of at least two samples, not all on one stamp.
pub(super) fn of(times: &[f64]) -> Stamps {
    regular(times)
        .or_else(|| rounded(times))
        .unwrap_or_else(|| match steps(times).any(|dt| dt <= 0.0) {
            true => Stamps::Shared,
            false => Stamps::Irregular,
        })
}

fn steps(times: &[f64]) -> impl Iterator<Item = f64> {
    times.windows(2).map(|pair| pair[1] - pair[0])
}

fn sorted_steps(times: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = steps(times).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn regular(times: &[f64]) -> Option<Stamps> {
    let sorted = sorted_steps(times);
    let middle_s = *sorted.get(sorted.len() / 2)?;
    if middle_s <= 0.0 {
        return None;
    }
    // Few may be late, doubled or lost; more are not a raster with faults but another clock.
    let few = (times.len() / 100).max(2);
    let (mut single, mut single_s, mut lost, mut off) = (0_usize, 0.0, 0_usize, 0_usize);
    for dt in steps(times) {
        match on_raster(dt, middle_s) {
            Some(1) => (single, single_s) = (single + 1, single_s + dt),
            Some(_) => lost += 1,
            None => off += 1,
        }
    }
    (lost <= few && off <= few && single > 0).then(|| Stamps::Regular {
        period_s: single_s / single as f64,
    })
}

fn rounded(times: &[f64]) -> Option<Stamps> {
    let (first, last) = (*times.first()?, *times.last()?);
    let period_s = (last - first) / (times.len() - 1) as f64;
    let sorted = sorted_steps(times);
    let tolerance_s = (4.0 * f64::EPSILON * last.abs().max(first.abs())).max(1e-6 * period_s);
    let unit_s = sorted
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|difference| *difference > 4.0 * tolerance_s)
        .fold(f64::INFINITY, f64::min);
    let usual_s = sorted[sorted.len() / 2];
    let odd = sorted.iter().filter(|dt| (*dt - usual_s).abs() > tolerance_s).count();
    if !unit_s.is_finite() || odd < LEAST_ODD_STEPS || period_s <= 0.0 {
        return None;
    }
    (strip_s(times) <= STRIP_UNITS * unit_s + 4.0 * tolerance_s).then_some(Stamps::Rounded { unit_s, period_s })
}

/// Height of the strip around the straight line of least squares through the stamps.
fn strip_s(times: &[f64]) -> f64 {
    let n = times.len() as f64;
    let (middle, first) = ((n - 1.0) / 2.0, times[0]);
    let mean = times.iter().map(|t| t - first).sum::<f64>() / n;
    let (mut product, mut square) = (0.0, 0.0);
    for (k, t) in times.iter().enumerate() {
        let x = k as f64 - middle;
        product += x * (t - first - mean);
        square += x * x;
    }
    let slope = product / square;
    let residuals = || {
        times
            .iter()
            .enumerate()
            .map(|(k, t)| t - first - mean - slope * (k as f64 - middle))
    };
    residuals().fold(f64::MIN, f64::max) - residuals().fold(f64::MAX, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded_to_ms(rate_hz: f64, count: usize, round: fn(f64) -> f64) -> Vec<f64> {
        (0..count).map(|n| round(n as f64 * 1e3 / rate_hz) * 1e-3).collect()
    }

    #[test]
    fn rounding_is_recognised_at_every_rate() {
        for rate_hz in [
            52.0, 60.0, 80.0, 104.0, 119.0, 400.0, 700.0, 952.0, 976.0, 1100.0, 1600.0, 3000.0,
        ] {
            for round in [f64::round, f64::floor] {
                let found = of(&rounded_to_ms(rate_hz, 2000, round));
                let period_s = match found {
                    Stamps::Rounded { unit_s, period_s } => {
                        assert!((unit_s - 1e-3).abs() < 1e-9, "{rate_hz}: {found:?}");
                        period_s
                    }
                    // 52 and 60 Hz: a millisecond is near a twentieth of a period.
                    Stamps::Regular { period_s } => period_s,
                    other => panic!("{rate_hz} Hz: {other:?}"),
                };
                assert!((period_s * rate_hz - 1.0).abs() < 2e-3, "{rate_hz}: {found:?}");
            }
        }
    }

    #[test]
    fn lost_late_and_doubled_samples_leave_a_raster() {
        let times = |keep: &dyn Fn(usize) -> bool| {
            (0..4000)
                .filter(|n| keep(*n))
                .map(|n| n as f64 * 1e-3)
                .collect::<Vec<_>>()
        };
        let is = |found: Stamps| matches!(found, Stamps::Regular { period_s } if (period_s - 1e-3).abs() < 1e-9);
        assert!(is(of(&times(&|n| n % 500 != 250))));
        assert!(is(of(&times(&|n| !(100..900).contains(&n)))));
        let mut late = times(&|_| true);
        late[70] += 0.4e-3;
        late[91] = late[90];
        assert!(is(of(&late)));
    }

    #[test]
    fn shared_and_irregular_stamps() {
        let blocks: Vec<f64> = (0..600)
            .map(|n| [0.0, 0.0031, 0.0059, 0.0092][n / 7 % 4] + (n / 28) as f64 * 0.0121)
            .collect();
        assert_eq!(of(&blocks), Stamps::Shared);
        let mut time_s = 0.0;
        let jitter: Vec<f64> = (0..600)
            .map(|n| {
                time_s += 0.01 + 0.003 * f64::from(n % 4) + 0.0007 * f64::from(n % 3);
                time_s
            })
            .collect();
        assert_eq!(of(&jitter), Stamps::Irregular);
        // Random losses of one sample in ten walk away from any straight line.
        let lossy: Vec<f64> = (0..4000_u64)
            .filter(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60 != 3)
            .map(|n| n as f64)
            .collect();
        assert_eq!(of(&lossy), Stamps::Irregular);
    }
}
