//! How a board is to run a model: the part of the blob's header that a user sets, 40 bytes from the dial on.

use crate::load::{Load, LoadError, put, u16_at, u32_at};
use core::{
    fmt,
    num::{NonZeroU16, NonZeroU32},
};
use fixed::types::I16F16;
use skiprnn_nostd::{
    Model, OutputAt,
    budget::{ControlError, Controller, Setting},
};

pub use skiprnn_nostd::budget::{Budget, Pauses};

/// Offsets within the header of a blob.
mod offset {
    /// i32 with 16 fractional bits; zero beside an allowance.
    pub const DIAL: usize = 12;
    /// u32; zero for none.
    pub const CAP: usize = 16;
    /// u32; zero for no budget, and then the other fields of a budget are zero.
    pub const ALLOWANCE: usize = 20;
    /// u32.
    pub const BASE: usize = 24;
    /// u32, not zero.
    pub const UPDATE: usize = 28;
    /// u16, not zero.
    pub const HORIZON: usize = 32;
    /// u16: 1 where the state is kept, else 0.
    pub const KEEP_STATE: usize = 34;
    /// u32; zero for what the model says.
    pub const ANSWER_EVERY: usize = 36;
    /// u32.
    pub const SWITCH: usize = 40;
    /// u32.
    pub const ON: usize = 44;
    /// u32.
    pub const OFF_FROM: usize = 48;
}

/// How a board is to run a model; by default at dial 0, without cap and without budget, each sequence for itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings {
    /// Offset of the skip gate's pre-activation; 0 where there is a budget, which turns the dial.
    pub dial: I16F16,
    /// Updates of a sequence at most, also where a budget would pay for more.
    pub cap: Option<NonZeroU32>,
    /// What may be spent.
    pub budget: Option<Budget>,
    /// Samples from one answer to the next; `None` for what the model says: one after every sample, or one after the last.
    pub answer_every: Option<NonZeroU32>,
    /// Whether a sequence begins with the state that the one before it left, in place of h0 and c0.
    pub keep_state: bool,
}

/// A dial stands beside a budget, which turns the dial itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DialBesideBudget(pub I16F16);

impl fmt::Display for DialBesideBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "dial: {} beside a budget, which turns the dial; give one of them",
            self.0
        )
    }
}

impl core::error::Error for DialBesideBudget {}

impl Settings {
    /// Writes the settings into the header of a blob.
    pub(crate) fn write(&self, header: &mut [u8]) -> Result<(), DialBesideBudget> {
        if self.budget.is_some() && self.dial != I16F16::ZERO {
            return Err(DialBesideBudget(self.dial));
        }
        put(header, offset::DIAL, self.dial.to_le_bytes());
        put(header, offset::CAP, self.cap.map_or(0, NonZeroU32::get).to_le_bytes());
        put(header, offset::KEEP_STATE, u16::from(self.keep_state).to_le_bytes());
        let every = self.answer_every.map_or(0, NonZeroU32::get);
        put(header, offset::ANSWER_EVERY, every.to_le_bytes());
        if let Some(budget) = &self.budget {
            put(
                header,
                offset::ALLOWANCE,
                budget.allowance_uj_per_hour.get().to_le_bytes(),
            );
            put(header, offset::BASE, budget.base_nj.to_le_bytes());
            put(header, offset::UPDATE, budget.update_nj.get().to_le_bytes());
            put(header, offset::HORIZON, budget.horizon.get().to_le_bytes());
            put(header, offset::SWITCH, budget.pauses.switch_nj.to_le_bytes());
            put(header, offset::ON, budget.pauses.on_nj.to_le_bytes());
            put(header, offset::OFF_FROM, budget.pauses.off_from.to_le_bytes());
        }
        Ok(())
    }

