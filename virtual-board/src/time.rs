//! Time on a virtual board: picoseconds since power came on, and clocks that count it in ticks.
//!
//! No wall clock takes part. The same image with the same inputs sees the same instants in every run.

use std::ops::{Add, AddAssign, Sub};

/// Picoseconds in a second.
const SECOND_PS: u128 = 1_000_000_000_000;

/// An instant, in picoseconds since power came on, or a span between two of them. 64 bits hold 213 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

impl Time {
    /// The instant at which power comes on.
    pub const ZERO: Self = Self(0);
    /// An instant that no run reaches.
    pub const NEVER: Self = Self(u64::MAX);

    /// From picoseconds.
    #[must_use]
    pub const fn from_ps(ps: u64) -> Self {
        Self(ps)
    }

    /// From nanoseconds.
    #[must_use]
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns * 1_000)
    }

    /// From microseconds.
    #[must_use]
    pub const fn from_us(us: u64) -> Self {
        Self(us * 1_000_000)
    }

    /// From milliseconds.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms * 1_000_000_000)
    }

    /// From whole seconds.
    #[must_use]
    pub const fn from_s(s: u64) -> Self {
        Self(s * SECOND_PS as u64)
    }

    /// In picoseconds.
    #[must_use]
    pub const fn ps(self) -> u64 {
        self.0
    }

    /// In seconds, rounded to a double.
    #[must_use]
    pub fn as_s(self) -> f64 {
        self.0 as f64 / SECOND_PS as f64
    }

    /// The span since an earlier instant; zero where it is a later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

/// Saturates at [`Time::NEVER`].
impl Add for Time {
    type Output = Self;

    fn add(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign for Time {
    fn add_assign(&mut self, span: Self) {
        *self = *self + span;
    }
}

/// Saturates at zero.
impl Sub for Time {
    type Output = Self;

    fn sub(self, span: Self) -> Self {
        self.since(span)
    }
}

/// A clock of whole ticks: tick n begins at the first instant that is at least n periods after the clock's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// The instant of tick 0.
    pub start: Time,
    /// Ticks in a second.
    pub hz: u64,
}

impl Clock {
    /// A clock that ticks from power-on.
    #[must_use]
    pub const fn new(hz: u64) -> Self {
        Self { start: Time::ZERO, hz }
    }

    /// A clock that ticks from `start` on.
    #[must_use]
    pub const fn starting(start: Time, hz: u64) -> Self {
        Self { start, hz }
    }

    /// Whole ticks up to an instant; none before its start.
    #[must_use]
    pub fn ticks(self, at: Time) -> u64 {
        (u128::from(at.since(self.start).0) * u128::from(self.hz) / SECOND_PS) as u64
    }

    /// The instant at which a tick begins; [`Time::NEVER`] where 64 bits do not hold it.
    #[must_use]
    pub fn time(self, tick: u64) -> Time {
        let ps = (u128::from(tick) * SECOND_PS).div_ceil(u128::from(self.hz));
        self.start + Time(u64::try_from(ps).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_begins_where_it_is_first_counted() {
        for hz in [32_768, 25_000_000, 48_000_000, 64_000_000] {
            let clock = Clock::starting(Time::from_us(7), hz);
            for tick in [0, 1, 2, 3, 1000, 32_767, 1 << 24, 10_000_000_019] {
                let at = clock.time(tick);
                assert_eq!(clock.ticks(at), tick, "{hz} Hz");
                assert!(tick == 0 || clock.ticks(at - Time::from_ps(1)) == tick - 1, "{hz} Hz");
            }
        }
    }

    #[test]
    fn what_64_bits_do_not_hold_is_never() {
        assert_eq!(Clock::new(1).time(u64::MAX), Time::NEVER);
        assert_eq!(Time::NEVER + Time::from_s(1), Time::NEVER);
        assert_eq!(Time::ZERO - Time::from_s(1), Time::ZERO);
    }
}
