//! The system control space of a core, from 0xe000_0000 to 0xe00f_ffff: interrupt controller, system control block, SysTick,
//! protection unit, cycle counter.
//!
//! A register that no model here knows is refused as [`Refused::Unknown`], and so is a value of which the manual says nothing
//! or which no model follows: the run ends and names the address.

mod dwt;
mod fpu_regs;
mod mpu;
mod nvic;
mod scb;
mod set;
mod systick;

pub(super) use fpu_regs::{ASPEN, DEFAULTS_MASK, HFRDY, LSPACT, LSPEN, Reserved, USER};
pub(super) use nvic::number;
pub(super) use scb::{DFSR_BKPT, cfsr, hfsr};

use self::{
    dwt::Dwt,
    fpu_regs::FpuRegisters,
    mpu::{Check, Mpu},
    nvic::Nvic,
    scb::Scb,
    set::Set,
    systick::SysTick,
};
use super::profile::Profile;
use crate::{
    bus::{Lines, Refused, Width},
    time::Time,
};

/// When and by whom a register is accessed.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The instant.
    pub now: Time,
    /// The cycles that the core has been awake for, as DWT_CYCCNT counts them.
    pub cycles: u64,
    /// Privileged code makes the access.
    pub privileged: bool,
}

/// The state behind the system control space.
#[derive(Debug, Clone)]
pub struct System {
    /// The memory protection unit has to be asked about accesses at the present priority.
    pub mpu_on: bool,
    /// An exception may be due, or something that a sleeping core waits for: look before the next instruction.
    pub attention: bool,
    /// AIRCR.SYSRESETREQ was written.
    pub reset_request: bool,
    /// The event register of WFE and SEV.
    pub event: bool,
    /// Floating-point instructions may go on without asking: access is granted, no frame is to be written first, and
    /// CONTROL.FPCA says what it must.
    pub fp_ready: bool,
    /// The one security state of an Armv8-M core is Secure.
    pub(super) secure: bool,
    /// The exception that is handled, for ICSR.VECTACTIVE.
    pub(super) current: u16,
    /// The execution priority is negative.
    high: bool,
    main: bool,
    pub(super) nvic: Nvic,
    pub(super) scb: Scb,
    pub(super) fpu: FpuRegisters,
    systick: SysTick,
    mpu: Mpu,
    dwt: Dwt,
}

impl System {
    /// The state after power-on.
    #[must_use]
    pub fn new(profile: &Profile) -> Self {
        Self {
            mpu_on: false,
            attention: false,
            reset_request: false,
            event: false,
            fp_ready: false,
            secure: profile.is_v8(),
            current: 0,
            high: false,
            main: profile.is_main(),
            nvic: Nvic::new(profile),
            scb: Scb::new(profile),
            fpu: FpuRegisters::new(profile),
            systick: SysTick::new(),
            mpu: Mpu::new(profile),
            dwt: Dwt::new(profile),
        }
    }

    /// A reset of the system. The clocks of SysTick and a debugger stay as they are; lines count as low until they are handed
    /// over again.
    pub fn reset(&mut self) {
        self.nvic.reset();
        self.scb.reset();
        self.fpu.reset();
        self.systick.reset();
        self.mpu.reset();
        self.dwt.reset();
        (self.mpu_on, self.reset_request, self.event, self.fp_ready) = (false, false, false, false);
        (self.current, self.high, self.attention) = (0, false, true);
    }

    /// CPUID, where a chip has another revision of the core than the profile.
    pub fn set_cpuid(&mut self, cpuid: u32) {
        self.scb.cpuid = cpuid;
    }

    /// The one security state of an Armv8-M core: Secure, as on a chip with the Security Extension whose program never leaves
    /// that state and as after [`System::new`], or the state of a core without the extension. It shows in EXC_RETURN, in
    /// CONTROL.SFPA and in FPCCR.S. No effect on other cores.
    pub fn set_secure(&mut self, secure: bool) {
        self.secure = secure;
        self.fpu.set_secure(secure);
    }

    /// Whether a debugger is attached to the core, as DHCSR.C_DEBUGEN tells the program.
    pub fn set_debugger_attached(&mut self, attached: bool) {
        self.dwt.debugger_attached = attached;
    }

    /// The clocks that SysTick counts from `now` on: the processor's, 0 Hz where it stands still, and the reference clock where
    /// the chip has one.
    pub fn set_systick_clocks(&mut self, processor_hz: u64, reference_hz: Option<u64>, now: Time) {
        self.advance(now);
        self.systick.set_clocks(processor_hz, reference_hz, now);
    }

