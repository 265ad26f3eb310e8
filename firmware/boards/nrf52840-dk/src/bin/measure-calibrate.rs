//! The calibration loops of the energy model. For a power analyser (`app/src/measure.rs`): five rounds, then asleep.
//!
//! Wiring: P1.01 SEQ, P1.02 AWAKE, P1.03 UPDATE to the digital inputs of a power analyser; no sensor. Expected current:
//! README.md of this board.
#![no_std]
#![no_main]

use cortex::measure::{Plan, calibrations};
use cortex_m_rt::entry;
use nrf52840_dk::{NAME, start};

#[entry]
fn main() -> ! {
    start(|board| calibrations(NAME, board.measurement(), Plan::ANALYSER))
}
