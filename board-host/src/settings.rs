//! How a board is to run its sequences, and what it says of a budget.

use crate::{Error, log};
use fixed::types::I16F16;
use std::num::{NonZeroU16, NonZeroU32};

/// How a board is to run its sequences; by default at dial 0, without cap and without budget. It lies in the header before
/// the blob.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings {
    /// Offset of the skip gate; 0 where there is a budget, which turns the dial.
    pub dial: I16F16,
    /// Updates of a sequence at most, also where a budget would pay for more.
    pub cap: Option<NonZeroU32>,
    /// What may be spent.
    pub budget: Option<Budget>,
}

/// An allowance of energy, and what things cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Allowed for each hour, in microjoules.
    pub allowance_uj_per_hour: NonZeroU32,
    /// What a sequence costs without its updates, in nanojoules.
    pub base_nj: u32,
    /// What each update adds, in nanojoules.
    pub update_nj: NonZeroU32,
    /// Sequences over which a debt is paid back and savings are spent.
    pub horizon: NonZeroU16,
}

impl Settings {
    /// Their part of the header: 24 bytes, from the dial on.
    pub(crate) fn bytes(&self) -> Result<[u8; 24], Error> {
        if self.budget.is_some() && self.dial != I16F16::ZERO {
            return Err(Error::Load {
                what: "settings",
                why: format!(
                    "dial: {} beside a budget, which turns the dial; give one of them",
                    self.dial
                ),
            });
        }
        let words = [
            self.dial.to_bits() as u32,
            self.cap.map_or(0, NonZeroU32::get),
            self.budget.map_or(0, |budget| budget.allowance_uj_per_hour.get()),
            self.budget.map_or(0, |budget| budget.base_nj),
            self.budget.map_or(0, |budget| budget.update_nj.get()),
            // Two bytes, and two that are reserved.
            self.budget.map_or(0, |budget| budget.horizon.get().into()),
        ];
        let mut bytes = [0; 24];
        for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
        Ok(bytes)
    }
}

/// What a board booked on a budget, in nanojoules by the prices that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spending {
    /// Allowed for the sequences that were decided.
    pub allowed_nj: u64,
    /// What they cost, and the updates of those that were lost.
    pub booked_nj: u64,
}

impl Spending {
    /// Reads the last of its reports; a board without a budget says nothing of one.
    pub(crate) fn parse(lines: &[String]) -> Result<Option<Self>, Error> {
        let Some(line) = lines.iter().rfind(|line| line.starts_with("budget ")) else {
            return Ok(None);
        };
        Ok(Some(Self {
            allowed_nj: log::number(line, "allowed_nj")?,
            booked_nj: log::number(line, "booked_nj")?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dial_beside_a_budget_is_refused() {
        let budget = Budget {
            allowance_uj_per_hour: NonZeroU32::MIN,
            base_nj: 1,
            update_nj: NonZeroU32::MIN,
            horizon: NonZeroU16::MIN,
        };
        let settings = Settings {
            dial: I16F16::ONE,
            cap: None,
            budget: Some(budget),
        };
        let error = settings.bytes().unwrap_err().to_string();
        assert!(error.starts_with("settings: dial: 1"), "{error}");
    }

    #[test]
    fn what_was_booked_is_read_back() {
        let parse = |line: &str| Spending::parse(&["budget allowed_nj=1 booked_nj=2".to_owned(), line.to_owned()]);
        assert_eq!(Spending::parse(&["summary".to_owned()]).unwrap(), None);
        let expected = Spending {
            allowed_nj: 12,
            booked_nj: 5,
        };
        assert_eq!(parse("budget allowed_nj=12 booked_nj=5").unwrap(), Some(expected));
        assert!(parse("budget allowed_nj=12").is_err());
    }
}
