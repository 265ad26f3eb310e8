//! How an application runs its sequences.

use board_link::settings::{Settings, SettingsError};
use core::num::NonZeroU32;
use skiprnn_nostd::{Model, budget::Controller};

/// How sequences are run, and when the network answers. By default each for itself, at dial 0, with one answer at its end.
#[derive(Debug, Clone, Default)]
pub struct Run<'a> {
    /// Turns the network's dial and sets the cap.
    pub controller: Controller<'a>,
    /// Samples of a sequence, in place of the model's own number; 0 is an endless stream.
    pub length: Option<u32>,
    /// Samples from one answer to the next; `None` for one at the end of each sequence.
    pub answer_every: Option<NonZeroU32>,
    /// Whether a sequence begins with the state that the one before it left, in place of h0 and c0.
    pub keep_state: bool,
}

impl<'a> Run<'a> {
    /// As the loader's settings say, for sequences of `samples` samples of this model; 0 is an endless stream.
    ///
    /// # Errors
    /// A budget or a cap does not suit a stream, or nothing says when the stream answers.
    pub fn new(settings: &Settings, model: &Model<'a>, samples: u32) -> Result<Self, SettingsError> {
        Ok(Self {
            controller: settings.controller(model, samples)?,
            length: Some(samples),
            answer_every: settings.answers(model, samples)?,
            keep_state: settings.keep_state,
        })
    }
}

impl<'a> From<Controller<'a>> for Run<'a> {
    fn from(controller: Controller<'a>) -> Self {
        Self {
            controller,
            ..Self::default()
        }
    }
}
