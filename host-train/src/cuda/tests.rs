//! The CUDA path against the CPU's: on a GPU where there is one, and everywhere with a C++ compiler the same kernels on the
//! processor, through the same host code.

use super::{Emulated, Training};
use crate::{
    Binarize, Budget, Cell, DataSource, Device, Engine, TrainConfig,
    accelerator::{Accelerator, StepData},
    adam::Adam,
    batch::{Batch, DialDraws, Updates},
    compute,
    evaluate::{self, EvaluationSchedule},
    gradient::{Differentiator, Gradient},
    loss::UpdateCost,
    params::{Kind, Parameters, Shape},
    philox::{Purpose, Stream},
};
use float_model::{Description, Outcome, OutputAt, Sequences, Targets};

mod steps;

/// What there is to test on; what is missing is said.
fn devices() -> Vec<Device> {
    let mut list = Vec::new();
    if Emulated::is_possible() {
        list.push(Device::Emulated);
    }
    #[cfg(feature = "cuda")]
    match super::Gpu::count() {
        0 => eprintln!("skipped on a GPU: none, or no driver, or no NVRTC"),
        _ => list.push(Device::Cuda(0)),
    }
    list
}

/// An accelerator whose emulated machine keeps only a part of the weights in shared memory.
fn open(device: Device, shape: Shape, config: &TrainConfig) -> Box<dyn Accelerator> {
    match device {
        Device::Emulated => Box::new(Training::new(Emulated::start(3, 2900).unwrap(), shape, config).unwrap()),
        _ => compute::accelerator(
            &TrainConfig {
                device,
                ..config.clone()
            },
            shape,
        )
        .unwrap()
        .unwrap(),
    }
}

fn config() -> TrainConfig {
    TrainConfig {
        hidden: 18,
        batch: 7,
        threads: 1,
        ..DataSource::Frequency { sample_period_s: 5e-3 }.default_config()
    }
}

/// Uniform in [-scale, scale).
fn noise(seed: u64, count: usize, scale: f64) -> Vec<f32> {
    let mut random = Stream::new(seed, Purpose::Training, 0, 0);
    (0..count).map(|_| random.between(-scale, scale) as f32).collect()
}

/// What a case varies.
#[derive(Debug, Clone, Copy)]
struct Variant {
    /// About where Δũ lies.
    delta: f64,
    updates: fn(usize) -> Updates,
    ragged: bool,
    dropout: bool,
    dials: bool,
    budget: Budget,
    decision_clip: Option<f64>,
}

const PLAIN: Variant = Variant {
    delta: 0.33,
    updates: |_| Updates::Gate,
    ragged: false,
    dropout: false,
    dials: false,
    budget: Budget::Cost,
    decision_clip: None,
};

const VARIANTS: [Variant; 6] = [
    Variant { delta: 0.75, ..PLAIN },
    Variant {
        dials: true,
        budget: Budget::L2(6.0),
        decision_clip: Some(0.02),
        ..PLAIN
    },
    Variant {
        delta: 0.12,
        ragged: true,
        budget: Budget::L1(5.0),
        ..PLAIN
    },
    Variant {
        updates: |count| Updates::Bernoulli(noise(5, count, 0.5).iter().map(|v| v + 0.5).collect()),
        dropout: true,
        ..PLAIN
    },
    Variant {
        updates: |count| Updates::Imposed(noise(6, count, 1.0).iter().map(|v| *v < -0.3).collect()),
        ragged: true,
        ..PLAIN
    },
    Variant {
        updates: |_| Updates::Every,
        dropout: true,
        ..PLAIN
    },
];

const BATCH: usize = 7;
const LENGTH: usize = 23;

fn network(cell: Cell, layers: usize) -> Shape {
    Shape {
        cell,
        input: 3,
        hidden: 18,
        outputs: 3,
        layers,
    }
}

/// Every update costs `lambda`, and a decision may weigh what it will.
fn cost_of(lambda: f64) -> UpdateCost {
    UpdateCost {
        budget: Budget::Cost,
        lambda,
        decision_clip: None,
    }
}

/// Weights of some size, and a gate at about `delta`.
fn values(shape: &Shape, delta: f64) -> Vec<Vec<f32>> {
    let mut values = Parameters::initial(*shape, 3).values;
    for (k, (e, values)) in shape.layout().iter().zip(&mut values).enumerate() {
        match e.kind {
            Kind::GateBias => values[0] = (delta / (1.0 - delta)).ln() as f32,
            Kind::GateWeight => *values = noise(k as u64, values.len(), 0.15),
            Kind::HeadBias | Kind::BiasHn | Kind::Bias => *values = noise(k as u64, values.len(), 0.6),
            _ => {}
        }
    }
    values
}

fn samples(ragged: bool) -> Sequences {
    let mut x = Sequences::new("x", noise(1, BATCH * LENGTH * 3, 1.5), BATCH, LENGTH, 3).unwrap();
    if ragged {
        x.lengths = (0..BATCH)
            .map(|n| [LENGTH, 1, 2 * LENGTH / 3, LENGTH - 1, 7][n % 5] as u32)
            .collect();
        for (row, length) in x.values.chunks_mut(LENGTH * 3).zip(&x.lengths) {
            row[3 * *length as usize..].fill(f32::NAN);
        }
    }
    x
}

