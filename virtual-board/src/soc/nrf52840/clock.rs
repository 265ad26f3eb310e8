//! CLOCK, the control of HFCLK and LFCLK (nRF52840 PS v1.8, 5.4), and POWER's events, which share its interrupt.
//!
//! The calibration of LFRC, its timer and the debounce times of the crystals are not modelled.

use super::registers::{Answer, Signals, triggered, within};
use crate::{
    bus::Refused,
    time::{Clock as Ticks, Time},
};

/// Ticks of LFCLK in a second. LFRC is taken to have exactly the crystal's rate.
pub const LFCLK_HZ: u64 = 32_768;

/// From the start of HFXO until it runs (5.4.4.2: typical).
pub const HFXO_STARTS: Time = Time::from_us(360);
/// From the start of LFXO until it runs (5.4.4.5: typical).
pub const LFXO_STARTS: Time = Time::from_ms(250);
/// From the start of LFRC until it runs (5.4.4.6: typical).
pub const LFRC_STARTS: Time = Time::from_us(600);
/// From the start of LFSYNT until it runs (5.4.4.7: typical).
pub const LFSYNT_STARTS: Time = Time::from_us(100);

const HFCLKSTARTED: u32 = 0;
const LFCLKSTARTED: u32 = 1;
/// POWER's EVENTS_SLEEPENTER.
const SLEEPENTER: u32 = 5;
/// POWER's EVENTS_SLEEPEXIT.
const SLEEPEXIT: u32 = 6;

/// In the two status registers: the clock runs.
const RUNS: u32 = 1 << 16;
/// In LFCLKSRC: the source.
const SOURCE: u32 = 3;
const SOURCE_RC: u32 = 0;
const SOURCE_XTAL: u32 = 1;
const SOURCE_SYNTH: u32 = 2;
/// In LFCLKSRC: the crystal is bypassed, or an external source is used.
const EXTERNAL: u32 = 1 << 16 | 1 << 17;

/// LFCLK after its start.
#[derive(Debug, Clone, Copy)]
struct Low {
    /// Its ticks. LFRC provides them until the chosen source runs.
    ticks: Ticks,
    /// LFCLKSRC when it was started.
    source: u32,
    /// When that source runs.
    stable: Time,
}

/// The clocks.
#[derive(Debug)]
pub(super) struct Clock {
    signals: Signals,
    /// LFCLKSRC.
    source: u32,
    /// LFCLKSRCCOPY: the source when LFCLK was last started.
    copy: u32,
    low: Option<Low>,
    /// When HFXO runs.
    high: Option<Time>,
    /// The watchdog keeps LFRC running, with these ticks.
    kept: Option<Ticks>,
    high_due: Time,
    low_due: Time,
    /// LFXO does not start.
    dead_crystal: bool,
}

impl Clock {
    pub(super) const fn new() -> Self {
        let known = 1 << HFCLKSTARTED | 1 << LFCLKSTARTED | 1 << SLEEPENTER | 1 << SLEEPEXIT;
        Self {
            signals: Signals::new(known, false),
            source: SOURCE_RC,
            copy: SOURCE_RC,
            low: None,
            high: None,
            kept: None,
            high_due: Time::NEVER,
            low_due: Time::NEVER,
            dead_crystal: false,
        }
    }

    /// A reset stops the clocks, except the one that a running watchdog counts.
    pub(super) fn reset(&mut self) {
        let kept = self.kept;
        let ticks = self.lfclk();
        *self = Self {
            kept: kept.and(ticks),
            dead_crystal: self.dead_crystal,
            ..Self::new()
        };
    }

    /// LFXO never starts, as where its crystal is broken.
    pub(super) const fn break_crystal(&mut self) {
        self.dead_crystal = true;
    }

    pub(super) fn due(&self) -> Time {
        self.high_due.min(self.low_due)
    }

    pub(super) fn advance(&mut self, now: Time) {
        if self.high_due <= now {
            self.high_due = Time::NEVER;
            self.signals.raise(HFCLKSTARTED);
        }
        if self.low_due <= now {
            self.low_due = Time::NEVER;
            self.signals.raise(LFCLKSTARTED);
        }
    }

    pub(super) const fn line(&self) -> bool {
        self.signals.line()
    }

    /// The ticks of LFCLK, if it runs or is about to.
    pub(super) fn lfclk(&self) -> Option<Ticks> {
        self.low.map(|low| low.ticks).or(self.kept)
    }

