//! The cycle counter of the data watchpoint and trace unit, and the debug control block, as far as a program sees them.
//!
//! Armv7-M ARM (DDI 0403E) C1.6 and C1.8; Armv8-M ARM (DDI 0553B) D1.2.36 and D1.2.68.

use crate::core::profile::Profile;

/// DWT_CTRL after a reset: four comparators.
const CONTROL_RESET: u32 = 0x4000_0000;
/// DWT_CTRL.CYCCNTENA.
const CYCCNTENA: u32 = 1;
/// DEMCR.TRCENA.
const TRCENA: u32 = 1 << 24;
/// DEMCR.MON_EN.
const MON_EN: u32 = 1 << 16;
/// DEMCR's vector catches: they stop a core for a debugger only.
const VECTOR_CATCHES: u32 = 0x07f1;
/// DHCSR.C_DEBUGEN.
const C_DEBUGEN: u32 = 1;
/// DHCSR.S_REGRDY.
const S_REGRDY: u32 = 1 << 16;

/// The unit.
#[derive(Debug, Clone)]
pub struct Dwt {
    /// Armv6-M lets debuggers see these registers, not programs.
    present: bool,
    counting: bool,
    /// What CYCCNT held when the core had spent `since` cycles.
    value: u32,
    since: u64,
    /// DEMCR.
    demcr: u32,
    /// A debugger is attached to the core, so that C_DEBUGEN reads 1.
    pub debugger_attached: bool,
}

impl Dwt {
    /// After power-on, without a debugger.
    pub fn new(profile: &Profile) -> Self {
        Self {
            present: profile.is_main(),
            counting: false,
            value: 0,
            since: 0,
            demcr: 0,
            debugger_attached: false,
        }
    }

    /// A reset of the core. A debugger stays.
    pub fn reset(&mut self) {
        (self.counting, self.value, self.demcr) = (false, 0, 0);
    }

    /// DEMCR.MON_EN: the DebugMonitor exception is enabled.
    pub fn monitor_enabled(&self) -> bool {
        self.demcr & MON_EN != 0
    }

    fn tracing(&self) -> bool {
        self.demcr & TRCENA != 0
    }

    fn cycles(&self, cycles: u64) -> u32 {
        if self.counting && self.tracing() {
            self.value.wrapping_add(cycles.wrapping_sub(self.since) as u32)
        } else {
            self.value
        }
    }

    /// Goes on with `value` from now on.
    fn restart(&mut self, value: u32, cycles: u64) {
        self.value = value;
        self.since = cycles;
    }

    /// A register of this unit; none where there is none, or where its state is not defined since DEMCR.TRCENA is 0.
    pub fn read(&self, address: u32, cycles: u64) -> Option<u32> {
        match address {
            _ if !self.present => None,
            0xe000_1000 if self.tracing() => Some(CONTROL_RESET | u32::from(self.counting)),
            0xe000_1004 if self.tracing() => Some(self.cycles(cycles)),
            // The lock of CoreSight does not lock programs out: LSR reads as not implemented.
            0xe000_1fb4 => Some(0),
            0xe000_edf0 => Some(S_REGRDY | if self.debugger_attached { C_DEBUGEN } else { 0 }),
            0xe000_edfc => Some(self.demcr),
            _ => None,
        }
    }

    /// Writes a register of this unit; none where there is none, or none of this value.
    pub fn write(&mut self, address: u32, value: u32, cycles: u64) -> Option<()> {
        match address {
            _ if !self.present => return None,
            0xe000_1000 if self.tracing() && value & !(CONTROL_RESET | CYCCNTENA) == 0 => {
                self.restart(self.cycles(cycles), cycles);
                self.counting = value & CYCCNTENA != 0;
            }
            0xe000_1004 if self.tracing() => self.restart(value, cycles),
            0xe000_1fb0 => {}
            0xe000_edfc if value & !(TRCENA | MON_EN | VECTOR_CATCHES) == 0 => {
                self.restart(self.cycles(cycles), cycles);
                self.demcr = value;
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::profile::{CORTEX_M0, CORTEX_M4F};

    const CTRL: u32 = 0xe000_1000;
    const CYCCNT: u32 = 0xe000_1004;
    const DEMCR: u32 = 0xe000_edfc;

    #[test]
    fn cycles_are_counted_while_tracing_and_counting_are_on() {
        let mut dwt = Dwt::new(&CORTEX_M4F);
        assert_eq!(dwt.read(CYCCNT, 0), None, "TRCENA is 0");
        assert_eq!(dwt.write(CTRL, 1, 0), None);
        dwt.write(DEMCR, TRCENA, 50);
        assert_eq!(dwt.read(CYCCNT, 90), Some(0));
        dwt.write(CTRL, CONTROL_RESET | 1, 100);
        assert_eq!(dwt.read(CTRL, 100), Some(0x4000_0001));
        assert_eq!(dwt.read(CYCCNT, 130), Some(30));
        dwt.write(CYCCNT, u32::MAX, 130);
        assert_eq!(dwt.read(CYCCNT, 132), Some(1));
        dwt.write(CTRL, 0, 140);
        assert_eq!(dwt.read(CYCCNT, 1000), Some(9));
        dwt.write(CTRL, 1, 1000);
        dwt.write(DEMCR, 0, 1001);
        dwt.write(DEMCR, TRCENA, 2000);
        assert_eq!(dwt.read(CYCCNT, 2001), Some(11));
    }

    #[test]
    fn a_program_sees_a_debugger_only_where_one_is_attached() {
        let mut dwt = Dwt::new(&CORTEX_M4F);
        assert_eq!(dwt.read(0xe000_edf0, 0).map(|x| x & 1), Some(0));
        dwt.debugger_attached = true;
        dwt.reset();
        assert_eq!(dwt.read(0xe000_edf0, 0).map(|x| x & 1), Some(1));
        assert_eq!(Dwt::new(&CORTEX_M0).read(0xe000_edf0, 0), None);
    }

    #[test]
    fn what_is_not_modelled_is_refused() {
        let mut dwt = Dwt::new(&CORTEX_M4F);
        dwt.write(DEMCR, TRCENA, 0);
        assert_eq!(dwt.write(CTRL, 1 << 16, 0), None, "EXCTRCENA");
        assert_eq!(dwt.write(DEMCR, TRCENA | 1 << 17, 0), None, "MON_PEND");
        assert_eq!(dwt.read(0xe000_1008, 0), None, "CPICNT");
        assert_eq!(dwt.write(0xe000_edf0, 0xa05f_0003, 0), None, "DHCSR");
    }
}
