//! Entry to an exception, and reset.
//!
//! Armv7-M ARM (DDI 0403E) B1.5.5 to B1.5.7; Armv8-M ARM (DDI 0553B) B3.18 to B3.21.

use super::{Fault, timing};
use crate::core::{
    Core, Registers,
    system::{LSPEN, Reserved, number},
};

/// Bytes of a frame without floating-point registers.
pub(super) const BASIC_BYTES: u32 = 0x20;
/// Bytes of a frame with S0 to S15, FPSCR and one word reserved.
pub(super) const EXTENDED_BYTES: u32 = 0x68;
/// xPSR in a frame: a word of padding lies above it.
pub(super) const PADDED: u32 = 1 << 9;
/// xPSR in a frame of Armv8-M: CONTROL.SFPA.
const SFPA: u32 = 1 << 20;

impl Core {
    /// The core starts at the reset vector. A vector table that cannot be read locks it up.
    pub(in crate::core) fn take_reset(&mut self) {
        let table = self.system.scb.vector_table;
        let words = (self.memory.word(table), self.memory.word(table.wrapping_add(4)));
        self.registers = Registers::new();
        let (Some(sp), Some(start)) = words else {
            self.lock_up();
            return;
        };
        self.registers.r[13] = sp & !3;
        self.registers.pc = start & !1;
        self.registers.thumb = start & 1 != 0;
        self.note_sp();
    }

    /// Enters an exception that is pending and pre-empts, or another that outranks it by now: writes the frame, reads the
    /// vector.
    pub(super) fn enter(&mut self, exception: u16) {
        let link = self.exception_link();
        self.charge(timing::entry(&self.profile, self.writes_fp_frame()));
        if let Err(fault) = self.push_frame()
            && self.pend_fault(fault).is_none()
        {
            return;
        }
        let foremost = self.system.nvic.foremost().unwrap_or(exception);
        self.exception_taken(foremost, link);
    }

    /// EXC_RETURN for the present state: DDI 0403E table B1-9, DDI 0553B B3.17.
    fn exception_link(&self) -> u32 {
        let registers = &self.registers;
        let base = if self.profile.is_v8() && !self.system.secure {
            0xffff_ffa0
        } else {
            0xffff_ffe1
        };
        base | u32::from(!registers.fp_active) << 4
            | u32::from(registers.ipsr == 0) << 3
            | u32::from(registers.psp_in_use) << 2
    }

    /// Whether the entry writes floating-point registers at once.
    fn writes_fp_frame(&self) -> bool {
        self.registers.fp_active && self.system.fpu.control & LSPEN == 0
    }

    /// Writes the frame of the pre-empted code on its stack. Where that faults the stack pointer has moved nevertheless; on
    /// Armv8-M one that would pass its limit becomes the limit, and nothing is written.
    fn push_frame(&mut self) -> Result<(), Fault> {
        let extended = self.registers.fp_active;
        let aligned = extended || self.system.scb.aligns_frames();
        let bytes = if extended { EXTENDED_BYTES } else { BASIC_BYTES };
        let sp = self.registers.r[13];
        let padded = aligned && sp & 4 != 0;
        let frame = sp.wrapping_sub(bytes) & if aligned { !4 } else { !0 };
        let limit = self.registers.sp_limits[usize::from(self.registers.psp_in_use)];
        if self.profile.is_v8() && frame < limit {
            self.registers.r[13] = limit;
            self.note_sp();
            return Err(Fault::StackLimit);
        }
        self.registers.r[13] = frame;
        self.note_sp();
        for (offset, word) in (0..).step_by(4).zip(self.basic_frame(padded)) {
            self.stack_word(frame.wrapping_add(offset), word)?;
        }
        if extended {
            self.push_fp(frame.wrapping_add(BASIC_BYTES))?;
        }
        Ok(())
    }

    /// R0 to R3, R12, LR, the return address and xPSR.
    fn basic_frame(&self, padded: bool) -> [u32; 8] {
        let registers = &self.registers;
        let r = &registers.r;
        let in_use = registers.fp_active && self.is_secure();
        let xpsr = registers.xpsr() | if padded { PADDED } else { 0 } | if in_use { SFPA } else { 0 };
        [r[0], r[1], r[2], r[3], r[12], r[14], registers.pc, xpsr]
    }

    /// Writes the floating-point part of a frame, or reserves it for the first floating-point instruction to come.
    fn push_fp(&mut self, address: u32) -> Result<(), Fault> {
        let privileged = self.registers.privileged();
        if !self.writes_fp_frame() {
            self.reserve_fp(address);
            return Ok(());
        }
        if !self.system.fpu.allows(privileged) {
            return Err(Fault::NoCoprocessor);
        }
        for (offset, word) in (0..).step_by(4).zip(self.fp_frame()) {
            self.stack_word(address.wrapping_add(offset), word)?;
        }
        Ok(())
    }

    /// S0 to S15 and FPSCR.
    pub(super) fn fp_frame(&self) -> [u32; 17] {
        let registers = &self.registers;
        std::array::from_fn(|i| if i == 16 { registers.fpscr } else { registers.s[i] })
    }

    /// Notes where the floating-point part lies and which faults could be taken now (DDI 0403E B1.5.7, UpdateFPCCR).
    fn reserve_fp(&mut self, address: u32) {
        let running = self.execution_priority();
        let system = &self.system;
        let ready = |exception| system.enabled(exception) && system.nvic.priority(exception) < running;
        let reserved = Reserved {
            address,
            user: !self.registers.privileged(),
            thread: self.registers.ipsr == 0,
            hard_fault: running > -1,
            mem_manage: ready(number::MEM_MANAGE),
            bus_fault: ready(number::BUS_FAULT),
            usage_fault: ready(number::USAGE_FAULT),
            debug_monitor: ready(number::DEBUG_MONITOR),
        };
        self.system.fpu.reserve(reserved);
    }

    fn stack_word(&mut self, address: u32, word: u32) -> Result<(), Fault> {
        let system = &self.system;
        if system.mpu_on && !system.permits(address, true, false, self.registers.privileged(), system.is_high()) {
            return Err(Fault::StackingProtection);
        }
        let stored = self.memory.store(address, word.to_le_bytes());
        stored.ok_or(Fault::StackingBus)
    }

    /// Starts the handler of a pending exception; the frame of what it interrupts is already written. `link` goes into LR.
    pub(super) fn exception_taken(&mut self, exception: u16, link: u32) {
        let entry = self.system.scb.vector_table.wrapping_add(4 * u32::from(exception));
        let Some(vector) = self.memory.word(entry) else {
            self.vector_unread(exception, link);
            return;
        };
        self.registers.use_sp(false);
        let registers = &mut self.registers;
        registers.r[14] = link;
        registers.pc = vector & !1;
        registers.thumb = vector & 1 != 0;
        registers.it = 0;
        registers.ipsr = exception;
        registers.fp_active = false;
        registers.exclusive = None;
        self.system.nvic.activate(exception);
        self.system.current = exception;
        (self.system.event, self.system.attention, self.system.fp_ready) = (true, true, false);
        self.sleep = None;
        self.note_priority();
    }

    /// The vector of an exception cannot be read: HardFault, and lockup if it was HardFault or NMI.
    fn vector_unread(&mut self, exception: u16, link: u32) {
        if self.system.nvic.priority(exception) <= -1 {
            self.lock_up();
        } else if let Some(hard_fault) = self.pend_fault(Fault::VectorTable) {
            self.exception_taken(hard_fault, link);
        }
    }
}
