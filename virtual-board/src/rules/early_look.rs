//! A program that looks for each sample before it can be there pays for every look.
//!
//! Source: finding of this project: with a turn-on time without slack, each sample of the LIS3DH cost one wake and one
//! transfer more. The oscillators of the parts are off by several percent; a wait needs a tenth of a period of slack.

use super::{Finding, Rule, RunEnd};
use crate::event::{Event, What};

/// Fewer samples say nothing about a habit.
const SAMPLES: u64 = 4;

/// Rule `early-look`: more than half of the samples were looked for too early.
#[derive(Debug, Default)]
pub struct EarlyLook {
    parts: Vec<Looks>,
}

#[derive(Debug)]
struct Looks {
    part: &'static str,
    /// Since the last sample, a look found none.
    early: bool,
    samples: u64,
    of_them_early: u64,
}

impl Rule for EarlyLook {
    fn name(&self) -> &'static str {
        "early-look"
    }

    fn observe(&mut self, event: &Event, _: &mut Vec<Finding>) {
        let What::Look { part, ready } = event.what else {
            return;
        };
        let index = self
            .parts
            .iter()
            .position(|looks| looks.part == part)
            .unwrap_or_else(|| {
                self.parts.push(Looks {
                    part,
                    early: false,
                    samples: 0,
                    of_them_early: 0,
                });
                self.parts.len() - 1
            });
        let looks = &mut self.parts[index];
        looks.early |= !ready;
        if ready {
            looks.samples += 1;
            looks.of_them_early += u64::from(std::mem::take(&mut looks.early));
        }
    }

    fn finish(&mut self, end: &RunEnd, findings: &mut Vec<Finding>) {
        for looks in &self.parts {
            let (samples, early) = (looks.samples, looks.of_them_early);
            if samples >= SAMPLES && early * 2 > samples {
                findings.push(Finding {
                    rule: "early-look",
                    at: end.now,
                    pc: None,
                    what: format!(
                        "of {samples} samples of the {}, {early} were looked for before they were there",
                        looks.part
                    ),
                    fix: "Lengthen the turn-on time by a tenth of the part's sample period.",
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{tests::findings, unsettled_sample::tests::look},
        *,
    };
    use crate::time::Time;

    fn count(looks: &[bool]) -> usize {
        let mut rule = EarlyLook::default();
        let looks: Vec<_> = (0..).zip(looks).map(|(us, ready)| look(us, *ready)).collect();
        assert_eq!(findings(&mut rule, &looks), []);
        let end = RunEnd {
            now: Time::from_s(1),
            lowest_sp: 0,
            stack: 0..0,
        };
        let mut findings = Vec::new();
        rule.finish(&end, &mut findings);
        findings.len()
    }

    #[test]
    fn a_first_look_that_always_fails_is_found() {
        assert_eq!(count(&[false, true, false, true, false, false, true, false, true]), 1);
    }

    #[test]
    fn a_look_that_sometimes_fails_is_not() {
        assert_eq!(count(&[true, true, false, true, true]), 0);
        assert_eq!(count(&[false, true]), 0);
        let half = [false, true, true].repeat(8);
        assert_eq!(count(&half), 0);
    }
}
