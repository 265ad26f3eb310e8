//! The two engines against each other.

use super::*;
use crate::Budget;
use crate::batch::Updates;
use crate::params::Parameters;
use crate::philox::{Purpose, Stream};
use float_model::{Cell, OutputAt, Sequences, Targets};

const BATCH: usize = 24;
const LENGTH: usize = 40;

fn shape(cell: Cell, layers: usize) -> Shape {
    Shape {
        cell,
        input: 2,
        hidden: 11,
        outputs: 3,
        layers,
    }
}

fn random(n: usize, seed: u64) -> Vec<f32> {
    let mut stream = Stream::new(seed, Purpose::Training, 0, 0);
    (0..n).map(|_| stream.normal() as f32).collect()
}

/// Parameters with no zeros among them, whose gate says about `delta`.
fn parameters(shape: Shape, delta: f32, seed: u64) -> Parameters {
    let mut p = Parameters::initial(shape, seed);
    for (k, (e, values)) in shape.layout().iter().zip(&mut p.values).enumerate() {
        let noise = random(values.len(), 100 * seed + k as u64);
        match e.kind {
            Kind::GateBias => values[0] = (delta / (1.0 - delta)).ln(),
            Kind::GateWeight => *values = noise.iter().map(|v| 0.1 * v).collect(),
            Kind::Bias | Kind::BiasHn | Kind::HeadBias => {
                values.iter_mut().zip(&noise).for_each(|(v, n)| *v += 0.3 * n)
            }
            _ => {}
        }
    }
    p
}

/// Whether every ũ stays more than 1e-4 away from 0.5, so that rounding cannot turn a decision.
fn clear_cut(p: &Parameters, x: &Sequences) -> bool {
    let model = p.to_model(&[0.0; 2], &[1.0; 2], &float_model::Description::default());
    let forward = float_model::Forward::new(&model);
    x.iter().all(|sequence| {
        let mut clear = true;
        forward.run_observed(sequence, float_model::Schedule::Learned { dial: 0.0 }, |update| {
            let mut urge = f64::from(update.delta);
            for _ in 0..LENGTH {
                clear &= (urge - 0.5).abs() > 1e-4;
                urge += f64::from(update.delta);
            }
        });
        clear
    })
}

fn relative(found: &[f32], expected: &[f32]) -> f64 {
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
    let size = norm(&mut expected.iter().map(|v| f64::from(*v)));
    let pairs = found.iter().zip(expected);
    let difference = norm(&mut pairs.map(|(a, b)| f64::from(*a) - f64::from(*b)));
    if difference == 0.0 { 0.0 } else { difference / size }
}

fn batch(x: Sequences, updates: Updates) -> Batch {
    Batch {
        y: Targets::Labels((0..x.count as u32).map(|n| n % 3).collect()),
        x,
        updates,
        kept: Vec::new(),
        dials: Default::default(),
        lesson: None,
    }
}

/// Checks one case; returns the mean updates.
fn compare(fused: &Differentiator, shape: Shape, p: &Parameters, batch: &Batch, budget: Budget) -> f64 {
    compare_clipped(fused, shape, p, batch, cost(budget, None))
}

fn cost(budget: Budget, decision_clip: Option<f64>) -> UpdateCost {
    UpdateCost {
        budget,
        lambda: 1e-2,
        decision_clip,
    }
}

fn compare_clipped(fused: &Differentiator, shape: Shape, p: &Parameters, batch: &Batch, cost: UpdateCost) -> f64 {
    let budget = cost.budget;
    let expected = by_candle(&shape, &p.values, batch, cost, &candle_core::Device::Cpu).unwrap();
    let found = fused.gradient(&shape, &p.values, batch, cost).unwrap();
    assert!((found.updates - expected.updates).abs() < 1e-4);
    assert!((found.loss - expected.loss).abs() < 1e-5 * expected.loss);
    assert!((found.budget - expected.budget).abs() <= 1e-5 * expected.budget);
    for ((e, a), b) in shape.layout().iter().zip(&found.gradients).zip(&expected.gradients) {
        let error = relative(a, b);
        assert!(error <= 1e-4, "{shape:?}, {budget}: {e:?} is off by {error:e}");
    }
    found.updates
}

