//! How long an iteration of training takes on a GPU: data, forward, backward, clipping, Adam; batch 256, 110 units, one
//! input; Skip LSTM, all samples used.
//!
//! Prints milliseconds and ratios: to candle op by op on the same GPU (in a build with `--features cuda,cuda-candle`), and to what
//! `train_step_cuda.py` measures in PyTorch: the same cell, eager and compiled, and a dense LSTM of cuDNN. All in one run:
//!
//!     cargo bench --features cuda --bench train_step_cuda
//!
//! PYTHON names an interpreter that has PyTorch (`python3` without it). Every figure is the mean of many iterations after a
//! warm-up; the fused ones are whole steps of `train`, host included.

use host_train::{Cell, DataSource, Device, TrainConfig, train};
use std::time::Instant;

const BATCH: usize = 256;
const HIDDEN: usize = 110;
const LENGTHS: [usize; 3] = [100, 200, 784];
/// Small enough to leave the gate open.
const LEARNING_RATE: f64 = 1e-9;
const WARM_UP: usize = 50;

fn config(length: usize, steps: usize) -> TrainConfig {
    let data = DataSource::Frequency {
        sample_period_s: 0.1 / length as f64,
    };
    TrainConfig {
        cell: Cell::SkipLstm,
        hidden: HIDDEN,
        batch: BATCH,
        steps: steps as u64,
        eval_every: steps as u64,
        learning_rate: LEARNING_RATE,
        device: Device::Cuda(0),
        checkpoint_seconds: 1e9,
        ..data.default_config()
    }
}

/// Milliseconds of a step of the trainer, and the share of the samples that it used.
fn fused(length: usize) -> Result<(f64, f64), Box<dyn std::error::Error>> {
    let steps = WARM_UP + 60_000 / length;
    let folder = tempfile::tempdir()?;
    let (mut seen, mut updates) = (Vec::with_capacity(steps), 0.0);
    train(&config(length, steps), folder.path(), false, &mut |p| {
        if p.message.is_none() {
            seen.push(Instant::now());
            updates = p.updates_mean;
        }
    })?;
    // The evaluation comes after the last step and before it is shown.
    let (from, to) = (seen[WARM_UP - 1], seen[steps - 2]);
    let counted = (steps - 1 - WARM_UP) as f64;
    Ok((1e3 * (to - from).as_secs_f64() / counted, updates / length as f64))
}

/// Milliseconds of a gradient through candle's autograd on the GPU, with Adam on the host; less than a whole step.
#[cfg(feature = "cuda-candle")]
fn op_by_op(length: usize) -> Result<f64, Box<dyn std::error::Error>> {
    use host_train::{
        Budget, Engine,
        adam::{self, Adam},
        batch::{Batch, Updates},
        gradient::Differentiator,
        loss::UpdateCost,
        params::{Parameters, Shape},
        philox::Purpose,
        tasks,
    };
    let engine = Differentiator::new(Engine::Candle, Device::Cuda(0), 1, length)?;
    let shape = Shape {
        cell: Cell::SkipLstm,
        input: 1,
        hidden: HIDDEN,
        outputs: 2,
        layers: 1,
    };
    let mut parameters = Parameters::initial(shape, 1);
    let mut adam = Adam::new(&parameters.values);
    let cost = UpdateCost {
        budget: Budget::Cost,
        lambda: 1e-4,
        decision_clip: None,
    };
    let (warm_up, counted) = (3, 10);
    let mut started = Instant::now();
    for step in 0..warm_up + counted {
        if step == warm_up {
            started = Instant::now();
        }
        let (x, y) = tasks::frequency(0.1 / length as f64, BATCH, 1, Purpose::Training, step);
        let batch = Batch {
            x,
            y,
            updates: Updates::Gate,
            kept: Vec::new(),
            dials: Default::default(),
            lesson: None,
        };
        let mut g = engine.gradient(&shape, &parameters.values, &batch, cost)?;
        adam::clip(&mut g.gradients, 1.0);
        adam.update(&mut parameters.values, &g.gradients, LEARNING_RATE);
    }
    Ok(1e3 * started.elapsed().as_secs_f64() / counted as f64)
}

/// What the Python script prints: milliseconds by name and length.
fn pytorch() -> Result<serde_json::Value, String> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/train_step_cuda.py");
    let output = std::process::Command::new(&python).arg(script).output();
    let output = output.map_err(|e| format!("{python}: {e}"))?;
    match output.status.success() {
        true => serde_json::from_slice(&output.stdout).map_err(|e| format!("{script}: {e}")),
        false => Err(String::from_utf8_lossy(&output.stderr)
            .lines()
            .last()
            .unwrap_or_default()
            .to_owned()),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rivals = pytorch();
    if let Err(problem) = &rivals {
        println!("PyTorch is not measured: {problem}");
    }
    println!("Skip LSTM, batch {BATCH}, {HIDDEN} units; ms an iteration, and how many times longer others take");
    for length in LENGTHS {
        let (ms, share) = fused(length)?;
        println!(
            "T = {length}: {ms:.3} ms, {:.0} iterations/s, {:.0} % of the samples used",
            1e3 / ms,
            100.0 * share
        );
        #[cfg(feature = "cuda-candle")]
        {
            let other = op_by_op(length)?;
            println!("    candle op by op          {other:9.3} ms {:7.2}", other / ms);
        }
        for (name, label) in [
            ("eager", "PyTorch eager"),
            ("compiled", "PyTorch compiled"),
            ("cudnn", "dense LSTM of cuDNN"),
        ] {
            if let Some(other) = rivals.as_ref().ok().and_then(|v| v[name][length.to_string()].as_f64()) {
                println!("    {label:<24} {other:9.3} ms {:7.2}", other / ms);
            }
        }
    }
    Ok(())
}
