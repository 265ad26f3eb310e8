//! A stack that is nearly full is one call from its end.
//!
//! Source: the rule of the house, 90 %. The deepest path of a run is seldom the deepest that there is; an interrupt in
//! the wrong place comes on top.

use super::{Finding, Rule, RunEnd};
use crate::event::Event;

/// What a run may use, in percent.
const PERCENT: u64 = 90;

/// Rule `stack-depth`.
#[derive(Debug, Default)]
pub struct StackDepth;

impl Rule for StackDepth {
    fn name(&self) -> &'static str {
        "stack-depth"
    }

    fn observe(&mut self, _: &Event, _: &mut Vec<Finding>) {}

    fn finish(&mut self, end: &RunEnd, findings: &mut Vec<Finding>) {
        let size = u64::from(end.stack.end.saturating_sub(end.stack.start));
        let used = u64::from(end.stack.end.saturating_sub(end.lowest_sp));
        if size > 0 && used * 100 > size * PERCENT {
            findings.push(Finding {
                rule: self.name(),
                at: end.now,
                pc: None,
                what: format!("the stack was {used} of {size} bytes deep, more than {PERCENT} %"),
                fix: "Enlarge the stack, or move large values out of it.",
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;

    fn count(lowest_sp: u32, stack: std::ops::Range<u32>) -> usize {
        let end = RunEnd {
            now: Time::from_s(1),
            lowest_sp,
            stack,
        };
        let mut findings = Vec::new();
        StackDepth.finish(&end, &mut findings);
        findings.len()
    }

    #[test]
    fn replay_on_12_kilobytes_is_found() {
        // Finding F1: 12,328 bytes of 12,288.
        assert_eq!(count(0x1fff_ffd8, 0x2000_0000..0x2000_3000), 1);
    }

    #[test]
    fn nine_tenths_are_allowed() {
        assert_eq!(count(0x2000_0000 + 100, 0x2000_0000..0x2000_03e8), 0);
        assert_eq!(count(0x2000_0000 + 99, 0x2000_0000..0x2000_03e8), 1);
        // `classify-lis3dh`.
        assert_eq!(count(0x2000_3000 - 8_264, 0x2000_0000..0x2000_3000), 0);
    }

    #[test]
    fn an_unknown_stack_is_not_judged() {
        assert_eq!(count(0, 0..0), 0);
    }
}
