//! The system control block but for priorities and pending states: vector table, sleep, configuration, fault status.
//!
//! Armv7-M ARM (DDI 0403E) B3.2; Armv6-M ARM (DDI 0419E) B3.2; Armv8-M ARM (DDI 0553B) D1.2.

use crate::core::profile::{Architecture, Profile, Timing};

/// SCR.SLEEPONEXIT.
const SLEEPONEXIT: u32 = 1 << 1;
/// SCR.SLEEPDEEP.
const SLEEPDEEP: u32 = 1 << 2;
/// SCR.SEVONPEND.
const SEVONPEND: u32 = 1 << 4;
/// CCR.NONBASETHRDENA of Armv7-M; reads 1 on Armv8-M.
const NONBASETHRDENA: u32 = 1;
/// CCR.USERSETMPEND.
const USERSETMPEND: u32 = 1 << 1;
/// CCR.UNALIGN_TRP.
const UNALIGN_TRP: u32 = 1 << 3;
/// CCR.DIV_0_TRP.
const DIV_0_TRP: u32 = 1 << 4;
/// CCR.STKALIGN.
const STKALIGN: u32 = 1 << 9;
/// CCR.BP of the Cortex-M7: branch prediction is always on there.
const BRANCH_PREDICTION: u32 = 1 << 18;
/// ACTLR.EXTEXCLALL of the Cortex-M33: every exclusive access goes to the chip's monitor. With one core that has no effect.
const EXTEXCLALL: u32 = 1 << 29;

/// Bits of CFSR: MMFSR, BFSR and UFSR in one word (DDI 0403E B3.2.15).
pub mod cfsr {
    /// A fetch that the protection unit or the default map refuses.
    pub const IACCVIOL: u32 = 1;
    /// A load or store that the protection unit refuses.
    pub const DACCVIOL: u32 = 1 << 1;
    /// The same while a frame was read.
    pub const MUNSTKERR: u32 = 1 << 3;
    /// The same while a frame was written.
    pub const MSTKERR: u32 = 1 << 4;
    /// The same while floating-point registers were written lazily.
    pub const MLSPERR: u32 = 1 << 5;
    /// MMFAR holds the address.
    pub const MMARVALID: u32 = 1 << 7;
    /// A fetch that nothing answers.
    pub const IBUSERR: u32 = 1 << 8;
    /// A load or store that nothing answers.
    pub const PRECISERR: u32 = 1 << 9;
    /// The same while a frame was read.
    pub const UNSTKERR: u32 = 1 << 11;
    /// The same while a frame was written.
    pub const STKERR: u32 = 1 << 12;
    /// The same while floating-point registers were written lazily.
    pub const LSPERR: u32 = 1 << 13;
    /// BFAR holds the address.
    pub const BFARVALID: u32 = 1 << 15;
    /// An instruction that does not exist.
    pub const UNDEFINSTR: u32 = 1 << 16;
    /// The Thumb bit is clear.
    pub const INVSTATE: u32 = 1 << 17;
    /// A return from an exception that is none.
    pub const INVPC: u32 = 1 << 18;
    /// A coprocessor that is off or absent.
    pub const NOCP: u32 = 1 << 19;
    /// The stack pointer passed its limit.
    pub const STKOF: u32 = 1 << 20;
    /// An unaligned access that may not be.
    pub const UNALIGNED: u32 = 1 << 24;
    /// A division by zero.
    pub const DIVBYZERO: u32 = 1 << 25;
}

/// Bits of HFSR (DDI 0403E B3.2.16).
pub mod hfsr {
    /// The vector table could not be read.
    pub const VECTTBL: u32 = 1 << 1;
    /// Another fault could not be taken and became this one.
    pub const FORCED: u32 = 1 << 30;
    /// A debug event with neither a debugger nor the monitor.
    pub const DEBUGEVT: u32 = 1 << 31;
}

/// DFSR.BKPT.
pub const DFSR_BKPT: u32 = 1 << 1;

/// The registers.
#[derive(Debug, Clone)]
pub struct Scb {
    architecture: Architecture,
    timing: Timing,
    vector_table_at_reset: u32,
    /// CPUID.
    pub cpuid: u32,
    /// The address of the vector table, as VTOR holds it.
    pub vector_table: u32,
    scr: u32,
    ccr: u32,
    actlr: u32,
    /// CFSR.
    pub cfsr: u32,
    /// HFSR.
    pub hfsr: u32,
    /// DFSR.
    pub dfsr: u32,
    /// MMFAR.
    pub mmfar: u32,
    /// BFAR.
    pub bfar: u32,
}

