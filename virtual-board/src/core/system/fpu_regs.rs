//! The registers of the floating-point extension in the system control space.
//!
//! Armv7-M ARM (DDI 0403E) B3.2.20 to B3.2.26; Armv8-M ARM (DDI 0553B) D1.2.93 to D1.2.95; Cortex-M4 TRM (DDI 0439B) 7.1 and
//! Cortex-M33 TRM (100230) for MVFR0 to MVFR2.

use crate::core::profile::{Fpu, Profile};

/// FPCCR.LSPACT: a frame's floating-point part is reserved and not yet written.
pub const LSPACT: u32 = 1;
/// FPCCR.USER: that frame is unprivileged code's.
pub const USER: u32 = 1 << 1;
/// FPCCR.S of Armv8-M: that frame is Secure code's.
const SECURE: u32 = 1 << 2;
/// FPCCR.THREAD: that frame is thread mode's.
const THREAD: u32 = 1 << 3;
/// FPCCR.HFRDY: HardFault could have been pended when the frame was reserved.
pub const HFRDY: u32 = 1 << 4;
/// FPCCR.MMRDY: the same of MemManage.
const MMRDY: u32 = 1 << 5;
/// FPCCR.BFRDY: the same of BusFault.
const BFRDY: u32 = 1 << 6;
/// FPCCR.MONRDY: the same of DebugMonitor.
const MONRDY: u32 = 1 << 8;
/// FPCCR.SPLIMVIOL of Armv8-M: the frame would have passed the stack's limit.
const SPLIMVIOL: u32 = 1 << 9;
/// FPCCR.UFRDY of Armv8-M: the same of UsageFault as [`HFRDY`].
const UFRDY: u32 = 1 << 10;
/// FPCCR.LSPEN: frames are written lazily.
pub const LSPEN: u32 = 1 << 30;
/// FPCCR.ASPEN: use of the registers is noticed in CONTROL.FPCA.
pub const ASPEN: u32 = 1 << 31;
/// What a program may write of FPCCR of Armv7-M.
const CONTROL_MASK: u32 = ASPEN | LSPEN | MONRDY | BFRDY | MMRDY | HFRDY | THREAD | USER | LSPACT;
/// The bits of FPDSCR: AHP, DN, FZ and RMode.
pub const DEFAULTS_MASK: u32 = 0x07c0_0000;

/// The registers.
#[derive(Debug, Clone)]
pub struct FpuRegisters {
    fpu: Fpu,
    v8: bool,
    /// An Armv8-M core in Secure state.
    secure: bool,
    /// FPCCR.
    pub control: u32,
    /// FPCAR: where the reserved part of a frame lies.
    pub address: u32,
    /// FPDSCR: what FPSCR begins with.
    pub defaults: u32,
    /// CPACR's field of CP10 and CP11: 0 none, 1 privileged code, 3 all.
    access: u32,
}

/// The state in which the floating-point part of a frame is reserved.
#[derive(Debug, Clone, Copy)]
pub struct Reserved {
    /// Where it lies.
    pub address: u32,
    /// By unprivileged code.
    pub user: bool,
    /// In thread mode.
    pub thread: bool,
    /// HardFault could be taken.
    pub hard_fault: bool,
    /// MemManage could be taken.
    pub mem_manage: bool,
    /// BusFault could be taken.
    pub bus_fault: bool,
    /// UsageFault could be taken.
    pub usage_fault: bool,
    /// DebugMonitor could be taken.
    pub debug_monitor: bool,
}

impl FpuRegisters {
    /// After a reset.
    pub fn new(profile: &Profile) -> Self {
        let mut registers = Self {
            fpu: profile.fpu,
            v8: profile.is_v8(),
            secure: profile.is_v8(),
            control: 0,
            address: 0,
            defaults: 0,
            access: 0,
        };
        registers.reset();
        registers
    }

    /// Back to the state after power-on.
    pub fn reset(&mut self) {
        self.control = ASPEN | LSPEN | self.state();
        (self.address, self.defaults, self.access) = (0, 0, 0);
    }

    /// The security state of an Armv8-M core; no effect on others.
    pub fn set_secure(&mut self, secure: bool) {
        self.secure = secure && self.v8;
        self.control = self.control & !SECURE | self.state();
    }

    /// FPCCR.S as it always reads.
    fn state(&self) -> u32 {
        if self.secure { SECURE } else { 0 }
    }

    /// Whether the core has the extension.
    pub fn present(&self) -> bool {
        self.fpu != Fpu::None
    }

    /// Whether code may use the registers.
    pub fn allows(&self, privileged: bool) -> bool {
        self.access == 3 || self.access == 1 && privileged
    }

    /// CPACR.
    pub fn read_access(&self) -> u32 {
        self.access * 0x0050_0000
    }

