//! The options of `train`, and the configuration that they ask for.

use super::recordings::{self, RecordingArgs, SourceArgs};
use crate::output::Usage;
use clap::{Args, ValueEnum};
use dataset::MnistConfig;
use float_model::Cell;
use host_train::{Augment, Binarize, Budget, DataSource, Device, Dials, Engine, Loss, Rollback, Schedule, TrainConfig};
use std::path::PathBuf;

/// Which task to train.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainTask {
    /// Is the period of a sine wave 5 to 6 ms? (Campos et al., appendix A.1)
    Frequency,
    /// The sum of two marked values. (Campos et al., section 4.1)
    Adding,
    /// Handwritten digits, pixel by pixel. (Campos et al., section 4.2)
    Mnist,
    /// Recordings of your own.
    Dataset,
}

/// How the gate decides in training.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinarizeName {
    /// Update where the urge is at least 0.5.
    Round,
    /// Update with the urge as the probability.
    Bernoulli,
}

/// What a collapsed run goes on with less of.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum RollbackName {
    /// The learning rate.
    Rate,
    /// Lambda.
    Lambda,
    /// Both.
    Both,
}

/// Options of `train`.
#[derive(Args, Debug)]
pub struct TrainArgs {
    /// The task.
    #[arg(value_enum)]
    pub task: TrainTask,
    /// Run folder to write; created if missing.
    #[arg(long)]
    pub out: PathBuf,
    /// Continue an interrupted run in that folder.
    #[arg(long)]
    pub resume: bool,
    /// skip-lstm, skip-gru, lstm or gru.
    #[arg(long, default_value = "skip-lstm")]
    pub cell: Cell,
    /// Hidden units. [default: 110; 32 for datasets]
    #[arg(long)]
    pub hidden: Option<usize>,
    /// Stacked layers under one skip gate.
    #[arg(long, default_value_t = 1)]
    pub layers: usize,
    /// Cost of one update in the loss. [default: 1e-4; adding: 1e-5; datasets: 1e-3]
    #[arg(long, allow_negative_numbers = true)]
    pub lambda: Option<f64>,
    /// What lambda weighs: cost (every update), l1:N or l2:N (distance from N updates a sequence).
    #[arg(long, default_value_t = Budget::Cost)]
    pub budget: Budget,
    /// lstm and gru: skip each sample at random with this probability.
    #[arg(long, allow_negative_numbers = true)]
    pub p_skip: Option<f64>,
    /// How the gate decides in training: round (at 0.5), or bernoulli.
    #[arg(long, value_enum, default_value_t = BinarizeName::Round)]
    pub binarize: BinarizeName,
    /// dataset: ce (class labels), bce (independent labels of 0 or 1) or mse (real targets). [default: as the answers ask]
    #[arg(long)]
    pub loss: Option<Loss>,
    /// What is halved when a collapsed run goes back to its best state: rate, lambda or both.
    #[arg(long, value_enum, default_value_t = RollbackName::Rate)]
    pub rollback: RollbackName,
    /// Bound on what one decision may weigh in the gate's gradient, in units of a sequence's loss; inf: none.
    /// [default: 0.3; adding: 0.1; datasets: none]
    #[arg(long, allow_negative_numbers = true)]
    pub decision_clip: Option<f64>,
    /// One model for every budget: LOW:HIGH:FACTOR, for example -2:2:3. Each sequence draws its dial from LOW to HIGH and
    /// pays lambda times FACTOR^-dial.
    #[arg(long, allow_hyphen_values = true)]
    pub dials: Option<Dials>,
    /// Skip cells: start by using every so many-th sample instead of every one.
    #[arg(long)]
    pub start_every: Option<usize>,
    /// Bound on every weight on the inputs, in units of 1 / standard deviation, so that 8-bit integers hold them and the
    /// recurrent weights beside them finely. [default: none]
    #[arg(long, allow_negative_numbers = true)]
    pub input_weight_limit: Option<f32>,
    /// Recordings: noise on every value in training, in standard deviations of its channel.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub noise: f64,
    /// Recordings: the sensor is turned about random axes in training, by angles of this standard deviation in degrees;
    /// channels named `... x`, `... y`, `... z` turn together.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub rotate: f64,
    /// Probability that a unit is hidden from the head in training.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub dropout: f64,
    /// Seed of initial weights and training data.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Training steps at most.
    #[arg(long)]
    pub steps: Option<u64>,
    /// Sequences per step.
    #[arg(long)]
    pub batch: Option<usize>,
    /// Learning rate of Adam.
    #[arg(long, allow_negative_numbers = true)]
    pub learning_rate: Option<f64>,
    /// How the learning rate changes: constant, warmup:N, cosine or cosine:N (N steps of warm-up).
    #[arg(long)]
    pub learning_rate_schedule: Option<Schedule>,
    /// How lambda changes, written like --learning-rate-schedule.
    #[arg(long)]
    pub lambda_schedule: Option<Schedule>,
    /// Steps between two looks at the validation data.
    #[arg(long)]
    pub eval_every: Option<u64>,
    /// Stop once the validation metric is better than this (with --stop-updates: and the updates fewer).
    #[arg(long)]
    pub stop_metric: Option<f64>,
    /// Stop once the task is solved, or --stop-metric reached, with fewer mean updates than this.
    #[arg(long)]
    pub stop_updates: Option<f64>,
    /// Stop once the task is solved and the best state's updates have not fallen by 1 % for this many steps.
    #[arg(long)]
    pub settle_steps: Option<u64>,
    /// Threads. [default: all]
    #[arg(long)]
    pub threads: Option<usize>,
    /// What computes gradients: fused, or candle, the readable reference, several times slower. A run keeps its engine.
    /// candle on a GPU needs a build with `--features cuda-candle`.
    #[arg(long, default_value_t = Engine::Fused)]
    pub engine: Engine,
    /// Where to train: cpu, cuda or cuda:N (a build with `--features cuda`; docs/cuda.md).
    #[arg(long, default_value_t = Device::Cpu)]
    pub device: Device,
    /// Seconds between samples. [default: 1e-3 for frequency]
    #[arg(long)]
    pub sample_period_s: Option<f64>,
    /// Samples per sequence of the adding task.
    #[arg(long, default_value_t = 50)]
    pub length: usize,
    /// mnist: the mean of squares of so many pixels on a side is one pixel; 2 makes digits of 14x14.
    #[arg(long, default_value_t = 1)]
    pub pool: usize,
    /// Where the recordings are.
    #[command(flatten)]
    pub source: SourceArgs,
    /// What the recordings are.
    #[command(flatten)]
    pub recordings: RecordingArgs,
}

