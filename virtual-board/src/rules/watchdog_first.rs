//! A watchdog must run before the first wait that can hang.
//!
//! Source: it follows from the bus. A sensor that holds SDA, or a missing pull-up, lets a transfer or a wait for a flag
//! last for ever; before the watchdog runs, nobody ends it (UM10204, 3.1.16 on a bus that hangs).

use super::{Finding, Rule, repeats::Repeats};
use crate::event::{Event, What};

/// So many reads of the same value are a wait.
const READS: u64 = 100;

/// Rule `watchdog-first`.
#[derive(Debug)]
pub struct WatchdogFirst {
    /// Registers for which a program may wait before, such as the flag of a clock that starts by itself.
    exempt: &'static [u32],
    repeats: Repeats,
    started: bool,
    told: bool,
}

impl WatchdogFirst {
    /// With the registers whose waits no part outside the chip can lengthen without end.
    #[must_use]
    pub fn new(exempt: &'static [u32]) -> Self {
        Self {
            exempt,
            repeats: Repeats::default(),
            started: false,
            told: false,
        }
    }

    /// The wait that an event belongs to.
    fn wait(&mut self, event: &Event) -> Option<String> {
        let exempt = self.exempt;
        if let What::Transfer { controller, .. } = event.what {
            return Some(format!("a transfer of {controller}"));
        }
        let repeat = self.repeats.see(event)?;
        let waits = repeat.same >= READS && !exempt.contains(&repeat.address);
        waits.then(|| format!("a wait for {} at {:#010x}", repeat.peripheral, repeat.address))
    }
}

impl Rule for WatchdogFirst {
    fn name(&self) -> &'static str {
        "watchdog-first"
    }

    fn observe(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        self.started |= matches!(event.what, What::WatchdogStarted);
        if self.started || self.told {
            return;
        }
        if let Some(wait) = self.wait(event) {
            self.told = true;
            findings.push(Finding {
                rule: self.name(),
                at: event.at,
                pc: event.pc,
                what: format!("the first wait that can hang, {wait}, comes before a watchdog runs"),
                fix: "Start the watchdog before the first sensor is asked.",
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{caused, findings, read, transfer},
        *,
    };

    const LFCLK_STARTED: u32 = 0x4000_0104;

    fn count(events: &[Event]) -> usize {
        findings(&mut WatchdogFirst::new(&[LFCLK_STARTED]), events).len()
    }

    #[test]
    fn a_transfer_before_the_watchdog_is_found_once() {
        assert_eq!(count(&[transfer(1), transfer(2)]), 1);
    }

    #[test]
    fn a_transfer_behind_it_is_not() {
        assert_eq!(count(&[caused(0, What::WatchdogStarted), transfer(1)]), 0);
    }

    #[test]
    fn a_spin_before_it_is_found_unless_it_is_exempt() {
        let spin = |address| (0..200).map(|us| read(us, "TWIM0", address, 0)).collect::<Vec<_>>();
        assert_eq!(count(&spin(0x4000_3104)), 1);
        assert_eq!(count(&spin(LFCLK_STARTED)), 0);
    }
}
