//! The trade-off curve: what offsets of the skip gate do to updates and metric.

use crate::{
    CurvePoint, Error, IntegerModel, Options, Run, Simulator,
    curve::{BlockSpread, mean, stored_dial},
    simulate::counts,
};
use float_model::{Metric, Sequences, Targets};

/// How far out the ends of the curve are looked for; the gate's pre-activation is clamped to ±16.
const REACHES: [f64; 10] = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0];
/// By how much the updates are to change towards either end.
const FACTOR: f64 = 2.0;
/// Points on either side of 0.
const POINTS: u32 = 4;
/// Sequences on which the ends are looked for, at most.
const SOUGHT: usize = 500;
/// Sequences on which a curve should be measured, where there are that many.
const SEQUENCES: usize = 1000;

/// How many training sequences the updates of a curve should be measured on in addition to `calibration` others, at most
/// `wanted` of both together; `None` where the calibration sequences are enough.
pub fn extra_curve_sequences(calibration: usize, wanted: usize) -> Option<usize> {
    (calibration < SEQUENCES.min(wanted)).then(|| wanted - calibration)
}

/// Measures the curve: updates on `x` and on `more`, the metric on `x` alone.
pub(crate) fn dial_curve(
    integers: &IntegerModel,
    (x, y): (&Sequences, Option<&Targets>),
    more: Option<&Sequences>,
    options: &Options,
) -> Result<Vec<CurvePoint>, Error> {
    let blob = integers.blob()?;
    let parsed = blob.model();
    let of_x = counts(&parsed, "calibration data", x)?;
    let of_more = match more {
        Some(more) => counts(&parsed, "calibration data", more)?,
        None => Vec::new(),
    };
    let some = SOUGHT.min(x.count) * x.length * x.channels;
    let at = |dial: f64, counts: &[i16]| -> Result<Vec<Run>, Error> {
        let simulator = Simulator::new(&parsed)?.with_dial(dial);
        Ok(simulator.run_all(counts, x.length, options.threads))
    };
    let updates = |runs: &[Run]| -> Vec<usize> { runs.iter().map(|r| r.updates.len()).collect() };
    let mut dials = match (&options.dials, &integers.gate) {
        (_, None) => Vec::new(),
        (Some(dials), Some(_)) => dials.clone(),
        (None, Some(_)) => ends(|dial| at(dial, &of_x[..some]).map(|runs| mean(&updates(&runs))))?,
    };
    dials.push(0.0);
    dials.sort_by(f64::total_cmp);
    // Two dials that the blob stores as one number are one point.
    dials.dedup_by_key(|dial| stored_dial(*dial));
    let mut curve = Vec::new();
    for dial in dials {
        let runs = at(dial, &of_x)?;
        let simulator = Simulator::new(&parsed)?;
        let metric = match y {
            None => None,
            Some(y) => {
                let outputs: Vec<Vec<f32>> = runs.iter().map(|r| simulator.outputs(r)).collect();
                let objective = integers.source.model.description.objective;
                Some(Metric::of("calibration data", objective, &outputs, y)?.value())
            }
        };
        let mut updates = updates(&runs);
        updates.extend(at(dial, &of_more)?.iter().map(|r| r.updates.len()));
        let between = BlockSpread::of(&updates);
        curve.push(CurvePoint {
            dial,
            updates_mean: mean(&updates),
            updates_error: between.map(|b| b.error_of_mean()),
            between,
            metric,
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

    #[test]
    fn few_calibration_sequences_are_joined_by_training_sequences() {
        assert_eq!(extra_curve_sequences(999, usize::MAX), Some(usize::MAX - 999));
        assert_eq!(extra_curve_sequences(300, 500), Some(200));
        assert_eq!(extra_curve_sequences(500, 500), None);
        assert_eq!(extra_curve_sequences(1000, usize::MAX), None);
    }

    #[test]
    fn more_sequences_count_for_the_updates_and_not_for_the_metric() {
        let model = crate::tests::model(float_model::Cell::SkipGru, 2, 6, 1, 9, 0.9);
        let (x, more) = (crate::tests::data(2, 30), crate::tests::data(2, 90));
        let y = Targets::Labels((0..30).map(|n| n % 2).collect());
        let options = Options {
            dials: Some(vec![-1.0, 1.0]),
            ..Options::default()
        };
        let q = crate::quantize(&model, &x, Some(&y), &options).unwrap();
        let alone = dial_curve(&q.integers, (&x, Some(&y)), None, &options).unwrap();
        let both = dial_curve(&q.integers, (&x, Some(&y)), Some(&more), &options).unwrap();
        let of_more = dial_curve(&q.integers, (&more, None), None, &options).unwrap();
        assert_eq!(alone.len(), 3);
        for ((alone, both), of_more) in alone.iter().zip(&both).zip(&of_more) {
            assert_eq!(both.metric, alone.metric);
            let expected = (30.0 * alone.updates_mean + 90.0 * of_more.updates_mean) / 120.0;
            assert!((both.updates_mean - expected).abs() < 1e-9);
            assert!(of_more.metric.is_none() && alone.updates_error.is_none());
        }
        let stored = q.with_dial_curve((&x, Some(&y)), Some(&more), &options).unwrap();
        let blob: Vec<f32> = stored.blob.model().dial_curve().map(|p| p.updates_mean).collect();
        let wanted: Vec<f32> = both.iter().map(|p| p.updates_mean as f32).collect();
        assert_eq!(blob, wanted);
        assert_eq!(stored.report.dial_curve, both);
        assert_eq!(stored.report.curve_sequences, 120);
    }
}
