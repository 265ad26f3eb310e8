//! How long an iteration of training takes: data, forward, backward, clipping, Adam; batch 256, 110 units, one input.
//!
//! Prints times in milliseconds, each the least of several rounds, and their ratios: to the op-by-op twin, to the matrix
//! products of the same shapes alone, to an iteration in which every sample is used, and to one thread.

use float_model::Cell;
use host_train::{
    Budget, Engine,
    adam::{self, Adam},
    batch::{Batch, Updates},
    fused::{OutputAt, Products},
    gradient::{Differentiator, Price},
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
/// Rounds of the fused engine without an argument; the twin, which is slow, gets a third.
const ROUNDS: usize = 6;

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
        };
        let price = Price {
            budget: Budget::Cost,
            lambda: 1e-4,
        };
        let Parameters { shape, values } = &mut self.parameters;
        let mut g = engine.gradient(shape, values, &batch, price).expect("the shapes match");
        adam::clip(&mut g.gradients, 1.0);
        self.adam.update(values, &g.gradients, LEARNING_RATE);
        self.step += 1;
        self.share = g.updates / length;
        1e3 * started.elapsed().as_secs_f64()
    }
}

fn engine(kind: Engine, threads: usize, length: usize) -> Differentiator {
    Differentiator::new(kind, threads, length).expect("the system gives threads")
}

fn main() {
    let rounds = std::env::args().find_map(|a| a.parse().ok()).unwrap_or(ROUNDS);
    println!(
        "cell       T  threads  updates |   ms  | times faster than the twin | to products alone | to 100 % | times faster than 1 thread"
    );
    for cell in [Cell::SkipLstm, Cell::SkipGru] {
        for length in [100, 200] {
            let fused = [1, 2].map(|n| engine(Engine::Fused, n, length));
            let twins = [1, 2].map(|n| engine(Engine::Twin, n, length));
            let mut iterations = DELTAS.map(|delta| Iteration::new(cell, length, delta));
            let shape = recurrent::pass_shape(&iterations[0].parameters.shape, BATCH, length, OutputAt::End);
            let mut products = Products::<f32>::new(shape);
            let mut best = [[f64::MAX; 3]; 2];
            let (mut twin, mut alone) = ([[f64::MAX; 3]; 2], [f64::MAX; 3]);
            // Rounds go over everything, so that what disturbs the machine disturbs all alike.
            for round in 0..rounds {
                for (k, iteration) in iterations.iter_mut().enumerate() {
                    for (threads, engine) in fused.iter().enumerate() {
                        best[threads][k] = best[threads][k].min(iteration.run(engine));
                    }
                    let updated = (iteration.share * BATCH as f64).round() as usize;
                    let started = Instant::now();
                    products.run(updated);
                    alone[k] = alone[k].min(1e3 * started.elapsed().as_secs_f64());
                    if round % 3 == 0 {
                        for (threads, engine) in twins.iter().enumerate() {
                            twin[threads][k] = twin[threads][k].min(iteration.run(engine));
                        }
                    }
                }
            }
            for threads in 0..2 {
                for (k, iteration) in iterations.iter().enumerate() {
                    let ms = best[threads][k];
                    // The products alone run on one thread.
                    let products = match threads {
                        0 => format!("{:.2}", ms / alone[k]),
                        _ => "-".into(),
                    };
                    println!(
                        "{:<9} {length}  {}        {:5.1} % | {ms:6.1} | {:.2} | {products} | {:.2} | {:.2}",
                        cell.name(),
                        threads + 1,
                        100.0 * iteration.share,
                        twin[threads][k] / ms,
                        ms / best[threads][0],
                        best[0][k] / ms,
                    );
                }
            }
        }
    }
}
