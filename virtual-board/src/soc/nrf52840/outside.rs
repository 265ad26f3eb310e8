//! What is around the chip: parts, pins that something else drives, a probe's view of UICR, and faults on purpose.

use super::{Ficr, Nrf52840, gpio};
use crate::{
    bus::Refused,
    part::I2cPart,
    soc::wires::{I2cBus, Wiring, between},
    time::Time,
};

impl Nrf52840 {
    /// Another chip of its kind: what the factory wrote into it.
    pub fn set_ficr(&mut self, ficr: Ficr) {
        self.ficr = ficr;
    }

    /// Puts a word of UICR, at its offset, as a probe does before the run.
    ///
    /// # Errors
    /// UICR has no word there that the model knows.
    pub fn put_uicr(&mut self, offset: u32, value: u32) -> Result<(), Refused> {
        self.uicr.put(offset, value)
    }

    /// A word of UICR, at its offset.
    ///
    /// # Errors
    /// UICR has no word there that the model knows.
    pub fn uicr(&self, offset: u32) -> Result<u32, Refused> {
        self.uicr.read(offset)
    }

    /// The bus between a pair of pins, for parts and faults. There is one as soon as somebody asks; its pull-ups are as told first.
    pub fn bus(&mut self, wiring: Wiring) -> &mut I2cBus {
        between(&mut self.buses, wiring)
    }

    /// Something outside the chip drives a pin such as "P0.11" to a level, or lets go of it; whether there is such a pin.
    pub fn drive_pin(&mut self, name: &str, level: Option<bool>, now: Time) -> bool {
        let Some(pin) = gpio::pin(name) else {
            return false;
        };
        self.gpio.drive_from_outside(pin, level);
        self.gpio.settle(&self.buses, now, None, &mut self.events);
        true
    }

    /// The level of a pin such as "P0.26"; none where there is no such pin. Between the bits of a transfer, a bus reads as
    /// idle.
    #[must_use]
    pub fn pin_level(&self, name: &str, now: Time) -> Option<bool> {
        gpio::pin(name).map(|pin| self.gpio.level(pin, &self.buses, now))
    }

    /// Every part on every bus, for what they draw from the supply.
    pub fn parts(&self) -> impl Iterator<Item = &dyn I2cPart> {
        self.buses.iter().flat_map(I2cBus::parts)
    }
}
