//! Nordic's nRF52840-DK.

use crate::{
    core::{Core, Pace, profile::CORTEX_M4F},
    memory::Memory,
    power::PowerPins,
    rules::{self, Checks},
    soc::{
        nrf52840::{self, Nrf52840},
        wires::Wiring,
    },
};
use std::ops::Range;

/// The board's name, also in `firmware/boards`.
pub const NAME: &str = "nrf52840-dk";

/// Where its sensor is connected, with pull-ups at the sensor: SCL at P0.27, SDA at P0.26.
pub const SENSOR: Wiring = Wiring {
    scl: 27,
    sda: 26,
    pull_ups: true,
};

/// Markers as the board's README wires them; LED1 to LED4, which shine at a low level (nRF52840 DK user guide); SDA and SCL with the
/// sensor's pull-ups.
pub const POWER_PINS: PowerPins = PowerPins {
    markers: ["P1.01", "P1.02", "P1.03"],
    leds: &[("P0.13", false), ("P0.14", false), ("P0.15", false), ("P0.16", false)],
    held: &[("P0.26", true), ("P0.27", true)],
};

/// Core and chip, about to be powered, with `memory` as a loader has left it. The sensor's bus has its pull-ups, and no part
/// on it yet.
#[must_use]
pub fn chip(memory: Memory) -> (Core, Nrf52840) {
    let profile = CORTEX_M4F
        .with_interrupts(nrf52840::INTERRUPTS)
        .with_priority_bits(nrf52840::PRIORITY_BITS)
        .with_vector_table(nrf52840::VECTORS);
    let mut core = Core::new(profile, memory);
    core.set_pace(Pace::Cycles { hz: nrf52840::CORE_HZ });
    (core, Nrf52840::new(Vec::new(), SENSOR))
}

/// The rules that a program on this board has to keep; `stack` are the addresses of its main stack.
#[must_use]
pub fn rules(stack: Range<u32>) -> Checks {
    rules::boards::nrf52840_dk(stack)
}