    /// Writes CPACR. None for other coprocessors than CP10 and CP11 and for values of which the manual says nothing.
    pub fn write_access(&mut self, value: u32) -> Option<()> {
        let access = value >> 20 & 3;
        if value & !0x00f0_0000 != 0 || value >> 22 & 3 != access || access == 2 {
            return None;
        }
        if self.present() {
            self.access = access;
        }
        Some(())
    }

    /// A frame's part is reserved, to be written by the first floating-point instruction.
    pub fn reserve(&mut self, reserved: Reserved) {
        let conditions = [
            (reserved.user, USER),
            (reserved.thread, THREAD),
            (reserved.hard_fault, HFRDY),
            (reserved.mem_manage, MMRDY),
            (reserved.bus_fault, BFRDY),
            (reserved.usage_fault && self.v8, UFRDY),
            (reserved.debug_monitor, MONRDY),
        ];
        let bits = conditions
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, bit)| bit)
            .sum::<u32>();
        self.control = self.control & (ASPEN | LSPEN) | self.state() | LSPACT | bits;
        self.address = reserved.address;
    }

    /// A register from 0xe000_ef34 to 0xe000_ef48; none where there is none.
    pub fn read(&self, address: u32) -> Option<u32> {
        Some(match address {
            _ if !self.present() => return None,
            0xe000_ef34 => self.control,
            0xe000_ef38 => self.address,
            0xe000_ef3c => self.defaults,
            0xe000_ef40 => 0x1011_0021,
            0xe000_ef44 => 0x1100_0011,
            0xe000_ef48 if self.fpu == Fpu::Fpv5Sp => 0x0000_0040,
            _ => return None,
        })
    }

    /// Writes a register from 0xe000_ef34 to 0xe000_ef3c; none where there is none, or none of this value.
    pub fn write(&mut self, address: u32, value: u32) -> Option<()> {
        match address {
            _ if !self.present() => return None,
            0xe000_ef34 => {
                let known = CONTROL_MASK | if self.v8 { SECURE | UFRDY | SPLIMVIOL } else { 0 };
                // Of Armv8-M the bits that clear or protect registers are not modelled, nor a frame of the other state.
                if self.v8 && (value & !known != 0 || value & (SECURE | SPLIMVIOL) != self.state()) {
                    return None;
                }
                self.control = value & known;
            }
            0xe000_ef38 => self.address = value & !7,
            0xe000_ef3c => self.defaults = value & DEFAULTS_MASK,
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::profile::{CORTEX_M3, CORTEX_M4F, CORTEX_M33};

    #[test]
    fn access_is_for_nobody_for_privileged_code_or_for_all() {
        let mut fpu = FpuRegisters::new(&CORTEX_M4F);
        assert!(!fpu.allows(true));
        assert_eq!(fpu.write_access(0x0050_0000), Some(()));
        assert!(fpu.allows(true) && !fpu.allows(false));
        assert_eq!(fpu.write_access(0x00f0_0000), Some(()));
        assert!(fpu.allows(false));
        assert_eq!(fpu.read_access(), 0x00f0_0000);
        for odd in [0x00a0_0000, 0x0030_0000, 0x00f0_0001] {
            assert_eq!(fpu.write_access(odd), None, "{odd:#x}");
        }
    }

    #[test]
    fn a_core_without_the_extension_has_none_of_its_registers() {
        let mut fpu = FpuRegisters::new(&CORTEX_M3);
        assert_eq!(fpu.read(0xe000_ef34), None);
        assert_eq!(fpu.write_access(0x00f0_0000), Some(()));
        assert_eq!(fpu.read_access(), 0, "its field ignores writes");
    }

    #[test]
    fn lazy_frames_are_the_default() {
        assert_eq!(FpuRegisters::new(&CORTEX_M4F).read(0xe000_ef34), Some(0xc000_0000));
        assert_eq!(FpuRegisters::new(&CORTEX_M33).read(0xe000_ef34), Some(0xc000_0004));
        assert_eq!(FpuRegisters::new(&CORTEX_M33).read(0xe000_ef48), Some(0x40));
        assert_eq!(
            FpuRegisters::new(&CORTEX_M4F).read(0xe000_ef48),
            None,
            "FPv4 has no MVFR2"
        );
    }

    #[test]
    fn features_that_are_not_modelled_are_refused() {
        let mut fpu = FpuRegisters::new(&CORTEX_M33);
        assert_eq!(fpu.write(0xe000_ef34, 0xc000_0004 | 1 << 28), None, "CLRONRET");
        assert_eq!(fpu.write(0xe000_ef34, 0xc000_0004 | 1 << 26), None, "TS");
        assert_eq!(fpu.write(0xe000_ef34, 0x8000_0004), Some(()));
        assert_eq!(fpu.write(0xe000_ef3c, !0), Some(()));
        assert_eq!(fpu.read(0xe000_ef3c), Some(0x07c0_0000));
    }
}
