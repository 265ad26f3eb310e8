//! Both engines against PyTorch: `torch/recipe.py` printed `torch/gradients.txt` (PyTorch 2.15, f64, its own cells).

use float_model::{Cell, Sequences, Targets};
use host_train::{
    Budget, Device, Engine,
    batch::{Batch, Updates},
    gradient::Differentiator,
    loss::UpdateCost,
    params::{Kind, Shape},
};

const PRINTED: &str = include_str!("torch/gradients.txt");
const BATCH: usize = 5;
const LENGTH: usize = 12;
const OUTPUTS: usize = 3;

/// scale · sin(a·n + b), as the recipe makes weights and inputs.
fn formula(count: usize, a: f64, b: f64, scale: f64) -> Vec<f32> {
    (0..count).map(|n| (scale * (a * n as f64 + b).sin()) as f32).collect()
}

/// The lines of one case: its name, then a name and numbers each.
struct Case<'a> {
    cell: Cell,
    every_step: bool,
    figures: Vec<(&'a str, Vec<f64>)>,
}

impl Case<'_> {
    fn all() -> Vec<Case<'static>> {
        let mut cases = Vec::new();
        for line in PRINTED.lines() {
            let (name, rest) = line.split_once(' ').unwrap();
            if name == "case" {
                let (cell, output_at) = rest.split_once(' ').unwrap();
                cases.push(Case {
                    cell: format!("skip-{cell}").parse().unwrap(),
                    every_step: output_at == "step",
                    figures: Vec::new(),
                });
            } else {
                let numbers = rest.split(' ').map(|v| v.parse().unwrap()).collect();
                cases.last_mut().unwrap().figures.push((name, numbers));
            }
        }
        cases
    }

    fn get(&self, name: &str) -> &[f64] {
        let found = self.figures.iter().find(|(n, _)| *n == name);
        &found.unwrap_or_else(|| panic!("the recipe prints no {name}")).1
    }
}

/// |found - expected| / |expected|, in the 2-norm.
fn relative(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let difference: f64 = found
        .iter()
        .zip(expected)
        .map(|(a, b)| (f64::from(*a) - b).powi(2))
        .sum();
    let size: f64 = expected.iter().map(|b| b * b).sum();
    (difference / size).sqrt()
}

#[test]
fn losses_and_gradients_are_pytorchs() {
    let cases = Case::all();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let shape = Shape {
            cell: case.cell,
            input: 2,
            hidden: 4,
            outputs: OUTPUTS,
            layers: 1,
        };
        let layout = shape.layout();
        let values: Vec<Vec<f32>> = layout
            .iter()
            .enumerate()
            .map(|(k, e)| match e.kind {
                Kind::GateBias => vec![-1.375],
                _ => formula(e.rows * e.cols, 1.3, 0.7 * k as f64 + 0.2, 0.8),
            })
            .collect();
        let x = formula(BATCH * LENGTH * 2, 0.9, 0.4, 1.5);
        let rows = if case.every_step { BATCH * LENGTH } else { BATCH };
        let labels = Targets::Labels((0..rows as u32).map(|n| n % OUTPUTS as u32).collect());
        let batch = Batch {
            x: Sequences::new("x", x, BATCH, LENGTH, 2).unwrap(),
            y: match case.every_step {
                false => labels,
                true => Targets::PerStep {
                    answers: Box::new(labels),
                    length: LENGTH,
                },
            },
            updates: Updates::Gate,
            kept: Vec::new(),
            dials: Default::default(),
            lesson: None,
        };
        let cost = UpdateCost {
            budget: Budget::Cost,
            lambda: 0.01,
            decision_clip: None,
        };
        for engine in [Engine::Fused, Engine::Candle] {
            let name = format!("{} {engine:?}, every step: {}", case.cell, case.every_step);
            let differentiator = Differentiator::new(engine, Device::Cpu, 1, LENGTH).unwrap();
            let g = differentiator.gradient(&shape, &values, &batch, cost).unwrap();
            assert!((g.updates - case.get("updates")[0]).abs() < 1e-6, "{name}");
            assert!((g.loss / case.get("loss")[0] - 1.0).abs() < 1e-6, "{name}: {}", g.loss);
            for (e, found) in layout.iter().zip(&g.gradients) {
                let error = relative(found, case.get(&e.to_string()));
                assert!(error <= 1e-4, "{name}: {e} is off by {error:e}");
            }
        }
    }
}