    /// The source of LFCLK that runs or is about to, by name.
    pub(super) fn low_source(&self) -> Option<&'static str> {
        match (self.low, self.kept) {
            (Some(low), _) => Some(match low.source & SOURCE {
                SOURCE_XTAL => "LFXO",
                SOURCE_SYNTH => "LFSYNT",
                _ => "LFRC",
            }),
            (None, Some(_)) => Some("LFRC"),
            (None, None) => None,
        }
    }

    /// HFXO runs or is about to.
    pub(super) const fn high_runs(&self) -> bool {
        self.high.is_some()
    }

    /// The watchdog needs LFCLK: LFRC runs from now on, whatever the program stops.
    pub(super) fn keep_lfclk(&mut self, now: Time) -> Ticks {
        let ticks = self.lfclk().unwrap_or(Ticks::starting(now + LFRC_STARTS, LFCLK_HZ));
        self.kept = Some(ticks);
        ticks
    }

    /// The watchdog needs it no more.
    pub(super) fn release_lfclk(&mut self) {
        self.kept = None;
    }

    /// The core begins or ends a sleep.
    pub(super) fn sleeping(&mut self, asleep: bool) {
        self.signals.raise(if asleep { SLEEPENTER } else { SLEEPEXIT });
    }

    pub(super) fn read(&self, offset: u32, now: Time) -> Answer<u32> {
        if let Some(value) = self.signals.read(offset) {
            return Ok(value);
        }
        match offset {
            // HFCLKRUN, HFCLKSTAT: without HFXO, HFINT runs.
            0x408 => Ok(u32::from(self.high.is_some())),
            0x40c => Ok(RUNS | u32::from(self.high.is_some_and(|at| at <= now))),
            // LFCLKRUN, LFCLKSTAT, LFCLKSRCCOPY, LFCLKSRC.
            0x414 => Ok(u32::from(self.low.is_some())),
            0x418 => Ok(self.lfclk_status(now)),
            0x41c => Ok(self.copy),
            0x518 => Ok(self.source),
            _ => Err(Refused::Unknown),
        }
    }

    /// LFCLKSTAT: the source that provides the ticks now, and whether there are ticks.
    fn lfclk_status(&self, now: Time) -> u32 {
        if self.lfclk().is_none_or(|ticks| ticks.start > now) {
            return 0;
        }
        RUNS | self
            .low
            .filter(|low| low.stable <= now)
            .map_or(SOURCE_RC, |low| low.source & SOURCE)
    }

    pub(super) fn write(&mut self, offset: u32, value: u32, now: Time) -> Answer<()> {
        if let Some(answer) = self.signals.write(offset, value) {
            return answer;
        }
        match offset {
            0x00 if triggered(value)? => self.start_high(now),
            0x04 if triggered(value)? => {
                self.high = None;
                self.high_due = Time::NEVER;
            }
            0x08 if triggered(value)? => self.start_low(now),
            0x0c if triggered(value)? => {
                self.low = None;
                self.low_due = Time::NEVER;
            }
            0x00 | 0x04 | 0x08 | 0x0c => {}
            // 5.4.3.11: "SRC" may only be written while LFCLK is stopped.
            0x518 => self.source = self.choose(value)?,
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }

    /// Checks a value of LFCLKSRC.
    fn choose(&self, value: u32) -> Answer<u32> {
        let source = within(value, SOURCE | EXTERNAL)? & SOURCE;
        let sound = source <= SOURCE_SYNTH && (value & EXTERNAL == 0 || source == SOURCE_XTAL);
        if sound && self.low.is_none() {
            Ok(value)
        } else {
            Err(Refused::Unknown)
        }
    }

    fn start_high(&mut self, now: Time) {
        let at = *self.high.get_or_insert(now + HFXO_STARTS);
        self.high_due = at.max(now);
    }

    /// LFRC provides LFCLK's ticks while the crystal starts (5.4.2.3).
    fn start_low(&mut self, now: Time) {
        let source = self.source;
        let (running, dead) = (self.lfclk(), self.dead_crystal);
        let low = *self.low.get_or_insert_with(|| {
            let rough = Ticks::starting(now + LFRC_STARTS, LFCLK_HZ);
            let stable = match source & SOURCE {
                SOURCE_XTAL if dead => Time::NEVER,
                SOURCE_XTAL => now + LFXO_STARTS,
                SOURCE_SYNTH => now + LFSYNT_STARTS,
                _ => now + LFRC_STARTS,
            };
            let own = Ticks::starting(rough.start.min(stable), LFCLK_HZ);
            Low {
                ticks: running.unwrap_or(own),
                source,
                stable,
            }
        });
        self.copy = low.source;
        self.low_due = low.stable.max(now);
    }
}

