//! WDT, the watchdog (nRF52840 PS v1.8, 6.36).
//!
//! A core that a debugger has halted does not exist here, so that CONFIG.HALT changes nothing.

use super::registers::{Answer, Signals, triggered, within};
use crate::{
    bus::Refused,
    time::{Clock as Ticks, Time},
};

/// What reloads the counter when it is written to every enabled RR.
const RELOAD: u32 = 0x6e52_4635;
/// Ticks from TIMEOUT to the reset, if TIMEOUT interrupts (6.36.3).
const GRACE_TICKS: u64 = 2;

const TIMEOUT: u32 = 0;
/// In CONFIG: it counts while the core sleeps.
const COUNTS_ASLEEP: u32 = 1;

/// How a watchdog that was started stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    /// TIMEOUT comes with this tick of LFCLK.
    Until(u64),
    /// The core sleeps, and this many ticks are left.
    Paused(u64),
    /// TIMEOUT has come; the reset comes with this tick.
    Doomed(u64),
}

/// The watchdog.
#[derive(Debug)]
pub(super) struct Wdt {
    signals: Signals,
    reload_value: u32,
    /// RREN.
    enabled: u32,
    config: u32,
    /// Enabled reload registers that have not been written since the last reload.
    requested: u32,
    count: Option<Count>,
    ticks: Ticks,
    asleep: bool,
    due: Time,
    /// The reset is due.
    bites: bool,
}

impl Wdt {
    pub(super) const fn new() -> Self {
        Self {
            signals: Signals::new(1 << TIMEOUT, false),
            reload_value: u32::MAX,
            enabled: 1,
            config: COUNTS_ASLEEP,
            requested: 1,
            count: None,
            ticks: Ticks::new(super::clock::LFCLK_HZ),
            asleep: false,
            due: Time::NEVER,
            bites: false,
        }
    }

    pub(super) const fn due(&self) -> Time {
        self.due
    }

    pub(super) const fn line(&self) -> bool {
        self.signals.line()
    }

    /// Whether it was started.
    pub(super) const fn runs(&self) -> bool {
        self.count.is_some()
    }

    /// Whether it counts: not while it pauses with the core.
    pub(super) const fn counts(&self) -> bool {
        matches!(self.count, Some(Count::Until(_)))
    }

    /// Whether its reset is due; asked for once.
    pub(super) fn take_reset(&mut self) -> bool {
        std::mem::take(&mut self.bites)
    }

    /// A soft reset or a lockup does not touch a running watchdog (5.3.6.8), but the core is awake after it.
    pub(super) fn survive(&mut self, now: Time) {
        self.sleeping(false, now);
    }

    pub(super) fn advance(&mut self, now: Time) {
        while self.due <= now {
            match self.count {
                Some(Count::Until(tick)) => {
                    self.signals.raise(TIMEOUT);
                    let postponed = self.signals.enabled() >> TIMEOUT & 1 != 0;
                    self.count = Some(Count::Doomed(tick + if postponed { GRACE_TICKS } else { 0 }));
                    self.plan();
                }
                _ => {
                    self.bites = true;
                    self.due = Time::NEVER;
                }
            }
        }
    }

    fn plan(&mut self) {
        self.due = match self.count {
            Some(Count::Until(tick) | Count::Doomed(tick)) => self.ticks.time(tick),
            _ => Time::NEVER,
        };
    }

    /// The core begins or ends a sleep: the counter pauses, if CONFIG says so.
    pub(super) fn sleeping(&mut self, asleep: bool, now: Time) {
        self.asleep = asleep;
        let tick = self.ticks.ticks(now);
        let pauses = asleep && self.config & COUNTS_ASLEEP == 0;
        self.count = match self.count {
            Some(Count::Until(until)) if pauses => Some(Count::Paused(until.saturating_sub(tick))),
            Some(Count::Paused(left)) if !pauses => Some(Count::Until(tick + left)),
            count => count,
        };
        self.plan();
    }

    /// Loads the counter from CRV: TIMEOUT comes CRV + 1 ticks after the next one begins.
    fn load(&mut self, now: Time) {
        let tick = self.ticks.ticks(now);
        let next = if now > self.ticks.time(tick) { tick + 1 } else { tick };
        self.count = Some(Count::Until(next + u64::from(self.reload_value) + 1));
        self.requested = self.enabled;
        self.plan();
    }

    pub(super) fn read(&self, offset: u32) -> Answer<u32> {
        if let Some(value) = self.signals.read(offset) {
            return Ok(value);
        }
        match offset {
            0x400 => Ok(u32::from(self.runs())),
            0x404 => Ok(self.requested),
            0x504 => Ok(self.reload_value),
            0x508 => Ok(self.enabled),
            0x50c => Ok(self.config),
            _ => Err(Refused::Unknown),
        }
    }

