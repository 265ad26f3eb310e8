//! IWDG, the independent watchdog (RM0351, chapter IWDG; RM0456, chapter IWDG). It counts LSI, which it starts itself and which
//! nothing but a reset stops again; it goes on in Stop.
//!
//! The window is not modelled, nor is the early interrupt of the STM32U5.

use super::registers::{Answer, within};
use crate::{
    bus::Refused,
    time::{Clock, Time},
};

/// LSI's nominal frequency, in hertz.
pub(in crate::soc) const LSI_HZ: u64 = 32_000;
/// Ticks of LSI until a new value of PR or RLR has reached the counter.
const UPDATE_TICKS: u64 = 5;

const KEY_RELOAD: u32 = 0xaaaa;
const KEY_UNLOCK: u32 = 0x5555;
const KEY_START: u32 = 0xcccc;
/// In SR: a value of PR, or of RLR, is on its way.
const PVU: u32 = 1;
const RVU: u32 = 2;

/// A value on its way into the clock domain of the counter.
#[derive(Debug, Clone, Copy, Default)]
struct Update {
    value: u32,
    /// When it is there, if one is on its way.
    at: Option<Time>,
}

/// The watchdog.
#[derive(Debug)]
pub(in crate::soc) struct Iwdg {
    /// The largest value of PR: the divider is 4 << PR.
    prescaler_max: u32,
    unlocked: bool,
    prescaler: u32,
    reload: u32,
    prescaler_update: Update,
    reload_update: Update,
    /// The counter as it stood at an instant, if it runs.
    count: Option<(Time, u32)>,
    bites: bool,
}

impl Iwdg {
    pub(in crate::soc) const fn new(prescaler_max: u32) -> Self {
        let none = Update { value: 0, at: None };
        Self {
            prescaler_max,
            unlocked: false,
            prescaler: 0,
            reload: 0xfff,
            prescaler_update: none,
            reload_update: none,
            count: None,
            bites: false,
        }
    }

    pub(in crate::soc) fn reset(&mut self) {
        *self = Self::new(self.prescaler_max);
    }

    /// Whether it counts, and so has LSI on.
    pub(in crate::soc) const fn counts(&self) -> bool {
        self.count.is_some()
    }

    fn ticks(&self, from: Time) -> Clock {
        Clock::starting(from, LSI_HZ)
    }

    /// Ticks of LSI for one step of the counter.
    fn divider(&self) -> u64 {
        4 << self.prescaler.min(8)
    }

    /// When the counter comes to its end.
    fn end(&self) -> Time {
        let end = |(from, count)| self.ticks(from).time((u64::from(count) + 1) * self.divider());
        self.count.map_or(Time::NEVER, end)
    }

    pub(in crate::soc) fn due(&self) -> Time {
        let update = |update: &Update| update.at.unwrap_or(Time::NEVER);
        self.end()
            .min(update(&self.prescaler_update))
            .min(update(&self.reload_update))
    }

    pub(in crate::soc) fn advance(&mut self, now: Time) {
        if self.reload_update.at.is_some_and(|at| at <= now) {
            self.reload = self.reload_update.value;
            self.reload_update.at = None;
        }
        if let Some(at) = self.prescaler_update.at.filter(|at| *at <= now) {
            self.rebase(at);
            self.prescaler = self.prescaler_update.value;
            self.prescaler_update.at = None;
        }
        if self.end() <= now {
            self.bites = true;
            self.count = None;
        }
    }

    /// Takes the count down as it stands at an instant.
    fn rebase(&mut self, at: Time) {
        if let Some((from, count)) = self.count {
            let steps = self.ticks(from).ticks(at) / self.divider();
            self.count = Some((at, count.saturating_sub(steps as u32)));
        }
    }

    /// Whether its reset is due; asked for once.
    pub(in crate::soc) fn take_reset(&mut self) -> bool {
        std::mem::take(&mut self.bites)
    }

    pub(in crate::soc) fn read(&self, offset: u32) -> Answer<u32> {
        let shown = |update: &Update, value| if update.at.is_some() { update.value } else { value };
        match offset {
            0x00 => Ok(0),
            0x04 => Ok(shown(&self.prescaler_update, self.prescaler)),
            0x08 => Ok(shown(&self.reload_update, self.reload)),
            0x0c => {
                let flag = |update: &Update, flag| if update.at.is_some() { flag } else { 0 };
                Ok(flag(&self.prescaler_update, PVU) | flag(&self.reload_update, RVU))
            }
            0x10 => Ok(0xfff),
            _ => Err(Refused::Unknown),
        }
    }

