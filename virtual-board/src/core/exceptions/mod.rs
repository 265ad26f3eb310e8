//! Exceptions: priorities, entry and return, faults, sleep.
//!
//! Armv7-M ARM (DDI 0403E) B1.5; Armv6-M ARM (DDI 0419E) B1.5; Armv8-M ARM (DDI 0553B) B3. Entry and return happen between two
//! instructions: whatever is pending by then takes part in the choice, which is what late arrival and tail chaining amount to.

mod entry;
mod faults;
mod lazy;
mod leave;
mod sleep;
mod timing;

pub use faults::Fault;

use super::Core;

impl Core {
    /// The execution priority: that of the active exceptions, boosted by PRIMASK, FAULTMASK and BASEPRI (DDI 0403E B1.5.4).
    pub(super) fn execution_priority(&self) -> i16 {
        let unmasked = self.priority_without_primask();
        if self.registers.primask {
            unmasked.min(0)
        } else {
            unmasked
        }
    }

    /// The same with PRIMASK taken for 0, as WFI compares.
    fn priority_without_primask(&self) -> i16 {
        let (registers, nvic) = (&self.registers, &self.system.nvic);
        let mut priority = nvic.active_priority();
        if registers.basepri != 0 {
            priority = priority.min(nvic.group_priority(registers.basepri.into()));
        }
        if registers.faultmask {
            priority.min(-1)
        } else {
            priority
        }
    }

    /// The execution priority may have become negative, or be it no longer.
    pub(super) fn note_priority(&mut self) {
        let high = self.execution_priority() < 0;
        self.system.set_high(high);
    }

    /// What has to be done before the next instruction when [`System::attention`](super::System) is set: enters the exception
    /// that pre-empts, if one does; else wakes a core that sleeps, if there is a reason; else faults where the Thumb bit is
    /// clear. The program counter is the return address.
    pub(super) fn take_exceptions(&mut self) {
        self.system.attention = false;
        if let Some(exception) = self.system.nvic.preempting(self.execution_priority()) {
            self.enter(exception);
            return;
        }
        self.wake_if_due();
        if self.sleep.is_none() && !self.registers.thumb {
            self.fault(Fault::InvalidState);
        }
    }
}

#[cfg(test)]
mod tests;
