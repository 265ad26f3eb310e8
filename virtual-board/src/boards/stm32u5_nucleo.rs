//! ST's NUCLEO-U575ZI-Q.

use crate::{
    core::Core,
    memory::Memory,
    rules::{self, Checks},
    soc::stm32u5::{self, Stm32u5},
};

/// The board's name, also in `firmware/boards`.
pub const NAME: &str = "stm32u5-nucleo";

/// Where its sensor is connected, with pull-ups at the sensor: SCL and SDA of I2C1.
pub const SENSOR: [&str; 2] = ["PB8", "PB9"];

/// Core and chip, about to be powered, with `memory` as a loader has left it. The sensor's bus has its pull-ups, and no part
/// on it.
#[must_use]
pub fn chip(memory: Memory) -> (Core, Stm32u5) {
    let mut chip = Stm32u5::new();
    for pin in SENSOR {
        chip.pull_up(pin);
    }
    let mut core = Core::new(stm32u5::profile(), memory);
    // TrustZone is off by the factory's option bytes: the core is as one without the Security Extension (RM0456, 3.3).
    core.system.set_secure(false);
    (core, chip)
}

/// The rules that a program on this board has to keep.
#[must_use]
pub fn rules() -> Checks {
    rules::boards::nucleo_u575zi_q()
}