fn answers(kind: usize, every_step: bool) -> Targets {
    let rows = if every_step { BATCH * LENGTH } else { BATCH };
    let answers = match kind % 3 {
        0 => Targets::Labels((0..rows as u32).map(|n| n * 7 % 3).collect()),
        1 => Targets::Values {
            values: noise(2, rows * 3, 1.0),
            outputs: 3,
        },
        _ => Targets::Multilabel {
            values: noise(2, rows * 3, 1.0)
                .iter()
                .map(|v| f32::from(u8::from(*v > 0.0)))
                .collect(),
            outputs: 3,
        },
    };
    match every_step {
        false => answers,
        true => Targets::PerStep {
            answers: Box::new(answers),
            length: LENGTH,
        },
    }
}

fn batch(v: Variant, kind: usize, every_step: bool) -> Batch {
    Batch {
        x: samples(v.ragged),
        y: answers(kind, every_step),
        updates: (v.updates)(BATCH * LENGTH),
        kept: match v.dropout {
            true => noise(4, BATCH * 18, 1.0)
                .iter()
                .map(|v| if *v < -0.5 { 0.0 } else { 1.25 })
                .collect(),
            false => Vec::new(),
        },
        lesson: None,
        dials: match v.dials {
            true => DialDraws {
                dial: noise(8, BATCH, 0.5),
                lambda_factor: noise(9, BATCH, 0.5).iter().map(|v| v + 1.0).collect(),
            },
            false => DialDraws::default(),
        },
    }
}

