//! Raspberry Pi's Pico 2.

use crate::{
    core::Core,
    memory::Memory,
    rules::{self, Checks},
    soc::rp2350::{self, Rp2350, boot},
};

/// The board's name, also in `firmware/boards`.
pub const NAME: &str = "rp2350-pico2";

/// Where its sensor is connected, with pull-ups at the sensor: SCL and SDA of I2C0.
pub const SENSOR: [&str; 2] = ["GPIO5", "GPIO4"];

/// Core and chip, about to be started by the boot ROM, with `memory` as a loader has left it. The sensor's bus has its pull-ups, and
/// no part on it.
///
/// # Errors
/// The boot ROM does not start what lies in flash.
pub fn chip(memory: Memory) -> Result<(Core, Rp2350), boot::NoBoot> {
    let vectors = boot::vector_table(&memory)?;
    let mut chip = Rp2350::new();
    for pin in SENSOR {
        chip.pull_up(pin);
    }
    Ok((Core::new(rp2350::profile(vectors), memory), chip))
}

/// The rules that a program on this board has to keep.
#[must_use]
pub fn rules() -> Checks {
    rules::boards::pico_2()
}
