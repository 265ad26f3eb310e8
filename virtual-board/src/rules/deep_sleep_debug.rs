//! Bits of the debugger or of a clock that keep a chip half awake in deep sleep.
//!
//! Source: STM32L47x reference manual RM0351 and STM32U5 reference manual RM0456, debug support (DBGMCU_CR: DBG_STOP
//! keeps the clocks running in Stop) and RCC (RCC_CR: HSIKERON, MSIKERON keep an oscillator running in Stop); RP2350 data sheet, 8.1
//! (CLOCKS_SLEEP_EN0 and CLOCKS_SLEEP_EN1 open every gate in the SLEEP state after a reset).

use super::{Finding, Rule};
use crate::event::{Event, What};

/// Bits that must be clear when the core begins a deep sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forbidden {
    /// The register.
    pub address: u32,
    /// Which bits.
    pub mask: u32,
    /// Their names, with the register's.
    pub name: &'static str,
    /// They are set after a reset.
    pub from_reset: bool,
}

/// Rule `deep-sleep-debug`.
#[derive(Debug)]
pub struct DeepSleepDebug {
    bits: &'static [Forbidden],
    /// For each line, whether the bits are set.
    set: Vec<bool>,
}

impl DeepSleepDebug {
    /// With the bits of a chip.
    #[must_use]
    pub fn new(bits: &'static [Forbidden]) -> Self {
        Self {
            bits,
            set: bits.iter().map(|bits| bits.from_reset).collect(),
        }
    }
}

impl Rule for DeepSleepDebug {
    fn name(&self) -> &'static str {
        "deep-sleep-debug"
    }

    fn observe(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        match event.what {
            What::Written { address, value, .. } => {
                for (set, bits) in self
                    .set
                    .iter_mut()
                    .zip(self.bits)
                    .filter(|(_, bits)| bits.address == address)
                {
                    *set = value & bits.mask != 0;
                }
            }
            What::Asleep { deep: true } => {
                for (_, bits) in self.set.iter().zip(self.bits).filter(|(set, _)| **set) {
                    findings.push(Finding {
                        rule: "deep-sleep-debug",
                        at: event.at,
                        pc: event.pc,
                        what: format!(
                            "the core begins a deep sleep while {} is set: it does not reach its current",
                            bits.name
                        ),
                        fix: "Clear it before the first sleep, in every image whose current is to mean something.",
                    });
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
            boards::{RP2350_FORBIDDEN, STM32L4_FORBIDDEN},
            tests::{alone, findings, written},
        },
        *,
    };

    const DBGMCU_CR: u32 = 0xe004_2004;

    fn count(events: &[Event]) -> usize {
        findings(&mut DeepSleepDebug::new(STM32L4_FORBIDDEN), events).len()
    }

    #[test]
    fn a_debug_bit_that_is_set_in_stop_is_found() {
        let stop = alone(9, What::Asleep { deep: true });
        assert_eq!(count(&[written(1, "DBGMCU", DBGMCU_CR, 7), stop.clone()]), 1);
        assert_eq!(
            count(&[
                written(1, "DBGMCU", DBGMCU_CR, 7),
                written(2, "DBGMCU", DBGMCU_CR, 0),
                stop
            ]),
            0
        );
    }

    #[test]
    fn gates_that_are_open_after_a_reset_are_found_until_they_are_closed() {
        let count = |events: &[Event]| findings(&mut DeepSleepDebug::new(RP2350_FORBIDDEN), events).len();
        let sleep = alone(9, What::Asleep { deep: true });
        assert_eq!(count(std::slice::from_ref(&sleep)), 2);
        let clocks = |us, address, value| written(us, "CLOCKS", address, value);
        let first = clocks(1, 0x4001_00b4, 1);
        assert_eq!(count(&[first.clone(), sleep.clone()]), 1);
        assert_eq!(count(&[first, clocks(2, 0x4001_00b8, 0x100e_0000), sleep]), 0);
    }

    #[test]
    fn a_light_sleep_is_not_meant() {
        assert_eq!(
            count(&[
                written(1, "DBGMCU", DBGMCU_CR, 7),
                alone(9, What::Asleep { deep: false })
            ]),
            0
        );
    }
}
