//! A peripheral needs its bus clock before it is touched, and its kernel clock before it is enabled.
//!
//! Source: STM32L47x RM0351, chapter 6 (without the clock, reads return zero and writes are lost); STM32U5 RM0456,
//! chapter 11 (kernel clocks; RCC_BDCR.LSESYSEN lets LSE reach peripherals other than RTC and TAMP); nRF52840 PS v1.8,
//! 6.22 (a program starts LFCLK before it uses an RTC. The watchdog is not meant: it starts LFCLK itself, 6.36); RP2350 data
//! sheet, 8.5 (TICKS).

use super::{Finding, Rule};
use crate::event::{Event, What};
use std::collections::HashMap;

/// Bits of a register that must have a value, as a program last wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// The register.
    pub address: u32,
    /// Which bits.
    pub mask: u32,
    /// Their value.
    pub value: u32,
}

impl Condition {
    /// All these bits are set.
    #[must_use]
    pub const fn set(address: u32, mask: u32) -> Self {
        Self {
            address,
            mask,
            value: mask,
        }
    }
}

/// What must run before a peripheral is enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel {
    /// The write that enables it.
    pub enable: Condition,
    /// Its clock is selected so.
    pub when: &'static [Condition],
    /// This has to be so then.
    pub needs: &'static [Condition],
    /// The clock, and what it needs, in words.
    pub clock: &'static str,
}

/// A peripheral and its clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    /// Its first address.
    pub base: u32,
    /// How many bytes of addresses it has.
    pub bytes: u32,
    /// Its bus clock; none where it always runs.
    pub bus: Option<Condition>,
    /// Its kernel clock, a line for each way to select it.
    pub kernel: &'static [Kernel],
}

/// Rule `clock-gates`.
#[derive(Debug)]
pub struct ClockGates {
    gates: &'static [Gate],
    /// Registers with their values after a reset, where these are not zero.
    resets: &'static [(u32, u32)],
    /// Registers that keep their value over a reset.
    kept: &'static [u32],
    values: HashMap<u32, u32>,
}

impl ClockGates {
    /// With the clocks of a chip: its peripherals, the registers of its clocks that are not zero after a reset, and
    /// those that outlive one.
    #[must_use]
    pub fn new(gates: &'static [Gate], resets: &'static [(u32, u32)], kept: &'static [u32]) -> Self {
        Self {
            gates,
            resets,
            kept,
            values: resets.iter().copied().collect(),
        }
    }

    fn holds(&self, condition: &Condition) -> bool {
        let value = self.values.get(&condition.address).copied().unwrap_or_default();
        value & condition.mask == condition.value
    }

    fn touched(&self, event: &Event, peripheral: &str, address: u32, findings: &mut Vec<Finding>) {
        let here = |gate: &&Gate| address.wrapping_sub(gate.base) < gate.bytes;
        let bus = self.gates.iter().find(here).and_then(|gate| gate.bus);
        if bus.is_some_and(|bus| !self.holds(&bus)) {
            findings.push(Finding {
                rule: self.name(),
                at: event.at,
                pc: event.pc,
                what: format!("{peripheral} is used without its bus clock: reads return 0 and writes are lost"),
                fix: "Enable its clock in RCC first, and read the register back once.",
            });
        }
    }

    fn enabled(&self, event: &Event, peripheral: &str, address: u32, value: u32, findings: &mut Vec<Finding>) {
        let lines = self.gates.iter().flat_map(|gate| gate.kernel);
        let meant =
            |kernel: &&Kernel| kernel.enable.address == address && value & kernel.enable.mask == kernel.enable.value;
        for kernel in lines.filter(meant) {
            let selected = kernel.when.iter().all(|condition| self.holds(condition));
            if selected && !kernel.needs.iter().all(|condition| self.holds(condition)) {
                findings.push(Finding {
                    rule: self.name(),
                    at: event.at,
                    pc: event.pc,
                    what: format!("{peripheral} is enabled without its clock, {}", kernel.clock),
                    fix: "Start the clock that it counts before it is enabled; it does nothing without.",
                });
            }
        }
    }
}

