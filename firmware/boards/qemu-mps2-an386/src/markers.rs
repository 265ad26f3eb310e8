//! The marker pins: the motherboard's LEDs, whose changes the emulator can trace (`-trace led_change_intensity`).

use crate::sys;
use core::convert::Infallible;
use embedded_hal::digital::{ErrorType, OutputPin};

/// An LED as an output pin, high when lit.
pub struct LedPin(pub sys::Led);

impl ErrorType for LedPin {
    type Error = Infallible;
}

impl OutputPin for LedPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.set(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.set(true);
        Ok(())
    }
}
