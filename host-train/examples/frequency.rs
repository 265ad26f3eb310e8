//! Trains the frequency task and prints every evaluation:
//!
//! ```text
//! cargo run --release -p host-train --example frequency -- 32 1e-3 300 runs/example
//! ```
//!
//! Arguments: hidden units, λ, steps, run folder. An interrupted run is continued by the same command.

use host_train::{DataSource, TrainConfig, train};
use std::{env, error::Error, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = |default: &str| arguments.next().unwrap_or_else(|| default.to_owned());
    let data = DataSource::Frequency { sample_period_s: 1e-3 };
    let config = TrainConfig {
        hidden: next("32").parse()?,
        lambda: next("1e-3").parse()?,
        steps: next("300").parse()?,
        eval_every: 50,
        ..data.default_config()
    };
    let out = PathBuf::from(next("runs/example"));
    let report = train(&config, &out, true, &mut |p| {
        if let Some(e) = p.evaluation {
            let (step, loss, rate) = (p.step, p.loss, p.steps_per_s);
            let (accuracy, updates) = (e.metric.value(), e.updates_mean);
            println!("step {step}: loss {loss:.4}, accuracy {accuracy:.4}, {updates:.1} updates, {rate:.1} steps/s");
        }
    })?;
    println!("best: {:?} after {} steps", report.best, report.best_step);
    Ok(())
}
