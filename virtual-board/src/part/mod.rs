//! Models of sensors at register level, as a bus controller meets them, and the physical world that they sense.

mod adxl362;
mod faulty;
mod grid;
mod lis3dh;
mod lsm6ds;
mod outputs;
mod registers;
#[cfg(test)]
mod wires;
mod world;

pub use adxl362::Adxl362;
pub use faulty::{Faults, Faulty, HeldSda};
pub use lis3dh::Lis3dh;
pub use lsm6ds::{
    GYROSCOPE_TURN_ON, GYROSCOPE_TURN_ON_SLOW, Lsm6ds, Settings as Lsm6dsSettings, Variant as Lsm6dsVariant,
};
pub use world::{AtEnd, Channel, Quantity, Recording, RecordingError, Still};

use crate::{event::Events, power::PartPower, time::Time};
use std::sync::Arc;

/// A world that several parts share, and whoever moves it.
pub type SharedWorld = Arc<dyn World + Send + Sync>;

/// A part on an I2C bus. The controller calls these in the order of what happens on the wires; `now` is the end of the
/// byte or condition that is meant.
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

    /// Its name, such as "LIS3DH".
    fn name(&self) -> &'static str;

    /// What the part draws from its supply in its present state.
    fn power(&self) -> PartPower;

    /// All that it draws from its supply in its present state, in nanoamperes: low, typical, high.
    fn current_na(&self) -> (u32, u32, u32) {
        self.power().total_na()
    }

    /// The program used a register that the data sheet reserves, or something that the model does not know: why the run
    /// has to end. Said once.
    fn take_stop(&mut self) -> Option<String> {
        None
    }
}

/// A part on an SPI bus with its own select line.
pub trait SpiPart {
    /// The select line goes low (true) or high.
    fn select(&mut self, selected: bool, now: Time, events: &mut Events);

    /// A byte goes both ways.
    fn exchange(&mut self, byte: u8, now: Time, events: &mut Events) -> u8;

    /// What the part draws from its supply in its present state, in nanoamperes: low, typical, high. Zero where the
    /// model knows no figure.
    fn current_na(&self) -> (u32, u32, u32) {
        (0, 0, 0)
    }

    /// The program used a register that the data sheet reserves, or something that the model does not know: why the run
    /// has to end. Said once.
    fn take_stop(&mut self) -> Option<String> {
        None
    }
}

/// What there is to sense.
pub trait World {
    /// Acceleration along x, y, z in g.
    fn acceleration_g(&self, at: Time) -> [f32; 3];

    /// Angular rate about x, y, z in rad/s.
    fn rate_rad_s(&self, at: Time) -> [f32; 3];
}
