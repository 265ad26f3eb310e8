//! Figures of a run: learning curves, and which samples a model uses.

pub mod digits;

use crate::{CurvePoint, Error, TrainedModel};
use charts::{Axis, Chart, DEFAULT_STYLE, HEIGHT, Series, WIDTH, span, stacked};
use float_model::Sequences;

/// Metric and mean updates over the steps, a line for each run, as an SVG file.
///
/// # Errors
/// Curves without a point.
pub fn draw_curves(runs: &[Vec<CurvePoint>]) -> Result<String, Error> {
    let all = || runs.iter().flatten();
    if all().next().is_none() {
        return Err(Error::data("metrics.csv", "no evaluation yet"));
    }
    let steps = span(all().map(|p| p.step as f64));
    let panel = |title: &str, value: &dyn Fn(&CurvePoint) -> f64| {
        let line = |run: &Vec<CurvePoint>| run.iter().map(|p| (p.step as f64, value(p))).collect();
        let lines: Vec<Vec<(f64, f64)>> = runs.iter().map(line).collect();
        let series = lines.iter().map(|points| Series::line("curve", "", points));
        Chart {
            title,
            x_label: "training step",
            x: steps.into(),
            y: span(all().map(value)).into(),
            size: (WIDTH, HEIGHT),
            series: series.collect(),
        }
        .draw()
    };
    let panels = [
        panel("Metric on the validation part", &|p| p.metric),
        panel("Samples used, mean per sequence", &|p| p.updates),
    ];
    Ok(stacked(&panels).to_file(DEFAULT_STYLE))
}

/// The first channel of every sequence as an SVG file: used samples red, skipped ones blue (figures 5 and 6 of Campos et al.).
///
/// # Errors
/// Sequences that do not fit the model.
pub fn draw_samples(run: &TrainedModel, x: &Sequences, seed: u64) -> Result<String, Error> {
    let outcomes = run.outcomes(x, 0.0, seed)?;
    let panel = |(n, sequence): (usize, &[f32])| {
        let updates = &outcomes[n].updates;
        let signal = sequence.iter().step_by(x.channels).enumerate();
        let wave: Vec<(f64, f64)> = signal.map(|(t, v)| (t as f64, f64::from(*v))).collect();
        let (used, skipped): (Vec<_>, Vec<_>) = wave
            .iter()
            .partition(|(t, _)| updates.binary_search(&(*t as u32)).is_ok());
        Chart {
            title: &format!("Sequence {n}: {} of {} samples used", used.len(), x.length_of(n)),
            x_label: "sample",
            x: Axis::linear(0.0, (x.length_of(n).max(2) - 1) as f64),
            y: span(wave.iter().map(|p| p.1)).into(),
            size: (WIDTH, HEIGHT),
            series: vec![
                Series::line("wave", "", &wave),
                Series::dots("skipped", "skipped", &skipped),
                Series::dots("used", "used", &used),
            ],
        }
        .draw()
    };
    Ok(stacked(&x.iter().enumerate().map(panel).collect::<Vec<_>>()).to_file(DEFAULT_STYLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_have_a_panel_for_each_figure() {
        let point = |step, metric, updates| CurvePoint { step, metric, updates };
        let curve = vec![point(100, 0.5, 90.0), point(200, 0.9, 30.0)];
        let svg = draw_curves(&[curve.clone(), curve]).unwrap();
        assert_eq!(svg.matches("<polyline").count(), 4);
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
        let empty = draw_curves(&[Vec::new()]).unwrap_err();
        assert!(empty.to_string().contains("no evaluation"));
    }
}
