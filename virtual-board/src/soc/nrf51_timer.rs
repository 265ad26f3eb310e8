//! TIMER of the nRF51 in timer mode (nRF51 Series Reference Manual, version 3.0, chapter 18).

use crate::{
    bus::Refused,
    time::{Clock, Time},
};

const START: u32 = 0x000;
const STOP: u32 = 0x004;
const CLEAR: u32 = 0x00c;
const CAPTURE_FIRST: u32 = 0x040;
const CAPTURE_LAST: u32 = 0x04c;
const COMPARE_FIRST: u32 = 0x140;
const COMPARE_LAST: u32 = 0x14c;
const INTENSET: u32 = 0x304;
const INTENCLR: u32 = 0x308;
const MODE: u32 = 0x504;
const BITMODE: u32 = 0x508;
const PRESCALER: u32 = 0x510;
const CC_FIRST: u32 = 0x540;
const CC_LAST: u32 = 0x54c;

/// The events COMPARE[0] to COMPARE[3] in INTEN.
const INTEN: u32 = 0xf << 16;
/// Bits of the counter by BITMODE.
const BITS: [u32; 4] = [16, 8, 24, 32];
/// The largest PRESCALER.
const SLOWEST: u32 = 9;

/// The timer. An event COMPARE[n] happens at the tick that makes the counter equal to CC[n].
#[derive(Debug, Clone)]
pub struct Timer {
    hz: u64,
    /// While it runs: its clock, from the tick at which it was started.
    clock: Option<Clock>,
    /// Ticks that were counted before the clock's start.
    before: u64,
    /// Ticks up to which compare events were looked for.
    seen: u64,
    cc: [u32; 4],
    compare: [bool; 4],
    inten: u32,
    bitmode: u32,
    prescaler: u32,
}

impl Timer {
    /// A timer after a reset, whose clock runs at `hz` before the prescaler.
    #[must_use]
    pub fn new(hz: u64) -> Self {
        Self {
            hz,
            clock: None,
            before: 0,
            seen: 0,
            cc: [0; 4],
            compare: [false; 4],
            inten: 0,
            bitmode: 0,
            prescaler: 4,
        }
    }

    /// The level of its interrupt line.
    #[must_use]
    pub fn interrupt(&self) -> bool {
        (0..4).any(|n| self.compare[n] && self.enabled(n))
    }

    fn enabled(&self, n: usize) -> bool {
        self.inten >> (16 + n) & 1 != 0
    }

    /// Values of the counter.
    fn range(&self) -> u64 {
        1 << BITS[self.bitmode as usize % 4]
    }

    /// Ticks since the counter was 0 for the first time.
    fn total(&self, now: Time) -> u64 {
        self.before + self.clock.map_or(0, |clock| clock.ticks(now))
    }

    /// Ticks from the last one seen to the next at which the counter becomes CC[n].
    fn distance(&self, n: usize) -> u64 {
        let range = self.range();
        (u64::from(self.cc[n]) + range - self.seen % range - 1) % range + 1
    }

    /// When its interrupt line rises next.
    #[must_use]
    pub fn due(&self) -> Time {
        let Some(clock) = self.clock else { return Time::NEVER };
        (0..4)
            .filter(|n| self.enabled(*n) && !self.compare[*n])
            .map(|n| clock.time(self.seen - self.before + self.distance(n)))
            .min()
            .unwrap_or(Time::NEVER)
    }

    /// Lets it count up to `now`.
    pub fn advance(&mut self, now: Time) {
        let total = self.total(now);
        for n in 0..4 {
            self.compare[n] |= self.distance(n) <= total - self.seen;
        }
        self.seen = total;
    }

    fn start(&mut self, now: Time) {
        if self.clock.is_none() {
            self.clock = Some(Clock::starting(now, self.hz >> self.prescaler));
            self.before = self.seen;
        }
    }

    fn stop(&mut self) {
        self.before = self.seen;
        self.clock = None;
    }

    /// The counter is 0 from now on; the ticks keep their instants.
    fn clear(&mut self) {
        let ticks = self.seen - self.before;
        if let Some(clock) = &mut self.clock {
            *clock = Clock::starting(clock.time(ticks), clock.hz);
        }
        (self.before, self.seen) = (0, 0);
    }

    /// A load.
    ///
    /// # Errors
    /// [`Refused::Unknown`] for a register that the timer's model does not have.
    pub fn read(&mut self, offset: u32, now: Time) -> Result<u32, Refused> {
        self.advance(now);
        Ok(match offset {
            COMPARE_FIRST..=COMPARE_LAST => self.compare[index(offset)].into(),
            INTENSET | INTENCLR => self.inten,
            MODE => 0,
            BITMODE => self.bitmode,
            PRESCALER => self.prescaler,
            CC_FIRST..=CC_LAST => self.cc[index(offset)],
            _ => return Err(Refused::Unknown),
        })
    }

