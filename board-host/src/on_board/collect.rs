//! The application `record` on a virtual board: a recording plays to the sensor's registers, and comes back as it was recorded.

use super::{BoardOptions, Input, Observed, Recorded, observe};
use crate::{
    Collection, Error,
    collect::{Heard, Listener},
    log,
};

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Collected {
    /// The application came to its end, rather than the run.
    pub complete: bool,
    /// Everything else that the run showed.
    pub observed: Observed,
}

/// Plays a recording to the sensor of a virtual board that records it; `sink` takes what the board says as it comes, and says
/// whether it has enough. The run ends then, when the application does, or at the time that the options give. The recording's
/// first sample is the first that the board reads; after its end its last sample stays.
///
/// # Errors
/// The image cannot be built or is another board's, it refuses what it was given or its sensor fails, or it cannot go on;
/// [`Error`] says which.
pub fn collect(
    options: &BoardOptions,
    asked: &Collection,
    world: &Recorded<'_>,
    sink: &mut dyn FnMut(Heard) -> bool,
) -> Result<Collected, Error> {
    let mut listener = Listener::new(options.board.name);
    let mut failed = None;
    let observed = observe(
        options,
        &[],
        &Input::Collected(world, asked),
        &mut |line| match listener.line(&line.text) {
            Ok(Some(heard)) => sink(heard) || log::is_last(&line.text),
            Ok(None) => log::is_last(&line.text),
            Err(error) => {
                failed = Some(error);
                true
            }
        },
    )?;
    match failed {
        Some(error) => Err(error),
        None => Ok(Collected {
            complete: listener.complete(),
            observed,
        }),
    }
}
