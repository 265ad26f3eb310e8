//! Faults: what they leave in the status registers, which exception they become, and lockup.
//!
//! Armv7-M ARM (DDI 0403E) B1.5.14, B1.5.15 and B3.2.15 to B3.2.19; Armv6-M ARM (DDI 0419E) B1.5.10: there, every fault is
//! HardFault.

use crate::core::{
    Core, Stop,
    system::{DFSR_BKPT, cfsr, hfsr, number},
};

/// Something that an instruction, or the entry to or return from an exception, must not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// An instruction that the architecture calls UNDEFINED.
    Undefined,
    /// The Thumb bit is clear.
    InvalidState,
    /// A return from an exception with an EXC_RETURN or a frame that does not fit.
    InvalidReturn,
    /// An instruction of a coprocessor that is off or absent, the floating-point unit among them.
    NoCoprocessor,
    /// An unaligned access where none may be.
    Unaligned,
    /// A division by zero while CCR.DIV_0_TRP is set.
    DivideByZero,
    /// The stack pointer passed its limit (Armv8-M).
    StackLimit,
    /// A load or store that nothing answers.
    BusData {
        /// Its address.
        address: u32,
    },
    /// A fetch that nothing answers.
    BusFetch {
        /// The instruction's address.
        address: u32,
    },
    /// An access that the protection unit refuses, or a fetch that the default map refuses.
    Protection {
        /// Its address.
        address: u32,
        /// It was a fetch.
        fetch: bool,
    },
    /// A frame was to be written where nothing answers.
    StackingBus,
    /// The protection unit refused a write of a frame.
    StackingProtection,
    /// A frame was to be read where nothing answers.
    UnstackingBus,
    /// The protection unit refused a read of a frame.
    UnstackingProtection,
    /// Floating-point registers were to be written lazily where nothing answers.
    LazyBus,
    /// The protection unit refused a lazy write of floating-point registers.
    LazyProtection,
    /// The vector table could not be read.
    VectorTable,
    /// BKPT without a debugger.
    Breakpoint,
}

impl Fault {
    /// The exception that it becomes if that is enabled and its priority suffices, and its bits of CFSR.
    const fn exception(self) -> (u16, u32) {
        use number::{BUS_FAULT, HARD_FAULT, MEM_MANAGE, USAGE_FAULT};
        match self {
            Self::Undefined => (USAGE_FAULT, cfsr::UNDEFINSTR),
            Self::InvalidState => (USAGE_FAULT, cfsr::INVSTATE),
            Self::InvalidReturn => (USAGE_FAULT, cfsr::INVPC),
            Self::NoCoprocessor => (USAGE_FAULT, cfsr::NOCP),
            Self::Unaligned => (USAGE_FAULT, cfsr::UNALIGNED),
            Self::DivideByZero => (USAGE_FAULT, cfsr::DIVBYZERO),
            Self::StackLimit => (USAGE_FAULT, cfsr::STKOF),
            Self::BusData { .. } => (BUS_FAULT, cfsr::PRECISERR | cfsr::BFARVALID),
            Self::BusFetch { .. } => (BUS_FAULT, cfsr::IBUSERR),
            Self::StackingBus => (BUS_FAULT, cfsr::STKERR),
            Self::UnstackingBus => (BUS_FAULT, cfsr::UNSTKERR),
            Self::LazyBus => (BUS_FAULT, cfsr::LSPERR),
            Self::Protection { fetch: true, .. } => (MEM_MANAGE, cfsr::IACCVIOL),
            Self::Protection { fetch: false, .. } => (MEM_MANAGE, cfsr::DACCVIOL | cfsr::MMARVALID),
            Self::StackingProtection => (MEM_MANAGE, cfsr::MSTKERR),
            Self::UnstackingProtection => (MEM_MANAGE, cfsr::MUNSTKERR),
            Self::LazyProtection => (MEM_MANAGE, cfsr::MLSPERR),
            Self::VectorTable | Self::Breakpoint => (HARD_FAULT, 0),
        }
    }
}

impl Core {
    /// Enters the exception that a fault of an instruction becomes, or locks up. The program counter must be the address of
    /// that instruction, and the IT state what it was before it: both go into the frame.
    pub(in crate::core) fn fault(&mut self, fault: Fault) {
        if let Some(exception) = self.pend_fault(fault) {
            self.enter(exception);
        }
    }

    /// SVC. The program counter is already behind it. Where SVCall's priority does not suffice, it is a HardFault.
    pub(in crate::core) fn supervisor_call(&mut self) {
        if let Some(exception) = self.pend_or_escalate(number::SV_CALL) {
            self.enter(exception);
        }
    }

    /// Notes the cause of a fault and makes its exception pending, or HardFault. None where not even that can be taken: the
    /// core is locked up.
    pub(super) fn pend_fault(&mut self, fault: Fault) -> Option<u16> {
        let (exception, status) = fault.exception();
        let monitored = fault == Fault::Breakpoint && self.system.enabled(number::DEBUG_MONITOR);
        let scb = &mut self.system.scb;
        scb.cfsr |= status;
        match fault {
            Fault::BusData { address } => scb.bfar = address,
            Fault::Protection { address, fetch: false } => scb.mmfar = address,
            Fault::VectorTable => scb.hfsr |= hfsr::VECTTBL,
            Fault::Breakpoint => {
                scb.dfsr |= DFSR_BKPT;
                scb.hfsr |= if monitored { 0 } else { hfsr::DEBUGEVT };
            }
            _ => {}
        }
        self.pend_or_escalate(if monitored { number::DEBUG_MONITOR } else { exception })
    }

    /// Makes an exception pending that an instruction has raised. Where it is disabled, or its priority does not suffice, it is
    /// HardFault; where that does not suffice either, the core locks up and there is none.
    fn pend_or_escalate(&mut self, exception: u16) -> Option<u16> {
        let running = self.execution_priority();
        let nvic = &self.system.nvic;
        let suffices = nvic.group_priority(nvic.priority(exception)) < running;
        let taken = if suffices && self.system.enabled(exception) {
            exception
        } else if running <= -1 {
            self.lock_up();
            return None;
        } else {
            self.system.scb.hfsr |= hfsr::FORCED;
            number::HARD_FAULT
        };
        self.system.pend(taken);
        Some(taken)
    }

    /// The core can go on no more.
    pub(super) fn lock_up(&mut self) {
        let pc = self.registers.pc;
        self.stop = Some(Stop::Lockup { pc });
    }
}
