//! Meets an energy budget by turning the dial, in integers.
//!
//! A [`Budget`] says how much energy is allowed an hour, and what a sequence costs: a base that does not depend on its
//! updates, a price for each update, and prices for the pauses between them, in which the sensor is off or stays on
//! (`skiprnn energy predict` gives all of them for a board and a sensor). The [`Controller`] keeps the balance of what was
//! allowed and what was spent. Before each sequence it divides what may be spent by the price of an update with its pause, and
//! looks up the dial for that many updates in the blob's curve. How long pauses are is known afterwards only: that price is the
//! mean over the sequences so far, and at first that of an update after which the sensor is switched off. The curve is a mean
//! over other data than the board sees, so it is off here; the difference stays in the balance, and the next
//! [`Budget::horizon`] sequences make up for it.
//!
//! [`Runner::decide_with`](crate::runner::Runner::decide_with) does one sequence of the loop: it asks for the setting,
//! runs the sequence and books it, also where the sequence was lost. Without a runner the loop is:
//!
//! ```
//! use skiprnn_nostd::{Network, Sequence, SequenceError, budget::Controller};
//!
//! fn run<N: Network>(
//!     sequence: &mut Sequence<N>,
//!     controller: &mut Controller<'_>,
//!     recorded: &[[i16; 3]],
//! ) -> Result<(), SequenceError<N::Error>> {
//!     let setting = controller.setting();
//!     sequence.network_mut().set_dial(setting.dial);
//!     sequence.set_cap(setting.cap);
//!     sequence.restart().map_err(SequenceError::Network)?;
//!     let mut usage = controller.usage();
//!     while let Some(sample) = sequence.due() {
//!         let Some(counts) = recorded.get(sample as usize) else {
//!             controller.lost(&usage);
//!             return Ok(());
//!         };
//!         usage.uses(sequence.step(counts)?.sample);
//!     }
//!     controller.decided(&usage);
//!     Ok(())
//! }
//! ```

mod balance;
mod controller;
mod price;
mod usage;

pub use controller::{Controller, Spending};
pub use usage::Usage;

use core::{
    fmt,
    num::{NonZeroU16, NonZeroU32, NonZeroU64},
};
use fixed::types::I16F16;

/// How to run a sequence; by default at dial 0 and without a cap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Setting {
    /// The dial, for [`Network::set_dial`](crate::Network::set_dial): an offset of the skip gate's pre-activation.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub dial: I16F16,
    /// The most updates that the sequence may make, for [`Sequence::set_cap`](crate::Sequence::set_cap); `None` for no
    /// bound.
    pub cap: Option<NonZeroU32>,
}

/// An allowance of energy, and what things cost on this board with its sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Budget {
    /// The energy that is allowed for each hour, in microjoules.
    pub allowance_uj_per_hour: NonZeroU32,
    /// What a sequence costs without its updates (sleep, and the sensor's share that does not depend on them), in nanojoules.
    pub base_nj: u32,
    /// What each update adds (waking, reading the sensor, the computation), in nanojoules.
    pub update_nj: NonZeroU32,
    /// What the sensor adds in the pauses between updates.
    pub pauses: Pauses,
    /// The number of sequences over which a debt is paid back and savings are spent. It also bounds what can be saved or
    /// owed: the allowance of that many sequences.
    pub horizon: NonZeroU16,
}

/// What a sensor adds to a sequence in the pauses from one used sample to the next, and from the last one to the end. By
/// default nothing: there is no sensor, or it is on all the time, and the base has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pauses {
    /// What a pause in which the sensor is off adds, however long it is: switching off and on, a wake-up for it, and the turn-on,
    /// in nanojoules.
    pub switch_nj: u32,
    /// What each sample period adds in a pause in which the sensor stays on, above what it takes while it is off, in nanojoules.
    pub on_nj: u32,
    /// The shortest pause in which the sensor is switched off, in samples; 0 for every pause.
    pub off_from: u32,
}

impl Pauses {
    /// Pauses that cost nothing.
    pub const NONE: Self = Self {
        switch_nj: 0,
        on_nj: 0,
        off_from: 0,
    };

    /// What a pause can add at most in a sequence of `samples` samples, in nanojoules.
    fn dearest_nj(&self, samples: u32) -> u64 {
        let longest_on = self.off_from.saturating_sub(1).min(samples);
        let on = u64::from(longest_on).wrapping_mul(self.on_nj.into());
        on.max(self.switch_nj.into())
    }
}

impl Budget {
    /// The plan for sequences of `samples` samples, `sample_period_ns` nanoseconds apart. Their duration is rounded down
    /// to milliseconds, so that rather too little is allowed than too much.
    ///
    /// # Errors
    /// The sequences are endless, of unknown duration, shorter than a millisecond or longer than 2^32 of them.
    pub fn plan(self, samples: u32, sample_period_ns: u64) -> Result<Plan, ControlError> {
        if samples == 0 {
            return Err(ControlError::EndlessBudget);
        }
        let ms = sample_period_ns.saturating_mul(samples.into()) / 1_000_000;
        match u32::try_from(ms).ok().and_then(NonZeroU32::new) {
            Some(sequence_ms) => Ok(Plan {
                budget: self,
                samples,
                sequence_ms,
            }),
            None => Err(ControlError::Duration {
                sample_period_ns,
                samples,
            }),
        }
    }
}