impl Scb {
    /// After a reset.
    pub fn new(profile: &Profile) -> Self {
        let mut scb = Self {
            architecture: profile.architecture,
            timing: profile.timing,
            vector_table_at_reset: profile.vector_table,
            cpuid: cpuid(profile.timing),
            vector_table: 0,
            scr: 0,
            ccr: 0,
            actlr: 0,
            cfsr: 0,
            hfsr: 0,
            dfsr: 0,
            mmfar: 0,
            bfar: 0,
        };
        scb.reset();
        scb
    }

    /// Back to the state after power-on. The causes of faults are forgotten, as every reset of a system does.
    pub fn reset(&mut self) {
        self.vector_table = self.vector_table_at_reset;
        (self.scr, self.actlr, self.ccr) = (0, 0, self.fixed_configuration());
        if self.architecture >= Architecture::V7M {
            self.ccr |= STKALIGN;
        }
        (self.cfsr, self.hfsr, self.dfsr, self.mmfar, self.bfar) = (0, 0, 0, 0, 0);
    }

    fn is_v6(&self) -> bool {
        self.architecture == Architecture::V6M
    }

    fn is_v8(&self) -> bool {
        self.architecture == Architecture::V8M
    }

    /// Bits of CCR that read 1 whatever is written: DDI 0419E B3.2.8, DDI 0403E B3.2.8, DDI 0553B D1.2.9; the Cortex-M7 always
    /// aligns frames (DUI 0646, 4.3.8).
    fn fixed_configuration(&self) -> u32 {
        match (self.architecture, self.timing) {
            (Architecture::V6M, _) => STKALIGN | UNALIGN_TRP,
            (Architecture::V8M, _) => STKALIGN | NONBASETHRDENA,
            (_, Timing::CortexM7) => STKALIGN | BRANCH_PREDICTION,
            _ => 0,
        }
    }

    /// Bits of CCR that a program may change. Not modelled, and therefore not among them: BFHFNMIGN, STKOFHFNMIGN, caches.
    fn free_configuration(&self) -> u32 {
        match self.architecture {
            Architecture::V6M => 0,
            Architecture::V8M => USERSETMPEND | UNALIGN_TRP | DIV_0_TRP,
            _ => NONBASETHRDENA | USERSETMPEND | UNALIGN_TRP | DIV_0_TRP | STKALIGN,
        }
    }

    /// SLEEPONEXIT: the core sleeps when it returns from the last handler.
    pub fn sleep_on_exit(&self) -> bool {
        self.scr & SLEEPONEXIT != 0
    }

    /// SLEEPDEEP: the chip may sleep deeply.
    pub fn sleeps_deeply(&self) -> bool {
        self.scr & SLEEPDEEP != 0
    }

    /// SEVONPEND: an exception that becomes pending is an event.
    pub fn event_on_pending(&self) -> bool {
        self.scr & SEVONPEND != 0
    }

    /// UNALIGN_TRP: every unaligned access is a fault.
    pub fn traps_unaligned(&self) -> bool {
        self.ccr & UNALIGN_TRP != 0
    }

    /// DIV_0_TRP: a division by zero is a fault.
    pub fn traps_division_by_zero(&self) -> bool {
        self.ccr & DIV_0_TRP != 0
    }

    /// STKALIGN: frames lie at multiples of 8.
    pub fn aligns_frames(&self) -> bool {
        self.ccr & STKALIGN != 0
    }

    /// NONBASETHRDENA: a handler may return to a thread while other exceptions are active.
    pub fn returns_to_thread_from_any(&self) -> bool {
        self.ccr & NONBASETHRDENA != 0
    }

    /// USERSETMPEND: unprivileged code may write STIR.
    pub fn user_may_trigger(&self) -> bool {
        self.ccr & USERSETMPEND != 0
    }

    /// A register; none where there is none.
    pub fn read(&self, address: u32) -> Option<u32> {
        Some(match address {
            0xe000_ed00 => self.cpuid,
            0xe000_ed10 => self.scr,
            0xe000_ed14 => self.ccr,
            _ if self.is_v6() => return None,
            0xe000_e008 => self.actlr,
            0xe000_ed08 => self.vector_table,
            0xe000_ed28 => self.cfsr,
            0xe000_ed2c => self.hfsr,
            0xe000_ed30 => self.dfsr,
            0xe000_ed34 => self.mmfar,
            0xe000_ed38 => self.bfar,
            0xe000_ed3c => 0,
            _ => return None,
        })
    }

