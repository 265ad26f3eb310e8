//! When to look for the next sample.
//!
//! A sensor's oscillator and the board's crystal differ by up to some percent, and no pin says that a sample is there. So a
//! recording of every sample follows the sensor: it looks shortly after each sample should be there, a little earlier from one
//! sample to the next, until a look comes too early; then it looks in short steps, and knows by the sample that it finds at
//! which instant the sensor makes them, and from two such instants far apart how long its period is. One sample in about thirty
//! costs looks in vain.

use core::num::NonZeroU64;
use skiprnn_nostd::grid::Grid;

/// Fractions of a tick in a tick.
const FRACTIONS: u64 = 1 << 16;
/// Samples from the first known instant on in which every sample is looked for in steps, until the period is known to 1 in 512.
const ACQUIRED: u64 = 32;
/// Samples after which an older instant is forgotten, so that a slow drift of the period is followed.
const REMEMBERED: u64 = 1024;

/// When to look, and the index of the sample that is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Every sample, as the sensor makes it.
    Sensor(Follow),
    /// One sample each period of the board's clock.
    Grid(Fixed),
}

/// An instant at which the sensor made a sample, in fractions of a tick, and the sample's index.
type Instant = (u64, u64);

/// Follows a sensor. Times are in fractions of a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follow {
    /// The period that the sensor should have.
    nominal: u64,
    /// The period that it has.
    period: u64,
    /// When the last sample was made: known where a look just before found nothing, else up to a step early.
    made: u64,
    /// Index of the last sample; none before the first.
    index: Option<u64>,
    /// Where to look again, and whether the last look found nothing.
    again: Option<(u64, bool)>,
    /// The instant from which the period is measured, and a younger one that will replace it.
    known: Option<[Instant; 2]>,
}

/// Follows the board's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fixed {
    grid: Grid,
    /// Ticks between two looks for a sample that is late.
    step: u64,
    /// The tick of the first sample; none before it.
    start: Option<u64>,
    /// Index of the last sample.
    index: u64,
    /// Where to look again.
    again: Option<u64>,
}

impl Pace {
    /// For a sensor of this rate. None where the clock cannot tell the samples apart, or where the sensor does not make a tenth
    /// more samples a second than are asked for: at an equal rate some instants would find no new sample.
    #[must_use]
    pub fn new(period_ns: Option<NonZeroU64>, rate_hz: u32, ticks_per_second: u32) -> Option<Self> {
        let fractions = u64::from(ticks_per_second).checked_mul(FRACTIONS)?;
        let nominal = fractions.checked_div(rate_hz.into())?;
        // A step of a look, a sixteenth of the period, has a tick at least.
        if nominal < FRACTIONS.saturating_mul(16) {
            return None;
        }
        let Some(period_ns) = period_ns else {
            return Some(Self::Sensor(Follow {
                nominal,
                period: nominal,
                made: 0,
                index: None,
                again: None,
                known: None,
            }));
        };
        let per_period = u64::from(rate_hz).saturating_mul(period_ns.get()) / 1_000_000;
        (per_period >= 1_100).then_some(())?;
        Some(Self::Grid(Fixed {
            grid: Grid::new(period_ns.get(), ticks_per_second)?,
            step: (nominal / FRACTIONS / 16).max(1),
            start: None,
            index: 0,
            again: None,
        }))
    }

    /// The tick at which to look next; 0 for now.
    #[must_use]
    pub fn next_look(&self) -> u64 {
        match self {
            Self::Sensor(follow) => follow.next_look(),
            Self::Grid(fixed) => fixed.next_look(),
        }
    }

    /// Index of the last sample; 0 before the first.
    #[must_use]
    pub fn index(&self) -> u64 {
        match self {
            Self::Sensor(follow) => follow.index.unwrap_or(0),
            Self::Grid(fixed) => fixed.index,
        }
    }

    /// Index of the next sample, if none is missed.
    #[must_use]
    pub fn next_index(&self) -> u64 {
        let begun = match self {
            Self::Sensor(follow) => follow.index.is_some(),
            Self::Grid(fixed) => fixed.start.is_some(),
        };
        self.index().saturating_add(begun.into())
    }