    /// A write; whether it started the watchdog.
    pub(in crate::soc) fn write(&mut self, offset: u32, value: u32, now: Time) -> Answer<bool> {
        match offset {
            0x00 => return self.key(value, now),
            // PR and RLR are write-protected without the key, and may not change while a change is on its way.
            0x04 if self.unlocked && self.prescaler_update.at.is_none() => {
                let field = if self.prescaler_max > 7 { 0xf } else { 7 };
                let value = within(value, field)?.min(self.prescaler_max);
                self.prescaler_update = self.update(value, now);
            }
            0x08 if self.unlocked && self.reload_update.at.is_none() => {
                self.reload_update = self.update(within(value, 0xfff)?, now);
            }
            _ => return Err(Refused::Unknown),
        }
        Ok(false)
    }

    /// A value sets out. Without LSI, before the start, it never arrives.
    fn update(&self, value: u32, now: Time) -> Update {
        let at = if self.count.is_some() {
            self.ticks(now).time(UPDATE_TICKS)
        } else {
            Time::NEVER
        };
        Update { value, at: Some(at) }
    }

    fn key(&mut self, value: u32, now: Time) -> Answer<bool> {
        self.unlocked = value == KEY_UNLOCK;
        let starts = value == KEY_START && self.count.is_none();
        match value {
            KEY_UNLOCK => {}
            KEY_START if starts => {
                self.count = Some((now, self.reload));
                for update in [&mut self.prescaler_update, &mut self.reload_update] {
                    update.at = update.at.map(|_| Clock::starting(now, LSI_HZ).time(UPDATE_TICKS));
                }
            }
            KEY_START => {}
            KEY_RELOAD => self.count = self.count.map(|_| (now, self.reload)),
            _ => return Err(Refused::Unknown),
        }
        Ok(starts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `firmware/stm32` starts it: 20 s, nothing waited for.
    fn started() -> Iwdg {
        let mut iwdg = Iwdg::new(6);
        for (offset, value) in [(0, KEY_START), (0, KEY_UNLOCK), (4, 6), (8, 2_499)] {
            assert_eq!(iwdg.write(offset, value, Time::ZERO), Ok(value == KEY_START));
        }
        iwdg
    }

    #[test]
    fn the_first_patience_is_of_the_old_reload_value_and_the_new_divider() {
        let mut iwdg = started();
        assert_eq!(iwdg.read(0x0c), Ok(PVU | RVU));
        let there = Clock::new(LSI_HZ).time(UPDATE_TICKS);
        assert_eq!(iwdg.due(), there);
        iwdg.advance(there);
        assert_eq!(iwdg.read(0x0c), Ok(0));
        // 4,096 steps of 8 ms, less the step of the old divider that is under way.
        assert!(iwdg.due() > Time::from_s(32) && iwdg.due() < Time::from_s(33));
        assert_eq!(iwdg.write(0, KEY_RELOAD, Time::from_s(1)), Ok(false));
        assert_eq!(iwdg.due(), Time::from_s(21));
    }

    #[test]
    fn nobody_feeds_it_and_it_bites_once() {
        let mut iwdg = started();
        iwdg.advance(Time::from_s(1));
        assert_eq!(iwdg.write(0, KEY_RELOAD, Time::from_s(1)), Ok(false));
        iwdg.advance(Time::from_ms(20_999));
        assert!(!iwdg.take_reset());
        iwdg.advance(Time::from_s(21));
        assert!(iwdg.take_reset() && !iwdg.take_reset());
    }

    #[test]
    fn the_largest_divider_is_256_or_1024() {
        for (max, written, divider) in [(6, 7, 256), (8, 7, 512), (8, 8, 1_024)] {
            let mut iwdg = Iwdg::new(max);
            for (offset, value) in [(0, KEY_START), (0, KEY_UNLOCK), (4, written)] {
                assert!(iwdg.write(offset, value, Time::ZERO).is_ok(), "{written}");
            }
            iwdg.advance(Time::from_ms(1));
            assert_eq!(iwdg.divider(), divider);
        }
        let mut iwdg = Iwdg::new(6);
        assert_eq!(iwdg.write(0, KEY_UNLOCK, Time::ZERO), Ok(false));
        assert_eq!(iwdg.write(4, 8, Time::ZERO), Err(Refused::Unknown));
    }

    #[test]
    fn its_settings_are_protected_by_a_key() {
        let mut iwdg = Iwdg::new(6);
        assert_eq!(iwdg.write(4, 6, Time::ZERO), Err(Refused::Unknown));
        assert_eq!(iwdg.write(0, 0x1234, Time::ZERO), Err(Refused::Unknown));
        assert_eq!(iwdg.write(0, KEY_UNLOCK, Time::ZERO), Ok(false));
        assert_eq!(iwdg.write(4, 6, Time::ZERO), Ok(false));
        assert_eq!(iwdg.read(0x0c), Ok(PVU), "LSI does not run: it never arrives");
        assert_eq!(iwdg.due(), Time::NEVER);
    }
}