    /// Writes a register; none where there is none, or none of this value.
    pub fn write(&mut self, address: u32, value: u32) -> Option<()> {
        match address {
            0xe000_ed10 if value & !(SLEEPONEXIT | SLEEPDEEP | SEVONPEND) == 0 => self.scr = value,
            0xe000_ed14 => self.configure(value)?,
            _ if self.is_v6() => return None,
            0xe000_e008 if value == 0 || self.is_v8() && value == EXTEXCLALL => self.actlr = value,
            0xe000_ed08 => self.vector_table = value & !0x7f,
            0xe000_ed28 => self.cfsr &= !value,
            0xe000_ed2c => self.hfsr &= !value,
            0xe000_ed30 => self.dfsr &= !value,
            0xe000_ed34 => self.mmfar = value,
            0xe000_ed38 => self.bfar = value,
            0xe000_ed3c => {}
            _ => return None,
        }
        Some(())
    }

    fn configure(&mut self, value: u32) -> Option<()> {
        let (fixed, free) = (self.fixed_configuration(), self.free_configuration());
        if value & !(fixed | free) != 0 {
            return None;
        }
        self.ccr = value & free | fixed;
        Some(())
    }
}

/// CPUID by the Technical Reference Manuals: DDI 0432C 4.2, DDI 0337H (r2p1), DDI 0439B (r0p1), DDI 0489B (r1p2) and 100230
/// (r0p3). A chip with another revision sets its own.
const fn cpuid(timing: Timing) -> u32 {
    match timing {
        Timing::CortexM0 => 0x410c_c200,
        Timing::CortexM3 => 0x412f_c231,
        Timing::CortexM4 => 0x410f_c241,
        Timing::CortexM7 => 0x411f_c272,
        Timing::CortexM33 => 0x410f_d213,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::profile::{CORTEX_M0, CORTEX_M4F, CORTEX_M7, CORTEX_M33};

    #[test]
    fn each_core_says_which_it_is() {
        let part = |profile| Scb::new(profile).read(0xe000_ed00).map(|id| id >> 4 & 0xfff);
        assert_eq!(part(&CORTEX_M0), Some(0xc20));
        assert_eq!(part(&CORTEX_M4F), Some(0xc24));
        assert_eq!(part(&CORTEX_M7), Some(0xc27));
        assert_eq!(part(&CORTEX_M33), Some(0xd21));
    }

    #[test]
    fn the_configuration_at_reset_is_the_architectures() {
        let ccr = |profile| Scb::new(profile).read(0xe000_ed14);
        assert_eq!(ccr(&CORTEX_M0), Some(0x208));
        assert_eq!(ccr(&CORTEX_M4F), Some(0x200));
        assert_eq!(ccr(&CORTEX_M7), Some(0x4_0200));
        assert_eq!(ccr(&CORTEX_M33), Some(0x201));
    }

    #[test]
    fn configuration_that_is_not_modelled_is_refused() {
        let mut scb = Scb::new(&CORTEX_M4F);
        assert_eq!(scb.write(0xe000_ed14, 1 << 8), None, "BFHFNMIGN");
        assert_eq!(scb.write(0xe000_ed14, 0x18), Some(()));
        assert!(scb.traps_unaligned() && scb.traps_division_by_zero() && !scb.aligns_frames());
        assert_eq!(
            Scb::new(&CORTEX_M7).write(0xe000_ed14, 0x5_0200),
            None,
            "the data cache"
        );
        assert_eq!(Scb::new(&CORTEX_M33).write(0xe000_ed10, 1 << 3), None, "SLEEPDEEPS");
        assert_eq!(
            Scb::new(&CORTEX_M33).write(0xe000_e008, 1 << 29),
            Some(()),
            "EXTEXCLALL"
        );
        assert_eq!(Scb::new(&CORTEX_M4F).write(0xe000_e008, 1 << 29), None);
    }

    #[test]
    fn fault_status_is_cleared_by_writing_ones() {
        let mut scb = Scb::new(&CORTEX_M4F);
        scb.cfsr = cfsr::UNDEFINSTR | cfsr::PRECISERR;
        scb.write(0xe000_ed28, cfsr::PRECISERR);
        assert_eq!(scb.read(0xe000_ed28), Some(cfsr::UNDEFINSTR));
    }

    #[test]
    fn a_vector_table_lies_at_a_multiple_of_128() {
        let mut scb = Scb::new(&CORTEX_M4F.with_vector_table(0x1000_0000));
        assert_eq!(scb.vector_table, 0x1000_0000);
        scb.write(0xe000_ed08, 0x2000_01ff);
        assert_eq!(scb.read(0xe000_ed08), Some(0x2000_0180));
        scb.reset();
        assert_eq!(scb.vector_table, 0x1000_0000);
        assert_eq!(Scb::new(&CORTEX_M0).read(0xe000_ed08), None, "a Cortex-M0 has no VTOR");
    }
}
