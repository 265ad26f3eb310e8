//! The options of `train`, and the configuration that they ask for.

use super::{
    recordings::{self, RecordingArgs, SourceArgs},
    start::{self, StartArgs},
};
use crate::{args::parsed, output::Usage};
use clap::{Args, ValueEnum};
use dataset::MnistConfig;
use float_model::Cell;
use host_train::{
    Augment, Binarize, Budget, DataSource, Device, Dials, Engine, Loss, Rollback, Schedule, Start, TrainConfig,
    recipe::Recipe,
};
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

/// Options of `train`.
#[derive(Args, Debug)]
pub struct TrainArgs {
    /// The task.
    #[arg(value_enum)]
    pub task: TrainTask,
    /// Where the recordings are.
    #[command(flatten)]
    pub source: SourceArgs,
    /// The generated tasks and MNIST.
    #[command(flatten)]
    pub generated: GeneratedArgs,
    /// Cell, size and seed.
    #[command(flatten)]
    pub model: ModelArgs,
    /// The model to start from.
    #[command(flatten)]
    pub start: StartArgs,
    /// What the gate learns.
    #[command(flatten)]
    pub gate: GateArgs,
    /// Steps, batches and rates.
    #[command(flatten)]
    pub optimisation: OptimisationArgs,
    /// What keeps the model from learning its data by heart.
    #[command(flatten)]
    pub regularisation: RegularisationArgs,
    /// When training ends.
    #[command(flatten)]
    pub stopping: StoppingArgs,
    /// What the recordings are.
    #[command(flatten)]
    pub recordings: RecordingArgs,
    /// Threads. [default: all]
    #[arg(long, help_heading = "Computer")]
    pub threads: Option<usize>,
    /// What computes gradients: fused, or candle, the readable reference, several times slower. A run keeps its engine.
    /// candle on a GPU needs a build with `--features cuda-candle`.
    #[arg(long, default_value_t = Engine::Fused, value_parser = parsed::<Engine>, help_heading = "Computer")]
    pub engine: Engine,
    /// Where to train: cpu, cuda or cuda:N (a build with `--features cuda`; docs/cuda.md).
    #[arg(long, default_value_t = Device::Cpu, value_parser = parsed::<Device>, help_heading = "Computer")]
    pub device: Device,
    /// Run folder to write; created if missing.
    #[arg(long, help_heading = "Output")]
    pub out: PathBuf,
    /// Continue an interrupted run in that folder, which must hold one.
    #[arg(long, help_heading = "Output")]
    pub resume: bool,
}

/// What a generated task, or MNIST, is made like.
#[derive(Args, Debug)]
#[command(next_help_heading = "Data")]
pub struct GeneratedArgs {
    /// Seconds between samples. [default: 1e-3 for frequency]
    #[arg(long)]
    pub sample_period_s: Option<f64>,
    /// Samples per sequence of the adding task.
    #[arg(long, default_value_t = 50)]
    pub length: usize,
    /// mnist: one pixel is the mean of the squares of N x N pixels; 2 makes digits of 14x14.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub pool: usize,
}

