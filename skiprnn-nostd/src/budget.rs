//! Meets an energy budget by turning the dial, in integers.
//!
//! A [`Budget`] says how much energy is allowed an hour, and what a sequence costs: a base that does not depend on its
//! updates, and a price for each update (`skiprnn energy predict` gives both for a board and a sensor). The [`Controller`]
//! keeps the balance of what was allowed and what was spent. Before each sequence it divides what may be spent by the
//! price of an update, and looks up the dial for that many updates in the blob's curve. The curve is a mean over other
//! data than the board sees, so it is off here; the difference stays in the balance, and the next [`Budget::horizon`]
//! sequences make up for it.
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
//!     while let Some(sample) = sequence.due() {
//!         let Some(counts) = recorded.get(sample as usize) else {
//!             controller.lost(sequence.timeline().updates());
//!             return Ok(());
//!         };
//!         sequence.step(counts)?;
//!     }
//!     controller.decided(sequence.timeline().updates());
//!     Ok(())
//! }
//! ```

mod balance;
mod controller;

pub use controller::{Controller, Spending};

use core::{
    fmt,
    num::{NonZeroU16, NonZeroU32},
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
    /// What each update adds (waking, the sensor's turn-on and reading, the computation), in nanojoules.
    pub update_nj: NonZeroU32,
    /// The number of sequences over which a debt is paid back and savings are spent. It also bounds what can be saved or
    /// owed: the allowance of that many sequences.
    pub horizon: NonZeroU16,
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

    /// What this many updates cost, in nanojoules, without the base of the sequence.
    #[must_use]
    pub fn updates_nj(&self, updates: u32) -> u64 {
        u64::from(updates).wrapping_mul(u64::from(self.budget.update_nj.get()))
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
            horizon: NonZeroU16::new(50).unwrap(),
        };
        let plan = budget.plan(128, 20_000_000).unwrap();
        assert_eq!((plan.sequence_ms.get(), plan.budget), (2560, budget));
        let why = |samples, period| budget.plan(samples, period).unwrap_err().to_string();
        assert!(why(0, 20_000_000).contains("endless stream"));
        assert!(why(100, 0).contains("no sample period"));
        assert!(why(9, 100_000).contains("9 samples every 100000 ns"));
        assert!(why(u32::MAX, u64::MAX).contains("weeks"));
        assert!(ControlError::EndlessCap.to_string().starts_with("cap: "));
    }
}
