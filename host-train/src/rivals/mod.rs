//! What a skipping network has to beat: models that others would take for the same data, trained and judged in the same way.
//!
//! A plain LSTM or GRU on every sample, the same on every k-th, and one that skips at random are runs of the trainer. Here are
//! the two that are not: a small convolutional network ([`cnn`]), and a recurrent network that stops as soon as it is sure
//! ([`early_exit`]).

pub mod cnn;
pub mod early_exit;