impl Rule for ClockGates {
    fn name(&self) -> &'static str {
        "clock-gates"
    }

    fn observe(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        match event.what {
            What::Read {
                peripheral, address, ..
            } => self.touched(event, peripheral, address, findings),
            What::Written {
                peripheral,
                address,
                value,
            } => {
                self.touched(event, peripheral, address, findings);
                self.enabled(event, peripheral, address, value, findings);
                self.values.insert(address, value);
            }
            What::Reset(_) => {
                self.values.retain(|address, _| self.kept.contains(address));
                self.values.extend(
                    self.resets
                        .iter()
                        .copied()
                        .filter(|(address, _)| !self.kept.contains(address)),
                );
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            boards::{nrf52840_gates, rp2350_gates, stm32l4_gates, stm32u5_gates},
            tests::{alone, findings, read, written},
        },
        *,
    };
    use crate::event::ResetCause;

    /// The trace of finding F3: LSE runs and is selected, but reaches no peripheral.
    fn lptim1_of_the_u575(bdcr: u32) -> Vec<Event> {
        vec![
            written(10, "RCC", 0x4602_0cf0, bdcr),
            written(20, "RCC", 0x4602_0ce8, 3 << 10),
            written(30, "RCC", 0x4602_0ca8, 1 << 11),
            written(40, "LPTIM1", 0x4600_4410, 1),
            read(50, "LPTIM1", 0x4600_4400, 0),
        ]
    }

    #[test]
    fn lptim_on_lse_without_lsesysen_is_found() {
        let findings = findings(&mut stm32u5_gates(), &lptim1_of_the_u575(0x8013));
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].what.contains("LPTIM1") && findings[0].what.contains("LSESYSEN"),
            "{}",
            findings[0].what
        );
    }

    #[test]
    fn lptim_on_lse_with_lsesysen_is_not() {
        assert_eq!(findings(&mut stm32u5_gates(), &lptim1_of_the_u575(0x8093)), []);
    }

    #[test]
    fn a_peripheral_without_its_bus_clock_is_found() {
        let mut rule = stm32l4_gates();
        let lptim1 = |us| written(us, "LPTIM1", 0x4000_7c08, 1);
        assert_eq!(findings(&mut rule, &[lptim1(1)]).len(), 1);
        assert_eq!(
            findings(&mut rule, &[written(2, "RCC", 0x4002_1058, 1 << 31), lptim1(3)]),
            []
        );
        assert_eq!(
            findings(&mut rule, &[alone(4, What::Reset(ResetCause::Software)), lptim1(5)]).len(),
            1
        );
    }

    #[test]
    fn the_clock_of_the_backup_domain_outlives_a_reset() {
        let mut rule = stm32u5_gates();
        let mut trace = lptim1_of_the_u575(0x8093);
        trace.push(alone(60, What::Reset(ResetCause::Watchdog)));
        trace.extend(lptim1_of_the_u575(0).split_off(1));
        assert_eq!(findings(&mut rule, &trace), []);
    }

    #[test]
    fn an_rtc_without_lfclk_is_found() {
        let rtc = written(9, "RTC1", 0x4001_1000, 1);
        assert_eq!(findings(&mut nrf52840_gates(), std::slice::from_ref(&rtc)).len(), 1);
        let started = [written(1, "CLOCK", 0x4000_0008, 1), rtc];
        assert_eq!(findings(&mut nrf52840_gates(), &started), []);
    }

    #[test]
    fn a_timer_or_a_watchdog_of_the_rp2350_without_ticks_is_found() {
        for (name, enable, value, ticks) in [
            ("TIMER0", 0x400b_0040, 1, 0x4010_8018),
            ("WATCHDOG", 0x400d_8000, 1 << 30, 0x4010_8030),
        ] {
            let enabled = written(2, name, enable, value);
            let found = findings(&mut rp2350_gates(), std::slice::from_ref(&enabled));
            assert_eq!(found.len(), 1);
            assert!(
                found[0].what.contains(name) && found[0].what.contains("ticks"),
                "{}",
                found[0].what
            );
            let started = written(1, "TICKS", ticks, 1);
            assert_eq!(findings(&mut rp2350_gates(), &[started, enabled]), []);
        }
    }
}
