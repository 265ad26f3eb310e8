//! The instants at which a part samples, by its own clock.

use crate::time::Time;

/// Sample n, counted from 0, falls n + 1 periods behind the start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    start: Time,
    period: Time,
    taken: u64,
}

/// Samples that fell due since the part was last asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Batch {
    /// The instant of the last of them.
    pub(super) last: Time,
    /// The number of the last of them.
    pub(super) index: u64,
    /// How many.
    pub(super) count: u64,
}

impl Grid {
    /// A grid of this nominal rate, in millihertz, by a clock that runs fast by this many millionths.
    pub(super) fn new(start: Time, rate_millihertz: u64, error_ppm: i32) -> Self {
        let ppm = (1_000_000 + i64::from(error_ppm)).max(1) as u128;
        let period = 1_000_000_000_000_000_u128 * 1_000_000 / (u128::from(rate_millihertz.max(1)) * ppm);
        Self {
            start,
            period: Time::from_ps(u64::try_from(period).unwrap_or(u64::MAX)),
            taken: 0,
        }
    }

    /// The time between two samples.
    pub(super) const fn period(&self) -> Time {
        self.period
    }

    /// Takes every sample that is due.
    pub(super) fn advance(&mut self, now: Time) -> Option<Batch> {
        let due = now.since(self.start).ps() / self.period.ps();
        let count = due.saturating_sub(self.taken);
        self.taken += count;
        (count > 0).then(|| Batch {
            last: self.start + Time::from_ps(due * self.period.ps()),
            index: due - 1,
            count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_samples_more_often() {
        let samples = |ppm| {
            let mut grid = Grid::new(Time::from_ms(3), 400_000, ppm);
            grid.advance(Time::from_s(10)).map(|batch| batch.count)
        };
        assert_eq!(samples(0), Some(3_998));
        assert_eq!(samples(100_000), Some(4_398));
        assert_eq!(samples(-100_000), Some(3_598));
    }

    #[test]
    fn each_sample_is_taken_once_at_its_instant() {
        let mut grid = Grid::new(Time::from_us(100), 12_500, 0);
        assert_eq!(grid.advance(Time::from_ms(80)), None);
        let first = Batch {
            last: Time::from_us(80_100),
            index: 0,
            count: 1,
        };
        assert_eq!(grid.advance(Time::from_us(80_100)), Some(first));
        assert_eq!(grid.advance(Time::from_us(80_100)), None);
        let later = grid.advance(Time::from_ms(500)).expect("five more");
        assert_eq!((later.index, later.count, later.last), (5, 5, Time::from_us(480_100)));
    }
}
