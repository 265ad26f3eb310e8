//! What an application makes of the settings that a loader left.

use board_link::{Budget, Settings};
use core::{fmt, num::NonZeroU32};
use skiprnn_nostd::budget::{Plan, Setting};

/// Why a model cannot be run by these settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsError {
    /// A budget needs sequences that end.
    EndlessBudget,
    /// An endless stream would fall silent after its last update.
    EndlessCap,
    /// A budget by the hour needs a sample period, and sequences from a millisecond to 49 days.
    Duration {
        /// T_s in nanoseconds; 0 where the model states none.
        sample_period_ns: u64,
        /// T.
        samples: u32,
    },
    /// This application runs at a fixed dial.
    NoBudget,
}

impl fmt::Display for SettingsError {
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
            Self::NoBudget => f.write_str("budget: this application runs at a fixed dial; take replay or classify"),
        }
    }
}

impl core::error::Error for SettingsError {}

/// Dial and cap, for an application that leaves them as they are.
///
/// # Errors
/// There is a budget.
pub fn fixed(settings: &Settings) -> Result<Setting, SettingsError> {
    match settings.budget {
        Some(_) => Err(SettingsError::NoBudget),
        None => Ok(Setting {
            dial: settings.dial,
            cap: settings.cap,
        }),
    }
}

/// The plan of a budget for sequences of `samples` samples, T_s in nanoseconds apart. Milliseconds are rounded down, so that too
/// little is allowed rather than too much.
///
/// # Errors
/// The sequences are endless, of unknown duration, or shorter than a millisecond.
pub fn plan(budget: &Budget, samples: u32, sample_period_ns: u64) -> Result<Plan, SettingsError> {
    if samples == 0 {
        return Err(SettingsError::EndlessBudget);
    }
    let ms = sample_period_ns.saturating_mul(samples.into()) / 1_000_000;
    match u32::try_from(ms).ok().and_then(NonZeroU32::new) {
        Some(sequence_ms) => Ok(Plan {
            allowance_uj_per_hour: budget.allowance_uj_per_hour.get(),
            sequence_ms,
            base_nj: budget.base_nj,
            update_nj: budget.update_nj,
            horizon: budget.horizon,
        }),
        None => Err(SettingsError::Duration {
            sample_period_ns,
            samples,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::num::NonZeroU16;

    fn budget() -> Budget {
        Budget {
            allowance_uj_per_hour: NonZeroU32::new(200_000).unwrap(),
            base_nj: 40_000,
            update_nj: NonZeroU32::new(9_000).unwrap(),
            horizon: NonZeroU16::new(50).unwrap(),
        }
    }

    #[test]
    fn an_application_at_a_fixed_dial_refuses_a_budget() {
        let cap = NonZeroU32::new(20);
        let settings = Settings {
            cap,
            ..Settings::default()
        };
        assert_eq!(fixed(&settings).unwrap().cap, cap);
        let settings = Settings {
            budget: Some(budget()),
            ..settings
        };
        let error = fixed(&settings).unwrap_err().to_string();
        assert!(error.contains("replay or classify"), "{error}");
    }

    #[test]
    fn a_plan_needs_sequences_of_known_length() {
        let made = plan(&budget(), 128, 20_000_000).unwrap();
        assert_eq!((made.sequence_ms.get(), made.base_nj), (2560, 40_000));
        let why = |samples, period| plan(&budget(), samples, period).unwrap_err().to_string();
        assert!(why(0, 20_000_000).contains("endless stream"));
        assert!(why(100, 0).contains("no sample period"));
        assert!(why(9, 100_000).contains("9 samples every 100000 ns"));
        assert!(why(u32::MAX, u64::MAX).contains("weeks"));
        assert!(SettingsError::EndlessCap.to_string().starts_with("cap: "));
    }
}