/// The first tick of LFCLK at which a task or a new compare value of the RTC acts: the clock falls, then rises, after the
/// write. That is half a tick to one and a half later (6.22.8: 15 to 46 us).
pub(super) fn synchronised(ticks: Ticks, at: Time) -> u64 {
    let halves = Ticks::starting(ticks.start, 2 * ticks.hz);
    let passed = halves.ticks(at);
    let next = if at > halves.time(passed) { passed + 1 } else { passed };
    next / 2 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn us(us: u64) -> Time {
        Time::from_us(us)
    }

    #[test]
    fn the_crystal_takes_a_quarter_of_a_second_and_the_rc_oscillator_ticks_meanwhile() {
        let mut clock = Clock::new();
        assert_eq!(clock.write(0x518, 1, us(0)), Ok(()));
        assert_eq!(clock.write(0x08, 1, us(100)), Ok(()));
        assert_eq!(clock.read(0x414, us(100)), Ok(1));
        assert_eq!(clock.read(0x418, us(699)), Ok(0));
        assert_eq!(clock.read(0x418, us(700)), Ok(RUNS), "LFRC");
        assert_eq!(clock.due(), us(250_100));
        clock.advance(us(250_099));
        assert_eq!(clock.read(0x104, us(250_099)), Ok(0));
        clock.advance(us(250_100));
        assert_eq!(clock.read(0x104, us(250_100)), Ok(1));
        assert_eq!(clock.read(0x418, us(250_100)), Ok(RUNS | SOURCE_XTAL));
        assert_eq!(clock.due(), Time::NEVER);
        assert_eq!(clock.lfclk(), Some(Ticks::starting(us(700), LFCLK_HZ)));
    }

    #[test]
    fn without_its_crystal_lfclk_ticks_by_the_rc_oscillator_and_never_starts() {
        let mut clock = Clock::new();
        clock.break_crystal();
        clock.reset();
        assert_eq!(clock.write(0x518, 1, us(0)), Ok(()));
        assert_eq!(clock.write(0x08, 1, us(0)), Ok(()));
        assert_eq!(clock.due(), Time::NEVER);
        assert_eq!(clock.read(0x418, us(10_000_000)), Ok(RUNS), "LFRC");
    }

    #[test]
    fn the_source_stays_while_the_clock_runs() {
        let mut clock = Clock::new();
        assert_eq!(clock.write(0x08, 1, us(0)), Ok(()));
        assert_eq!(clock.due(), LFRC_STARTS);
        assert_eq!(clock.write(0x518, 1, us(5)), Err(Refused::Unknown));
        assert_eq!(clock.write(0x0c, 1, us(6)), Ok(()));
        assert_eq!(clock.write(0x518, 1, us(7)), Ok(()));
        assert_eq!(clock.read(0x41c, us(8)), Ok(0), "the copy is of the last start");
        assert_eq!(clock.write(0x518, 3, us(9)), Err(Refused::Unknown));
        assert_eq!(
            clock.write(0x518, 1 << 16, us(9)),
            Err(Refused::Unknown),
            "bypass is the crystal's"
        );
    }

    #[test]
    fn hfxo_starts_in_a_third_of_a_millisecond_and_interrupts() {
        let mut clock = Clock::new();
        assert_eq!(clock.write(0x304, 1, us(0)), Ok(()));
        assert_eq!(clock.write(0x00, 1, us(10)), Ok(()));
        assert_eq!(clock.read(0x40c, us(10)), Ok(RUNS));
        clock.advance(us(370));
        assert_eq!(clock.read(0x40c, us(370)), Ok(RUNS | 1));
        assert!(clock.line());
        assert_eq!(clock.write(0x04, 1, us(400)), Ok(()));
        assert_eq!(clock.read(0x408, us(400)), Ok(0));
    }

    #[test]
    fn a_reset_leaves_the_ticks_to_a_watchdog() {
        let mut clock = Clock::new();
        assert_eq!(clock.write(0x08, 1, us(0)), Ok(()));
        clock.keep_lfclk(us(1000));
        clock.reset();
        assert_eq!(clock.lfclk(), Some(Ticks::starting(LFRC_STARTS, LFCLK_HZ)));
        assert_eq!(clock.read(0x414, us(2000)), Ok(0));
        clock.release_lfclk();
        assert_eq!(clock.lfclk(), None);
    }

    #[test]
    fn a_task_acts_half_a_tick_to_one_and_a_half_later() {
        let ticks = Ticks::starting(us(3), LFCLK_HZ);
        let (rise, half) = (ticks.time(100), Time::from_ps(15_258_790));
        assert_eq!(synchronised(ticks, rise), 101);
        assert_eq!(synchronised(ticks, rise + half - us(1)), 101);
        assert_eq!(synchronised(ticks, rise + half + us(1)), 102);
        assert_eq!(synchronised(ticks, Time::ZERO), 1, "before the clock runs");
    }

    #[test]
    fn what_the_model_does_not_hold_is_refused() {
        let mut clock = Clock::new();
        assert_eq!(clock.write(0x10, 1, us(0)), Err(Refused::Unknown), "calibration");
        assert_eq!(clock.read(0x00, us(0)), Err(Refused::Unknown), "a task");
        assert_eq!(clock.write(0x08, 2, us(0)), Err(Refused::Unknown));
    }
}
