//! Why the chip was reset: the flags in RCC_CSR (RM0351 and RM0456, chapter RCC), which are the same in both families.

use crate::event::ResetCause;

/// RMVF: writing it clears every cause.
pub(in crate::soc) const RMVF: u32 = 1 << 23;
/// Every cause of a reset.
pub(in crate::soc) const ALL: u32 = 0xff << 24;
const PIN: u32 = 1 << 26;
const BROWN_OUT: u32 = 1 << 27;
const SOFTWARE: u32 = 1 << 28;
const WATCHDOG: u32 = 1 << 29;

/// The causes that are remembered, by their bits.
#[derive(Debug, Clone, Copy)]
pub(in crate::soc) struct Causes(u32);

impl Causes {
    /// After power-on.
    pub(in crate::soc) const fn power_on() -> Self {
        Self(PIN | BROWN_OUT)
    }

    /// The same with one more. Each reset pulls the pin.
    pub(in crate::soc) const fn and(self, cause: ResetCause) -> Self {
        let cause = match cause {
            ResetCause::Watchdog => WATCHDOG,
            // The core's lockup output resets nothing here.
            ResetCause::Software | ResetCause::Lockup => SOFTWARE,
        };
        Self(self.0 | cause | PIN)
    }

    pub(in crate::soc) const fn bits(self) -> u32 {
        self.0
    }

    /// What a write to CSR does to them.
    pub(in crate::soc) const fn write(&mut self, value: u32) {
        if value & RMVF != 0 {
            self.0 = 0;
        }
    }
}