    /// SYST_CALIB but for NOREF: TENMS and SKEW of the chip.
    pub fn set_systick_calibration(&mut self, calibration: u32) {
        self.systick.calibration = calibration;
    }

    /// The levels of the interrupt lines. A line that rises makes its interrupt pending, also while it is active; one that is
    /// still high when its handler returns makes it pending again.
    pub fn set_lines(&mut self, lines: Lines) {
        if self.nvic.set_level(Set::from_lines(lines)) {
            self.newly_pending();
        }
    }

    /// Makes an exception of the core pending.
    pub(super) fn pend(&mut self, exception: u16) {
        if self.nvic.pend(exception) {
            self.newly_pending();
        }
    }

    /// An exception has become pending: look, and take it for an event where SEVONPEND says so (DDI 0403E B1.5.18).
    pub(super) fn newly_pending(&mut self) {
        self.attention = true;
        self.event |= self.scb.event_on_pending();
    }

    /// Whether an access is allowed: by privileged code or not, and with `high` by code of a negative priority, which is NMI,
    /// HardFault or under FAULTMASK. Also without a protection unit the default map does not let peripherals be executed.
    #[must_use]
    pub fn permits(&self, address: u32, write: bool, execute: bool, privileged: bool, high: bool) -> bool {
        let check = Check {
            address,
            write,
            execute,
            privileged,
        };
        self.mpu.permits(check, high)
    }

    /// The first and the last address around this one for which [`System::permits`] gives the same answers, whatever the access,
    /// as long as no register of this space is written.
    #[must_use]
    pub fn uniform(&self, address: u32) -> (u32, u32) {
        self.mpu.uniform(address)
    }

    /// SCR.SLEEPDEEP: the chip may sleep deeply.
    #[must_use]
    pub fn sleeps_deeply(&self) -> bool {
        self.scb.sleeps_deeply()
    }

    /// CCR.UNALIGN_TRP: every unaligned access is a fault.
    #[must_use]
    pub fn traps_unaligned(&self) -> bool {
        self.scb.traps_unaligned()
    }

    /// CCR.DIV_0_TRP: a division by zero is a fault.
    #[must_use]
    pub fn traps_division(&self) -> bool {
        self.scb.traps_division_by_zero()
    }

    /// The address of the vector table.
    #[must_use]
    pub fn vector_table(&self) -> u32 {
        self.scb.vector_table
    }

    /// The execution priority has become negative, or is it no longer.
    pub(super) fn set_high(&mut self, high: bool) {
        self.high = high;
        self.mpu_on = self.mpu.in_force(high);
    }

    /// Whether the execution priority is negative.
    pub(super) fn is_high(&self) -> bool {
        self.high
    }

    /// When a timer of the core acts next.
    #[must_use]
    pub fn due(&self) -> Time {
        self.systick.due()
    }

    /// Brings the core's timers up to `now`.
    pub fn advance(&mut self, now: Time) {
        if self.systick.advance(now) {
            self.pend(number::SYS_TICK);
        }
    }

    /// Whether UsageFault, BusFault, MemManage and DebugMonitor are enabled; other exceptions of the core always are.
    pub(super) fn enabled(&self, exception: u16) -> bool {
        self.nvic.enabled.contains(exception)
    }

    /// Reads a register, of 0xe000_0000 to 0xe00f_ffff.
    ///
    /// # Errors
    /// Unprivileged code gets a bus fault; a register that no model knows, or not with this width, ends the run.
    pub fn read(&mut self, address: u32, width: Width, at: Moment) -> Result<u32, Refused> {
        if !at.privileged {
            return Err(Refused::Fault);
        }
        let word = self.word_of(address, width)?;
        let value = self.read_word(word, at).ok_or(Refused::Unknown)?;
        Ok(match width {
            Width::Word => value,
            Width::Half => value >> (8 * (address & 3)) & 0xffff,
            Width::Byte => value >> (8 * (address & 3)) & 0xff,
        })
    }

    /// Writes a register, of 0xe000_0000 to 0xe00f_ffff.
    ///
    /// # Errors
    /// As for [`System::read`]; also a value that no model follows ends the run.
    pub fn write(&mut self, address: u32, width: Width, value: u32, at: Moment) -> Result<(), Refused> {
        /// STIR, the one register that unprivileged code may be given.
        const STIR: u32 = 0xe000_ef00;
        let may_write = at.privileged || address == STIR && self.scb.user_may_trigger();
        if !may_write {
            return Err(Refused::Fault);
        }
        let word = self.word_of(address, width)?;
        let value = self.merged(word, address, width, value).ok_or(Refused::Unknown)?;
        self.attention = true;
        self.write_word(word, value, at).ok_or(Refused::Unknown)
    }

