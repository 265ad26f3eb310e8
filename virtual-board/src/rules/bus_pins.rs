//! A controller of a bus uses the pins to which the board wires the sensor.
//!
//! Source: the table of pins in the README of each board, `firmware/boards`. Wrong pins compile and run; the sensor
//! does not answer.

use super::{Finding, Rule};
use crate::event::{Event, What};

/// Where a board wires one bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusWiring {
    /// The controller, as its manual names it.
    pub controller: &'static str,
    /// Its pins by their role.
    pub pins: &'static [(&'static str, &'static str)],
}

/// Rule `bus-pins`.
#[derive(Debug)]
pub struct BusPins {
    buses: &'static [BusWiring],
}

impl BusPins {
    /// With the buses of a board.
    #[must_use]
    pub const fn new(buses: &'static [BusWiring]) -> Self {
        Self { buses }
    }
}

impl Rule for BusPins {
    fn name(&self) -> &'static str {
        "bus-pins"
    }

    fn observe(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        let What::BusPins { controller, pins } = &event.what else {
            return;
        };
        let mut say = |what| {
            findings.push(Finding {
                rule: "bus-pins",
                at: event.at,
                pc: event.pc,
                what,
                fix: "Use the controller and the pins of the table in the board's README.",
            });
        };
        let Some(bus) = self.buses.iter().find(|bus| bus.controller == *controller) else {
            say(format!(
                "the program uses {controller}, to which the board wires nothing"
            ));
            return;
        };
        for (role, wired) in bus.pins {
            match pins.iter().find(|(other, _)| other == role) {
                Some((_, pin)) if pin == wired => {}
                Some((_, pin)) => say(format!(
                    "{role} of {controller} is {pin}, and the sensor is wired to {wired}"
                )),
                None => say(format!(
                    "{role} of {controller} has no pin, and the sensor is wired to {wired}"
                )),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            boards::NRF52840_DK,
            tests::{caused, findings},
        },
        *,
    };

    fn pins(controller: &'static str, pins: &[(&'static str, &str)]) -> [Event; 1] {
        let pins = pins.iter().map(|(role, pin)| (*role, (*pin).to_owned())).collect();
        [caused(5, What::BusPins { controller, pins })]
    }

    fn count(events: &[Event]) -> usize {
        findings(&mut BusPins::new(NRF52840_DK), events).len()
    }

    #[test]
    fn pins_as_wired_are_not_found() {
        assert_eq!(count(&pins("TWIM0", &[("SDA", "P0.26"), ("SCL", "P0.27")])), 0);
    }

    #[test]
    fn swapped_missing_and_foreign_pins_are_found() {
        assert_eq!(count(&pins("TWIM0", &[("SDA", "P0.27"), ("SCL", "P0.26")])), 2);
        assert_eq!(count(&pins("TWIM0", &[("SDA", "P0.26")])), 1);
        assert_eq!(count(&pins("TWIM1", &[("SDA", "P0.26"), ("SCL", "P0.27")])), 1);
    }
}
