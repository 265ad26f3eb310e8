//! The controller of a loop over sequences: a setting before each, its booking afterwards.

use super::{Budget, ControlError, Plan, Setting, Usage, balance::Balance};
use crate::Model;

/// What was booked and what was allowed, in nanojoules by the prices of the [`Budget`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Spending {
    /// The allowance of the sequences that were decided. Saturates.
    pub allowed_nj: u64,
    /// What these sequences cost, and the updates and pauses of those that were lost. Saturates.
    pub booked_nj: u64,
}

/// Says before each sequence how to run it, and is told after it which samples were used. By default at dial 0,
/// without a cap and without a budget.
///
/// A board, the simulator on the host and a program of your own use the same controller, and so come to the same dials.
#[derive(Debug, Clone, Default)]
pub struct Controller<'a> {
    /// How to run every sequence; with a budget only the cap counts.
    setting: Setting,
    account: Option<Account<'a>>,
}

/// A budget with its balance and what was booked.
#[derive(Debug, Clone)]
struct Account<'a> {
    balance: Balance<'a>,
    spending: Spending,
}

impl<'a> Controller<'a> {
    /// A controller for sequences of `samples` samples of this model; 0 is an endless stream. Without a budget every
    /// sequence is run by `setting`. With one the controller sets the dial, nothing is saved or owed at first, and of the
    /// cap in `setting` and the cap that the budget needs the smaller one holds.
    ///
    /// # Errors
    /// A budget needs sequences of known duration, and an endless stream must not be capped.
    pub fn new(
        model: &Model<'a>,
        samples: u32,
        setting: Setting,
        budget: Option<Budget>,
    ) -> Result<Self, ControlError> {
        if samples == 0 && setting.cap.is_some() {
            return Err(ControlError::EndlessCap);
        }
        let account = match budget {
            None => None,
            Some(budget) => Some(Account {
                balance: Balance::new(model.dial_records(), budget.plan(samples, model.sample_period_ns())?),
                spending: Spending::default(),
            }),
        };
        Ok(Controller { setting, account })
    }

    /// How to run the next sequence.
    #[must_use]
    pub fn setting(&self) -> Setting {
        let Some(account) = &self.account else {
            return self.setting;
        };
        let affordable = account.balance.setting();
        Setting {
            cap: [self.setting.cap, affordable.cap].into_iter().flatten().min(),
            ..affordable
        }
    }

    /// What a sequence used, before its first sample: to be told each sample that is used, and then booked.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let account = self.account.as_ref();
        Usage::new(account.map_or(0, |account| account.balance.plan.budget.pauses.off_from))
    }

    /// Books a sequence that came to its decision, by the prices of the budget. The pause from the last sample to the end of the
    /// sequence is added to what was used.
    pub fn decided(&mut self, usage: &Usage) {
        if let Some(account) = &mut self.account {
            let cost = account.balance.decided(usage);
            account.spending.allow(&account.balance.plan);
            account.spending.book(cost);
        }
    }

    /// Books a sequence that came to its decision and cost this many nanojoules, on a board that can measure it, in place
    /// of [`Controller::decided`]. The price of an update stays what it was.
    pub fn measured(&mut self, spent_nj: u64) {
        if let Some(account) = &mut self.account {
            account.balance.spent(spent_nj);
            account.spending.allow(&account.balance.plan);
            account.spending.book(spent_nj);
        }
    }

    /// Books a sequence that was lost: its updates and pauses cost, also the switching off after the last of them, and the
    /// sequence earns no allowance.
    pub fn lost(&mut self, usage: &Usage) {
        if let Some(account) = &mut self.account {
            let cost = account.balance.lost(usage);
            account.spending.book(cost);
        }
    }

    /// What was booked so far; `None` without a budget.
    #[must_use]
    pub fn spending(&self) -> Option<Spending> {
        self.account.as_ref().map(|account| account.spending)
    }
}

impl Spending {
    /// Adds the allowance of one sequence.
    fn allow(&mut self, plan: &Plan) {
        self.allowed_nj = self.allowed_nj.saturating_add_signed(plan.allowed_nj());
    }

    fn book(&mut self, nj: u64) {
        self.booked_nj = self.booked_nj.saturating_add(nj);
    }
}