    /// A write; whether it started the watchdog, which then counts these ticks of LFCLK.
    pub(super) fn write(&mut self, offset: u32, value: u32, now: Time, lfclk: impl FnOnce() -> Ticks) -> Answer<bool> {
        if let Some(answer) = self.signals.write(offset, value) {
            return answer.map(|()| false);
        }
        match offset {
            0x00 => {
                if triggered(value)? && !self.runs() {
                    self.ticks = lfclk();
                    self.load(now);
                    return Ok(true);
                }
            }
            // Once it runs, its settings are blocked.
            0x504 | 0x508 | 0x50c if self.runs() => {}
            // 6.36.5.8: 15 at least.
            0x504 if value >= 0xf => self.reload_value = value,
            0x508 => {
                self.enabled = within(value, 0xff)?;
                self.requested = self.enabled;
            }
            0x50c => self.config = within(value, 0b1001)?,
            0x600..=0x61c if offset.is_multiple_of(4) => self.request((offset - 0x600) / 4, value, now),
            _ => return Err(Refused::Unknown),
        }
        Ok(false)
    }

    /// A write to a reload register. Another value than the right one does nothing.
    fn request(&mut self, register: u32, value: u32, now: Time) {
        if value != RELOAD || !matches!(self.count, Some(Count::Until(_))) {
            return;
        }
        self.requested &= !(1 << register);
        if self.requested == 0 {
            self.load(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soc::nrf52840::clock::LFCLK_HZ;

    const fn ticks() -> Ticks {
        Ticks::new(LFCLK_HZ)
    }

    /// A watchdog of 100 ticks, started at power-on.
    fn started(config: u32, interrupt: bool) -> Wdt {
        let mut wdt = Wdt::new();
        for (offset, value) in [
            (0x504, 99),
            (0x508, 1),
            (0x50c, config),
            (0x304, u32::from(interrupt)),
            (0, 1),
        ] {
            let begins = wdt.write(offset, value, Time::ZERO, ticks);
            assert_eq!(begins, Ok(offset == 0));
        }
        wdt
    }

    #[test]
    fn nobody_feeds_it_and_it_bites() {
        let mut wdt = started(1, false);
        assert_eq!(wdt.due(), ticks().time(100));
        wdt.advance(ticks().time(99));
        assert!(!wdt.take_reset());
        wdt.advance(ticks().time(100));
        assert!(wdt.take_reset());
        assert!(!wdt.take_reset(), "once");
    }

    #[test]
    fn an_interrupt_has_two_ticks_before_the_reset() {
        let mut wdt = started(1, true);
        wdt.advance(ticks().time(100));
        assert!(wdt.line() && !wdt.take_reset());
        assert_eq!(wdt.due(), ticks().time(102));
        assert_eq!(wdt.write(0x600, RELOAD, ticks().time(101), ticks), Ok(false));
        wdt.advance(ticks().time(102));
        assert!(wdt.take_reset(), "it is too late to feed");
    }

    #[test]
    fn it_is_fed_by_the_right_word_only() {
        let mut wdt = started(1, false);
        assert_eq!(wdt.write(0x600, 1, ticks().time(50), ticks), Ok(false));
        assert_eq!(wdt.due(), ticks().time(100));
        assert_eq!(wdt.write(0x600, RELOAD, ticks().time(50), ticks), Ok(false));
        assert_eq!(wdt.due(), ticks().time(150));
    }

    #[test]
    fn every_enabled_reload_register_has_to_be_written() {
        let mut wdt = Wdt::new();
        for (offset, value) in [(0x504, 99), (0x508, 0b11), (0, 1)] {
            assert!(wdt.write(offset, value, Time::ZERO, ticks).is_ok());
        }
        assert_eq!(wdt.write(0x604, RELOAD, ticks().time(10), ticks), Ok(false));
        assert_eq!(wdt.read(0x404), Ok(0b01));
        assert_eq!(wdt.due(), ticks().time(100));
        assert_eq!(wdt.write(0x600, RELOAD, ticks().time(20), ticks), Ok(false));
        assert_eq!(wdt.read(0x404), Ok(0b11));
        assert_eq!(wdt.due(), ticks().time(120));
    }

    #[test]
    fn it_pauses_while_the_core_sleeps() {
        let mut wdt = started(0, false);
        wdt.sleeping(true, ticks().time(30));
        assert_eq!(wdt.due(), Time::NEVER);
        wdt.sleeping(false, ticks().time(1000));
        assert_eq!(wdt.due(), ticks().time(1070));
        let mut counting = started(1, false);
        counting.sleeping(true, ticks().time(30));
        assert_eq!(counting.due(), ticks().time(100));
    }

    #[test]
    fn settings_are_blocked_while_it_runs() {
        let mut wdt = started(1, false);
        assert_eq!(wdt.write(0x504, 500, Time::ZERO, ticks), Ok(false));
        assert_eq!((wdt.read(0x504), wdt.read(0x400)), (Ok(99), Ok(1)));
        assert_eq!(
            wdt.write(0, 1, ticks().time(40), ticks),
            Ok(false),
            "a second start does nothing"
        );
        assert_eq!(wdt.due(), ticks().time(100));
    }

    #[test]
    fn values_that_it_does_not_have_are_refused() {
        let mut wdt = Wdt::new();
        assert_eq!(wdt.write(0x504, 14, Time::ZERO, ticks), Err(Refused::Unknown));
        assert_eq!(wdt.write(0x508, 0x100, Time::ZERO, ticks), Err(Refused::Unknown));
        assert_eq!(
            wdt.read(0x600),
            Err(Refused::Unknown),
            "reload registers are written only"
        );
    }
}
