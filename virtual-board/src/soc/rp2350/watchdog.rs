//! WATCHDOG (RP2350 data sheet, 12.9), and what it resets (7.4 Power-on state machine).
//!
//! It counts ticks of TICKS down. No core is halted here, so that its pauses change nothing. SCRATCH4 to SCRATCH7, by which a
//! program tells the boot ROM where to go on, are not modelled.

use super::ticks::Count;
use crate::{
    bus::Refused,
    soc::stm32::registers::{Answer, within},
    time::Time,
};

const CTRL: u32 = 0x00;
const LOAD: u32 = 0x04;
const REASON: u32 = 0x08;
const SCRATCH0: u32 = 0x0c;
const SCRATCH3: u32 = 0x18;
/// CTRL: ticks that are left, the pauses, the enable bit. TRIGGER is not modelled.
const TIME: u32 = 0xff_ffff;
const PAUSES: u32 = 0b111 << 24;
const ENABLE: u32 = 1 << 30;
/// REASON: the time was over.
const TIMER: u32 = 1;

/// What is left of its time.
#[derive(Debug, Clone, Copy)]
enum Left {
    /// It is enabled and bites at this tick.
    Until(u64),
    /// It is not enabled, and so many ticks are left.
    Ticks(u64),
}

/// The watchdog.
#[derive(Debug)]
pub(super) struct Watchdog {
    count: Count,
    left: Left,
    pauses: u32,
    reason: u32,
    scratch: [u32; 4],
    bites: bool,
}

impl Watchdog {
    pub(super) fn new() -> Self {
        Self {
            count: Count::default(),
            left: Left::Ticks(0),
            pauses: PAUSES,
            reason: 0,
            scratch: [0; 4],
            bites: false,
        }
    }

    pub(super) fn set_rate(&mut self, hz: Option<u64>, now: Time) {
        self.count.set_rate(hz, now);
    }

    pub(super) fn due(&self) -> Time {
        match self.left {
            Left::Until(tick) => self.count.time(tick),
            Left::Ticks(_) => Time::NEVER,
        }
    }

    pub(super) fn advance(&mut self, now: Time) {
        if let Left::Until(tick) = self.left
            && tick <= self.count.ticks(now)
        {
            // What it resets resets its enable bit as well.
            self.left = Left::Ticks(0);
            self.reason = TIMER;
            self.bites = true;
        }
    }

    /// It is enabled.
    pub(super) const fn counts(&self) -> bool {
        matches!(self.left, Left::Until(_))
    }

    /// Whether its reset is due; asked for once.
    pub(super) fn take_reset(&mut self) -> bool {
        std::mem::take(&mut self.bites)
    }

    /// A reset of the cores by a program clears the reason of the last reset, and nothing else.
    pub(super) fn forget_reason(&mut self) {
        self.reason = 0;
    }

    fn ticks_left(&self, now: Time) -> u64 {
        match self.left {
            Left::Until(tick) => tick.saturating_sub(self.count.ticks(now)),
            Left::Ticks(left) => left,
        }
    }

    pub(super) fn read(&self, offset: u32, now: Time) -> Answer<u32> {
        let enabled = if matches!(self.left, Left::Until(_)) { ENABLE } else { 0 };
        match offset {
            CTRL => Ok(self.ticks_left(now) as u32 & TIME | self.pauses | enabled),
            LOAD => Ok(0),
            REASON => Ok(self.reason),
            SCRATCH0..=SCRATCH3 => Ok(self.scratch[((offset - SCRATCH0) / 4) as usize]),
            _ => Err(Refused::Unknown),
        }
    }

    /// A write; whether it started the watchdog.
    pub(super) fn write(&mut self, offset: u32, value: u32, now: Time) -> Answer<bool> {
        let (runs, ticks, left) = (
            matches!(self.left, Left::Until(_)),
            self.count.ticks(now),
            self.ticks_left(now),
        );
        match offset {
            CTRL => {
                self.pauses = within(value & !TIME, PAUSES | ENABLE)? & PAUSES;
                let enabled = value & ENABLE != 0;
                self.left = if enabled {
                    Left::Until(ticks + left)
                } else {
                    Left::Ticks(left)
                };
                return Ok(enabled && !runs);
            }
            LOAD => {
                let load = u64::from(within(value, TIME)?);
                self.left = if runs {
                    Left::Until(ticks + load)
                } else {
                    Left::Ticks(load)
                };
            }
            SCRATCH0..=SCRATCH3 => self.scratch[((offset - SCRATCH0) / 4) as usize] = value,
            _ => return Err(Refused::Unknown),
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Time {
        Time::from_ms(ms)
    }

    fn watchdog() -> Watchdog {
        let mut watchdog = Watchdog::new();
        watchdog.set_rate(Some(1_000_000), ms(0));
        assert_eq!(watchdog.write(LOAD, 12_000_000, ms(1)), Ok(false));
        watchdog
    }

    #[test]
    fn it_bites_when_it_is_not_fed_and_says_so() {
        let mut watchdog = watchdog();
        assert_eq!(watchdog.due(), Time::NEVER);
        assert_eq!(watchdog.write(CTRL, ENABLE | PAUSES, ms(1)), Ok(true));
        assert_eq!(watchdog.write(LOAD, 12_000_000, ms(8_000)), Ok(false));
        assert_eq!(watchdog.due(), ms(20_000));
        assert_eq!(watchdog.read(CTRL, ms(19_999)), Ok(ENABLE | PAUSES | 1000));
        watchdog.advance(ms(19_999));
        assert!(!watchdog.take_reset());
        watchdog.advance(ms(20_000));
        assert!(watchdog.take_reset() && !watchdog.take_reset());
        assert_eq!(
            (watchdog.read(REASON, ms(20_000)), watchdog.due()),
            (Ok(TIMER), Time::NEVER)
        );
        watchdog.forget_reason();
        assert_eq!(watchdog.read(REASON, ms(20_000)), Ok(0));
    }

    #[test]
    fn one_that_is_stopped_keeps_its_time() {
        let mut watchdog = watchdog();
        assert_eq!(watchdog.write(CTRL, ENABLE, ms(1)), Ok(true));
        assert_eq!(watchdog.write(CTRL, 0, ms(5)), Ok(false));
        assert_eq!(watchdog.due(), Time::NEVER);
        assert_eq!(watchdog.write(CTRL, ENABLE, ms(100)), Ok(true));
        assert_eq!(watchdog.due(), ms(100 + 12_000 - 4));
    }

    #[test]
    fn what_the_boot_rom_would_read_is_not_written() {
        let mut watchdog = watchdog();
        assert_eq!(watchdog.write(SCRATCH3, 7, ms(1)), Ok(false));
        assert_eq!(watchdog.read(SCRATCH3, ms(2)), Ok(7));
        assert_eq!(watchdog.write(0x1c, 0xb007_c0d3, ms(2)), Err(Refused::Unknown));
        assert_eq!(watchdog.write(CTRL, 1 << 31, ms(2)), Err(Refused::Unknown), "TRIGGER");
    }
}
