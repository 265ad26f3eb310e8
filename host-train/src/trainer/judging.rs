//! Evaluations of a run.

use super::{CONFIRMATION, Run};
use crate::{
    Dials, Error, FRESH_COUNT,
    checkpoint::{Best, Sums},
    evaluate::EvaluationSchedule,
    evaluate::{self, Evaluation},
};
use float_model::{Sequences, Targets};

impl Run<'_> {
    /// Judges the present state, writes its row, and keeps it where it is the best so far.
    pub(super) fn evaluate(&mut self) -> Result<(Evaluation, bool), Error> {
        self.fetch()?;
        let values = self.state.parameters.values.clone();
        let e = self.on_validation(&values)?;
        let step = self.state.adam.step;
        if !e.loss.is_finite() {
            return Err(self.diverged(step, "validation loss".into(), e.loss));
        }
        let (learning_rate, _) = self.rates(step);
        self.metrics
            .append(step, self.seconds(), &self.state.sums, &e, learning_rate)?;
        self.state.sums = Sums::default();
        let mut judged = e;
        let mut improved = self.improves(&judged);
        if improved
            && e.solved == Some(true)
            && let Some(confirmed) = self.on_fresh(&values, CONFIRMATION)?
        {
            judged = Evaluation {
                solved: self.config.data.clearly_solved(confirmed.metric, FRESH_COUNT),
                ..confirmed
            };
            improved = self.improves(&judged);
        }
        if improved {
            self.save_model(&values)?;
            self.state.guard.improved();
            self.state.best = Some(Best {
                step,
                evaluation: judged,
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

    /// Judges parameters on the fresh sequences of a draw.
    pub(super) fn on_fresh(&mut self, values: &[Vec<f32>], draw: u64) -> Result<Option<Evaluation>, Error> {
        let Some((x, y)) = self.config.data.fresh(self.config.seed, draw) else {
            return Ok(None);
        };
        self.judge(values, &x, &y).map(Some)
    }

    /// Judges parameters on the validation part.
    pub(super) fn on_validation(&mut self, values: &[Vec<f32>]) -> Result<Evaluation, Error> {
        let (x, y) = self.supply.validation.clone();
        self.judge(values, &x, &y)
    }

    fn judge(&mut self, values: &[Vec<f32>], x: &Sequences, y: &Targets) -> Result<Evaluation, Error> {
        let c = self.config;
        let mut e = match (c.p_skip, c.dials) {
            (Some(p_skip), _) => self.evaluation(values, x, y, EvaluationSchedule::Random { p_skip, seed: c.seed })?,
            (None, None) => self.evaluation(values, x, y, EvaluationSchedule::Rule { dial: 0.0 })?,
            (None, Some(dials)) => {
                let all = self.along_the_dial(dials, values, x, y)?;
                return Ok(dials.mean(&all));
            }
        };
        e.budget = c.lambda * c.budget.at(e.updates_mean);
        Ok(e)
    }

    /// At every setting of the dial.
    pub(super) fn along_the_dial(
        &mut self,
        dials: Dials,
        values: &[Vec<f32>],
        x: &Sequences,
        y: &Targets,
    ) -> Result<Vec<Evaluation>, Error> {
        let c = self.config;
        let at = |dial: f64| {
            let mut e = self.evaluation(values, x, y, EvaluationSchedule::Rule { dial: dial as f32 })?;
            e.budget = c.lambda * dials.price(dial) * c.budget.at(e.updates_mean);
            Ok(e)
        };
        dials.settings().into_iter().map(at).collect()
    }

    /// Runs the sequences on the device of the run, and judges what came out.
    fn evaluation(
        &mut self,
        values: &[Vec<f32>],
        x: &Sequences,
        y: &Targets,
        judged: EvaluationSchedule,
    ) -> Result<Evaluation, Error> {
        let c = self.config;
        let model = self.model(values);
        let outcomes = match &mut self.compute.accelerator {
            None => evaluate::outcomes(&model, x, judged, c.threads)?,
            Some(there) => {
                let x = self.supply.normalised(x);
                there.run(values, &x, model.description.output_at, judged)?
            }
        };
        evaluate::judge(&c.data, &model, outcomes, x, y)
    }
}
