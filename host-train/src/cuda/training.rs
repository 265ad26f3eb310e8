//! Whole steps of training on a machine.

use super::{
    machine::{Arg, Grid, Kernel, Machine},
    pass::{Answers, Extent, Pass},
    plan::Plan,
};
use crate::{
    DataSource, Error, TrainConfig,
    accelerator::{Accelerator, StepData, StepMetrics},
    adam::Adam,
    batch::{Batch, DialDraws, Updates},
    config::Binarize,
    evaluate::EvaluationSchedule,
    loss::UpdateCost,
    params::Shape,
    philox::Purpose,
    tasks,
};
use float_model::{Outcome, OutputAt, Sequences};

/// Words of the step's figures: four f64.
const FIGURES: usize = 8;

/// Where updates come from: constants of `recurrence.cu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schedule {
    Every = 0,
    Gate = 1,
    Bernoulli = 2,
    Imposed = 3,
    Rule = 4,
}

/// What `draw` makes of uniform numbers: constants of `random.cu`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Draw {
    Raw = 0,
    Used = 1,
    Kept = 2,
    Allowed = 3,
}

/// A network and its optimiser in the memory of a machine.
pub(crate) struct Training<M: Machine> {
    pub(super) machine: M,
    pub(super) plan: Plan,
    pub(super) config: TrainConfig,
    pub(super) parameters: M::Buffer,
    pub(super) mean: M::Buffer,
    pub(super) square: M::Buffer,
    pub(super) gradient: M::Buffer,
    pub(super) places: M::Buffer,
    /// Quads of the forward and of the backward pass.
    pub(super) packed: (M::Buffer, M::Buffer),
    pub(super) figures: M::Buffer,
    pub(super) pass: Option<Pass<M::Buffer>>,
}

impl<M: Machine> Training<M> {
    /// Makes the kernels for `shape` and the run's batch ready.
    pub(crate) fn new(mut machine: M, shape: Shape, config: &TrainConfig) -> Result<Self, Error> {
        let plan = Plan::new(
            shape,
            config.batch,
            machine.multiprocessors(),
            machine.shared_floats(),
            &machine.name(),
        )?;
        machine.compile(&plan.constants)?;
        let vector = || machine.zeros(plan.size);
        let (ahead, back) = plan.packed_words();
        Ok(Training {
            parameters: vector()?,
            mean: vector()?,
            square: vector()?,
            gradient: vector()?,
            places: machine.buffer_of(&plan.places())?,
            packed: (machine.zeros(ahead)?, machine.zeros(back)?),
            figures: machine.zeros(FIGURES)?,
            pass: None,
            config: config.clone(),
            machine,
            plan,
        })
    }

    /// Memory for passes of this extent; that of the last step where it fits.
    fn prepared(&mut self, extent: Extent, answers: Answers) -> Result<Pass<M::Buffer>, Error> {
        match self.pass.take() {
            Some(pass) if (pass.extent, pass.answers) == (extent, answers) => Ok(pass),
            _ => Pass::new(&self.machine, &self.plan, extent, answers),
        }
    }

    /// A batch of the generated task, made here.
    fn make(&mut self, step: u64) -> Result<(Pass<M::Buffer>, Schedule), Error> {
        let c = &self.config;
        let (length, answers) = match c.data {
            DataSource::Frequency { sample_period_s } => (tasks::frequency_length(sample_period_s), Answers::Labels),
            DataSource::Adding { length } => (length, Answers::Numbers),
            _ => return Err(Error::usage("data", "recordings are not made; give their batch")),
        };
        let extent = Extent {
            batch: c.batch,
            length,
            output_at: OutputAt::End,
        };
        let mut pass = self.prepared(extent, answers)?;
        let c = &self.config;
        let [a, b, purpose, low] = self.stream(Purpose::Training, step, c.seed);
        let (rows, columns) = (Arg::Int(c.batch), Arg::Int(length));
        let mut args = vec![a, b, purpose, low, rows, columns];
        let kernel = match c.data {
            DataSource::Frequency { sample_period_s } => {
                args.push(Arg::Double(sample_period_s * 1e3));
                args.extend([Arg::Of(&pass.x), Arg::Of(&pass.labels)]);
                Kernel::Frequency
            }
            _ => {
                args.extend([Arg::Of(&pass.x), Arg::Of(&pass.values)]);
                Kernel::Adding
            }
        };
        self.machine.launch(kernel, Grid::over(c.batch * length), &args)?;
        let draw = |purpose, columns, what, limit, scale, to: &M::Buffer| {
            self.draw((purpose, step, c.seed), (0, c.batch, columns), what, (limit, scale), to)
        };
        let schedule = match (c.p_skip, c.binarize) {
            (Some(p), _) => {
                draw(Purpose::Updates, length, Draw::Used, p, 1.0, &pass.draws)?;
                Schedule::Imposed
            }
            (None, _) if !c.cell.skips() => Schedule::Every,
            (None, Binarize::Bernoulli) => {
                draw(Purpose::Updates, length, Draw::Raw, 0.0, 1.0, &pass.draws)?;
                Schedule::Bernoulli
            }
            (None, Binarize::Round) => Schedule::Gate,
        };
        if c.dropout > 0.0 {
            let scale = (1.0 / (1.0 - c.dropout)) as f32;
            draw(Purpose::Dropout, c.hidden, Draw::Kept, c.dropout, scale, &pass.kept)?;
        }
        (pass.has_kept, pass.has_lengths) = (c.dropout > 0.0, false);
        let dials = DialDraws::draw(c, step, c.batch);
        self.give_dials(&mut pass, &dials)?;
        Ok((pass, schedule))
    }

