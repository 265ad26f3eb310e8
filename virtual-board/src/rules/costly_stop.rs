//! Settings of a chip's supply and clocks that cost current without need, as they stand when a deep sleep begins.
//!
//! Source: STM32U5 reference manual RM0456, chapters PWR (PWR_CR3.REGSEL: the switching regulator; PWR_CR2: memory that is kept in
//! Stop; PWR_SVMCR: monitors of supplies, which go on in Stop), ICACHE (fetches from flash without it) and RCC (RCC_CR.HSI48ON).

use super::{Condition, Finding, Rule};
use crate::event::{Event, What};
use std::collections::HashMap;

/// What a setting has to be in a deep sleep. Every register named here is zero in these bits after a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frugal {
    /// The register's bits, and what they have to be.
    pub setting: Condition,
    /// What is the case where they are not.
    pub otherwise: &'static str,
}

/// Rule `costly-stop`.
#[derive(Debug)]
pub struct CostlyStop {
    settings: &'static [Frugal],
    values: HashMap<u32, u32>,
}

impl CostlyStop {
    /// With the settings of a chip.
    #[must_use]
    pub fn new(settings: &'static [Frugal]) -> Self {
        Self {
            settings,
            values: HashMap::new(),
        }
    }
}

impl Rule for CostlyStop {
    fn name(&self) -> &'static str {
        "costly-stop"
    }

    fn observe(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        match event.what {
            What::Written { address, value, .. } => {
                self.values.insert(address, value);
            }
            What::Reset(_) => self.values.clear(),
            What::Asleep { deep: true } => {
                for Frugal { setting, otherwise } in self.settings {
                    let value = self.values.get(&setting.address).copied().unwrap_or_default();
                    if value & setting.mask != setting.value {
                        findings.push(Finding {
                            rule: "costly-stop",
                            at: event.at,
                            pc: event.pc,
                            what: format!("the core begins a deep sleep while {otherwise}"),
                            fix: "Set it once at start, before the first sleep.",
                        });
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            boards::STM32U5_FRUGAL,
            tests::{alone, findings, written},
        },
        *,
    };
    use crate::event::ResetCause;

    fn frugal() -> Vec<Event> {
        vec![
            written(1, "PWR", 0x4602_0808, 0b10),
            written(2, "ICACHE", 0x4003_0400, 0b101),
            written(3, "PWR", 0x4602_0804, 0x00ff_1e70),
        ]
    }

    fn stop() -> Event {
        alone(9, What::Asleep { deep: true })
    }

    fn found(events: &[Event]) -> Vec<String> {
        let found = findings(&mut CostlyStop::new(STM32U5_FRUGAL), events);
        found.into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn an_image_that_sets_nothing_is_found_by_each_setting() {
        // Finding F11: regulator, cache and memory as after a reset; the monitor of VDDA and HSI48 as the crate switches them on.
        let trace = [
            written(1, "PWR", 0x4602_0810, 0x6400_0000),
            written(2, "RCC", 0x4602_0c00, 0x3035),
            stop(),
        ];
        let found = found(&trace);
        for word in ["REGSEL", "ICACHE", "SRAM3", "AVM1EN", "HSI48ON"] {
            assert!(found.iter().any(|what| what.contains(word)), "{word}: {found:?}");
        }
        assert_eq!(found.len(), 5);
    }

    #[test]
    fn an_image_that_saves_is_not_and_a_reset_undoes_it() {
        let mut trace = frugal();
        trace.push(stop());
        assert_eq!(found(&trace), [""; 0]);
        trace.extend([alone(10, What::Reset(ResetCause::Watchdog)), stop()]);
        assert_eq!(found(&trace).len(), 3);
    }

    #[test]
    fn a_light_sleep_is_not_meant() {
        assert_eq!(found(&[alone(9, What::Asleep { deep: false })]), [""; 0]);
    }
}
