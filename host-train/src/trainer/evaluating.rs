//! Evaluations of a run.

use super::{CONFIRMATION, Run};
use crate::{
    Dials, Error, FRESH_COUNT,
    checkpoint::{Best, Sums},
    evaluate::{self, Evaluation, EvaluationSchedule},
};
use dataset::Store;
use float_model::{Metric, Outcome, Targets};

impl Run<'_> {
    /// Evaluates the model that the run starts from, as it is, and the state before the first step.
    pub(super) fn evaluate_source(&mut self) -> Result<(), Error> {
        let Some(start) = &self.batches.start else {
            return Ok(());
        };
        if let Some(mut model) = start.as_it_is() {
            let whole = &self.batches.description;
            (model.description.output_at, model.description.objective) = (whole.output_at, whole.objective);
            let (x, y) = &self.batches.validation;
            let mut outcomes = Vec::with_capacity(x.count());
            for chunk in x.chunks() {
                let rule = EvaluationSchedule::Rule { dial: 0.0 };
                outcomes.extend(evaluate::outcomes(&model, &chunk?.1, rule, self.config.threads)?);
            }
            let source = evaluate::of_outcomes(&self.config.data, &model, outcomes, y)?;
            self.report(
                0.0,
                0.0,
                None,
                false,
                Some(format!(
                    "the model on the validation part, as it is: {} {:.4} with {:.1} updates",
                    source.metric.name(),
                    source.metric.value(),
                    source.updates_mean
                )),
            );
            self.source = Some(source);
        }
        if self.state.adam.step == 0 && self.state.best.is_none() {
            self.evaluate()?;
        }
        Ok(())
    }

    /// Evaluates the present state, writes its row, and keeps it in memory where it is the best so far.
    pub(super) fn evaluate(&mut self) -> Result<(Evaluation, bool), Error> {
        self.fetch()?;
        let values = self.state.parameters.values.clone();
        let e = self.on_validation(&values)?;
        let step = self.state.adam.step;
        if !e.loss.is_finite() {
            return Err(self.diverged(step, "validation loss".into(), e.loss));
        }
        let (learning_rate, _) = self.rates(step);
        // No step was taken for the state that a run starts from.
        if self.state.sums.steps > 0 {
            self.metrics
                .append(step, self.seconds(), &self.state.sums, &e, learning_rate)?;
        }
        self.state.sums = Sums::default();
        let mut counted = e;
        let mut improved = self.improves(&counted);
        if improved
            && e.solved == Some(true)
            && let Some(confirmed) = self.on_fresh(&values, CONFIRMATION)?
        {
            counted = Evaluation {
                solved: self.config.data.clearly_solved(confirmed.metric, FRESH_COUNT),
                ..confirmed
            };
            improved = self.improves(&counted);
        }
        if improved {
            self.state.guard.improved();
            self.state.best = Some(Best {
                step,
                evaluation: counted,
                values,
                mean: self.state.adam.mean.clone(),
                square: self.state.adam.square.clone(),
            });
        }
        Ok((e, improved))
    }

    fn improves(&self, e: &Evaluation) -> bool {
        let best = self.state.best.as_ref();
        best.is_none_or(|b| e.better_than(&b.evaluation, self.config.budget))
    }

    /// Evaluates parameters on the fresh sequences of a draw.
    pub(super) fn on_fresh(&mut self, values: &[Vec<f32>], draw: u64) -> Result<Option<Evaluation>, Error> {
        let Some((x, y)) = self.config.data.fresh(self.config.seed, draw) else {
            return Ok(None);
        };
        self.at_every_setting(values, &Store::of(x), &y).map(Some)
    }

    /// Evaluates parameters on the validation part.
    pub(super) fn on_validation(&mut self, values: &[Vec<f32>]) -> Result<Evaluation, Error> {
        let (x, y) = self.batches.validation.clone();
        self.at_every_setting(values, &x, &y)
    }

    /// The standard error of the metric on the validation part, with the dial at 0; `None` where there is one sequence.
    pub(super) fn validation_error(&mut self, values: &[Vec<f32>]) -> Result<Option<f64>, Error> {
        let (x, y) = self.batches.validation.clone();
        let schedule = self.schedule();
        let outcomes = self.outcomes(values, &x, schedule)?;
        let outputs: Vec<Vec<f32>> = outcomes.into_iter().map(|o| o.output).collect();
        let objective = self.batches.description.objective;
        Ok(Metric::standard_error("validation part", objective, &outputs, &y)?)
    }

    /// How samples are used with the dial at 0.
    fn schedule(&self) -> EvaluationSchedule {
        let seed = self.config.seed;
        match self.config.p_skip {
            Some(p_skip) => EvaluationSchedule::Random { p_skip, seed, first: 0 },
            None => EvaluationSchedule::Rule { dial: 0.0 },
        }
    }

    fn at_every_setting(&mut self, values: &[Vec<f32>], x: &Store, y: &Targets) -> Result<Evaluation, Error> {
        let c = self.config;
        if let (None, Some(dials)) = (c.p_skip, c.dials) {
            let all = self.along_the_dial(dials, values, x, y)?;
            return Ok(Evaluation::mean(&all));
        }
        let schedule = self.schedule();
        let mut e = self.evaluation(values, x, y, schedule)?;
        e.budget = c.lambda * c.budget.at(e.updates_mean);
        Ok(e)
    }

    /// At every setting of the dial.
    pub(super) fn along_the_dial(
        &mut self,
        dials: Dials,
        values: &[Vec<f32>],
        x: &Store,
        y: &Targets,
    ) -> Result<Vec<Evaluation>, Error> {
        let c = self.config;
        let at = |dial: f64| {
            let mut e = self.evaluation(values, x, y, EvaluationSchedule::Rule { dial: dial as f32 })?;
            e.budget = c.lambda * dials.lambda_factor(dial) * c.budget.at(e.updates_mean);
            Ok(e)
        };
        dials.settings().into_iter().map(at).collect()
    }

    /// Runs the sequences on the device of the run, and evaluates what came out.
    fn evaluation(
        &mut self,
        values: &[Vec<f32>],
        x: &Store,
        y: &Targets,
        schedule: EvaluationSchedule,
    ) -> Result<Evaluation, Error> {
        let outcomes = self.outcomes(values, x, schedule)?;
        evaluate::of_outcomes(&self.config.data, &self.model(values), outcomes, y)
    }

    /// Runs the sequences on the device of the run, chunk after chunk.
    fn outcomes(
        &mut self,
        values: &[Vec<f32>],
        x: &Store,
        schedule: EvaluationSchedule,
    ) -> Result<Vec<Outcome>, Error> {
        let c = self.config;
        let model = self.model(values);
        let mut outcomes = Vec::with_capacity(x.count());
        for chunk in x.chunks() {
            let (first, x) = chunk?;
            let schedule = schedule.from(first);
            outcomes.extend(match &mut self.compute.accelerator {
                None => evaluate::outcomes(&model, &x, schedule, c.threads)?,
                Some(there) => {
                    let x = self.batches.normalised(x);
                    there.run(values, &x, model.description.output_at, schedule)?
                }
            });
        }
        Ok(outcomes)
    }
}
