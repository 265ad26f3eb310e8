//! LPTIM, the low-power timer (RM0351, chapter LPTIM; RM0456, chapter LPTIM).
//!
//! Its counter lives in the domain of its kernel clock. What a program writes reaches it with the third edge of that clock, and
//! the flag of it comes then; without a kernel clock nothing ever comes. Modelled is what counts time: continuous counting of an
//! internal clock with its prescaler, reload, the first compare register. Outputs, inputs, encoder, one-shot counting, preload,
//! repetition, capture and DMA end the run.

use super::registers::{Answer, within};
use crate::{
    bus::Refused,
    time::{Clock, Time},
};

/// Edges of the kernel clock that a value takes to the counter.
const HANDOVER_EDGES: u64 = 3;

/// In ISR, and in ICR and the interrupt enable register.
const MATCH: u32 = 1 << 0;
const RELOADED: u32 = 1 << 1;
const COMPARE_OK: u32 = 1 << 3;
const RELOAD_OK: u32 = 1 << 4;
const DIER_OK: u32 = 1 << 24;

/// CR: the timer is enabled.
const ENABLE: u32 = 1;
/// CR: it counts without end.
const CONTINUOUS: u32 = 1 << 2;

/// What the timers of the two chips differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::soc) enum Variant {
    /// STM32L4: interrupts are enabled while the timer is disabled.
    L4,
    /// STM32U5: interrupts are enabled while the timer is enabled, and reach it like other values.
    U5,
}

impl Variant {
    /// The interrupts that there are.
    const fn interrupts(self) -> u32 {
        match self {
            Self::L4 => 0x7f,
            Self::U5 => 0x0008_03ff,
        }
    }

    /// The flags that ICR clears.
    const fn clearable(self) -> u32 {
        match self {
            Self::L4 => 0x7f,
            Self::U5 => 0x0108_03ff,
        }
    }
}

/// A value on its way to the counter, and the flag that tells of its arrival.
#[derive(Debug, Clone, Copy)]
struct Handover {
    flag: u32,
    value: u32,
    /// The tick at which it is there.
    tick: u64,
}

/// The timer.
#[derive(Debug)]
pub(in crate::soc) struct Lptim {
    variant: Variant,
    /// The kernel clock, if it runs.
    kernel: Option<Clock>,
    isr: u32,
    interrupts: u32,
    config: u32,
    enabled: bool,
    /// As a program reads them.
    compare: u32,
    reload: u32,
    /// As the counter has them.
    compare_there: u32,
    reload_there: u32,
    handovers: Vec<Handover>,
    /// The tick at which the counter was 0 first, if it counts.
    start: Option<u64>,
    /// Ticks up to this one have been looked at for matches.
    seen: u64,
}

impl Lptim {
    pub(in crate::soc) const fn new(variant: Variant) -> Self {
        Self {
            variant,
            kernel: None,
            isr: 0,
            interrupts: 0,
            config: 0,
            enabled: false,
            compare: 0,
            reload: 1,
            compare_there: 0,
            reload_there: 1,
            handovers: Vec::new(),
            start: None,
            seen: 0,
        }
    }

    /// A reset by RCC or of the chip. The kernel clock is not the timer's.
    pub(in crate::soc) fn reset(&mut self) {
        *self = Self {
            kernel: self.kernel,
            ..Self::new(self.variant)
        };
    }

    /// The kernel clock from now on.
    ///
    /// # Errors
    /// It changes while the timer is enabled, which no model follows.
    pub(in crate::soc) fn set_kernel(&mut self, kernel: Option<Clock>) -> Answer<()> {
        if self.kernel == kernel {
            return Ok(());
        }
        // One that starts late finds everything still on its way.
        if self.enabled && self.kernel.is_some() {
            return Err(Refused::Unknown);
        }
        self.kernel = kernel;
        if kernel.is_some() {
            for handover in &mut self.handovers {
                handover.tick = HANDOVER_EDGES;
            }
        }
        Ok(())
    }

    /// The clock behind the prescaler.
    fn counted(&self) -> Option<Clock> {
        let kernel = self.kernel?;
        let hz = kernel.hz >> (self.config >> 9 & 7);
        Some(Clock { hz, ..kernel })
    }

    fn tick(&self, now: Time) -> Option<u64> {
        Some(self.counted()?.ticks(now))
    }

    /// The level of the interrupt line.
    pub(in crate::soc) const fn line(&self) -> bool {
        self.isr & self.interrupts != 0
    }

