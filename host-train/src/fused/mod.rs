//! Fused recurrent kernels for training: forward and hand-derived backward through time for Skip LSTM, Skip GRU,
//! LSTM and GRU, any number of stacked layers with one skip gate on top.
//!
//! Source of the model: Campos et al., "Skip RNN: Learning to Skip State Updates in Recurrent Neural Networks",
//! ICLR 2018, equations (2) to (5) and (7); the gradient is that of the *carried* form,
//! Δũ_t = u_t·σ(W_p S(s_{t-1}, x_t) + b_p) + (1 - u_t)·Δũ_{t-1} (figure 1d), with du/dũ = 1.
//!
//! One step costs one matrix product over the batch for each layer. Its rows are `[x_t | 1 | h_{t-1}]`, so that the
//! bias and both weight matrices act at once. Its columns are the gates, 16 units at a time: a tile of the product has
//! the four gates of 16 units for six sequences in registers, which then become the activations and the candidate
//! without another pass. Units are padded to a multiple of 16; padded ones stay at zero, which makes the padding exact.
//!
//! States are never copied at a skipped sample:
//! every candidate S(s_{t-1}, x_t) is kept, and a state is the candidate of the last update.
//! The backward pass through S is multiplied by u_t, so its products run over the updated rows only.
//!
//! [`forward`] fills a [`Workspace`] and [`backward`] reads it. Parameters and their gradients are one flat vector
//! each, laid out by [`Shape::tensors`]. Results depend on the shape and the number of threads, never on timing.

mod backward;
mod buffer;
mod forward;
mod gate;
mod gru;
mod layout;
mod lstm;
mod operand;
mod packed;
mod products;
mod real;
mod shape;
mod states;
mod steps;
mod sys;
mod tile;
mod vector;
mod workspace;

#[cfg(test)]
mod tests;

pub use backward::{Incoming, backward};
pub use forward::{Batch, Schedule, forward};
pub use products::Products;
pub use real::{ACTIVATION_ERROR, Real};
pub use shape::{Family, OutputAt, Shape, Tensor};
pub use workspace::Workspace;
