//! A sample is worth one update of the network.
//!
//! Source: it follows from the parts' clocks. They are off by several percent: a program that reads at the part's nominal rate finds
//! the old sample at some instants. The network then sees time stand still.

use super::{Finding, Rule};
use crate::{
    event::{Event, What},
    time::Time,
};

/// Rule `repeated-sample`. Samples read in one transfer with a status that said that there is none do not count: a program
/// drops them.
#[derive(Debug, Default)]
pub struct RepeatedSample {
    /// When a status was read that said that there is no new sample.
    not_ready: Option<Time>,
}

impl Rule for RepeatedSample {
    fn name(&self) -> &'static str {
        "repeated-sample"
    }

    fn observe(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        match &event.what {
            What::Look { ready, .. } => self.not_ready = (!ready).then_some(event.at),
            What::Sample(sample) if sample.again && self.not_ready != Some(event.at) => {
                findings.push(Finding {
                    rule: self.name(),
                    at: event.at,
                    pc: event.pc,
                    what: format!("a sample of the {} was read twice", sample.part),
                    mend: "Read the status first, and let the part sample faster than the program reads.",
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

    #[test]
    fn a_sample_that_was_read_before_is_found() {
        assert_eq!(count(&[sample(1, false, true), sample(2, true, true)]), 1);
    }

    #[test]
    fn a_burst_whose_status_said_no_is_dropped_by_the_program() {
        assert_eq!(count(&[look(2, false), sample(2, true, true)]), 0);
    }
}
