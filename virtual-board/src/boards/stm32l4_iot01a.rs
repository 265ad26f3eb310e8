//! ST's B-L475E-IOT01A.

use crate::{
    core::Core,
    memory::Memory,
    rules::{self, Checks},
    soc::stm32l4::{self, Stm32l4},
};

/// The board's name, also in `firmware/boards`.
pub const NAME: &str = "stm32l4-iot01a";

/// Where its sensor is connected, with pull-ups on the board: SCL and SDA of I2C2.
pub const SENSOR: [&str; 2] = ["PB10", "PB11"];

/// Core and chip, about to be powered, with `memory` as a loader has left it. The sensor's bus has its pull-ups, and no part
/// on it.
#[must_use]
pub fn chip(memory: Memory) -> (Core, Stm32l4) {
    let mut chip = Stm32l4::new();
    for pin in SENSOR {
        chip.pull_up(pin);
    }
    (Core::new(stm32l4::profile(), memory), chip)
}

/// The rules that a program on this board has to keep.
#[must_use]
pub fn rules() -> Checks {
    rules::boards::b_l475e_iot01a()
}
