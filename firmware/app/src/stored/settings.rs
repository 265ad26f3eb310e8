//! How a blob is to be run: the part of its header that a user sets.

use super::{Load, LoadError, u16_at, u32_at};
use core::{
    fmt,
    num::{NonZeroU16, NonZeroU32},
};
use fixed::types::I16F16;
pub use skiprnn_nostd::budget::Budget;
use skiprnn_nostd::{
    Model,
    budget::{ControlError, Controller, Setting},
};

/// Offsets within the header of a blob.
mod offset {
    pub const DIAL: usize = 12;
    pub const CAP: usize = 16;
    pub const ALLOWANCE: usize = 20;
    pub const BASE: usize = 24;
    pub const UPDATE: usize = 28;
    pub const HORIZON: usize = 32;
    pub const RESERVED: usize = 34;
}

/// How a blob is to be run; by default at dial 0, without cap and without budget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings {
    /// Offset of the gate's pre-activation; 0 where there is a budget, which turns the dial.
    pub dial: I16F16,
    /// Updates of a sequence at most, also where a budget would pay for more.
    pub cap: Option<NonZeroU32>,
    /// What may be spent.
    pub budget: Option<Budget>,
}

/// Why a model cannot be run by these settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsError {
    /// The budget or the cap does not suit the model.
    Control(ControlError),
    /// This application runs at a fixed dial.
    NoBudget,
}

impl From<ControlError> for SettingsError {
    fn from(error: ControlError) -> Self {
        Self::Control(error)
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control(error) => error.fmt(f),
            Self::NoBudget => f.write_str("budget: this application runs at a fixed dial; take replay or classify"),
        }
    }
}

impl core::error::Error for SettingsError {}

impl Settings {
    /// Reads them from the header of a blob.
    pub(super) fn parse(header: &[u8]) -> Result<Self, LoadError> {
        let word = |at| u32_at(header, at).unwrap_or(0);
        let half = |at| u16_at(header, at).unwrap_or(0);
        let wrong = |field, value| {
            Err(LoadError::Field {
                load: Load::Blob,
                field,
                value,
            })
        };
        let (dial, base, update, horizon) = (
            word(offset::DIAL),
            word(offset::BASE),
            word(offset::UPDATE),
            half(offset::HORIZON),
        );
        if half(offset::RESERVED) != 0 {
            return wrong("reserved", half(offset::RESERVED).into());
        }
        let budget = match NonZeroU32::new(word(offset::ALLOWANCE)) {
            None if base != 0 => return wrong("base_nj without an allowance", base),
            None if update != 0 => return wrong("update_nj without an allowance", update),
            None if horizon != 0 => return wrong("horizon without an allowance", horizon.into()),
            None => None,
            Some(_) if dial != 0 => return wrong("dial beside an allowance", dial),
            Some(allowance_uj_per_hour) => {
                let Some(update_nj) = NonZeroU32::new(update) else {
                    return wrong("update_nj", update);
                };
                let Some(horizon) = NonZeroU16::new(horizon) else {
                    return wrong("horizon", 0);
                };
                Some(Budget {
                    allowance_uj_per_hour,
                    base_nj: base,
                    update_nj,
                    horizon,
                })
            }
        };
        Ok(Self {
            dial: I16F16::from_bits(dial as i32),
            cap: NonZeroU32::new(word(offset::CAP)),
            budget,
        })
    }

    /// The controller of sequences of `samples` samples of this model; 0 is an endless stream.
    ///
    /// # Errors
    /// A budget needs sequences of known duration, and an endless stream must not be capped.
    pub fn controller<'a>(&self, model: &Model<'a>, samples: u32) -> Result<Controller<'a>, SettingsError> {
        let setting = Setting {
            dial: self.dial,
            cap: self.cap,
        };
        Ok(Controller::new(model, samples, setting, self.budget)?)
    }

    /// Dial and cap, for an application that leaves them as they are.
    ///
    /// # Errors
    /// There is a budget.
    pub fn fixed(&self) -> Result<Setting, SettingsError> {
        match self.budget {
            Some(_) => Err(SettingsError::NoBudget),
            None => Ok(Setting {
                dial: self.dial,
                cap: self.cap,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored::find_blob;

    /// The first example of the README: dial -1.5, cap 20, no budget.
    const FIXED: [u8; 40] = *b"SRBL\x02\x00\x24\x00\x04\x00\x00\x00\x00\x80\xfe\xff\x14\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00blob";

    /// The second: 200 mJ an hour, 40 uJ a sequence, 9 uJ an update, over 50 sequences.
    const BUDGET: [u8; 40] = *b"SRBL\x02\x00\x24\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x40\x0d\x03\x00\x40\x9c\x00\x00\x28\x23\x00\x00\x32\x00\x00\x00blob";

    fn budget() -> Budget {
        Budget {
            allowance_uj_per_hour: NonZeroU32::new(200_000).unwrap(),
            base_nj: 40_000,
            update_nj: NonZeroU32::new(9_000).unwrap(),
            horizon: NonZeroU16::new(50).unwrap(),
        }
    }

    #[test]
    fn the_examples_of_the_specification() {
        let fixed = find_blob(&FIXED).unwrap();
        assert_eq!(fixed.blob, b"blob");
        let settings = Settings {
            dial: I16F16::from_num(-1.5),
            cap: NonZeroU32::new(20),
            budget: None,
        };
        assert_eq!(fixed.settings, settings);
        assert_eq!(settings.fixed().unwrap().cap, NonZeroU32::new(20));
        let settings = find_blob(&BUDGET).unwrap().settings;
        assert_eq!(
            settings,
            Settings {
                budget: Some(budget()),
                ..Settings::default()
            }
        );
        assert!(settings.fixed().unwrap_err().to_string().contains("replay or classify"));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let with = |header: [u8; 40], at: usize, byte: u8| {
            let mut header = header;
            header[at] = byte;
            find_blob(&header).unwrap_err().to_string()
        };
        let without = |at: usize| {
            let mut header = BUDGET;
            header[at..at + 2].fill(0);
            find_blob(&header).unwrap_err().to_string()
        };
        assert_eq!(without(28), "blob: update_nj is 0");
        assert_eq!(without(32), "blob: horizon is 0");
        assert_eq!(with(BUDGET, 34, 1), "blob: reserved is 1");
        assert_eq!(with(FIXED, 35, 1), "blob: reserved is 256");
        assert_eq!(with(BUDGET, 12, 7), "blob: dial beside an allowance is 7");
        assert_eq!(with(FIXED, 24, 7), "blob: base_nj without an allowance is 7");
        assert_eq!(with(FIXED, 28, 7), "blob: update_nj without an allowance is 7");
        assert_eq!(with(FIXED, 32, 7), "blob: horizon without an allowance is 7");
    }
}
