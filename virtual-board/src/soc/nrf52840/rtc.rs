//! RTC, a counter of 24 bits on LFCLK (nRF52840 PS v1.8, 6.22).
//!
//! Tasks and new compare values act when LFCLK has fallen and risen after the write, half a tick to one and a half later. So
//! a compare value two ticks ahead of COUNTER always makes an event, and one that is one tick ahead may miss it, as documented
//! (6.22.7). A read of COUNTER costs no time here; the chip halts the core for five cycles of 16 MHz.

use super::{
    clock::synchronised,
    registers::{Answer, Signals, triggered, within},
};
use crate::{
    bus::Refused,
    time::{Clock as Ticks, Time},
};

/// COUNTER and CC have 24 bits.
const MASK: u32 = 0x00ff_ffff;
/// Where TRIGOVRFLW puts COUNTER.
const NEAR_OVERFLOW: u32 = 0x00ff_fff0;

const TICK: u32 = 0;
const OVRFLW: u32 = 1;
/// COMPARE\[0\].
const COMPARE: u32 = 16;

/// What waits for LFCLK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Start,
    Stop,
    Clear,
    TriggerOverflow,
    Compare { channel: usize, value: u32 },
}

/// How far COUNTER has come: it had `value` at LFCLK's tick `at` and counts from there, if it runs.
#[derive(Debug, Clone, Copy)]
struct Count {
    at: u64,
    value: u32,
    runs: bool,
}

/// One of the three counters.
#[derive(Debug)]
pub(super) struct Rtc {
    channels: usize,
    signals: Signals,
    /// EVTEN: events that are generated for PPI though they do not interrupt.
    routed: u32,
    prescaler: u32,
    count: Count,
    /// CC as written.
    written: [u32; 4],
    /// CC as the comparators see it.
    compared: [u32; 4],
    /// What waits, with the tick at which it acts, the earliest first.
    waiting: Vec<(u64, Change)>,
    lfclk: Option<Ticks>,
    /// The tick up to which everything has happened.
    done: u64,
    /// The tick at which something happens next.
    next: u64,
    due: Time,
}

impl Rtc {
    /// A counter with 3 compare channels (RTC0) or 4.
    pub(super) fn new(channels: usize) -> Self {
        let known = 1 << TICK | 1 << OVRFLW | ((1 << channels) - 1) << COMPARE;
        Self {
            channels,
            signals: Signals::new(known, false),
            routed: 0,
            prescaler: 0,
            count: Count {
                at: 0,
                value: 0,
                runs: false,
            },
            written: [0; 4],
            compared: [0; 4],
            waiting: Vec::new(),
            lfclk: None,
            done: 0,
            next: u64::MAX,
            due: Time::NEVER,
        }
    }

    /// As after power-on, on the LFCLK that there is now.
    pub(super) fn reset(&mut self, lfclk: Option<Ticks>) {
        *self = Self::new(self.channels);
        self.lfclk = lfclk;
    }

    pub(super) const fn due(&self) -> Time {
        self.due
    }

    pub(super) const fn line(&self) -> bool {
        self.signals.line()
    }

    /// Ticks of LFCLK between two counts.
    fn period(&self) -> u64 {
        u64::from(self.prescaler) + 1
    }

    /// How often COUNTER has counted since it was set, up to a tick.
    fn counted(&self, tick: u64) -> u64 {
        if self.count.runs {
            tick.saturating_sub(self.count.at) / self.period()
        } else {
            0
        }
    }

    fn counter(&self, tick: u64) -> u32 {
        (u64::from(self.count.value) + self.counted(tick)) as u32 & MASK
    }

    /// LFCLK starts, stops, or is another: the counter keeps its value, and what waits goes on waiting.
    pub(super) fn set_lfclk(&mut self, lfclk: Option<Ticks>, now: Time) {
        if self.lfclk == lfclk {
            return;
        }
        self.settle(now);
        self.count = Count {
            at: 0,
            value: self.counter(self.done),
            ..self.count
        };
        self.done = 0;
        self.lfclk = lfclk;
        if let Some(ticks) = lfclk {
            self.done = ticks.ticks(now);
            self.count.at = self.done;
            let at = synchronised(ticks, now);
            self.waiting.iter_mut().for_each(|(tick, _)| *tick = at);
        }
        self.plan();
    }

    /// Lets everything happen up to an instant.
    pub(super) fn advance(&mut self, now: Time) {
        while self.due <= now {
            let tick = self.next;
            self.happen(tick);
            self.done = tick;
            self.plan();
        }
    }

    /// What happens at a tick: changes first, then the count with its events.
    fn happen(&mut self, tick: u64) {
        let before = self.counted(tick - 1);
        let mut recount = false;
        while self.waiting.first().is_some_and(|(at, _)| *at <= tick) {
            let (_, change) = self.waiting.remove(0);
            recount |= self.change(change, tick);
        }
        let counts = if recount {
            self.counted(tick) > 0
        } else {
            self.counted(tick) > before
        };
        if !counts {
            return;
        }
        let counter = self.counter(tick);
        self.generate(TICK);
        if counter == 0 {
            self.generate(OVRFLW);
        }
        for channel in 0..self.channels {
            if self.compared[channel] == counter {
                self.generate(COMPARE + channel as u32);
            }
        }
    }

