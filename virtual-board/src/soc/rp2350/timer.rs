//! TIMER0, a counter of 64 bits with four alarms (RP2350 data sheet, 12.8 System timers).
//!
//! It counts ticks of TICKS. The system clock as its source, setting the time, pausing and locking are not modelled, nor is TIMER1.

use super::ticks::Count;
use crate::{
    bus::Refused,
    soc::stm32::registers::{Answer, within},
    time::Time,
};

const TIMEHR: u32 = 0x08;
const TIMELR: u32 = 0x0c;
const ALARM0: u32 = 0x10;
const ALARM3: u32 = 0x1c;
const ARMED: u32 = 0x20;
const TIMERAWH: u32 = 0x24;
const TIMERAWL: u32 = 0x28;
const DBGPAUSE: u32 = 0x2c;
const PAUSE: u32 = 0x30;
const LOCKED: u32 = 0x34;
const SOURCE: u32 = 0x38;
pub(super) const INTR: u32 = 0x3c;
const INTE: u32 = 0x40;
const INTF: u32 = 0x44;
const INTS: u32 = 0x48;
/// A bit for each alarm.
const ALARMS: u32 = 0xf;

/// An alarm: what it compares with the lower half of the counter, and the tick at which it goes off, while it is armed.
#[derive(Debug, Clone, Copy, Default)]
struct Alarm {
    value: u32,
    tick: Option<u64>,
}

/// The timer.
#[derive(Debug, Default)]
pub(super) struct Timer {
    count: Count,
    alarms: [Alarm; 4],
    raised: u32,
    enabled: u32,
    forced: u32,
    debug_pause: u32,
    /// The upper half as it was when the lower one was read by TIMELR.
    latched: u32,
}

impl Timer {
    pub(super) fn new() -> Self {
        Self {
            debug_pause: 7,
            ..Self::default()
        }
    }

    pub(super) fn set_rate(&mut self, hz: Option<u64>, now: Time) {
        self.count.set_rate(hz, now);
    }

    pub(super) fn due(&self) -> Time {
        let ticks = self.alarms.iter().filter_map(|alarm| alarm.tick);
        ticks.min().map_or(Time::NEVER, |tick| self.count.time(tick))
    }

    pub(super) fn advance(&mut self, now: Time) {
        let ticks = self.count.ticks(now);
        for (index, alarm) in self.alarms.iter_mut().enumerate() {
            if alarm.tick.is_some_and(|tick| tick <= ticks) {
                alarm.tick = None;
                self.raised |= 1 << index;
            }
        }
    }

    /// INTS: a line for each alarm.
    pub(super) const fn lines(&self) -> u32 {
        self.raised & self.enabled | self.forced
    }

    fn armed(&self) -> u32 {
        let armed = |(index, alarm): (usize, &Alarm)| u32::from(alarm.tick.is_some()) << index;
        self.alarms.iter().enumerate().map(armed).sum()
    }

    pub(super) fn read(&mut self, offset: u32, now: Time) -> Answer<u32> {
        let ticks = self.count.ticks(now);
        match offset {
            TIMELR => {
                self.latched = (ticks >> 32) as u32;
                Ok(ticks as u32)
            }
            _ => self.peek(offset, now),
        }
    }

    /// A register's value, which reading it does not change anything of.
    pub(super) fn peek(&self, offset: u32, now: Time) -> Answer<u32> {
        let ticks = self.count.ticks(now);
        match offset {
            TIMEHR => Ok(self.latched),
            ALARM0..=ALARM3 => Ok(self.alarms[((offset - ALARM0) / 4) as usize].value),
            ARMED => Ok(self.armed()),
            TIMERAWH => Ok((ticks >> 32) as u32),
            TIMERAWL => Ok(ticks as u32),
            DBGPAUSE => Ok(self.debug_pause),
            PAUSE | LOCKED | SOURCE => Ok(0),
            INTR => Ok(self.raised),
            INTE => Ok(self.enabled),
            INTF => Ok(self.forced),
            INTS => Ok(self.lines()),
            _ => Err(Refused::Unknown),
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32, now: Time) -> Answer<()> {
        match offset {
            // It is armed, and goes off when the lower half of the counter comes to this value.
            ALARM0..=ALARM3 => {
                let ticks = self.count.ticks(now);
                let ahead = u64::from(value.wrapping_sub(ticks as u32).wrapping_sub(1)) + 1;
                self.alarms[((offset - ALARM0) / 4) as usize] = Alarm {
                    value,
                    tick: Some(ticks + ahead),
                };
            }
            ARMED => {
                let disarmed = within(value, ALARMS)?;
                for (index, alarm) in self.alarms.iter_mut().enumerate() {
                    if disarmed >> index & 1 != 0 {
                        alarm.tick = None;
                    }
                }
            }
            // No core is halted here.
            DBGPAUSE => self.debug_pause = within(value, 7)?,
            PAUSE | LOCKED | SOURCE => _ = within(value, 0)?,
            INTR => self.raised &= !within(value, ALARMS)?,
            INTE => self.enabled = within(value, ALARMS)?,
            INTF => self.forced = within(value, ALARMS)?,
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn us(us: u64) -> Time {
        Time::from_us(us)
    }

    fn timer() -> Timer {
        let mut timer = Timer::new();
        timer.set_rate(Some(1_000_000), us(0));
        timer
    }

    #[test]
    fn an_alarm_goes_off_once_at_its_microsecond() {
        let mut timer = timer();
        assert_eq!(timer.write(INTE, 1, us(5)), Ok(()));
        assert_eq!(timer.write(ALARM0, 30, us(5)), Ok(()));
        assert_eq!((timer.due(), timer.read(ARMED, us(6))), (us(30), Ok(1)));
        timer.advance(us(29));
        assert_eq!(timer.lines(), 0);
        timer.advance(us(30));
        assert_eq!(
            (timer.lines(), timer.due(), timer.read(ARMED, us(30))),
            (1, Time::NEVER, Ok(0))
        );
        assert_eq!(timer.write(INTR, 1, us(31)), Ok(()));
        assert_eq!(timer.lines(), 0);
    }

    #[test]
    fn an_alarm_of_the_present_or_the_past_goes_off_when_the_lower_half_comes_round() {
        let mut timer = timer();
        for (value, tick) in [(10, (1 << 32) + 10), (9, (1 << 32) + 9), (11, 11)] {
            assert_eq!(timer.write(ALARM0, value, us(10)), Ok(()));
            assert_eq!(timer.due(), us(tick), "{value}");
        }
        assert_eq!(timer.write(ARMED, 1, us(10)), Ok(()));
        assert_eq!(timer.due(), Time::NEVER);
    }

    #[test]
    fn the_upper_half_is_latched_with_the_lower_one() {
        let mut timer = timer();
        let before = us((1 << 32) - 1);
        assert_eq!(timer.read(TIMELR, before), Ok(u32::MAX));
        assert_eq!(timer.read(TIMEHR, us(1 << 32)), Ok(0));
        assert_eq!(timer.read(TIMERAWH, us(1 << 32)), Ok(1));
        assert_eq!(timer.read(TIMERAWL, us(1 << 32)), Ok(0));
    }

    #[test]
    fn without_ticks_no_alarm_goes_off() {
        let mut timer = timer();
        assert_eq!(timer.write(ALARM0, 30, us(5)), Ok(()));
        timer.set_rate(None, us(10));
        assert_eq!(timer.due(), Time::NEVER);
        timer.set_rate(Some(1_000_000), us(50));
        assert_eq!(timer.due(), us(70));
    }
}