/// The configuration that the options ask for.
pub fn config(args: &TrainArgs) -> anyhow::Result<TrainConfig> {
    let data = match args.task {
        TrainTask::Frequency => DataSource::Frequency {
            sample_period_s: args.sample_period_s.unwrap_or(1e-3),
        },
        TrainTask::Adding => DataSource::Adding { length: args.length },
        TrainTask::Dataset => {
            let mut files = recordings::config(&args.source, &args.recordings, args.sample_period_s)?;
            files.loss = args.loss;
            DataSource::Dataset(files)
        }
        TrainTask::Mnist => match &args.source.data {
            Some(data) => DataSource::Mnist(MnistConfig {
                data: recordings::absolute(data)?,
                pool: args.pool,
            }),
            None => {
                return Err(Usage::error(
                    "--data: missing; give the folder with train-images-idx3-ubyte and its like",
                ));
            }
        },
    };
    if args.pool != 1 && args.task != TrainTask::Mnist {
        return Err(Usage::error("--pool: belongs to mnist; leave it out"));
    }
    let of_datasets = [
        ("--every", args.recordings.every.is_some()),
        ("--output-at", args.recordings.output_at.is_some()),
    ];
    if let Some((option, _)) = of_datasets
        .iter()
        .find(|(_, given)| *given && args.task != TrainTask::Dataset)
    {
        return Err(Usage::error(format!("{option}: belongs to dataset; leave it out")));
    }
    let own = if args.task == TrainTask::Adding {
        Loss::Mse
    } else {
        Loss::Ce
    };
    if args.task != TrainTask::Dataset && args.loss.is_some_and(|l| l != own) {
        return Err(Usage::error(format!(
            "--loss: this task has its own, {own}; leave it out"
        )));
    }
    let d = data.default_config();
    Ok(TrainConfig {
        cell: args.cell,
        hidden: args.hidden.unwrap_or(d.hidden),
        layers: args.layers,
        lambda: args.lambda.unwrap_or(d.lambda),
        budget: args.budget,
        p_skip: args.p_skip,
        binarize: match args.binarize {
            BinarizeName::Round => Binarize::Round,
            BinarizeName::Bernoulli => Binarize::Bernoulli,
        },
        rollback: match args.rollback {
            RollbackName::Rate => Rollback::Rate,
            RollbackName::Lambda => Rollback::Lambda,
            RollbackName::Both => Rollback::Both,
        },
        decision_clip: args
            .decision_clip
            .or(d.decision_clip)
            .filter(|most| args.cell.skips() && *most != f64::INFINITY),
        dials: args.dials,
        start_every: args.start_every,
        input_weight_limit: args.input_weight_limit,
        dropout: args.dropout,
        augment: Augment {
            noise: args.noise,
            rotate: args.rotate,
        },
        seed: args.seed,
        steps: args.steps.unwrap_or(d.steps),
        batch: args.batch.unwrap_or(d.batch),
        learning_rate: args.learning_rate.unwrap_or(d.learning_rate),
        learning_rate_schedule: args.learning_rate_schedule.unwrap_or(d.learning_rate_schedule),
        lambda_schedule: args.lambda_schedule.unwrap_or(d.lambda_schedule),
        eval_every: args.eval_every.unwrap_or(d.eval_every),
        stop_metric: args.stop_metric.or(d.stop_metric),
        stop_updates: args.stop_updates.or(d.stop_updates),
        settle_steps: args.settle_steps,
        threads: args.threads.unwrap_or(d.threads),
        engine: args.engine,
        device: args.device,
        ..d
    })
}
