//! The trade-off curve: what offsets of the skip gate do to updates and metric.

use crate::{Error, IntegerModel, Options, Run, Simulator, integers::DialPoint, simulate::counts};
use float_model::{Metric, Sequences, Targets};

/// How far out the ends of the curve are looked for; the gate's pre-activation is clamped to ±16.
const REACHES: [f64; 10] = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0];
/// By how much the updates are to change towards either end.
const FACTOR: f64 = 2.0;
/// Points on either side of 0.
const POINTS: u32 = 4;
/// Sequences on which the ends are looked for, at most.
const SOUGHT: usize = 500;

fn updates_mean(runs: &[Run]) -> f64 {
    runs.iter().map(|r| r.updates.len()).sum::<usize>() as f64 / runs.len() as f64
}

/// Measures the curve on all of `x`.
pub(crate) fn dial_curve(
    integers: &IntegerModel,
    x: &Sequences,
    y: Option<&Targets>,
    options: &Options,
) -> Result<Vec<DialPoint>, Error> {
    let blob = integers.blob()?;
    let parsed = blob.model();
    let counts = counts(&parsed, "calibration data", x)?;
    let some = SOUGHT.min(x.count) * x.length * x.channels;
    let at = |dial: f64, counts: &[i16]| -> Result<Vec<Run>, Error> {
        let simulator = Simulator::new(&parsed)?.with_dial(dial);
        Ok(simulator.run_all(counts, x.length, options.threads))
    };
    let mut dials = match (&options.dials, &integers.gate) {
        (_, None) => Vec::new(),
        (Some(dials), Some(_)) => dials.clone(),
        (None, Some(_)) => ends(|dial| at(dial, &counts[..some]).map(|runs| updates_mean(&runs)))?,
    };
    dials.push(0.0);
    dials.sort_by(f64::total_cmp);
    dials.dedup();
    let mut curve = Vec::new();
    for dial in dials {
        let runs = at(dial, &counts)?;
        let simulator = Simulator::new(&parsed)?;
        let metric = match y {
            None => f64::NAN,
            Some(y) => {
                let outputs: Vec<Vec<f32>> = runs.iter().map(|r| simulator.outputs(r)).collect();
                let objective = integers.source.model.description.objective;
                Metric::of("calibration data", objective, &outputs, y)?.value()
            }
        };
        curve.push(DialPoint {
            dial,
            updates_mean: updates_mean(&runs) as f32,
            metric: metric as f32,
        });
    }
    Ok(curve)
}

/// Dials on both sides of 0, evenly spaced to where the updates are halved and doubled, or as far as there are dials.
fn ends(mut updates: impl FnMut(f64) -> Result<f64, Error>) -> Result<Vec<f64>, Error> {
    let base = updates(0.0)?;
    let mut dials = Vec::new();
    for side in [-1.0, 1.0] {
        let mut end = 0.0;
        for reach in REACHES {
            end = side * reach;
            let now = updates(end)?;
            if now <= base / FACTOR || now >= base * FACTOR {
                break;
            }
        }
        dials.extend((1..=POINTS).map(|k| end * f64::from(k) / f64::from(POINTS)));
    }
    Ok(dials)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_halve_and_double() {
        let steep = ends(|d| Ok(10.0 * d.exp2())).unwrap();
        assert_eq!(steep, [-0.25, -0.5, -0.75, -1.0, 0.25, 0.5, 0.75, 1.0]);
        // Halved 5 below; above 0 nothing changes.
        let flat = ends(|d| Ok(10.0 * (d / 5.0).min(0.0).exp2())).unwrap();
        assert_eq!(flat, [-1.5, -3.0, -4.5, -6.0, 4.0, 8.0, 12.0, 16.0]);
    }
}