/// A budget for sequences of a known duration. Made by [`Budget::plan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Plan {
    /// What is allowed, and what things cost.
    pub budget: Budget,
    /// The samples of a sequence.
    pub samples: u32,
    /// The time from the start of one sequence to the start of the next, in milliseconds.
    pub sequence_ms: NonZeroU32,
}

impl Plan {
    /// The energy that is allowed for one sequence, in nanojoules: at most 2^64 / 3600.
    #[must_use]
    pub fn allowed_nj(&self) -> i64 {
        // uJ/h · ms = 1e-6 J / 3.6e6 ms · ms = nJ / 3600.
        let product =
            u64::from(self.budget.allowance_uj_per_hour.get()).wrapping_mul(u64::from(self.sequence_ms.get()));
        (product / 3600) as i64
    }

    /// What the updates and the pauses of a sequence cost so far, in nanojoules, without the base of the sequence. Saturates.
    #[must_use]
    pub fn usage_nj(&self, usage: &Usage) -> u64 {
        // 32 by 32 bits each.
        let times = |count: u32, nj: u32| u64::from(count).wrapping_mul(u64::from(nj));
        let pauses = &self.budget.pauses;
        times(usage.updates(), self.budget.update_nj.get())
            .saturating_add(times(usage.pauses_off(), pauses.switch_nj))
            .saturating_add(times(usage.samples_on(), pauses.on_nj))
    }

    /// What an update costs at most with the pause behind it, in nanojoules.
    #[must_use]
    pub fn dearest_nj(&self) -> NonZeroU64 {
        let pause = self.budget.pauses.dearest_nj(self.samples);
        NonZeroU64::from(self.budget.update_nj).saturating_add(pause)
    }
}

/// Why sequences cannot be run by a budget or a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ControlError {
    /// A budget needs sequences that end.
    EndlessBudget,
    /// An endless stream must not be capped: it would fall silent after its last update.
    EndlessCap,
    /// A budget by the hour needs a sample period, and sequences from a millisecond to 49 days.
    Duration {
        /// T_s in nanoseconds; 0 where the model states none.
        sample_period_ns: u64,
        /// T, the samples of a sequence.
        samples: u32,
    },
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndlessBudget => f.write_str("budget: the model runs on an endless stream, a budget needs sequences"),
            Self::EndlessCap => f.write_str("cap: the model runs on an endless stream, which must not be capped"),
            Self::Duration {
                sample_period_ns: 0, ..
            } => f.write_str("budget: the model states no sample period; quantize with --sample-period-s"),
            Self::Duration {
                sample_period_ns,
                samples,
            } => write!(
                f,
                "budget: {samples} samples every {sample_period_ns} ns last less than a millisecond, or weeks"
            ),
        }
    }
}

impl core::error::Error for ControlError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_needs_sequences_of_known_length() {
        let budget = Budget {
            allowance_uj_per_hour: NonZeroU32::new(200_000).unwrap(),
            base_nj: 40_000,
            update_nj: NonZeroU32::new(9_000).unwrap(),
            pauses: Pauses::NONE,
            horizon: NonZeroU16::new(50).unwrap(),
        };
        let plan = budget.plan(128, 20_000_000).unwrap();
        assert_eq!((plan.sequence_ms.get(), plan.samples, plan.budget), (2560, 128, budget));
        let why = |samples, period| budget.plan(samples, period).unwrap_err().to_string();
        assert!(why(0, 20_000_000).contains("endless stream"));
        assert!(why(100, 0).contains("no sample period"));
        assert!(why(9, 100_000).contains("9 samples every 100000 ns"));
        assert!(why(u32::MAX, u64::MAX).contains("weeks"));
        assert!(ControlError::EndlessCap.to_string().starts_with("cap: "));
    }

    /// Updates of 9 uJ on a sensor that takes 50 uJ to be switched and 12 uJ a sample while it is on.
    fn plan_of(off_from: u32) -> Plan {
        let budget = Budget {
            allowance_uj_per_hour: NonZeroU32::new(200_000).unwrap(),
            base_nj: 40_000,
            update_nj: NonZeroU32::new(9_000).unwrap(),
            pauses: Pauses {
                switch_nj: 50_000,
                on_nj: 12_000,
                off_from,
            },
            horizon: NonZeroU16::new(50).unwrap(),
        };
        budget.plan(128, 20_000_000).unwrap()
    }

    #[test]
    fn a_short_pause_costs_its_samples_and_a_long_one_a_switch() {
        let plan = plan_of(5);
        let mut usage = Usage::new(5);
        // Pauses of 4, 5 and 119 samples.
        [0, 4, 9].into_iter().for_each(|sample| usage.uses(sample));
        assert_eq!(plan.usage_nj(&usage.ended(128)), 3 * 9_000 + 4 * 12_000 + 2 * 50_000);
        assert_eq!(plan.usage_nj(&usage.lost()), 3 * 9_000 + 4 * 12_000 + 2 * 50_000);
    }

    #[test]
    fn no_sequence_costs_more_than_its_updates_with_the_dearest_pause() {
        assert_eq!(plan_of(5).dearest_nj().get(), 9_000 + 50_000);
        // Six samples on are dearer than a switch; a pause is no longer than its sequence.
        assert_eq!(plan_of(7).dearest_nj().get(), 9_000 + 72_000);
        assert_eq!(plan_of(u32::MAX).dearest_nj().get(), 9_000 + 128 * 12_000);
        assert_eq!(plan_of(0).dearest_nj().get(), 9_000 + 50_000);
    }
}
