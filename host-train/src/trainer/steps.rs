//! One step, on the processor or on a device.

use super::{GRADIENT_NORM, Run};
use crate::{
    Error,
    accelerator::{Accelerator, StepData, StepMetrics},
    adam,
    batch::Batch,
    gradient::Gradient,
    loss::UpdateCost,
    params::Parameters,
};

impl Run<'_> {
    /// Learning rate and λ of a step, counted from 1.
    pub(super) fn rates(&self, step: u64) -> (f64, f64) {
        let c = self.config;
        let (of_rate, of_lambda) = self.state.guard.factors(c.rollback);
        (
            c.learning_rate * c.learning_rate_schedule.factor(step, c.steps) * of_rate,
            c.lambda * c.lambda_schedule.factor(step, c.steps) * of_lambda,
        )
    }

    /// One step of Adam; returns the loss and the mean updates.
    pub(super) fn step(&mut self) -> Result<(f64, f64), Error> {
        let number = self.state.adam.step + 1;
        let (learning_rate, lambda) = self.rates(number);
        let cost = UpdateCost {
            budget: self.config.budget,
            lambda,
            decision_clip: self.config.decision_clip,
        };
        let f = match self.compute.accelerator.take() {
            None => self.step_here(cost, learning_rate)?,
            Some(mut there) => {
                let f = self.step_there(there.as_mut(), cost, learning_rate, number)?;
                self.state.adam.step = number;
                self.compute.accelerator = Some(there);
                f
            }
        };
        let sums = &mut self.state.sums;
        sums.steps += 1;
        sums.loss += f.loss;
        sums.budget += f.budget;
        sums.updates += f.updates;
        sums.norm += f.norm;
        Ok((f.loss, f.updates))
    }

    /// The batch of a step, counted from 0, with what a teacher says of it.
    fn batch(&mut self, step: u64) -> Result<Batch, Error> {
        let data = self.batches.batch(step)?;
        let lesson = match &mut self.teacher {
            Some(teacher) => Some(teacher.lesson(&mut self.batches, step, &data.0)?),
            None => None,
        };
        Ok(Batch {
            lesson,
            ..Batch::new(data, self.config, step)
        })
    }

    /// On the processor.
    fn step_here(&mut self, cost: UpdateCost, learning_rate: f64) -> Result<StepMetrics, Error> {
        let step = self.state.adam.step;
        let batch = self.batch(step)?;
        let state = &mut self.state;
        let Parameters { shape, values } = &state.parameters;
        let mut g = self.compute.differentiator.gradient(shape, values, &batch, cost)?;
        if let Some((tensor, value)) = g.not_finite(shape) {
            return Err(self.diverged(step + 1, tensor, value));
        }
        let norm = adam::clip(&mut g.gradients, GRADIENT_NORM);
        state
            .adam
            .update(&mut state.parameters.values, &g.gradients, learning_rate);
        state.parameters.project(self.config.input_weight_limit);
        Ok(StepMetrics {
            loss: g.loss,
            budget: g.budget,
            updates: g.updates,
            norm,
        })
    }

    /// On a device.
    fn step_there(
        &mut self,
        there: &mut dyn Accelerator,
        cost: UpdateCost,
        learning_rate: f64,
        number: u64,
    ) -> Result<StepMetrics, Error> {
        let step = number - 1;
        // A device makes sequences itself, but not as a model normalises them.
        let made_there = self.config.data.is_generated() && self.config.from.is_none();
        let f = match made_there {
            true => there.step(StepData::Generated(step), cost, GRADIENT_NORM, learning_rate, number)?,
            false => {
                let batch = self.batch(step)?;
                there.step(StepData::Given(&batch), cost, GRADIENT_NORM, learning_rate, number)?
            }
        };
        if f.loss.is_finite() && f.norm.is_finite() {
            return Ok(f);
        }
        let g = Gradient {
            loss: f.loss,
            budget: f.budget,
            updates: f.updates,
            gradients: there.gradients()?,
        };
        let found = g.not_finite(&self.state.parameters.shape);
        let (tensor, value) = found.unwrap_or_else(|| ("gradient".into(), f.norm));
        Err(self.diverged(number, tensor, value))
    }

    /// Gives the state to the device.
    pub(super) fn upload(&mut self) -> Result<(), Error> {
        match &mut self.compute.accelerator {
            Some(there) => there.load(&self.state.parameters.values, &self.state.adam),
            None => Ok(()),
        }
    }

    /// Takes the state from the device.
    pub(super) fn fetch(&mut self) -> Result<(), Error> {
        match &self.compute.accelerator {
            Some(there) => there.store(&mut self.state.parameters.values, &mut self.state.adam),
            None => Ok(()),
        }
    }
}
