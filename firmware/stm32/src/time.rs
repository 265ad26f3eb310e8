//! What embassy takes for time: LPTIM1, for the time limits of the I2C driver and nothing else. Nobody waits by it.

use crate::lptim::Lptim;
use core::{cell::Cell, task::Waker};
use critical_section::Mutex;
use embassy_time_driver::{Driver, time_driver_impl};

/// Ticks so far, as far as somebody asked in time: a whole turn of the counter between two readings is not seen, which
/// lengthens no time limit, because a driver at work asks all the time.
struct Ticks(Mutex<Cell<u64>>);

impl Driver for Ticks {
    fn now(&self) -> u64 {
        critical_section::with(|section| {
            let ticks = self.0.borrow(section);
            let before = ticks.get();
            let passed = Lptim::count().wrapping_sub(before as u16);
            let now = before + u64::from(passed);
            ticks.set(now);
            now
        })
    }

    /// No driver of these boards is asynchronous.
    fn schedule_wake(&self, _: u64, _: &Waker) {}
}

time_driver_impl!(static TICKS: Ticks = Ticks(Mutex::new(Cell::new(0))));
