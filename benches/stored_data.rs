//! What it costs to train on sequences that stay in their file: steps of an epoch from memory and from a `.npy` file of the same 384
//! MiB, batch 64, (128, 6), a Skip GRU of 32 units.
//!
//! Prints the milliseconds of a step and the ratio, file to memory. Both run right after one another in every round; each figure is
//! the median over the rounds (of the ratios, not of the times they come from). The file is in the page cache after the first round, as
//! it is in training where memory suffices. `cargo bench --bench stored_data -- 15` runs 15 rounds.

use dataset::{Dataset, DatasetConfig, Store};
use float_model::{Cell, Sequences, Targets};
use host_train::{
    BatchSource, Budget, DataSource, Device, Engine, TrainConfig,
    batch::{Batch, DialDraws, Updates},
    gradient::Differentiator,
    loss::UpdateCost,
    params::{Parameters, Shape},
};
use std::time::Instant;

const COUNT: usize = 1 << 17;
const LENGTH: usize = 128;
const CHANNELS: usize = 6;
const BATCH: usize = 64;
/// Steps of a round.
const STEPS: u64 = 40;
/// Rounds without an argument. One more comes first and is not counted.
const ROUNDS: usize = 7;

fn dataset(config: &DatasetConfig, is_in_memory: bool) -> Dataset {
    let mut found = Dataset::load(config).expect("readable");
    assert!(found.training.0.is_in_file(), "the file is small enough to be read");
    if is_in_memory {
        found.training.0 = Store::of(found.training.0.all().expect("it fits"));
    }
    found
}

/// Seconds of the batches alone, and of whole steps.
fn round(source: &mut BatchSource, engine: &mut Differentiator, network: &Parameters, first: u64) -> [f64; 2] {
    let cost = UpdateCost {
        budget: Budget::Cost,
        lambda: 1e-4,
        decision_clip: None,
    };
    let (mut batches, started) = (0.0, Instant::now());
    for step in first..first + STEPS {
        let drawn = Instant::now();
        let (x, y) = source.batch(step).expect("readable");
        batches += drawn.elapsed().as_secs_f64();
        let batch = Batch {
            x,
            y,
            updates: Updates::Gate,
            kept: Vec::new(),
            dials: DialDraws::default(),
            lesson: None,
        };
        let g = engine
            .gradient(&network.shape, &network.values, &batch, cost)
            .expect("finite");
        assert!(g.loss.is_finite());
    }
    [batches, started.elapsed().as_secs_f64()]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let rounds = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(ROUNDS);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let value = |k: usize| ((k * 2_654_435_761) % 1024) as f32 / 512.0 - 1.0;
    let x = Sequences {
        values: (0..COUNT * LENGTH * CHANNELS).map(value).collect(),
        count: COUNT,
        length: LENGTH,
        channels: CHANNELS,
        lengths: Vec::new(),
    };
    dataset::save_sequences(&dir.path().join("x.npy"), &x).expect("writable");
    drop(x);
    let y = Targets::Labels((0..COUNT as u32).map(|n| n % 2).collect());
    dataset::save_targets(&dir.path().join("y.npy"), &y).expect("writable");
    let data = DatasetConfig {
        train_x: dir.path().join("x.npy"),
        ..DatasetConfig::default()
    };
    let config = TrainConfig {
        batch: BATCH,
        cell: Cell::SkipGru,
        ..DataSource::Dataset(data.clone()).default_config()
    };
    let shape = Shape {
        cell: Cell::SkipGru,
        input: CHANNELS,
        hidden: 32,
        outputs: 2,
        layers: 1,
    };
    let network = Parameters::initial(shape, 1);
    let mut engine = Differentiator::new(Engine::Fused, Device::Cpu, 1, LENGTH).expect("threads");
    let mut sources = [true, false]
        .map(|is_in_memory| BatchSource::recorded(&config, dataset(&data, is_in_memory)).expect("trainable"));
    let (mut times, mut ratios) = ([const { Vec::new() }; 4], [const { Vec::new() }; 2]);
    for n in 0..=rounds as u64 {
        let [memory, file] = sources
            .each_mut()
            .map(|source| round(source, &mut engine, &network, n * STEPS));
        if n == 0 {
            continue;
        }
        for (k, v) in [memory[0], file[0], memory[1], file[1]].into_iter().enumerate() {
            times[k].push(1e3 * v / STEPS as f64);
        }
        (0..2).for_each(|k| ratios[k].push(file[k] / memory[k]));
    }
    let times = times.map(median);
    let ratios = ratios.map(median);
    println!("ms a step, median of {rounds} rounds of {STEPS} steps, one thread (measured)");
    println!(
        "batch alone: {:.4} from memory, {:.4} from the file, ratio {:.3}",
        times[0], times[1], ratios[0]
    );
    println!(
        "whole step:  {:.4} from memory, {:.4} from the file, ratio {:.3}",
        times[2], times[3], ratios[1]
    );
}
