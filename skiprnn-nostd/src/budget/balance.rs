//! The balance of what was allowed and what was spent, and the dial that it pays for.

use super::{Plan, Setting, Usage, price::Price};
use crate::format::DialRecord;
use core::num::{NonZeroU32, NonZeroU64};
use fixed::types::I16F16;

/// Updates are counted with 16 fractional bits, up to 2^30 of them, so that another shift by 16 fits 64 bits.
const MOST: i64 = 1 << 46;

/// Turns the dial so that what is spent meets what is allowed.
#[derive(Debug, Clone)]
pub(super) struct Balance<'a> {
    curve: &'a [DialRecord],
    pub(super) plan: Plan,
    /// Allowed minus spent, in nanojoules; within the allowance of [`super::Budget::horizon`] sequences.
    nj: i64,
    price: Price,
}

impl<'a> Balance<'a> {
    /// Nothing saved and nothing owed, over a curve by rising dial.
    pub(super) fn new(curve: &'a [DialRecord], plan: Plan) -> Self {
        Balance {
            curve,
            plan,
            nj: 0,
            price: Price::default(),
        }
    }

    /// The updates that the next sequence can pay for at this price in nanojoules, with 16 fractional bits, from 0 to [`MOST`].
    fn affordable(&self, price: NonZeroU64) -> i64 {
        let budget = &self.plan.budget;
        let share = self.nj / i64::from(budget.horizon.get());
        let left = self.plan.allowed_nj().saturating_add(share);
        let left = left.saturating_sub(i64::from(budget.base_nj)).clamp(0, MOST);
        // Not negative, and at most 62 bits.
        (((left as u64) << 16) / price).min(MOST as u64) as i64
    }

    /// How to run the next sequence: the dial between the two points of the curve that the affordable updates lie
    /// between, at the mean price of an update and its pause. Where even the lowest point costs more, its dial, and a cap that
    /// the next sequence cannot pass by the dearest pauses.
    pub(super) fn setting(&self) -> Setting {
        let wanted = self.affordable(self.price.nj(&self.plan));
        let mut points = self.curve.iter().map(|p| (i64::from(p.dial.get()), updates(p)));
        // `Model::parse` makes sure that there is at least one point.
        let Some(mut below) = points.next() else {
            return Setting::default();
        };
        if wanted < below.1 {
            let safe = self.affordable(self.plan.dearest_nj());
            return Setting {
                dial: I16F16::from_bits(below.0 as i32),
                cap: Some(NonZeroU32::new((safe >> 16) as u32).unwrap_or(NonZeroU32::MIN)),
            };
        }
        for above in points {
            if wanted < above.1 {
                // Here below.1 <= wanted < above.1.
                let share = (wanted.wrapping_sub(below.1) << 16) / above.1.wrapping_sub(below.1).max(1);
                let rise = above.0.wrapping_sub(below.0).wrapping_mul(share) >> 16;
                below.0 = below.0.wrapping_add(rise);
                break;
            }
            below = above;
        }
        Setting {
            dial: I16F16::from_bits(below.0 as i32),
            cap: None,
        }
    }

    /// Books a sequence by the plan's prices, and returns what it cost in nanojoules.
    pub(super) fn decided(&mut self, usage: &Usage) -> u64 {
        let usage = usage.ended(self.plan.samples);
        let cost = self.plan.usage_nj(&usage);
        self.price.add(&self.plan, usage.updates(), cost);
        let cost = cost.saturating_add(self.plan.budget.base_nj.into());
        self.spent(cost);
        cost
    }

    /// Books a sequence that cost this many nanojoules.
    pub(super) fn spent(&mut self, nj: u64) {
        self.add(self.plan.allowed_nj(), nj);
    }

    /// Books a sequence that was lost, and returns what it cost in nanojoules. It ended early, so that the allowance of a whole
    /// sequence is not added, nor the base of the price taken off, which is the smaller of the two.
    pub(super) fn lost(&mut self, usage: &Usage) -> u64 {
        let cost = self.plan.usage_nj(&usage.lost());
        self.add(0, cost);
        cost
    }

