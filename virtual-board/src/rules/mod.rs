//! Rules of silicon: what a chip or a part forbids, or makes a program pay for, and no compiler checks. One file a
//! rule, each with its source. A board has a list of them ([`boards`]); [`Checks`] runs the list over what happens and
//! keeps what was found.

mod anomaly_246;
pub mod boards;
mod bus_pins;
mod clock_gates;
mod costly_stop;
mod deep_sleep_debug;
mod early_look;
mod endless_wait;
mod flash_wait_states;
mod pull_against_level;
mod repeated_sample;
mod repeats;
mod spin;
mod stack_depth;
mod unsettled_sample;
mod watchdog_first;

pub use anomaly_246::Anomaly246;
pub use bus_pins::{BusPins, BusWiring};
pub use clock_gates::{ClockGates, Condition, Gate, Kernel};
pub use costly_stop::{CostlyStop, Frugal};
pub use deep_sleep_debug::{DeepSleepDebug, Forbidden};
pub use early_look::EarlyLook;
pub use endless_wait::EndlessWait;
pub use flash_wait_states::{FlashWaitStates, WaitStateLimit};
pub use pull_against_level::PullAgainstLevel;
pub use repeated_sample::RepeatedSample;
pub use spin::Spin;
pub use stack_depth::StackDepth;
pub use unsettled_sample::UnsettledSample;
pub use watchdog_first::WatchdogFirst;

use crate::{event::Event, time::Time};
use std::{collections::HashMap, fmt, ops::Range};

/// A breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// When it happened.
    pub at: Time,
    /// The instruction that caused it, where one did.
    pub pc: Option<u32>,
    /// What happened, in a sentence. It is the same each time the same thing happens.
    pub what: String,
    /// What to do about it.
    pub fix: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:.6} s", self.rule, self.at.as_s())?;
        if let Some(pc) = self.pc {
            write!(f, ", pc {pc:#010x}")?;
        }
        write!(f, ": {}. {}", self.what, self.fix)
    }
}

/// How a run ended, for the rules that judge it as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// When.
    pub now: Time,
    /// The lowest value that the main stack pointer had.
    pub lowest_sp: u32,
    /// The addresses of the main stack, the guard included; empty where nobody knows them.
    pub stack: Range<u32>,
}

/// One rule. It sees every event of a run in order.
pub trait Rule {
    /// Its name, in words with hyphens between them. It never changes: tests and reports name rules by it.
    fn name(&self) -> &'static str;

    /// Something happened.
    fn observe(&mut self, event: &Event, findings: &mut Vec<Finding>);

    /// The board has come to `now`, and its chip does nothing by itself before `due`. Called behind the events up to
    /// `now`.
    fn tick(&mut self, now: Time, due: Time, findings: &mut Vec<Finding>) {
        let _ = (now, due, findings);
    }

    /// The run has ended.
    fn finish(&mut self, end: &RunEnd, findings: &mut Vec<Finding>) {
        let _ = (end, findings);
    }
}

/// A finding, and how often it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// As it was made first.
    pub first: Finding,
    /// How often.
    pub count: u64,
}

/// All rules of a board.
#[derive(Default)]
pub struct Checks {
    rules: Vec<Box<dyn Rule + Send>>,
    found: Vec<Found>,
    /// Where in `found` what a rule said stands.
    places: HashMap<(&'static str, String), usize>,
    fresh: Vec<Finding>,
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checks")
            .field("rules", &self.names())
            .field("found", &self.found)
            .finish_non_exhaustive()
    }
}

impl Checks {
    /// These rules.
    #[must_use]
    pub fn new(rules: Vec<Box<dyn Rule + Send>>) -> Self {
        Self {
            rules,
            ..Self::default()
        }
    }

    /// The names of the rules.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.rules.iter().map(|rule| rule.name()).collect()
    }

    /// Something happened.
    pub fn observe(&mut self, event: &Event) {
        for rule in &mut self.rules {
            rule.observe(event, &mut self.fresh);
        }
        self.file();
    }

    /// The board has come to `now`, and its chip does nothing by itself before `due`.
    pub fn tick(&mut self, now: Time, due: Time) {
        for rule in &mut self.rules {
            rule.tick(now, due, &mut self.fresh);
        }
        self.file();
    }

    /// The run has ended.
    pub fn finish(&mut self, end: &RunEnd) {
        for rule in &mut self.rules {
            rule.finish(end, &mut self.fresh);
        }
        self.file();
    }

    /// What was found so far, each thing once, in the order of its first time.
    #[must_use]
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    fn file(&mut self) {
        for first in self.fresh.drain(..) {
            let place = *self
                .places
                .entry((first.rule, first.what.clone()))
                .or_insert(self.found.len());
            match self.found.get_mut(place) {
                Some(found) => found.count += 1,
                None => self.found.push(Found { first, count: 1 }),
            }
        }
    }
}

#[cfg(test)]
mod tests;
