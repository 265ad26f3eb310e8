//! The absolute time grid of the samples: sample k is due at the tick nearest below k·T_s, however long the board
//! runs, so that no rounding ever adds up to a drift.

use core::num::NonZeroU64;

/// Nanoseconds in a second.
const NS_PER_S: u64 = 1_000_000_000;

/// Whole billions in a number: `ns / 10^9`. A core of 32 bits divides 64 bits in hundreds of cycles; this is four multiplications.
const fn seconds(ns: u64) -> u64 {
    // Of 10^9 = 2^9 · 5^9 the first factor is a shift, which leaves a number below 2^55. The second is divided by as a product
    // with FACTOR / 2^75: FACTOR · 5^9 exceeds 2^75 by 399,807, less than 2^19, and 2^55 times as much is less than 2^75.
    const FACTOR: u64 = (1_u128 << 75).div_ceil(1_953_125) as u64;
    mul_high(ns >> 9, FACTOR) >> 11
}

/// The upper 64 bits of a product.
const fn mul_high(a: u64, b: u64) -> u64 {
    (a as u128).wrapping_mul(b as u128).wrapping_shr(64) as u64
}

/// The points k·T_s, in ticks of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Whole ticks of a period.
    whole: u64,
    /// The rest of a period, in billionths of a tick.
    billionths: u64,
}

impl Grid {
    /// The grid of a sample period in nanoseconds on a clock of `ticks_per_second`, or `None` where the period is
    /// shorter than a tick or longer than 2^32 ticks.
    #[must_use]
    pub fn new(sample_period_ns: u64, ticks_per_second: u32) -> Option<Self> {
        let product = sample_period_ns.checked_mul(u64::from(ticks_per_second))?;
        let (whole, billionths) = (product / NS_PER_S, product % NS_PER_S);
        (1..=1 << 32).contains(&whole).then_some(Self { whole, billionths })
    }

    /// Ticks from grid point 0 to grid point `index`: floor(index · T_s), exactly.
    #[must_use]
    pub const fn tick(&self, index: u64) -> u64 {
        // index = q·10^9 + r, so that no product leaves 64 bits before the clock itself does.
        let q = seconds(index);
        let r = index.wrapping_sub(q.wrapping_mul(NS_PER_S));
        let fraction = q
            .wrapping_mul(self.billionths)
            .wrapping_add(seconds(r.wrapping_mul(self.billionths)));
        index.wrapping_mul(self.whole).wrapping_add(fraction)
    }

    /// The first grid point that is not before `tick`.
    #[must_use]
    pub fn at_or_after(&self, tick: u64) -> u64 {
        // Neighbouring points are at most whole + 1 ticks apart: a jump of left / (whole + 1) points never passes the
        // answer, and each jump leaves at most half of the way.
        let longest = NonZeroU64::MIN.saturating_add(self.whole);
        let mut index = 0u64;
        loop {
            let left = tick.saturating_sub(self.tick(index));
            if left == 0 {
                return index;
            }
            index = index.wrapping_add((left / longest).max(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_exact_over_millions_of_samples() {
        for (period_ns, ticks) in [(20_000_000, 25_000_000), (1_000_000, 32_768), (333_333_333, 25_000_000)] {
            let grid = Grid::new(period_ns, ticks).unwrap();
            for k in (0..40_000_000u64).step_by(99_991).chain([20_000_000_001]) {
                let exact = u128::from(k) * u128::from(period_ns) * u128::from(ticks) / 1_000_000_000;
                assert_eq!(u128::from(grid.tick(k)), exact);
            }
        }
    }

    #[test]
    fn the_first_point_not_before_a_tick() {
        let grid = Grid::new(1_000_000, 32_768).unwrap(); // 32.768 ticks
        assert_eq!(grid.at_or_after(0), 0);
        assert_eq!(grid.at_or_after(1), 1);
        assert_eq!(grid.at_or_after(32), 1);
        assert_eq!(grid.at_or_after(33), 2);
        for k in [1, 2, 999, 12_345_678, 98_765_432_101] {
            assert_eq!(grid.at_or_after(grid.tick(k)), k);
            assert_eq!(grid.at_or_after(grid.tick(k) + 1), k + 1);
        }
    }

    #[test]
    fn whole_billions_are_exact_at_every_border() {
        for billions in [0, 1, 2, 3, 999_999_999, 4_294_967_295, 18_446_744_072, 18_446_744_073] {
            let border = billions * NS_PER_S;
            for ns in [border, border.wrapping_sub(1), border + 1, border | 0x1ff, u64::MAX] {
                assert_eq!(seconds(ns), ns / NS_PER_S, "{ns}");
            }
        }
        let mut ns = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..100_000 {
            ns = ns
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let ns = ns >> (ns & 31);
            assert_eq!(seconds(ns), ns / NS_PER_S, "{ns}");
        }
    }

    #[test]
    fn impossible_periods() {
        assert_eq!(Grid::new(0, 25_000_000), None);
        assert_eq!(Grid::new(30_000, 32_768), None);
        assert_eq!(Grid::new(u64::MAX, 32_768), None);
    }
}