fn relative(found: &[f32], expected: &[f32]) -> f64 {
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
    let size = norm(&mut expected.iter().map(|v| f64::from(*v)));
    let difference = norm(&mut found.iter().zip(expected).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    if difference == 0.0 { 0.0 } else { difference / size }
}

/// The gradient of one batch, at a learning rate of 0.
fn gradient(
    accelerator: &mut dyn Accelerator,
    values: &[Vec<f32>],
    source: StepData<'_>,
    cost: UpdateCost,
) -> Gradient {
    accelerator.load(values, &Adam::new(values)).unwrap();
    let f = accelerator.step(source, cost, 1.0, 0.0, 1).unwrap();
    let gradients = accelerator.gradients().unwrap();
    let squares = gradients.iter().flatten().map(|g| f64::from(*g).powi(2));
    assert!(
        (squares.sum::<f64>().sqrt() / f.norm - 1.0).abs() < 1e-9,
        "the norm is the gradient's"
    );
    Gradient {
        loss: f.loss,
        budget: f.budget,
        updates: f.updates,
        gradients,
    }
}

fn assert_close(name: &str, shape: &Shape, found: &Gradient, expected: &Gradient, bound: f64) {
    // The CPU's mean is one of f32.
    assert!(
        (found.updates / expected.updates - 1.0).abs() < 1e-6,
        "{name}: other updates"
    );
    assert!(
        (found.loss / expected.loss - 1.0).abs() <= bound,
        "{name}: loss {}",
        found.loss
    );
    assert!(
        (found.budget - expected.budget).abs() <= bound * expected.budget,
        "{name}: {}",
        found.budget
    );
    for (e, (found, expected)) in shape
        .layout()
        .iter()
        .zip(found.gradients.iter().zip(&expected.gradients))
    {
        let error = relative(found, expected);
        assert!(error <= bound, "{name}: {e} is off by {error:e}");
    }
}

/// Relative error at most 1e-4 for each array, for every cell, one and two layers, and all that a batch can ask for.
#[test]
fn gradients_are_the_cpus() {
    for device in devices() {
        for (n, cell) in Cell::ALL.into_iter().enumerate() {
            for layers in [1, 2] {
                let shape = network(cell, layers);
                let mut accelerator = open(device, shape, &config());
                for (k, v) in VARIANTS.into_iter().enumerate() {
                    let mut variant = v;
                    if !cell.skips() {
                        if matches!((v.updates)(1), Updates::Gate | Updates::Bernoulli(_)) || v.dials {
                            continue;
                        }
                        variant.budget = Budget::Cost;
                    }
                    let (kind, every_step) = (k + n + layers, (k + layers) % 2 == 0);
                    let (batch, values) = (batch(variant, kind, every_step), values(&shape, variant.delta));
                    let cost = UpdateCost {
                        budget: variant.budget,
                        lambda: 1e-2,
                        decision_clip: variant.decision_clip,
                    };
                    let cpu = Differentiator::new(Engine::Fused, Device::Cpu, 1, LENGTH).unwrap();
                    let expected = cpu.gradient(&shape, &values, &batch, cost).unwrap();
                    let found = gradient(accelerator.as_mut(), &values, StepData::Given(&batch), cost);
                    let name = format!("{device} {cell} {layers} layers, variant {k}, every step: {every_step}");
                    assert_close(&name, &shape, &found, &expected, 1e-4);
                    let again = gradient(accelerator.as_mut(), &values, StepData::Given(&batch), cost);
                    assert!(again.gradients == found.gradients, "{name}: other bits");
                }
            }
        }
    }
}

/// More gate rows than threads, and hardly any weights in shared memory.
#[test]
fn large_networks_are_tiled() {
    for device in devices() {
        for cell in [Cell::SkipLstm, Cell::SkipGru] {
            let shape = Shape {
                hidden: 140,
                ..network(cell, 1)
            };
            let (batch, values) = (batch(PLAIN, 0, false), values(&shape, 0.3));
            let cost = cost_of(1e-2);
            let cpu = Differentiator::new(Engine::Fused, Device::Cpu, 1, LENGTH).unwrap();
            let expected = cpu.gradient(&shape, &values, &batch, cost).unwrap();
            let found = gradient(
                open(device, shape, &config()).as_mut(),
                &values,
                StepData::Given(&batch),
                cost,
            );
            assert_close(&format!("{device} {cell}"), &shape, &found, &expected, 1e-4);
        }
    }
}

/// Batches made on the device are those of the host.
#[test]
fn generated_batches_are_the_cpus() {
    type Change = fn(&mut TrainConfig);
    let adding = |c: &mut TrainConfig| c.data = DataSource::Adding { length: 21 };
    let cases: [(Cell, Change); 5] = [
        (Cell::SkipLstm, |_| ()),
        (Cell::SkipGru, |c| (c.binarize, c.dropout) = (Binarize::Bernoulli, 0.3)),
        (Cell::SkipLstm, |c| c.dials = Some("-1:1:3".parse().unwrap())),
        (Cell::Lstm, |c| c.p_skip = Some(0.4)),
        (Cell::Gru, |_| ()),
    ];
    for device in devices() {
        for (n, (cell, change)) in cases.into_iter().enumerate() {
            let mut c = config();
            change(&mut c);
            (c.cell, c.seed) = (cell, 1 << 40 | 9);
            if n % 2 == 1 {
                adding(&mut c);
            }
            // More than 32 bits of a step.
            let step = 1 << 33 | 5;
            let generated = c.data.generate(c.batch, c.seed, Purpose::Training, step);
            let shape = Shape {
                input: generated.0.channels,
                outputs: 2 - n % 2,
                ..network(cell, 1)
            };
            let batch = Batch::new(generated, &c, step);
            let values = values(&shape, 0.4);
            let cost = UpdateCost {
                budget: c.budget,
                lambda: 1e-3,
                decision_clip: c.decision_clip,
            };
            let mut accelerator = open(device, shape, &c);
            let given = gradient(accelerator.as_mut(), &values, StepData::Given(&batch), cost);
            let made = gradient(accelerator.as_mut(), &values, StepData::Generated(step), cost);
            // A sine may differ in its last bit on a GPU; the emulator's is this machine's.
            let bound = if device == Device::Emulated { 0.0 } else { 1e-5 };
            assert_close(&format!("{device} case {n}"), &shape, &made, &given, bound);
        }
    }
}

/// Judging on the device: the updates and outputs of the float model as the chip runs it.
#[test]
fn evaluations_are_the_cpus() {
    for device in devices() {
        for (n, cell) in Cell::ALL.into_iter().enumerate() {
            for output_at in [OutputAt::End, OutputAt::Step] {
                let shape = network(cell, 1 + n % 2);
                let parameters = Parameters {
                    shape,
                    values: values(&shape, 0.2),
                };
                let description = Description {
                    output_at,
                    ..Description::default()
                };
                let model = parameters.to_model(&[0.0; 3], &[1.0; 3], &description);
                let mut accelerator = open(device, shape, &config());
                let mut hows = vec![EvaluationSchedule::Random {
                    p_skip: 0.4,
                    seed: 3,
                    first: 0,
                }];
                if cell.skips() {
                    hows.extend([0.0, -1.5, 3.0].map(|dial| EvaluationSchedule::Rule { dial }));
                } else {
                    hows.push(EvaluationSchedule::Rule { dial: 0.0 });
                }
                for how in hows {
                    for ragged in [false, true] {
                        let x = samples(ragged);
                        let expected = evaluate::outcomes(&model, &x, how, 1).unwrap();
                        let found = accelerator.run(&parameters.values, &x, output_at, how).unwrap();
                        let name = format!("{device} {cell} {output_at:?} {how:?} ragged: {ragged}");
                        let updates = |all: &[Outcome]| all.iter().map(|o| o.updates.clone()).collect::<Vec<_>>();
                        assert_eq!(updates(&found), updates(&expected), "{name}");
                        for (found, expected) in found.iter().zip(&expected) {
                            assert_eq!(found.output.len(), expected.output.len(), "{name}");
                            assert!(relative(&found.output, &expected.output) < 1e-5, "{name}");
                        }
                    }
                }
            }
        }
    }
}