    fn add(&mut self, allowed_nj: i64, spent_nj: u64) {
        let spent_nj = i64::try_from(spent_nj).unwrap_or(i64::MAX);
        let horizon = i64::from(self.plan.budget.horizon.get());
        let bound = self.plan.allowed_nj().saturating_mul(horizon);
        let balance = self.nj.saturating_add(allowed_nj).saturating_sub(spent_nj);
        // Not clamp(), which panics where the bounds are crossed, and the compiler cannot always see that they are not.
        self.nj = balance.min(bound).max(bound.wrapping_neg());
    }
}

/// A point's mean updates with 16 fractional bits, from 0 to [`MOST`], cut off below; NaN counts as [`MOST`].
///
/// By hand, because a core without floating point would link a library for one conversion.
fn updates(point: &DialRecord) -> i64 {
    let bits = point.updates_mean.get().to_bits();
    let exponent = ((bits >> 23) & 0xff) as i32;
    let mantissa = i64::from((bits & 0x7f_ffff) | 0x80_0000);
    // The value is mantissa · 2^(exponent - 150); with 16 fractional bits, mantissa · 2^(exponent - 134).
    match exponent.wrapping_sub(134) {
        _ if bits >> 31 == 1 => 0,
        shift if shift <= -24 => 0,
        shift if shift < 0 => mantissa >> shift.unsigned_abs(),
        shift if shift <= 22 => mantissa << shift.unsigned_abs(),
        _ => MOST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Budget, Pauses};
    use core::num::NonZeroU16;
    use proptest::prelude::*;
    use zerocopy::little_endian::{F32, I32};

    fn point(dial: f64, updates: f32) -> DialRecord {
        DialRecord {
            dial: I32::new(I16F16::from_num(dial).to_bits()),
            updates_mean: F32::new(updates),
            metric: F32::new(0.9),
        }
    }

    fn curve() -> [DialRecord; 4] {
        [point(-2.0, 5.0), point(-1.0, 10.0), point(0.0, 20.0), point(2.0, 60.0)]
    }

    /// 3.6 J an hour, a sequence a second: 1 mJ a sequence; 100 uJ of it always, 20 uJ an update: 45 updates.
    const PLAN: Plan = Plan {
        budget: Budget {
            allowance_uj_per_hour: NonZeroU32::new(3_600_000).unwrap(),
            base_nj: 100_000,
            update_nj: NonZeroU32::new(20_000).unwrap(),
            pauses: Pauses::NONE,
            horizon: NonZeroU16::new(50).unwrap(),
        },
        samples: 100,
        sequence_ms: NonZeroU32::new(1000).unwrap(),
    };

    /// A sequence that used this many samples, one after the other from the first on.
    fn usage(plan: &Plan, updates: u32) -> Usage {
        let mut usage = Usage::new(plan.budget.pauses.off_from);
        (0..u64::from(updates)).for_each(|sample| usage.uses(sample));
        usage
    }

    #[test]
    fn the_dial_is_looked_up_between_the_points() {
        let curve = curve();
        let at = |allowance| {
            let budget = Budget {
                allowance_uj_per_hour: NonZeroU32::new(allowance).unwrap(),
                ..PLAN.budget
            };
            Balance::new(&curve, Plan { budget, ..PLAN }).setting()
        };
        let dial = |allowance| at(allowance).dial.to_num::<f64>();
        assert!(
            (dial(3_600_000) - 1.25).abs() < 1e-4,
            "45 updates: 25 of the 40 between 20 and 60"
        );
        assert!((dial(1_800_000) - 0.0).abs() < 1e-4, "20 updates");
        assert_eq!(
            (dial(36_000_000), at(36_000_000).cap),
            (2.0, None),
            "more than the curve spends"
        );
        assert_eq!(
            (at(540_000).dial, at(540_000).cap.map(NonZeroU32::get)),
            (I16F16::from_num(-2), Some(2))
        );
        assert_eq!(at(1).cap, Some(NonZeroU32::MIN), "sample 0 is always used");
        let single = [point(0.0, 20.0)];
        assert_eq!(Balance::new(&single, PLAN).setting().dial, I16F16::ZERO);
    }

    #[test]
    fn means_are_read_without_floating_point() {
        for (value, expected) in [
            (0.0f32, 0),
            (1.0, 1 << 16),
            (17.5, 35 << 15),
            (1e-9, 0),
            (-3.0, 0),
            (f32::NAN, MOST),
            (f32::INFINITY, MOST),
            (1e20, MOST),
            (1073741824.0, MOST),
            (1073741696.0, 1073741696 << 16),
        ] {
            assert_eq!(updates(&point(0.0, value)), expected, "{value}");
        }
    }

    /// The board takes `factor` times the updates that the curve promises, and they vary from sequence to sequence.
    fn spent_share(factor: f64) -> f64 {
        let curve = curve();
        let mut balance = Balance::new(&curve, PLAN);
        let (mut noise, mut spent) = (0x2545_f491_4f6c_dd1du64, 0.0);
        let promised = |dial: f64| {
            let pairs = [(-2.0, 5.0), (-1.0, 10.0), (0.0, 20.0), (2.0, 60.0)];
            let of = |w: &[(f64, f64)]| w[0].1 + (w[1].1 - w[0].1) * (dial - w[0].0) / (w[1].0 - w[0].0);
            let segment = pairs.windows(2).find(|w| dial <= w[1].0).unwrap();
            of(segment)
        };
        const SEQUENCES: u32 = 2000;
        for _ in 0..SEQUENCES {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            let spread = 0.5 + (noise >> 11) as f64 / (1u64 << 53) as f64;
            let taken = (factor * spread * promised(balance.setting().dial.to_num())).round() as u32;
            balance.decided(&usage(&PLAN, taken));
            spent += 100_000.0 + 20_000.0 * f64::from(taken);
        }
        spent / (1e6 * f64::from(SEQUENCES))
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn the_budget_is_met_where_the_curve_is_wrong() {
        for factor in [0.8, 1.0, 1.4, 2.0] {
            let share = spent_share(factor);
            assert!(
                (share - 1.0).abs() < 0.02,
                "a curve wrong by {factor}: spent {share} of the budget"
            );
        }
    }

    #[test]
    fn a_lost_sequence_costs_its_updates_and_earns_nothing() {
        let curve = curve();
        let mut balance = Balance::new(&curve, PLAN);
        assert_eq!(balance.lost(&usage(&PLAN, 3)), 60_000);
        assert_eq!(balance.nj, -60_000);
        // Exactly the allowance: the debt stays.
        assert_eq!(balance.decided(&usage(&PLAN, 45)), 1_000_000);
        assert_eq!((balance.nj, PLAN.allowed_nj()), (-60_000, 1_000_000));
    }

    /// Ten updates of 20 uJ; 100 uJ to switch the sensor in a pause of 5 of 100 samples or more, 15 uJ for each sample of a
    /// shorter one.
    const PAUSING: Plan = Plan {
        budget: Budget {
            pauses: Pauses {
                switch_nj: 100_000,
                on_nj: 15_000,
                off_from: 5,
            },
            ..PLAN.budget
        },
        ..PLAN
    };

    /// A sequence of pairs of samples two apart, ten samples from pair to pair.
    fn pairs(updates: u32) -> Usage {
        let mut usage = Usage::new(5);
        (0..u64::from(updates)).for_each(|k| usage.uses(k / 2 * 10 + k % 2 * 2));
        usage
    }

    #[test]
    fn short_pauses_pay_for_more_updates() {
        let curve = curve();
        let mut balance = Balance::new(&curve, PAUSING);
        let first = balance.setting().dial;
        assert!(
            (first.to_num::<f64>() + 1.5).abs() < 1e-3,
            "900 uJ pay for 7.5 updates of 120 uJ: {first}"
        );
        // Three pairs: six updates, three pauses of 30 uJ and three of 100 uJ; with the base 610 uJ.
        assert_eq!(
            balance.decided(&pairs(6)),
            100_000 + 6 * 20_000 + 3 * 30_000 + 3 * 100_000
        );
        // Only a fiftieth of the savings is spent at once: 907.8 uJ pay for 10.7 updates of 85 uJ.
        let second = balance.setting().dial.to_num::<f64>();
        assert!((second + 0.932).abs() < 2e-3, "{second}");
    }

    #[test]
    fn a_cap_holds_by_the_dearest_pauses() {
        let curve = [point(0.0, 20.0)];
        let mut balance = Balance::new(&curve, PAUSING);
        // Many sequences whose pauses were all short: an update costs 35 uJ.
        for _ in 0..20 {
            balance.decided(&usage(&PAUSING, 100));
            balance.nj = 0;
        }
        // 25 updates of 35 uJ would be paid for, so that the dial does it; half of them would not.
        assert_eq!(balance.setting().cap, None);
        balance.nj = -500_000 * 50;
        assert_eq!(balance.setting().cap, NonZeroU32::new(3), "400 uJ at 120 uJ");
    }

    /// A board whose pauses are as long as its updates leave them: the more updates, the fewer of them are long.
    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn the_budget_is_met_where_pauses_are_short() {
        let curve = [point(-2.0, 2.0), point(-1.0, 10.0), point(0.0, 20.0), point(2.0, 60.0)];
        for allowance in [1_500_000u32, 3_600_000, 5_000_000, 7_200_000, 9_000_000] {
            let plan = Plan {
                budget: Budget {
                    allowance_uj_per_hour: NonZeroU32::new(allowance).unwrap(),
                    horizon: NonZeroU16::new(20).unwrap(),
                    ..PAUSING.budget
                },
                ..PAUSING
            };
            let mut balance = Balance::new(&curve, plan);
            let (mut noise, mut booked) = (0x2545_f491_4f6c_dd1du64, 0);
            const SEQUENCES: u64 = 240;
            for _ in 0..SEQUENCES {
                let setting = balance.setting();
                let dial = setting.dial.to_num::<f64>();
                let curve = [(-2.0, 2.0), (-1.0, 10.0), (0.0, 20.0), (2.0, 60.0)];
                let part = curve.windows(2).find(|part| dial <= part[1].0).unwrap();
                let (from, to) = (part[0], part[1]);
                let mean = from.1 + (to.1 - from.1) * (dial - from.0) / (to.0 - from.0);
                let mut usage = Usage::new(5);
                let mut sample = 0;
                while sample < 100 && setting.cap.is_none_or(|cap| usage.updates() < cap.get()) {
                    usage.uses(sample);
                    noise ^= noise << 13;
                    noise ^= noise >> 7;
                    noise ^= noise << 17;
                    let gap = 100.0 / mean * (0.2 + 1.6 * (noise >> 11) as f64 / (1u64 << 53) as f64);
                    sample += gap.round().max(1.0) as u64;
                }
                booked += balance.decided(&usage);
            }
            let share = booked as f64 / (plan.allowed_nj() as f64 * SEQUENCES as f64);
            assert!((share - 1.0).abs() < 0.05, "{allowance} uJ an hour: {share} of it");
        }
    }

    proptest! {
        #[test]
        #[cfg_attr(miri, ignore = "takes minutes under Miri")]
        fn no_numbers_make_it_panic_or_leave_the_curve(
            allowance in 1u32.., ms in 1u32.., base in any::<u32>(), update in 1u32.., horizon in 1u16..,
            (switch_nj, on_nj, off_from, samples) in (any::<u32>(), any::<u32>(), any::<u32>(), 1u32..),
            dials in proptest::collection::vec((any::<i32>(), any::<u32>()), 1..6),
            spent in proptest::collection::vec(any::<u64>(), 0..20),
        ) {
            let mut dials = dials;
            dials.sort_unstable();
            let curve: Vec<DialRecord> = dials
                .iter()
                .map(|(dial, bits)| DialRecord {
                    dial: I32::new(*dial),
                    updates_mean: F32::new(f32::from_bits(*bits)),
                    metric: F32::new(0.0),
                })
                .collect();
            let plan = Plan {
                budget: Budget {
                    allowance_uj_per_hour: NonZeroU32::new(allowance).unwrap(),
                    base_nj: base,
                    update_nj: NonZeroU32::new(update).unwrap(),
                    pauses: Pauses {
                        switch_nj,
                        on_nj,
                        off_from,
                    },
                    horizon: NonZeroU16::new(horizon).unwrap(),
                },
                samples,
                sequence_ms: NonZeroU32::new(ms).unwrap(),
            };
            let mut balance = Balance::new(&curve, plan);
            for spent in spent {
                balance.spent(spent);
                let mut usage = Usage::new(off_from);
                [0, spent / 2, spent].into_iter().for_each(|sample| usage.uses(sample));
                balance.decided(&usage);
                balance.lost(&usage);
                let dial = balance.setting().dial.to_bits();
                prop_assert!((dials[0].0..=dials[dials.len() - 1].0).contains(&dial));
            }
        }
    }
}