    /// Reads the settings from the header of a blob.
    pub(crate) fn read(header: &[u8]) -> Result<Self, LoadError> {
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
        let pauses = Pauses {
            switch_nj: word(offset::SWITCH),
            on_nj: word(offset::ON),
            off_from: word(offset::OFF_FROM),
        };
        let keep_state = match half(offset::KEEP_STATE) {
            value @ 0..=1 => value == 1,
            other => return wrong("keep_state", other.into()),
        };
        let budget = match NonZeroU32::new(word(offset::ALLOWANCE)) {
            None if base != 0 => return wrong("base_nj without an allowance", base),
            None if update != 0 => return wrong("update_nj without an allowance", update),
            None if horizon != 0 => return wrong("horizon without an allowance", horizon.into()),
            None if pauses.switch_nj != 0 => return wrong("switch_nj without an allowance", pauses.switch_nj),
            None if pauses.on_nj != 0 => return wrong("on_nj without an allowance", pauses.on_nj),
            None if pauses.off_from != 0 => return wrong("off_from without an allowance", pauses.off_from),
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
                    pauses,
                    horizon,
                })
            }
        };
        Ok(Self {
            dial: I16F16::from_bits(dial as i32),
            cap: NonZeroU32::new(word(offset::CAP)),
            budget,
            answer_every: NonZeroU32::new(word(offset::ANSWER_EVERY)),
            keep_state,
        })
    }

    /// Samples from one answer to the next, for sequences of `samples` samples of this model; `None` for one answer at the end.
    /// 0 is an endless stream.
    ///
    /// # Errors
    /// An endless stream comes to no end, so it has to be said when it answers.
    pub fn answers(&self, model: &Model<'_>, samples: u32) -> Result<Option<NonZeroU32>, SettingsError> {
        match (self.answer_every, model.output_at()) {
            (Some(every), _) => Ok(Some(every)),
            (None, OutputAt::Step) => Ok(Some(NonZeroU32::MIN)),
            (None, OutputAt::End) if samples == 0 => Err(SettingsError::NoAnswer),
            (None, OutputAt::End) => Ok(None),
        }
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
    /// There is a budget, or sequences are to be the windows of one stream.
    pub fn fixed(&self) -> Result<Setting, SettingsError> {
        match self.budget {
            Some(_) => Err(SettingsError::NoBudget),
            None if self.keep_state || self.answer_every.is_some() => Err(SettingsError::NoStream),
            None => Ok(Setting {
                dial: self.dial,
                cap: self.cap,
            }),
        }
    }
}

/// Why a model cannot be run by these settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsError {
    /// The budget or the cap does not suit the model.
    Control(ControlError),
    /// This application runs at a fixed dial.
    NoBudget,
    /// This application runs each sequence for itself, and gives no answers.
    NoStream,
    /// The model answers at the end, and its stream has none.
    NoAnswer,
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
            Self::NoStream => f.write_str(
                "keep_state, answer_every: this application runs each sequence for itself; take replay or classify",
            ),
            Self::NoAnswer => f.write_str(
                "answer_every: the model answers at the end of a sequence, and its stream is endless; give the samples from one answer \
                 to the next",
            ),
        }
    }
}

impl core::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_at_a_fixed_dial_refuses_a_budget() {
        let cap = NonZeroU32::new(20);
        let settings = Settings {
            cap,
            ..Settings::default()
        };
        assert_eq!(settings.fixed().unwrap().cap, cap);
        let settings = Settings {
            budget: Some(Budget {
                allowance_uj_per_hour: NonZeroU32::MIN,
                base_nj: 1,
                update_nj: NonZeroU32::MIN,
                pauses: Pauses::NONE,
                horizon: NonZeroU16::MIN,
            }),
            ..settings
        };
        let error = settings.fixed().unwrap_err().to_string();
        assert!(error.contains("replay or classify"), "{error}");
    }

    #[test]
    fn an_application_of_single_sequences_refuses_a_stream() {
        for settings in [
            Settings {
                keep_state: true,
                ..Settings::default()
            },
            Settings {
                answer_every: NonZeroU32::new(8),
                ..Settings::default()
            },
        ] {
            let error = settings.fixed().unwrap_err().to_string();
            assert!(error.contains("replay or classify"), "{error}");
        }
    }
}
