//! The application `replay` on a virtual board: recorded sequences from its flash.

use super::{BoardOptions, Input, Observed, observe};
use crate::{Error, Load, Record, Spending, log, replay::Replayed};

/// What came of a replay.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// One for each sequence, in the order given.
    pub records: Vec<Record>,
    /// Cycles of one updating `step` by the core's own counter, head excluded: the mean over all updates. Simulated.
    pub cycles_per_update: f64,
    /// Seconds asleep by the board's clock, the waits between sequences included.
    pub seconds_asleep: f64,
    /// Seconds from the first sample of the first sequence to the end of the last one, by the board's clock.
    pub seconds_total: f64,
    /// Updates whose sample had fallen due while an earlier update still ran.
    pub late_updates: u64,
    /// Seconds by which the latest wake-up missed its instant.
    pub wake_delay_max_s: f64,
    /// What was booked on a budget, where there is one.
    pub spending: Option<Spending>,
    /// Everything else that the run showed.
    pub observed: Observed,
}

/// Replays sequences through a model on the virtual board.
///
/// # Errors
/// The image cannot be built or is another board's, it refuses what it was given, or it cannot go on; [`Error`] says which.
pub fn replay(options: &BoardOptions, load: &Load<'_>) -> Result<Replay, Error> {
    let input = Input::Sequences(load.counts, load.shape);
    let observed = observe(options, load.blob, &input, &mut |line| log::is_last(&line.text))?;
    let replayed = Replayed::parse(&observed.lines(), options.board.name)?;
    replayed.expect(load.blob.len(), load.shape)?;
    Ok(Replay {
        cycles_per_update: replayed.meter / replayed.updates.max(1) as f64,
        records: replayed.records,
        seconds_asleep: replayed.seconds_asleep,
        seconds_total: replayed.seconds_total,
        late_updates: replayed.late_updates,
        wake_delay_max_s: replayed.wake_delay_max_s,
        spending: replayed.spending,
        observed,
    })
}