    /// The arguments that name the streams of a step.
    fn stream(&self, purpose: Purpose, step: u64, seed: u64) -> [Arg<'static, M::Buffer>; 4] {
        let high = (purpose as u32) << 24 | (step >> 32) as u32 & 0xFF_FFFF;
        [seed as u32, (seed >> 32) as u32, high, step as u32].map(Arg::Uint)
    }

    /// Draws `rows` rows of `columns` numbers, the first from stream `first`.
    pub(super) fn draw(
        &self,
        (purpose, step, seed): (Purpose, u64, u64),
        (first, rows, columns): (usize, usize, usize),
        what: Draw,
        (limit, scale): (f64, f32),
        to: &M::Buffer,
    ) -> Result<(), Error> {
        let [a, b, purpose, low] = self.stream(purpose, step, seed);
        let sizes = [first, rows, columns, what as usize].map(Arg::Int);
        let [first, many, wide, what] = sizes;
        let args = [
            a,
            b,
            purpose,
            low,
            first,
            many,
            wide,
            what,
            Arg::Double(limit),
            Arg::Float(scale),
            Arg::Of(to),
        ];
        self.machine.launch(Kernel::Draw, Grid::over(rows * columns), &args)
    }

    fn give_dials(&self, pass: &mut Pass<M::Buffer>, dials: &DialDraws) -> Result<(), Error> {
        pass.has_dial = !dials.dial.is_empty();
        self.machine.write_floats(&mut pass.dial, &dials.dial)?;
        self.machine.write_floats(&mut pass.cost, &dials.lambda_factor)
    }

    /// A batch of the host's, copied here.
    fn take(&mut self, batch: &Batch) -> Result<(Pass<M::Buffer>, Schedule), Error> {
        let mut pass = self.prepared(Extent::of(batch), Answers::of(&batch.y))?;
        let machine = &self.machine;
        machine.write_floats(&mut pass.x, &batch.x.values)?;
        match batch.y.answers() {
            float_model::Targets::Labels(labels) => machine.write(&mut pass.labels, labels)?,
            float_model::Targets::Values { values, .. } | float_model::Targets::Multilabel { values, .. } => {
                machine.write_floats(&mut pass.values, values)?;
            }
            float_model::Targets::PerStep { .. } => {
                return Err(Error::usage("targets", "answers of steps hold no further steps"));
            }
        }
        (pass.has_kept, pass.has_lengths) = (!batch.kept.is_empty(), !batch.x.lengths.is_empty());
        machine.write_floats(&mut pass.kept, &batch.kept)?;
        machine.write(&mut pass.lengths, &batch.x.lengths)?;
        let schedule = match &batch.updates {
            Updates::Every => Schedule::Every,
            Updates::Gate => Schedule::Gate,
            Updates::Bernoulli(v) => {
                machine.write_floats(&mut pass.draws, v)?;
                Schedule::Bernoulli
            }
            Updates::Imposed(u) => {
                let u: Vec<f32> = u.iter().map(|u| f32::from(u8::from(*u))).collect();
                machine.write_floats(&mut pass.draws, &u)?;
                Schedule::Imposed
            }
        };
        self.give_dials(&mut pass, &batch.dials)?;
        Ok((pass, schedule))
    }
}

impl<M: Machine> Accelerator for Training<M> {
    fn load(&mut self, values: &[Vec<f32>], adam: &Adam) -> Result<(), Error> {
        self.machine.write_floats(&mut self.parameters, &values.concat())?;
        self.machine.write_floats(&mut self.mean, &adam.mean.concat())?;
        self.machine.write_floats(&mut self.square, &adam.square.concat())
    }

    fn store(&self, values: &mut Vec<Vec<f32>>, adam: &mut Adam) -> Result<(), Error> {
        let arrays = |buffer| Ok::<_, Error>(self.plan.arrays(&self.machine.read_floats(buffer, self.plan.size)?));
        *values = arrays(&self.parameters)?;
        adam.mean = arrays(&self.mean)?;
        adam.square = arrays(&self.square)?;
        Ok(())
    }

    fn step(
        &mut self,
        source: StepData<'_>,
        cost: UpdateCost,
        limit: f64,
        learning_rate: f64,
        number: u64,
    ) -> Result<StepMetrics, Error> {
        let (pass, schedule) = match source {
            StepData::Generated(step) => self.make(step)?,
            StepData::Given(batch) => self.take(batch)?,
        };
        self.differentiate(&pass, schedule, cost)?;
        self.pass = Some(pass);
        self.descend(limit, learning_rate, number)?;
        let words = self.machine.read(&self.figures, FIGURES)?;
        let figure = |k: usize| f64::from_bits(u64::from(words[2 * k]) | u64::from(words[2 * k + 1]) << 32);
        Ok(StepMetrics {
            loss: figure(0),
            budget: figure(1),
            updates: figure(2),
            norm: figure(3).sqrt(),
        })
    }

    fn gradients(&self) -> Result<Vec<Vec<f32>>, Error> {
        let flat = self.machine.read_floats(&self.gradient, self.plan.size)?;
        Ok(self.plan.arrays(&flat))
    }

    fn run(
        &mut self,
        values: &[Vec<f32>],
        x: &Sequences,
        output_at: OutputAt,
        samples_used: EvaluationSchedule,
    ) -> Result<Vec<Outcome>, Error> {
        self.evaluate_all(values, x, output_at, samples_used)
    }
}
