//! SysTick: the 24-bit timer of the core (Armv7-M ARM, DDI 0403E, B3.3).

use crate::time::{Clock, Time};

/// The largest value of the counter.
const COUNTER_MASK: u32 = 0x00ff_ffff;
/// SYST_CSR.ENABLE.
const ENABLE: u32 = 1;
/// SYST_CSR.TICKINT.
const TICKINT: u32 = 1 << 1;
/// SYST_CSR.CLKSOURCE: the processor's clock.
const CLKSOURCE: u32 = 1 << 2;
/// SYST_CSR.COUNTFLAG.
const COUNTFLAG: u32 = 1 << 16;
/// SYST_CALIB.NOREF: there is no reference clock.
const NOREF: u32 = 1 << 31;

/// The timer.
#[derive(Debug, Clone)]
pub struct SysTick {
    /// ENABLE, TICKINT and CLKSOURCE as they were written.
    control: u32,
    reload: u32,
    /// What the counter held at tick `since`.
    value: u32,
    flag: bool,
    since: u64,
    /// The clock that is counted; stands still at 0 Hz.
    clock: Clock,
    processor_hz: u64,
    reference_hz: Option<u64>,
    /// SYST_CALIB but for NOREF.
    pub calibration: u32,
}

impl SysTick {
    /// After power-on, with clocks that stand still.
    pub const fn new() -> Self {
        Self {
            control: 0,
            reload: 0,
            value: 0,
            flag: false,
            since: 0,
            clock: Clock::new(0),
            processor_hz: 0,
            reference_hz: None,
            calibration: 0,
        }
    }

    /// A reset of the core. The clocks go on.
    pub fn reset(&mut self) {
        *self = Self {
            processor_hz: self.processor_hz,
            reference_hz: self.reference_hz,
            calibration: self.calibration,
            clock: self.clock,
            ..Self::new()
        };
        self.clock.hz = self.rate();
    }

    /// From now on the processor's clock and the reference clock have these rates; 0 Hz stands still, and none is a chip without
    /// a reference clock. True where the counter reached 0 before that.
    pub fn set_clocks(&mut self, processor_hz: u64, reference_hz: Option<u64>, now: Time) -> bool {
        let reached = self.count(now);
        self.processor_hz = processor_hz;
        self.reference_hz = reference_hz;
        self.restart(now);
        reached
    }

    /// Counts from now on with the clock that CLKSOURCE chooses.
    fn restart(&mut self, now: Time) {
        let rate = self.rate();
        if rate != self.clock.hz {
            self.clock = Clock::starting(now, rate);
            self.since = 0;
        }
    }

    fn rate(&self) -> u64 {
        match self.reference_hz {
            Some(hz) if self.control & CLKSOURCE == 0 => hz,
            _ => self.processor_hz,
        }
    }

    fn ticks(&self, now: Time) -> u64 {
        match self.clock.hz {
            0 => 0,
            _ => self.clock.ticks(now),
        }
    }

    /// Ticks from `since` until the counter goes from 1 to 0 for the first time.
    fn first_zero(&self) -> Option<u64> {
        match (self.value, self.reload) {
            (0, 0) => None,
            (0, reload) => Some(u64::from(reload) + 1),
            (value, _) => Some(value.into()),
        }
    }

    /// Brings the counter up to `now`; true where it went from 1 to 0.
    fn count(&mut self, now: Time) -> bool {
        let ticks = self.ticks(now);
        let elapsed = ticks.saturating_sub(self.since);
        self.since = ticks;
        if self.control & ENABLE == 0 || elapsed == 0 {
            return false;
        }
        let reached = self.first_zero().is_some_and(|first| elapsed >= first);
        self.value = self.value_after(elapsed);
        self.flag |= reached;
        reached
    }

    fn value_after(&self, elapsed: u64) -> u32 {
        let value = u64::from(self.value);
        if elapsed <= value {
            return (value - elapsed) as u32;
        }
        let period = u64::from(self.reload) + 1;
        (period - 1 - (elapsed - value - 1) % period) as u32
    }

    /// Brings the timer up to `now`; true where it raises its exception.
    pub fn advance(&mut self, now: Time) -> bool {
        self.count(now) && self.control & TICKINT != 0
    }

    /// When the timer raises its exception next.
    pub fn due(&self) -> Time {
        if self.control & (ENABLE | TICKINT) != ENABLE | TICKINT || self.clock.hz == 0 {
            return Time::NEVER;
        }
        self.first_zero()
            .map_or(Time::NEVER, |first| self.clock.time(self.since.saturating_add(first)))
    }

    /// A register from 0xe000_e010 to 0xe000_e01c. The timer has been brought up to now before.
    pub fn read(&mut self, address: u32) -> Option<u32> {
        Some(match address & 0xf {
            0 => {
                let no_choice = if self.reference_hz.is_none() { CLKSOURCE } else { 0 };
                self.control | no_choice | if std::mem::take(&mut self.flag) { COUNTFLAG } else { 0 }
            }
            4 => self.reload,
            8 => self.value,
            12 => self.calibration | if self.reference_hz.is_none() { NOREF } else { 0 },
            _ => return None,
        })
    }

