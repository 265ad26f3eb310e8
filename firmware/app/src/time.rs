//! What an update costs, beside the clock that tells the time; and a lighter sleep, to be compared with the deep one.

use skiprnn_nostd::runner::Clock;

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

/// No stopwatch: every reading is 0.
impl Meter for () {
    #[inline(always)]
    fn start(&mut self) {}

    #[inline(always)]
    fn stop(&mut self) -> u32 {
        0
    }
}

/// A clock that can also wait in the lightest sleep that the core has: it stops, and nothing else does.
pub trait IdleClock: Clock {
    /// Waits until [`Clock::now`] has reached `tick`, the core stopped, its clocks and supplies left as they are.
    ///
    /// # Errors
    /// As [`Clock::sleep_until`].
    fn idle_until(&mut self, tick: u64) -> Result<(), Self::Error>;
}
