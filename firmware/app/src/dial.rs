//! Which dial and which cap each sequence is run at: those that the loader left, or those that an energy budget allows.

use crate::stored::{Settings, SettingsError, plan};
use core::{borrow::BorrowMut, num::NonZeroU32};
use fixed::types::I16F16;
use skiprnn_nostd::{
    Instance, Model, State,
    budget::{BudgetController, Setting},
};

/// A network with a dial.
pub trait Dial {
    /// Sets the offset of the gate's pre-activation. Positive: more updates; negative: fewer.
    fn set_dial(&mut self, dial: I16F16);
}

impl<const H: usize, const L: usize, const I: usize, S: BorrowMut<State<H, L, I>>> Dial for Instance<'_, H, L, I, S> {
    fn set_dial(&mut self, dial: I16F16) {
        Instance::set_dial(self, dial);
    }
}

impl<N: Dial> Dial for &mut N {
    fn set_dial(&mut self, dial: I16F16) {
        (**self).set_dial(dial);
    }
}

/// What was booked against what was allowed, in nanojoules by the plan's prices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spending {
    /// Allowed for the sequences that were decided.
    pub allowed_nj: u64,
    /// What they cost, and the updates of those that were lost.
    pub booked_nj: u64,
}

/// Says before each sequence how to run it, and is told after it how many updates were made. By default dial 0, no cap, no
/// budget.
#[derive(Debug, Clone, Default)]
pub struct DialControl<'a> {
    dial: I16F16,
    cap: Option<NonZeroU32>,
    budget: Option<Account<'a>>,
}

/// A budget and what has become of it.
#[derive(Debug, Clone)]
struct Account<'a> {
    controller: BudgetController<'a>,
    base_nj: u32,
    spending: Spending,
}

impl<'a> DialControl<'a> {
    /// For sequences of `samples` samples of this model; 0 is an endless stream.
    ///
    /// # Errors
    /// A budget needs sequences of known duration, and an endless stream must not be capped.
    pub fn new(model: &Model<'a>, samples: u32, settings: &Settings) -> Result<Self, SettingsError> {
        if samples == 0 && settings.cap.is_some() {
            return Err(SettingsError::EndlessCap);
        }
        let budget = match &settings.budget {
            None => None,
            Some(budget) => Some(Account {
                controller: BudgetController::new(model, plan(budget, samples, model.sample_period_ns())?),
                base_nj: budget.base_nj,
                spending: Spending::default(),
            }),
        };
        Ok(Self {
            dial: settings.dial,
            cap: settings.cap,
            budget,
        })
    }

    /// How to run the next sequence.
    #[must_use]
    pub fn setting(&self) -> Setting {
        match &self.budget {
            None => Setting {
                dial: self.dial,
                cap: self.cap,
            },
            Some(account) => {
                let setting = account.controller.setting();
                Setting {
                    cap: [self.cap, setting.cap].into_iter().flatten().min(),
                    ..setting
                }
            }
        }
    }

    /// A sequence came to its decision after so many updates.
    pub fn decided(&mut self, updates: u32) {
        if let Some(account) = &mut self.budget {
            account.controller.book(updates);
            let cost = account.controller.updates_nj(updates);
            let Spending { allowed_nj, booked_nj } = account.spending;
            account.spending = Spending {
                allowed_nj: allowed_nj.saturating_add_signed(account.controller.allowed_nj()),
                booked_nj: booked_nj.saturating_add(cost).saturating_add(account.base_nj.into()),
            };
        }
    }

    /// A sequence was lost after so many updates.
    pub fn lost(&mut self, updates: u32) {
        if let Some(account) = &mut self.budget {
            account.controller.lose(updates);
            let cost = account.controller.updates_nj(updates);
            account.spending.booked_nj = account.spending.booked_nj.saturating_add(cost);
        }
    }

    /// What was booked; `None` without a budget.
    #[must_use]
    pub fn spending(&self) -> Option<Spending> {
        self.budget.as_ref().map(|account| account.spending)
    }
}
