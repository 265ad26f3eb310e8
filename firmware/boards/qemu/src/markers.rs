//! The marker pins: LEDs of the board, whose changes the emulator can trace (`-trace led_change_intensity`).

use crate::sys::Led;
use app::Markers;
use core::convert::Infallible;
use embedded_hal::digital::{ErrorType, OutputPin};

/// An LED as an output pin, high when lit.
pub struct LedPin(Led);

/// SEQ, AWAKE and UPDATE.
pub fn markers(leds: [Led; 3]) -> Markers<LedPin, LedPin, LedPin> {
    let [seq, awake, update] = leds.map(LedPin);
    Markers { seq, awake, update }
}

/// The pin of `classify`, which marks nothing else: the first LED.
pub fn decision(leds: [Led; 3]) -> LedPin {
    let [first, ..] = leds;
    LedPin(first)
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
