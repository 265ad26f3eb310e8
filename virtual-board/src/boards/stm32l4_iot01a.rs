//! ST's B-L475E-IOT01A.

use crate::{
    core::Core,
    memory::Memory,
    power::PowerPins,
    rules::{self, Checks},
    soc::{
        stm32::pin_number,
        stm32l4::{self, Stm32l4},
        wires::Wiring,
    },
};

/// The board's name, also in `firmware/boards`.
pub const NAME: &str = "stm32l4-iot01a";

/// Where its sensor is connected, with pull-ups on the board: SCL of I2C2 at PB10, SDA at PB11.
pub const SENSOR: Wiring = Wiring {
    scl: pin_number('B', 10),
    sda: pin_number('B', 11),
    pull_ups: true,
};

/// Markers as the board's README wires them; LD1 and LD2, which shine at a high level (UM2153, LEDs); SDA and SCL with the board's
/// pull-ups. LD3 and LD4 share a pin that the radio drives.
pub const POWER_PINS: PowerPins = PowerPins {
    markers: ["PB2", "PA6", "PA7"],
    leds: &[("PA5", true), ("PB14", true)],
    held: &[("PB10", true), ("PB11", true)],
};

/// Core and chip, about to be powered, with `memory` as a loader has left it. The sensor's bus has its pull-ups, and no part
/// on it yet.
#[must_use]
pub fn chip(memory: Memory) -> (Core, Stm32l4) {
    let mut chip = Stm32l4::new();
    chip.bus(SENSOR);
    (Core::new(stm32l4::profile(), memory), chip)
}

/// The rules that a program on this board has to keep.
#[must_use]
pub fn rules() -> Checks {
    rules::boards::b_l475e_iot01a()
}
