//! The one network of an image.

use crate::Refusal;
use app::{MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS};
use cortex_m::singleton;
use skiprnn_nostd::{Instance, Model};

/// The state of the largest network that an image has room for.
type State = skiprnn_nostd::State<MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>;

/// A network whose state lies in static memory.
pub type Network = Instance<'static, MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS, &'static mut State>;

/// Puts a model over the image's one state, which lies in static memory: it would take a fifth of the stack. Works once.
///
/// # Errors
/// The model is larger than the state, or the state is in use.
pub fn network(model: Model<'static>) -> Result<Network, Refusal> {
    let state = singleton!(: State = State::ZERO).ok_or(Refusal::Buffer)?;
    Ok(Instance::over(model, state)?)
}
