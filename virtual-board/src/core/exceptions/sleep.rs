//! WFI, WFE and SEV, and what ends a sleep.
//!
//! Armv7-M ARM (DDI 0403E) B1.5.17 to B1.5.19.

use crate::core::Core;

/// What a sleeping core waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// WFI, or SLEEPONEXIT: an exception that would pre-empt if PRIMASK were 0.
    Interrupt,
    /// WFE: the event register.
    Event,
}

/// A core's sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sleep {
    /// What ends it.
    pub wait: Wait,
    /// SCR.SLEEPDEEP was set as it began.
    pub deep: bool,
}

impl Core {
    /// The sleep that the core is in.
    #[must_use]
    pub fn asleep(&self) -> Option<Sleep> {
        self.sleep
    }

    /// Sets the event register: SEV, or the chip's event line.
    pub fn event(&mut self) {
        self.system.event = true;
        self.system.attention = true;
    }

    /// WFI. The program counter is already behind it. Whether there is anything to sleep for is found by
    /// [`Core::take_exceptions`], which has to be called before the run ends.
    pub(in crate::core) fn wait_for_interrupt(&mut self) {
        self.fall_asleep(Wait::Interrupt);
    }

    /// WFE. Where the event register is set it is cleared, and the core goes on.
    pub(in crate::core) fn wait_for_event(&mut self) {
        if !std::mem::take(&mut self.system.event) {
            self.fall_asleep(Wait::Event);
        }
    }

    pub(super) fn fall_asleep(&mut self, wait: Wait) {
        let deep = self.system.scb.sleep_deep();
        self.sleep = Some(Sleep { wait, deep });
        self.system.attention = true;
    }

    /// Ends the sleep where its reason is there. An exception that is really taken wakes either way, by its entry.
    pub(super) fn wake_if_due(&mut self) {
        let wakes = match self.sleep {
            None => return,
            Some(Sleep { wait: Wait::Event, .. }) => std::mem::take(&mut self.system.event),
            Some(_) => self.system.nvic.preempting(self.priority_without_primask()).is_some(),
        };
        if wakes {
            self.sleep = None;
        }
    }
}
