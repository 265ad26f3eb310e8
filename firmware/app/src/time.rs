//! The two clocks of an application: one that tells and waits for the time, one that counts what an update costs.

/// A monotonic clock that the board can sleep by.
///
/// Ticks count from an arbitrary moment and never wrap: a board whose counter is narrower extends it.
pub trait Clock {
    /// What can go wrong while sleeping, such as a wake-up timer that does not start.
    type Error;

    /// Ticks in a second; constant.
    fn ticks_per_second(&self) -> u32;

    /// The present tick.
    fn now(&mut self) -> u64;

    /// Sleeps, in the deepest mode that wakes in time, until [`Clock::now`] has reached `tick`. Returns at once where
    /// it already has.
    ///
    /// # Errors
    /// Where the board could not sleep until then.
    fn sleep_until(&mut self, tick: u64) -> Result<(), Self::Error>;
}

/// A stopwatch around a single update, finer than [`Clock`]: a cycle counter, or in an emulator a counter that advances
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
