//! The balance of what was allowed and what was spent, and the dial that it pays for.

use super::{Plan, Setting};
use crate::format::DialRecord;
use core::num::NonZeroU32;
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
}

impl<'a> Balance<'a> {
    /// Nothing saved and nothing owed, over a curve by rising dial.
    pub(super) const fn new(curve: &'a [DialRecord], plan: Plan) -> Self {
        Balance { curve, plan, nj: 0 }
    }

    /// The updates that the next sequence can pay for, with 16 fractional bits, from 0 to [`MOST`].
    fn affordable(&self) -> i64 {
        let budget = &self.plan.budget;
        let share = self.nj / i64::from(budget.horizon.get());
        let left = self.plan.allowed_nj().saturating_add(share);
        let left = left.saturating_sub(i64::from(budget.base_nj)).clamp(0, MOST);
        ((left << 16) / i64::from(budget.update_nj.get())).min(MOST)
    }

    /// How to run the next sequence: the dial between the two points of the curve that the affordable updates lie
    /// between. Where even the lowest point costs more, its dial, and a cap.
    pub(super) fn setting(&self) -> Setting {
        let wanted = self.affordable();
        let mut points = self.curve.iter().map(|p| (i64::from(p.dial.get()), updates(p)));
        // `Model::parse` makes sure that there is at least one point.
        let Some(mut below) = points.next() else {
            return Setting::default();
        };
        if wanted < below.1 {
            return Setting {
                dial: I16F16::from_bits(below.0 as i32),
                cap: Some(NonZeroU32::new((wanted >> 16) as u32).unwrap_or(NonZeroU32::MIN)),
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

    /// Books a sequence of this many updates by the plan's prices.
    pub(super) fn decided(&mut self, updates: u32) {
        let base = u64::from(self.plan.budget.base_nj);
        self.spent(self.plan.updates_nj(updates).saturating_add(base));
    }

    /// Books a sequence that cost this many nanojoules.
    pub(super) fn spent(&mut self, nj: u64) {
        self.add(self.plan.allowed_nj(), nj);
    }

    /// Books a sequence that was lost after this many updates. It ended early, so that the allowance of a whole sequence
    /// is not added, nor the base of the price taken off, which is the smaller of the two.
    pub(super) fn lost(&mut self, updates: u32) {
        self.add(0, self.plan.updates_nj(updates));
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
    use crate::budget::Budget;
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
            horizon: NonZeroU16::new(50).unwrap(),
        },
        sequence_ms: NonZeroU32::new(1000).unwrap(),
    };

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
            balance.decided(taken);
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
        balance.lost(3);
        assert_eq!(balance.nj, -60_000);
        // Exactly the allowance: the debt stays.
        balance.decided(45);
        assert_eq!((balance.nj, PLAN.allowed_nj()), (-60_000, 1_000_000));
        assert_eq!(PLAN.updates_nj(45), 900_000);
    }

    proptest! {
        #[test]
        #[cfg_attr(miri, ignore = "takes minutes under Miri")]
        fn no_numbers_make_it_panic_or_leave_the_curve(
            allowance in 1u32.., ms in 1u32.., base in any::<u32>(), update in 1u32.., horizon in 1u16..,
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
                    horizon: NonZeroU16::new(horizon).unwrap(),
                },
                sequence_ms: NonZeroU32::new(ms).unwrap(),
            };
            let mut balance = Balance::new(&curve, plan);
            for spent in spent {
                balance.spent(spent);
                balance.decided(spent as u32);
                balance.lost(spent as u32);
                let dial = balance.setting().dial.to_bits();
                prop_assert!((dials[0].0..=dials[dials.len() - 1].0).contains(&dial));
            }
        }
    }
}
