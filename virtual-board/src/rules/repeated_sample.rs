//! A sample is worth one update of the network.
//!
//! Source: it follows from the parts' clocks. They are off by several percent: a program that reads at the part's
//! nominal rate finds the old sample at some instants. The network then sees time stand still.

use super::{Finding, Rule};
use crate::{
    event::{Event, What},
    time::Time,
};
use std::collections::HashMap;

/// Rule `repeated-sample`. A program drops what it reads in one transfer with a status that said that there is no new
/// sample; such a sample has not been used, not even where it came while the transfer lasted.
#[derive(Debug, Default)]
pub struct RepeatedSample {
    /// When a status was read that said that there is no new sample.
    not_ready: Option<Time>,
    /// For each part, when the sample that was used last had been taken.
    used: HashMap<&'static str, Time>,
}

impl Rule for RepeatedSample {
    fn name(&self) -> &'static str {
        "repeated-sample"
    }

    fn observe(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        match &event.what {
            What::Look { ready, .. } => self.not_ready = (!ready).then_some(event.at),
            What::Sample(sample) if self.not_ready != Some(event.at) => {
                let used = self.used.insert(sample.part, sample.taken);
                if !sample.again || used != Some(sample.taken) {
                    return;
                }
                findings.push(Finding {
                    rule: self.name(),
                    at: event.at,
                    pc: event.pc,
                    what: format!("a sample of the {} was read twice", sample.part),
                    fix: "Read the status first, and let the part sample faster than the program reads.",
                });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            tests::findings,
            unsettled_sample::tests::{look, sample},
        },
        *,
    };

    fn count(events: &[Event]) -> usize {
        findings(&mut RepeatedSample::default(), events).len()
    }

    /// The same sample at another instant.
    fn at(us: u64, mut event: Event) -> Event {
        event.at = Time::from_us(us);
        event
    }

    #[test]
    fn a_sample_that_was_used_before_is_found() {
        assert_eq!(count(&[sample(1, false, true), at(2, sample(1, true, true))]), 1);
        assert_eq!(count(&[sample(1, false, true), sample(2, false, true)]), 0);
    }

    #[test]
    fn a_burst_whose_status_said_no_is_dropped_by_the_program() {
        assert_eq!(
            count(&[sample(1, false, true), look(2, false), at(2, sample(1, true, true))]),
            0
        );
    }

    #[test]
    fn a_sample_that_was_only_dropped_before_is_not() {
        assert_eq!(
            count(&[
                look(2, false),
                sample(2, false, true),
                look(9, true),
                at(9, sample(2, true, true))
            ]),
            0
        );
    }
}
