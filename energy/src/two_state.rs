//! Average power as a mixture of two states.

use serde::Serialize;

use crate::error::Error;

/// Average power at one duty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DutyPoint {
    /// Share of the time that is active, in [0, 1].
    pub duty: f64,
    /// Average power.
    pub average_mw: f64,
}

/// The two powers of `P = duty * P_active + (1 - duty) * P_idle`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TwoState {
    /// Power while active.
    pub active_mw: f64,
    /// Power while idle.
    pub idle_mw: f64,
    /// Root mean square of what the fit leaves over.
    pub residual_mw: f64,
}

/// The most power that is taken for one, in milliwatts: squares and sums of more are not finite.
pub const MOST_MW: f64 = 1e12;

impl DutyPoint {
    /// Whether the duty lies in [0, 1] and the power from 0 to [`MOST_MW`].
    #[must_use]
    pub fn is_sound(&self) -> bool {
        (0.0..=1.0).contains(&self.duty) && (0.0..=MOST_MW).contains(&self.average_mw)
    }
}

impl TwoState {
    /// Average power at a duty.
    #[must_use]
    pub fn average_mw(&self, duty: f64) -> f64 {
        duty * self.active_mw + (1.0 - duty) * self.idle_mw
    }
}

/// Fits idle power, and active power where it is not given, by least squares.
///
/// With the active power given: `P_idle = sum (1 - d)(P - d * P_active) / sum (1 - d)^2`, one point suffices. Without:
/// the straight line through power over duty, read at duty 0 and 1, which takes two different duties at one clock.
///
/// # Errors
/// [`Error::Mismatch`] where the points do not determine the powers, or there are no points.
pub fn fit_two_states(points: &[DutyPoint], active_mw: Option<f64>) -> Result<TwoState, Error> {
    let fault = |problem: &str| Err(Error::Mismatch(format!("two-state fit: {problem}")));
    if points.is_empty() {
        return fault("no point of duty and average power");
    }
    if !points.iter().all(DutyPoint::is_sound) || active_mw.is_some_and(|mw| !(0.0..=MOST_MW).contains(&mw)) {
        return fault("duties lie in [0, 1], powers from 0 to 1e12 mW");
    }
    let (active_mw, idle_mw) = match active_mw {
        Some(active_mw) => {
            let weight: f64 = points.iter().map(|p| (1.0 - p.duty).powi(2)).sum();
            let sum: f64 = points
                .iter()
                .map(|p| (1.0 - p.duty) * (p.average_mw - p.duty * active_mw))
                .sum();
            if weight < 1e-12 {
                return fault("every duty is 1, so nothing is known of the idle power");
            }
            (active_mw, sum / weight)
        }
        None => {
            let n = points.len() as f64;
            let duty = points.iter().map(|p| p.duty).sum::<f64>() / n;
            let power = points.iter().map(|p| p.average_mw).sum::<f64>() / n;
            let variance: f64 = points.iter().map(|p| (p.duty - duty).powi(2)).sum();
            if variance < 1e-12 {
                return fault("two different duties are needed where the active power is not given");
            }
            let covariance: f64 = points.iter().map(|p| (p.duty - duty) * (p.average_mw - power)).sum();
            let idle_mw = power - covariance / variance * duty;
            (idle_mw + covariance / variance, idle_mw)
        }
    };
    let mut fit = TwoState {
        active_mw,
        idle_mw,
        residual_mw: 0.0,
    };
    let squares: f64 = points
        .iter()
        .map(|p| (p.average_mw - fit.average_mw(p.duty)).powi(2))
        .sum();
    fit.residual_mw = (squares / points.len() as f64).sqrt();
    Ok(fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_streaming_benchmark_gives_the_idle_powers_of_the_survey() {
        // MLPerf Tiny v1.3, streaming wakeword: average power and duty; active power of the same boards' keyword
        // spotting; idle power of the survey's finding 4.
        let cases = [
            ("L4R5-P, 120 MHz", 25.62, 0.561, 32.9, 16.4),
            ("U575, 160 MHz", 11.47, 0.363, 23.1, 4.9),
            ("U385, 96 MHz", 3.98, 0.606, 5.09, 2.3),
        ];
        for (name, average_mw, duty, active_mw, idle_mw) in cases {
            let fit = fit_two_states(&[DutyPoint { duty, average_mw }], Some(active_mw)).unwrap();
            assert!((fit.idle_mw / idle_mw - 1.0).abs() < 0.02, "{name}: {fit:?}");
            assert!(fit.residual_mw < 1e-12);
        }
    }

    #[test]
    fn a_line_is_fitted_where_the_active_power_is_unknown() {
        let truth = TwoState {
            active_mw: 20.0,
            idle_mw: 2.0,
            residual_mw: 0.0,
        };
        let points: Vec<_> = [0.1, 0.4, 0.9]
            .map(|duty| DutyPoint {
                duty,
                average_mw: truth.average_mw(duty),
            })
            .into();
        let fit = fit_two_states(&points, None).unwrap();
        assert!((fit.active_mw - 20.0).abs() < 1e-9 && (fit.idle_mw - 2.0).abs() < 1e-9);
        assert!(fit_two_states(&points[..1], None).is_err());
        assert!(fit_two_states(&[], Some(1.0)).is_err());
        assert!(
            fit_two_states(
                &[DutyPoint {
                    duty: 1.0,
                    average_mw: 3.0
                }],
                Some(3.0)
            )
            .is_err()
        );
        assert!(
            fit_two_states(
                &[DutyPoint {
                    duty: 1.1,
                    average_mw: 3.0
                }],
                Some(3.0)
            )
            .is_err()
        );
    }
}
