//! Special registers: MRS, MSR and CPS.
//!
//! Armv7-M ARM (DDI 0403E) B5.2; Armv6-M ARM (DDI 0419E) B4.2; Armv8-M ARM (DDI 0553B) C2.4.100 to C2.4.103.

use super::{Core, Registers, profile::Architecture};

/// APSR: N, Z, C, V and Q.
const FLAGS: u32 = 0xf800_0000;
/// APSR.GE.
const GREATER_EQUAL: u32 = 0x000f_0000;
/// EPSR.T.
const THUMB: u32 = 1 << 24;

/// The special registers by their number SYSm, but for the views of xPSR.
mod number {
    pub const MSP: u8 = 8;
    pub const PSP: u8 = 9;
    pub const MSPLIM: u8 = 10;
    pub const PSPLIM: u8 = 11;
    pub const PRIMASK: u8 = 16;
    pub const BASEPRI: u8 = 17;
    pub const BASEPRI_MAX: u8 = 18;
    pub const FAULTMASK: u8 = 19;
    pub const CONTROL: u8 = 20;
}

/// A special register that does not exist on this core, or a value that no model follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmodelled;

impl Registers {
    /// xPSR: APSR, EPSR and IPSR in one word.
    #[must_use]
    pub fn xpsr(&self) -> u32 {
        let it = u32::from(self.it);
        self.apsr() | (it & 3) << 25 | (it >> 2) << 10 | u32::from(self.thumb) << 24 | u32::from(self.ipsr)
    }

    /// Sets N, Z, C, V and Q from the upper five bits of a word.
    pub fn set_flags(&mut self, value: u32) {
        self.set_nzcv(value);
        self.saturated = value >> 27 & 1 != 0;
    }

    /// Sets flags, GE, T and the state of an IT block from xPSR. A multiple load or store that was to be continued starts anew,
    /// as the architecture allows, so that its ICI bits are dropped.
    pub(super) fn set_flags_and_state(&mut self, xpsr: u32) {
        self.set_flags(xpsr);
        self.greater_equal = (xpsr >> 16 & 0xf) as u8;
        self.thumb = xpsr & THUMB != 0;
        let it = (xpsr >> 25 & 3 | xpsr >> 8 & 0xfc) as u8;
        self.it = if it & 0xf == 0 { 0 } else { it };
    }

    /// MSP.
    #[must_use]
    pub fn msp(&self) -> u32 {
        if self.psp_in_use { self.other_sp } else { self.r[13] }
    }

    /// PSP.
    #[must_use]
    pub fn psp(&self) -> u32 {
        if self.psp_in_use { self.r[13] } else { self.other_sp }
    }

    /// Sets MSP or, with `process`, PSP. The two lowest bits are dropped.
    pub fn set_sp(&mut self, process: bool, value: u32) {
        let sp = if process == self.psp_in_use {
            &mut self.r[13]
        } else {
            &mut self.other_sp
        };
        *sp = value & !3;
    }

    /// Uses MSP or, with `process`, PSP as R13.
    pub(super) fn use_sp(&mut self, process: bool) {
        if process != self.psp_in_use {
            std::mem::swap(&mut self.r[13], &mut self.other_sp);
            self.psp_in_use = process;
        }
    }

    /// Whether code is privileged: every handler is.
    #[must_use]
    pub fn privileged(&self) -> bool {
        self.ipsr != 0 || !self.unprivileged
    }
}

impl Core {
    /// MRS: the value of a special register.
    ///
    /// # Errors
    /// The core has no such register.
    pub(super) fn mrs(&self, register: u8) -> Result<u32, Unmodelled> {
        let registers = &self.registers;
        let main = self.profile.is_main();
        if let 0..=3 | 5..=7 = register {
            return Ok(self.view_of_xpsr(register));
        }
        let value = match register {
            number::MSP => registers.msp(),
            number::PSP => registers.psp(),
            number::MSPLIM | number::PSPLIM if self.profile.is_v8() => {
                registers.sp_limits[usize::from(register == number::PSPLIM)]
            }
            number::PRIMASK => registers.primask.into(),
            number::BASEPRI | number::BASEPRI_MAX if main => registers.basepri.into(),
            number::FAULTMASK if main => registers.faultmask.into(),
            number::CONTROL => return Ok(self.control()),
            _ => return Err(Unmodelled),
        };
        Ok(if registers.privileged() { value } else { 0 })
    }

