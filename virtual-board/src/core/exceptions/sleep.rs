//! WFI, WFE and SEV, and what ends a sleep.
//!
//! Armv7-M ARM (DDI 0403E) B1.5.17 to B1.5.19.

use crate::core::{Core, Sleep};

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
        self.fall_asleep(Sleep::UntilInterrupt);
    }

    /// WFE. Where the event register is set it is cleared, and the core goes on.
    pub(in crate::core) fn wait_for_event(&mut self) {
        if !std::mem::take(&mut self.system.event) {
            self.fall_asleep(Sleep::UntilEvent);
        }
    }

    pub(super) fn fall_asleep(&mut self, sleep: Sleep) {
        self.sleep = Some(sleep);
        self.system.attention = true;
    }

    /// Ends the sleep where its reason is there. An exception that is really taken wakes either way, by its entry.
    pub(super) fn wake_if_due(&mut self) {
        let wakes = match self.sleep {
            None => return,
            Some(Sleep::UntilEvent) => std::mem::take(&mut self.system.event),
            Some(Sleep::UntilInterrupt) => self.wakes(),
        };
        if wakes {
            self.sleep = None;
        }
    }

    /// Whether an exception is pending that would be taken but for PRIMASK.
    fn wakes(&self) -> bool {
        self.system.nvic.preempting(self.priority_without_primask()).is_some()
    }
}
