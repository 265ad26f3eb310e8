//! ST's NUCLEO-U575ZI-Q.

use crate::{
    core::Core,
    memory::Memory,
    power::PowerPins,
    rules::{self, Checks},
    soc::{
        stm32::pin_number,
        stm32u5::{self, Stm32u5},
        wires::Wiring,
    },
};

/// The board's name, also in `firmware/boards`.
pub const NAME: &str = "stm32u5-nucleo";

/// Where its sensor is connected, with pull-ups at the sensor: SCL of I2C1 at PB8, SDA at PB9.
pub const SENSOR: Wiring = Wiring {
    scl: pin_number('B', 8),
    sda: pin_number('B', 9),
    pull_ups: true,
};

/// Markers as the board's README wires them; LD1 to LD3, which shine at a high level (UM2861, LEDs); SDA and SCL with the sensor's
/// pull-ups.
pub const POWER_PINS: PowerPins = PowerPins {
    markers: ["PA5", "PA6", "PA7"],
    leds: &[("PC7", true), ("PB7", true), ("PG2", true)],
    held: &[("PB8", true), ("PB9", true)],
};

/// Core and chip, about to be powered, with `memory` as a loader has left it. The sensor's bus has its pull-ups, and no part
/// on it yet.
#[must_use]
pub fn chip(memory: Memory) -> (Core, Stm32u5) {
    let mut chip = Stm32u5::new();
    chip.bus(SENSOR);
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
