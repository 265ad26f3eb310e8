//! What a fit tells while it works.

use std::ops::ControlFlow;

/// What happens while a fit works, for a command line to show.
pub enum Event<'a> {
    /// A part of the work begins.
    Stage(&'a str),
    /// How much of the trainings is done, 0 to 1, and how many seconds are left of them, where that can be told.
    Progress {
        /// The share.
        share: f64,
        /// Seconds that are left.
        left_s: Option<f64>,
    },
    /// A training is done, or failed, in words.
    Trained(String),
}

/// Shows events. Where it breaks, trainings end after the step that they are in, each with a checkpoint, and no other begins.
pub type Observer<'a> = &'a (dyn Fn(&Event<'_>) -> ControlFlow<()> + Sync);