/// Sampled and imposed updates, and dropout.
#[test]
fn the_engines_agree_on_random_updates() {
    let fused = Differentiator::new(Engine::Fused, Device::Cpu, 1, LENGTH).unwrap();
    for cell in Cell::ALL {
        let shape = shape(cell, 1);
        let p = parameters(shape, 0.33, 3);
        let data = || Sequences::new("x", random(BATCH * LENGTH * 2, 3), BATCH, LENGTH, 2).unwrap();
        let mut draws = Stream::new(4, Purpose::Training, 0, 0);
        let mut uniforms = |n: usize| -> Vec<f32> { (0..n).map(|_| draws.uniform() as f32).collect() };
        let mask: Vec<bool> = uniforms(BATCH * LENGTH).iter().map(|v| *v < 0.5).collect();
        let mut imposed = batch(data(), Updates::Imposed(mask));
        imposed.kept = uniforms(BATCH * shape.hidden).iter().map(|v| 2.0 * v.round()).collect();
        let used = compare(&fused, shape, &p, &imposed, Budget::Cost);
        assert!((used / LENGTH as f64 - 0.5).abs() < 0.05);
        if cell.skips() {
            let sampled = batch(data(), Updates::Bernoulli(uniforms(BATCH * LENGTH)));
            compare(&fused, shape, &p, &sampled, Budget::Cost);
        }
    }
}

/// Sequences with dials and costs of their own.
#[test]
fn the_engines_agree_along_the_dial() {
    let fused = Differentiator::new(Engine::Fused, Device::Cpu, 2, LENGTH).unwrap();
    for (cell, layers) in [(Cell::SkipLstm, 2), (Cell::SkipGru, 1)] {
        let shape = shape(cell, layers);
        let p = parameters(shape, 0.33, 3);
        let data = Sequences::new("x", random(BATCH * LENGTH * 2, 3), BATCH, LENGTH, 2).unwrap();
        let mut batch = batch(data, Updates::Gate);
        let flat = compare(&fused, shape, &p, &batch, Budget::Cost);
        let signs = (0..BATCH).map(|n| if n % 2 == 0 { 1.5 } else { -1.5 });
        batch.dials.dial = signs.collect();
        batch.dials.lambda_factor = (0..BATCH).map(|n| if n % 2 == 0 { 0.25 } else { 4.0 }).collect();
        let dialled = compare(&fused, shape, &p, &batch, Budget::L2(9.0));
        assert!(
            (flat - dialled).abs() > 0.5,
            "the dial moves updates: {flat}, {dialled}"
        );
    }
}

/// Every cell, one and two layers, all budget losses, at about 100, 50 and 12 % updates.
#[test]
fn the_fused_gradient_is_that_of_the_candle_engine() {
    let fused = Differentiator::new(Engine::Fused, Device::Cpu, 2, LENGTH).unwrap();
    for cell in Cell::ALL {
        for layers in [1, 2] {
            for (delta, share) in [(0.75, 0.99..1.01), (0.33, 0.4..0.6), (0.068, 0.09..0.16)] {
                let shape = shape(cell, layers);
                let case = |seed: u64| {
                    let x = Sequences::new("x", random(BATCH * LENGTH * 2, seed), BATCH, LENGTH, 2).unwrap();
                    (parameters(shape, delta, seed), x)
                };
                let (p, x) = (1..100)
                    .map(case)
                    .find(|(p, x)| clear_cut(p, x))
                    .expect("a clear-cut case");
                let batch = batch(x, if cell.skips() { Updates::Gate } else { Updates::Every });
                for budget in [Budget::Cost, Budget::L1(9.0), Budget::L2(9.0)] {
                    let used = compare(&fused, shape, &p, &batch, budget) / LENGTH as f64;
                    assert!(!cell.skips() || share.contains(&used), "{cell} {delta}: {used}");
                }
                let clipped = cost(Budget::Cost, Some(0.02));
                compare_clipped(&fused, shape, &p, &batch, clipped);
                let of = |cost| {
                    by_candle(&shape, &p.values, &batch, cost, &candle_core::Device::Cpu)
                        .unwrap()
                        .gradients
                };
                let (bounded, plain) = (of(clipped), of(cost(Budget::Cost, None)));
                assert_eq!(
                    bounded != plain,
                    cell.skips(),
                    "{cell} {delta}: where there is a gate, the bound bites"
                );
                let loose = fused.gradient(&shape, &p.values, &batch, cost(Budget::Cost, Some(1e9)));
                let free = fused.gradient(&shape, &p.values, &batch, cost(Budget::Cost, None));
                assert_eq!(
                    loose.unwrap().gradients,
                    free.unwrap().gradients,
                    "a loose bound changes no bit"
                );
            }
        }
    }
}