/// The network.
#[derive(Args, Debug)]
#[command(next_help_heading = "Model")]
pub struct ModelArgs {
    /// skip-lstm, skip-gru, lstm or gru. [default: skip-lstm; datasets: by the data (docs/recipe.md)]
    #[arg(long, value_parser = parsed::<Cell>)]
    pub cell: Option<Cell>,
    /// Hidden units. [default: 110; datasets: by the data (docs/recipe.md)]
    #[arg(long)]
    pub hidden: Option<usize>,
    /// Stacked layers under one skip gate. [default: 1]
    #[arg(long)]
    pub layers: Option<usize>,
    /// Seed of initial weights and training data.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// What decides which samples are used.
#[derive(Args, Debug)]
#[command(next_help_heading = "Gate")]
pub struct GateArgs {
    /// Cost of one update in the loss. [default: 1e-4; adding: 1e-5; datasets: by the data (docs/recipe.md)]
    #[arg(long, allow_negative_numbers = true)]
    pub lambda: Option<f64>,
    /// How lambda changes over the run: constant, warmup:N, cosine or cosine:N (N steps of warm-up).
    #[arg(long, value_parser = parsed::<Schedule>)]
    pub lambda_schedule: Option<Schedule>,
    /// What lambda weighs: cost (every update), l1:N or l2:N (distance from N updates a sequence).
    #[arg(long, alias = "budget", default_value_t = Budget::Cost, value_parser = parsed::<Budget>)]
    pub budget_loss: Budget,
    /// One model for every budget, for example -2:2:3. Each sequence draws its dial from LOW to HIGH and pays lambda times
    /// FACTOR^-dial.
    #[arg(long, alias = "dials", value_name = "LOW:HIGH:FACTOR", allow_hyphen_values = true, value_parser = parsed::<Dials>)]
    pub dial_range: Option<Dials>,
    /// Skip cells: start by using one sample in N. [default: 1; datasets: by the data (docs/recipe.md)]
    #[arg(long, value_name = "N")]
    pub start_every: Option<usize>,
    /// How the gate decides in training: round (at 0.5), or bernoulli (with the update probability).
    #[arg(long, default_value_t, value_parser = parsed::<Binarize>)]
    pub binarize: Binarize,
    /// Bound on the weight of one decision in the gate's gradient, in units of a sequence's loss; inf: none.
    /// [default: 0.3; adding: 0.1]
    #[arg(long, allow_negative_numbers = true)]
    pub decision_clip: Option<f64>,
    /// What is halved when a collapsed run goes back to its best state: rate, lambda or both.
    #[arg(long, default_value_t, value_parser = parsed::<Rollback>)]
    pub rollback: Rollback,
    /// lstm and gru: skip each sample at random with this probability.
    #[arg(long, allow_negative_numbers = true)]
    pub p_skip: Option<f64>,
}

/// How the weights are learned.
#[derive(Args, Debug)]
#[command(next_help_heading = "Optimisation")]
pub struct OptimisationArgs {
    /// Training steps at most. [default: 8000; adding: 6000; datasets: by the data (docs/recipe.md)]
    #[arg(long)]
    pub steps: Option<u64>,
    /// Sequences per step.
    #[arg(long)]
    pub batch: Option<usize>,
    /// Learning rate of Adam.
    #[arg(long, allow_negative_numbers = true)]
    pub learning_rate: Option<f64>,
    /// How the learning rate changes over the run, written like --lambda-schedule. [default: cosine:300; datasets: by the data
    /// (docs/recipe.md)]
    #[arg(long, value_parser = parsed::<Schedule>)]
    pub learning_rate_schedule: Option<Schedule>,
    /// ce (class labels), bce (independent labels of 0 or 1) or mse (real targets). [default: as the answers ask]
    #[arg(long, value_parser = parsed::<Loss>)]
    pub loss: Option<Loss>,
}

/// What is done against overfitting.
#[derive(Args, Debug)]
#[command(next_help_heading = "Regularisation")]
pub struct RegularisationArgs {
    /// Bound on every weight on the inputs, in units of 1 / standard deviation, so that 8-bit integers hold them and the
    /// recurrent weights beside them finely; inf: none. [default: none; datasets: by the data (docs/recipe.md)]
    #[arg(long, allow_negative_numbers = true)]
    pub input_weight_limit: Option<f32>,
    /// Probability that a unit is hidden from the head in training.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub dropout: f64,
    /// Recordings: noise on every value in training, in standard deviations of its channel.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub noise: f64,
    /// Recordings: the sensor is turned about random axes in training, by angles of this standard deviation in degrees;
    /// three channels named as axes, such as `acc x`, `acc y`, `acc z`, turn together. [default: by the data (docs/recipe.md)]
    #[arg(long, allow_negative_numbers = true)]
    pub rotate: Option<f64>,
}

/// When training ends.
#[derive(Args, Debug)]
#[command(next_help_heading = "Stopping")]
pub struct StoppingArgs {
    /// Steps between two evaluations on the validation data.
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
}

/// The configuration that the options ask for.
pub fn config(args: &TrainArgs) -> anyhow::Result<TrainConfig> {
    let data = match args.task {
        TrainTask::Frequency => DataSource::Frequency {
            sample_period_s: args.generated.sample_period_s.unwrap_or(1e-3),
        },
        TrainTask::Adding => DataSource::Adding {
            length: args.generated.length,
        },
        TrainTask::Dataset => {
            let mut files = recordings::config(&args.source, &args.recordings, args.generated.sample_period_s)?;
            files.loss = args.optimisation.loss;
            DataSource::Dataset(files)
        }
        TrainTask::Mnist => match &args.source.data {
            Some(data) => DataSource::Mnist(MnistConfig {
                data: recordings::absolute(data)?,
                pool: args.generated.pool,
            }),
            None => {
                return Err(Usage::error(
                    "--data: missing; give the folder with train-images-idx3-ubyte and its like",
                ));
            }
        },
    };
    if args.generated.pool != 1 && args.task != TrainTask::Mnist {
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
    let of_recordings = [
        ("--noise", args.regularisation.noise != 0.0),
        (
            "--rotate",
            args.regularisation.rotate.is_some_and(|degrees| degrees != 0.0),
        ),
    ];
    if let Some((option, _)) = of_recordings.iter().find(|(_, given)| *given && data.is_generated()) {
        return Err(Usage::error(format!(
            "{option}: a generated task has new sequences at every step, this is for recordings; leave it out"
        )));
    }
    let own = if args.task == TrainTask::Adding {
        Loss::Mse
    } else {
        Loss::Ce
    };
    if args.task != TrainTask::Dataset && args.optimisation.loss.is_some_and(|l| l != own) {
        return Err(Usage::error(format!(
            "--loss: this task has its own, {own}; leave it out"
        )));
    }
    let from = args.start.open()?;
    let d = by_the_data(args, &data, from.as_ref())?;
    let cell = args.model.cell.unwrap_or(d.cell);
    Ok(TrainConfig {
        cell,
        hidden: args.model.hidden.unwrap_or(d.hidden),
        layers: args.model.layers.unwrap_or(d.layers),
        lambda: args.gate.lambda.unwrap_or(d.lambda),
        budget: args.gate.budget_loss,
        p_skip: args.gate.p_skip,
        binarize: args.gate.binarize,
        rollback: args.gate.rollback,
        decision_clip: args
            .gate
            .decision_clip
            .or(d.decision_clip)
            .filter(|most| cell.skips() && *most != f64::INFINITY),
        dials: args.gate.dial_range,
        start_every: args.gate.start_every.or(d.start_every),
        input_weight_limit: args
            .regularisation
            .input_weight_limit
            .or(d.input_weight_limit)
            .filter(|limit| *limit != f32::INFINITY),
        dropout: args.regularisation.dropout,
        augment: Augment {
            noise: args.regularisation.noise,
            rotate: args.regularisation.rotate.unwrap_or(d.augment.rotate),
        },
        seed: args.model.seed,
        steps: args.optimisation.steps.unwrap_or(d.steps),
        batch: args.optimisation.batch.unwrap_or(d.batch),
        learning_rate: args.optimisation.learning_rate.unwrap_or(d.learning_rate),
        learning_rate_schedule: args
            .optimisation
            .learning_rate_schedule
            .unwrap_or(d.learning_rate_schedule),
        lambda_schedule: args.gate.lambda_schedule.unwrap_or(d.lambda_schedule),
        eval_every: args.stopping.eval_every.unwrap_or(d.eval_every),
        stop_metric: args.stopping.stop_metric.or(d.stop_metric),
        stop_updates: args.stopping.stop_updates.or(d.stop_updates),
        settle_steps: args.stopping.settle_steps,
        threads: args.threads.unwrap_or(d.threads),
        engine: args.engine,
        device: args.device,
        from,
        ..d
    })
}

/// What is taken where an option is not given: for recordings by the rules of [`host_train::recipe`], and above all by the model that
/// the run starts from.
fn by_the_data(args: &TrainArgs, data: &DataSource, from: Option<&Start>) -> anyhow::Result<TrainConfig> {
    let source = start::weights(from);
    let cell = args.model.cell.or(source.map(|model| model.cell.skipping()));
    let mut d = by_the_recordings(args, data, cell)?;
    if let Some(model) = source {
        d.cell = cell.unwrap_or(d.cell);
        (d.hidden, d.layers) = (model.hidden, model.layers.len());
        d.input_weight_limit = None; // it would move weights that have been learned
        d.start_every = d.start_every.filter(|_| !model.cell.skips());
        let of_the_model = ["--cell", "--hidden", "--input-weight-limit"];
        d.chosen.retain(|choice| {
            let gate = choice.option == "--start-every" && model.cell.skips();
            !gate && !of_the_model.contains(&choice.option.as_str())
        });
    }
    Ok(d)
}

fn by_the_recordings(args: &TrainArgs, data: &DataSource, cell: Option<Cell>) -> anyhow::Result<TrainConfig> {
    let d = data.default_config();
    let Some(facts) = data.facts()? else { return Ok(d) };
    let mut recipe = Recipe::of(&facts, cell);
    if let Some(steps) = args.optimisation.steps {
        recipe = recipe.with_steps(steps);
    }
    let given = [
        ("--cell", args.model.cell.is_some()),
        ("--hidden", args.model.hidden.is_some()),
        ("--lambda", args.gate.lambda.is_some()),
        ("--start-every", args.gate.start_every.is_some()),
        ("--decision-clip", args.gate.decision_clip.is_some()),
        ("--steps", args.optimisation.steps.is_some()),
        ("--learning-rate", args.optimisation.learning_rate.is_some()),
        (
            "--learning-rate-schedule",
            args.optimisation.learning_rate_schedule.is_some(),
        ),
        ("--input-weight-limit", args.regularisation.input_weight_limit.is_some()),
        ("--rotate", args.regularisation.rotate.is_some()),
    ];
    let is_given = |option: &str| given.iter().any(|(name, given)| *name == option && *given);
    recipe.choices.retain(|choice| !is_given(&choice.option));
    Ok(recipe.apply(d))
}
