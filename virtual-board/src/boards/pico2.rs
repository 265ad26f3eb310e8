//! Raspberry Pi's Pico 2.

use crate::{
    core::Core,
    memory::Memory,
    power::PowerPins,
    rules::{self, Checks},
    soc::{
        rp2350::{self, Rp2350, boot},
        wires::Wiring,
    },
};

/// The board's name, also in `firmware/boards`.
pub const NAME: &str = "rp2350-pico2";

/// Where its sensor is connected, with pull-ups at the sensor: SCL of I2C0 at GPIO5, SDA at GPIO4.
pub const SENSOR: Wiring = Wiring {
    scl: 5,
    sda: 4,
    pull_ups: true,
};

/// Markers as the board's README wires them; the LED, which shines at a high level (Pico 2 data sheet); SDA and SCL with the
/// sensor's pull-ups.
pub const POWER_PINS: PowerPins = PowerPins {
    markers: ["GPIO16", "GPIO17", "GPIO18"],
    leds: &[("GPIO25", true)],
    held: &[("GPIO4", true), ("GPIO5", true)],
};

/// Core and chip, about to be started by the boot ROM, with `memory` as a loader has left it. The sensor's bus has its pull-ups,
/// and no part on it yet.
///
/// # Errors
/// The boot ROM does not start what lies in flash.
pub fn chip(memory: Memory) -> Result<(Core, Rp2350), boot::NoBoot> {
    let vectors = boot::vector_table(&memory)?;
    let mut chip = Rp2350::new();
    chip.bus(SENSOR);
    Ok((Core::new(rp2350::profile(vectors), memory), chip))
}

/// The rules that a program on this board has to keep.
#[must_use]
pub fn rules() -> Checks {
    rules::boards::pico_2()
}
