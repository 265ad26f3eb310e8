//! A loop that waits for a bit that cannot come.
//!
//! Source: it follows from the model. The same instruction reads the same value from the same register again and again,
//! and the chip will do nothing by itself for a long time. On the desk that is a board that hangs without a word.

use super::{Finding, Rule, repeats::Repeats};
use crate::{event::Event, time::Time};

/// So many reads of the same value are a wait.
const READS: u64 = 1_000;
/// A chip that does nothing by itself for so long does not end a wait for a flag.
/// Crystals of 32 kHz take two seconds to start.
const PATIENCE: Time = Time::from_s(5);

/// Rule `endless-wait`.
#[derive(Debug)]
pub struct EndlessWait {
    repeats: Repeats,
    /// When the board was last looked at, and when its chip will do something by itself, as it stood then.
    due: (Time, Time),
}

impl Default for EndlessWait {
    fn default() -> Self {
        Self {
            repeats: Repeats::default(),
            // Before the first tick nobody knows what is due.
            due: (Time::ZERO, Time::ZERO),
        }
    }
}

impl Rule for EndlessWait {
    fn name(&self) -> &'static str {
        "endless-wait"
    }

    fn observe(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        let (told, due) = self.due;
        let Some(repeat) = self.repeats.see(event) else {
            return;
        };
        // What was due before the wait began says nothing: the store before it may have started what is waited for.
        let known = told >= repeat.since;
        if known && repeat.same % READS == 0 && due.since(event.at) > PATIENCE {
            findings.push(Finding {
                rule: "endless-wait",
                at: event.at,
                pc: event.pc,
                what: format!(
                    "the core waits for {} at {:#010x}, and nothing that the chip has to do will change it",
                    repeat.peripheral, repeat.address
                ),
                fix: "Look for what was to set the flag: a clock, a pull-up, an enable bit; and give the wait an end.",
            });
        }
    }

    fn tick(&mut self, now: Time, due: Time, _: &mut Vec<Finding>) {
        self.due = (now, due);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{findings, read},
        *,
    };

    fn spin(due: Time, value: fn(u64) -> u32) -> usize {
        let mut rule = EndlessWait::default();
        rule.tick(Time::ZERO, due, &mut Vec::new());
        let reads: Vec<_> = (0..1_500)
            .map(|us| read(us, "LPTIM1", 0x4600_4400, value(us)))
            .collect();
        findings(&mut rule, &reads).len()
    }

    #[test]
    fn waiting_for_dierok_without_a_clock_is_found() {
        // Finding F3: LPTIM1.ISR stays 0 and no timer runs.
        assert_eq!(spin(Time::NEVER, |_| 0), 1);
    }

    #[test]
    fn a_wait_that_something_will_end_is_not() {
        assert_eq!(spin(Time::from_ms(250), |_| 0), 0);
        assert_eq!(spin(Time::from_s(2), |_| 0), 0, "a crystal starts");
    }

    #[test]
    fn a_wait_is_not_judged_by_what_was_due_before_it() {
        let mut rule = EndlessWait::default();
        rule.tick(Time::ZERO, Time::NEVER, &mut Vec::new());
        let wait: Vec<_> = (1..1_500).map(|us| read(us, "RCC", 0x4002_1090, 1)).collect();
        assert_eq!(findings(&mut rule, &wait), []);
    }

    #[test]
    fn a_counter_that_counts_is_not() {
        assert_eq!(spin(Time::NEVER, |us| us as u32 / 30), 0);
    }
}
