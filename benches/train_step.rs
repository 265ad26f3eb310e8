//! How long an iteration of training takes: data, forward, backward, clipping, Adam; batch 256, 110 units, one input.
//!
//! Prints times in milliseconds and their ratios: to the candle engine, to the matrix products of the same shapes alone,
//! to an iteration in which every sample is used, and to one thread. What is compared runs right after one another in
//! every round; each figure is the median over the rounds (of the ratios, not of the times they come from), so that a
//! busy neighbour, who slows both sides of a ratio, does not decide. `cargo bench --bench train_step -- 15` runs 15
//! rounds.

use float_model::Cell;
use host_train::{
    Budget, Device, Engine,
    adam::{self, Adam},
    batch::{Batch, Updates},
    fused::{OutputAt, Products},
    gradient::Differentiator,
    loss::UpdateCost,
    params::{Kind, Parameters, Shape},
    philox::Purpose,
    recurrent, tasks,
};
use std::time::Instant;

const BATCH: usize = 256;
/// Small enough to leave the share of updates as it is.
const LEARNING_RATE: f64 = 1e-9;
/// A constant gate with this Δũ uses all samples, every second, and one in eight.
const DELTAS: [f64; 3] = [0.7, 0.3, 0.5 / 7.5];
/// Rounds without an argument. One more comes first and is not counted.
const ROUNDS: usize = 5;

struct Iteration {
    parameters: Parameters,
    adam: Adam,
    sample_period_s: f64,
    step: u64,
    /// Share of the samples used in the last step.
    share: f64,
}

impl Iteration {
    fn new(cell: Cell, length: usize, delta: f64) -> Self {
        let shape = Shape {
            cell,
            input: 1,
            hidden: 110,
            outputs: 2,
            layers: 1,
        };
        let mut parameters = Parameters::initial(shape, 1);
        for (e, values) in shape.layout().iter().zip(&mut parameters.values) {
            match e.kind {
                Kind::GateWeight => values.fill(1e-5),
                Kind::GateBias => values[0] = (delta / (1.0 - delta)).ln() as f32,
                _ => {}
            }
        }
        Iteration {
            adam: Adam::new(&parameters.values),
            parameters,
            sample_period_s: 0.1 / length as f64,
            step: 0,
            share: 0.0,
        }
    }

    fn run(&mut self, engine: &Differentiator) -> f64 {
        let started = Instant::now();
        let (x, y) = tasks::frequency(self.sample_period_s, BATCH, 1, Purpose::Training, self.step);
        let length = x.length as f64;
        let batch = Batch {
            x,
            y,
            updates: Updates::Gate,
            kept: Vec::new(),
            dials: Default::default(),
            lesson: None,
        };
        let cost = UpdateCost {
            budget: Budget::Cost,
            lambda: 1e-4,
            decision_clip: Some(0.3),
        };
        let Parameters { shape, values } = &mut self.parameters;
        let mut g = engine.gradient(shape, values, &batch, cost).expect("the shapes match");
        adam::clip(&mut g.gradients, 1.0);
        self.adam.update(values, &g.gradients, LEARNING_RATE);
        self.step += 1;
        self.share = g.updates / length;
        1e3 * started.elapsed().as_secs_f64()
    }
}

fn engine(kind: Engine, threads: usize, length: usize) -> Differentiator {
    Differentiator::new(kind, Device::Cpu, threads, length).expect("the system gives threads")
}

/// The times of one round in milliseconds, with one thread and with two.
#[derive(Default)]
struct Round {
    fused: [f64; 2],
    candle: [f64; 2],
    products: f64,
}

impl Round {
    /// Runs everything that is compared close together: the fused iterations before and after candle's slow ones.
    fn of(
        iteration: &mut Iteration,
        fused: &[Differentiator; 2],
        candles: &[Differentiator; 2],
        products: &mut Products<f32>,
    ) -> Self {
        let mut round = Round::default();
        for threads in 0..2 {
            let before = iteration.run(&fused[threads]);
            if threads == 0 {
                let updated = (iteration.share * BATCH as f64).round() as usize;
                let started = Instant::now();
                products.run(updated);
                round.products = 1e3 * started.elapsed().as_secs_f64();
            }
            round.candle[threads] = iteration.run(&candles[threads]);
            round.fused[threads] = (before + iteration.run(&fused[threads])) / 2.0;
        }
        round
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

fn main() {
    let rounds = std::env::args().find_map(|a| a.parse().ok()).unwrap_or(ROUNDS).max(1);
    println!(
        "cell       T  threads  updates |   ms  | times faster than candle | to products alone | to 100 % | times faster than 1 thread"
    );
    for cell in [Cell::SkipLstm, Cell::SkipGru] {
        for length in [100, 200] {
            let fused = [1, 2].map(|n| engine(Engine::Fused, n, length));
            let candles = [1, 2].map(|n| engine(Engine::Candle, n, length));
            let mut iterations = DELTAS.map(|delta| Iteration::new(cell, length, delta));
            let shape = recurrent::pass_shape(&iterations[0].parameters.shape, BATCH, length, OutputAt::End);
            let mut products = Products::<f32>::new(shape);
            let mut round = || {
                iterations
                    .each_mut()
                    .map(|iteration| Round::of(iteration, &fused, &candles, &mut products))
            };
            round();
            let times: Vec<[Round; 3]> = (0..rounds).map(|_| round()).collect();
            for threads in 0..2 {
                for (k, iteration) in iterations.iter().enumerate() {
                    let of = |figure: fn(&[Round; 3], usize, usize) -> f64| {
                        median(times.iter().map(|round| figure(round, k, threads)))
                    };
                    // The products alone run on one thread.
                    let products = match threads {
                        0 => format!("{:.2}", of(|r, k, n| r[k].fused[n] / r[k].products)),
                        _ => "-".into(),
                    };
                    println!(
                        "{:<9} {length}  {}        {:5.1} % | {:6.1} | {:.2} | {products} | {:.2} | {:.2}",
                        cell.name(),
                        threads + 1,
                        100.0 * iteration.share,
                        of(|r, k, n| r[k].fused[n]),
                        of(|r, k, n| r[k].candle[n] / r[k].fused[n]),
                        of(|r, k, n| r[k].fused[n] / r[0].fused[n]),
                        of(|r, k, n| r[k].fused[0] / r[k].fused[n]),
                    );
                }
            }
        }
    }
}