    /// The tick at which the last sample was made or fell due; 0 before the first.
    #[must_use]
    pub fn at(&self) -> u64 {
        match self {
            Self::Sensor(follow) => follow.made / FRACTIONS,
            Self::Grid(fixed) => fixed.start.unwrap_or(0).saturating_add(fixed.grid.tick(fixed.index)),
        }
    }

    /// A look at this tick found no new sample.
    pub fn not_yet(&mut self, now: u64) {
        match self {
            Self::Sensor(follow) => follow.look_again(now, true),
            Self::Grid(fixed) => fixed.look_again(now),
        }
    }

    /// A look at this tick failed.
    pub fn failed(&mut self, now: u64) {
        match self {
            Self::Sensor(follow) => follow.look_again(now, false),
            Self::Grid(fixed) => fixed.look_again(now),
        }
    }

    /// A look at this tick found a sample: how many before it were missed.
    pub fn found(&mut self, now: u64) -> u64 {
        match self {
            Self::Sensor(follow) => follow.found(now),
            Self::Grid(fixed) => fixed.found(now),
        }
    }
}

impl Follow {
    /// The period is known well enough to look once for each sample.
    fn locked(&self) -> bool {
        let from = self.known.map(|[(_, index), _]| index);
        from.zip(self.index)
            .is_some_and(|(from, index)| index.saturating_sub(from) >= ACQUIRED)
    }

    fn next_look(&self) -> u64 {
        let look = match (self.again, self.index) {
            (Some((again, _)), _) => again,
            (None, None) => 0,
            (None, Some(_)) if self.locked() => self.made.saturating_add(self.period).saturating_add(self.period / 8),
            // Before the sample of a sensor that is a tenth fast.
            (None, Some(_)) => self.made.saturating_add(self.period / 4 * 3),
        };
        look.div_ceil(FRACTIONS)
    }

    fn look_again(&mut self, now: u64, nothing: bool) {
        let again = now.saturating_mul(FRACTIONS).saturating_add(self.nominal / 16);
        self.again = Some((again, nothing));
    }

    fn found(&mut self, now: u64) -> u64 {
        let now = now.saturating_mul(FRACTIONS);
        let (locked, nothing_before) = (self.locked(), self.again.is_some_and(|(_, nothing)| nothing));
        self.again = None;
        let Some(index) = self.index else {
            (self.index, self.made) = (Some(0), now);
            return 0;
        };
        let periods = now
            .saturating_sub(self.made)
            .checked_div(self.period)
            .unwrap_or(1)
            .max(1);
        let index = index.saturating_add(periods);
        self.index = Some(index);
        if nothing_before || !locked {
            self.made = now;
        } else {
            // Early by 1 in 256, more than the period can be wrong.
            let passed = periods.saturating_mul(self.period.saturating_sub(self.period / 256));
            self.made = self.made.saturating_add(passed);
        }
        if nothing_before {
            self.known(now, index);
        }
        periods.saturating_sub(1)
    }

    /// The sensor made the sample of this index at this instant, to a step.
    fn known(&mut self, now: u64, index: u64) {
        let Some([from, younger]) = &mut self.known else {
            self.known = Some([(now, index); 2]);
            return;
        };
        let samples = index.saturating_sub(from.1);
        if samples >= ACQUIRED {
            let measured = now.saturating_sub(from.0).checked_div(samples).unwrap_or(self.nominal);
            let margin = self.nominal / 4;
            self.period = measured.clamp(self.nominal.saturating_sub(margin), self.nominal.saturating_add(margin));
        }
        if index.saturating_sub(younger.1) >= REMEMBERED {
            *from = *younger;
            *younger = (now, index);
        }
    }
}

impl Fixed {
    fn next_look(&self) -> u64 {
        match (self.again, self.start) {
            (Some(again), _) => again,
            (None, None) => 0,
            (None, Some(start)) => start.saturating_add(self.grid.tick(self.index.saturating_add(1))),
        }
    }

    fn look_again(&mut self, now: u64) {
        self.again = Some(now.saturating_add(self.step));
    }

    fn found(&mut self, now: u64) -> u64 {
        self.again = None;
        let Some(start) = self.start else {
            self.start = Some(now);
            return 0;
        };
        let next = self.index.saturating_add(1);
        // The last grid point that is not after `now`.
        let behind = self.grid.at_or_after(now.saturating_sub(start).saturating_add(1));
        self.index = behind.saturating_sub(1).max(next);
        self.index.saturating_sub(next)
    }
}
