//! An oscillator: switched on, it is ready after its start-up time.

use crate::time::Time;

/// An oscillator of the chip.
#[derive(Debug, Clone, Copy)]
pub(in crate::soc) struct Oscillator {
    start_up: Time,
    /// When it is ready, if it is on.
    ready_at: Option<Time>,
}

impl Oscillator {
    /// One that is off.
    pub(in crate::soc) const fn off(start_up: Time) -> Self {
        Self {
            start_up,
            ready_at: None,
        }
    }

    /// One that has been running since before power was seen.
    pub(in crate::soc) const fn running(start_up: Time) -> Self {
        Self {
            start_up,
            ready_at: Some(Time::ZERO),
        }
    }

    /// Switches it on or off. One that is on goes on.
    pub(in crate::soc) fn switch(&mut self, on: bool, now: Time) {
        self.ready_at = on.then(|| self.ready_at.unwrap_or(now + self.start_up));
    }

    pub(in crate::soc) const fn is_on(&self) -> bool {
        self.ready_at.is_some()
    }

    pub(in crate::soc) fn is_ready(&self, now: Time) -> bool {
        self.ready_at.is_some_and(|at| at <= now)
    }

    /// Its bits in a register: `on` where it is on, `ready` where it is ready.
    pub(in crate::soc) fn bits(&self, on: u32, ready: u32, now: Time) -> u32 {
        let bit = |set, bit| if set { bit } else { 0 };
        bit(self.is_on(), on) | bit(self.is_ready(now), ready)
    }

    /// When it became ready, or will.
    pub(in crate::soc) const fn ready_at(&self) -> Option<Time> {
        self.ready_at
    }

    /// When it becomes ready, if that lies ahead.
    pub(in crate::soc) fn due(&self, now: Time) -> Time {
        self.ready_at.filter(|at| *at > now).unwrap_or(Time::NEVER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_after_its_start_up_and_not_before() {
        let mut lse = Oscillator::off(Time::from_ms(2));
        assert_eq!(lse.due(Time::ZERO), Time::NEVER);
        lse.switch(true, Time::from_ms(1));
        lse.switch(true, Time::from_ms(2));
        assert!(!lse.is_ready(Time::from_us(2_999)));
        assert_eq!(lse.due(Time::from_ms(1)), Time::from_ms(3));
        assert!(lse.is_ready(Time::from_ms(3)));
        lse.switch(false, Time::from_ms(4));
        assert!(!lse.is_on() && !lse.is_ready(Time::from_ms(9)));
    }
}