    /// Makes a change; whether it set the counter anew.
    fn change(&mut self, change: Change, tick: u64) -> bool {
        match change {
            Change::Compare { channel, value } => {
                self.compared[channel] = value;
                return false;
            }
            Change::Start if self.count.runs => return false,
            // The first count comes with this tick (with a prescaler of 0).
            Change::Start => {
                self.count = Count {
                    at: tick - 1,
                    runs: true,
                    ..self.count
                }
            }
            Change::Stop => {
                let value = self.counter(tick - 1);
                self.count = Count {
                    at: tick,
                    value,
                    runs: false,
                };
            }
            Change::Clear => {
                self.count = Count {
                    at: tick,
                    value: 0,
                    ..self.count
                }
            }
            Change::TriggerOverflow => {
                self.count = Count {
                    at: tick,
                    value: NEAR_OVERFLOW,
                    ..self.count
                }
            }
        }
        true
    }

    /// An event is generated only where EVTEN or INTEN has its bit (6.22.6).
    fn generate(&mut self, event: u32) {
        if (self.routed | self.signals.enabled()) >> event & 1 != 0 {
            self.signals.raise(event);
        }
    }

    /// Finds what happens next.
    fn plan(&mut self) {
        let Some(ticks) = self.lfclk else {
            (self.next, self.due) = (u64::MAX, Time::NEVER);
            return;
        };
        let mut next = self.waiting.first().map_or(u64::MAX, |(at, _)| *at);
        let wanted = self.routed | self.signals.enabled();
        if self.count.runs && wanted != 0 {
            let wants = |event: u32| wanted >> event & 1 != 0;
            if wants(TICK) {
                next = next.min(self.reaches(None));
            }
            if wants(OVRFLW) {
                next = next.min(self.reaches(Some(0)));
            }
            for channel in 0..self.channels {
                if wants(COMPARE + channel as u32) {
                    next = next.min(self.reaches(Some(self.compared[channel])));
                }
            }
        }
        self.next = next;
        self.due = if next == u64::MAX {
            Time::NEVER
        } else {
            ticks.time(next)
        };
    }

    /// The next tick at which COUNTER counts, to a value or to any.
    fn reaches(&self, value: Option<u32>) -> u64 {
        let counted = self.counted(self.done) + 1;
        let next = (u64::from(self.count.value) + counted) as u32;
        let more = value.map_or(0, |value| value.wrapping_sub(next) & MASK);
        self.count.at + (counted + u64::from(more)) * self.period()
    }

    /// A change acts when LFCLK has taken it over.
    fn wait(&mut self, change: Change, now: Time) {
        let at = self
            .lfclk
            .map_or(0, |ticks| synchronised(ticks, now).max(self.done + 1));
        self.waiting.push((at, change));
    }

    /// The present count, without LFCLK the last one.
    fn now(&self, now: Time) -> u32 {
        let tick = self.lfclk.map_or(self.done, |ticks| ticks.ticks(now));
        self.counter(tick.max(self.done))
    }

    /// Counts up to an instant, so that what follows is of it.
    fn settle(&mut self, now: Time) {
        self.advance(now);
        if let Some(ticks) = self.lfclk {
            self.done = self.done.max(ticks.ticks(now));
        }
    }

    /// The compare channel whose CC is at an offset.
    fn channel(&self, offset: u32) -> Option<usize> {
        let channel = offset.checked_sub(0x540)? as usize / 4;
        (channel < self.channels).then_some(channel)
    }

    pub(super) fn read(&self, offset: u32, now: Time) -> Answer<u32> {
        if let Some(value) = self.signals.read(offset) {
            return Ok(value);
        }
        match offset {
            0x340 | 0x344 | 0x348 => Ok(self.routed),
            0x504 => Ok(self.now(now)),
            0x508 => Ok(self.prescaler),
            _ => self
                .channel(offset)
                .map(|channel| self.written[channel])
                .ok_or(Refused::Unknown),
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32, now: Time) -> Answer<()> {
        self.settle(now);
        let answer = match self.signals.write(offset, value) {
            Some(answer) => answer,
            None => self.set(offset, value, now),
        };
        self.plan();
        answer
    }

    fn set(&mut self, offset: u32, value: u32, now: Time) -> Answer<()> {
        let known = 1 << TICK | 1 << OVRFLW | ((1 << self.channels) - 1) << COMPARE;
        match offset {
            0x00..=0x0c => {
                if triggered(value)? {
                    let tasks = [Change::Start, Change::Stop, Change::Clear, Change::TriggerOverflow];
                    self.wait(tasks[offset as usize / 4 % 4], now);
                }
            }
            0x340 => self.routed = within(value, known)?,
            0x344 => self.routed |= within(value, known)?,
            0x348 => self.routed &= !value,
            // It may be written while the counter is stopped only.
            0x508 if self.count.runs => return Err(Refused::Unknown),
            0x508 => self.prescaler = within(value, 0xfff)?,
            _ => {
                let channel = self.channel(offset).ok_or(Refused::Unknown)?;
                let value = within(value, MASK)?;
                self.written[channel] = value;
                self.wait(Change::Compare { channel, value }, now);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
