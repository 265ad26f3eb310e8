//! What an update costs, beside the clock that tells the time.

/// A stopwatch around a single update, finer than the runner's clock: a cycle counter, or in an emulator a counter that advances
/// with the instructions.
///
/// Its unit is the board's own; the reading includes the constant cost of an empty measurement, which a board measures
/// once and logs, so that the host subtracts it.
pub trait Meter {
    /// Starts a measurement.
    fn start(&mut self);

    /// Ticks since [`Meter::start`].
    fn stop(&mut self) -> u32;
}
