//! Return from an exception.
//!
//! Armv7-M ARM (DDI 0403E) B1.5.8; Armv6-M ARM (DDI 0419E) B1.5.8; Armv8-M ARM (DDI 0553B) B3.22 to B3.25.

use super::{
    Fault,
    entry::{BASIC_BYTES, EXTENDED_BYTES, PADDED},
    timing,
};
use crate::core::{
    Core, Sleep, Stop,
    system::{LSPACT, number},
};

/// Where an EXC_RETURN leads.
#[derive(Debug, Clone, Copy)]
struct Target {
    /// To handler mode.
    handler: bool,
    /// The frame lies on the process stack.
    process: bool,
    /// The frame has floating-point registers.
    extended: bool,
}

/// A frame as it was read.
struct Frame {
    basic: [u32; 8],
    /// S0 to S15 and FPSCR; none where the registers still hold them.
    fp: Option<[u32; 17]>,
}

impl Core {
    /// A handler branches to an EXC_RETURN: to 0xf000_0000 or above, on Armv8-M to 0xff00_0000 or above. Returns, or goes over
    /// to the exception that is due next, or to the fault that the return is.
    pub(in crate::core) fn exception_return(&mut self, value: u32) {
        let returning = self.registers.ipsr;
        let nested = self.system.nvic.active.len();
        if self.is_secure() && value & 0x41 != 0x41 {
            let text = format!("EXC_RETURN {value:#010x} leads out of the Secure state");
            self.stop = Some(Stop::Unmodelled(text));
            return;
        }
        let target = self.target(value, nested);
        let target = target.filter(|_| self.system.nvic.active.contains(returning));
        self.deactivate(returning);
        let Some(target) = target else {
            self.chain_fault(Fault::InvalidReturn, value);
            return;
        };
        if let Some(next) = self.system.nvic.preempting(self.execution_priority()) {
            self.charge(timing::tail_chain(&self.profile));
            self.exception_taken(next, value);
            return;
        }
        self.note_priority();
        match self.pop_frame(target) {
            Ok(frame) => self.resume(target, frame, nested == 1),
            Err(fault) => self.chain_fault(fault, value),
        }
    }

    /// What an EXC_RETURN means; none where the architecture does not know it, or not in this nesting.
    fn target(&self, value: u32, nested: u32) -> Option<Target> {
        let target = Target {
            handler: value & 1 << 3 == 0,
            process: value & 1 << 2 != 0,
            extended: value & 1 << 4 == 0,
        };
        // Bits that are one in every EXC_RETURN: of Armv8-M bits 23 to 7 and DCRS, of Armv7-M bits 27 to 5.
        let (ones, mask) = match (self.profile.is_v8(), self.system.secure) {
            (false, _) => (0x0fff_ffe1, 0x0fff_ffe3),
            (true, true) => (0x00ff_ffe1, 0x00ff_ffe3),
            (true, false) => (0x00ff_ffa0, 0x00ff_ffe3),
        };
        let known =
            value & mask == ones && !(target.handler && target.process) && (!target.extended || self.profile.has_fpu());
        let fits = match (self.profile.is_v8(), target.handler) {
            (true, _) => true,
            (false, true) => nested != 1,
            (false, false) => nested == 1 || self.system.scb.returns_to_thread_from_any(),
        };
        (known && fits).then_some(target)
    }

    /// The exception is active no longer. FAULTMASK ends with it, but not with NMI; on Armv8-M neither with HardFault (DDI 0403E
    /// B1.5.8, DDI 0553B E2.1.76).
    fn deactivate(&mut self, exception: u16) {
        let keeps = if self.profile.is_v8() {
            self.system.nvic.active_priority() < 0
        } else {
            exception == number::NMI
        };
        if self.system.nvic.deactivate(exception) {
            self.system.newly_pending();
        }
        self.registers.faultmask &= keeps;
        self.note_priority();
    }

    /// A fault of the return itself: its handler starts at once, and the frame stays where it is.
    fn chain_fault(&mut self, fault: Fault, link: u32) {
        if let Some(exception) = self.pend_fault(fault) {
            self.charge(timing::tail_chain(&self.profile));
            let foremost = self.system.nvic.foremost().unwrap_or(exception);
            self.exception_taken(foremost, link);
        }
    }

    /// Reads the frame. Nothing has changed where that faults.
    fn pop_frame(&mut self, target: Target) -> Result<Frame, Fault> {
        let address = self.frame_address(target);
        let basic = self.unstack(address, target)?;
        // Mode and IPSR have to agree.
        if (basic[7] & 0x1ff != 0) != target.handler {
            return Err(Fault::InvalidReturn);
        }
        let lazy = self.system.fpu.control & LSPACT != 0;
        let fp = if target.extended && !lazy {
            if !self.system.fpu.allows(self.privileged_after(target)) {
                return Err(Fault::NoCoprocessor);
            }
            Some(self.unstack(address.wrapping_add(BASIC_BYTES), target)?)
        } else {
            None
        };
        Ok(Frame { basic, fp })
    }

    fn frame_address(&self, target: Target) -> u32 {
        if target.process {
            self.registers.psp()
        } else {
            self.registers.msp()
        }
    }

    fn privileged_after(&self, target: Target) -> bool {
        target.handler || !self.registers.unprivileged
    }

    /// Reads words of a frame, with the rights of the code that it belongs to.
    fn unstack<const N: usize>(&self, address: u32, target: Target) -> Result<[u32; N], Fault> {
        let system = &self.system;
        let privileged = self.privileged_after(target);
        let mut words = [0; N];
        for (offset, word) in (0..).step_by(4).zip(&mut words) {
            let at = address.wrapping_add(offset);
            if system.mpu_on && !system.permits(at, false, false, privileged, system.is_high()) {
                return Err(Fault::UnstackingProtection);
            }
            *word = self.memory.word(at).ok_or(Fault::UnstackingBus)?;
        }
        Ok(words)
    }

    /// Goes on where the frame says. `last` is the return from the only active exception.
    fn resume(&mut self, target: Target, frame: Frame, last: bool) {
        let bytes = if target.extended { EXTENDED_BYTES } else { BASIC_BYTES };
        let [r0, r1, r2, r3, r12, lr, pc, xpsr] = frame.basic;
        let aligned = target.extended || self.system.scb.aligns_frames();
        let padding = if aligned && xpsr & PADDED != 0 { 4 } else { 0 };
        let sp = self.frame_address(target).wrapping_add(bytes) | padding;
        self.charge(timing::exit(&self.profile, frame.fp.is_some()));
        if target.extended {
            self.system.fpu.control &= !LSPACT;
        }
        self.registers.use_sp(target.process);
        let registers = &mut self.registers;
        registers.r[..4].copy_from_slice(&[r0, r1, r2, r3]);
        (registers.r[12], registers.r[13], registers.r[14]) = (r12, sp, lr);
        registers.pc = pc & !1;
        registers.set_flags_and_state(xpsr);
        registers.ipsr = (xpsr & 0x1ff) as u16;
        registers.exclusive = None;
        registers.fp_active = target.extended;
        if let Some(fp) = frame.fp {
            registers.s[..16].copy_from_slice(&fp[..16]);
            registers.fpscr = fp[16];
        }
        self.system.current = self.registers.ipsr;
        (self.system.event, self.system.attention, self.system.fp_ready) = (true, true, false);
        if !target.handler && last && self.system.scb.sleep_on_exit() {
            self.fall_asleep(Sleep::UntilInterrupt);
        }
    }
}
