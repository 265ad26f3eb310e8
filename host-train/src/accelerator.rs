//! What a device that takes whole training steps has to do.

use crate::{Error, adam::Adam, batch::Batch, evaluate::EvaluationSchedule, loss::UpdateCost};
use float_model::{Outcome, OutputAt, Sequences};

/// Where the samples of a step come from.
#[cfg_attr(not(feature = "cuda"), allow(dead_code, reason = "accelerators read it"))]
pub(crate) enum StepData<'a> {
    /// The generated task, made on the device with the streams of this step, counted from 0.
    Generated(u64),
    /// The host.
    Given(&'a Batch),
}

/// Figures of one step, as in [`crate::gradient::Gradient`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StepMetrics {
    pub(crate) loss: f64,
    pub(crate) budget: f64,
    pub(crate) updates: f64,
    /// Global norm of the gradient, before clipping.
    pub(crate) norm: f64,
}

/// A device that holds parameters and the optimiser's state, and takes whole steps.
pub(crate) trait Accelerator: Send {
    /// Takes over a state.
    fn load(&mut self, values: &[Vec<f32>], adam: &Adam) -> Result<(), Error>;

    /// Gives it back; `adam.step` is the caller's.
    fn store(&self, values: &mut Vec<Vec<f32>>, adam: &mut Adam) -> Result<(), Error>;

    /// One step, the `number`-th of Adam counted from 1: gradient, clipping to `limit`, Adam, projection. Where the
    /// gradient is not finite (its norm says so) the state is left as it was.
    fn step(
        &mut self,
        source: StepData<'_>,
        cost: UpdateCost,
        limit: f64,
        learning_rate: f64,
        number: u64,
    ) -> Result<StepMetrics, Error>;

    /// The gradient of the last step, before clipping.
    fn gradients(&self) -> Result<Vec<Vec<f32>>, Error>;

    /// Runs `x` (normalised) with these parameters; what the network says is (O), or (T, O) by `output_at`.
    fn run(
        &mut self,
        values: &[Vec<f32>],
        x: &Sequences,
        output_at: OutputAt,
        schedule: EvaluationSchedule,
    ) -> Result<Vec<Outcome>, Error>;
}
