//! The marker pins: LEDs of the board, whose changes the emulator can trace (`-trace led_change_intensity`).

pub use crate::sys::Led;
use app::Markers;
use core::convert::Infallible;
use embedded_hal::digital::{ErrorType, OutputPin};

/// An LED as an output pin, high when lit.
pub struct LedPin(Led);

/// SEQ, AWAKE and UPDATE; and the pin of a decision.
pub fn markers(leds: [Led; 4]) -> (Markers<LedPin, LedPin, LedPin>, LedPin) {
    let [seq, awake, update, decision] = leds.map(LedPin);
    (Markers { seq, awake, update }, decision)
}

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