    /// Whether it is enabled.
    pub(in crate::soc) const fn is_enabled(&self) -> bool {
        self.enabled
    }

    fn count_at(&self, tick: u64) -> u32 {
        let passed = self.start.map_or(0, |start| tick.saturating_sub(start));
        (passed % (u64::from(self.reload_there) + 1)) as u32
    }

    /// The first tick after `after` at which the counter has a value; none where it never has.
    fn next(&self, value: u32, after: u64) -> Option<u64> {
        let start = self.start?;
        let period = u64::from(self.reload_there) + 1;
        if u64::from(value) >= period {
            return None;
        }
        let first = start + u64::from(value);
        if first > after {
            return Some(first);
        }
        Some(first + ((after - first) / period + 1) * period)
    }

    /// The next tick at which something happens.
    fn next_tick(&self) -> Option<u64> {
        let handover = self.handovers.iter().map(|handover| handover.tick).min();
        let counted = [self.compare_there, self.reload_there].map(|value| self.next(value, self.seen));
        handover.into_iter().chain(counted.into_iter().flatten()).min()
    }

    pub(in crate::soc) fn due(&self) -> Time {
        let tick = self.counted().zip(self.next_tick());
        tick.map_or(Time::NEVER, |(clock, tick)| clock.time(tick))
    }

    pub(in crate::soc) fn advance(&mut self, now: Time) {
        let Some(until) = self.tick(now) else {
            return;
        };
        while let Some(tick) = self.next_tick().filter(|tick| *tick <= until) {
            self.happen(tick);
        }
        self.seen = self.seen.max(until);
    }

    /// What happens with a tick.
    fn happen(&mut self, tick: u64) {
        if self.start.is_some_and(|start| start <= tick) && self.seen < tick {
            let count = self.count_at(tick);
            self.raise(MATCH, count == self.compare_there);
            self.raise(RELOADED, count == self.reload_there);
        }
        self.seen = self.seen.max(tick);
        for handover in self.handovers.extract_if(.., |handover| handover.tick <= tick) {
            self.isr |= handover.flag;
            match handover.flag {
                COMPARE_OK => self.compare_there = handover.value,
                RELOAD_OK => self.reload_there = handover.value,
                _ => self.interrupts = handover.value,
            }
        }
    }

    fn raise(&mut self, flag: u32, raised: bool) {
        if raised {
            self.isr |= flag;
        }
    }

    pub(in crate::soc) fn read(&self, offset: u32, now: Time) -> Answer<u32> {
        match offset {
            0x00 => Ok(self.isr),
            0x04 => Ok(0),
            0x08 => Ok(self.interrupts),
            0x0c => Ok(self.config),
            0x10 => Ok(u32::from(self.enabled)),
            0x14 => Ok(self.compare),
            0x18 => Ok(self.reload),
            0x1c => Ok(self.tick(now).map_or(0, |tick| self.count_at(tick))),
            _ => Err(Refused::Unknown),
        }
    }