/// Sequences of unequal length, through either engine, and as the float model runs them.
#[test]
fn the_engines_agree_on_unequal_lengths() {
    let fused = Differentiator::new(Engine::Fused, Device::Cpu, 2, LENGTH).unwrap();
    for cell in Cell::ALL {
        let shape = shape(cell, 2);
        let case = |seed: u64| {
            let x = Sequences::new("x", random(BATCH * LENGTH * 2, seed), BATCH, LENGTH, 2).unwrap();
            (parameters(shape, 0.33, seed), x)
        };
        let (p, x) = (1..100)
            .map(case)
            .find(|(p, x)| clear_cut(p, x))
            .expect("a clear-cut case");
        let lengths = (0..BATCH).map(|n| (1 + n * 7 % LENGTH) as u32).collect();
        let x = Sequences::ragged("x", x.values, (BATCH, LENGTH, 2), lengths).unwrap();
        let batch = batch(x, if cell.skips() { Updates::Gate } else { Updates::Every });
        let used = compare(&fused, shape, &p, &batch, Budget::Cost);
        let model = p.to_model(&[0.0; 2], &[1.0; 2], &float_model::Description::default());
        let run = float_model::Forward::new(&model).run_all(&batch.x, 0.0, 1).unwrap();
        let updates: usize = run.iter().map(|o| o.updates.len()).sum();
        assert!((used - updates as f64 / BATCH as f64).abs() < 1e-4, "{cell}: {used}");
    }
}

/// Answers of each kind, in that many rows of three classes, labels or values.
fn answers(rows: usize) -> [Targets; 3] {
    [
        Targets::Labels((0..rows as u32).map(|n| n * 7 % 3).collect()),
        Targets::Multilabel {
            values: (0..rows * 3).map(|n| f32::from(u8::from(n * 5 % 7 < 3))).collect(),
            outputs: 3,
        },
        Targets::Values {
            values: random(rows * 3, 9),
            outputs: 3,
        },
    ]
}

/// An output at every step, with each loss, and dropout: the mean over time in both engines.
#[test]
fn the_engines_agree_on_every_step() {
    let fused = Differentiator::new(Engine::Fused, Device::Cpu, 2, LENGTH).unwrap();
    let rows = BATCH * LENGTH;
    for (cell, layers) in [(Cell::SkipLstm, 1), (Cell::SkipGru, 2), (Cell::Gru, 1)] {
        let shape = shape(cell, layers);
        let case = |seed: u64| {
            let x = Sequences::new("x", random(rows * 2, seed), BATCH, LENGTH, 2).unwrap();
            (parameters(shape, 0.33, seed), x)
        };
        let (p, x) = (1..100)
            .map(case)
            .find(|(p, x)| clear_cut(p, x))
            .expect("a clear-cut case");
        for (k, answers) in answers(rows).iter().enumerate() {
            let mut batch = batch(x.clone(), if cell.skips() { Updates::Gate } else { Updates::Every });
            batch.y = Targets::PerStep {
                answers: Box::new(answers.clone()),
                length: LENGTH,
            };
            if k == 1 {
                batch.kept = (0..BATCH * shape.hidden).map(|n| (n % 3) as f32).collect();
            }
            compare(&fused, shape, &p, &batch, Budget::Cost);
        }
    }
}

/// A teacher's outputs beside each kind of answer, after the last sample and at every step; the teacher lacks the network's first output.
#[test]
fn the_engines_agree_on_a_lesson() {
    let fused = Differentiator::new(Engine::Fused, Device::Cpu, 2, LENGTH).unwrap();
    for (cell, layers, every_step) in [
        (Cell::SkipLstm, 1, true),
        (Cell::SkipGru, 2, false),
        (Cell::Gru, 1, true),
    ] {
        let shape = shape(cell, layers);
        let rows = BATCH * if every_step { LENGTH } else { 1 };
        let case = |seed: u64| {
            let x = Sequences::new("x", random(BATCH * LENGTH * 2, seed), BATCH, LENGTH, 2).unwrap();
            (parameters(shape, 0.33, seed), x)
        };
        let (p, x) = (1..100)
            .map(case)
            .find(|(p, x)| clear_cut(p, x))
            .expect("a clear-cut case");
        for answers in answers(rows) {
            let mut batch = batch(x.clone(), if cell.skips() { Updates::Gate } else { Updates::Every });
            batch.y = match every_step {
                false => answers,
                true => Targets::PerStep {
                    answers: Box::new(answers),
                    length: LENGTH,
                },
            };
            let alone = fused
                .gradient(&shape, &p.values, &batch, cost(Budget::Cost, None))
                .unwrap();
            batch.lesson = Some(crate::Lesson {
                outputs: random(rows * 2, 17),
                places: vec![2, 1],
                distill: crate::Distill {
                    temperature: 3.0,
                    weight: 0.6,
                },
            });
            compare(&fused, shape, &p, &batch, Budget::Cost);
            let taught = fused
                .gradient(&shape, &p.values, &batch, cost(Budget::Cost, None))
                .unwrap();
            assert_ne!(alone.gradients, taught.gradients, "the lesson changes the gradient");
            // In two parts, as the candle engine's threads take it.
            let parts = [0..BATCH / 2, BATCH / 2..BATCH].map(|range| {
                let part = batch.part(range);
                fused
                    .gradient(&shape, &p.values, &part, cost(Budget::Cost, None))
                    .unwrap()
                    .loss
            });
            assert!((parts.iter().sum::<f64>() / 2.0 - taught.loss).abs() < 1e-5 * taught.loss);
        }
    }
}