    /// A store.
    ///
    /// # Errors
    /// [`Refused::Unknown`] for a register or a value that the timer's model does not have, and for a change of clock or
    /// width while it runs, of which the manual does not say what becomes.
    pub fn write(&mut self, offset: u32, value: u32, now: Time) -> Result<(), Refused> {
        self.advance(now);
        match (offset, value) {
            (START, 1) => self.start(now),
            (STOP, 1) => self.stop(),
            (CLEAR, 1) => self.clear(),
            (CAPTURE_FIRST..=CAPTURE_LAST, 1) => self.cc[index(offset)] = (self.seen % self.range()) as u32,
            (COMPARE_FIRST..=COMPARE_LAST, 0) => self.compare[index(offset)] = false,
            (INTENSET, value) if value & !INTEN == 0 => self.inten |= value,
            (INTENCLR, value) if value & !INTEN == 0 => self.inten &= !value,
            (MODE, 0) => {}
            (BITMODE, 0..=3) if self.clock.is_none() => self.bitmode = value,
            (PRESCALER, 0..=SLOWEST) if self.clock.is_none() => self.prescaler = value,
            (CC_FIRST..=CC_LAST, value) if u64::from(value) < self.range() => self.cc[index(offset)] = value,
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }
}

/// Which of four registers in a row.
const fn index(offset: u32) -> usize {
    offset as usize / 4 % 4
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 32 bits at 16 MHz, started at 0.
    fn running(writes: &[(u32, u32)]) -> Timer {
        let mut timer = Timer::new(16_000_000);
        for (offset, value) in [(BITMODE, 3), (PRESCALER, 0)].iter().chain(writes).chain(&[(START, 1)]) {
            timer.write(*offset, *value, Time::ZERO).unwrap();
        }
        timer
    }

    fn captured(timer: &mut Timer, at: Time) -> u32 {
        timer.write(CAPTURE_FIRST, 1, at).unwrap();
        timer.read(CC_FIRST, at).unwrap()
    }

    #[test]
    fn it_counts_at_16_mhz_and_wraps_at_32_bits() {
        let mut timer = running(&[]);
        assert_eq!(captured(&mut timer, Time::from_ns(62)), 0);
        assert_eq!(captured(&mut timer, Time::from_ns(63)), 1);
        assert_eq!(captured(&mut timer, Time::from_s(1)), 16_000_000);
        assert_eq!(
            captured(&mut timer, Time::from_s(300)),
            (300 * 16_000_000u64 % (1 << 32)) as u32
        );
    }

    #[test]
    fn a_compare_event_falls_at_its_tick_and_once_a_round() {
        let mut timer = running(&[(CC_FIRST + 4, 160), (INTENSET, 1 << 17)]);
        let due = Time::from_us(10);
        assert_eq!(timer.due(), due);
        timer.advance(due - Time::from_ps(1));
        assert!(!timer.interrupt());
        timer.advance(due);
        assert!(timer.interrupt());
        assert_eq!(timer.due(), Time::NEVER);
        timer.write(COMPARE_FIRST + 4, 0, due).unwrap();
        assert!(!timer.interrupt());
        // The counter stands at the register's value already: the next time is a round later.
        let clock = Clock::new(16_000_000);
        assert_eq!(timer.due(), clock.time(160 + (1 << 32)));
    }

    #[test]
    fn an_event_without_its_interrupt_is_an_event_all_the_same() {
        let mut timer = running(&[(CC_FIRST + 8, 16)]);
        assert_eq!(timer.due(), Time::NEVER);
        assert_eq!(timer.read(COMPARE_FIRST + 8, Time::from_ns(999)), Ok(0));
        assert_eq!(timer.read(COMPARE_FIRST + 8, Time::from_us(1)), Ok(1));
        assert!(!timer.interrupt());
    }

    #[test]
    fn cleared_it_begins_at_zero_and_stopped_it_stands() {
        let mut timer = running(&[]);
        timer.write(CLEAR, 1, Time::from_us(5)).unwrap();
        assert_eq!(captured(&mut timer, Time::from_us(6)), 16);
        timer.write(STOP, 1, Time::from_us(7)).unwrap();
        assert_eq!(captured(&mut timer, Time::from_us(90)), 32);
        timer.write(START, 1, Time::from_us(100)).unwrap();
        assert_eq!(captured(&mut timer, Time::from_us(101)), 48);
    }

    #[test]
    fn a_narrower_counter_wraps_sooner() {
        for (bitmode, bits) in [(0, 16), (1, 8), (2, 24)] {
            let mut timer = Timer::new(16_000_000);
            for (offset, value) in [(BITMODE, bitmode), (PRESCALER, 4), (CC_FIRST + 4, 5), (START, 1)] {
                timer.write(offset, value, Time::ZERO).unwrap();
            }
            let round = Time::from_us(1 << bits);
            assert_eq!(captured(&mut timer, round + Time::from_us(3)), 3);
            timer.write(COMPARE_FIRST + 4, 0, round + Time::from_us(3)).unwrap();
            assert_eq!(
                timer.read(COMPARE_FIRST + 4, round + Time::from_us(5)),
                Ok(1),
                "{bits} bits"
            );
            assert_eq!(
                timer.write(CC_FIRST, 1 << bits, Time::from_s(40)),
                Err(Refused::Unknown)
            );
        }
    }

    #[test]
    fn what_it_has_no_model_of_is_refused() {
        let mut timer = running(&[]);
        for (offset, value) in [
            (0x008, 1),
            (START, 2),
            (COMPARE_FIRST, 1),
            (0x200, 0),
            (INTENSET, 1),
            (MODE, 1),
            (BITMODE, 3),
            (PRESCALER, 0),
            (0x550, 0),
        ] {
            assert_eq!(
                timer.write(offset, value, Time::ZERO),
                Err(Refused::Unknown),
                "{offset:#x} {value}"
            );
        }
        assert_eq!(timer.read(0x200, Time::ZERO), Err(Refused::Unknown));
    }
}
