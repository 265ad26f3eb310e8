//! What a floating-point instruction does before it does its work: access, the lazy part of a frame, CONTROL.FPCA.
//!
//! Armv7-M ARM (DDI 0403E) B1.5.7 and A2.5.5 (ExecuteFPCheck, PreserveFPState); Armv8-M ARM (DDI 0553B) B3.20.

use super::Fault;
use crate::core::{
    Core,
    system::{ASPEN, DEFAULTS_MASK, HFRDY, LSPACT, USER},
};

impl Core {
    /// To be called before a floating-point instruction while [`System::fp_ready`](crate::core::System) is false. Writes the
    /// part of a frame that an exception reserved, and begins a new use of the registers with FPDSCR where there was none.
    ///
    /// # Errors
    /// CPACR does not grant access, or the reserved part cannot be written; the instruction has not begun.
    pub(in crate::core) fn lazy_fp(&mut self) -> Result<(), Fault> {
        let fpu = &self.system.fpu;
        if !fpu.present() || !fpu.allows(self.registers.privileged()) {
            return Err(Fault::NoCoprocessor);
        }
        if fpu.control & LSPACT != 0 {
            self.preserve_fp()?;
        }
        let fpu = &self.system.fpu;
        if fpu.control & ASPEN != 0 && !self.registers.fp_active {
            let defaults = fpu.defaults & DEFAULTS_MASK;
            self.registers.fpscr = self.registers.fpscr & !DEFAULTS_MASK | defaults;
            self.registers.fp_active = true;
        }
        self.system.fp_ready = true;
        Ok(())
    }

    /// Writes S0 to S15 and FPSCR where the frame has room for them, with the rights of the code that it belongs to. A fault is
    /// raised at the present priority, whatever FPCCR's ready bits say of the earlier one.
    fn preserve_fp(&mut self) -> Result<(), Fault> {
        let (control, address) = (self.system.fpu.control, self.system.fpu.address);
        let privileged = control & USER == 0;
        let high = control & HFRDY == 0;
        for (offset, word) in (0..).step_by(4).zip(self.fp_frame()) {
            let at = address.wrapping_add(offset);
            if !self.system.permits(at, true, false, privileged, high) {
                return Err(Fault::LazyProtection);
            }
            let stored = self.memory.store(at, word.to_le_bytes());
            stored.ok_or(Fault::LazyBus)?;
        }
        self.system.fpu.control &= !LSPACT;
        Ok(())
    }
}