    /// The address of the register that an access touches. Bytes and halfwords reach priorities and fault status only, and
    /// nothing on Armv6-M (DDI 0403E B3.1.1, DDI 0419E B3.1).
    fn word_of(&self, address: u32, width: Width) -> Result<u32, Refused> {
        let word = address & !3;
        let divisible = matches!(word, 0xe000_e400..=0xe000_e5ec | 0xe000_ed18..=0xe000_ed20 | 0xe000_ed28);
        let fits = width == Width::Word || self.main && divisible;
        if fits && address.is_multiple_of(width.bytes()) {
            Ok(word)
        } else {
            Err(Refused::Unknown)
        }
    }

    /// The word to write for a byte or a halfword: the others of a priority register stay, those of CFSR are not cleared.
    fn merged(&self, word: u32, address: u32, width: Width, value: u32) -> Option<u32> {
        let mask = match width {
            Width::Word => return Some(value),
            Width::Half => 0xffff,
            Width::Byte => 0xff,
        };
        let shift = 8 * (address & 3);
        let old = match word {
            0xe000_ed28 => 0,
            0xe000_ed18..=0xe000_ed20 => self.nvic.priority_word(handler_priorities(word)),
            _ => self.nvic.read(word)?,
        };
        Some(old & !(mask << shift) | (value & mask) << shift)
    }

    fn read_word(&mut self, address: u32, at: Moment) -> Option<u32> {
        match address {
            0xe000_1000..=0xe000_1fff | 0xe000_edf0..=0xe000_edfc => self.dwt.read(address, at.cycles),
            0xe000_e004 if self.main => Some(self.nvic.controller_type()),
            0xe000_e010..=0xe000_e01c => {
                self.advance(at.now);
                self.systick.read(address)
            }
            0xe000_e100..=0xe000_e5ec => self.nvic.read(address),
            0xe000_ed04 => {
                self.advance(at.now);
                Some(self.interrupt_state())
            }
            0xe000_ed0c => Some(0xfa05_0000 | u32::from(self.nvic.group) << 8),
            0xe000_ed18 if !self.main => None,
            0xe000_ed18..=0xe000_ed20 => Some(self.nvic.priority_word(handler_priorities(address))),
            0xe000_ed24 if self.main => Some(self.handler_state()),
            0xe000_ed88 if self.main => Some(self.fpu.read_access()),
            0xe000_ed90..=0xe000_edc4 => self.mpu.read(address),
            0xe000_ef34..=0xe000_ef48 => self.fpu.read(address),
            _ => self.scb.read(address),
        }
    }

    fn write_word(&mut self, address: u32, value: u32, at: Moment) -> Option<()> {
        match address {
            0xe000_1000..=0xe000_1fff | 0xe000_edf0..=0xe000_edfc => {
                self.dwt.write(address, value, at.cycles)?;
                let enabled = self.dwt.monitor_enabled();
                self.nvic.enabled.put(number::DEBUG_MONITOR, enabled);
            }
            0xe000_e010..=0xe000_e01c => {
                self.advance(at.now);
                self.systick.write(address, value, at.now)?;
            }
            0xe000_e100..=0xe000_e5ec => {
                if self.nvic.write(address, value)? {
                    self.newly_pending();
                }
            }
            0xe000_ed04 => {
                self.advance(at.now);
                self.change_pending(value);
            }
            0xe000_ed0c => return self.write_aircr(value),
            0xe000_ed18 if !self.main => return None,
            0xe000_ed18..=0xe000_ed20 => self.write_handler_priorities(address, value),
            0xe000_ed24 if self.main => return self.write_handler_state(value),
            0xe000_ed88 if self.main => {
                self.fp_ready = false;
                return self.fpu.write_access(value);
            }
            0xe000_ed90..=0xe000_edc4 => {
                self.mpu.write(address, value)?;
                self.mpu_on = self.mpu.in_force(self.high);
            }
            0xe000_ef00 if self.main => {
                if self.nvic.trigger((value & 0x1ff) as u16)? {
                    self.newly_pending();
                }
            }
            0xe000_ef34..=0xe000_ef48 => {
                self.fp_ready = false;
                return self.fpu.write(address, value);
            }
            _ => return self.scb.write(address, value),
        }
        Some(())
    }
}

/// The first of the four exceptions whose priorities SHPR1, SHPR2 or SHPR3 holds.
fn handler_priorities(address: u32) -> u16 {
    4 + (address - 0xe000_ed18) as u16
}

mod states;

#[cfg(test)]
mod tests;