#[test]
fn packing_comes_back() {
    for cell in Cell::ALL {
        let shape = shape(cell, 2);
        let p = parameters(shape, 0.3, 1);
        let mut back = p.values.clone();
        let flat = recurrent::pack(&shape, &p.values);
        for (e, v) in shape.layout().iter().zip(&mut back) {
            if !matches!(e.kind, Kind::HeadWeight | Kind::HeadBias) {
                v.fill(0.0);
            }
        }
        recurrent::unpack(&shape, &flat, &mut back);
        assert_eq!(back, p.values);
    }
}

#[test]
fn only_the_last_pass_can_be_differentiated() {
    let shape = shape(Cell::SkipGru, 1);
    let p = parameters(shape, 0.3, 1);
    let recurrent = Recurrent::new(1).unwrap();
    let sizes = recurrent::pass_shape(&shape, 2, 5, OutputAt::End);
    let flat = Var::from_vec(
        recurrent::pack(&shape, &p.values),
        sizes.parameter_count(),
        &candle_core::Device::Cpu,
    )
    .unwrap();
    let x = Tensor::from_vec(random(20, 1), (2, 5, 2), &candle_core::Device::Cpu).unwrap();
    let loss = || {
        let states = recurrent
            .apply(
                sizes,
                flat.as_tensor(),
                &x,
                recurrent::PassOptions {
                    updates: Updates::Gate,
                    lengths: Vec::new(),
                    dial: Vec::new(),
                    u_most: None,
                },
            )
            .unwrap();
        states.h.sum_all().unwrap()
    };
    let first = loss();
    let second = loss();
    assert!(second.backward().is_ok());
    let error = first.backward().unwrap_err().to_string();
    assert!(error.contains("another pass"), "{error}");
}

/// A batch is padded to its own longest sequence: what it is padded to changes no bit.
#[test]
fn padding_changes_no_bit_of_a_gradient() {
    let lengths: Vec<u32> = (0..BATCH as u32).map(|n| 3 + n * 5 % 17).collect();
    let longest = lengths.iter().copied().max().unwrap() as usize;
    let drawn = random(BATCH * LENGTH * 2, 5);
    let padded = |length: usize| {
        let mut values = vec![0.0; BATCH * length * 2];
        for (n, own) in lengths.iter().enumerate() {
            let own = *own as usize * 2;
            values[n * length * 2..][..own].copy_from_slice(&drawn[n * LENGTH * 2..][..own]);
        }
        Sequences {
            values,
            count: BATCH,
            length,
            channels: 2,
            lengths: lengths.clone(),
        }
    };
    for threads in [1, 3] {
        let fused = Differentiator::new(Engine::Fused, Device::Cpu, threads, LENGTH).unwrap();
        for cell in [Cell::SkipGru, Cell::SkipLstm, Cell::Gru] {
            let shape = shape(cell, 2);
            let p = parameters(shape, 0.4, 3);
            let updates = || if cell.skips() { Updates::Gate } else { Updates::Every };
            let of = |length: usize| {
                let g = fused.gradient(
                    &shape,
                    &p.values,
                    &batch(padded(length), updates()),
                    cost(Budget::Cost, None),
                );
                let g = g.unwrap();
                let bits = |v: &Vec<f32>| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                (
                    g.loss.to_bits(),
                    g.updates.to_bits(),
                    g.gradients.iter().map(bits).collect::<Vec<_>>(),
                )
            };
            assert!(of(longest) == of(LENGTH), "{cell:?} on {threads} threads");
        }
    }
}
