//! A sample counts only once the sensor has settled.
//!
//! Source: the turn-on times of the parts: LIS3DH (DocID17530, tables 10 and 11), LSM6DS (AN5040, AN5130: turn-on, and
//! samples to discard), ADXL362 (rev. F, table 1). Data-ready flags do not wait for it. A sample from before the last
//! pause, read once the part is on again, is found here too.

use super::{Finding, Rule};
use crate::{
    event::{Event, What},
    time::Time,
};

/// Rule `unsettled-sample`. Samples read in one transfer with a status that said that there is none do not count: a
/// program drops them.
#[derive(Debug, Default)]
pub struct UnsettledSample {
    /// When a status was read that said that there is no new sample.
    not_ready: Option<Time>,
}

impl Rule for UnsettledSample {
    fn name(&self) -> &'static str {
        "unsettled-sample"
    }

    fn observe(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        match &event.what {
            What::Look { ready, .. } => self.not_ready = (!ready).then_some(event.at),
            What::Sample(sample) if !sample.settled && self.not_ready != Some(event.at) => {
                findings.push(Finding {
                    rule: self.name(),
                    at: event.at,
                    pc: event.pc,
                    what: format!("a sample of the {} was read before it had settled", sample.part),
                    fix: "Wait for the whole turn-on time of the slowest part, or discard samples as its data sheet says.",
                });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{
        super::tests::{alone, findings},
        *,
    };
    use crate::event::Sample;

    pub(in super::super) fn sample(us: u64, again: bool, settled: bool) -> Event {
        let sample = Sample {
            part: "LIS3DH",
            counts: vec![1, 2, 3],
            taken: Time::from_us(us),
            again,
            settled,
        };
        alone(us, What::Sample(sample))
    }

    pub(in super::super) fn look(us: u64, ready: bool) -> Event {
        let part = "LIS3DH";
        alone(us, What::Look { part, ready })
    }

    fn count(events: &[Event]) -> usize {
        findings(&mut UnsettledSample::default(), events).len()
    }

    #[test]
    fn a_sample_of_a_gyroscope_that_still_turns_on_is_found() {
        assert_eq!(
            count(&[look(1, true), sample(2, false, false), sample(9, false, true)]),
            1
        );
    }

    #[test]
    fn a_burst_whose_status_said_no_is_dropped_by_the_program() {
        assert_eq!(count(&[look(2, false), sample(2, false, false)]), 0);
        assert_eq!(count(&[look(1, false), sample(2, false, false)]), 1);
    }
}
