//! What an update costs with the pause behind it, as the sequences so far had it.

use super::Plan;
use core::num::NonZeroU64;

/// A running mean of the price of an update and its pause, over [`super::Budget::horizon`] sequences.
///
/// The sums of what was booked and of the updates are kept, not a mean of means: a sequence with many updates counts for more.
/// Until as many sequences as the horizon have been booked it is the mean over all of them; from then on each new one takes the
/// place of a share of 1 / horizon of the sums.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Price {
    /// Nanojoules of updates and pauses.
    nj: u64,
    /// Updates, with 16 fractional bits.
    updates: u64,
    /// Sequences in the sums, at most the horizon.
    sequences: u16,
}

impl Price {
    /// Adds a sequence of this many updates, which cost so many nanojoules with their pauses.
    pub(super) fn add(&mut self, plan: &Plan, updates: u32, nj: u64) {
        let horizon = u64::from(plan.budget.horizon.get());
        if self.sequences < plan.budget.horizon.get() {
            self.sequences = self.sequences.saturating_add(1);
        } else {
            self.nj = self.nj.saturating_sub(self.nj / horizon);
            self.updates = self.updates.saturating_sub(self.updates / horizon);
        }
        self.nj = self.nj.saturating_add(nj);
        self.updates = self.updates.saturating_add(u64::from(updates) << 16);
    }

    /// Nanojoules of an update with its pause: never less than an update alone, never more than with the dearest pause. Before
    /// anything was booked, those of an update after which the sensor is switched off.
    pub(super) fn nj(&self, plan: &Plan) -> NonZeroU64 {
        let budget = &plan.budget;
        let update = NonZeroU64::from(budget.update_nj);
        let mean = match self.updates {
            0 => update.get().saturating_add(budget.pauses.switch_nj.into()),
            updates => {
                // As many fractional bits as fit.
                let shift = self.nj.leading_zeros().min(16);
                (self.nj << shift) / (updates >> (16u32.saturating_sub(shift))).max(1)
            }
        };
        let dearest = plan.dearest_nj();
        NonZeroU64::new(mean).unwrap_or(update).min(dearest).max(update)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Budget, Pauses};
    use core::num::{NonZeroU16, NonZeroU32};

    fn plan(horizon: u16) -> Plan {
        let budget = Budget {
            allowance_uj_per_hour: NonZeroU32::MIN,
            base_nj: 0,
            update_nj: NonZeroU32::new(100).unwrap(),
            pauses: Pauses {
                switch_nj: 900,
                on_nj: 150,
                off_from: 5,
            },
            horizon: NonZeroU16::new(horizon).unwrap(),
        };
        budget.plan(100, 20_000_000).unwrap()
    }

    #[test]
    fn it_begins_with_the_sensor_switched_in_every_pause() {
        assert_eq!(Price::default().nj(&plan(4)).get(), 1000);
    }

    #[test]
    fn it_is_the_mean_by_updates_of_what_was_booked() {
        let (plan, mut price) = (plan(4), Price::default());
        price.add(&plan, 1, 1000);
        assert_eq!(price.nj(&plan).get(), 1000);
        price.add(&plan, 9, 3000);
        assert_eq!(price.nj(&plan).get(), 400, "4000 nJ of 10 updates");
    }

    #[test]
    fn it_follows_the_last_sequences() {
        let (plan, mut price) = (plan(4), Price::default());
        (0..50).for_each(|_| price.add(&plan, 10, 9000));
        assert_eq!(price.nj(&plan).get(), 900);
        (0..50).for_each(|_| price.add(&plan, 10, 3000));
        assert!((300..=301).contains(&price.nj(&plan).get()), "{price:?}");
        // Sequences of a single update are not lost in rounding.
        (0..80).for_each(|_| price.add(&plan, 1, 700));
        assert!((699..=701).contains(&price.nj(&plan).get()), "{price:?}");
    }

    #[test]
    fn it_stays_between_an_update_alone_and_the_dearest_pause() {
        let plan = plan(1);
        let mut price = Price::default();
        price.add(&plan, 7, u64::MAX);
        assert_eq!(price.nj(&plan), plan.dearest_nj());
        price.add(&plan, u32::MAX, 1);
        assert_eq!(price.nj(&plan).get(), 100);
        price.add(&plan, 0, 0);
        price.add(&plan, 0, 0);
        assert_eq!(price.nj(&plan).get(), 1000, "nothing is known any longer");
    }
}