    pub(in crate::soc) fn write(&mut self, offset: u32, value: u32, now: Time) -> Answer<()> {
        match offset {
            0x04 => self.isr &= !within(value, self.variant.clearable())?,
            0x08 => self.enable_interrupts(within(value, self.variant.interrupts())?, now)?,
            // CFGR while the timer is disabled: the prescaler of the kernel clock, nothing else.
            0x0c if !self.enabled => self.config = within(value, 0b111 << 9)?,
            0x10 => self.control(value, now)?,
            // The compare value has to lie below the reload value, and both are taken while the timer is enabled.
            0x14 if self.enabled && self.idle(COMPARE_OK) => {
                self.compare = within(value, 0xffff)?;
                self.hand_over(COMPARE_OK, value, now);
            }
            0x18 if self.enabled && value != 0 && self.idle(RELOAD_OK) => {
                self.reload = within(value, 0xffff)?;
                self.hand_over(RELOAD_OK, value, now);
            }
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }

    /// Whether no value of a kind is on its way: another one may not follow before its flag has come.
    fn idle(&self, flag: u32) -> bool {
        self.handovers.iter().all(|handover| handover.flag != flag)
    }

    fn hand_over(&mut self, flag: u32, value: u32, now: Time) {
        let tick = self.tick(now).unwrap_or_default() + HANDOVER_EDGES;
        self.handovers.push(Handover { flag, value, tick });
    }

    fn enable_interrupts(&mut self, value: u32, now: Time) -> Answer<()> {
        match (self.variant, self.enabled) {
            (Variant::L4, false) => self.interrupts = value,
            (Variant::U5, true) if self.idle(DIER_OK) => self.hand_over(DIER_OK, value, now),
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }

    fn control(&mut self, value: u32, now: Time) -> Answer<()> {
        let enabled = within(value, ENABLE | CONTINUOUS)? & ENABLE != 0;
        if !enabled {
            // Disabled, the counter and its settings are as after a reset but for the configuration.
            let (config, compare, reload) = (self.config, self.compare, self.reload);
            self.reset();
            (self.config, self.compare, self.reload) = (config, compare, reload);
            return Ok(());
        }
        if value & CONTINUOUS != 0 {
            // A start is heard by an enabled timer only.
            if !self.enabled {
                return Err(Refused::Unknown);
            }
            let tick = self.tick(now).unwrap_or_default() + HANDOVER_EDGES;
            self.start = self.start.or(Some(tick));
        }
        self.seen = self.tick(now).unwrap_or_default().max(self.seen);
        self.enabled = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LSE: Clock = Clock::new(32_768);

    /// As the firmware starts it: without end, at its largest reload value, with the interrupts of a match and of a handover.
    fn running(variant: Variant) -> Lptim {
        let mut timer = Lptim::new(variant);
        assert_eq!(timer.set_kernel(Some(LSE)), Ok(()));
        let interrupts = (0x08, MATCH | COMPARE_OK);
        let first = match variant {
            Variant::L4 => [interrupts, (0x10, ENABLE)],
            Variant::U5 => [(0x10, ENABLE), interrupts],
        };
        for (offset, value) in first.into_iter().chain([(0x18, 0xffff)]) {
            assert_eq!(timer.write(offset, value, Time::ZERO), Ok(()));
        }
        timer.advance(LSE.time(3));
        assert_eq!(timer.isr & RELOAD_OK, RELOAD_OK);
        assert_eq!(timer.write(0x10, ENABLE | CONTINUOUS, LSE.time(3)), Ok(()));
        timer
    }

    #[test]
    fn a_match_comes_when_the_counter_has_the_value_and_again_a_period_later() {
        for variant in [Variant::L4, Variant::U5] {
            let mut timer = running(variant);
            timer.advance(LSE.time(10));
            assert_eq!(timer.write(0x14, 100, LSE.time(10)), Ok(()));
            assert_eq!(timer.due(), LSE.time(13));
            timer.advance(LSE.time(13));
            assert!(timer.line() && timer.isr & COMPARE_OK != 0);
            assert_eq!(timer.write(0x04, COMPARE_OK | MATCH, LSE.time(14)), Ok(()));
            // Counting began with tick 6.
            assert_eq!(timer.read(0x1c, LSE.time(14)), Ok(8));
            assert_eq!(timer.due(), LSE.time(106));
            timer.advance(LSE.time(105));
            assert!(!timer.line());
            timer.advance(LSE.time(106));
            assert!(timer.line());
            assert_eq!(timer.write(0x04, MATCH, LSE.time(107)), Ok(()));
            timer.advance(LSE.time(106 + 65_535));
            assert!(!timer.line());
            timer.advance(LSE.time(106 + 65_536));
            assert!(timer.line());
        }
    }

    #[test]
    fn without_a_kernel_clock_nothing_ever_comes() {
        let mut timer = Lptim::new(Variant::U5);
        assert_eq!(timer.write(0x10, ENABLE, Time::ZERO), Ok(()));
        assert_eq!(timer.write(0x08, MATCH, Time::ZERO), Ok(()));
        timer.advance(Time::from_s(100));
        assert_eq!((timer.read(0, Time::from_s(100)), timer.due()), (Ok(0), Time::NEVER));
    }

    #[test]
    fn interrupts_are_enabled_where_the_manual_allows_it() {
        let mut timer = Lptim::new(Variant::L4);
        assert_eq!(timer.write(0x10, ENABLE, Time::ZERO), Ok(()));
        assert_eq!(timer.write(0x08, MATCH, Time::ZERO), Err(Refused::Unknown));
        let mut timer = Lptim::new(Variant::U5);
        assert_eq!(timer.write(0x08, MATCH, Time::ZERO), Err(Refused::Unknown));
    }

    #[test]
    fn a_second_value_may_not_follow_before_the_first_has_arrived() {
        let mut timer = running(Variant::L4);
        assert_eq!(timer.write(0x14, 9, LSE.time(20)), Ok(()));
        assert_eq!(timer.write(0x14, 10, LSE.time(21)), Err(Refused::Unknown));
    }
}
