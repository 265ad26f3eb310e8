//! Models of sensors at register level, as a bus controller meets them, and the physical world that they sense.

use crate::{event::Events, time::Time};

/// A part on an I2C bus. The controller calls these in the order of what happens on the wires; `now` is the end of the byte or
/// condition that is meant.
pub trait I2cPart {
    /// Its address, 7 bits.
    fn address(&self) -> u8;

    /// A start or repeated start with its address; whether it acknowledges.
    fn start(&mut self, read: bool, now: Time, events: &mut Events) -> bool;

    /// The controller sends a byte; whether the part acknowledges.
    fn write(&mut self, byte: u8, now: Time, events: &mut Events) -> bool;

    /// The controller receives a byte.
    fn read(&mut self, now: Time, events: &mut Events) -> u8;

    /// A stop.
    fn stop(&mut self, now: Time, events: &mut Events);

    /// Whether the part holds SDA low, so that nobody can begin a transfer.
    fn holds_sda(&self, now: Time) -> bool {
        let _ = now;
        false
    }

    /// A clock pulse on SCL without a transfer, as a program makes to free the bus.
    fn clock_pulse(&mut self, now: Time) {
        let _ = now;
    }
}

/// A part on an SPI bus with its own select line.
pub trait SpiPart {
    /// The select line goes low (true) or high.
    fn select(&mut self, selected: bool, now: Time, events: &mut Events);

    /// A byte goes both ways.
    fn exchange(&mut self, byte: u8, now: Time, events: &mut Events) -> u8;
}

/// What there is to sense.
pub trait World {
    /// Acceleration along x, y, z in g.
    fn acceleration_g(&self, at: Time) -> [f32; 3];

    /// Angular rate about x, y, z in rad/s.
    fn rate_rad_s(&self, at: Time) -> [f32; 3];
}
