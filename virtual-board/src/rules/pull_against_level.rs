//! A pull-up or pull-down that works against a level which is driven draws its current all the time.
//!
//! Source: LIS3DH data sheet (DocID17530 rev. 2, CTRL_REG0, SDO_PU_DISC), and ST community, "LIS3DH current
//! consumption" (2017): 75 µA through the pull-up at SDO/SA0. The same holds for a pin of the chip itself whose pull
//! stays on while it drives.

use super::{Finding, Rule};
use crate::event::{Event, What};

/// Rule `pull-against-level`.
#[derive(Debug, Default)]
pub struct PullAgainstLevel;

impl Rule for PullAgainstLevel {
    fn name(&self) -> &'static str {
        "pull-against-level"
    }

    fn observe(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        let (what, fix) = match &event.what {
            What::PullAgainstLevel { part, pin, current_na } => (
                format!(
                    "the {part} pulls at {pin} against its level, which costs {} µA all the time",
                    current_na / 1_000
                ),
                "Disconnect the pull in the part's registers (LIS3DH: CTRL_REG0 <- 0x90), or wire the pin to the other level.",
            ),
            What::Pin(pin) if pin.driven.is_some() && pin.pull.is_some() && pin.driven != pin.pull => (
                format!("{} drives against its own pull", pin.name),
                "Switch the pull off where the pin drives.",
            ),
            _ => return,
        };
        findings.push(Finding {
            rule: self.name(),
            at: event.at,
            pc: event.pc,
            what,
            fix,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{alone, caused, findings},
        *,
    };
    use crate::event::Pin;

    #[test]
    fn the_pull_up_of_the_lis3dh_is_found_with_its_price() {
        let event = alone(
            1,
            What::PullAgainstLevel {
                part: "LIS3DH",
                pin: "SDO/SA0",
                current_na: 75_000,
            },
        );
        assert!(findings(&mut PullAgainstLevel, &[event])[0].what.contains("75 µA"));
    }

    #[test]
    fn a_pin_that_drives_against_its_own_pull_is_found() {
        let pin = |driven, pull| {
            let name = "P0.26".to_owned();
            findings(
                &mut PullAgainstLevel,
                &[caused(1, What::Pin(Pin { name, driven, pull }))],
            )
            .len()
        };
        assert_eq!(pin(Some(false), Some(true)), 1);
        assert_eq!(
            pin(Some(true), Some(true)) + pin(None, Some(true)) + pin(Some(false), None),
            0
        );
    }
}