    /// Writes a register from 0xe000_e010 to 0xe000_e01c. The timer has been brought up to `now` before.
    pub fn write(&mut self, address: u32, value: u32, now: Time) -> Option<()> {
        match address & 0xf {
            0 => {
                self.control = value & (ENABLE | TICKINT | CLKSOURCE);
                self.restart(now);
            }
            4 => self.reload = value & COUNTER_MASK,
            8 => {
                self.value = 0;
                self.flag = false;
            }
            12 => {}
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, test_runner::RngSeed};

    const CSR: u32 = 0xe000_e010;
    const RVR: u32 = 0xe000_e014;
    const CVR: u32 = 0xe000_e018;
    const CALIB: u32 = 0xe000_e01c;

    /// At 1 MHz, so that a tick is a microsecond.
    fn running(reload: u32, control: u32) -> SysTick {
        let mut timer = SysTick::new();
        timer.set_clocks(1_000_000, None, Time::ZERO);
        timer.write(RVR, reload, Time::ZERO);
        timer.write(CVR, 7, Time::ZERO);
        timer.write(CSR, control, Time::ZERO);
        timer
    }

    fn at(timer: &mut SysTick, us: u64) -> (u32, bool) {
        let raised = timer.advance(Time::from_us(us));
        (timer.read(CVR).unwrap_or(u32::MAX), raised)
    }

    #[test]
    fn it_reloads_counts_down_and_raises_its_exception_at_zero() {
        let mut timer = running(3, 7);
        assert_eq!(timer.due(), Time::from_us(4));
        let seen: Vec<_> = (0..=9).map(|us| at(&mut timer, us)).collect();
        let values = [0, 3, 2, 1, 0, 3, 2, 1, 0, 3];
        assert_eq!(seen.iter().map(|x| x.0).collect::<Vec<_>>(), values);
        let raised = [4, 8];
        assert_eq!((0..=9).filter(|&us| seen[us].1).collect::<Vec<_>>(), raised);
        assert_eq!(timer.due(), Time::from_us(12));
    }

    #[test]
    fn reading_the_flag_clears_it_and_so_does_writing_the_counter() {
        let mut timer = running(3, 5);
        assert!(!timer.advance(Time::from_us(4)), "TICKINT is off");
        assert_eq!(timer.due(), Time::NEVER);
        assert_eq!(timer.read(CSR), Some(0x1_0005));
        assert_eq!(timer.read(CSR), Some(5));
        timer.advance(Time::from_us(8));
        timer.write(CVR, 1, Time::from_us(8));
        assert_eq!(timer.read(CSR), Some(5));
    }

    #[test]
    fn writing_the_counter_does_not_raise_the_exception() {
        let mut timer = running(100, 7);
        timer.advance(Time::from_us(10));
        timer.write(CVR, 55, Time::from_us(10));
        assert_eq!(at(&mut timer, 11), (100, false));
    }

    #[test]
    fn a_new_reload_value_holds_from_the_next_zero_on() {
        let mut timer = running(10, 7);
        timer.advance(Time::from_us(3));
        timer.write(RVR, 2, Time::from_us(3));
        assert_eq!(at(&mut timer, 11), (0, true));
        assert_eq!(at(&mut timer, 12), (2, false));
        assert_eq!(timer.due(), Time::from_us(14));
    }

    #[test]
    fn a_reload_of_zero_stops_it_at_zero() {
        let mut timer = running(5, 7);
        timer.advance(Time::from_us(2));
        timer.write(RVR, 0, Time::from_us(2));
        assert_eq!(at(&mut timer, 6), (0, true));
        assert_eq!(timer.due(), Time::NEVER);
        assert_eq!(at(&mut timer, 600), (0, false));
    }

    #[test]
    fn it_stands_still_while_disabled_and_while_its_clock_does() {
        let mut timer = running(10, 7);
        timer.advance(Time::from_us(3));
        timer.write(CSR, 6, Time::from_us(3));
        assert_eq!(at(&mut timer, 50), (8, false));
        timer.write(CSR, 7, Time::from_us(50));
        assert_eq!(at(&mut timer, 52), (6, false));
        timer.set_clocks(0, None, Time::from_us(52));
        assert_eq!(timer.due(), Time::NEVER);
        assert_eq!(at(&mut timer, 90), (6, false));
        timer.set_clocks(2_000_000, None, Time::from_us(90));
        assert_eq!(timer.due(), Time::from_us(93));
    }

    #[test]
    fn without_a_reference_clock_it_counts_the_processor_and_says_so() {
        let mut timer = running(10, 3);
        assert_eq!(timer.read(CSR), Some(7));
        assert_eq!(timer.read(CALIB), Some(1 << 31));
        timer.set_clocks(1_000_000, Some(500_000), Time::ZERO);
        assert_eq!(timer.read(CSR), Some(3));
        assert_eq!(timer.read(CALIB), Some(0));
        assert_eq!(timer.due(), Time::from_us(22));
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(1_000) })]

        #[test]
        fn it_is_a_counter_of_single_steps(reload in 0u32..9, start in 0u32..9, looks in proptest::collection::vec(0u64..30, 1..20)) {
            let mut timer = running(start, 7);
            timer.value = start;
            timer.write(RVR, reload, Time::ZERO);
            let (mut model, mut now) = (start, 0);
            for look in looks {
                let mut raised = false;
                for _ in 0..look {
                    (model, raised) = match model { 0 => (reload, raised), 1 => (0, true), n => (n - 1, raised) };
                }
                now += look;
                prop_assert_eq!(at(&mut timer, now), (model, raised));
            }
        }
    }
}
