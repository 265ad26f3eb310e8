//! `skiprnn plot`: learning curves, and which samples a model uses, as SVG.

pub mod digits;

use crate::{
    args::InputArgs,
    inputs::{self, Run},
    output::{self, Output},
    report::{Point, learning_curve},
};
use charts::{Axis, Chart, DEFAULT_STYLE, HEIGHT, Series, WIDTH, span, stacked};
use clap::Args;
use float_model::Sequences;
use serde_json::json;
use std::path::PathBuf;

/// Sequences drawn where nothing else is said.
const COUNT: usize = 6;

/// Options of `plot`.
#[derive(Args, Debug)]
pub struct PlotArgs {
    /// Run folder.
    pub run: PathBuf,
    /// Folder for curves.svg and samples.svg, and of an mnist run digits.svg. [default: the run folder]
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// The sequences to draw.
    #[command(flatten)]
    pub input: InputArgs,
}

/// Runs the command.
pub fn run(args: &PlotArgs, out: Output) -> anyhow::Result<()> {
    let run = Run::open(&args.run)?;
    let folder = args.out.as_deref().unwrap_or(&args.run);
    let (curves, samples) = (folder.join("curves.svg"), folder.join("samples.svg"));
    let curve = learning_curve(&args.run.join("metrics.csv"))?;
    output::write_atomically(&curves, draw_curves(&[curve])?.as_bytes())?;
    let data = inputs::resolve(&args.input, run.source().as_ref(), COUNT)?;
    let x = data.x.take(args.input.n.unwrap_or(COUNT));
    output::write_atomically(&samples, draw_samples(&run, &x, args.input.seed)?.as_bytes())?;
    let mut digits = None;
    if run.model.description.task == "mnist" {
        let count = args.input.n.unwrap_or(digits::COUNT);
        let (x, y) = (data.x.take(count), data.y.map(|y| y.take(count)));
        if let Some(drawn) = digits::draw(&run, &x, y.as_ref(), args.input.seed)? {
            let path = folder.join("digits.svg");
            output::write_atomically(&path, drawn.as_bytes())?;
            digits = Some(path);
        }
    }
    let value = json!({ "curves": curves, "samples": samples, "digits": digits });
    let written = [Some(curves), Some(samples), digits];
    out.print(&value, || {
        let lines: Vec<String> = written.iter().flatten().map(|p| p.display().to_string()).collect();
        lines.join("\n")
    });
    Ok(())
}

/// Metric and mean updates over the steps, a line for each run.
pub fn draw_curves(runs: &[Vec<Point>]) -> anyhow::Result<String> {
    let all = || runs.iter().flatten();
    anyhow::ensure!(all().next().is_some(), "metrics.csv: no evaluation yet");
    let steps = span(all().map(|p| p.step as f64));
    let panel = |title: &str, value: &dyn Fn(&Point) -> f64| {
        let line = |run: &Vec<Point>| run.iter().map(|p| (p.step as f64, value(p))).collect();
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

/// The first channel of every sequence: used samples red, skipped ones blue (figures 5 and 6 of Campos et al.).
pub fn draw_samples(run: &Run, x: &Sequences, seed: u64) -> anyhow::Result<String> {
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
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.csv");
        std::fs::write(&path, "step,seconds,metric,updates\n100,1,0.5,90\n200,2,0.9,30\n").unwrap();
        let curve = learning_curve(&path).unwrap();
        let svg = draw_curves(&[curve.clone(), curve]).unwrap();
        assert_eq!(svg.matches("<polyline").count(), 4);
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
        std::fs::write(&path, "step,seconds,metric,updates\n").unwrap();
        let empty = learning_curve(&path).unwrap();
        assert!(draw_curves(&[empty]).unwrap_err().to_string().contains("no evaluation"));
    }
}