    /// APSR, IPSR and their sums; EPSR reads as zero.
    fn view_of_xpsr(&self, register: u8) -> u32 {
        let ge = if self.profile.dsp { GREATER_EQUAL } else { 0 };
        let q = if self.profile.is_main() { 0 } else { 1 << 27 };
        let flags = if register & 4 == 0 {
            self.registers.apsr() & (FLAGS | ge) & !q
        } else {
            0
        };
        let number = if register & 1 != 0 {
            u32::from(self.registers.ipsr)
        } else {
            0
        };
        flags | number
    }

    /// CONTROL. Of a Secure core SFPA is always what FPCA is, since no other state uses the registers.
    fn control(&self) -> u32 {
        let registers = &self.registers;
        let active = registers.fp_active;
        u32::from(registers.unprivileged)
            | u32::from(registers.psp_in_use) << 1
            | u32::from(active) << 2
            | u32::from(active && self.is_secure()) << 3
    }

    /// Whether the core is an Armv8-M one in Secure state.
    pub(super) fn is_secure(&self) -> bool {
        self.profile.is_v8() && self.system.secure
    }

    /// MSR: writes a special register. `mask` is the instruction's: bit 1 for N, Z, C, V and Q, bit 0 for GE. Unprivileged code
    /// changes nothing but the flags.
    ///
    /// # Errors
    /// The core has no such register, or not this value.
    pub(super) fn msr(&mut self, register: u8, mask: u8, value: u32) -> Result<(), Unmodelled> {
        if let 0..=3 | 5..=7 = register {
            self.write_flags(register, mask, value);
            return Ok(());
        }
        self.mrs(register)?;
        if !self.registers.privileged() {
            return Ok(());
        }
        self.system.attention = true;
        let registers = &mut self.registers;
        match register {
            number::MSP => {
                registers.set_sp(false, value);
                self.note_sp();
            }
            number::PSP => registers.set_sp(true, value),
            number::MSPLIM | number::PSPLIM => {
                registers.sp_limits[usize::from(register == number::PSPLIM)] = value & !7;
            }
            number::PRIMASK => registers.primask = value & 1 != 0,
            number::BASEPRI => registers.basepri = self.system.nvic.masked(value as u8),
            number::BASEPRI_MAX => {
                let value = self.system.nvic.masked(value as u8);
                if value != 0 && (value < registers.basepri || registers.basepri == 0) {
                    registers.basepri = value;
                }
            }
            number::FAULTMASK => self.set_faultmask(value & 1 != 0),
            _ => return self.set_control(value),
        }
        Ok(())
    }

    /// Writes of IPSR and EPSR are ignored.
    fn write_flags(&mut self, register: u8, mask: u8, value: u32) {
        if register & 4 != 0 {
            return;
        }
        let registers = &mut self.registers;
        if mask & 2 != 0 {
            let q = if self.profile.is_main() { 0 } else { 1 << 27 };
            registers.set_flags(value & !q);
        }
        if mask & 1 != 0 && self.profile.dsp {
            registers.greater_equal = (value >> 16 & 0xf) as u8;
        }
    }

    /// FAULTMASK can be set below priority -1 only: not in HardFault, not in NMI.
    fn set_faultmask(&mut self, on: bool) {
        if !on || self.execution_priority() > -1 {
            self.registers.faultmask = on;
            self.note_priority();
        }
    }

    /// A Cortex-M0 has no unprivileged code. SPSEL changes in thread mode only.
    fn set_control(&mut self, value: u32) -> Result<(), Unmodelled> {
        let has_fpu = self.profile.has_fpu();
        if self.is_secure() && has_fpu && (value >> 3 ^ value >> 2) & 1 != 0 {
            return Err(Unmodelled);
        }
        let registers = &mut self.registers;
        registers.unprivileged = value & 1 != 0 && self.profile.architecture != Architecture::V6M;
        if registers.ipsr == 0 {
            registers.use_sp(value & 2 != 0);
            self.note_sp();
        }
        if has_fpu {
            self.registers.fp_active = value & 4 != 0;
        }
        self.system.fp_ready = false;
        Ok(())
    }

    /// CPSIE (`enable`) and CPSID on PRIMASK (`i`) and FAULTMASK (`f`). Unprivileged code changes nothing.
    pub(super) fn cps(&mut self, enable: bool, i: bool, f: bool) {
        if !self.registers.privileged() {
            return;
        }
        if i {
            self.registers.primask = !enable;
        }
        if f && self.profile.is_main() {
            self.set_faultmask(!enable);
        }
        self.system.attention = true;
    }

    /// Remembers the lowest main stack pointer.
    pub(super) fn note_sp(&mut self) {
        if !self.registers.psp_in_use {
            self.lowest_sp = self.lowest_sp.min(self.registers.r[13]);
        }
    }
}

#[cfg(test)]
mod tests;
